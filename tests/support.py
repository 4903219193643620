"""Shared helpers of the tests: a mock behind a real socket, a clock that tests move, bodies to send."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from mocksms.connections.listener import base_url, bind
from mocksms.engine.clock import system_time
from mocksms.engine.engine import Engine
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario
from mocksms.scenario.library import StartScenarios
from mocksms.server import BaseServer, Server
from mocksms.settings import Settings
from mocksms.testing.server import SteadyLoop

KEY = "key-of-the-tests"
NUMBER = "972-54-1111111"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIMEOUT = 10.0
"""Seconds that a test waits at most for something that must happen."""


class ManualClock:
    """A time source that moves only by `advance`."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def body(*to: str, content: str = "Hello", **more: Any) -> dict[str, Any]:
    """Return a send body for these numbers (default: the guide's); `async` and `send_at` go beside the message."""
    outside: dict[str, Any] = {name: more.pop(name) for name in ("async", "send_at") if name in more}
    recipients = [{"mobile_number": number} for number in to or (NUMBER,)]
    return {"message": {"content": content, "to": recipients, **more}, **outside}


def send_sms(url: str, *to: str, key: str = KEY, **more: Any) -> list[dict[str, Any]]:
    """Send an SMS to the mock at this URL, assert that it is accepted, and return the rows of the response."""
    response = requests.post(
        f"{url}/rest/v1/transactional/sms/send", json=body(*to, **more), headers={"X-API-Key": key}, timeout=TIMEOUT
    )
    assert response.status_code == 200, response.text
    rows: list[dict[str, Any]] = response.json()
    return rows


class Mock:
    """A mock that runs in a thread, called through its socket."""

    def __init__(self, engine: Engine, url: str) -> None:
        self.engine = engine
        self.url = url
        self.host, _, port = url.removeprefix("http://").rpartition(":")
        self.port = int(port)

    def post(self, data: bytes | str, path: str = "/transactional/sms/send", **headers: str) -> requests.Response:
        """Post raw bytes with the key and the JSON type; `headers` (underscores for dashes) override them."""
        raw = data.encode() if isinstance(data, str) else data
        return requests.post(self.url + path, data=raw, headers=_headers(headers), timeout=TIMEOUT)

    def send(self, *to: str, key: str = KEY, **more: Any) -> list[dict[str, Any]]:
        """Send an SMS, assert that it is accepted, and return the rows of the response."""
        return send_sms(self.url, *to, key=key, **more)

    def get(self, path: str, key: str = KEY, headers: Mapping[str, str] | None = None) -> requests.Response:
        return requests.get(self.url + path, headers={"X-API-Key": key, **(headers or {})}, timeout=TIMEOUT)

    def info(self, transaction_id: str, key: str = KEY) -> dict[str, Any]:
        response = self.get(f"/transactional/sms/info?transaction_id={transaction_id}", key)
        assert response.status_code == 200, response.text
        row: dict[str, Any] = response.json()
        return row

    def search(self, query: str = "", key: str = KEY) -> list[dict[str, Any]]:
        response = self.get(f"/transactional/sms/search?{query}", key)
        assert response.status_code == 200, response.text
        rows: list[dict[str, Any]] = response.json()
        return rows


def _headers(overrides: Mapping[str, str]) -> dict[str, str]:
    headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
    headers.update({name.replace("_", "-"): value for name, value in overrides.items()})
    return {name: value for name, value in headers.items() if value}


def program(*names: str, package: str = "") -> str:
    """Return the path of the first program that is there; without one, skip the test, or fail it in the whole check."""
    if path := next(filter(None, map(shutil.which, names)), None):
        return path
    package = package or names[0]  # pragma: no cover, the whole check has all
    problem = f"there is no {names[0]} here; on Debian: apt-get install {package}"  # pragma: no cover
    fail = pytest.fail if os.environ.get("CI") == "true" else pytest.skip  # pragma: no cover
    fail(problem)  # pragma: no cover


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(
    settings: Settings | None = None,
    time: ManualClock | None = None,
    scenario: ActiveScenario = NO_SCENARIO,
    stage: StartScenarios | None = None,
) -> Iterator[Mock]:
    """Run a mock on a free port during the block.

    Its event loop ignores frozen clocks: with a clock that a test froze it would never stop.
    """
    settings = settings or Settings(port=0, seed="tests")
    listener = bind(settings)
    url = base_url(listener)
    engine = Engine(settings, time or system_time, url, scenario)
    with serving(Server(engine, stage), listener):
        yield Mock(engine, url)


@contextmanager
def serving(server: BaseServer, listener: socket.socket) -> Iterator[None]:
    """Run a server during the block."""

    def serve() -> None:
        with asyncio.Runner(loop_factory=SteadyLoop) as runner:
            runner.run(server.serve([listener]))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join(TIMEOUT)
        assert not thread.is_alive(), "the server did not stop"


def send_pipelined(mock: Mock, numbers: Iterable[str], key: str = KEY) -> int:
    """Send one request per number, all pipelined on one connection, and return how many are accepted."""
    requests_ = [
        b"POST /rest/v1/transactional/sms/send HTTP/1.1\r\nHost: mock\r\nX-API-Key: %s\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (key.encode(), len(data), data)
        for data in (json.dumps(body(number)).encode() for number in numbers)
    ]
    with socket.create_connection((mock.host, mock.port), TIMEOUT) as connection:
        sender = threading.Thread(target=connection.sendall, args=(b"".join(requests_),))
        sender.start()
        received = bytearray()
        while received.count(b"HTTP/1.1 ") < len(requests_):
            received += connection.recv(1 << 20)
        sender.join()
    return received.count(b"HTTP/1.1 200")
