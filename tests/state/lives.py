"""Two mocks that live the same life: what the stateful test of snapshots does with them and compares."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from starlette.types import Message as Event

from mocksms.app import create_app
from mocksms.asgi.connection import CONNECTION
from mocksms.engine.callbacks import Attempt
from mocksms.engine.engine import Engine
from mocksms.engine.keys import account_id
from mocksms.engine.outbox import PendingCallback
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario
from mocksms.engine.steps import finish
from mocksms.fidelity import ledger
from mocksms.inspection.routes import ENDPOINTS
from mocksms.settings import Settings
from mocksms.state.snapshot import Snapshot, load
from tests.provider.inprocess import FakeConnection, response_of
from tests.state.archives import packed
from tests.support import ManualClock

SEND: Final = "/rest/v1/transactional/sms/send"
KEYS: Final = ("shop", "bank", "club")
URL: Final = "http://127.0.0.1:8972"

READS: Final = [
    endpoint.operation
    for endpoint in ENDPOINTS
    if endpoint.operation.method == "GET" and endpoint.operation.path not in ("/_mock/health", "/_mock/events")
]
"""Every GET of the inspection API but health, which says how old the mock is, and the stream of events."""


class Call(NamedTuple):
    """A request to either API. In its path, `{message}` and `{callback}` stand for a record, by `place`."""

    method: str
    path: str
    key: str | None = None
    body: Any = None
    place: int = 0


class Answer(NamedTuple):
    """A response."""

    status: int | None
    headers: dict[str, str]
    body: bytes


class LivingMock:
    """A mock that is called without a socket. Its receivers respond by rule: each third callback fails once.

    While `is_slow`, callbacks stay in flight.
    """

    def __init__(self, settings: Settings, time: ManualClock, scenario: ActiveScenario = NO_SCENARIO) -> None:
        self.time = time
        self.engine = Engine(settings, time, URL, scenario)
        stopping = asyncio.Event()
        stopping.set()  # so that no response is delayed
        self._app = create_app(self.engine, stopping)
        self._in_flight: list[PendingCallback] = []
        self._is_slow = False
        self._loop = asyncio.get_running_loop()
        self.engine.outbox.on_due = lambda: self._loop.call_soon(self.deliver)

    def be_slow(self, *, slow: bool) -> None:
        """Let callbacks stay in flight, or finish all of them."""
        self._is_slow = slow
        self.deliver()

    def deliver(self) -> None:
        """Make the attempts that are due, unless the receivers are slow."""
        self._in_flight += self.engine.outbox.take_due()
        while self._in_flight and not self._is_slow:
            pending = self._in_flight.pop(0)
            self.engine.outbox.record_result(pending, _attempt(pending))

    async def call(self, call: Call) -> Answer:
        """Send a request, and let time do what it brings."""
        answer = await self._request(call)
        finish(self.engine.tick_in_steps())
        self.engine.outbox.check_due()
        for _ in range(3):  # callbacks are taken in the next pass of the loop, and cause others
            await asyncio.sleep(0)
        return answer

    async def reads(self) -> dict[str, Answer]:
        """Return the response of every GET, of all accounts and of each."""
        answers: dict[str, Answer] = {}
        for operation in READS:
            scopes = [""] if operation.key == "unused" else ["", *(f"?account={account_id(key)}" for key in KEYS)]
            for path in self._paths(operation.path):
                for scope in scopes:
                    end = f"{'&' if scope else '?'}timeout=0" if path.endswith("/wait") else ""
                    answers[path + scope] = await self._request(Call("GET", path + scope + end))
        return answers

    def snapshot(self, *, with_keys: bool = True) -> bytes:
        """Return a snapshot of everything."""
        return packed(self.engine, with_keys=with_keys)

    def load(self, raw: bytes) -> Snapshot:
        """Load a snapshot for this mock."""
        return load(BytesIO(raw), self.engine.settings)

    def _paths(self, template: str) -> list[str]:
        """Return a path for each record whose id it has: the first and the last."""
        if "{id}" not in template:
            return [template]
        if "/messages/" in template:
            return [template.format(id="latest")]
        numbers = [number for account in self.engine.accounts for number in account.journal._records][:1]
        return [template.format(id=number) for number in numbers]

    def resolve(self, call: Call) -> Call:
        """Return a call with the id of a record that this mock has."""
        accounts = [*self.engine.accounts]
        ids: dict[str, list[object]] = {
            "message": [each.transaction_id for account in accounts for each in account.messages.log.records],
            "callback": [each.number for account in accounts for each in account.callbacks.records],
            "fault": [each.fault_id for account in accounts for each in account.faults.rules],
        }
        names = {name: found[call.place % len(found)] if found else 0 for name, found in ids.items()}
        return call._replace(path=call.path.format_map(names))

    async def _request(self, call: Call) -> Answer:
        path, _, query = call.path.partition("?")
        content = (
            b"" if call.body is None else call.body if isinstance(call.body, bytes) else json.dumps(call.body).encode()
        )
        headers = [(b"host", b"127.0.0.1:8972"), (b"content-length", b"%d" % len(content))]
        if call.key is not None:
            headers.append((b"x-api-key", call.key.encode()))
        if content:
            headers.append((b"content-type", b"application/json"))
        scope = {
            "type": "http",
            "method": call.method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "scheme": "http",
            "server": ("127.0.0.1", 8972),
            "headers": headers,
            "extensions": {CONNECTION: FakeConnection()},
        }
        events: list[Event] = []
        body = iter([{"type": "http.request", "body": content, "more_body": False}])

        async def receive() -> Event:
            event = next(body, {"type": "http.disconnect"})
            if event["type"] == "http.disconnect" and path.startswith("/_mock"):
                await self._loop.create_future()  # a client of the inspection API stays connected
            return event

        async def send(event: Event) -> None:
            events.append(event)

        await self._app(scope, receive, send)
        return Answer(*response_of(events))


def _attempt(pending: PendingCallback) -> Attempt:
    """Return what a receiver responds to an attempt."""
    callback = pending.callback
    fails = callback.number % 3 == 0 and not callback.attempts
    body, error = (b"\xff\xfe no", "status 500") if fails else ("כן".encode(), None)
    return Attempt(pending.attempt_at, 500 if fails else 200, body, 0.25, error)


@contextmanager
def no_duration() -> Iterator[None]:
    """Let every request take no time, so that journals can be compared, and read the ledger once, which takes long."""
    with patch("mocksms.provider.app.timer", lambda: 0.0), patch("mocksms.inspection.mock.ledger", cache(ledger)):
        yield
