from __future__ import annotations

import asyncio
import gzip
import json
import logging
from http.client import HTTPConnection
from typing import Any

import pytest
from starlette.types import Message as Event

from mocksms.asgi import bodies
from mocksms.asgi.connection import CONNECTION
from mocksms.engine.account import Account
from mocksms.engine.engine import Accepted, Engine
from mocksms.engine.journal import MAX_RECORDED_BODY, RecordedRequest, RequestWarning
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.steps import Steps
from mocksms.provider.app import ROUTES, ProviderApp
from mocksms.provider.faults import response_written
from mocksms.provider.json_types import JSON_TYPES
from mocksms.provider.lenient_json import MAX_WARNINGS
from mocksms.settings import Settings
from mocksms.sms.message import Message
from mocksms.sms.text import MAX_SEND_LENGTH, MAX_TEXT_LENGTH, content_of
from mocksms.sms.webhook import Webhook
from tests.provider.inprocess import INFO, SEARCH, SEND, FakeConnection, InProcess, Response, response_of
from tests.support import KEY, NUMBER, TIMEOUT, Mock, body

STRICT = json.dumps(body())


class Broken(Engine):
    """An engine that fails on each send."""

    def submit_in_steps(self, *_: Any, **__: Any) -> Steps[Accepted]:
        raise ZeroDivisionError


@pytest.mark.ledger("send.response", "send.transaction-id", "body.recipients", "send.null-reason")
def test_send_returns_one_row_per_recipient_in_order() -> None:
    numbers = ["972-54-1111111", "+972 54 1111112", "972541111111", "972-54-1111111"]
    rows = InProcess().send(*numbers)
    assert [row["mobile_number"] for row in rows] == numbers
    assert [list(row) for row in rows] == [["mobile_number", "status", "reject_reason", "transaction_id"]] * 4
    assert all(
        len(row["transaction_id"]) == 32 and not set(row["transaction_id"]) - set("0123456789abcdef") for row in rows
    )
    assert len({row["transaction_id"] for row in rows}) == 4
    assert {row["reject_reason"] for row in rows} == {None}


@pytest.mark.ledger("send.transaction-id")
def test_send_with_the_same_seed_returns_the_same_bytes() -> None:
    first, second, other = InProcess(seed="a"), InProcess(seed="a"), InProcess(seed="b")
    assert first.try_send().body == second.try_send().body != other.try_send().body


@pytest.mark.parametrize("declared", [*sorted(JSON_TYPES), "Application/JSON; charset=utf-8", "text/json;x=y"])
@pytest.mark.ledger("error.media-type")
def test_send_accepts_every_json_media_type(declared: str) -> None:
    assert InProcess().post(STRICT, content_type=declared).status == 200


@pytest.mark.ledger("error.media-type", "error.form")
@pytest.mark.parametrize(
    ("declared", "media_type"),
    [
        ("text/plain", "text/plain"),
        ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded"),
        ("multipart/form-data; boundary=x", "multipart/form-data"),
        ("application/xml", "application/xml"),
        ("text/xml; charset=utf-8", "text/xml"),
        ("application/jsonp", "application/jsonp"),
    ],
)
def test_send_refuses_other_media_types(declared: str, media_type: str) -> None:
    mock = InProcess()
    response = mock.post(STRICT, content_type=declared)
    text = f"The request entity's media type '{media_type}' is not supported for this resource."
    assert (response.status, response.text) == (415, text)
    assert len(mock.account().messages) == 0


@pytest.mark.ledger("error.media-type")
@pytest.mark.parametrize("declared", ["", ";charset=utf-8"])
def test_send_refuses_a_body_without_a_media_type(declared: str) -> None:
    response = InProcess().post(STRICT, content_type=declared)
    assert response.status == 415
    assert "no Content-Type header" in response.text


