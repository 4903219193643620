"""Callbacks are delivered while the test process patches its HTTP libraries, its name lookups and its clock."""

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
from tests.support import KEY, NUMBER, TIMEOUT, Mock, body, running


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
def no_lookups() -> Iterator[None]:
    refuse = partial(pytest.fail, "mocksms must not use this")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", refuse)
        patch.setattr(socket, "create_connection", refuse)
        yield


@contextmanager
def frozen_clock() -> Iterator[None]:
    with freezegun.freeze_time("2030-01-31"):
        yield


DOUBLES: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "respx": respx_mocks,
    "responses": responses_mocks,
    "aioresponses": aioresponses_mocks,
    "getaddrinfo": no_lookups,
    "freezegun": frozen_clock,
}


@pytest.mark.parametrize("double", DOUBLES)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_callback_arrives_under_a_double(double: str, host: str) -> None:
    with receiving() as receiver:
        url = f"http://{host}:{receiver.port}/hooks"
        with running(Settings(port=0, webhook=(Webhook(url),))) as mock, DOUBLES[double]():
            send(mock)
            (callback,) = receiver.wait(1)
        assert json.loads(callback)["event"] == "send"


def test_callback_arrives_under_pytest_httpx(httpx_mock: HTTPXMock) -> None:
    with receiving() as receiver, running(Settings(port=0, webhook=(Webhook(receiver.url),))) as mock:
        send(mock)
        assert len(receiver.wait(1)) == 1
    assert httpx_mock.get_requests() == []


def send(mock: Mock) -> None:
    """Send over a plain socket, which no double of an HTTP library intercepts."""
    content = json.dumps(body(NUMBER))
    with socket.socket() as connection:
        connection.settimeout(TIMEOUT)
        connection.connect((mock.host, mock.port))
        head = (
            f"POST /transactional/sms/send HTTP/1.1\r\nHost: mock\r\nX-API-Key: {KEY}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        connection.sendall((head + content).encode())
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
