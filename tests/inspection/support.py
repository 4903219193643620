"""The inspection API as its tests call it: over the socket, for one account or for all."""

from __future__ import annotations

import socket
from typing import Any

import requests

from mocksms.engine.clock import timer
from mocksms.inspection.routes import ENDPOINTS
from mocksms.inspection.waiting import Waiters
from mocksms.schemas.openapi import Operation
from mocksms.sms.message import Message
from tests.support import PATIENCE, Mock

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


class Api:
    """The inspection API for one account; without a key for all."""

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
        """Return whatever a call is answered with."""
        own = {} if self.key is None else {"X-API-Key": self.key}
        return requests.request(
            method,
            f"{self.mock.url}/_mock/{path}",
            json=body,
            params=query,
            headers={**own, **(headers or {})},
            timeout=PATIENCE,
            allow_redirects=False,
        )

    def ask(self, method: str, path: str, body: Any = None, /, *, expect: int = 200, **query: Any) -> Any:
        """Return the JSON of an answer that must have this status."""
        answer = self.call(method, path, body, **query)
        assert answer.status_code == expect, answer.text
        assert answer.headers["content-type"] == "application/json"
        return answer.json()

    def get(self, path: str, /, **query: Any) -> Any:
        return self.ask("GET", path, **query)

    def post(self, path: str, body: Any = None, /, **query: Any) -> Any:
        return self.ask("POST", path, body, **query)

    def patch(self, **changes: Any) -> Any:
        return self.ask("PATCH", "account", changes)

    def refused(self, status: int, method: str, path: str, body: Any = None, /, **query: Any) -> dict[str, Any]:
        """Return the error of a call that must be refused with this status."""
        error: dict[str, Any] = self.ask(method, path, body, expect=status, **query)["error"]
        assert error["status"] == status
        assert error["message"]
        return error

    def send(self, *to: str, **more: Any) -> list[str]:
        """Send an SMS, and return the ids of its messages."""
        assert self.key
        return [row["transaction_id"] for row in self.mock.send(*to, key=self.key, **more)]

    def ids(self, path: str = "messages", /, **query: Any) -> list[str]:
        """Return the ids of the messages a list shows."""
        return [message["transaction_id"] for message in self.get(path, **query)["messages"]]

    def status_of(self, transaction_id: str) -> str:
        """Return the state a message is in, as `status` or `status/reason`."""
        message = self.get(f"messages/{transaction_id}")
        return "/".join(filter(None, (message["status"], message["reject_reason"])))


def exchange_bytes(mock: Mock, *parts: bytes) -> bytes:
    """Send raw bytes, each part once the one before it has been taken in, and return all until the connection ends."""
    with socket.create_connection((mock.host, mock.port), PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
            requests.get(f"{mock.url}/_mock/health", timeout=PATIENCE)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def someone_waits(mock: Mock, count: int = 1) -> Waiters:
    """Return the waits for messages of a mock as soon as there are `count`."""
    owners = [getattr(listener, "__self__", None) for listener in mock.engine.listeners]
    (waits,) = (owner for owner in owners if isinstance(owner, Waiters) and owner.kind is Message)
    deadline = timer() + PATIENCE
    while len(waits) != count:
        assert timer() < deadline, f"there are {len(waits)} waits"
        requests.get(f"{mock.url}/_mock/health", timeout=PATIENCE)
    return waits
