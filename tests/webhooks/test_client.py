from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import freezegun
import pytest
import trustme

from mocksms.engine.clock import Stopwatch
from mocksms.webhooks import connection as line
from mocksms.webhooks.allow_list import AllowList
from mocksms.webhooks.client import IDLE_LINES, KEPT_ANSWER, LONGEST_ANSWER, Receipt, WebhookClient, resolve
from mocksms.webhooks.connection import MOST_HEARD
from mocksms.webhooks.payloads import CallbackRequest
from tests.receiver import Reply, listening, receiving, request_of

PATIENT = 10.0
IMPATIENT = 0.2
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def letter(url: str, body: bytes = b'{"event":"send"}') -> CallbackRequest:
    host = url.partition("://")[2].partition("/")[0]
    return CallbackRequest(
        "POST", (("Host", host), ("Content-Type", "application/json"), ("Content-Length", str(len(body)))), body
    )


def client(timeout: float = PATIENT, *listed: str, **more: Any) -> WebhookClient:
    return WebhookClient(AllowList(listed), timeout, **more)


def call(url: str, timeout: float = PATIENT, **more: Any) -> Receipt:
    """Call once with a client of its own."""
    caller = client(timeout, **more)
    try:
        return caller.call(url, letter(url))
    finally:
        caller.close()


def names(**known: Sequence[str]) -> Callable[[str, int], Sequence[str]]:
    """Return a look-up that knows some names, dots written as underscores."""
    return lambda host, _: known[host.replace(".", "_")]


def answering(*answers: bytes) -> Callable[[socket.socket], None]:
    """Return a server that answers the requests of a connection with these bytes, and then closes it."""

    def act(connection: socket.socket) -> None:
        for answer in answers:
            request_of(connection)
            connection.sendall(answer)

    return act


def test_call_sends_the_letter_byte_by_byte_and_brings_the_answer_back() -> None:
    heard: list[bytes] = []

    def act(connection: socket.socket) -> None:
        heard.append(request_of(connection))
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 6\r\n\r\nthanks")

    with listening(act) as port:
        receipt = call(f"http://127.0.0.1:{port}/hooks?a=b%20c")
    assert (receipt.status, receipt.body, receipt.error) == (202, b"thanks", None)
    assert 0 < receipt.took < PATIENT
    assert heard == [
        b"POST /hooks?a=b%%20c HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
        b'Content-Length: 16\r\n\r\n{"event":"send"}' % port
    ]


def test_address_without_a_path_means_its_root() -> None:
    with receiving() as receiver:
        assert call(f"http://127.0.0.1:{receiver.port}").error is None
        assert receiver.told[0].path == "/"


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_answer_in_the_two_hundreds_is_a_success(status: int) -> None:
    with listening(answering(b"HTTP/1.1 %d Fine\r\nContent-Length: 0\r\n\r\n" % status)) as port:
        assert call(f"http://127.0.0.1:{port}/")[:2] == (status, b"")


@pytest.mark.parametrize("status", [400, 404, 410, 429, 500, 503])
def test_other_answer_is_a_failure_with_what_it_said(status: int) -> None:
    with receiving() as receiver:
        receiver.replies = [Reply(status, b"no")]
        receipt = call(receiver.url)
    assert (receipt.status, receipt.body, receipt.error) == (status, b"no", f"answered {status}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "//evil.example", "/hooks"]
)
def test_redirect_is_not_followed(status: int, location: str) -> None:
    with receiving() as receiver:
        receiver.replies = [Reply(status, b"", (("Location", location),))]
        receipt = call(receiver.url)
        assert len(receiver.told) == 1
    assert receipt.status == status
    assert receipt.error == f"answered {status}: redirects are not followed, this one to {location!r}"