@pytest.mark.ledger("error.compressed")
@pytest.mark.parametrize(
    ("encoding", "data", "name"),
    [
        ({"content_encoding": "gzip"}, gzip.compress(b"{}", mtime=0), "gzip"),
        ({}, gzip.compress(b"{}", mtime=0), "gzip"),
        ({"content_encoding": "br"}, b"\x8b\x02\x80{}\x03", "br"),
    ],
)
def test_compressed_body_is_not_read(encoding: dict[str, str], data: bytes, name: str) -> None:
    mock = InProcess()
    response = mock.post(data, **encoding)
    assert (response.status, response.text) == (400, "The request is invalid.")
    assert mock.last().note == f"the body is {name}, which the vendor's stack does not read"


@pytest.mark.ledger("error.compressed")
def test_body_that_is_only_declared_as_compressed_is_read() -> None:
    mock = InProcess()
    assert mock.post(STRICT, content_encoding="gzip").status == 200
    assert mock.post(b"{}", content_encoding="gzip").status == 400
    assert mock.last().note.startswith("message")


def test_send_refuses_an_empty_body() -> None:
    response = InProcess().call("POST", SEND, b"", {"x-api-key": KEY})
    assert response.status == 400
    assert response.json()["ModelState"]["model"] == [
        "The request body is empty; expected a JSON object with a message."
    ]


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("utf-8", "utf-8"),
        ('"UTF-8"', "utf-8"),
        ("utf-16", "utf-16"),
        ("UTF-16LE", "utf-16-le"),
        ("utf-16be; x=y", "utf-16-be"),
        ("unicode", "utf-16"),
        ("windows-1255", "utf-8"),
    ],
)
def test_send_decodes_the_declared_charset(charset: str, encoding: str) -> None:
    mock = InProcess()
    text = json.dumps(body(content="שלום"), ensure_ascii=False)
    response = mock.post(text.encode(encoding), content_type=f"application/json; charset={charset}")
    assert response.status == 200
    assert mock.search()[0]["content"] == "שלום"


@pytest.mark.ledger("error.too-large")
def test_send_refuses_a_body_over_the_size_limit() -> None:
    mock = InProcess(max_body=len(STRICT))
    assert mock.post(STRICT).status == 200
    response = mock.post(STRICT + " ")
    assert (response.status, response.headers["connection"]) == (413, "close")
    assert response.text == f"The request body is too large; the limit is {len(STRICT)} bytes."
    assert (mock.last().body, mock.last().status) == (b"", 413)


@pytest.mark.ledger("body.longest")
def test_send_refuses_a_text_that_is_too_long() -> None:
    mock = InProcess()
    assert MAX_TEXT_LENGTH == 39_015
    assert mock.try_send(content="x" * MAX_TEXT_LENGTH).status == 200
    response = mock.try_send(content="x" * (MAX_TEXT_LENGTH + 1))
    text = "The field content must be a string with a maximum length of 39015; this one has 39016."
    assert (response.status, response.json()["ModelState"]) == (400, {"model.message.content": [text]})
    assert len(mock.account().messages) == 1


@pytest.mark.ledger("body.longest")
def test_send_refuses_a_text_that_is_too_long_with_its_values() -> None:
    mock = InProcess()
    values = [{"rcpt": NUMBER, "fields": [{"name": "a", "content": "x" * MAX_TEXT_LENGTH}]}]
    assert mock.try_send(content="#a#", field_vars=values).status == 200
    assert mock.try_send(content="#a#!", field_vars=values).status == 400


@pytest.mark.ledger("body.longest")
def test_send_refuses_a_text_that_is_too_long_with_the_unsubscribe_text() -> None:
    mock = InProcess()
    assert mock.try_send(content="x", unsubscribe_text="y" * (MAX_TEXT_LENGTH - 1)).status == 200
    response = mock.try_send(content="x", unsubscribe_text="y" * MAX_TEXT_LENGTH)
    text = "The field content must be a string with a maximum length of 39015; this one has 39016."
    assert (response.status, response.json()["ModelState"]) == (400, {"model.message.content": [text]})


