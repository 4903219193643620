from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import freezegun
import pytest
import trustme

from mocksms.engine.callbacks import Attempt
from mocksms.engine.clock import Stopwatch
from mocksms.webhooks import client as client_module
from mocksms.webhooks.allow_list import AllowList
from mocksms.webhooks.client import (
    MAX_HEADS,
    MAX_RECORDED_BODY,
    MAX_RESPONSE,
    MAX_RESPONSE_BODY,
    Connection,
    WebhookClient,
    resolve,
)
from mocksms.webhooks.payloads import CallbackRequest
from tests.receiver import Response, listening, receiving, request_of
from tests.support import NOON

TIMEOUT = 10.0
SHORT_TIMEOUT = 0.2


def request(url: str, body: bytes = b'{"event":"send"}') -> CallbackRequest:
    host = url.partition("://")[2].partition("/")[0]
    return CallbackRequest(
        "POST", (("Host", host), ("Content-Type", "application/json"), ("Content-Length", str(len(body)))), body
    )


def client(timeout: float = TIMEOUT, *listed: str, **more: Any) -> WebhookClient:
    return WebhookClient(AllowList(listed), timeout, **more)


def call(url: str, timeout: float = TIMEOUT, **more: Any) -> Attempt:
    """Call once with a new client."""
    caller = client(timeout, **more)
    try:
        return caller.attempt(url, request(url), NOON)
    finally:
        caller.close()


def names(**known: Sequence[str]) -> Callable[[str, int], Sequence[str]]:
    """Return a lookup that knows these names; dots are written as underscores."""
    return lambda host, _: known[host.replace(".", "_")]


def responding(*responses: bytes) -> Callable[[socket.socket], None]:
    """Return a server that sends these bytes as the responses on a connection, then closes it."""

    def act(connection: socket.socket) -> None:
        for response in responses:
            request_of(connection)
            connection.sendall(response)

    return act


def test_connection_ends_after_the_call_while_another_process_has_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    copies: list[socket.socket] = []
    ended: list[bytes] = []

    def act(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        ended.append(connection.recv(1))

    close = Connection.close

    def copy_and_close(self: Connection) -> None:
        if not copies:
            copies.append(socket.socket(fileno=os.dup(self._socket.fileno())))
        close(self)

    monkeypatch.setattr(Connection, "close", copy_and_close)
    with listening(act) as port:
        assert call(f"http://127.0.0.1:{port}/").status == 200
    copies[0].close()
    assert ended == [b""]


def test_call_sends_the_exact_bytes_and_returns_the_response() -> None:
    requests: list[bytes] = []

    def act(connection: socket.socket) -> None:
        requests.append(request_of(connection))
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 6\r\n\r\nthanks")

    with listening(act) as port:
        attempt = call(f"http://127.0.0.1:{port}/hooks?a=b%20c")
    assert (attempt.status, attempt.body, attempt.error) == (202, b"thanks", None)
    assert 0 < attempt.duration < TIMEOUT
    assert requests == [
        b"POST /hooks?a=b%%20c HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
        b'Content-Length: 16\r\n\r\n{"event":"send"}' % port
    ]


def test_url_without_a_path_means_the_root() -> None:
    with receiving() as receiver:
        assert call(f"http://127.0.0.1:{receiver.port}").error is None
        assert receiver.requests[0].path == "/"


@pytest.mark.parametrize("status", [200, 299])
def test_status_2xx_is_a_success(status: int) -> None:
    with listening(responding(b"HTTP/1.1 %d Fine\r\nContent-Length: 0\r\n\r\n" % status)) as port:
        assert call(f"http://127.0.0.1:{port}/")[1:3] == (status, b"")


@pytest.mark.parametrize("status", [400, 599])
def test_other_status_is_a_failure(status: int) -> None:
    with receiving() as receiver:
        receiver.responses = [Response(status, b"no")]
        attempt = call(receiver.url)
    assert (attempt.status, attempt.body, attempt.error) == (status, b"no", f"HTTP {status}")


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (301, "http://169.254.169.254/latest/meta-data"),
        (302, "file:///etc/passwd"),
        (307, "//evil.example"),
        (308, "/hooks"),
    ],
)
def test_redirect_is_not_followed(status: int, location: str) -> None:
    with receiving() as receiver:
        receiver.responses = [Response(status, b"", (("Location", location),))]
        attempt = call(receiver.url)
        assert len(receiver.requests) == 1
    assert attempt.status == status
    assert attempt.error == f"HTTP {status}: redirects are not followed (Location: {location!r})"


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("", "no Location"),
        ("/" + "a" * 300, f"Location: '/{'a' * 199}'"),
        ("/\x1b[2J", "Location: '/\\x1b[2J'"),
        ("http://a:hunter2@b/", "Location: 'http://***@b/'"),
    ],
)
def test_location_of_a_redirect_is_shortened_and_escaped(location: str, shown: str) -> None:
    with receiving() as receiver:
        receiver.responses = [Response(302, b"", (("Location", location),) if location else ())]
        error = call(receiver.url).error
    assert error == f"HTTP 302: redirects are not followed ({shown})"


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (b"", "connection closed without a response"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "invalid HTTP response: 'SSH-2.0-OpenSSH_9"),
        (b"HTTP/1.1 abc\r\n\r\n", "invalid HTTP response: 'HTTP/1.1 abc\\r\\n'"),
        (b"\x1b[31m\r\n\r\n", "invalid HTTP response: '\\x1b[31m"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "invalid HTTP response: 'got more than 100 headers'"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", "invalid HTTP response: 'got more than 65536 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "incomplete response"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "invalid HTTP response: 'IncompleteRead"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", "invalid HTTP response: 'IncompleteRead"),
    ],
)
def test_invalid_response_is_a_failure_that_says_why(response: bytes, error: str) -> None:
    with listening(responding(response)) as port:
        attempt = call(f"http://127.0.0.1:{port}/")
    assert attempt.error is not None
    assert attempt.error.startswith(error)