@pytest.mark.parametrize(
    ("location", "told"), [("", "nowhere"), ("/" + "a" * 300, f"'/{'a' * 199}'"), ("/\x1b[2J", "'/\\x1b[2J'")]
)
def test_where_a_redirect_leads_is_told_in_short(location: str, told: str) -> None:
    with receiving() as receiver:
        receiver.replies = [Reply(302, b"", (("Location", location),) if location else ())]
        error = call(receiver.url).error
    assert error == f"answered 302: redirects are not followed, this one to {told}"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", "it closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "its answer is no HTTP: 'SSH-2.0-OpenSSH_9"),
        (b"HTTP/1.1 abc\r\n\r\n", "its answer is no HTTP: 'HTTP/1.1 abc\\r\\n'"),
        (b"\x1b[31m\r\n\r\n", "its answer is no HTTP: '\\x1b[31m"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "its answer is no HTTP: 'got more than 100 headers'"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", "its answer is no HTTP: 'got more than 65536 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "its answer broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "its answer is no HTTP: 'IncompleteRead"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", "its answer is no HTTP: 'IncompleteRead"),
    ],
)
def test_garbage_for_an_answer_is_a_failure_in_words(answer: bytes, error: str) -> None:
    with listening(answering(answer)) as port:
        receipt = call(f"http://127.0.0.1:{port}/")
    assert receipt.error is not None
    assert receipt.error.startswith(error)


def test_answer_may_be_chunked_or_end_with_the_connection() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    closing = b"HTTP/1.0 200 OK\r\n\r\nabcde"
    for answer in (chunked, closing):
        with listening(answering(answer)) as port:
            assert call(f"http://127.0.0.1:{port}/")[:2] == (200, b"abcde")


