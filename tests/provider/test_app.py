from __future__ import annotations

import asyncio
import json
import logging
from http.client import HTTPConnection
from typing import Any

import pytest
from starlette.types import Message as Event

from mocksms import asgi as guard
from mocksms.asgi import CONNECTION
from mocksms.engine.account import Account
from mocksms.engine.engine import Accepted, Engine
from mocksms.engine.journal import MAX_RECORDED_BODY, RecordedRequest, RequestWarning
from mocksms.engine.messages import MessageQuery
from mocksms.provider.app import JSON_TYPES, ROUTES, ProviderApp
from mocksms.provider.faults import response_written
from mocksms.provider.lenient_json import MAX_WARNINGS
from mocksms.settings import Settings
from mocksms.sms.message import Message
from mocksms.sms.text import MAX_SEND_LENGTH, MAX_TEXT_LENGTH
from mocksms.sms.webhook import Webhook
from tests.provider.inprocess import INFO, SEARCH, SEND, FakeConnection, InProcess, Response, response_of
from tests.support import KEY, NUMBER, TIMEOUT, Mock, body

STRICT = json.dumps(body())


class Broken(Engine):
    """An engine that fails on every send."""

    def submit(self, *_: Any, **__: Any) -> Accepted:
        raise ZeroDivisionError


@pytest.mark.ledger("send.response", "send.transaction-id", "body.recipients", "send.null-reason")
def test_send_answers_one_object_per_recipient_in_order() -> None:
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
def test_send_with_the_same_seed_answers_the_same_bytes() -> None:
    first, second, other = InProcess(seed="a"), InProcess(seed="a"), InProcess(seed="b")
    assert first.try_send().body == second.try_send().body != other.try_send().body


@pytest.mark.parametrize("declared", [*sorted(JSON_TYPES), "Application/JSON; charset=utf-8", "text/json;x=y"])
@pytest.mark.ledger("error.media-type")
def test_send_reads_what_is_declared_as_json(declared: str) -> None:
    assert InProcess().post(STRICT, content_type=declared).status == 200


@pytest.mark.ledger("error.media-type")
@pytest.mark.parametrize(
    ("declared", "media_type"),
    [
        ("text/plain", "text/plain"),
        ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded"),
        ("multipart/form-data; boundary=x", "multipart/form-data"),
        ("application/jsonp", "application/jsonp"),
    ],
)
def test_send_refuses_a_body_that_is_not_declared_as_json(declared: str, media_type: str) -> None:
    mock = InProcess()
    reply = mock.post(STRICT, content_type=declared)
    text = f"The request entity's media type '{media_type}' is not supported for this resource."
    assert (reply.status, reply.text) == (415, text)
    assert len(mock.account().messages) == 0


@pytest.mark.ledger("error.media-type")
@pytest.mark.parametrize("declared", ["", ";charset=utf-8"])
def test_send_refuses_a_body_that_is_not_declared(declared: str) -> None:
    reply = InProcess().post(STRICT, content_type=declared)
    assert reply.status == 415
    assert "no Content-Type header" in reply.text


def test_send_asks_for_a_body_where_there_is_none() -> None:
    reply = InProcess().call("POST", SEND, b"", {"x-api-key": KEY})
    assert reply.status == 400
    assert reply.json()["ModelState"]["model"] == ["The request body is empty; expected a JSON object with a message."]


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
def test_send_reads_the_charset_that_is_declared(charset: str, encoding: str) -> None:
    mock = InProcess()
    text = json.dumps(body(content="שלום"), ensure_ascii=False)
    reply = mock.post(text.encode(encoding), content_type=f"application/json; charset={charset}")
    assert reply.status == 200
    assert mock.search()[0]["content"] == "שלום"


