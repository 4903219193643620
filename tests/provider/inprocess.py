"""The emulated API called as an ASGI application, without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from starlette.types import Message as Event
from starlette.types import Scope

from mocksms.asgi.connection import CONNECTION
from mocksms.engine.account import Account
from mocksms.engine.engine import Engine
from mocksms.engine.journal import RecordedRequest, RequestWarning
from mocksms.provider.app import ProviderApp
from mocksms.settings import Settings
from tests.support import KEY, ManualClock, body

SEND = "/transactional/sms/send"
INFO = "/transactional/sms/info"
SEARCH = "/transactional/sms/search"


class Response(NamedTuple):
    """A response; status None if the connection ended without one."""

    status: int | None
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The field `Message` of a refusal."""
        text: str = self.json()["Message"]
        return text


class FakeConnection:
    """The connection of a request; records what is done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    async def flush(self) -> None:
        self.done.append("flush")

    def close(self) -> None:
        self.done.append("close")

    def reset(self) -> None:
        self.done.append("reset")


class InProcess:
    """A mock whose emulated API is called directly; its time is frozen, its delays take no time."""

    def __init__(self, engine: Engine | None = None, **settings: Any) -> None:
        settings.setdefault("seed", "tests")
        self.time = ManualClock()
        self.engine = engine or Engine(Settings(**settings), self.time)
        self.stopping = asyncio.Event()
        self.stopping.set()
        self.app = ProviderApp(self.engine, self.stopping)
        self.connection = FakeConnection()

    def call(
        self,
        method: str,
        path: str,
        data: bytes = b"",
        headers: dict[str, str] | None = None,
        query: str = "",
    ) -> Response:
        """Send one request with exactly these headers."""
        lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "scheme": "http",
            "headers": [(b"host", b"mock.test"), *lines],
            "extensions": {CONNECTION: self.connection},
        }
        return response_of(asyncio.run(call_app(self.app, scope, data)))

    def post(self, data: bytes | str, key: str = KEY, **headers: str) -> Response:
        """Post a body to the send endpoint with the key and the JSON type."""
        raw = data.encode() if isinstance(data, str) else data
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", SEND, raw, {"x-api-key": key, "content-type": "application/json", **named})

    def try_send(self, *to: str, key: str = KEY, **more: Any) -> Response:
        return self.post(json.dumps(body(*to, **more)), key)

    def send(self, *to: str, key: str = KEY, **more: Any) -> list[dict[str, Any]]:
        response = self.try_send(*to, key=key, **more)
        assert response.status == 200, response
        rows: list[dict[str, Any]] = response.json()
        return rows

    def get(self, path: str, query: str = "", key: str = KEY) -> Response:
        return self.call("GET", path, headers={"x-api-key": key}, query=query)

    def info(self, transaction_id: str, key: str = KEY) -> dict[str, Any]:
        response = self.get(INFO, f"transaction_id={transaction_id}", key)
        assert response.status == 200, response
        row: dict[str, Any] = response.json()
        return row

    def search(self, query: str = "", key: str = KEY) -> list[dict[str, Any]]:
        response = self.get(SEARCH, query, key)
        assert response.status == 200, response
        rows: list[dict[str, Any]] = response.json()
        return rows

    def account(self, key: str = KEY) -> Account:
        return self.engine.account(key)

    def last(self, key: str = KEY) -> RecordedRequest:
        """The newest recorded request of an account."""
        journal = self.account(key).journal
        return next(journal.newest_first())

    def warnings(self) -> tuple[RequestWarning, ...]:
        return self.last().warnings

    def now(self) -> datetime:
        return self.time.now


async def call_app(app: ProviderApp, scope: Scope, data: bytes) -> list[Event]:
    """Call an ASGI application with a body, and return the events it sends."""
    output: list[Event] = []
    requests = input_events(data)

    async def receive() -> Event:
        return next(requests)

    async def send(event: Event) -> None:
        output.append(event)

    await app(scope, receive, send)
    return output


def input_events(data: bytes) -> Iterator[Event]:
    yield {"type": "http.request", "body": data, "more_body": False}
    yield {"type": "http.disconnect"}


def response_of(events: list[Event]) -> Response:
    if not events:
        return Response(None, {}, b"")
    start, *bodies = events
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return Response(start["status"], headers, b"".join(event["body"] for event in bodies))