@pytest.mark.parametrize("head", [b"", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 999999999999\r\n"])
def test_endless_body_is_cut_and_what_was_said_counts(head: bytes) -> None:
    sent = count()

    def act(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        block = b"10000\r\n" + b"x" * 65_536 + b"\r\n" if b"chunked" in head else b"x" * 65_536
        while True:
            connection.sendall(block)
            next(sent)

    with listening(act) as port:
        receipt = call(f"http://127.0.0.1:{port}/")
    assert (receipt.status, receipt.body, receipt.error) == (200, b"x" * KEPT_ANSWER, None)
    assert next(sent) * 65_536 < 20 * LONGEST_ANSWER


@pytest.mark.parametrize(
    ("head", "block"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b"x" * 65_536),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"e" * 1_000 + b"\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 8_192),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 8_192),
    ],
    ids=["chunk of less than nothing", "crumbs", "trailers", "interim answers"],
)
def test_no_framing_makes_more_be_read_than_an_answer_may_have(head: bytes, block: bytes) -> None:
    sent = count()

    def act(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(head)
        while True:
            connection.sendall(block)
            next(sent)

    with listening(act) as port:
        receipt = call(f"http://127.0.0.1:{port}/")
    assert (receipt.status, receipt.error) == (None, f"its answer is no HTTP: 'no end within {MOST_HEARD} bytes'")
    assert next(sent) * len(block) < 2 * MOST_HEARD


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(b"", id="head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", id="header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", id="body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", id="chunk size"),
    ],
)
def test_slow_drip_is_cut_off_after_the_time_for_all_of_it(before: bytes) -> None:
    done = threading.Event()

    def act(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(before)
        while not done.wait(IMPATIENT / 10):
            connection.sendall(b"0")

    with listening(act) as port:
        receipt = call(f"http://127.0.0.1:{port}/", IMPATIENT)
        done.set()
    assert receipt.error == f"no whole answer within {IMPATIENT:g} s"
    assert IMPATIENT <= receipt.took < IMPATIENT * 10


def test_receiver_that_says_nothing_is_given_up_in_time() -> None:
    done = threading.Event()
    with listening(lambda _: done.wait(PATIENT)) as port:
        receipt = call(f"http://127.0.0.1:{port}/", IMPATIENT)
        done.set()
    assert (receipt.status, receipt.error) == (None, f"no whole answer within {IMPATIENT:g} s")


def test_time_is_kept_where_a_test_library_has_stopped_the_clock() -> None:
    done = threading.Event()

    def drip(connection: socket.socket) -> None:
        request_of(connection)
        while not done.wait(IMPATIENT / 10):
            connection.sendall(b"0")

    with listening(drip) as port, freezegun.freeze_time("2030-01-31"):
        receipt = call(f"http://127.0.0.1:{port}/", IMPATIENT)
        done.set()
    assert receipt.error == f"no whole answer within {IMPATIENT:g} s"
    assert receipt.took >= IMPATIENT


def test_receiver_that_reads_nothing_is_given_up_in_time() -> None:
    done = threading.Event()
    caller = client(IMPATIENT)
    with listening(lambda _: done.wait(PATIENT)) as port:
        url = f"http://127.0.0.1:{port}/"
        receipt = caller.call(url, letter(url, b"x" * 50_000_000))
        done.set()
    assert receipt.error == f"no whole answer within {IMPATIENT:g} s"


def test_time_may_be_used_up_before_anything_is_sent() -> None:
    with receiving() as receiver:
        caller = client(1e-9)
        assert caller.call(receiver.url, letter(receiver.url)).error == "no whole answer within 1e-09 s"
        assert receiver.told == []


def test_nobody_listening_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert call(f"http://127.0.0.1:{port}/").error == "cannot be reached: Connection refused"


def test_name_that_does_not_resolve_is_said() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    assert call("http://nowhere.example/", lookup=unknown).error == (
        "its name does not resolve: Name or service not known"
    )
    assert call("http://nowhere.example/", lookup=names(nowhere_example=())).error == (
        "cannot be reached: nowhere.example has no address"
    )


def test_name_that_cannot_be_a_name_is_said() -> None:
    error = call(f"http://{'a' * 70}.example/").error
    assert error is not None
    assert error.startswith("cannot be reached: ")


def test_look_up_that_hangs_is_given_up_in_time() -> None:
    done = threading.Event()

    def hanging(_host: str, _port: int) -> Sequence[str]:
        done.wait(PATIENT)
        return ["127.0.0.1"]

    receipt = call("http://slow.example/", IMPATIENT, lookup=hanging)
    done.set()
    assert receipt.error == f"no whole answer within {IMPATIENT:g} s"


def test_names_of_this_machine_resolve() -> None:
    assert {*resolve("localhost", 80)} <= {"127.0.0.1", "::1"}
    with receiving() as receiver:
        assert call(f"http://localhost:{receiver.port}/").error is None


def test_next_address_is_tried_where_nobody_listens_at_the_first() -> None:
    with receiving() as receiver:
        url = f"http://two.example:{receiver.port}/"
        assert call(url, lookup=names(two_example=["127.0.0.2", "127.0.0.1"])).error is None


def test_next_address_is_tried_where_the_system_cannot_do_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_ipv6(family: int, kind: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return socket.socket(family, kind)

    monkeypatch.setattr(line, "socket", without_ipv6)
    with receiving() as receiver:
        url = f"http://two.example:{receiver.port}/"
        assert call(url, lookup=names(two_example=["::1", "127.0.0.1"])).error is None
        assert call(url, lookup=names(two_example=["::1"])).error == (
            "cannot be reached: Address family not supported by protocol"
        )


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]"])
def test_forbidden_address_is_never_connected_to(host: str) -> None:
    error = call(f"http://{host}/latest/meta-data").error
    assert error is not None
    assert error.endswith("which mocksms never calls")


@pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "169.254.43518", "0251.0376.0251.0376"])
def test_forbidden_address_in_disguise_is_never_connected_to(host: str) -> None:
    receipt = call(f"http://{host}/latest/meta-data")
    assert receipt.error is not None
    assert receipt.error.endswith("which mocksms never calls")


def test_one_forbidden_address_among_several_forbids_the_host() -> None:
    with receiving() as receiver:
        url = f"http://mixed.example:{receiver.port}/"
        error = call(url, lookup=names(mixed_example=["127.0.0.1", "169.254.169.254"])).error
        assert receiver.told == []
    assert error is not None
    assert error.startswith("mixed.example is 169.254.169.254, ")


