from __future__ import annotations

import socket
import ssl
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import trustme

from mocksms.compare.client import MAX_BODY, MAX_DETAIL, ServiceClient
from mocksms.compare.model import FailureKind, KeyChoice, PhoneRequest, ProbeFailure, ProbeRequest, ProbeResponse
from mocksms.errors import SettingsError
from mocksms.webhooks.client import MAX_HEADS
from tests.receiver import listening, receiving, request_of
from tests.support import TIMEOUT, free_port

SECRET = "0123456789abcdef/secret+key"
SHORT_TIMEOUT = 0.2
SEND = ProbeRequest("POST", "/transactional/sms/send", headers=(("Content-Type", "application/json"),), body=b"{}")


def client(url: str, key: str = SECRET, **more: Any) -> ServiceClient:
    return ServiceClient(url, key, **{"timeout": TIMEOUT, **more})


def names(*addresses: str) -> Callable[[str, int], Sequence[str]]:
    """Return a resolver by which every name has these addresses."""
    return lambda *_: addresses


def responding(response: bytes) -> Callable[[socket.socket], None]:
    def act(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(response)

    return act


def with_body(body: bytes, head: str = "HTTP/1.1 200 OK\r\nContent-Type: application/json") -> bytes:
    return f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def send_to(response: bytes, request: ProbeRequest = SEND, **more: Any) -> ProbeResponse | ProbeFailure:
    """Send a request to a service with this response."""
    with listening(responding(response)) as port:
        return client(f"http://127.0.0.1:{port}", **more).send(request)


def sent(request: ProbeRequest, path: str = "") -> str:
    """Return what a service receives as a request to its base URL."""
    received: list[bytes] = []

    def act(connection: socket.socket) -> None:
        received.append(request_of(connection))
        connection.sendall(with_body(b"[]"))

    with listening(act) as port:
        assert isinstance(client(f"http://127.0.0.1:{port}{path}").send(request), ProbeResponse)
    return received[0].decode().replace(f":{port}", ":PORT")


@contextmanager
def with_tls(host: str = "localhost") -> Iterator[tuple[str, trustme.CA]]:
    """Run a service with a certificate for a host; yield its URL and the authority."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host).configure_cert(context)
    with receiving(context) as receiver:
        yield f"https://localhost:{receiver.port}/rest/v1", authority


def test_request_is_sent_as_the_probe_says() -> None:
    head, _, body = sent(SEND, "/rest/v1").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    assert first == "POST /rest/v1/transactional/sms/send HTTP/1.1"
    assert [line for line in lines if not line.startswith("User-Agent: mocksms/")] == [
        "Host: 127.0.0.1:PORT",
        "Connection: close",
        f"X-API-Key: {SECRET}",
        "Content-Type: application/json",
        "Content-Length: 2",
    ]
    assert body == "{}"


@pytest.mark.parametrize(
    ("choice", "line"),
    [
        (KeyChoice.GIVEN, f"X-API-Key: {SECRET}"),
        (KeyChoice.BEARER, f"Authorization: Bearer {SECRET}"),
        (KeyChoice.WRONG, f"X-API-Key: {'0' * 32}"),
        (KeyChoice.MISSING, None),
    ],
)
def test_request_has_the_key_that_the_probe_names(choice: KeyChoice, line: str | None) -> None:
    lines = sent(SEND._replace(key=choice)).split("\r\n")
    assert [each for each in lines if each.startswith(("X-API-Key", "Authorization"))] == ([line] if line else [])


@pytest.mark.parametrize(
    ("base", "prefix", "target"),
    [
        ("", None, "/transactional/sms/send"),
        ("/rest/v1/", None, "/rest/v1/transactional/sms/send"),
        ("/sms/rest/v1", False, "/sms/transactional/sms/send"),
        ("/sms/rest/v1", True, "/sms/rest/v1/transactional/sms/send"),
        ("", True, "/rest/v1/transactional/sms/send"),
    ],
)
def test_address_is_below_the_base_url_or_its_root(base: str, prefix: bool | None, target: str) -> None:
    assert sent(SEND._replace(prefix=prefix), base).startswith(f"POST {target} HTTP/1.1\r\n")


def test_response_keeps_the_order_of_its_headers_and_its_bytes() -> None:
    result = send_to(with_body(b'{"b": 1.0}', "HTTP/1.1 400 Bad Request\r\nX-B: 1\r\nx-a: 2"))
    assert result == ProbeResponse(400, (("X-B", "1"), ("x-a", "2"), ("Content-Length", "10")), b'{"b": 1.0}')


@pytest.mark.parametrize("body", [b"[" * 50, b"[{}]" * 60, b'["' + b"[" * 60 + b'\\"{"]', b'"\\' * 400_000])
def test_brackets_that_are_not_nested_are_no_failure(body: bytes) -> None:
    assert isinstance(send_to(with_body(body)), ProbeResponse)


def test_error_500_with_json_is_a_response() -> None:
    body = b'{"Message":"An error has occurred."}'
    assert send_to(with_body(body, "HTTP/1.1 500 Internal Server Error")) == ProbeResponse(
        500, (("Content-Length", str(len(body))),), body
    )


HTML = b"<!DOCTYPE html>\n<html><head><title>Access\n denied</title></head></html>"
PAGE = "HTTP/1.1 {}\r\nContent-Type: text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("response", "kind", "detail"),
    [
        pytest.param(
            with_body(b"", "HTTP/1.1 503 Service Unavailable"),
            FailureKind.SERVER_ERROR,
            "503 Service Unavailable",
            id="503",
        ),
        pytest.param(
            with_body(b"oops", "HTTP/1.1 599 ?"), FailureKind.SERVER_ERROR, "599", id="unknown status without JSON"
        ),
        pytest.param(
            with_body(HTML, PAGE.format("502 Bad Gateway")),
            FailureKind.SERVER_ERROR,
            '502 Bad Gateway, an HTML page with the title "Access denied"',
            id="502 with a page",
        ),
        pytest.param(
            with_body(HTML, PAGE.format("200 OK")),
            FailureKind.HTML,
            '200 OK, an HTML page with the title "Access denied": from a proxy, or from a web server before the API',
            id="page",
        ),
        pytest.param(
            with_body(b"<html></html>"),
            FailureKind.HTML,
            "200 OK, an HTML page: from a proxy, or from a web server before the API",
            id="page declared as JSON",
        ),
        pytest.param(
            with_body(b"", "HTTP/1.1 302 Found\r\nLocation: https://user:word@login.example/\x1b"),
            FailureKind.REDIRECT,
            "302 Found to https://***@login.example/\\x1b, which is not followed",
            id="redirect",
        ),
        pytest.param(
            with_body(b"", "HTTP/1.1 301 Moved Permanently"),
            FailureKind.REDIRECT,
            "301 Moved Permanently to nowhere, which is not followed",
            id="redirect without a target",
        ),
        pytest.param(
            b"SSH-2.0-OpenSSH_9\r\n", FailureKind.NOT_HTTP, "'SSH-2.0-OpenSSH_9\\r\\n'", id="another protocol"
        ),
        pytest.param(b"", FailureKind.RESET, "the connection was closed without a response", id="closed"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]",
            FailureKind.RESET,
            "the response ends before its last byte",
            id="truncated",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[]",
            FailureKind.RESET,
            "the connection was closed before the end of the response",
            id="truncated chunk",
        ),
        pytest.param(
            with_body(bytes(MAX_BODY + 1)), FailureKind.TOO_LARGE, "a body of more than 1MiB", id="large body"
        ),
        pytest.param(
            with_body(b"[" * 51),
            FailureKind.TOO_LARGE,
            "a body with more than 50 levels of arrays and objects",
            id="deep body",
        ),
        pytest.param(
            b"HTTP/1.1 103 Early Hints\r\n\r\n" * (MAX_HEADS // 20),
            FailureKind.TOO_LARGE,
            "no final response within 131072 bytes",
            id="large head",
        ),
    ],
)
def test_response_that_says_nothing_about_the_api_is_named(response: bytes, kind: FailureKind, detail: str) -> None:
    assert send_to(response) == ProbeFailure(kind, detail)


@pytest.mark.parametrize(
    ("header", "failure"),
    [
        ("\r\nRetry-After: 30", ProbeFailure(FailureKind.RATE_LIMITED, "429 Too Many Requests, Retry-After: 30", 30.0)),
        ("", ProbeFailure(FailureKind.RATE_LIMITED, "429 Too Many Requests without Retry-After")),
        (
            "\r\nRetry-After: Sun, 01 Mar 2026 12:00:00 GMT",
            ProbeFailure(
                FailureKind.RATE_LIMITED, "429 Too Many Requests, Retry-After: Sun, 01 Mar 2026 12:00:00 GMT", None
            ),
        ),
    ],
    ids=["seconds", "none", "date"],
)
def test_rate_limit_is_named_with_its_pause(header: str, failure: ProbeFailure) -> None:
    assert send_to(with_body(b"{}", f"HTTP/1.1 429 Too Many Requests{header}")) == failure


def test_response_that_takes_too_long_is_named() -> None:
    def hang(connection: socket.socket) -> None:
        request_of(connection)
        connection.recv(1)

    with listening(hang) as port:
        result = client(f"http://127.0.0.1:{port}", timeout=SHORT_TIMEOUT).send(SEND)
    assert result == ProbeFailure(FailureKind.TIMEOUT, "no complete response within 0.2 s")


def test_refused_connection_is_named() -> None:
    result = client(f"http://127.0.0.1:{free_port()}").send(SEND)
    assert result == ProbeFailure(FailureKind.REFUSED, "nothing listens at this host and port")


def test_reset_connection_is_named() -> None:
    def reset(connection: socket.socket) -> None:
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with listening(reset) as port:
        result = client(f"http://127.0.0.1:{port}").send(SEND)
    assert isinstance(result, ProbeFailure)
    assert result.kind is FailureKind.RESET


def test_name_without_an_address_is_named() -> None:
    def fail(*_: object) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    result = client("https://api.inwise.example/rest/v1", resolver=fail).send(SEND)
    assert result == ProbeFailure(FailureKind.NAME, "Name or service not known")
    nowhere = client("https://api.inwise.example/rest/v1", resolver=names()).send(SEND)
    assert nowhere == ProbeFailure(FailureKind.UNREACHABLE, "api.inwise.example has no address")


def test_second_address_is_used_where_the_first_one_refuses() -> None:
    with listening(responding(with_body(b"[]"))) as port:
        result = client(f"http://mock:{port}", resolver=names("127.0.0.2", "127.0.0.1")).send(SEND)
    assert isinstance(result, ProbeResponse)


def test_service_is_called_over_tls() -> None:
    with with_tls() as (url, authority):
        context = ssl.create_default_context()
        authority.configure_trust(context)
        result = client(url, tls=context, resolver=names("127.0.0.1")).send(SEND)
    assert isinstance(result, ProbeResponse)
    assert result.body == b"ok"


def test_certificate_that_is_not_trusted_is_named() -> None:
    with with_tls() as (url, _):
        result = client(url, resolver=names("127.0.0.1")).send(SEND)
    assert isinstance(result, ProbeFailure)
    assert result.kind is FailureKind.TLS
    assert result.detail.startswith("certificate not trusted: ")
    assert "SSL_CERT_FILE" in result.detail


def test_certificate_of_another_host_is_named() -> None:
    with with_tls("other.example") as (url, authority):
        context = ssl.create_default_context()
        authority.configure_trust(context)
        result = client(url, tls=context, resolver=names("127.0.0.1")).send(SEND)
    assert isinstance(result, ProbeFailure)
    assert (result.kind, "Hostname mismatch" in result.detail) == (FailureKind.TLS, True)


def test_port_without_tls_is_named() -> None:
    with receiving() as receiver:
        result = client(f"https://127.0.0.1:{receiver.port}").send(SEND)
    assert isinstance(result, ProbeFailure)
    assert (result.kind, "perhaps this port does not speak TLS" in result.detail) == (FailureKind.TLS, True)


def test_unreachable_host_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(113, "No route to host")

    monkeypatch.setattr("mocksms.compare.client.Connection.connect", fail)
    assert client("http://127.0.0.1:1").send(SEND) == ProbeFailure(FailureKind.UNREACHABLE, "No route to host")


def test_key_is_not_sent_unencrypted_to_a_public_address() -> None:
    with pytest.raises(SettingsError) as refused:
        client("http://mock.example", resolver=names("127.0.0.1", "192.0.2.1")).send(SEND)
    assert str(refused.value) == (
        "http://mock.example is not encrypted, and 192.0.2.1 is neither this machine nor in a private network: "
        "the API key could be read on its way. Use https://."
    )
    assert SECRET not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("written", [SECRET, SECRET.upper(), SECRET.replace("/", "%2F").replace("+", "%2B")])
def test_key_is_removed_from_what_the_service_sends_back(written: str) -> None:
    result = send_to(with_body(f"Key {written}!".encode(), f"HTTP/1.1 400 No\r\nX-Key: {written}"))
    assert result == ProbeResponse(400, (("X-Key", "***"), ("Content-Length", result.headers[1][1])), b"Key ***!")  # type: ignore[union-attr]
    assert send_to(written.encode() + b"\r\n") == ProbeFailure(FailureKind.NOT_HTTP, "'***\\r\\n'")
    moved = send_to(with_body(b"", f"HTTP/1.1 302 Found\r\nLocation: /?key={written}"))
    assert moved == ProbeFailure(FailureKind.REDIRECT, "302 Found to /?key=***, which is not followed")


def test_key_is_removed_where_a_long_line_is_cut() -> None:
    result = send_to(b"?" * 90 + SECRET.encode() + b"?" * 300 + b"\r\n\r\n")
    assert isinstance(result, ProbeFailure)
    assert result.kind is FailureKind.NOT_HTTP
    assert SECRET[:8] not in result.detail
    assert len(result.detail) <= MAX_DETAIL + 1


def test_short_key_is_removed_as_a_word_only() -> None:
    result = send_to(with_body(b"demo demonstration"), key="demo")
    assert isinstance(result, ProbeResponse)
    assert result.body == b"*** demonstration"


def test_key_with_a_quote_is_removed_from_json() -> None:
    result = send_to(with_body(b'{"key":"some\\"thing"}'), key='some"thing')
    assert isinstance(result, ProbeResponse)
    assert result.body == b'{"key":"***"}'


def test_object_does_not_print_its_key() -> None:
    assert SECRET not in repr(client("http://127.0.0.1:1"))


def test_phone_is_not_looked_at_by_this_client() -> None:
    result = client("http://127.0.0.1:1").send(PhoneRequest("a", "What does the phone show?"))
    assert result == ProbeFailure(FailureKind.NO_INPUT, "this needs a person who looks at the phone")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.inwise.com",
        "ftp://a/",
        "http://",
        "http://a:b/",
        "http://a:0/",
        "http://a/?b",
        "http://a/#b",
        "http://a b/",
        "http://\u202e/",
        f"http://{'a' * 64}/",
        "http://a/\x1b",
    ],
)
def test_url_that_is_no_base_url_is_refused(url: str) -> None:
    with pytest.raises(
        SettingsError, match=r"is not a base URL; expected one such as https://api\.inwise\.com/rest/v1"
    ):
        client(url)


def test_user_name_and_password_in_the_url_are_refused_and_not_printed() -> None:
    with pytest.raises(SettingsError) as refused:
        client("https://user:word@api.inwise.com/")
    assert str(refused.value) == (
        "'https://***@api.inwise.com/' is not a base URL; "
        "expected one such as https://api.inwise.com/rest/v1, without user name and password."
    )