@pytest.mark.ledger("body.total")
def test_send_refuses_different_texts_that_are_too_long_together() -> None:
    mock = InProcess()
    numbers = [f"972-54-{index:07}" for index in range(1000)]
    values = [{"rcpt": number, "fields": [{"name": "a", "content": number}]} for number in numbers]
    content = "#a#" + "x" * (MAX_SEND_LENGTH // len(numbers) - 3)
    assert mock.try_send(*numbers[2:], content=content, field_vars=values).status == 200
    response = mock.try_send(*numbers, content=content + "x", field_vars=values)
    length = MAX_SEND_LENGTH + 1000
    text = f"The texts for all recipients have {length} characters; the limit for one send is {MAX_SEND_LENGTH}."
    assert (response.status, response.json()["ModelState"]) == (400, {"model.message.to": [text]})
    assert mock.try_send(*numbers, content=content + "x").status == 200


@pytest.mark.ledger("body.unsubscribe-link", "credit.segments", "body.unsubscribe-link-off")
@pytest.mark.parametrize(
    ("forced", "more", "segments"),
    [(False, {}, 2), (False, {"add_unsubscribe_link": False}, 1), (True, {"add_unsubscribe_link": False}, 2)],
    ids=["by-default", "turned-off", "forced"],
)
def test_send_charges_for_the_unsubscribe_link(forced: bool, more: dict[str, Any], segments: int) -> None:
    mock = InProcess(force_unsubscribe_link=forced, credit=10)
    mock.send(content="x" * 160, **more)
    assert mock.account().credit == 10 - segments


@pytest.mark.ledger("credit.segments")
@pytest.mark.parametrize(
    ("content", "segments"),
    [("x" * 160, 1), ("x" * 161, 2), ("x" * 307, 3), ("א" * 70, 1), ("א" * 71, 2), ("€" * 81, 2)],
)
def test_send_charges_by_segments(content: str, segments: int) -> None:
    mock = InProcess(credit=10)
    mock.send(content=content, add_unsubscribe_link=False)
    assert mock.account().credit == 10 - segments


MASKED = "'972-54-XXXXXXX' has masked digits, as in the guide's samples: no phone has this number"
TOO_LONG = "a value of 1001 characters, at most 1000"
ALPHABET = "the text has 'ש' (U+05E9), which may need charset 'unicode'"


@pytest.mark.ledger("body.json-net", "body.binding", "body.guide-examples", "body.strict")
@pytest.mark.parametrize(
    ("text", "path", "refusal"),
    [
        ("{message: " + json.dumps(body()["message"]) + "}", "model", "an unquoted name in line 1"),
        ("\ufeff" + STRICT, "model", "begins with a byte order mark"),
        (STRICT + "// x", "model", "a comment in line 1"),
        ('{"async": true, "async": false, ' + STRICT[1:], "model", "duplicate name 'async'"),
        ('{"Async": true, ' + STRICT[1:], "model.Async", "the name is spelled 'async'"),
        ('{"x": 1, ' + STRICT[1:], "model.x", "unknown name"),
        ('{"async": null, ' + STRICT[1:], "model.async", "null in place of a value"),
        ('{"async": "true", ' + STRICT[1:], "model.async", "the string 'true' is not a boolean"),
        ('{"async": 1, ' + STRICT[1:], "model.async", "the number 1 is not a boolean"),
        ('{"send_at": "", ' + STRICT[1:], "model.send_at", "an empty string is not a time"),
        (
            STRICT.replace('"content": "', '"sender_id": 12.50, "content": "'),
            "model.message.sender_id",
            "12.50 is not a string",
        ),
        (json.dumps(body(charset="ascii")), "model.message.charset", "'ascii' is not 'unicode'"),
        (json.dumps(body(content="שלום")), "model.message.charset", ALPHABET),
        (json.dumps(body("972-54-XXXXXXX")), "model.message.to[0].mobile_number", MASKED),
        (json.dumps(body(sender_id="x" * 1_001)), "model.message.sender_id", TOO_LONG),
        (json.dumps(body(tags=["x"] * 1_001)), "model.message.tags", "1001 tags, at most 1000"),
    ],
    ids=lambda value: value if str(value).startswith("model") else "",
)
def test_strict_mode_refuses_a_body_that_causes_a_warning(text: str, path: str, refusal: str) -> None:
    lenient, strict = InProcess(), InProcess(strict=True)
    assert lenient.post(text).status == 200
    (warning,) = lenient.warnings()
    response = strict.post(text)
    assert (response.status, response.json()["ModelState"]) == (400, {path: [f"Strict mode: {refusal}."]})
    assert len(strict.account().messages) == 0
    assert strict.warnings() == (RequestWarning(warning.path, refusal),)


def test_warnings_of_a_request_are_limited() -> None:
    mock = InProcess()
    values = [{"rcpt": NUMBER, "fields": [{"name": f"x{index}", "content": ""} for index in range(MAX_WARNINGS * 2)]}]
    unknown: dict[str, Any] = {f"Y{index}": 1 for index in range(5)}
    assert mock.try_send(content="Hi", field_vars=values, **unknown).status == 200
    assert len(mock.warnings()) == MAX_WARNINGS


def test_strict_mode_accepts_a_valid_body() -> None:
    assert InProcess(strict=True).post(STRICT).status == 200


@pytest.mark.ledger("error.model")
def test_send_refuses_wrong_types_with_their_paths() -> None:
    response = InProcess().post('{"message": {"content": [], "to": [{"mobile_number": {}}]}}')
    assert response.status == 400
    assert response.json() == {
        "Message": "The request is invalid.",
        "ModelState": {
            "model.message.content": ["Could not convert an array to string. Path 'message.content'."],
            "model.message.to[0].mobile_number": [
                "Could not convert an object to string. Path 'message.to[0].mobile_number'."
            ],
        },
    }


@pytest.mark.ledger("error.crash")
def test_internal_error_is_a_500_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    mock = InProcess(Broken(Settings()))
    with caplog.at_level(logging.ERROR, "mocksms"):
        response = mock.post(STRICT)
    assert (response.status, response.json()) == (500, {"Message": "An error has occurred."})
    assert "mocksms failed on POST '/transactional/sms/send'" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert mock.last().note == "internal error in mocksms; see its log"


@pytest.mark.ledger("error.crash")
def test_internal_error_while_due_events_are_applied_is_a_500() -> None:
    def fail(_: object, event: object) -> None:
        if isinstance(event, Message):
            raise ZeroDivisionError

    mock = InProcess()
    mock.send(send_at="2026-03-01T12:00:30Z")
    mock.engine.listeners.append(fail)
    mock.time.advance(60)
    assert mock.get(SEARCH).status == 500


def test_journal_records_request_and_response_unchanged() -> None:
    mock = InProcess()
    response = mock.call(
        "GET", SEARCH.upper(), headers={"x-api-key": KEY, "user-agent": "tests"}, query="limit=1&query=%2a"
    )
    entry = mock.last()
    assert (entry.number, entry.at, entry.method) == (1, mock.now(), "GET")
    assert entry.target == SEARCH.upper() + "?limit=1&query=%2a"
    assert entry.headers == "host: mock.test\r\nx-api-key: key-…\r\nuser-agent: tests".encode()
    assert (entry.status, entry.response_body, entry.body) == (200, response.body, b"")
    assert (entry.messages, entry.warnings, entry.note) == ((), (), "")
    assert entry.duration >= 0


def test_journal_records_the_messages_of_each_send() -> None:
    mock = InProcess()
    mock.send()
    mock.send(NUMBER, NUMBER)
    assert mock.last().messages == (4, 5)
    messages = [mock.account().messages.at(sequence) for sequence in mock.last().messages]
    assert [message.request for message in messages if message] == [3, 3]


def test_request_and_its_messages_have_one_time() -> None:
    mock = InProcess(Engine(Settings()))
    mock.send(NUMBER, NUMBER)
    created = {message.created_at for message in mock.account().messages.newest_first(MessageQuery())}
    assert created == {mock.last().at}


def test_request_lists_only_its_messages_if_callbacks_have_numbers_between_them() -> None:
    mock = InProcess(webhook=(Webhook("http://127.0.0.1:9/"),))
    mock.send(NUMBER, NUMBER)
    stored = [message.sequence for message in mock.account().messages.newest_first(MessageQuery())]
    assert mock.last().messages == tuple(sorted(stored))
    assert len(stored) == 2


def test_failure_to_record_a_send_releases_its_callbacks() -> None:
    def fail(_: object, event: object) -> None:
        if isinstance(event, RecordedRequest):
            raise ZeroDivisionError

    mock = InProcess(webhook=(Webhook("http://127.0.0.1:9/"),))
    mock.engine.listeners.append(fail)
    with pytest.raises(ZeroDivisionError):
        mock.send()
    assert len(mock.engine.outbox.take_due()) == 1


def test_journal_records_the_beginning_of_long_bodies() -> None:
    mock = InProcess()
    mock.post(STRICT + " " * MAX_RECORDED_BODY)
    assert mock.last().body == (STRICT + " " * MAX_RECORDED_BODY).encode()[:MAX_RECORDED_BODY]
    mock.send(*[NUMBER] * 1000)
    assert len(mock.last().response_body) == MAX_RECORDED_BODY


def test_journal_records_the_reason_of_a_refusal() -> None:
    mock = InProcess()
    mock.get(INFO, "id=nothing")
    assert (mock.last().status, mock.last().note) == (404, "no message nothing")


def test_request_without_an_account_is_recorded_as_unattributed() -> None:
    mock = InProcess()
    mock.call("GET", "/nowhere")
    mock.call("GET", SEARCH)
    mock.call("GET", SEARCH, headers={"x-api-key": " ", "origin": "http://evil"})
    statuses = [entry.status for entry in mock.engine.accounts.unattributed.newest_first()]
    assert statuses == [403, 401, 404]
    assert len(mock.engine.accounts) == 0


VALID: dict[str, Any] = {
    "method": "POST",
    "path": SEND,
    "data": STRICT.encode(),
    "headers": {"x-api-key": KEY, "content-type": "application/json"},
}
DEFECTS: dict[int, dict[str, Any]] = {
    404: {"path": "/nowhere"},
    405: {"method": "PUT"},
    403: {"origin": "http://evil"},
    401: {"x-api-key": ""},
    413: {"data": b" " * (len(STRICT) + 1)},
    415: {"content-type": "text/plain"},
    400: {"data": b"{}"},
}
"""Defects of a send by the status of the refusal, in the order in which they are checked."""


def _send_with_defects(mock: InProcess, *statuses: int) -> Response:
    request = {**VALID, "headers": dict(VALID["headers"])}
    for status in sorted(statuses, key=list(DEFECTS).index, reverse=True):
        for name, value in DEFECTS[status].items():
            (request if name in request else request["headers"])[name] = value
    return mock.call(**request)


@pytest.mark.parametrize("status", [status for status in DEFECTS if status != 401])
def test_refused_request_with_a_key_is_recorded_for_its_account(status: int) -> None:
    mock = InProcess(max_body=len(STRICT))
    assert _send_with_defects(mock, status).status == status
    assert mock.last().status == status
    assert mock.last().note
    assert (len(mock.account().journal), len(mock.engine.accounts.unattributed)) == (1, 0)
    assert len(mock.account().messages) == 0


@pytest.mark.ledger("error.order")
@pytest.mark.parametrize("first", range(len(DEFECTS)), ids=[str(status) for status in DEFECTS])
def test_send_with_several_defects_is_refused_for_the_first(first: int) -> None:
    statuses = list(DEFECTS)[first:]
    assert _send_with_defects(InProcess(max_body=len(STRICT)), *statuses).status == statuses[0]


def test_send_without_defects_is_accepted() -> None:
    assert _send_with_defects(InProcess(max_body=len(STRICT))).status == 200


def test_journal_is_limited() -> None:
    mock = InProcess(max_requests=2)
    for _ in range(3):
        mock.search()
        mock.call("GET", "/nowhere")
    assert (len(mock.account().journal), len(mock.engine.accounts.unattributed)) == (2, 2)


def test_journal_records_the_warnings_of_an_accepted_send() -> None:
    mock = InProcess()
    mock.post('{"message": {"content": "x", "to": [{"mobile_number": 972541111111}]}}')
    assert mock.warnings() == (RequestWarning("message.to[0].mobile_number", "972541111111 is read as a string"),)


@pytest.mark.ledger("body.number-spelling")
@pytest.mark.parametrize("spelling", ["12.50", "1e3", "12345678901234567890123.4500", "1E+999", "-0"])
@pytest.mark.parametrize("lenient", ["", ","], ids=["strict", "lenient"])
def test_number_keeps_its_spelling_in_every_text(spelling: str, lenient: str) -> None:
    mock = InProcess()
    text = """{"message": {"content": "Pay #sum# or #NUMBER# NIS", "to": [{"mobile_number": NUMBER}],
        "field_vars": [{"rcpt": NUMBER, "fields": [
            {"name": "sum", "content": NUMBER}, {"name": NUMBER, "content": NUMBER, "type": NUMBER}
        ]}],
        "tags": [NUMBER, "x"], "charset": NUMBER, "sender_id": NUMBER, "unsubscribe_text": NUMBER,
        "add_unsubscribe_link": false}}"""
    (row,) = mock.post(text.replace("NUMBER", spelling)).json()
    (sent,) = mock.account().messages.newest_first(MessageQuery())
    assert row["mobile_number"] == sent.mobile_number == spelling
    assert content_of(sent) == f"Pay {spelling} or {spelling} NIS"
    assert (sent.sender, sent.submission.tags) == (spelling, (spelling, "x"))
    assert (sent.submission.charset, sent.submission.unsubscribe_text) == (spelling, spelling)
    text = '{"message": {"content": NUMBER, "to": [{"mobile_number": "1"}], "from": NUMBER,}}'
    mock.post(text.replace("NUMBER", spelling).replace(",}", f"{lenient}}}"))
    found = mock.search()[0]
    assert (found["content"], found["sender"]) == (spelling, spelling)


def _call(mock: InProcess, *events: Event) -> list[Event]:
    output: list[Event] = []
    remaining = iter(events)

    async def receive() -> Event:
        return next(remaining)

    async def send(event: Event) -> None:
        output.append(event)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": SEND,
        "query_string": b"",
        "scheme": "https",
        "headers": [(b"x-api-key", KEY.encode()), (b"content-type", b"application/json")],
    }
    asyncio.run(mock.app(scope, receive, send))
    return output


