from __future__ import annotations

import copy
import http.client
import json
import logging
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from logging.handlers import BufferingHandler
from typing import Any, NamedTuple

import pytest

from mocksms.asgi import bodies
from mocksms.engine.message_query import MessageQuery
from tests.support import NUMBER, TIMEOUT, Mock, body

SEND = "/transactional/sms/send"
MIB = 1_048_576
ENDLESS_BYTES = 64 * MIB
"""Bytes of an "endless" request: the mock must cut it off long before they are sent."""

HEAVY_SECONDS = 20 * TIMEOUT
"""Seconds that the mock may take at most for the most expensive body of 1 MiB."""

_serial = count(1)


class Response(NamedTuple):
    status: int
    data: Any
    closed: bool
    """Whether the response announced the end of the connection and the connection ended."""


@pytest.fixture
def key() -> str:
    """The key of an account that no other test uses."""
    return f"hostile-{next(_serial)}"


@pytest.fixture(autouse=True)
def mock_still_works(shared_mock: Mock) -> Iterator[None]:
    """Check after each test that no error was logged and that a plain send on a new connection works."""
    errors = BufferingHandler(ENDLESS_BYTES)
    errors.setLevel(logging.ERROR)
    loggers = [logging.getLogger(name) for name in ("mocksms", "uvicorn.error")]
    for logger in loggers:
        logger.addHandler(errors)
    yield
    (row,) = shared_mock.send(key=f"after-{next(_serial)}")
    for logger in loggers:
        logger.removeHandler(errors)
    assert row["status"] == "sent"
    assert [record.getMessage() for record in errors.buffer] == []


@contextmanager
def connected(mock: Mock, timeout: float = TIMEOUT) -> Iterator[socket.socket]:
    with socket.create_connection((mock.host, mock.port), timeout) as connection:
        yield connection


def head_of(key: str, *lines: str, request: str = f"POST {SEND} HTTP/1.1") -> bytes:
    return "\r\n".join(
        [request, "Host: mock", f"X-API-Key: {key}", "Content-Type: application/json", *lines, "", ""]
    ).encode("latin-1")


def framed(key: str, content: bytes, *lines: str, request: str = f"POST {SEND} HTTP/1.1") -> bytes:
    return head_of(key, f"Content-Length: {len(content)}", *lines, request=request) + content


def read_response(connection: socket.socket) -> Response | None:
    """Return the response, or None if the connection was closed without one."""
    with closing(http.client.HTTPResponse(connection)) as http_response:
        try:
            http_response.begin()
            content = http_response.read()
        except (ConnectionError, http.client.RemoteDisconnected):
            return None
        closed = http_response.will_close
        if closed:
            with suppress(ConnectionResetError):
                assert connection.recv(1) == b""
    is_json = http_response.headers.get("content-type", "").startswith("application/json")
    return Response(http_response.status, json.loads(content) if is_json else content, closed)


def send_raw(mock: Mock, request: bytes, timeout: float = TIMEOUT) -> Response | None:
    with connected(mock, timeout) as connection:
        with suppress(ConnectionError):
            connection.sendall(request)
        return read_response(connection)


def assert_refused(mock: Mock, key: str, response: Response | None) -> None:
    """Assert that the connection was closed or the response is a refusal as the vendor words it; nothing is stored."""
    if response is not None:
        assert 400 <= response.status < 500
        if isinstance(response.data, bytes):
            assert response.closed
        else:
            assert isinstance(response.data["Message"], str)
    assert mock.search(key=key) == []


def sendable(**more: Any) -> bytes:
    return json.dumps(body(**more)).encode()


