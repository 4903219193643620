from __future__ import annotations

from typing import Any

import pytest

from mocksms.engine.journal import RequestWarning
from mocksms.provider.lenient_json import MAX_WARNINGS
from mocksms.provider.reads import SearchParams
from mocksms.provider.remarks import remarks_on
from mocksms.provider.send import SendBody, recipients_of, submission_of
from mocksms.provider.shorten import warning_about
from mocksms.settings import Settings
from mocksms.sms.numbers import masked_note
from mocksms.sms.text import Template
from tests.provider.inprocess import INFO, SEARCH, InProcess
from tests.support import NUMBER, body

SETTINGS = Settings()


def _body(*to: str, **more: Any) -> SendBody:
    return SendBody.model_validate(body(*to, **more))


def _vars(rcpt: str, **values: str) -> dict[str, Any]:
    return {"rcpt": rcpt, "fields": [{"name": name, "content": content} for name, content in values.items()]}


def _warnings(*to: str, settings: Settings = SETTINGS, **more: Any) -> list[RequestWarning]:
    sent_body = _body(*to, **more)
    submission, recipients = submission_of(sent_body, settings), recipients_of(sent_body, settings)
    message = sent_body.message
    has_charset = "charset" in message.model_fields_set
    remarks = remarks_on(submission, recipients, settings, has_charset=has_charset, field_vars=message.field_vars)
    return [warning_about(each, strict=False) for each in remarks]


def test_usual_send_causes_no_warning() -> None:
    assert _warnings() == []
    assert _warnings(content="Hi #a#") == []
    assert _warnings(content="Hi #a#", field_vars=[_vars(NUMBER, a="1")]) == []


@pytest.mark.ledger("body.charset")
def test_undocumented_charset_causes_a_warning() -> None:
    assert _warnings(charset="utf-8") == [
        RequestWarning("message.charset", "'utf-8' is not 'unicode'; it has no effect")
    ]


@pytest.mark.ledger("body.charset-missing")
def test_text_outside_gsm_without_charset_causes_a_warning() -> None:
    what = "the text has 'ש' (U+05E9), which may need charset 'unicode'; it arrives"
    note = RequestWarning("message.charset", f"{what} as sent here, elsewhere perhaps as '?'")
    replaced = SETTINGS.__class__(text_without_charset="question-marks")
    assert _warnings(content="Code: שלום") == [note]
    assert _warnings(content="Code: שלום", charset="utf-8")[1:] == [note]
    assert _warnings(content="Code: שלום", settings=replaced) == [RequestWarning("message.charset", f"{what} as '?'")]
    assert _warnings(content="Code: שלום", charset="unicode", settings=replaced) == []


@pytest.mark.ledger("body.charset-arrival")
def test_text_without_charset_has_the_segments_and_codes_with_which_it_arrives() -> None:
    mock = InProcess(credit=10, text_without_charset="question-marks")
    (row,) = mock.send(content="שלום, קוד 481516" + "ש" * 60)
    message = mock.engine.find(mock.account(), row["transaction_id"])
    assert mock.engine.text_of(message).startswith("????, ??? 481516?????")
    assert (message.segments, mock.account().credit) == (1, 9)
    assert mock.info(row["transaction_id"])["content"].startswith("שלום")


@pytest.mark.ledger("body.charset-missing", "body.strict")
def test_strict_refuses_a_text_outside_gsm_without_charset() -> None:
    mock = InProcess(strict=True)
    assert mock.send(content="Your code is 481516")
    assert mock.send(content="שלום", charset="unicode")
    response = mock.try_send(content="שלום")
    assert (response.status, *response.json()["ModelState"]) == (400, "model.message.charset")