@pytest.mark.ledger("error.too-large")
def test_send_refuses_a_body_beyond_the_limit() -> None:
    mock = InProcess(max_body=len(STRICT))
    assert mock.post(STRICT).status == 200
    reply = mock.post(STRICT + " ")
    assert (reply.status, reply.headers["connection"]) == (413, "close")
    assert reply.text == f"The request body is too large; the limit is {len(STRICT)} bytes."
    assert (mock.last().body, mock.last().status) == (b"", 413)


@pytest.mark.ledger("body.longest")
def test_send_refuses_a_text_no_sms_can_carry() -> None:
    mock = InProcess()
    assert MAX_TEXT_LENGTH == 39_015
    assert mock.try_send(content="x" * MAX_TEXT_LENGTH).status == 200
    reply = mock.try_send(content="x" * (MAX_TEXT_LENGTH + 1))
    text = "The field content must be a string with a maximum length of 39015; this one has 39016."
    assert (reply.status, reply.json()["ModelState"]) == (400, {"model.message.content": [text]})
    assert len(mock.account().messages) == 1


@pytest.mark.ledger("body.longest")
def test_send_refuses_a_text_that_gets_too_long_by_its_values() -> None:
    mock = InProcess()
    values = [{"rcpt": NUMBER, "fields": [{"name": "a", "content": "x" * MAX_TEXT_LENGTH}]}]
    assert mock.try_send(content="#a#", field_vars=values).status == 200
    assert mock.try_send(content="#a#!", field_vars=values).status == 400


@pytest.mark.ledger("body.longest")
def test_send_counts_the_unsubscribe_text_towards_the_longest() -> None:
    mock = InProcess()
    assert mock.try_send(content="x", unsubscribe_text="y" * (MAX_TEXT_LENGTH - 1)).status == 200
    reply = mock.try_send(content="x", unsubscribe_text="y" * MAX_TEXT_LENGTH)
    text = "The field content must be a string with a maximum length of 39015; this one has 39016."
    assert (reply.status, reply.json()["ModelState"]) == (400, {"model.message.content": [text]})


def test_send_refuses_more_different_texts_than_it_works_on() -> None:
    mock = InProcess()
    numbers = [f"972-54-{index:07}" for index in range(1000)]
    values = [{"rcpt": number, "fields": [{"name": "a", "content": number}]} for number in numbers]
    content = "#a#" + "x" * (MAX_SEND_LENGTH // len(numbers) - 3)
    assert mock.try_send(*numbers[2:], content=content, field_vars=values).status == 200
    reply = mock.try_send(*numbers, content=content + "x", field_vars=values)
    length = MAX_SEND_LENGTH + 1000
    text = f"The texts for all recipients have {length} characters; the limit for one send is {MAX_SEND_LENGTH}."
    assert (reply.status, reply.json()["ModelState"]) == (400, {"model.message.to": [text]})
    assert mock.try_send(*numbers, content=content + "x").status == 200


@pytest.mark.ledger("body.unsubscribe-link", "credit.segments")
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


@pytest.mark.ledger("body.json-net", "body.binding", "body.guide-examples")
@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{message: " + json.dumps(body()["message"]) + "}", "model"),
        ("\ufeff" + STRICT, "model"),
        (STRICT + "// x", "model"),
        ('{"async": true, "async": false, ' + STRICT[1:], "model"),
        ('{"Async": true, ' + STRICT[1:], "model.Async"),
        ('{"x": 1, ' + STRICT[1:], "model.x"),
        ('{"async": "true", ' + STRICT[1:], "model.async"),
        (json.dumps(body(charset="ascii")), "model.message.charset"),
    ],
    ids=["unquoted", "mark", "comment", "twice", "case", "unknown", "converted", "charset"],
)
def test_strict_mode_refuses_what_is_else_a_warning(text: str, path: str) -> None:
    lenient, strict = InProcess(), InProcess(strict=True)
    assert lenient.post(text).status == 200
    (warning,) = lenient.warnings()
    reply = strict.post(text)
    assert (reply.status, reply.json()["ModelState"]) == (400, {path: [f"Strict mode: {warning.note}."]})
    assert len(strict.account().messages) == 0
    assert strict.warnings() == (warning,)