BODIES = {
    "empty": b"",
    "blank": b" \r\n\t ",
    "number": b"42",
    "long number": b"9" * 100_000,
    "negative infinity": b"-Infinity",
    "string": b'"message"',
    "null": b"null",
    "true": b"true",
    "array": b"[]",
    "array of messages": b"[" + sendable() + b"]",
    "empty object": b"{}",
    "only half": sendable()[:-3],
    "twice": sendable() * 2,
    "latin-1": '{"message":{"content":"é","to":[{"mobile_number":"1"}]}}'.encode("latin-1"),
    "utf-16 undeclared": sendable().decode().encode("utf-16"),
    "overlong utf-8": b'{"message":"\xc0\xaf"}',
    "surrogate bytes": b'{"message":"\xed\xa0\x80"}',
    "gzip": b"\x1f\x8b\x08\x00" + b"\xff" * 100,
    "NUL": b"\x00" * 1000,
    "NUL at the end": sendable() + b"\x00",
    "NUL as a name": b'{"\x00":"\x00"}',
    "nested arrays": b"[" * 10_000,
    "nested arrays, closed": b"[" * 10_000 + b"]" * 10_000,
    "nested objects": b'{"message":' * 10_000 + b"1" + b"}" * 10_000,
    "nested lenient objects": b"{message:" * 10_000 + b"1" + b"}" * 10_000,
    "nested recipients": b'{"message":{"content":"x","to":' + b"[" * 10_000 + b"]" * 10_000 + b"}}",
    "nested unknown field": sendable()[:-1] + b',"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "quotes": b'"' * 10_000,
    "single quotes": b"'" * 10_001,
    "backslashes": b'"' + b"\\" * 10_001,
    "open comment": b"/*" * 5_000,
    "line comments": b"//\n" * 5_000,
    "colons": b":" * 10_000,
    "commas": b"{" + b"," * 10_000 + b"}",
    "words": b"a " * 5_000,
    "form": b"message=Hello&to=972-54-1111111",
    "xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
}


@pytest.mark.parametrize("content", BODIES.values(), ids=BODIES)
def test_invalid_body_is_refused(shared_mock: Mock, key: str, content: bytes) -> None:
    response = send_raw(shared_mock, framed(key, content))
    assert response is not None
    assert response.status == 400
    assert_refused(shared_mock, key, response)


@pytest.mark.parametrize("charset", ["utf-16", "utf-16le", "utf-16be", "unicode"])
def test_body_with_half_a_character_is_refused(shared_mock: Mock, key: str, charset: str) -> None:
    request = framed(key, sendable() + b"\xd8", "Connection: close").replace(
        b"/json", b"/json; charset=" + charset.encode()
    )
    response = send_raw(shared_mock, request)
    assert response is not None
    assert response.status == 400
    assert_refused(shared_mock, key, response)


@pytest.mark.parametrize("charset", ["latin-1", "utf-7", "idna", "no-such-charset", "a" * 10_000, '"'])
def test_body_with_unknown_charset_is_read_as_utf_8(shared_mock: Mock, key: str, charset: str) -> None:
    content = json.dumps(body(content="שלום"), ensure_ascii=False).encode()
    request = framed(key, content).replace(b"/json", b"/json; charset=" + charset.encode())
    response = send_raw(shared_mock, request)
    assert response is not None
    assert response.status == 200
    (row,) = shared_mock.search(key=key)
    assert row["content"] == "שלום"


def test_control_character_in_a_header_is_refused(shared_mock: Mock, key: str) -> None:
    request = framed(key, sendable()).replace(b"/json", b"/json; charset=\x01")
    response = send_raw(shared_mock, request)
    assert response is None or response.status == 400
    assert shared_mock.search(key=key) == []


def _text_of(mock: Mock, key: str) -> str:
    """Return the text of the newest message, as the phone shows it."""
    account = mock.engine.account(key)
    return mock.engine.text_of(next(account.messages.newest_first(MessageQuery())))


LONE_SURROGATES = [r"\ud800", r"\udfff", r"\udc00\ud800", r"a\ud83d"]


@pytest.mark.parametrize("field", ["content", "mobile_number", "tags", "sender", "unsubscribe_text"])
def test_lone_surrogate_is_accepted_and_read_back(shared_mock: Mock, key: str, field: str) -> None:
    for count_sent, escape in enumerate(LONE_SURROGATES, 1):
        values = {"content": "Hi", "mobile_number": NUMBER, "tags": "tag", "sender": "Shop", "unsubscribe_text": "Bye"}
        values[field] = escape
        content = (
            '{"message":{"content":"<content>","to":[{"mobile_number":"<mobile_number>"}],"tags":["<tags>"],'
            '"sender":"<sender>","unsubscribe_text":"<unsubscribe_text>"}}'
        )
        for name, value in values.items():
            content = content.replace(f"<{name}>", value)
        response = send_raw(shared_mock, framed(key, content.encode()))
        assert response is not None, escape
        assert response.status == 200, escape
        row, *older = shared_mock.search(key=key)
        assert len(older) == count_sent - 1, escape
        text = json.loads(f'"{escape}"')
        if field == "unsubscribe_text":  # info and search do not return it, the phone shows it
            assert text in _text_of(shared_mock, key)
        else:
            assert row[field] == ([text] if field == "tags" else text)