def _part(data: bytes, *, more: bool = True) -> Event:
    return {"type": "http.request", "body": data, "more_body": more}


def test_body_may_arrive_in_parts() -> None:
    half = len(STRICT) // 2
    raw = STRICT.encode()
    output = _call(InProcess(), _part(raw[:half]), _part(b""), _part(raw[half:], more=False))
    assert response_of(output).status == 200


@pytest.mark.parametrize("parts", [[], [_part(b"{")]], ids=["before-the-body", "within-the-body"])
def test_client_that_disconnects_gets_no_response_and_is_not_recorded(parts: list[Event]) -> None:
    mock = InProcess()
    assert _call(mock, *parts, {"type": "http.disconnect"}) == []
    assert len(mock.engine.accounts) == 0
    assert len(mock.engine.accounts.unattributed) == 0


@pytest.mark.ledger("error.too-slow")
def test_slow_body_is_a_408(shared_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_BODY_SECONDS", 0.0)
    connection = HTTPConnection(shared_mock.host, shared_mock.port, timeout=TIMEOUT)
    headers = {"X-API-Key": "too-slow", "Content-Type": "application/json", "Content-Length": "2"}
    connection.request("POST", SEND, b"{", headers)
    http_response = connection.getresponse()
    assert (http_response.status, http_response.getheader("Connection")) == (408, "close")
    assert json.load(http_response) == {"Message": "The request body did not arrive within 0 seconds."}
    connection.close()
    account = shared_mock.engine.account("too-slow")
    assert [(entry.status, entry.body) for entry in account.journal.newest_first()] == [(408, b"")]
    assert len(account.messages) == 0


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/nowhere", {}, 404),
        (INFO, {}, 405),
        (SEND, {"Origin": "http://evil"}, 403),
        (SEND, {"X-API-Key": ""}, 401),
        (SEND, {"Content-Type": "text/plain"}, 408),
    ],
    ids=["path", "method", "origin", "key", "media-type"],
)
def test_slow_body_is_checked_in_the_order_of_the_refusals(
    shared_mock: Mock, monkeypatch: pytest.MonkeyPatch, path: str, headers: dict[str, str], status: int
) -> None:
    monkeypatch.setattr(bodies, "MAX_BODY_SECONDS", 0.0)
    connection = HTTPConnection(shared_mock.host, shared_mock.port, timeout=TIMEOUT)
    connection.request("POST", path, b"{", {"X-API-Key": "slow-and-wrong", "Content-Length": "2", **headers})
    assert connection.getresponse().status == status
    connection.close()


