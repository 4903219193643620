"""The ASGI application of one mock: routes requests to its APIs and runs its background tasks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, nullcontext, suppress
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from mocksms.asgi.slices import Slices
from mocksms.engine.clock import system_time
from mocksms.engine.controls import Controls
from mocksms.engine.engine import Engine
from mocksms.provider.app import FIRST_SEGMENTS as PROVIDER_SEGMENTS
from mocksms.provider.app import OPERATIONS as PROVIDER_OPERATIONS
from mocksms.provider.app import ProviderApp
from mocksms.provider.public_pages import FIRST_SEGMENTS as PUBLIC_SEGMENTS
from mocksms.provider.public_pages import PublicPages
from mocksms.provider.responses import TAGS as PROVIDER_TAGS
from mocksms.scenario.library import StartScenarios
from mocksms.schemas.openapi import document, error_examples, response_examples
from mocksms.web.browser_files import browser_file
from mocksms.web.static import StaticFiles
from mocksms.webhooks.allow_list import AllowList
from mocksms.webhooks.client import WebhookClient
from mocksms.webhooks.dispatcher import Dispatcher

if TYPE_CHECKING:
    from mocksms.inspection.context import Context
    from mocksms.state.state_saver import StateSaver

log = logging.getLogger("mocksms")

OWN_SEGMENTS: Final = frozenset({"_mock", "inbox", "docs", "common", "client", "openapi.json", "llms.txt"})
"""First segments of the paths of inspection API and web UI."""

CreateApp = Callable[[asyncio.Event], ASGIApp]
"""Returns an application, from an event that is set once it must end what it waits for."""

TICK_SECONDS: Final = 0.05
"""Seconds between two checks for due events. Requests apply due events themselves and never wait for a tick."""

WATCH_SECONDS: Final = 0.25
"""Seconds between two checks for changed scenario files."""


def create_app(
    engine: Engine,
    stopping: asyncio.Event | None = None,
    scenarios: StartScenarios | None = None,
    saver: StateSaver | None = None,
) -> ASGIApp:
    """Return the ASGI application of one mock.

    Args:
        engine: the state of the mock.
        stopping: once set, delayed responses are sent at once, and waits and streams end.
        scenarios: the scenarios of the options, reloaded when their files change.
        saver: saves the state, if the mock has a state file.
    """
    stopping = stopping or asyncio.Event()
    slices = Slices()
    inspection = DeferredApp(engine, slices, stopping)
    background = Starlette(lifespan=lambda _: _background(inspection, scenarios, saver))
    provider, public_pages = ProviderApp(engine, stopping, slices), PublicPages(engine)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Route a request by the first segment of its path. Unknown paths get the 404 of the emulated API.

        The server starts it without a task, and Starlette needs one.
        """
        if scope["type"] != "http":
            await background(scope, receive, send)
            return
        path = scope["path"]
        segment = first_segment(path)
        if segment in PROVIDER_SEGMENTS:
            await provider(scope, receive, send)
        elif segment in OWN_SEGMENTS:
            await asyncio.sleep(0)  # from here on in a task
            await inspection(scope, receive, send)
        elif segment in PUBLIC_SEGMENTS:
            await public_pages(scope, receive, send)
        else:
            await (browser_file(scope["method"], path) or provider)(scope, receive, send)

    return app


class DeferredApp:
    """The inspection API and the web UI, which are created at their first request: their imports take long.

    So a mock answers sends earlier. Those who only send never wait for it.
    """

    def __init__(self, engine: Engine, slices: Slices, stopping: asyncio.Event) -> None:
        self.engine = engine
        self.slices = slices
        self.stopping = stopping
        self._started, self._first_cursor = system_time(), engine.cursor
        self._creating = asyncio.Lock()
        self._app: ASGIApp | None = None
        self._stop: Callable[[], None] = slices.stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        async with self._creating:
            if self._app is None:
                await asyncio.to_thread(import_module, "mocksms.inspection.resources")
                self._app = self._create()
            app = self._app
        await app(scope, receive, send)

    def _create(self) -> ASGIApp:
        from mocksms.inspection.context import Context

        context = Context(self.engine, self.slices, started=self._started, first_cursor=self._first_cursor)
        self._stop = context.stop
        return own_app(context)

    def stop(self) -> None:
        """End what waits and what is held, since the mock stops."""
        self._stop()
        self.engine.holds.release(None)


