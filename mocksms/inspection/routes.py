"""The inspection API as an application: every room behind its route, and one place where errors become answers."""

from __future__ import annotations

import difflib
import inspect
import logging
from dataclasses import replace
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from mocksms.asgi import Disconnected
from mocksms.errors import MocksmsError
from mocksms.inspection import accounts, callbacks, messages, phones, scenarios
from mocksms.inspection import clock as clocks
from mocksms.inspection import mock as catalogues
from mocksms.inspection import requests as journal
from mocksms.inspection.answers import error_answer, refusal
from mocksms.inspection.context import ANY, WRITES, Context, Endpoint
from mocksms.inspection.parameters import prefers_text, read_ask

ROOMS: Final[tuple[Endpoint, ...]] = (
    *messages.ROOMS,
    *phones.ROOMS,
    *accounts.ROOMS,
    *callbacks.ROOMS,
    *clocks.ROOMS,
    *scenarios.ROOMS,
    *journal.ROOMS,
    *catalogues.ROOMS,
)
"""Every operation of the inspection API."""

OPERATIONS: Final = tuple(
    replace(operation, replies={**operation.replies, **ANY, **({} if operation.method == "GET" else WRITES)})
    for operation in (room.operation for room in ROOMS)
)
"""The operations with the answers that the guard and the reading of bodies may give."""

TAGS: Final = {
    messages.TAG: "What was sent: look, wait, verify, and drive a message by hand.",
    accounts.TAG: "What belongs to one API key. The header X-API-Key or ?account= names one; without, all are meant.",
    callbacks.TAG: "What receivers were told and how they answered, and who opted out or in.",
    clocks.TAG: "Time, of one account or of all.",
    scenarios.TAG: "What becomes of messages and calls, by rules; the first that matches and has uses left counts.",
    journal.TAG: "Every call of the emulated API, refused and malformed ones too.",
    catalogues.TAG: "The mock itself.",
}

log = logging.getLogger("mocksms")


class EndpointApp:
    """One room as an ASGI application."""

    def __init__(self, desk: Context, room: Endpoint) -> None:
        self._desk = desk
        self._room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the call, have it answered, and turn an error into an answer."""
        headers = dict(scope["headers"])
        operation = self._room.operation
        if self._room.holds and scope["method"] == "HEAD":
            return await _not_that_way(scope["path"], "HEAD", operation.path)(scope, receive, send)
        try:
            ask = await read_ask(self._desk.engine, operation, scope, receive, headers)
            answered = self._room.endpoint(self._desk, ask)
            answer = await answered if inspect.isawaitable(answered) else answered
        except Disconnected:
            return
        except MocksmsError as error:
            answer = refusal(error, as_text=prefers_text(headers))
        except Exception:
            log.exception("mocksms failed on %s %s", scope["method"], ascii(scope["path"]))
            answer = error_answer(500, "mocksms itself failed; its log says how.")
        await answer(scope, receive, send)


def routes(desk: Context) -> list[Route]:
    """Return the routes of the inspection API."""
    return [
        Route(room.operation.path, EndpointApp(desk, room), methods=[room.operation.method], name=room.operation.id)
        for room in ROOMS
    ]


async def explain(request: Request, error: Exception) -> Response:
    """Answer a call that no route takes."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 405:
        fitting = next(route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
        return _not_that_way(path, request.method, fitting.path)
    near = difflib.get_close_matches(path, {room.operation.path for room in ROOMS}, 1)
    hint = f"did you mean {near[0]}?" if near else "all there is stands in /openapi.json, to be read at /docs."
    return error_answer(error.status_code, f"There is no {path} here; {hint}")


def _not_that_way(path: str, method: str, template: str) -> Response:
    rooms = [room for room in ROOMS if room.operation.path == template]
    methods = {room.operation.method for room in rooms} or {"GET"}
    if "GET" in methods and not any(room.holds for room in rooms):
        methods.add("HEAD")
    allowed = ", ".join(sorted(methods))
    return error_answer(405, f"{path} does not answer {method}, only {allowed}.", {"allow": allowed})