def test_404_has_a_host_in_its_uri_even_without_the_header() -> None:
    mock = InProcess()
    mock.app = ProviderApp(mock.engine, mock.stopping)
    output: list[Event] = []

    async def receive() -> Event:
        return _part(b"", more=False)

    async def send(event: Event) -> None:
        output.append(event)

    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "scheme": "https", "headers": []}
    asyncio.run(mock.app(scope, receive, send))
    assert response_of(output).text.endswith("'https://localhost/x'.")


def test_routes_are_the_three_of_the_guide() -> None:
    assert {path: method for path, (method, _) in ROUTES.items()} == {SEND: "POST", INFO: "GET", SEARCH: "GET"}


def test_account_without_the_rest_right_is_unauthorized() -> None:
    mock = InProcess()
    account: Account = mock.account()
    assert mock.try_send().status == 200
    account.rest_right = False
    assert mock.try_send().status == 401


@pytest.mark.ledger("callback.after-response")
@pytest.mark.parametrize(
    ("number", "last"),
    [
        ("972-50-0000000", "flush"),
        ("972-50-0007000", "flush"),
        ("972-50-0007100", "flush"),
        ("972-50-0007300", "flush"),
        ("972-50-0007400", "flush"),
        ("972-50-0007500", "flush"),
        ("972-50-0007200", "reset"),
        ("972-50-0006300", None),
    ],
)
def test_callbacks_start_after_the_response_is_written(number: str, last: str | None) -> None:
    mock = InProcess(webhook=(Webhook("http://app.test"),))
    order: list[str | None] = []
    mock.engine.outbox.on_due = lambda: order.append(mock.connection.done[-1])
    mock.try_send(number)
    assert mock.connection.done[-1:] == ([] if last is None else [last])
    assert order == ([last] if last == "flush" else [])
    assert mock.engine.outbox.is_busy(None) is (last == "flush")


def test_response_without_a_socket_counts_as_written() -> None:
    connection = FakeConnection()
    for extensions in ({}, {CONNECTION: connection}):
        asyncio.run(response_written({"extensions": extensions}))
    assert connection.done == ["flush"]


def test_callbacks_start_if_the_response_cannot_be_written() -> None:
    mock = InProcess(webhook=(Webhook("http://app.test"),))

    async def fail() -> None:
        raise ConnectionResetError

    mock.connection.flush = fail  # type: ignore[method-assign]
    with pytest.raises(ConnectionResetError):
        mock.try_send()
    assert mock.engine.outbox.is_busy(None)