def test_body_of_exactly_the_size_limit_is_accepted(shared_mock: Mock, key: str) -> None:
    response = send_raw(shared_mock, framed(key, sendable().ljust(MIB)))
    assert response is not None
    assert response.status == 200


@pytest.mark.parametrize("excess", [1, MIB])
def test_body_over_the_size_limit_is_413_and_ends_the_connection(shared_mock: Mock, key: str, excess: int) -> None:
    response = send_raw(shared_mock, framed(key, sendable().ljust(MIB + excess)))
    assert response is not None
    assert (response.status, response.closed) == (413, True)
    assert response.data == {"Message": "The request body is too large; the limit is 1048576 bytes."}
    assert_refused(shared_mock, key, response)


def test_chunked_body_over_the_size_limit_is_413_and_ends_the_connection(shared_mock: Mock, key: str) -> None:
    content = sendable().ljust(MIB + 1)
    request = head_of(key, "Transfer-Encoding: chunked") + b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
    response = send_raw(shared_mock, request)
    assert response is not None
    assert (response.status, response.closed) == (413, True)
    assert_refused(shared_mock, key, response)


def test_chunked_body_is_accepted(shared_mock: Mock, key: str) -> None:
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in sendable())
    response = send_raw(shared_mock, head_of(key, "Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n")
    assert response is not None
    assert response.status == 200


ENDLESS = {
    "chunked body": (["Transfer-Encoding: chunked"], b"", b"10000\r\n" + b" " * 0x10000 + b"\r\n"),
    "declared body": ([f"Content-Length: {10**15}"], b"", b" " * 0x10000),
    "chunk extension": (["Transfer-Encoding: chunked"], b"1;", b"x" * 0x10000),
    "chunk trailers": (["Transfer-Encoding: chunked"], b"1\r\n{\r\n0\r\n", b"X-Trailer: flood\r\n" * 4096),
    "chunk trailer": (["Transfer-Encoding: chunked"], b"1\r\n{\r\n0\r\nX-Trailer: ", b"x" * 0x10000),
}


@pytest.mark.parametrize(("lines", "start", "part"), ENDLESS.values(), ids=ENDLESS)
def test_endless_body_is_cut_off(shared_mock: Mock, key: str, lines: list[str], start: bytes, part: bytes) -> None:
    assert_cut_off(shared_mock, key, head_of(key, *lines) + start, part)


@pytest.mark.parametrize(
    ("lines", "start"),
    [
        (["Content-Length: 10"], b"{"),
        (["Transfer-Encoding: chunked"], b"1\r\n{\r\n"),
        ([f"Content-Length: {2 * MIB}"], b" " * (MIB + 1)),
    ],
    ids=["declared", "chunked", "too long already"],
)
def test_incomplete_body_is_a_408_and_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch, shared_mock: Mock, key: str, lines: list[str], start: bytes
) -> None:
    monkeypatch.setattr(bodies, "MAX_BODY_SECONDS", 0.1)
    response = send_raw(shared_mock, head_of(key, *lines) + start)
    assert response is not None
    assert (response.status, response.closed) == (408, True)
    assert_refused(shared_mock, key, response)


def test_body_in_chunks_of_one_byte_is_cut_off(monkeypatch: pytest.MonkeyPatch, shared_mock: Mock, key: str) -> None:
    monkeypatch.setattr(bodies, "MAX_BODY_SECONDS", 0.1)
    assert_cut_off(shared_mock, key, head_of(key, "Transfer-Encoding: chunked"), b"1\r\n \r\n" * 10_000)


