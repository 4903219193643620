"""Resources of the inspection API: finds the endpoint of a request, and renders its result or error.

Resources are imported at the first request for them: their models take long, and most test runs use few of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Generator
from difflib import get_close_matches
from importlib import import_module
from inspect import isawaitable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from mocksms.asgi.bodies import Disconnected
from mocksms.asgi.slices import Stopping
from mocksms.engine.collector import collector_paused
from mocksms.engine.steps import finish
from mocksms.errors import MocksmsError
from mocksms.inspection.context import BASE, Context, Endpoint, json_response
from mocksms.inspection.errors import ShuttingDown, error_response, refusal_response
from mocksms.inspection.parameters import prefers_text, read_call

MODULES: Final = {
    "messages": ("messages", "verify"),
    "search": ("search",),
    "controls": ("messages",),
    "next_events": ("messages",),
    "timeline": ("messages",),
    "phones": ("phones", "inbound", "consents"),
    "unread": ("phones",),
    "accounts": ("account", "accounts", "reset"),
    "callbacks": ("callbacks", "messages"),
    "webhooks": ("webhooks",),
    "clock": ("clock",),
    "scenarios": ("scenario", "scenarios", "faults"),
    "holds": ("faults",),
    "requests": ("requests",),
    "sends": ("test-send", "preview", "messages"),
    "snapshot": ("snapshot",),
    "trace": ("trace",),
    "mock": ("health", "numbers", "fidelity", "events"),
    "conditions": ("conditions",),
}
"""The modules with endpoints, each with what their paths begin with, in the order in which they are tried."""

MIN_LIKENESS: Final = 0.75
"""How much of an unknown path a suggested path has, from 0 to 1."""

RESET_PATH: Final = f"{BASE}/reset"
"""Never suggested, because it deletes everything."""

log = logging.getLogger("mocksms")


def endpoints_of(segment: str) -> list[Endpoint]:
    """Return the endpoints whose path begins with a segment; imports their modules."""
    names = [name for name, segments in MODULES.items() if segment in segments]
    with collector_paused():
        modules = [import_module(f"mocksms.inspection.{name}") for name in names]
    endpoints: list[Endpoint] = [endpoint for module in modules for endpoint in module.ENDPOINTS]
    return [endpoint for endpoint in endpoints if first_segment(endpoint.operation.path) == segment]


def first_segment(path: str) -> str:
    """Return what a path of the inspection API begins with, after its base."""
    return path.removeprefix(f"{BASE}/").partition("/")[0]


class EndpointApp:
    """One endpoint as an ASGI application: reads the request, renders the result and errors."""

    def __init__(self, context: Context, endpoint: Endpoint) -> None:
        self._context = context
        self._endpoint = endpoint
        method = endpoint.operation.method
        self.methods = {method, "HEAD"} if method == "GET" and not endpoint.holds else {method}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        headers = dict(scope["headers"])
        operation = self._endpoint.operation
        if scope["method"] not in self.methods:  # HEAD, where a response may take long
            return await method_not_allowed(scope["path"], scope["method"], self.methods)(scope, receive, send)
        try:
            engine, slices = self._context.engine, self._context.slices
            call = await read_call(engine, slices, operation, scope, receive, headers)
            if operation.key != "unused":
                await slices.run(call.scope.catch_up())
            result = self._endpoint.handler(self._context, call)
            if isinstance(result, Generator):
                result = await slices.run(result)
            elif isawaitable(result):
                result = await result
            if callable(result):
                response = result
            elif operation.key == "unused":
                response = finish(json_response(result))
            else:
                response = await slices.run(json_response(result))
        except Disconnected:
            return
        except Stopping:
            response = refusal_response(ShuttingDown(), as_text=prefers_text(headers))
        except MocksmsError as error:
            response = refusal_response(error, as_text=prefers_text(headers))
        except Exception:
            log.exception("mocksms failed on %s %s", scope["method"], ascii(scope["path"]))
            response = error_response(500, "mocksms itself failed; its log says how.")
        await response(scope, receive, send)


class EndpointRoute(Route):
    """The route of one endpoint."""

    app: EndpointApp

    def __init__(self, context: Context, endpoint: Endpoint) -> None:
        operation = endpoint.operation
        super().__init__(operation.path, EndpointApp(context, endpoint), methods=[operation.method], name=operation.id)


class Endpoints(BaseRoute):
    """All endpoints of the inspection API, as one route."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._routes: dict[str, list[EndpointRoute]] = {}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether a request is one to the inspection API."""
        is_own = scope["type"] == "http" and scope["path"].startswith(f"{BASE}/")
        return Match.FULL if is_own else Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request.

        Raises:
            HTTPException: there is no endpoint at its path.
        """
        routes, nearest = await self._routes_of(first_segment(scope["path"])), None
        for route in routes:
            match, child_scope = route.matches(scope)
            if match is Match.FULL:
                scope.update(child_scope)
                return await route.handle(scope, receive, send)
            if match is Match.PARTIAL:
                nearest = nearest or route
        if nearest is None:
            raise HTTPException(404)
        allowed = {method for route in routes if route.path == nearest.path for method in route.app.methods}
        await method_not_allowed(scope["path"], scope["method"], allowed)(scope, receive, send)

    async def _routes_of(self, segment: str) -> list[EndpointRoute]:
        """Return the routes whose path begins with a segment."""
        if segment not in self._routes:
            if not any(segment in segments for segments in MODULES.values()):
                return []
            endpoints = await asyncio.to_thread(endpoints_of, segment)
            self._routes[segment] = [EndpointRoute(self._context, endpoint) for endpoint in endpoints]
        return self._routes[segment]


async def explain(request: Request, error: Exception) -> Response:
    """Return the response to a request that no route takes."""
    from mocksms.inspection.routes import OPERATIONS

    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 405:
        return method_not_allowed(path, request.method, ("GET", "HEAD"))
    known = {each.path.removeprefix(BASE): each.path for each in OPERATIONS if each.path != RESET_PATH}
    near = get_close_matches(path.removeprefix(BASE), known, 1, MIN_LIKENESS)
    hint = f"did you mean {known[near[0]]}?" if near else "see /docs for all operations."
    return error_response(error.status_code, f"Unknown path {path}; {hint}")


def method_not_allowed(path: str, method: str, methods: Collection[str]) -> Response:
    """Return the response to a request with a method that its path does not allow."""
    allowed = ", ".join(sorted(methods))
    return error_response(405, f"Method {method} is not allowed for {path}; allowed: {allowed}.", {"allow": allowed})