def test_response_may_be_chunked_or_end_with_the_connection() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    closing = b"HTTP/1.0 200 OK\r\n\r\nabcde"
    for response in (chunked, closing):
        with listening(responding(response)) as port:
            assert call(f"http://127.0.0.1:{port}/")[1:3] == (200, b"abcde")


@pytest.mark.parametrize("head", [b"", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 999999999999\r\n"])
def test_endless_body_is_cut_and_the_status_counts(head: bytes) -> None:
    sent = count()

    def act(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        block = b"10000\r\n" + b"x" * 65_536 + b"\r\n" if b"chunked" in head else b"x" * 65_536
        while True:
            connection.sendall(block)
            next(sent)

    with listening(act) as port:
        attempt = call(f"http://127.0.0.1:{port}/")
    assert (attempt.status, attempt.body, attempt.error) == (200, b"x" * MAX_RECORDED_BODY, None)
    assert next(sent) * 65_536 < 20 * MAX_RESPONSE_BODY


@pytest.mark.parametrize(
    ("head", "block"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b"x" * 65_536),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"e" * 1_000 + b"\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 8_192),
    ],
    ids=["negative chunk size", "tiny chunks", "trailers"],
)
def test_no_framing_exceeds_the_read_limit(head: bytes, block: bytes) -> None:
    sent = count()

    def act(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(head)
        while True:
            connection.sendall(block)
            next(sent)

    with listening(act) as port:
        attempt = call(f"http://127.0.0.1:{port}/")
    assert (attempt.status, attempt.error) == (None, f"invalid HTTP response: 'no end within {MAX_RESPONSE} bytes'")
    assert next(sent) * len(block) < 2 * MAX_RESPONSE


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + b"HTTP/1.1 102 Processing\r\nContent-Length: 3\r\n\r\n" * 3,
        b"HTTP/1.1 199 Unknown\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
    ],
    ids=["103", "100 and 102", "199"],
)
def test_interim_responses_before_the_final_one_are_skipped(interim: bytes) -> None:
    for final, expected in (
        (b"HTTP/1.1 201 Created\r\nContent-Length: 6\r\n\r\nthanks", (201, b"thanks", None)),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", (500, b"", "HTTP 500")),
        (b"", (None, b"", "connection closed without a response")),
    ):
        with listening(responding(interim + final)) as port:
            attempt = call(f"http://127.0.0.1:{port}/")
        assert (attempt.status, attempt.body, attempt.error) == expected


def test_switch_to_another_protocol_is_a_final_response_and_a_failure() -> None:
    response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\nPRI * HTTP/2.0"
    with listening(responding(response)) as port:
        assert call(f"http://127.0.0.1:{port}/")[1:3] == (101, b"")


@pytest.mark.parametrize("status", [100, 103])
def test_interim_responses_without_end_are_a_failure(status: int) -> None:
    sent = count()
    block = b"HTTP/1.1 %d Wait\r\n\r\n" % status * 1_024

    def act(connection: socket.socket) -> None:
        request_of(connection)
        while True:
            connection.sendall(block)
            next(sent)

    with listening(act) as port:
        attempt = call(f"http://127.0.0.1:{port}/")
    error = f"invalid HTTP response: 'no final response within {MAX_HEADS} bytes'"
    assert (attempt.status, attempt.error) == (None, error)


@pytest.mark.ledger("callback.retry")
@pytest.mark.parametrize(
    "before",
    [
        pytest.param(b"", id="head"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\n\r\n", id="interim response"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", id="header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", id="body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", id="chunk size"),
    ],
)
def test_slow_response_is_cut_off_at_the_timeout(before: bytes) -> None:
    done = threading.Event()

    def act(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(before)
        while not done.wait(SHORT_TIMEOUT / 10):
            connection.sendall(b"0")

    with listening(act) as port:
        attempt = call(f"http://127.0.0.1:{port}/", SHORT_TIMEOUT)
        done.set()
    assert attempt.error == f"no complete response within {SHORT_TIMEOUT:g} s"
    assert SHORT_TIMEOUT <= attempt.duration < SHORT_TIMEOUT * 10


def test_silent_receiver_times_out() -> None:
    done = threading.Event()
    with listening(lambda _: done.wait(TIMEOUT)) as port:
        attempt = call(f"http://127.0.0.1:{port}/", SHORT_TIMEOUT)
        done.set()
    assert (attempt.status, attempt.error) == (None, f"no complete response within {SHORT_TIMEOUT:g} s")


def test_timeout_holds_while_a_test_library_freezes_the_clock() -> None:
    done = threading.Event()

    def drip(connection: socket.socket) -> None:
        request_of(connection)
        while not done.wait(SHORT_TIMEOUT / 10):
            connection.sendall(b"0")

    with listening(drip) as port, freezegun.freeze_time("2030-01-31"):
        attempt = call(f"http://127.0.0.1:{port}/", SHORT_TIMEOUT)
        done.set()
    assert attempt.error == f"no complete response within {SHORT_TIMEOUT:g} s"
    assert attempt.duration >= SHORT_TIMEOUT


def test_receiver_that_reads_nothing_times_out() -> None:
    done = threading.Event()
    caller = client(SHORT_TIMEOUT)
    with listening(lambda _: done.wait(TIMEOUT)) as port:
        url = f"http://127.0.0.1:{port}/"
        attempt = caller.attempt(url, request(url, b"x" * 50_000_000), NOON)
        done.set()
    assert attempt.error == f"no complete response within {SHORT_TIMEOUT:g} s"


def test_timeout_may_end_before_anything_is_sent() -> None:
    with receiving() as receiver:
        caller = client(1e-9)
        assert caller.attempt(receiver.url, request(receiver.url), NOON).error == "no complete response within 1e-09 s"
        assert receiver.requests == []


def test_refused_connection_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert call(f"http://127.0.0.1:{port}/").error == "connection failed: Connection refused"


def test_name_that_does_not_resolve_is_said() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    assert call("http://nowhere.example/", resolver=unknown).error == ("host name not found: Name or service not known")
    assert call("http://nowhere.example/", resolver=names(nowhere_example=())).error == (
        "connection failed: nowhere.example has no address"
    )


def test_name_that_cannot_be_a_name_is_said() -> None:
    error = call(f"http://{'a' * 70}.example/").error
    assert error is not None
    assert error.startswith("connection failed: ")


def test_name_lookup_that_hangs_times_out() -> None:
    done = threading.Event()

    def hanging(_host: str, _port: int) -> Sequence[str]:
        done.wait(TIMEOUT)
        return ["127.0.0.1"]

    attempt = call("http://slow.example/", SHORT_TIMEOUT, resolver=hanging)
    done.set()
    assert attempt.error == f"no complete response within {SHORT_TIMEOUT:g} s"


def test_localhost_resolves() -> None:
    assert {*resolve("localhost", 80)} <= {"127.0.0.1", "::1"}
    with receiving() as receiver:
        assert call(f"http://localhost:{receiver.port}/").error is None


def test_next_address_is_tried_if_the_first_refuses() -> None:
    with receiving() as receiver:
        url = f"http://two.example:{receiver.port}/"
        assert call(url, resolver=names(two_example=["127.0.0.2", "127.0.0.1"])).error is None


def test_next_address_is_tried_if_the_system_does_not_support_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_ipv6(family: int, kind: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return socket.socket(family, kind)

    monkeypatch.setattr(client_module, "socket", without_ipv6)
    with receiving() as receiver:
        url = f"http://two.example:{receiver.port}/"
        assert call(url, resolver=names(two_example=["::1", "127.0.0.1"])).error is None
        assert call(url, resolver=names(two_example=["::1"])).error == (
            "connection failed: Address family not supported by protocol"
        )


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[fe80::a9fe:a9fe]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]"]
)
def test_forbidden_address_is_never_connected_to(host: str) -> None:
    error = call(f"http://{host}/latest/meta-data").error
    assert error is not None
    assert error.endswith("which mocksms never calls")


@pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "169.254.43518", "0251.0376.0251.0376"])
def test_forbidden_address_in_another_notation_is_never_connected_to(host: str) -> None:
    attempt = call(f"http://{host}/latest/meta-data")
    assert attempt.error is not None
    assert attempt.error.endswith("which mocksms never calls")