def test_name_that_resolves_otherwise_the_second_time_is_called_where_it_was_checked() -> None:
    """DNS rebinding: the name is looked up once for a call, so there is no second answer to fall for."""
    asked: list[str] = []
    answers = iter([["127.0.0.1"], ["169.254.169.254"], ["198.51.100.7"]])

    def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    with receiving() as receiver:
        url = f"http://rebind.example:{receiver.port}/"
        receiver.replies = [Reply(headers=(("Connection", "close"),))]
        caller = client(lookup=rebinding)
        first = caller.call(url, letter(url))
        assert (first.error, asked, len(receiver.told)) == (None, ["rebind.example"], 1)
        for _ in range(2):
            error = caller.call(url, letter(url)).error
            assert error is not None
            assert error.startswith("rebind.example is ")
        assert len(receiver.told) == 1
    caller.close()


def test_name_that_begins_like_an_address_is_looked_up_and_checked() -> None:
    lookup = names(**{"127_0_0_1%evil_example": ["169.254.169.254"]})
    error = call("http://127.0.0.1%evil.example/", lookup=lookup).error
    assert error is not None
    assert error.startswith("127.0.0.1%evil.example is 169.254.169.254, ")


def test_address_with_a_zone_is_connected_to_as_it_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[object] = []

    class Recording(socket.socket):
        def connect(self, address: object) -> None:
            connected.append(address)
            raise ConnectionRefusedError

    monkeypatch.setattr(line, "socket", lambda _family, kind: Recording(socket.AF_INET, kind))
    call("http://[::1%25evil.example]:9/")
    assert connected == [("::1", 9)]


def test_public_name_is_called_only_if_listed() -> None:
    error = call("http://hooks.example/", lookup=names(hooks_example=["198.51.100.7"])).error
    assert error is not None
    assert error.endswith("start mocksms with --webhook-allow hooks.example")