@pytest.mark.ledger("body.charset")
@pytest.mark.parametrize("charset", ["unicode", "ascii", "utf-8", ""])
def test_charset_changes_neither_text_nor_price(charset: str) -> None:
    mock, plain = InProcess(credit=10), InProcess(credit=10)
    (row,) = mock.send(content="שלום" * 18, charset=charset)
    (other,) = plain.send(content="שלום" * 18)
    assert mock.info(row["transaction_id"]) == plain.info(other["transaction_id"])
    assert mock.account().credit == plain.account().credit


@pytest.mark.ledger("body.placeholder-without-value")
def test_placeholder_without_a_value_causes_a_warning() -> None:
    note = RequestWarning("message.field_vars", f"no value of #b# for {NUMBER}")
    assert _warnings(content="#a# #b#", field_vars=[_vars(NUMBER, a="1")]) == [note]
    sent_body = _body(content="#a# #b#", field_vars=[_vars(NUMBER, a="1")])
    assert Template(submission_of(sent_body, SETTINGS)).fill(recipients_of(sent_body, SETTINGS)[0].fields) == "1 #b#"


def test_warning_names_only_the_first_missing_value() -> None:
    first, second = "972-54-1111111", "972-54-1111112"
    note = RequestWarning("message.field_vars", f"no value of #a# for {second}")
    assert _warnings(first, second, content="#c# #b# #a#", field_vars=[_vars(first, a="", b="", c="")]) == [note]


def test_warning_names_the_first_recipient_without_values() -> None:
    note = RequestWarning("message.field_vars", "no value of #a# for 972-54-1111112")
    assert _warnings("972-54-1111112", "972-54-1111113", content="#a#", field_vars=[_vars(NUMBER, a="")]) == [note]


@pytest.mark.ledger("body.placeholder-without-value")
def test_every_field_without_a_placeholder_causes_a_warning() -> None:
    values = [_vars(NUMBER, b="1", **{"#a#": "1", "c": "1"}), _vars("972-54-1111112", b="2")]
    assert _warnings(content="Hi #c#", field_vars=values) == [
        RequestWarning("message.field_vars", "no placeholder #a# in the content"),
        RequestWarning("message.field_vars", "no placeholder #b# in the content"),
    ]


@pytest.mark.ledger("number.masked")
@pytest.mark.parametrize("number", ["972-54-XXXXXXX", "972-54-111xxxx", "44XXXX"])
def test_masked_digits_in_a_number_cause_a_warning(number: str) -> None:
    note = f"{number!r} has masked digits, as in the guide's samples: no phone has this number; X counts as a digit"
    assert _warnings(NUMBER, number) == [RequestWarning("message.to[1].mobile_number", note)]
    assert _warnings(content="#a#", field_vars=[_vars(NUMBER, a="1"), _vars(number, a="2")]) == [
        RequestWarning("message.field_vars[1].rcpt", note)
    ]


@pytest.mark.parametrize("number", ["box", "972-54-XXXX", "*972"])
def test_number_that_is_invalid_anyway_causes_no_warning_about_masked_digits(number: str) -> None:
    assert _warnings(number) == []


def test_warnings_about_masked_digits_are_limited() -> None:
    assert len(_warnings(*["972-54-XXXXXXX"] * 2 * MAX_WARNINGS)) == MAX_WARNINGS


@pytest.mark.ledger("body.placeholder-number")
@pytest.mark.parametrize("rcpt", ["972541111111", "+972 54-1111111", "972.54.1111111"])
def test_rcpt_in_another_spelling_than_the_number_causes_a_warning(rcpt: str) -> None:
    note = f"{rcpt!r} is another spelling of {NUMBER!r}; here the digits count, elsewhere perhaps the text"
    warning = RequestWarning("message.field_vars[1].rcpt", note)
    other = "972-54-1111112"
    values = [_vars(other, a="1"), _vars(rcpt, a="2")]
    assert _warnings(other, NUMBER, content="#a#", field_vars=values) == [warning]
    # One recipient has this spelling, another has the same digits.
    assert _warnings(other, rcpt, NUMBER, content="#a#", field_vars=values) == [warning]


