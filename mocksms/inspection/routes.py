"""Routes of the inspection API: every endpoint with its path, and the one place that renders results and errors."""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import replace
from difflib import get_close_matches
from inspect import isawaitable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from mocksms.asgi.bodies import Disconnected
from mocksms.asgi.slices import Stopping
from mocksms.engine.steps import finish
from mocksms.errors import MocksmsError
from mocksms.inspection import (
    accounts,
    callbacks,
    clock,
    conditions,
    controls,
    holds,
    messages,
    mock,
    next_events,
    phones,
    requests,
    scenarios,
    search,
    sends,
    snapshot,
    timeline,
    trace,
    webhooks,
)
from mocksms.inspection.context import BASE, Context, Endpoint, json_response
from mocksms.inspection.errors import ShuttingDown, error_response, refusal_response
from mocksms.inspection.parameters import prefers_text, read_call

GROUPS: Final[dict[str, tuple[str, tuple[Endpoint, ...]]]] = {
    "Messages": (
        "Sent messages: list, read, wait, verify, and control one manually.",
        (
            *messages.ENDPOINTS,
            *search.ENDPOINTS,
            *controls.ENDPOINTS,
            *next_events.ENDPOINTS,
            *timeline.ENDPOINTS,
        ),
    ),
    "Phones": ("Phones that got an SMS: their replies, opt-outs and opt-ins.", phones.ENDPOINTS),
    "Accounts": (
        "Everything that belongs to one API key. The header X-API-Key or ?account= chooses an account; without them "
        "an operation is about all accounts.",
        accounts.ENDPOINTS,
    ),
    "Callbacks": (
        "Webhooks and their callbacks, with every attempt and its response.",
        (*callbacks.ENDPOINTS, *webhooks.ENDPOINTS),
    ),
    "Clock": ("The time of one account, or of all accounts.", clock.ENDPOINTS),
    "Scenarios": (
        "Rules that decide about messages and requests. The first rule that matches and has uses left is applied.",
        (*scenarios.ENDPOINTS, *holds.ENDPOINTS),
    ),
    "Requests": (
        "Recorded requests to the emulated API, also refused and malformed ones; test sends and their preview.",
        (*requests.ENDPOINTS, *sends.ENDPOINTS),
    ),
    "Snapshots": (
        "Everything that the mock or some accounts hold, as a file to keep and restore.",
        (*snapshot.ENDPOINTS, *trace.ENDPOINTS),
    ),
    "Mock": ("The mock itself.", (*mock.ENDPOINTS, *conditions.ENDPOINTS)),
}
"""The endpoints by tag, with the description of the tag."""

TAGS: Final = {tag: about for tag, (about, _) in GROUPS.items()}

ENDPOINTS: Final = tuple(
    replace(each, operation=replace(each.operation, tag=tag))
    for tag, (_, endpoints) in GROUPS.items()
    for each in endpoints
)
"""Every endpoint of the inspection API."""

OPERATIONS: Final = tuple(each.operation for each in ENDPOINTS)

MIN_LIKENESS: Final = 0.75
"""How much of an unknown path a suggested path has, from 0 to 1."""

RESET_PATH: Final = f"{BASE}/reset"
"""Never suggested, because it deletes everything."""

log = logging.getLogger("mocksms")


class EndpointApp:
    """One endpoint as an ASGI application: reads the request, renders the result and errors."""

    def __init__(self, context: Context, endpoint: Endpoint) -> None:
        self._context = context
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        headers = dict(scope["headers"])
        operation = self._endpoint.operation
        if self._endpoint.holds and scope["method"] == "HEAD":
            return await _method_not_allowed(scope["path"], "HEAD", operation.path)(scope, receive, send)
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


def routes(context: Context) -> list[Route]:
    """Return the routes of the inspection API."""
    return [
        Route(
            endpoint.operation.path,
            EndpointApp(context, endpoint),
            methods=[endpoint.operation.method],
            name=endpoint.operation.id,
        )
        for endpoint in ENDPOINTS
    ]


async def explain(request: Request, error: Exception) -> Response:
    """Return the response to a request that no route takes."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 405:
        fitting = next(route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
        return _method_not_allowed(path, request.method, fitting.path)
    known = {each.path.removeprefix(BASE): each.path for each in OPERATIONS if each.path != RESET_PATH}
    near = get_close_matches(path.removeprefix(BASE), known, 1, MIN_LIKENESS)
    hint = f"did you mean {known[near[0]]}?" if near else "see /docs for all operations."
    return error_response(error.status_code, f"Unknown path {path}; {hint}")


def _method_not_allowed(path: str, method: str, template: str) -> Response:
    endpoints = [endpoint for endpoint in ENDPOINTS if endpoint.operation.path == template]
    methods = {endpoint.operation.method for endpoint in endpoints} or {"GET"}
    if "GET" in methods and not any(endpoint.holds for endpoint in endpoints):
        methods.add("HEAD")
    allowed = ", ".join(sorted(methods))
    return error_response(405, f"Method {method} is not allowed for {path}; allowed: {allowed}.", {"allow": allowed})
