"""Exchange: one request of a connection and its response."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from mocksms.asgi.connection import COMPLETE_RESPONSE

LINE: Final = b"%b: %b\r\n"


class Exchange(RequestResponseCycle):
    """uvicorn's exchange, which also takes a complete response, and writes that in one piece.

    Args:
        tasks: has the task of the exchange until that ends.
        options: those of uvicorn.
    """

    def __init__(self, tasks: set[asyncio.Task[None]], **options: Any) -> None:
        super().__init__(**options)
        self._tasks = tasks

    def start(self, app: Any, loop: asyncio.AbstractEventLoop) -> None:
        """Run the application in a task."""
        self._task = loop.create_task(self.run_asgi(app))
        self._tasks.add(self._task)

    async def run_asgi(self, app: Any) -> None:
        """Run the application."""
        try:
            await super().run_asgi(app)
        finally:
            # Not as a callback of the task: the event loop would schedule one for each request.
            self._tasks.discard(self._task)

    async def send(self, message: Any) -> None:
        """Send an event of the application."""
        if message["type"] != COMPLETE_RESPONSE:
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if not self.disconnected:
            self._write(message["status"], message["headers"], message["body"])

    def _write(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Write a response, with headers that are valid and do not say how it is transferred."""
        self.response_started = self.response_complete = True
        lines = [LINE % header for header in (*self.default_headers, *headers)]
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        written = b"" if self.scope["method"] == "HEAD" else body
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], b"".join(lines), written))
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
