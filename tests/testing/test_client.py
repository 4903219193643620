"""The client speaks with any mock from any thread, and says what is wrong where none answers."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mocksms.errors import MockRefused, MockUnreachable
from mocksms.settings import Settings
from mocksms.testing import client as client_module
from mocksms.testing.client import MockClient
from tests.support import PATIENCE, Mock, running


@contextmanager
def answering(status: int, body: bytes, pause: threading.Event | None = None) -> Iterator[str]:
    """Run something that is no mock: it answers every call alike, once `pause` is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if pause:
                pause.wait(PATIENCE)
            self.send_response(status)
            self.send_header("X-Path", self.path)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(PATIENCE)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_call_returns_what_is_answered(shared_mock: Mock) -> None:
    with closing(MockClient(shared_mock.url + "/")) as client:
        assert client.call("GET", "health")["status"] == "ready"
        assert client.call("GET", "messages", key="nobody", tag="a b&c=d", since=None)["messages"] == []


def test_call_that_is_refused_says_why(shared_mock: Mock) -> None:
    with closing(MockClient(shared_mock.url)) as client, pytest.raises(MockRefused) as refused:
        client.call("PATCH", "account", {"credits": 1}, key="a")
    assert refused.value.status == 400
    assert refused.value.explanation is None
    assert str(refused.value).startswith("PATCH /_mock/account: credits: ")


def test_token_is_sent() -> None:
    with running(Settings(port=0, control_token="secret")) as mock:
        with closing(MockClient(mock.url, "secret")) as client:
            assert client.call("GET", "accounts") == {"accounts": []}
        with closing(MockClient(mock.url)) as client, pytest.raises(MockRefused, match="has a control token"):
            client.call("GET", "accounts")


def test_path_before_the_mock_is_kept() -> None:
    with answering(200, b"{}") as url, closing(MockClient(url + "/sms")) as client:
        assert client.exchange("GET", "/_mock/health") == (200, b"{}")


@pytest.mark.parametrize("url", ["", "127.0.0.1:8972", "ftp://127.0.0.1", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no address of a mock; it is like http://127"):
        MockClient(url)


def test_https_is_spoken_where_the_address_says_so(shared_mock: Mock) -> None:
    with (
        closing(MockClient(shared_mock.url.replace("http:", "https:"))) as client,
        pytest.raises(MockUnreachable, match="SSL"),
    ):
        client.call("GET", "health")


def test_nothing_that_listens_is_said_so() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with closing(MockClient(url)) as client, pytest.raises(MockUnreachable) as lost:
        client.call("GET", "health")
    assert lost.value.url == url
    assert str(lost.value) == (f"no response from {url}: [Errno 111] Connection refused; is mocksms running there?")


def test_what_ended_the_mock_is_said() -> None:
    client = MockClient(f"http://127.0.0.1:{free_port()}", why_gone=lambda: MemoryError("no more"))
    with closing(client), pytest.raises(MockUnreachable, match=r"the mock ended with MemoryError: no more$"):
        client.call("GET", "health")


@pytest.mark.parametrize(("status", "body"), [(200, b"<html>"), (404, b"{}"), (500, b"[]"), (200, b"\xff")])
def test_what_answers_and_is_no_mock_is_named(status: int, body: bytes) -> None:
    words = f"GET /_mock/health was answered {status} as no mock does"
    with (
        answering(status, body) as url,
        closing(MockClient(url)) as client,
        pytest.raises(MockUnreachable, match=words),
    ):
        client.call("GET", "health")


def test_silence_ends_after_a_while() -> None:
    pause = threading.Event()
    with answering(200, b"{}", pause) as url, closing(MockClient(url)) as client:
        with pytest.raises(MockUnreachable, match=r"no answer within 0\.05 s"):
            client.call("GET", "health", within=0.05)
        pause.set()


def test_mock_that_was_silent_is_not_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "GLANCE", 0.02)
    pause = threading.Event()
    with answering(200, b"{}", pause) as url, closing(MockClient(url)) as client:
        for within, said in ((0.05, "0.05"), (PATIENCE, "0.02")):
            with pytest.raises(MockUnreachable, match=f"no answer within {said} s"):
                client.call("GET", "messages", within=within)
        pause.set()
        monkeypatch.setattr(client_module, "GLANCE", PATIENCE)
        assert client.call("GET", "messages") == {}
        assert client.call("GET", "messages", within=PATIENCE) == {}


def test_an_interrupted_call_leaves_no_connection_behind(shared_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    client = MockClient(shared_mock.url)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("http.client.HTTPConnection.getresponse", interrupt)
    with closing(client), pytest.raises(KeyboardInterrupt):
        client.call("GET", "health")
    monkeypatch.undo()
    assert client.call("GET", "health")["status"] == "ready"
    client.close()


def test_connection_that_ended_meanwhile_is_replaced() -> None:
    with running() as mock:
        client = MockClient(mock.url)
        client.call("GET", "health")
    port = int(mock.url.rpartition(":")[2])
    with running(Settings(port=port)):
        assert client.call("GET", "health")["status"] == "ready"
        client.close()


def test_threads_share_a_client(shared_mock: Mock) -> None:
    with closing(MockClient(shared_mock.url)) as client, ThreadPoolExecutor(8) as pool:
        keys = [f"thread-{number}" for number in range(200)]
        answers = list(pool.map(lambda key: client.call("PATCH", "account", {"credit": int(key[7:])}, key=key), keys))
        assert [answer["credit"] for answer in answers] == list(range(200))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_child_of_a_fork_speaks_over_connections_of_its_own(shared_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(MockClient(shared_mock.url)) as client:
        client.call("GET", "health")
        ((before),) = client._idle
        monkeypatch.setattr("os.getpid", lambda: -1)
        client.call("GET", "health")
        assert before not in client._idle
        before.close()


def test_wait_until_up_returns_once_a_mock_answers() -> None:
    port = free_port()
    client = MockClient(f"http://127.0.0.1:{port}")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.wait_until_up)
        with running(Settings(port=port)):
            waiting.result(PATIENCE)
            client.close()


def test_wait_until_up_outlasts_who_takes_connections_and_closes_them() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        client = MockClient(f"http://127.0.0.1:{listener.getsockname()[1]}")
        waiting = pool.submit(client.wait_until_up)
        for _ in range(3):
            listener.accept()[0].close()
        with listener.accept()[0] as up:
            up.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            waiting.result(PATIENCE)
        client.close()


def test_wait_until_up_ends_in_time_where_nothing_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = MockClient(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with closing(client), pytest.raises(MockUnreachable, match=r"no answer within 0\.\d+ s"):
            client.wait_until_up(0)


def test_error_comes_alone_and_keeps_its_cause() -> None:
    with closing(MockClient(f"http://127.0.0.1:{free_port()}")) as client, pytest.raises(MockUnreachable) as lost:
        client.call("GET", "health")
    assert isinstance(lost.value.cause, ConnectionRefusedError)
    assert lost.value.__cause__ is None
    assert lost.value.__suppress_context__


def test_wait_until_up_gives_up() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with closing(MockClient(url)) as client, pytest.raises(MockUnreachable, match="is mocksms running there"):
        client.wait_until_up(0.01)


def test_wait_until_up_does_not_wait_for_what_is_no_mock() -> None:
    with answering(200, json.dumps("no").encode()) as url, closing(MockClient(url)) as client:
        client.wait_until_up()
    with answering(404, b"no") as url, closing(MockClient(url)) as client, pytest.raises(MockUnreachable):
        client.wait_until_up()