def contexts(*hosts: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server for some hosts and a client that believes it need, by an authority made for this test."""
    authority = trustme.CA()
    server, believing = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(*hosts).configure_cert(server)
    authority.configure_trust(believing)
    return server, believing


def test_tls_is_spoken_with_the_name_and_its_certificate_checked() -> None:
    server, believing = contexts("app.example")
    named: list[str | None] = []
    server.sni_callback = lambda _connection, name, _context: named.append(name)
    with receiving(server) as receiver:
        url = f"https://app.example:{receiver.port}/hooks"
        caller = client(lookup=names(app_example=["127.0.0.1"]), trust=believing)
        receipts = [caller.call(url, letter(url)) for _ in range(3)]
        caller.close()
    assert [(receipt.status, receipt.error) for receipt in receipts] == [(200, None)] * 3
    assert set(named) == {"app.example"}


def test_certificate_of_another_name_is_not_believed() -> None:
    server, believing = contexts("other.example")
    with receiving(server) as receiver:
        url = f"https://app.example:{receiver.port}/"
        receipt = call(url, lookup=names(app_example=["127.0.0.1"]), trust=believing)
        assert receiver.told == []
    assert receipt.error is not None
    assert receipt.error.startswith("its certificate is not believed: Hostname mismatch")
    assert receipt.error.endswith("; SSL_CERT_FILE can name further authorities")


def test_certificate_of_an_unknown_authority_is_not_believed() -> None:
    server, _ = contexts("127.0.0.1")
    with receiving(server) as receiver:
        error = call(f"https://127.0.0.1:{receiver.port}/").error
        assert receiver.told == []
    assert error is not None
    assert error.startswith("its certificate is not believed: ")


def test_name_that_no_certificate_can_have_is_said() -> None:
    with listening(lambda _: None) as port:
        host = f"{'a' * 70}.example"
        error = call(f"https://{host}:{port}/", lookup=lambda *_: ["127.0.0.1"]).error
    assert error is not None
    assert error.startswith("cannot be called: ")


def test_system_without_quick_acknowledgements_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "QUICK_ACK", None)
    with receiving() as receiver:
        assert call(receiver.url).error is None


def test_plain_http_where_tls_is_expected_is_said() -> None:
    with listening(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        error = call(f"https://127.0.0.1:{port}/").error
    assert error is not None
    assert error.startswith("cannot be reached: ")


def test_connection_is_used_again() -> None:
    with receiving() as receiver:
        caller = client()
        for _ in range(5):
            assert caller.call(receiver.url, letter(receiver.url)).error is None
        assert (len(receiver.told), receiver.connections) == (5, 1)
        caller.close()


@pytest.mark.parametrize("headers", [(("Connection", "close"),), ()], ids=["announced", "unannounced"])
def test_connection_that_was_closed_is_not_used_again(headers: tuple[tuple[str, str], ...]) -> None:
    def act(connection: socket.socket) -> None:
        request_of(connection)
        extra = b"Connection: close\r\n" if headers else b""
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + extra + b"\r\n")

    with listening(act) as port:
        caller, url = client(), f"http://127.0.0.1:{port}/"
        for _ in range(3):
            assert caller.call(url, letter(url)).error is None
            wait_until_closed(caller)
        caller.close()


def test_connection_on_which_somebody_spoke_out_of_turn_is_not_used_again() -> None:
    with listening(answering(OK + b"HTTP/1.1 500 Smuggled\r\nContent-Length: 0\r\n\r\n")) as port:
        caller, url = client(), f"http://127.0.0.1:{port}/"
        assert [caller.call(url, letter(url)).status for _ in range(3)] == [200, 200, 200]
        caller.close()


def test_connection_is_not_used_again_after_a_failure() -> None:
    with listening(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")) as port:
        caller, url = client(), f"http://127.0.0.1:{port}/"
        assert [caller.call(url, letter(url)).error for _ in range(2)] == ["its answer broke off"] * 2
        caller.close()


def test_only_some_connections_are_kept() -> None:
    everyone = threading.Barrier(IDLE_LINES + 4)
    with receiving() as receiver:
        receiver.before_answer = lambda _: everyone.wait(PATIENT)
        caller = client()
        callers = [
            threading.Thread(target=caller.call, args=(receiver.url, letter(receiver.url)))
            for _ in range(IDLE_LINES + 4)
        ]
        for each in callers:
            each.start()
        for each in callers:
            each.join(PATIENT)
        assert receiver.connections == IDLE_LINES + 4
        assert len(idle(caller)) == IDLE_LINES
        caller.close()


def test_where_many_connections_are_kept_the_one_unused_for_longest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """So receivers that are gone, as each test may have one, do not keep the connections of those that are there."""
    monkeypatch.setattr("mocksms.webhooks.client.MOST_OPEN", 2)
    with receiving() as one, receiving() as two, receiving() as three:
        caller = client()
        for receiver in (one, two, one, three, one, three, two):
            assert caller.call(receiver.url, letter(receiver.url)).error is None
        assert [one.connections, two.connections, three.connections] == [1, 2, 1]
        assert len(idle(caller)) == len(caller._open) == 2
        caller.close()


def test_closing_ends_calls_that_are_going_on() -> None:
    begun = threading.Event()
    done = threading.Event()

    def act(connection: socket.socket) -> None:
        request_of(connection)
        begun.set()
        done.wait(PATIENT)

    with listening(act) as port:
        caller, url = client(), f"http://127.0.0.1:{port}/"
        receipts: list[Receipt] = []
        going = threading.Thread(target=lambda: receipts.append(caller.call(url, letter(url))))
        watch = Stopwatch()
        going.start()
        assert begun.wait(PATIENT)
        caller.close()
        going.join(PATIENT)
        done.set()
        assert watch.seconds < PATIENT / 2
        assert receipts[0].error == "it closed the connection without an answer"
        assert caller.call(url, letter(url)).error == "cannot be reached: mocksms stops"


def idle(caller: WebhookClient) -> list[Any]:
    return [each for _, each in caller._idle]


def wait_until_closed(caller: WebhookClient) -> None:
    """Return once the server's end of what is kept has come, so that the next call meets it."""
    for each in idle(caller):
        each._socket.settimeout(PATIENT)
        assert each._socket.recv(1, socket.MSG_PEEK) == b""
