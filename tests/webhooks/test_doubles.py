"""Callbacks go their way while the test process patches its own HTTP libraries, its name look-ups and its clock."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import aioresponses
import freezegun
import pytest
import responses
import respx
from pytest_httpx import HTTPXMock

from mocksms.settings import Settings
from mocksms.sms.webhook import Webhook
from tests.receiver import receiving
from tests.support import KEY, NUMBER, PATIENCE, Mock, body, running


@contextmanager
def respx_mocks() -> Iterator[None]:
    with respx.mock(assert_all_called=False):
        yield


@contextmanager
def responses_mocks() -> Iterator[None]:
    with responses.RequestsMock(assert_all_requests_are_fired=False):
        yield


@contextmanager
def aioresponses_mocks() -> Iterator[None]:
    with aioresponses.aioresponses():
        yield


@contextmanager
def no_look_ups() -> Iterator[None]:
    refuse = partial(pytest.fail, "nothing is to be looked up here")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", refuse)
        patch.setattr(socket, "create_connection", refuse)
        yield


@contextmanager
def time_stands_still() -> Iterator[None]:
    """As freezegun leaves the loop of a mock in the same process: without timers.

    So early that those set meanwhile are overdue afterwards; set later, they would keep the loop from ever stopping.
    """
    with freezegun.freeze_time("1970-01-01 00:00:01"):
        yield


DOUBLES: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "respx": respx_mocks,
    "responses": responses_mocks,
    "aioresponses": aioresponses_mocks,
    "getaddrinfo": no_look_ups,
    "freezegun": time_stands_still,
}


@pytest.mark.parametrize("double", DOUBLES)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_callback_arrives_under_a_double(double: str, host: str) -> None:
    with receiving() as receiver:
        url = f"http://{host}:{receiver.port}/hooks"
        with running(Settings(port=0, webhook=(Webhook(url),))) as mock:
            with DOUBLES[double]():
                send(mock)
                (told,) = receiver.wait(1)
            # A loop that went to sleep by a stopped clock wakes when something comes in.
            assert mock.get("/_mock/health").status_code == 200
        assert json.loads(told)["event"] == "send"


def test_callback_arrives_under_pytest_httpx(httpx_mock: HTTPXMock) -> None:
    with receiving() as receiver, running(Settings(port=0, webhook=(Webhook(receiver.url),))) as mock:
        send(mock)
        assert len(receiver.wait(1)) == 1
    assert httpx_mock.get_requests() == []


def send(mock: Mock) -> None:
    """Send with nothing but a socket, so that no double of an HTTP library has a say in it."""
    content = json.dumps(body(NUMBER))
    with socket.socket() as connection:
        connection.settimeout(PATIENCE)
        connection.connect((mock.host, mock.port))
        head = (
            f"POST /transactional/sms/send HTTP/1.1\r\nHost: mock\r\nX-API-Key: {KEY}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        connection.sendall((head + content).encode())
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
