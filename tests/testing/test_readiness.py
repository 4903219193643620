from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mocksms.errors import NotReady, SettingsError
from mocksms.testing.readiness import check_ready, wait_until_ready
from tests.support import PATIENCE, Mock


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Some other server, which answers everything alike."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(PATIENCE)


@pytest.fixture
def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_mock_that_answers_is_ready(own_mock: Mock) -> None:
    check_ready(own_mock.url)
    wait_until_ready(own_mock.url, 0)


def test_nobody_listening_is_named_with_the_address(nobody: str) -> None:
    with pytest.raises(NotReady) as refused:
        check_ready(nobody)
    assert (refused.value.url, refused.value.reason, refused.value.seconds) == (nobody, "Connection refused", None)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (200, b"[]"), (200, b'{"status": "up"}'), (200, b"\xff"), (503, b'{"status": "ready"}')],
    ids=["page", "list", "other health", "no text", "failing"],
)
def test_another_server_is_no_mock(status: int, body: bytes) -> None:
    with answering(status, body) as url, pytest.raises(NotReady) as refused:
        check_ready(url)
    assert refused.value.reason == f"what listens there is no mock: GET /_mock/health was answered with {status}"


def test_port_that_is_open_but_silent_is_not_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(NotReady, match="timed out"):
        check_ready(f"http://127.0.0.1:{listener.getsockname()[1]}", patience=0.05)


def test_what_is_no_http_is_not_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            peer, _ = listener.accept()
            with peer:
                assert peer.recv(65_536)
                peer.sendall(b"220 mail.example ESMTP\r\n")

        speaking = threading.Thread(target=speak)
        speaking.start()
        with pytest.raises(NotReady, match="220 mail"):
            check_ready(f"http://127.0.0.1:{listener.getsockname()[1]}")
        speaking.join(PATIENCE)


def test_wait_goes_on_until_the_mock_is_there(own_mock: Mock, nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def check(url: str, patience: float) -> None:
        asked.append(url)
        check_ready(own_mock.url if len(asked) > 2 else nobody, patience)

    monkeypatch.setattr("mocksms.testing.readiness.check_ready", check)
    wait_until_ready("http://sms:8972", PATIENCE)
    assert asked == ["http://sms:8972"] * 3


def test_wait_ends_in_time_and_says_what_was_wrong_last(nobody: str) -> None:
    with pytest.raises(NotReady) as refused:
        wait_until_ready(nobody, 0.1)
    assert (refused.value.url, refused.value.reason, refused.value.seconds) == (nobody, "Connection refused", 0.1)


def test_wait_ends_when_there_is_nothing_to_wait_for(nobody: str) -> None:
    def died() -> None:
        raise ProcessLookupError("it died")

    with pytest.raises(ProcessLookupError, match="it died"):
        wait_until_ready(nobody, PATIENCE, died)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sms:8972",
        "https://sms:8972",
        "http://",
        "http://sms:port",
        "http://[::1",
        "http://two words:8972",
        "http://sms..local:8972",
        f"http://{'s' * 64}:8972",
    ],
)
def test_address_that_is_none_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(SettingsError, match=r"is no address of a mock; one looks like http://127\.0\.0\.1:8972\."):
        wait_until_ready(url, PATIENCE)
