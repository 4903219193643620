"""The application: both doors in one, and the ticker that lets time pass."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from mocksms.control.routes import Guard, control_door
from mocksms.engine.engine import Engine
from mocksms.provider.door import ProviderDoor

log = logging.getLogger("mocksms")

CONTROL: Final = "/_mock"
TICK: Final = 0.05
"""Seconds between two looks at what has become due; reads never wait for it."""


def create_app(engine: Engine, stopping: asyncio.Event | None = None) -> ASGIApp:
    """Return the ASGI application of one mock.

    Args:
        engine: its state.
        stopping: once set, answers that are being held back go out at once.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        ticker = asyncio.create_task(_tick(engine))
        yield
        ticker.cancel()
        with suppress(asyncio.CancelledError):
            await ticker

    guard = Middleware(Guard, allowed_hosts=engine.settings.allowed_host)
    own_pages = Starlette(routes=[Mount(CONTROL, control_door(engine))], middleware=[guard], lifespan=lifespan)
    provider = ProviderDoor(engine, stopping or asyncio.Event())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Send a request to its door: what is not ours belongs to the emulated API, unknown paths included."""
        is_ours = scope["type"] != "http" or _is_below(scope["path"], CONTROL)
        await (own_pages if is_ours else provider)(scope, receive, send)

    return app


def _is_below(path: str, prefix: str) -> bool:
    return path.startswith(prefix) and (len(path) == len(prefix) or path[len(prefix)] == "/")


async def _tick(engine: Engine) -> None:
    while True:
        await asyncio.sleep(TICK)
        try:
            engine.tick()
        except Exception:
            log.exception("mocksms failed to let time pass; it goes on")
