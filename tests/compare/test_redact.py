from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from mocksms.compare.model import FailureKind, PhoneScreen, ProbeFailure, ProbeResponse, Run
from mocksms.compare.redact import Redactor, hidden_number, numbers_in

NUMBER = "972-52-7654321"
ID = "5f0c" * 8
REDACTOR = Redactor(
    "https://api.inwise.com/rest/v1",
    NUMBER,
    frozenset({"972541111"}),
    frozenset({ID, "7"}),
    "mocksms-word",
    frozenset({"search"}),
)


def redacted(text: str) -> str:
    result = REDACTOR.result("send.sync", ProbeResponse(200, (), text.encode()))
    assert isinstance(result, ProbeResponse)
    return result.body.decode()


def rows(body: str, status: int = 200) -> str:
    """Return the redacted body of a search."""
    result = REDACTOR.result("search", ProbeResponse(status, (), body.encode()))
    assert isinstance(result, ProbeResponse)
    return result.body.decode()


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ('"972-52-7654321"', '"972-52-1111111"'),
        ("+972 52 765 4321.", "+972 52 111 1111."),
        ("(052) 765-4321", "(052) 111-1111"),
        ("/u/972527654321?a", "/u/972521111111?a"),
        ("id9725276543210", "id9725211111110"),
    ],
)
def test_number_of_paid_probes_is_hidden_in_every_spelling(text: str, hidden: str) -> None:
    assert redacted(text) == hidden


def test_hidden_number_has_the_spelling_of_the_number() -> None:
    assert [hidden_number(each) for each in (NUMBER, "+972 (52) 765.43.21")] == [
        "972-52-1111111",
        "+972 (52) 111.11.11",
    ]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("to 972-50-1234567,", "to 000-00-0000000,"),
        ("to 050-1234567", "to 000-0000000"),
        ("+44 7700 900123", "+00 0000 000000"),
        ("2026-03-01 14:00:00+02:00", None),
        ("2022-11-16T15:44:00.0000000", None),
        ("972-54-111111", None),
        ("+972 54 1111", None),
        ("972-54-XXXXXXX", None),
        (ID, None),
        ("0" + "5" * 31, None),
        ("1.972541234567", None),
    ],
)
def test_other_numbers_that_a_phone_can_have_are_hidden(text: str, hidden: str | None) -> None:
    assert redacted(text) == (hidden or text)


def test_numbers_of_requests_are_found() -> None:
    assert numbers_in('["+972 54 1111", "972-54-111111", "2026-03-01"]') == {"972541111"}


def test_host_is_hidden() -> None:
    text = "No HTTP resource was found that matches the request URI 'https://API.inwise.com/rest/v1/x'."
    assert redacted(text) == text.replace("API.inwise.com", "service.invalid")
    failure = ProbeFailure(FailureKind.UNREACHABLE, "api.inwise.com has no address")
    assert REDACTOR.result("send.sync", failure) == failure._replace(detail="service.invalid has no address")


@pytest.mark.parametrize(
    ("url", "text", "hidden"),
    [
        (
            "http://sms/rest/v1",
            "'http://sms/rest/v1/transactional/sms/x' sms",
            "'http://*/rest/v1/transactional/sms/x' sms",
        ),
        ("http://mocksms:81", "mocksms-word by http://MOCKSMS:81/a of mocksms:81", "mocksms-word by http://*/a of *"),
        ("http://gate.local:81", "http://gate.local/a of gate.local:81, gate.localx", "http://*/a of *, gate.localx"),
        ("http://[::1]:81/v1", "http://[::1]:81/v1 and http://[::1]/v1", "http://*/v1 and http://*/v1"),
    ],
)
def test_host_is_hidden_with_and_without_port_but_no_word(url: str, text: str, hidden: str) -> None:
    redactor = REDACTOR._replace(url=url)
    response = ProbeResponse(200, (), text.encode())
    expected = response._replace(body=hidden.replace("*", "service.invalid").encode())
    assert redactor.result("send.sync", response) == expected


def test_host_is_hidden_in_a_failure() -> None:
    failure = ProbeFailure(FailureKind.TLS, "the certificate is not valid for 'gate'")
    hidden = REDACTOR._replace(url="https://gate:8443").result("send.sync", failure)
    assert hidden == failure._replace(detail="the certificate is not valid for 'service.invalid'")