ENDLESS_HEADS = {
    "request line": (b"GET /", b"a" * 0x10000),
    "method": (b"", b"A" * 0x10000),
    "header": (head_of("{key}")[:-2] + b"X-Long: ", b"x" * 0x10000),
    "header name": (head_of("{key}")[:-2], b"x" * 0x10000),
    "header flood": (head_of("{key}")[:-2], b"X-Flood: flood\r\n" * 4096),
    "blank lines": (b"", b"\r\n" * 0x8000),
}


@pytest.mark.parametrize(("start", "part"), ENDLESS_HEADS.values(), ids=ENDLESS_HEADS)
def test_endless_head_is_cut_off(shared_mock: Mock, key: str, start: bytes, part: bytes) -> None:
    assert_cut_off(shared_mock, key, start.replace(b"{key}", key.encode()), part)


def test_endless_head_after_a_response_is_cut_off(shared_mock: Mock, key: str) -> None:
    first = framed(key, b"")
    assert_cut_off(shared_mock, key, first + head_of(key)[:-2], b"X-Flood: flood\r\n" * 4096)


def assert_cut_off(mock: Mock, key: str, start: bytes, part: bytes) -> None:
    with connected(mock) as connection:
        connection.sendall(start)
        with pytest.raises(ConnectionError):
            connection.sendall(part * (ENDLESS_BYTES // len(part)))
    assert mock.search(key=key) == []


def test_headers_just_below_the_size_limit_are_accepted(shared_mock: Mock, key: str) -> None:
    response = send_raw(shared_mock, framed(key, sendable(), "X-Long: " + "x" * 60_000))
    assert response is not None
    assert response.status == 200


def test_number_of_a_megabyte_is_invalid(shared_mock: Mock, key: str) -> None:
    number = "9" * 1_000_000
    (row,) = shared_mock.send(number, key=key)
    assert (row["status"], row["reject_reason"]) == ("invalid", "invalid-number")
    assert row["mobile_number"] == number


def test_rows_of_thousands_of_recipients_keep_their_order(shared_mock: Mock, key: str) -> None:
    to = [f"972-50-000{code}{index % 100:02}" for index, code in enumerate(["00", "10", "21", "02"] * 1000)]
    rows = shared_mock.send(*to, key=key)
    assert [row["mobile_number"] for row in rows] == to
    assert [row["status"] for row in rows[:4]] == ["sent", "invalid", "rejected", "queued"]
    assert len({row["transaction_id"] for row in rows}) == 4000


def test_thousands_of_placeholders_for_thousands_of_recipients_are_accepted(shared_mock: Mock, key: str) -> None:
    to = [f"972-54-{index:07}" for index in range(2000)]
    response = send_raw(shared_mock, framed(key, json.dumps(body(*to, content="#a#" * 13_000)).encode()), HEAVY_SECONDS)
    assert response is not None
    assert (response.status, len(response.data)) == (200, 2000)


def test_thousands_of_placeholders_with_values_for_thousands_of_recipients_are_refused(
    shared_mock: Mock, key: str
) -> None:
    to = [f"972-54-{index:07}" for index in range(2000)]
    values = [{"rcpt": number, "fields": [{"name": "a", "content": "xyz"}]} for number in to]
    content = json.dumps(body(*to, content="#a#" * 13_000, field_vars=values)).encode()
    response = send_raw(shared_mock, framed(key, content), HEAVY_SECONDS)
    assert response is not None
    assert (response.status, list(response.data["ModelState"])) == (400, ["model.message.to"])
    assert_refused(shared_mock, key, response)


def test_unsubscribe_text_of_a_megabyte_is_refused(shared_mock: Mock, key: str) -> None:
    response = send_raw(shared_mock, framed(key, sendable(unsubscribe_text="x" * 900_000)), HEAVY_SECONDS)
    assert response is not None
    assert (response.status, list(response.data["ModelState"])) == (400, ["model.message.content"])
    assert_refused(shared_mock, key, response)


def test_unsubscribe_text_of_a_megabyte_for_thousands_of_recipients_is_refused(shared_mock: Mock, key: str) -> None:
    response = send_raw(
        shared_mock,
        framed(key, json.dumps(body(*["1"] * 4000, unsubscribe_text="x" * 900_000)).encode()),
        HEAVY_SECONDS,
    )
    assert response is not None
    assert response.status == 400
    assert_refused(shared_mock, key, response)


@pytest.mark.parametrize("recipient", ["[]", "{}", "1", "null"])
def test_response_to_many_invalid_recipients_is_small(shared_mock: Mock, key: str, recipient: str) -> None:
    many = ",".join([recipient] * (30_000 if recipient == "[]" else 2000))
    content = f'{{"message":{{"content":"x","to":[{many}]}}}}'.encode()
    response = send_raw(shared_mock, framed(key, content), HEAVY_SECONDS)
    assert response is not None
    assert response.status == 400
    assert len(response.data["ModelState"]) == 50
    assert len(json.dumps(response.data)) < 10_000
    assert_refused(shared_mock, key, response)


INVALID_INSTANTS = [
    "soon",
    "2020-13-45 00:00:00",
    "2020-01-20 25:00:00+02:00",
    "2020-01-20 13:05:00+99:00",
    "9999-12-31 23:59:59-14:00",
    "0001-01-01 00:00:00+14:00",
    "9001-01-01 00:00:00+00:00",
    "\u0662\u0660\u0662\u0660-01-20",
    "9" * 100_000,
    "\x00",
    "\ud800",
    1579518300,
    1e300,
    True,
    [],
    {},
]


def test_invalid_send_at_is_refused(shared_mock: Mock, key: str) -> None:
    for instant in INVALID_INSTANTS:
        response = send_raw(shared_mock, framed(key, sendable(send_at=instant)))
        assert response is not None, ascii(instant)[:30]
        assert response.status == 400, ascii(instant)[:30]
        assert "send_at" in str(response.data["ModelState"])
        assert_refused(shared_mock, key, response)


@pytest.mark.parametrize("instant", ["0001-01-01", "0001-01-01 00:00:00", "1900-01-01 00:00:00", "9000-12-31 12:00:00"])
def test_send_at_at_the_edge_of_the_calendar_is_accepted_or_refused(shared_mock: Mock, key: str, instant: str) -> None:
    response = send_raw(shared_mock, framed(key, sendable(send_at=instant)))
    assert response is not None
    assert response.status in (200, 400)
    assert len(shared_mock.search(key=key)) == (response.status == 200)


FULL_BODY: dict[str, Any] = {
    "message": {
        "content": "Hello #name#",
        "to": [{"mobile_number": NUMBER}],
        "charset": "unicode",
        "field_vars": [{"rcpt": NUMBER, "fields": [{"name": "#name#", "content": "Ann", "type": "string"}]}],
        "unsubscribe_text": "Bye",
        "add_unsubscribe_link": True,
        "add_unsubscribe_sms_reply": False,
        "track_clicks": False,
        "tags": ["tag"],
        "sender_id": "Shop",
        "sender": "Shop",
        "from": "Shop",
    },
    "async": False,
    "send_at": "2020-01-20 13:05:00+02:00",
}
VALUES = [
    "0",
    "-1",
    "1.5",
    "1e999",
    "NaN",
    "1" * 400,
    "1" * 5000,
    "true",
    "null",
    '"x"',
    '""',
    "[]",
    "{}",
    "[1]",
    "[[]]",
]
VALUES += ["[null]", "[{}]", '{"a":1}', '{"mobile_number":{}}', r'"\u0000"', "'single'", "undefined", "new Date(0)"]


def paths(data: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value in the data, below its root."""
    pairs: list[tuple[str | int, Any]] = []
    if isinstance(data, dict):
        pairs = list(data.items())
    elif isinstance(data, list):
        pairs = list(enumerate(data))
    for step, value in pairs:
        yield (*path, step)
        yield from paths(value, (*path, step))


@pytest.mark.parametrize("path", list(paths(FULL_BODY)), ids=lambda path: ".".join(map(str, path)))
def test_value_of_another_type_is_converted_or_refused_in_every_field(
    shared_mock: Mock, path: tuple[str | int, ...]
) -> None:
    *outer, last = path
    with closing(http.client.HTTPConnection(shared_mock.host, shared_mock.port, timeout=TIMEOUT)) as client:
        for value in VALUES:
            key = f"hostile-{next(_serial)}"
            data = copy.deepcopy(FULL_BODY)
            place: Any = data
            for step in outer:
                place = place[step]
            place[last] = "<here>"
            content = json.dumps(data).replace('"<here>"', value).encode()
            client.request("POST", SEND, content, {"X-API-Key": key, "Content-Type": "application/json"})
            with client.getresponse() as response:
                result = json.loads(response.read())
            assert response.status in (200, 400), (value, result)
            if response.status == 400:
                assert result["Message"] == "The request is invalid.", value
                assert result["ModelState"], value
            client.request("GET", "/transactional/sms/search", headers={"X-API-Key": key})
            with client.getresponse() as search:
                stored = json.loads(search.read())
            assert len(stored) == (len(result) if response.status == 200 else 0), (value, result)


def test_last_of_duplicate_names_wins(shared_mock: Mock, key: str) -> None:
    content = f'{{"message":1,"message":{{"content":"a","content":"b","to":[{{"mobile_number":"{NUMBER}"}}]}}}}'
    response = send_raw(shared_mock, framed(key, content.encode()))
    assert response is not None
    assert response.status == 200
    assert shared_mock.search(key=key)[0]["content"] == "b"


def test_hundred_thousand_duplicate_names_are_accepted(shared_mock: Mock, key: str) -> None:
    response = send_raw(shared_mock, framed(key, b'{"a":1,' + b'"a":1,' * 100_000 + sendable()[1:]))
    assert response is not None
    assert response.status == 200


@pytest.mark.parametrize("method", ["PROPFIND", "DELETE", "TRACE", "HEAD", "PURGE", "OPTIONS"])
def test_other_method_is_a_405(shared_mock: Mock, key: str, method: str) -> None:
    with closing(http.client.HTTPConnection(shared_mock.host, shared_mock.port, timeout=TIMEOUT)) as client:
        client.request(method, SEND, headers={"X-API-Key": key})
        with client.getresponse() as response:
            assert response.status == 405
            content = response.read()
    expected = {"Message": f"The requested resource does not support http method '{method}'."}
    assert method == "HEAD" or json.loads(content) == expected


UNUSUAL_REQUESTS = {
    "HTTP/1.0": framed("{key}", sendable(), request=f"POST {SEND} HTTP/1.0"),
    "absolute form": framed("{key}", sendable(), request=f"POST http://webapi.mymarketing.co.il{SEND} HTTP/1.1"),
    "no Host": framed("{key}", sendable()).replace(b"Host: mock\r\n", b""),
    "blank line first": b"\r\n" + framed("{key}", sendable()),
    "escaped path": framed("{key}", sendable(), request="POST /%74ransactional/sms/%73end HTTP/1.1"),
    "header in capitals": framed("{key}", sendable()).replace(b"X-API-Key", b"X-API-KEY"),
}


@pytest.mark.parametrize("request_bytes", UNUSUAL_REQUESTS.values(), ids=UNUSUAL_REQUESTS)
def test_unusual_but_legal_request_is_accepted(shared_mock: Mock, key: str, request_bytes: bytes) -> None:
    response = send_raw(shared_mock, request_bytes.replace(b"{key}", key.encode()))
    assert response is not None
    assert response.status == 200
    assert len(shared_mock.search(key=key)) == 1


def test_http_1_0_ends_the_connection(shared_mock: Mock, key: str) -> None:
    response = send_raw(shared_mock, framed(key, sendable(), request=f"POST {SEND} HTTP/1.0"))
    assert response is not None
    assert response.closed


MALFORMED_REQUESTS = {
    "two Hosts": framed("{key}", sendable()).replace(b"Host: mock\r\n", b"Host: a\r\nHost: b\r\n"),
    "unknown method": framed("{key}", sendable(), request=f"BREW {SEND} HTTP/1.1"),
    "unknown version": framed("{key}", sendable(), request=f"POST {SEND} HTTP/9.9"),
    "no version": f"POST {SEND}\r\n\r\n".encode(),
    "start of TLS": b"\x16",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 500,
    "NULs": b"\x00" * 1000,
    "text": b"hello there\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: mock\r\n\r\n",
    "tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
    "absolute form without a path": b"GET http://mock HTTP/1.1\r\nHost: mock\r\n\r\n",
    "path not in ASCII": b"GET /\xff\xfe HTTP/1.1\r\nHost: mock\r\n\r\n",
    "path escaped beyond UTF-8": b"GET /%ff%00%c0%af HTTP/1.1\r\nHost: mock\r\n\r\n",
    "path of line breaks": b"GET /%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: mock\r\n\r\n",
    "path out of the root": b"GET /rest/v1/../../../etc/passwd HTTP/1.1\r\nHost: mock\r\n\r\n",
    "Host not in ASCII": b"GET /nothing HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
    "control character in a header": head_of("{key}", "X-Bad: \x00"),
    "header without a colon": head_of("{key}", "nonsense"),
    "length no number": head_of("{key}", "Content-Length: ten"),
    "length below zero": head_of("{key}", "Content-Length: -1"),
    "length beyond 64 bit": head_of("{key}", f"Content-Length: {10**30}"),
    "two lengths": framed("{key}", sendable(), "Content-Length: 1"),
    "length and chunks": framed("{key}", sendable(), "Transfer-Encoding: chunked"),
    "chunk size no number": head_of("{key}", "Transfer-Encoding: chunked") + b"zz\r\n",
    "chunk size beyond 64 bit": head_of("{key}", "Transfer-Encoding: chunked") + b"f" * 17 + b"\r\n",
    "chunk longer than it says": head_of("{key}", "Transfer-Encoding: chunked") + b"1\r\n{}}}}}\r\n",
}


@pytest.mark.parametrize("request_bytes", MALFORMED_REQUESTS.values(), ids=MALFORMED_REQUESTS)
def test_malformed_request_is_refused(shared_mock: Mock, key: str, request_bytes: bytes) -> None:
    response = send_raw(shared_mock, request_bytes.replace(b"{key}", key.encode()))
    assert_refused(shared_mock, key, response)


@pytest.mark.parametrize(
    "key_bytes",
    [b"", b" ", b"x" * 257, b"x" * 60_000],
    ids=["empty", "blank", "too long", "much too long"],
)
def test_invalid_key_is_refused(shared_mock: Mock, key: str, key_bytes: bytes) -> None:
    response = send_raw(shared_mock, framed("{key}", sendable()).replace(b"{key}", key_bytes))
    assert response is not None
    assert response.status == 401
    assert_refused(shared_mock, key, response)


def test_key_outside_ascii_is_accepted(shared_mock: Mock) -> None:
    response = send_raw(shared_mock, framed("\xff\xa0\xfe", sendable()))
    assert response is not None
    assert response.status == 200


@pytest.mark.parametrize("keep", [0, 1, -1], ids=["before the body", "within the body", "just before its end"])
def test_client_that_disconnects_within_its_body_sends_nothing(shared_mock: Mock, key: str, keep: int) -> None:
    content = sendable()
    with connected(shared_mock) as connection:
        connection.sendall(head_of(key, f"Content-Length: {len(content)}", "Expect: 100-continue"))
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(content[:keep])
    assert shared_mock.search(key=key) == []


def test_client_that_half_closes_within_its_body_sends_nothing(shared_mock: Mock, key: str) -> None:
    with connected(shared_mock) as connection:
        connection.sendall(framed(key, sendable())[:-1])
        connection.shutdown(socket.SHUT_WR)
        assert_refused(shared_mock, key, read_response(connection))


def test_client_that_half_closes_after_its_request_gets_a_response(shared_mock: Mock, key: str) -> None:
    with connected(shared_mock) as connection:
        connection.sendall(framed(key, sendable()))
        connection.shutdown(socket.SHUT_WR)
        response = read_response(connection)
    assert response is not None
    assert response.status == 200


def test_client_that_disconnects_within_its_response_has_sent(shared_mock: Mock, key: str) -> None:
    with connected(shared_mock) as connection:
        connection.sendall(framed(key, sendable()))
        assert connection.recv(1) == b"H"
    assert len(shared_mock.search(key=key)) == 1
