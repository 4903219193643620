from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.provider.responses import to_json
from mocksms.provider.send import ReasonNames, SendBody, SentRow, recipients_of, submission_of
from mocksms.settings import Settings
from mocksms.sms.message import Message, Reason, Recipient, State, Submission
from mocksms.sms.text import Template
from mocksms.sms.times import parse_instant
from tests.provider.inprocess import InProcess
from tests.support import NOON, NUMBER, body

SETTINGS = Settings()


def _body(*to: str, **more: Any) -> SendBody:
    return SendBody.model_validate(body(*to, **more))


def _vars(rcpt: str, **values: str) -> dict[str, Any]:
    return {"rcpt": rcpt, "fields": [{"name": name, "content": content} for name, content in values.items()]}


@pytest.mark.ledger("send.time-zone", "send.scheduled", "send.send-at-form", "send.send-at-other-forms")
@pytest.mark.parametrize(
    ("text", "utc"),
    [
        pytest.param("2020-01-20 13:05:00+02:00", datetime(2020, 1, 20, 11, 5, tzinfo=UTC), id="as-in-the-guide"),
        pytest.param("2020-01-20 13:05:00 +02:00", datetime(2020, 1, 20, 11, 5, tzinfo=UTC), id="space-before-plus"),
        pytest.param("2020-01-20 13:05:00 -02:00", datetime(2020, 1, 20, 15, 5, tzinfo=UTC), id="space-before-minus"),
        pytest.param("2020-01-20T13:05:00Z", datetime(2020, 1, 20, 13, 5, tzinfo=UTC), id="iso-8601"),
        pytest.param("2020-01-20 13:05", datetime(2020, 1, 20, 11, 5, tzinfo=UTC), id="israel-winter"),
        pytest.param("2020-07-20 13:05:00", datetime(2020, 7, 20, 10, 5, tzinfo=UTC), id="israel-summer"),
        pytest.param(" 2020-01-20 ", datetime(2020, 1, 19, 22, 0, tzinfo=UTC), id="day-alone"),
        pytest.param("9000-12-31T23:59:59Z", datetime(9000, 12, 31, 23, 59, 59, tzinfo=UTC), id="latest"),
    ],
)
def test_instant_reads_a_point_in_time(text: str, utc: datetime) -> None:
    assert parse_instant(text) == utc
    assert parse_instant(text).tzinfo is UTC


@pytest.mark.ledger("send.time-zone")
def test_send_at_without_an_offset_is_in_the_zone_of_the_option() -> None:
    mock = InProcess(send_at_zone="utc")
    strict, lenient = body(send_at="2026-07-20 13:05:00"), body(send_at="2026-07-20 13:05:00", Async=True)
    for each in (strict, lenient, body(send_at="2026-07-20 16:05:00+03:00")):
        (sent,) = mock.post(json.dumps(each)).json()
        assert mock.info(sent["transaction_id"])["send_at"] == "2026-07-20 16:05:00+03:00"


@pytest.mark.ledger("body.sender", "body.sender-aliases")
@pytest.mark.parametrize("name", ["sender_id", "sender", "from"])
def test_sender_is_ignored_if_set(name: str) -> None:
    mock = InProcess(ignore_sender=True, sender="Account")
    (sent,) = mock.send(**{name: "Shop"})
    assert mock.info(sent["transaction_id"])["sender"] == "Account"


@pytest.mark.ledger("send.schedule-limit", "send.sync-limit", "credit.scheduled")
def test_options_about_time_are_visible_to_a_client() -> None:
    mock = InProcess(sync_limit=10, schedule_limit=timedelta(days=365), schedule_without_credit=False, credit=0)
    refused = mock.post(json.dumps(body(send_at="2027-03-01 14:00:01+02:00")))
    assert (refused.status, mock.last().refusal) == (400, "invalid_request")
    assert list(refused.json()["ModelState"]) == ["model.send_at"]
    assert mock.post(json.dumps(body(send_at="2027-03-01 14:00:00+02:00"))).status == 402
    assert {row["status"] for row in mock.send(*["972"] * 10)} == {"invalid"}
    assert {row["status"] for row in mock.send(*["972"] * 11)} == {"queued"}