def test_one_forbidden_address_among_several_forbids_the_host() -> None:
    with receiving() as receiver:
        url = f"http://mixed.example:{receiver.port}/"
        error = call(url, resolver=names(mixed_example=["127.0.0.1", "169.254.169.254"])).error
        assert receiver.requests == []
    assert error is not None
    assert error.startswith("mixed.example is 169.254.169.254, ")


def test_name_that_resolves_differently_later_is_called_at_the_checked_address() -> None:
    """DNS rebinding: each attempt resolves the name once and connects to the address that was checked."""
    resolved: list[str] = []
    answers = iter([["127.0.0.1"], ["169.254.169.254"], ["198.51.100.7"]])

    def rebinding(host: str, _port: int) -> Sequence[str]:
        resolved.append(host)
        return next(answers)

    with receiving() as receiver:
        url = f"http://rebind.example:{receiver.port}/"
        caller = client(resolver=rebinding)
        first = caller.attempt(url, request(url), NOON)
        assert (first.error, resolved, len(receiver.requests)) == (None, ["rebind.example"], 1)
        for _ in range(2):
            error = caller.attempt(url, request(url), NOON).error
            assert error is not None
            assert error.startswith("rebind.example is ")
        assert len(receiver.requests) == 1
    caller.close()


def test_name_that_starts_like_an_address_is_resolved_and_checked() -> None:
    resolver = names(**{"127_0_0_1%evil_example": ["169.254.169.254"]})
    error = call("http://127.0.0.1%evil.example/", resolver=resolver).error
    assert error is not None
    assert error.startswith("127.0.0.1%evil.example is 169.254.169.254, ")


