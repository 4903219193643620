"""The HTTP client works with any mock from any thread, and says what is wrong where no mock responds."""

from __future__ import annotations

import errno
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count

import pytest

from mocksms.errors import MockRefused, MockUnreachable, NotReady, SettingsError
from mocksms.settings import Settings
from mocksms.testing import client as client_module
from mocksms.testing.client import MockClient, check_ready, wait_until_ready
from tests.support import NUMBER, TIMEOUT, Mock, free_port, running


@contextmanager
def other_server(status: int, body: bytes, pause: threading.Event | None = None) -> Iterator[str]:
    """Run a server that is not a mock: each request gets the same response, once `pause` is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if pause:
                pause.wait(TIMEOUT)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(TIMEOUT)


@pytest.fixture
def unused_url() -> str:
    return f"http://127.0.0.1:{free_port()}"


def test_request_returns_the_json_of_the_response(shared_mock: Mock) -> None:
    with closing(MockClient(shared_mock.url + "/")) as client:
        assert client.request("GET", "health")["status"] == "ready"
        assert client.request("GET", "messages", key="unused", tag="a b&c=d", since=None)["messages"] == []


def test_refused_request_raises_the_reason(shared_mock: Mock) -> None:
    with closing(MockClient(shared_mock.url)) as client, pytest.raises(MockRefused) as refused:
        client.request("PATCH", "account", {"credits": 1}, key="a")
    assert refused.value.status == 400
    assert refused.value.explanation is None
    assert str(refused.value).startswith("PATCH /_mock/account: credits: ")


def test_file_is_downloaded_and_sent(own_mock: Mock) -> None:
    for key in ("first", "second"):
        own_mock.send(NUMBER, key=key)
    with closing(MockClient(own_mock.url)) as client:
        data = client.download("snapshot", account=["first", "second"])
        assert client.request("PUT", "snapshot", data)["messages"] == 2
        with pytest.raises(MockRefused, match=r"GET /_mock/snapshot: Unknown account id 'abcdefabcdef'"):
            client.download("snapshot", account="abcdefabcdef")


def test_control_token_is_sent() -> None:
    with running(Settings(port=0, control_token="secret")) as mock:
        with closing(MockClient(mock.url, "secret")) as client:
            assert client.request("GET", "accounts")["accounts"] == []
        with closing(MockClient(mock.url)) as client, pytest.raises(MockRefused, match="control token"):
            client.request("GET", "accounts")


def test_accounts_are_read_page_by_page(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mocksms.testing.client.MAX_PAGE", 2)
    for number in (0, 1, 2, 5):
        while len(own_mock.engine.accounts) < number:
            own_mock.send(key=f"{len(own_mock.engine.accounts)} key of a test")
        with closing(MockClient(own_mock.url)) as client:
            keys = [account["key"] for account in client.accounts()]
            assert keys == [f"{place} ke…" for place in reversed(range(number))]
            assert client.accounts(client.request("GET", "health")["cursor"]) == []


def test_path_of_the_url_is_a_prefix(own_mock: Mock) -> None:
    with closing(MockClient(own_mock.url + "/sms")) as client, pytest.raises(MockUnreachable, match="returned 404"):
        client.check_health()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sms:8972",
        "ftp://127.0.0.1",
        "http://",
        "http://sms:port",
        "http://[::1",
        "http://two words:8972",
        "http://sms..local:8972",
    ],
)
def test_invalid_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        wait_until_ready(url, TIMEOUT)
    assert str(refused.value) == f"{url!r} is not the URL of a mock; expected a URL such as http://127.0.0.1:8972."


def test_url_with_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingsError) as refused:
        MockClient("http://user:hunter2@127.0.0.1:8972/")
    assert str(refused.value) == (
        "'http://***@127.0.0.1:8972/' is not the URL of a mock; "
        "expected a URL without user name and password such as http://127.0.0.1:8972."
    )


def test_https_url_uses_tls(shared_mock: Mock) -> None:
    with (
        closing(MockClient(shared_mock.url.replace("http:", "https:"))) as client,
        pytest.raises(MockUnreachable, match="SSL") as lost,
    ):
        client.request("GET", "health")
    assert str(lost.value).endswith(
        "; mocksms speaks plain HTTP, so its URL starts with http:// unless a proxy adds TLS"
    )


def test_missing_file_descriptors_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr("socket.create_connection", fail)
    client = MockClient("http://127.0.0.1:1")
    with pytest.raises(MockUnreachable, match=r"Too many open files; close files .* ulimit -n$"):
        client.request("GET", "health")


def test_error_where_nothing_listens_is_one_sentence_and_keeps_its_cause(unused_url: str) -> None:
    with closing(MockClient(unused_url)) as client, pytest.raises(MockUnreachable) as lost:
        client.request("GET", "health")
    assert lost.value.url == unused_url
    assert str(lost.value) == f"no mock responds at {unused_url}: Connection refused; is mocksms running there?"
    assert isinstance(lost.value.cause, ConnectionRefusedError)
    assert lost.value.__cause__ is None
    assert lost.value.__suppress_context__


def test_error_names_what_ended_the_mock(unused_url: str) -> None:
    client = MockClient(unused_url, server_error=lambda: MemoryError("no more"))
    with closing(client), pytest.raises(MockUnreachable, match=r"the mock ended with MemoryError: no more$"):
        client.request("GET", "health")


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (200, b"[]"), (200, b'{"status": "up"}'), (200, b"\xff"), (404, b"{}"), (500, b"[]")],
    ids=["page", "list", "other health", "not UTF-8", "other error", "no object"],
)
def test_another_server_is_named_as_such(status: int, body: bytes) -> None:
    reason = f"GET /_mock/health returned {status} and not the JSON of a mock; is it mocksms that listens there?"
    with other_server(status, body) as url:
        with closing(MockClient(url)) as client, pytest.raises(MockUnreachable, match=re.escape(reason)):
            client.wait_until_up()
        with pytest.raises(NotReady) as refused:
            check_ready(url)
    assert refused.value.reason == reason


def test_path_of_a_url_is_named_where_no_mock_responds(shared_mock: Mock) -> None:
    for ending in ("", "/", "/rest/v1", "/rest/v1/"):
        with closing(MockClient(shared_mock.url + ending)) as client:
            client.check_health()
            assert client.url == shared_mock.url
    hint = r"is it mocksms that listens there\? The URL of a mock has no path, unless a proxy adds /rest/v2\.$"
    with closing(MockClient(f"{shared_mock.url}/rest/v2")) as client, pytest.raises(MockUnreachable, match=hint):
        client.check_health()


def test_request_times_out() -> None:
    pause = threading.Event()
    with other_server(200, b"{}", pause) as url, closing(MockClient(url)) as client:
        with pytest.raises(MockUnreachable, match=r"timed out after 0\.05 s"):
            client.request("GET", "health", read_timeout=0.05)
        pause.set()


def test_second_request_after_a_timeout_fails_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PROBE_SECONDS", 0.02)
    pause = threading.Event()
    with other_server(200, b"{}", pause) as url, closing(MockClient(url)) as client:
        for read_timeout, seconds in ((0.05, "0.05"), (TIMEOUT, "0.02")):
            with pytest.raises(MockUnreachable, match=f"timed out after {seconds} s"):
                client.request("GET", "messages", read_timeout=read_timeout)
        pause.set()
        monkeypatch.setattr(client_module, "PROBE_SECONDS", TIMEOUT)
        assert client.request("GET", "messages") == {}
        assert client.request("GET", "messages", read_timeout=TIMEOUT) == {}


def test_interrupted_request_leaves_no_connection_behind(shared_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    client = MockClient(shared_mock.url)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("socket.socket.sendall", interrupt)
    with closing(client), pytest.raises(KeyboardInterrupt):
        client.request("GET", "health")
    monkeypatch.undo()
    assert client.request("GET", "health")["status"] == "ready"
    client.close()


def test_idle_connection_that_ended_is_replaced() -> None:
    with running() as mock:
        client = MockClient(mock.url)
        client.request("GET", "health")
    port = int(mock.url.rpartition(":")[2])
    with running(Settings(port=port)):
        assert client.request("GET", "health")["status"] == "ready"
        client.close()


def test_threads_share_a_client(shared_mock: Mock) -> None:
    def set_credit(key: str) -> int:
        account = client.request("PATCH", "account", {"credit": int(key[7:])}, key=key)
        return int(account["credit"])

    with closing(MockClient(shared_mock.url)) as client, ThreadPoolExecutor(8) as pool:
        keys = [f"thread-{number}" for number in range(200)]
        assert list(pool.map(set_credit, keys)) == list(range(200))


class ClosingServer:
    """A server that responds once on its first connection, and closes a connection with its second request unanswered.

    It then responds on each further connection, unless it `closes_all`. `served` are the requests.
    """

    RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    def __init__(self, *, closes_all: bool = False) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closes_all = closes_all
        self.served: list[str] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> ClosingServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(TIMEOUT)

    def _serve(self) -> None:
        with suppress(OSError):
            for number in count():  # pragma: no branch - ends with an error
                connection = self._listener.accept()[0]
                with connection:
                    self._take(connection)
                    if not (number and self._closes_all):
                        connection.sendall(self.RESPONSE)
                    if not number:
                        self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        method, _, rest = connection.recv(65_536).decode().partition(" ")
        self.served.append(f"{method} {rest.partition(' ')[0]}")


@pytest.mark.parametrize(("method", "path"), [("GET", "messages"), ("POST", "verify"), ("POST", "verify?since=1")])
def test_read_is_sent_again_when_its_idle_connection_was_closed(method: str, path: str) -> None:
    with ClosingServer() as server, closing(MockClient(server.url)) as client:
        client.request("GET", "health")
        assert client.request(method, path) == {}
    assert server.served == ["GET /_mock/health", *[f"{method} /_mock/{path}"] * 2]


@pytest.mark.parametrize(("method", "path"), [("POST", "reset"), ("PATCH", "account"), ("DELETE", "messages")])
def test_write_is_never_sent_again(method: str, path: str) -> None:
    with ClosingServer() as server, closing(MockClient(server.url)) as client:
        client.request("GET", "health")
        with pytest.raises(MockUnreachable):
            client.request(method, path)
    assert server.served == ["GET /_mock/health", f"{method} /_mock/{path}"]


def test_read_is_sent_again_once() -> None:
    with ClosingServer(closes_all=True) as server, closing(MockClient(server.url)) as client:
        client.request("GET", "health")
        with pytest.raises(MockUnreachable):
            client.request("GET", "messages")
    assert server.served == ["GET /_mock/health", *["GET /_mock/messages"] * 2]


def test_read_on_a_new_connection_is_not_sent_again() -> None:
    with ClosingServer() as server, closing(MockClient(server.url)) as client:
        client.request("GET", "health")
        ((connection),) = client._idle
        client._idle.clear()
        connection.close()
        server._closes_all = True
        with pytest.raises(MockUnreachable):
            client.request("GET", "messages")
    assert server.served[-1] == "GET /_mock/messages"
    assert server.served.count("GET /_mock/messages") == 1


def test_abandoned_read_is_not_sent_again() -> None:
    with ClosingServer() as server, closing(MockClient(server.url)) as client:
        client.request("GET", "health")
        client.abandon(threading.current_thread())
        with pytest.raises(MockUnreachable, match="the wait for it was cancelled"):
            client.request("GET", "messages")


def test_copies_of_connections_are_closed_without_ending_them(shared_mock: Mock) -> None:
    with closing(MockClient(shared_mock.url)) as client:
        client.request("GET", "health")
        ((connection),) = client._idle
        client._busy[threading.current_thread()] = connection
        assert connection.sock is not None
        with socket.socket(fileno=os.dup(connection.sock.fileno())) as original:
            client.close_copies()
            assert (client._idle, client._busy, connection.sock) == ([], {}, None)
            original.settimeout(TIMEOUT)
            original.sendall(b"GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert original.recv(65_536).startswith(b"HTTP/1.1 200 ")
        assert client.request("GET", "health")["status"] == "ready"


def test_closed_connection_ends_also_while_another_process_has_a_copy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = MockClient(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with ThreadPoolExecutor(1) as pool:
            pending = pool.submit(client.request, "GET", "health")
            peer = listener.accept()[0]
            with peer:
                peer.recv(65_536)
                peer.sendall(ClosingServer.RESPONSE)
                pending.result(TIMEOUT)
                ((connection),) = client._idle
                assert connection.sock is not None
                with socket.socket(fileno=os.dup(connection.sock.fileno())):
                    client.close()
                    peer.settimeout(TIMEOUT)
                    assert peer.recv(1) == b""


def test_wait_until_up_returns_once_a_mock_is_ready() -> None:
    port = free_port()
    client = MockClient(f"http://127.0.0.1:{port}")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.wait_until_up)
        with running(Settings(port=port)):
            waiting.result(TIMEOUT)
            client.close()


def test_wait_until_up_goes_on_while_connections_are_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        client = MockClient(f"http://127.0.0.1:{listener.getsockname()[1]}")
        waiting = pool.submit(client.wait_until_up)
        for _ in range(3):
            listener.accept()[0].close()
        with listener.accept()[0] as up:
            up.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{"status": "ready"}')
            waiting.result(TIMEOUT)
        client.close()


def test_wait_until_up_ends_in_time_where_nothing_responds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = MockClient(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with closing(client), pytest.raises(MockUnreachable, match=r"timed out after 0\.\d+ s"):
            client.wait_until_up(0)


def test_wait_until_up_ends_in_time_where_nothing_listens(unused_url: str) -> None:
    with closing(MockClient(unused_url)) as client, pytest.raises(MockUnreachable, match="is mocksms running there"):
        client.wait_until_up(0.01)


def test_running_mock_is_ready(own_mock: Mock) -> None:
    check_ready(own_mock.url)
    wait_until_ready(own_mock.url, TIMEOUT)


@pytest.mark.parametrize(
    ("check", "seconds"),
    [(check_ready, None), (lambda url: wait_until_ready(url, 0.1), 0.1)],
    ids=["check", "wait"],
)
def test_not_ready_names_url_reason_and_time(unused_url: str, check: Callable[[str], None], seconds: object) -> None:
    with pytest.raises(NotReady) as refused:
        check(unused_url)
    reason = "Connection refused; is mocksms running there?"
    assert (refused.value.url, refused.value.reason, refused.value.seconds) == (unused_url, reason, seconds)


def test_open_port_without_a_response_is_not_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(NotReady, match="timed out"):
        check_ready(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.05)


def test_response_that_is_not_http_is_not_ready() -> None:
    def respond() -> None:
        peer, _ = listener.accept()
        with peer:
            assert peer.recv(65_536)
            peer.sendall(b"220 mail.example ESMTP\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        responding = threading.Thread(target=respond)
        responding.start()
        with pytest.raises(NotReady, match="220 mail"):
            check_ready(f"http://127.0.0.1:{listener.getsockname()[1]}")
        responding.join(TIMEOUT)


def test_mock_that_refuses_the_request_is_not_ready(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MockRefused("GET /_mock/health", 403, {"message": "host not allowed"})

    monkeypatch.setattr(MockClient, "request", refuse)
    with pytest.raises(NotReady, match="host not allowed"):
        check_ready(own_mock.url)


def test_wait_checks_again_until_the_mock_is_ready(
    own_mock: Mock, unused_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls: list[str] = []

    def check(url: str, timeout: float) -> None:
        urls.append(url)
        check_ready(own_mock.url if len(urls) > 2 else unused_url, timeout)

    monkeypatch.setattr(client_module, "check_ready", check)
    wait_until_ready("http://sms:8972", TIMEOUT)
    assert urls == ["http://sms:8972"] * 3


def test_wait_ends_when_the_mock_will_never_be_ready(unused_url: str) -> None:
    def check_alive() -> None:
        raise ProcessLookupError("it ended")

    with pytest.raises(ProcessLookupError, match="it ended"):
        wait_until_ready(unused_url, TIMEOUT, check_alive)
