"""A mock in this process, to which the requests of probes are sent without a socket."""

from __future__ import annotations

import asyncio
from datetime import datetime

from starlette.types import Message as AsgiEvent
from starlette.types import Scope

from mocksms.compare.model import (
    KEY_NAME,
    PhoneRequest,
    PhoneScreen,
    ProbeRequest,
    ProbeResponse,
)
from mocksms.engine.engine import Engine
from mocksms.provider.app import ProviderApp
from mocksms.settings import API_PREFIX, Settings


class MockSender:
    """Sends requests to a mock with these settings. Its time is `now`, which moves only if it is set.

    Args:
        settings: the options; the given key is KEY_NAME.
        now: aware, in UTC.
        loop: runs the requests; several mocks can share it.
    """

    def __init__(self, settings: Settings, now: datetime, loop: asyncio.AbstractEventLoop) -> None:
        self.now = now
        self._engine = Engine(settings, lambda: self.now)
        self._app = ProviderApp(self._engine, asyncio.Event())
        self._loop = loop

    def send(self, request: ProbeRequest | PhoneRequest) -> ProbeResponse | PhoneScreen:
        """Send a request and return its response."""
        if isinstance(request, PhoneRequest):
            message = self._engine.find(self._engine.account(KEY_NAME), request.transaction_id)
            if request.segments:
                return PhoneScreen("", "", message.segments)
            return PhoneScreen(message.sender, self._engine.text_of(message))
        return self._loop.run_until_complete(self._call(request))

    async def _call(self, request: ProbeRequest) -> ProbeResponse:
        events: list[AsgiEvent] = []
        requests = iter([{"type": "http.request", "body": request.body}])

        async def receive() -> AsgiEvent:
            return next(requests)

        async def send(event: AsgiEvent) -> None:
            events.append(event)

        await self._app(_scope(request), receive, send)
        start, *bodies = events
        headers = tuple((name.decode(), value.decode("latin-1")) for name, value in start["headers"])
        return ProbeResponse(start["status"], headers, b"".join(event["body"] for event in bodies))


def _scope(request: ProbeRequest) -> Scope:
    path, _, query = request.path.partition("?")
    path = path if request.prefix is False else API_PREFIX + path
    headers = (("Host", "mock"), *request.key.headers(KEY_NAME), *request.headers)
    return {
        "type": "http",
        "method": request.method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "scheme": "http",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "extensions": {},
    }
