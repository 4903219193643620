"""Client of the inspection API for tests: over the socket, for one account or for all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sized
from typing import Any, TypeVar

import requests

from mocksms.engine.clock import timer
from mocksms.inspection.message_waits import MessageWaits
from mocksms.inspection.routes import ENDPOINTS
from mocksms.schemas.openapi import Operation
from tests.support import TIMEOUT, Mock

OPERATIONS: list[Operation] = [endpoint.operation for endpoint in ENDPOINTS]
SENT = "972-50-0000000"
LATER = "972-50-0000100"
QUEUED = "972-50-0000200"
INVALID = "972-50-0001000"
KOSHER = "972-50-0002100"
BOUNCING = "972-50-0002300"
NO_CREDIT = "972-50-0003000"
FAILING = "972-50-0006300"
RESETTING = "972-50-0007200"
ZIP = {"Content-Type": "application/zip"}
PAUSE = 0.002
"""Seconds between two checks of a condition."""


class Api:
    """The inspection API for one account; without a key, for all accounts."""

    def __init__(self, mock: Mock, key: str | None = None) -> None:
        self.mock = mock
        self.key = key

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        /,
        *,
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> requests.Response:
        """Send a request and return its response, whatever its status."""
        own = {} if self.key is None else {"X-API-Key": self.key}
        return requests.request(
            method,
            f"{self.mock.url}/_mock/{path}",
            json=body,
            params=query,
            headers={**own, **(headers or {})},
            timeout=TIMEOUT,
            allow_redirects=False,
        )

    def request_json(self, method: str, path: str, body: Any = None, /, *, expect: int = 200, **query: Any) -> Any:
        """Send a request, assert the status of its response, and return its JSON."""
        response = self.call(method, path, body, **query)
        assert response.status_code == expect, response.text
        assert response.headers["content-type"] == "application/json"
        return response.json()

    def get(self, path: str, /, **query: Any) -> Any:
        return self.request_json("GET", path, **query)

    def post(self, path: str, body: Any = None, /, **query: Any) -> Any:
        return self.request_json("POST", path, body, **query)

    def patch(self, **changes: Any) -> Any:
        return self.request_json("PATCH", "account", changes)

    def refused(self, status: int, method: str, path: str, body: Any = None, /, **query: Any) -> dict[str, Any]:
        """Send a request, assert that it is refused with this status, and return its error."""
        error: dict[str, Any] = self.request_json(method, path, body, expect=status, **query)["error"]
        assert error["status"] == status
        assert error["message"]
        return error

    def send(self, *to: str, **more: Any) -> list[str]:
        """Send an SMS, and return the ids of its messages."""
        assert self.key
        return [row["transaction_id"] for row in self.mock.send(*to, key=self.key, **more)]

    def ids(self, path: str = "messages", /, **query: Any) -> list[str]:
        """Return the ids of the messages in a list."""
        return [message["transaction_id"] for message in self.get(path, **query)["messages"]]

    def status_of(self, transaction_id: str) -> str:
        """Return the state of a message as `status` or `status/reason`."""
        message = self.get(f"messages/{transaction_id}")
        return "/".join(filter(None, (message["status"], message["reject_reason"])))


def put_snapshot(mock: Mock, data: bytes | Iterator[bytes], **query: Any) -> requests.Response:
    """Restore a snapshot and return the response, whatever its status."""
    return requests.put(f"{mock.url}/_mock/snapshot", data, params=query, headers=ZIP, timeout=TIMEOUT)


def send_bytes(mock: Mock, *parts: bytes) -> bytes:
    """Send raw bytes, each part once the server read the one before, and return all bytes until the connection ends."""
    with socket.create_connection((mock.host, mock.port), TIMEOUT) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
            requests.get(f"{mock.url}/_mock/health", timeout=TIMEOUT)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


Listener = TypeVar("Listener")


def listeners_of(mock: Mock, kind: type[Listener]) -> list[Listener]:
    """Return the objects of a class that listen to the engine; those of waits do while there are any."""
    owners = [getattr(listener, "__self__", None) for listener in mock.engine.listeners]
    return [owner for owner in owners if isinstance(owner, kind)]


def wait_for_open(mock: Mock, kind: type[Sized], count: int) -> None:
    """Wait until `count` requests are open that a listener of a class holds."""
    deadline = timer() + TIMEOUT
    while (opened := sum(map(len, listeners_of(mock, kind)))) != count:
        assert timer() < deadline, f"{kind.__name__}: {opened} are open"
        requests.get(f"{mock.url}/_mock/health", timeout=TIMEOUT)


def wait_for_waiters(mock: Mock, count: int = 1) -> None:
    """Wait until `count` requests wait for messages of the mock."""
    wait_for_open(mock, MessageWaits, count)


def wait_until(is_true: Callable[[], object]) -> None:
    """Wait until a condition is true."""
    deadline, pause = timer() + TIMEOUT, threading.Event()
    while not is_true():
        assert timer() < deadline, "it did not become true"
        pause.wait(PAUSE)  # The mock's thread uses the time.


def hold(api: Api, **more: Any) -> int:
    """Set a fault that holds requests, and return its id."""
    fault: int = api.post("faults", {"fault": {"kind": "hold"}, **more})["id"]
    return fault


def wait_for_held(api: Api, fault: int, count: int = 1) -> list[int]:
    """Wait until a fault holds so many requests, and return their ids."""
    waiting: list[int] = api.get(f"faults/{fault}/wait", count=count, timeout=TIMEOUT)["waiting"]
    return waiting