class RepeatedErrors:
    """Suppresses errors in a block that runs again and again; logs one only if the run before did not fail like it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._last: str | None = None

    def __enter__(self) -> None:
        """Start a run."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """End a run; do not suppress the end of the task."""
        if error is not None and not isinstance(error, Exception):
            return False
        now = None if error is None else repr(error)
        if now is not None and now != self._last:
            log.error(self._text, exc_info=error)
        self._last = now
        return True


@asynccontextmanager
async def _background(
    inspection: DeferredApp, scenarios: StartScenarios | None, saver: StateSaver | None
) -> AsyncIterator[None]:
    """Run the background tasks of a mock."""
    engine, settings, slices = inspection.engine, inspection.engine.settings, inspection.slices
    work = [_tick(engine, slices), stop_at(inspection.stop, inspection.stopping)]
    if scenarios is not None:
        work.append(_watch(scenarios, Controls(engine)))
    saving = nullcontext() if saver is None else saver.running(partial(slices.run, to_end=True))
    async with saving, running(*work):
        client = WebhookClient(AllowList(settings.webhook_allow), settings.webhook_timeout.total_seconds())
        dispatcher = Dispatcher(engine, client)
        yield
        dispatcher.stop()


@asynccontextmanager
async def running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run coroutines in the background until the end of a block."""
    tasks = [*map(asyncio.create_task, work)]
    yield
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def stop_at(stop: Callable[[], None], stopping: asyncio.Event) -> None:
    """Stop a mock once an event is set."""
    await stopping.wait()
    stop()


async def _watch(scenarios: StartScenarios, controls: Controls) -> None:
    """Reload the scenarios of the options when their files change."""
    errors = RepeatedErrors("mocksms failed to check its scenario files; it tries again")
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        with errors:
            before, scenario = scenarios.active, scenarios.reload()
            if scenario is not None:
                controls.replace_scenario(before, scenario)


def own_app(context: Context, lifespan: Lifespan[Starlette] | None = None, shows: str | None = None) -> Starlette:
    """Return the application of the inspection API and the web UI.

    Args:
        context: the mock.
        lifespan: what runs in the background.
        shows: what a read-only mock shows, trace or snapshot.
    """
    from mocksms.inspection.auth import Guard
    from mocksms.inspection.resources import Endpoints, explain

    app = Starlette(
        routes=[StaticFiles(read_only=shows is not None), Endpoints(context), Route("/openapi.json", _serve_openapi)],
        middleware=[Middleware(Guard, settings=context.engine.settings, shows=shows)],
        exception_handlers={HTTPException: explain},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


def first_segment(path: str) -> str:
    """Return the first segment of a path; `/` is the inbox."""
    return "inbox" if path == "/" else path[1:].partition("/")[0]


@cache
def openapi() -> dict[str, Any]:
    """Return the OpenAPI document of both APIs."""
    from mocksms.inspection.routes import OPERATIONS, TAGS
    from mocksms.webhooks.description import callback_specs

    operations, tags = [*PROVIDER_OPERATIONS, *OPERATIONS], {**PROVIDER_TAGS, **TAGS}
    return document(operations, tags, response_examples(), error_examples(), callback_specs())


async def _serve_openapi(_: Request) -> JSONResponse:
    return JSONResponse(openapi())


async def _tick(engine: Engine, slices: Slices) -> None:
    """Apply due events of real time: without a request, nothing else does."""
    errors = RepeatedErrors("mocksms failed to apply due events; it tries again")
    while True:
        await asyncio.sleep(TICK_SECONDS)
        with errors:
            await slices.run(engine.tick_in_steps(), to_end=True)
            engine.outbox.check_due()
