"""The door of the emulated API as an ASGI application, spoken to without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from starlette.types import Message as Event
from starlette.types import Scope

from mocksms.asgi import CONNECTION
from mocksms.engine.account import Account
from mocksms.engine.engine import Engine
from mocksms.engine.journal import RecordedRequest, RequestWarning
from mocksms.provider.app import ProviderApp
from mocksms.settings import Settings
from tests.support import KEY, HandClock, body

SEND = "/transactional/sms/send"
INFO = "/transactional/sms/info"
SEARCH = "/transactional/sms/search"


class Reply(NamedTuple):
    """What came back: status None where the connection ended without an answer."""

    status: int | None
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The Message of a refusal."""
        text: str = self.json()["Message"]
        return text


class Line:
    """The connection under an exchange; remembers what was done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.holds = False

    def hold(self) -> None:
        self.holds = True

    def release(self) -> None:
        self.holds = False

    async def flush(self) -> None:
        self.done.append("flush")

    def close(self) -> None:
        self.done.append("close")

    def reset(self) -> None:
        self.done.append("reset")


class InProcess:
    """A mock whose door is called directly; time stands still, waits are cut short."""

    def __init__(self, engine: Engine | None = None, **settings: Any) -> None:
        settings.setdefault("seed", "tests")
        self.time = HandClock()
        self.engine = engine or Engine(Settings(**settings), self.time)
        self.stopping = asyncio.Event()
        self.stopping.set()
        self.door = ProviderApp(self.engine, self.stopping)
        self.line = Line()

    def call(
        self,
        method: str,
        path: str,
        data: bytes = b"",
        headers: dict[str, str] | None = None,
        query: str = "",
    ) -> Reply:
        """Make one call with exactly these headers."""
        lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "scheme": "http",
            "headers": [(b"host", b"mock.test"), *lines],
            "extensions": {CONNECTION: self.line},
        }
        heard = asyncio.run(hear(self.door, scope, data))
        return reply_of(heard)

    def post(self, data: bytes | str, key: str = KEY, **headers: str) -> Reply:
        """Post a body to the send with key and JSON type."""
        raw = data.encode() if isinstance(data, str) else data
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", SEND, raw, {"x-api-key": key, "content-type": "application/json", **named})

    def try_send(self, *to: str, key: str = KEY, **more: Any) -> Reply:
        return self.post(json.dumps(body(*to, **more)), key)

    def send(self, *to: str, key: str = KEY, **more: Any) -> list[dict[str, Any]]:
        reply = self.try_send(*to, key=key, **more)
        assert reply.status == 200, reply
        rows: list[dict[str, Any]] = reply.json()
        return rows

    def get(self, path: str, query: str = "", key: str = KEY) -> Reply:
        return self.call("GET", path, headers={"x-api-key": key}, query=query)

    def info(self, transaction_id: str, key: str = KEY) -> dict[str, Any]:
        reply = self.get(INFO, f"transaction_id={transaction_id}", key)
        assert reply.status == 200, reply
        row: dict[str, Any] = reply.json()
        return row

    def search(self, query: str = "", key: str = KEY) -> list[dict[str, Any]]:
        reply = self.get(SEARCH, query, key)
        assert reply.status == 200, reply
        rows: list[dict[str, Any]] = reply.json()
        return rows

    def account(self, key: str = KEY) -> Account:
        return self.engine.account(key)

    def last(self, key: str = KEY) -> RecordedRequest:
        """The newest journal entry of an account."""
        journal = self.account(key).journal
        return next(journal.newest_first())

    def warnings(self) -> tuple[RequestWarning, ...]:
        return self.last().warnings

    def now(self) -> datetime:
        return self.time.now


async def hear(door: ProviderApp, scope: Scope, data: bytes) -> list[Event]:
    """Call an ASGI application with a body; return the events it sent."""
    heard: list[Event] = []
    coming = events(data)

    async def receive() -> Event:
        return next(coming)

    async def send(event: Event) -> None:
        heard.append(event)

    await door(scope, receive, send)
    return heard


def events(data: bytes) -> Iterator[Event]:
    yield {"type": "http.request", "body": data, "more_body": False}
    yield {"type": "http.disconnect"}


def reply_of(heard: list[Event]) -> Reply:
    if not heard:
        return Reply(None, {}, b"")
    start, *bodies = heard
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return Reply(start["status"], headers, b"".join(event["body"] for event in bodies))
