"""Exchange: one request of a connection and its response."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, cast

from mocksms.asgi.connection import COMPLETE_BODY, COMPLETE_RESPONSE
from mocksms.connections.transport import TcpConnection
from mocksms.connections.uvicorn_parts import STATUS_LINE, RequestResponseCycle

LINE: Final = b"%b: %b\r\n"


class Exchange(RequestResponseCycle):
    """uvicorn's exchange, which also takes a complete response, and writes that in one piece."""

    def start(self, app: Any, loop: asyncio.AbstractEventLoop, *, at_once: bool) -> asyncio.Task[None] | None:
        """Run the application; return the task in which it runs, None if it has ended.

        With `at_once`, a task begins only where the application waits for the first time. Until then it must not need
        one, as timeouts do. So a response that waits for nothing takes no turn of the event loop.
        """
        run = self.run_asgi(app)
        if at_once and not self.more_body:
            cast("dict[str, object]", self.scope)[COMPLETE_BODY] = bytes(self.body)
            try:
                waits_for = run.send(None)
            except StopIteration:
                return None
            run = _rest(run, waits_for)
        return loop.create_task(run)

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
        parts = [STATUS_LINE[status]]
        for name, value in (*self.default_headers, *headers):
            parts += (name, b": ", value, b"\r\n")
        if not self.keep_alive:
            parts.append(b"connection: close\r\n")
        parts += (b"\r\n", b"" if self.scope["method"] == "HEAD" else body)
        cast("TcpConnection", self.transport).write_soon(b"".join(parts))
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


async def _rest(run: Coroutine[Any, Any, None], waits_for: Any) -> None:
    """Run what is left of a coroutine that waits."""
    await _Rest(run, waits_for)


class _Rest:
    """Waits for what a coroutine waits for, and goes on with the coroutine."""

    def __init__(self, run: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._run = run
        self._waits_for = [waits_for]

    def __await__(self) -> Any:
        return self

    def __next__(self) -> Any:
        return self._waits_for.pop() if self._waits_for else self._run.send(None)

    def throw(self, *error: Any) -> Any:
        """Raise in the coroutine the error of what it waits for."""
        return self._run.throw(*error)