def test_instant_returns_a_datetime_as_it_is() -> None:
    assert parse_instant(NOON) is NOON


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        None,
        5,
        True,
        "tomorrow",
        "2020-13-01",
        "2020-01-20 13:05:00+99:00",
        "9001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+12:00",
        "1579518300",
        "20/01/2020",
        "\ud800",
    ],
)
def test_instant_refuses_other_values(value: object) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_instant(value)


@given(st.text() | st.datetimes().map(str))
def test_instant_reads_or_refuses_any_text(text: str) -> None:
    try:
        moment = parse_instant(text)
    except ValueError:
        return
    assert moment.tzinfo is UTC


@given(st.datetimes(max_value=datetime(8999, 1, 1), min_value=datetime(2, 1, 1), timezones=st.just(UTC)))
def test_instant_reads_the_isoformat_of_any_datetime(moment: datetime) -> None:
    assert parse_instant(moment.isoformat()) == moment


def test_submission_has_the_defaults_of_the_model() -> None:
    assert submission_of(_body(), SETTINGS) == Submission("Hello")


@pytest.mark.ledger("body.fields")
def test_submission_has_every_field_of_the_body() -> None:
    sent_body = _body(
        content="x",
        charset="y",
        unsubscribe_text="z",
        add_unsubscribe_link=False,
        add_unsubscribe_sms_reply=True,
        track_clicks=True,
        tags=["a", "b"],
        sender_id="s",
        **{"async": True, "send_at": "2020-01-20 13:05:00+02:00"},
    )
    assert submission_of(sent_body, SETTINGS) == Submission(
        content="x",
        sender="s",
        tags=("a", "b"),
        charset="y",
        unsubscribe_link=False,
        unsubscribe_text="z",
        unsubscribe_reply=True,
        track_clicks=True,
        wants_async=True,
        send_at=datetime(2020, 1, 20, 11, 5, tzinfo=UTC),
    )


@pytest.mark.ledger("body.sender", "body.sender-aliases")
@pytest.mark.parametrize(
    ("fields", "sender"),
    [
        ({"sender_id": "a", "sender": "b", "from": "c"}, "a"),
        ({"sender": "b", "from": "c"}, "b"),
        ({"from": "c"}, "c"),
        ({"sender_id": "", "from": "c"}, "c"),
        ({"sender_id": "", "sender": "", "from": ""}, None),
        ({}, None),
    ],
)
def test_submission_has_the_first_sender_that_is_set(fields: dict[str, str], sender: str | None) -> None:
    assert submission_of(_body(**fields), SETTINGS).sender == sender


@pytest.mark.ledger("body.sender", "body.default-sender")
def test_message_without_a_sender_has_the_sender_of_the_settings() -> None:
    plain, mock = InProcess(), InProcess(sender="Shop")
    assert plain.info(plain.send()[0]["transaction_id"])["sender"] == "SenderID"
    assert mock.info(mock.send()[0]["transaction_id"])["sender"] == "Shop"
    assert mock.info(mock.send(sender_id="Me")[0]["transaction_id"])["sender"] == "Me"


@pytest.mark.ledger("body.placeholders", "body.placeholder-hashes", "body.placeholder-number")
@pytest.mark.parametrize(
    ("rcpt", "name"), [("972-54-1111111", "name"), ("+972 (54) 111.1111", "#name#"), ("972541111111", "#name")]
)
def test_recipients_get_their_values_in_any_spelling_of_number_and_name(name: str, rcpt: str) -> None:
    sent_body = _body(content="Hi #name#", field_vars=[{"rcpt": rcpt, "fields": [{"name": name, "content": "Dana"}]}])
    (recipient,) = recipients_of(sent_body, SETTINGS)
    assert recipient == Recipient(NUMBER, {"name": "Dana"})
    assert Template(submission_of(sent_body, SETTINGS)).fill(recipient.fields) == "Hi Dana"