def test_warnings_are_no_more_than_are_kept() -> None:
    mock = InProcess()
    values = [{"rcpt": NUMBER, "fields": [{"name": f"x{index}", "content": ""} for index in range(MAX_WARNINGS * 2)]}]
    unknown: dict[str, Any] = {f"Y{index}": 1 for index in range(5)}
    assert mock.try_send(content="Hi", field_vars=values, **unknown).status == 200
    assert len(mock.warnings()) == MAX_WARNINGS


def test_strict_mode_sends_what_is_strict() -> None:
    assert InProcess(strict=True).post(STRICT).status == 200


@pytest.mark.ledger("error.model")
def test_send_refuses_what_does_not_fit_with_the_paths() -> None:
    reply = InProcess().post('{"message": {"content": [], "to": [{"mobile_number": {}}]}}')
    assert reply.status == 400
    assert reply.json() == {
        "Message": "The request is invalid.",
        "ModelState": {
            "model.message.content": ["Could not convert an array to string. Path 'message.content'."],
            "model.message.to[0].mobile_number": [
                "Could not convert an object to string. Path 'message.to[0].mobile_number'."
            ],
        },
    }


@pytest.mark.ledger("error.crash")
def test_crash_is_a_500_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    mock = InProcess(Broken(Settings()))
    with caplog.at_level(logging.ERROR, "mocksms"):
        reply = mock.post(STRICT)
    assert (reply.status, reply.json()) == (500, {"Message": "An error has occurred."})
    assert "mocksms failed on POST '/transactional/sms/send'" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert mock.last().note == "internal error in mocksms; see its log"


@pytest.mark.ledger("error.crash")
def test_crash_while_the_account_is_brought_up_to_date_is_a_500() -> None:
    def fail(_: object, news: object) -> None:
        if isinstance(news, Message):
            raise ZeroDivisionError

    mock = InProcess()
    mock.send(send_at="2026-03-01T12:00:30Z")
    mock.engine.listeners.append(fail)
    mock.time.advance(60)
    assert mock.get(SEARCH).status == 500


def test_journal_keeps_the_exchange_as_it_came_and_went() -> None:
    mock = InProcess()
    reply = mock.call("GET", SEARCH.upper(), headers={"x-api-key": KEY, "user-agent": "tests"}, query="limit=1&x=%20")
    entry = mock.last()
    assert (entry.number, entry.at, entry.method) == (1, mock.now(), "GET")
    assert entry.target == SEARCH.upper() + "?limit=1&x=%20"
    assert entry.headers == "host: mock.test\r\nx-api-key: key-…\r\nuser-agent: tests".encode()
    assert (entry.status, entry.response_body, entry.body) == (200, reply.body, b"")
    assert (entry.messages, entry.warnings, entry.note) == ((), (), "")
    assert entry.duration >= 0


def test_journal_knows_the_messages_of_each_send() -> None:
    mock = InProcess()
    mock.send()
    mock.send(NUMBER, NUMBER)
    assert mock.last().messages == (4, 5)
    made = [mock.account().messages.at(sequence) for sequence in mock.last().messages]
    assert [message.request for message in made if message] == [3, 3]


def test_request_names_its_messages_alone_when_callbacks_take_numbers_between_them() -> None:
    mock = InProcess(webhook=(Webhook("http://127.0.0.1:9/"),))
    mock.send(NUMBER, NUMBER)
    stored = [message.sequence for message in mock.account().messages.newest_first(MessageQuery())]
    assert mock.last().messages == tuple(sorted(stored))
    assert len(stored) == 2


def test_failure_to_record_a_send_releases_its_callbacks() -> None:
    def fail(_: object, news: object) -> None:
        if isinstance(news, RecordedRequest):
            raise ZeroDivisionError

    mock = InProcess(webhook=(Webhook("http://127.0.0.1:9/"),))
    mock.engine.listeners.append(fail)
    with pytest.raises(ZeroDivisionError):
        mock.send()
    assert len(mock.engine.outbox.take_due()) == 1