@pytest.mark.parametrize(
    ("host", "connected_to"),
    [
        ("[::1%25evil.example]", ("::1", 9)),
        ("[fe80::1%25lo]", ("fe80::1", 9, 0, socket.if_nametoindex("lo"))),
        ("[fe80::1%257]", ("fe80::1", 9, 0, 7)),
        ("[fe80::1]", ("fe80::1", 9)),
        ("zoned.example", ("fe80::1", 9, 0, socket.if_nametoindex("lo"))),
    ],
)
def test_zone_of_an_address_is_a_number_when_it_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, host: str, connected_to: object
) -> None:
    connected: list[object] = []

    class Recording(socket.socket):
        def connect(self, address: object) -> None:
            connected.append(address)
            raise ConnectionRefusedError

    monkeypatch.setattr(client_module, "socket", lambda _family, kind: Recording(socket.AF_INET, kind))
    url = f"http://{host}:9/"
    client(TIMEOUT, "fe80::/10", resolver=names(zoned_example=["fe80::1%lo"])).attempt(url, request(url), NOON)
    assert connected == [connected_to]


def test_zone_that_this_machine_does_not_have_is_reported() -> None:
    url = "http://[fe80::1%25evil.example]/"
    error = client(TIMEOUT, "fe80::1").attempt(url, request(url), NOON).error
    assert error == "connection failed: no interface with this name"