@pytest.mark.ledger("body.placeholders")
def test_recipients_each_get_their_own_values() -> None:
    first, second = "972-54-1111111", "972-54-1111112"
    sent_body = _body(second, first, "972-54-1111113", field_vars=[_vars(first, a="1"), _vars(second, a="2")])
    assert [recipient.fields for recipient in recipients_of(sent_body, SETTINGS)] == [{"a": "2"}, {"a": "1"}, {}]


def test_recipient_with_two_lists_of_values_gets_both_and_the_last_wins() -> None:
    sent_body = _body(field_vars=[_vars(NUMBER, a="1", b="1"), _vars(NUMBER, b="2")])
    assert recipients_of(sent_body, SETTINGS)[0].fields == {"a": "1", "b": "2"}


def test_local_numbers_get_their_values_if_they_are_accepted() -> None:
    sent_body = _body("054-1111111", field_vars=[_vars(NUMBER, a="1")])
    assert recipients_of(sent_body, SETTINGS)[0].fields == {}
    assert recipients_of(sent_body, Settings(accept_local_numbers=True))[0].fields == {"a": "1"}


@pytest.mark.ledger("body.recipients")
def test_recipients_keep_order_duplicates_and_spelling() -> None:
    spellings = ["972541111111", "+972-54-1111111", "972541111111"]
    assert [recipient.mobile_number for recipient in recipients_of(_body(*spellings), SETTINGS)] == spellings


@pytest.mark.ledger("body.placeholder-type")
@pytest.mark.parametrize("kind", ["string", "date", ""])
def test_type_of_a_value_has_no_effect(kind: str) -> None:
    values = [{"rcpt": NUMBER, "fields": [{"name": "a", "content": "01/02", "type": kind}]}]
    mock = InProcess()
    (row,) = mock.send(content="#a#", field_vars=values)
    assert mock.info(row["transaction_id"])["content"] == "01/02"


def test_every_reason_has_a_name_in_the_reads() -> None:
    assert all(reason.in_reads for reason in Reason)


def _sent_row(names: ReasonNames, state: State, mobile_number: str = NUMBER) -> dict[str, Any]:
    mock = InProcess()
    sent = mock.engine.find(mock.account(), mock.send()[0]["transaction_id"])
    step = sent.timeline[-1]._replace(state=state)
    message: Message = sent._replace(timeline=(step,), mobile_number=mobile_number)
    (row,) = json.loads(names.sent_rows([message]))
    assert row["transaction_id"] == sent.transaction_id
    assert isinstance(row, dict)
    return row


@pytest.mark.ledger("send.response", "send.null-reason")
@pytest.mark.parametrize("state", State, ids=str)
def test_sent_rows_have_exactly_the_fields_of_a_real_response(state: State) -> None:
    in_reads = state.reason.in_reads if state.reason else None
    for setting, reason in (("vendor", state.reason), ("hyphen", state.reason), ("underscore", in_reads)):
        row = _sent_row(ReasonNames(setting), state)
        assert list(row) == list(SentRow.model_fields)
        assert (row["status"], row["reject_reason"]) == (state.status, reason), setting


@pytest.mark.ledger("body.recipients", "send.echo")
@pytest.mark.parametrize("number", ['"', "\\", "שלום", "\n", "\ud800", "", "x" * 100])
def test_sent_rows_have_any_number_as_sent(number: str) -> None:
    assert _sent_row(ReasonNames("vendor"), State.SENT, number)["mobile_number"] == number


def test_sent_rows_of_no_message_are_an_empty_array() -> None:
    assert ReasonNames("vendor").sent_rows([]) == b"[]"


def test_json_escapes_only_lone_surrogates() -> None:
    assert to_json({"a": ["שלום", None]}) == '{"a":["שלום",null]}'.encode()
    assert to_json("\ud800") == b'"\\ud800"'


def test_models_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        _body().send_at = NOON + timedelta(days=1)