def test_journal_keeps_the_beginning_of_long_bodies() -> None:
    mock = InProcess()
    mock.post(STRICT + " " * MAX_RECORDED_BODY)
    assert mock.last().body == (STRICT + " " * MAX_RECORDED_BODY).encode()[:MAX_RECORDED_BODY]
    mock.send(*[NUMBER] * 1000)
    assert len(mock.last().response_body) == MAX_RECORDED_BODY


def test_journal_says_why_an_exchange_was_refused() -> None:
    mock = InProcess()
    mock.get(INFO, "id=nothing")
    assert (mock.last().status, mock.last().note) == (404, "no message nothing")


def test_journal_of_strangers_holds_what_belongs_to_no_account() -> None:
    mock = InProcess()
    mock.call("GET", "/nowhere")
    mock.call("GET", SEARCH)
    mock.call("GET", SEARCH, headers={"x-api-key": " ", "origin": "http://evil"})
    kept = [entry.status for entry in mock.engine.accounts.unattributed.newest_first()]
    assert kept == [403, 401, 404]
    assert len(mock.engine.accounts) == 0


GOOD: dict[str, Any] = {
    "method": "POST",
    "path": SEND,
    "data": STRICT.encode(),
    "headers": {"x-api-key": KEY, "content-type": "application/json"},
}
SPOILT: dict[int, dict[str, Any]] = {
    404: {"path": "/nowhere"},
    405: {"method": "PUT"},
    403: {"origin": "http://evil"},
    401: {"x-api-key": ""},
    413: {"data": b" " * (len(STRICT) + 1)},
    415: {"content-type": "text/plain"},
    400: {"data": b"{}"},
}
"""By the status that refuses it, in the order they are looked at: what is wrong with a send."""


def _spoilt(mock: InProcess, *statuses: int) -> Response:
    asked = {**GOOD, "headers": dict(GOOD["headers"])}
    for status in sorted(statuses, key=list(SPOILT).index, reverse=True):
        for name, value in SPOILT[status].items():
            (asked if name in asked else asked["headers"])[name] = value
    return mock.call(**asked)


@pytest.mark.parametrize("status", [status for status in SPOILT if status != 401])
def test_journal_of_an_account_holds_what_it_was_refused(status: int) -> None:
    mock = InProcess(max_body=len(STRICT))
    assert _spoilt(mock, status).status == status
    assert mock.last().status == status
    assert mock.last().note
    assert (len(mock.account().journal), len(mock.engine.accounts.unattributed)) == (1, 0)
    assert len(mock.account().messages) == 0


@pytest.mark.parametrize("first", range(len(SPOILT)), ids=[str(status) for status in SPOILT])
def test_send_that_is_wrong_in_many_ways_is_refused_for_the_first(first: int) -> None:
    wrong = list(SPOILT)[first:]
    assert _spoilt(InProcess(max_body=len(STRICT)), *wrong).status == wrong[0]


def test_send_with_nothing_wrong_is_answered() -> None:
    assert _spoilt(InProcess(max_body=len(STRICT))).status == 200


def test_journal_holds_no_more_than_its_limit() -> None:
    mock = InProcess(max_requests=2)
    for _ in range(3):
        mock.search()
        mock.call("GET", "/nowhere")
    assert (len(mock.account().journal), len(mock.engine.accounts.unattributed)) == (2, 2)


def test_journal_keeps_warnings_of_an_accepted_send() -> None:
    mock = InProcess()
    mock.post('{"message": {"content": "x", "to": [{"mobile_number": 972541111111}]}}')
    assert mock.warnings() == (RequestWarning("message.to[0].mobile_number", "972541111111 is read as a string"),)