def test_values_of_headers_are_hidden_unless_they_are_known_to_be_harmless() -> None:
    headers = (("content-type", "a/b"), ("Set-Cookie", "session=1"), ("X-Customer", "Name"))
    result = REDACTOR.result("send.sync", ProbeResponse(200, headers, b""))
    assert isinstance(result, ProbeResponse)
    assert result.headers == (("content-type", "a/b"), ("Set-Cookie", "***"), ("X-Customer", "***"))


def row(**more: Any) -> dict[str, Any]:
    return {
        "transaction_id": "a91B" * 8,
        "send_at": "2026-03-01 14:00:00+02:00",
        "mobile_number": "972-50-1234567",
        "content": "Dear Dana",
        "tags": ["vip"],
        "clicks": 2,
        "price": 1.0,
        "customer": 305123456,
        "clicks_details": [{"url": "https://shop.example/dana"}],
        "state": "rejected",
        "reject_reason": "kosher_number",
        "note": None,
        **more,
    }


def test_of_messages_of_others_only_forms_are_left() -> None:
    assert json.loads(rows(json.dumps([row()]))) == [
        {
            "transaction_id": "0000" * 8,
            "send_at": "2026-03-01 14:00:00+02:00",
            "mobile_number": "(14 characters)",
            "content": "(9 characters)",
            "tags": ["(3 characters)"],
            "clicks": 2,
            "price": 1.0,
            "customer": 111111111,
            "clicks_details": [{"url": "(25 characters)"}],
            "state": "rejected",
            "reject_reason": "kosher_number",
            "note": None,
        }
    ]


@pytest.mark.parametrize("own", [{"transaction_id": ID}, {"tags": [], "content": "Hi mocksms-word"}, {"id": 7}])
def test_messages_of_the_run_stay_as_they_are(own: dict[str, Any]) -> None:
    body = json.dumps({"items": [row(**own), row()]}, separators=(",", ":"))
    assert [each["state"] for each in json.loads(rows(body))["items"]] == ["rejected"] * 2
    assert rows(body).count("972-50-1234567") == 0
    assert rows(body).count("Dear Dana") == (0 if "content" in own else 1)
    assert rows(body).count("vip") == (0 if "tags" in own else 1)


def test_messages_of_others_are_hidden_in_an_object_that_quotes_the_search() -> None:
    body = rows(json.dumps({"tags": "mocksms-word", "items": [row(), row(content="Hi mocksms-word")]}))
    assert json.loads(body)["tags"] == "mocksms-word"
    assert [each["content"] for each in json.loads(body)["items"]] == ["(9 characters)", "Hi mocksms-word"]


@pytest.mark.parametrize("text", ['[{"a": 1.0,"b":1e3, "c":[]}]', '{"Message":"Unknown."}', "", "[]", '[{"a":"sent"}]'])
def test_body_without_messages_of_others_keeps_its_bytes(text: str) -> None:
    assert rows(text, 404 if "Message" in text else 200) == text


@pytest.mark.parametrize(
    ("body", "hidden"),
    [('[{"n":1.0,"c":"a"}]', '[{"n":1.0,"c":"(1 characters)"}]'), ('[{"c": "\\u05d0"}]', '[{"c": "(1 characters)"}]')],
)
def test_numbers_and_spaces_keep_their_spelling(body: str, hidden: str) -> None:
    assert rows(body) == hidden


def test_half_of_a_pair_of_surrogates_stays_an_escape() -> None:
    body = rows(json.dumps([row(), row(transaction_id=ID, content="Hi \ud800", tags=["שלום"])]))
    assert json.loads(body)[1]["content"] == "Hi \ud800"
    assert r'"Hi \ud800"' in body
    assert "שלום" in body


def test_rows_that_are_not_json_are_left_out() -> None:
    assert rows("<rows/>") == "(7 characters that are not JSON)"


def test_phone_shows_no_link_and_no_number() -> None:
    screen = PhoneScreen("052-7654321", "Hi\nremove: https://inwise.example/u/abc")
    assert REDACTOR.result("phone", screen) == PhoneScreen("052-1111111", "Hi\nremove: https://service.invalid/")


def test_bytes_that_are_no_text_stay() -> None:
    response = ProbeResponse(200, (), b"\xff\xfe")
    assert REDACTOR.result("send.sync", response) == response


def test_run_without_paid_probes_is_redacted() -> None:
    run = Run(datetime(2026, 3, 1, tzinfo=UTC), {"send.sync": ProbeResponse(200, (), b"972-52-7654321")}, {}, {})
    free = REDACTOR._replace(number=None)
    assert free.run(run).results == {"send.sync": ProbeResponse(200, (), b"000-00-0000000")}