def test_rcpt_in_the_spelling_of_the_number_causes_no_warning() -> None:
    values = [_vars(NUMBER, a="1"), _vars("972541111112", a="2"), _vars("972-54-1111113", a="3")]
    assert _warnings(NUMBER, "972541111112", content="#a#", field_vars=values) == []


@pytest.mark.ledger("body.placeholder-number", "number.masked", "body.strict")
def test_strict_refuses_masked_digits_and_an_rcpt_in_another_spelling() -> None:
    mock = InProcess(strict=True)
    masked = mock.try_send("972-54-xxxxxxx")
    assert (masked.status, *masked.json()["ModelState"]) == (400, "model.message.to[0].mobile_number")
    spelled = mock.try_send(content="#a#", field_vars=[_vars("972541111111", a="1")])
    assert (spelled.status, *spelled.json()["ModelState"]) == (400, "model.message.field_vars[0].rcpt")
    assert mock.send(content="#a#", field_vars=[_vars(NUMBER, a="1")])


def _read_warnings(query: str, path: str = SEARCH) -> list[tuple[str, str]]:
    mock = InProcess()
    (row,) = mock.send()
    assert mock.get(path, query.replace("ID", row["transaction_id"])).status == 200
    return [*mock.warnings()]


@pytest.mark.ledger("query.unknown", "query.names")
@pytest.mark.parametrize(
    ("path", "query", "warnings"),
    [
        (SEARCH, "tags=a&Tags=b&senders=c&status=&QUERY=*", []),
        (SEARCH, "state=sent", [("state", "unknown parameter, ignored; did you mean status?")]),
        (SEARCH, "mobileNumber=1", [("mobilenumber", "unknown parameter, ignored; did you mean mobile_number?")]),
        (SEARCH, "xyzzy", [("xyzzy", f"unknown parameter, ignored; there are {', '.join(SearchParams.model_fields)}")]),
        (INFO, "id=ID", []),
        (INFO, "id=ID&x=", [("x", "unknown parameter, ignored; there are transaction_id, id")]),
        (INFO, "id=&transaction_id=ID", []),
        (INFO, "id=1&transaction_id=ID", [("id", "ignored beside transaction_id")]),
        (SEARCH, "limit=1&limit=2&status=&status=sent", [("limit", "2 values; the last counts")]),
        (
            SEARCH,
            "mobile_number=972-54-xxxxxxx",
            [("mobile_number", f"{masked_note('972-54-xxxxxxx')}; X counts as a digit")],
        ),
    ],
)
def test_query_with_what_the_service_may_not_accept_causes_warnings(
    path: str, query: str, warnings: list[tuple[str, str]]
) -> None:
    assert _read_warnings(query, path) == warnings


@pytest.mark.ledger("query.unknown", "body.strict")
@pytest.mark.parametrize("path", [SEARCH, INFO])
def test_strict_refuses_an_unknown_query_parameter(path: str) -> None:
    mock = InProcess(strict=True)
    (row,) = mock.send()
    query = f"transaction_id={row['transaction_id']}"
    assert mock.get(path, query).status == 200
    response = mock.get(path, f"{query}&x=1")
    assert response.status == 400
    (text,) = response.json()["ModelState"]["model.x"]
    assert text.startswith("Strict mode: unknown parameter; there are")
    assert mock.last().warnings
    query += f"&id={row['transaction_id']}" if path == INFO else "&limit=1&limit=2"
    (text,) = next(reversed(mock.get(path, query).json()["ModelState"].values()))
    assert text in (
        "Strict mode: another name of transaction_id; give one.",
        "Strict mode: 2 values, expected one.",
    )


def test_warnings_about_a_query_are_limited_and_short() -> None:
    query = "&".join([f"{'x' * 2_000}{place}=1" for place in range(MAX_WARNINGS + 1)][:150])
    warnings = _read_warnings(query)
    assert len(warnings) == min(MAX_WARNINGS, 150)
    assert max(len(text) for warning in warnings for text in warning) <= 1_001