def test_public_name_is_called_only_if_listed() -> None:
    error = call("http://hooks.example/", resolver=names(hooks_example=["198.51.100.7"])).error
    assert error is not None
    assert error.endswith("start mocksms with --webhook-allow hooks.example")


def contexts(*hosts: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return TLS contexts of a server for some hosts and of a client that trusts it."""
    authority = trustme.CA()
    server, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(*hosts).configure_cert(server)
    authority.configure_trust(trusting)
    return server, trusting


def test_tls_uses_the_host_name_and_checks_the_certificate() -> None:
    server, trusting = contexts("app.example")
    named: list[str | None] = []
    server.sni_callback = lambda _connection, name, _context: named.append(name)
    with receiving(server) as receiver:
        url = f"https://app.example:{receiver.port}/hooks"
        caller = client(resolver=names(app_example=["127.0.0.1"]), tls=trusting)
        attempts = [caller.attempt(url, request(url), NOON) for _ in range(3)]
        caller.close()
    assert [(attempt.status, attempt.error) for attempt in attempts] == [(200, None)] * 3
    assert set(named) == {"app.example"}


def test_certificate_of_another_name_is_not_trusted() -> None:
    server, trusting = contexts("other.example")
    with receiving(server) as receiver:
        url = f"https://app.example:{receiver.port}/"
        attempt = call(url, resolver=names(app_example=["127.0.0.1"]), tls=trusting)
        assert receiver.requests == []
    assert attempt.error is not None
    assert attempt.error.startswith("TLS certificate not trusted: Hostname mismatch")
    assert attempt.error.endswith("; SSL_CERT_FILE can name further authorities")


def test_certificate_of_an_unknown_authority_is_not_trusted() -> None:
    server, _ = contexts("127.0.0.1")
    with receiving(server) as receiver:
        error = call(f"https://127.0.0.1:{receiver.port}/").error
        assert receiver.requests == []
    assert error is not None
    assert error.startswith("TLS certificate not trusted: ")


def test_name_that_no_certificate_can_have_is_reported() -> None:
    with listening(lambda _: None) as port:
        host = f"{'a' * 70}.example"
        error = call(f"https://{host}:{port}/", resolver=lambda *_: ["127.0.0.1"]).error
    assert error is not None
    assert error.startswith("invalid URL: ")


def test_plain_http_where_tls_is_expected_is_reported() -> None:
    with listening(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        error = call(f"https://127.0.0.1:{port}/").error
    assert error is not None
    assert error.startswith("connection failed: ")


def test_each_attempt_has_a_connection_of_its_own_and_closes_it() -> None:
    with receiving() as receiver:
        caller = client()
        for _ in range(3):
            assert caller.attempt(receiver.url, request(receiver.url), NOON).error is None
        assert (len(receiver.requests), receiver.connections, caller._open) == (3, 3, set())
        assert call(f"http://127.0.0.1:{receiver.port}/", TIMEOUT).at == NOON


def test_equal_bodies_are_one_object() -> None:
    """A failing receiver repeats its error page; thousands of attempts then share its memory."""
    with receiving() as receiver:
        receiver.responses = [Response(404, b"x" * 1_000), Response(404, b"x" * 1_000)]
        assert call(receiver.url).body is call(receiver.url).body


def test_close_ends_attempts_in_progress() -> None:
    started = threading.Event()
    done = threading.Event()

    def act(connection: socket.socket) -> None:
        request_of(connection)
        started.set()
        done.wait(TIMEOUT)

    with listening(act) as port:
        caller, url = client(), f"http://127.0.0.1:{port}/"
        attempts: list[Attempt] = []
        thread = threading.Thread(target=lambda: attempts.append(caller.attempt(url, request(url), NOON)))
        watch = Stopwatch()
        thread.start()
        assert started.wait(TIMEOUT)
        caller.close()
        thread.join(TIMEOUT)
        done.set()
        assert watch.seconds < TIMEOUT / 2
        assert attempts[0].error == "connection closed without a response"
        assert caller.attempt(url, request(url), NOON).error == "connection failed: mocksms is stopping"