def _speak(mock: InProcess, *events: Event) -> list[Event]:
    heard: list[Event] = []
    coming = iter(events)

    async def receive() -> Event:
        return next(coming)

    async def send(event: Event) -> None:
        heard.append(event)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": SEND,
        "query_string": b"",
        "scheme": "https",
        "headers": [(b"x-api-key", KEY.encode()), (b"content-type", b"application/json")],
    }
    asyncio.run(mock.app(scope, receive, send))
    return heard


def _part(data: bytes, *, more: bool = True) -> Event:
    return {"type": "http.request", "body": data, "more_body": more}


def test_body_may_come_in_parts() -> None:
    half = len(STRICT) // 2
    raw = STRICT.encode()
    heard = _speak(InProcess(), _part(raw[:half]), _part(b""), _part(raw[half:], more=False))
    assert response_of(heard).status == 200


@pytest.mark.parametrize("parts", [[], [_part(b"{")]], ids=["at-once", "half-way"])
def test_body_that_never_becomes_whole_is_not_answered(parts: list[Event]) -> None:
    mock = InProcess()
    assert _speak(mock, *parts, {"type": "http.disconnect"}) == []
    assert len(mock.engine.accounts) == 0
    assert len(mock.engine.accounts.unattributed) == 0


def test_body_that_takes_too_long_is_a_408(shared_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MAX_BODY_SECONDS", 0.0)
    connection = HTTPConnection(shared_mock.host, shared_mock.port, timeout=TIMEOUT)
    headers = {"X-API-Key": "too-slow", "Content-Type": "application/json", "Content-Length": "2"}
    connection.request("POST", SEND, b"{", headers)
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Connection")) == (408, "close")
    assert json.load(answer) == {"Message": "The request body did not arrive within 0 seconds."}
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
def test_body_that_takes_too_long_is_told_in_the_order_of_the_refusals(
    shared_mock: Mock, monkeypatch: pytest.MonkeyPatch, path: str, headers: dict[str, str], status: int
) -> None:
    monkeypatch.setattr(guard, "MAX_BODY_SECONDS", 0.0)
    connection = HTTPConnection(shared_mock.host, shared_mock.port, timeout=TIMEOUT)
    connection.request("POST", path, b"{", {"X-API-Key": "slow-and-wrong", "Content-Length": "2", **headers})
    assert connection.getresponse().status == status
    connection.close()


def test_uri_of_an_unknown_path_has_a_host_even_without_the_header() -> None:
    mock = InProcess()
    mock.app = ProviderApp(mock.engine, mock.stopping)
    heard: list[Event] = []

    async def receive() -> Event:
        return _part(b"", more=False)

    async def send(event: Event) -> None:
        heard.append(event)

    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "scheme": "https", "headers": []}
    asyncio.run(mock.app(scope, receive, send))
    assert response_of(heard).text.endswith("'https://localhost/x'.")


def test_routes_are_the_three_of_the_guide() -> None:
    assert {path: method for path, (method, _) in ROUTES.items()} == {SEND: "POST", INFO: "GET", SEARCH: "GET"}


def test_rest_right_can_be_taken_while_running() -> None:
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
    mock.engine.outbox.wake = lambda: order.append(mock.connection.done[-1])
    mock.try_send(number)
    assert mock.connection.done[-1:] == ([] if last is None else [last])
    assert order == ([last] if last == "flush" else [])
    assert mock.engine.outbox.is_due(None) is (last == "flush")


def test_response_without_a_socket_counts_as_written() -> None:
    connection = FakeConnection()
    for extensions in ({}, {CONNECTION: connection}):
        asyncio.run(response_written({"extensions": extensions}))
    assert connection.done == ["flush"]


def test_callbacks_start_if_the_response_cannot_be_written() -> None:
    mock = InProcess(webhook=(Webhook("http://app.test"),))

    async def gone() -> None:
        raise ConnectionResetError

    mock.connection.flush = gone  # type: ignore[method-assign]
    with pytest.raises(ConnectionResetError):
        mock.try_send()
    assert mock.engine.outbox.is_due(None)
