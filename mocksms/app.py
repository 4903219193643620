"""The application: both doors and the recipients' pages in one, the ticker that lets time pass, and the courier."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mocksms.engine.controls import Controls
from mocksms.engine.engine import Engine
from mocksms.inspection.auth import Guard
from mocksms.inspection.context import Context
from mocksms.inspection.routes import OPERATIONS as INSPECTING
from mocksms.inspection.routes import TAGS as CONTROL_TAGS
from mocksms.inspection.routes import explain, routes
from mocksms.provider.app import OPERATIONS as PROVIDED
from mocksms.provider.app import ProviderApp
from mocksms.provider.public_pages import BEGINNINGS as PUBLIC
from mocksms.provider.public_pages import PublicPages
from mocksms.provider.responses import TAGS as PROVIDER_TAGS
from mocksms.scenario.library import StartScenarios
from mocksms.schemas.openapi import document
from mocksms.web.static import static_routes
from mocksms.webhooks.allow_list import AllowList
from mocksms.webhooks.client import WebhookClient
from mocksms.webhooks.dispatcher import Dispatcher

log = logging.getLogger("mocksms")

OURS: Final = frozenset({"_mock", "inbox", "docs", "shared", "openapi.json"})
"""What our own paths begin with, beside / itself; all others belong to the recipients' pages or the emulated API."""

TICK: Final = 0.05
"""Seconds between two looks at what has become due; reads never wait for it."""

LOOK: Final = 0.25
"""Seconds between two looks at whether the files of the scenarios have changed."""


def create_app(engine: Engine, stopping: asyncio.Event | None = None, stage: StartScenarios | None = None) -> ASGIApp:
    """Return the ASGI application of one mock.

    Args:
        engine: its state.
        stopping: once set, answers that are being held back go out at once.
        stage: the scenarios it was started with, put in force anew when their files change.
    """
    stopping = stopping or asyncio.Event()
    desk = Context(engine)
    settings = engine.settings

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_tick(engine)), asyncio.create_task(_close(desk, stopping))]
        if stage is not None:
            tasks.append(asyncio.create_task(_follow(stage, desk.controls)))
        client = WebhookClient(AllowList(settings.webhook_allow), settings.webhook_timeout.total_seconds())
        courier = Dispatcher(engine, client)
        yield
        courier.stop()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    own_pages = Starlette(
        routes=[*routes(desk), Route("/openapi.json", _serve_openapi), *static_routes()],
        middleware=[Middleware(Guard, settings=settings)],
        exception_handlers={HTTPException: explain},
        lifespan=lifespan,
    )
    own_pages.router.redirect_slashes = False
    provider, pages = ProviderApp(engine, stopping), PublicPages(engine)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Send a request to its door: what is not ours belongs to the emulated API, unknown paths included."""
        path = "/" if scope["type"] != "http" else scope["path"]
        beginning = path[1:].partition("/")[0]
        if path == "/" or beginning in OURS:
            await own_pages(scope, receive, send)
        elif beginning in PUBLIC:
            await pages(scope, receive, send)
        else:
            await provider(scope, receive, send)

    return app


async def _close(desk: Context, stopping: asyncio.Event) -> None:
    await stopping.wait()
    desk.stop()


async def _follow(stage: StartScenarios, controls: Controls) -> None:
    """Put the scenarios of the start in force anew when their files have changed."""
    while True:
        await asyncio.sleep(LOOK)
        try:
            before, scenario = stage.active, stage.reload()
            if scenario is not None:
                controls.replace_scenario(before, scenario)
        except Exception:
            log.exception("mocksms failed to look at its scenario files; it goes on")


@cache
def openapi() -> dict[str, Any]:
    """Return the OpenAPI document of both doors."""
    return document([*PROVIDED, *INSPECTING], {**PROVIDER_TAGS, **CONTROL_TAGS})


async def _serve_openapi(_: Request) -> JSONResponse:
    return JSONResponse(openapi())


async def _tick(engine: Engine) -> None:
    while True:
        await asyncio.sleep(TICK)
        try:
            engine.tick()
            engine.outbox.check_due()
        except Exception:
            log.exception("mocksms failed to let time pass; it goes on")
