"""What mocksms is compared with: the same body is read, and a fixed response or the least fake answers.

    python -m tests.benchmarks.baselines NAME PORT

uvicorn[standard] serves them as it serves applications of users: with uvloop and httptools.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import LOGGING_CONFIG

ROWS: Final = [
    {"mobile_number": "972-54-1111111", "status": "sent", "reject_reason": None, "transaction_id": "0" * 32},
]
BODY: Final = json.dumps(ROWS, separators=(",", ":")).encode()


async def bare_asgi(_: Scope, receive: Receive, send: Send) -> None:
    """Read and parse the body, and answer a constant, without a framework."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    if body:
        json.loads(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


async def constant(request: Request) -> JSONResponse:
    """Read and parse the body, and answer a constant."""
    await request.json()
    return JSONResponse(ROWS)


def fake() -> ASGIApp:
    """Return a fake as a team writes it; the bare route does without its imports."""
    from tests.benchmarks.fake import Fake

    return Starlette(routes=[Route("/transactional/sms/send", Fake().send, methods=["POST"])])


def route() -> ASGIApp:
    """Return a bare route."""
    return Starlette(routes=[Route("/transactional/sms/send", constant, methods=["POST"])])


APPLICATIONS: Final[dict[str, Callable[[], ASGIApp]]] = {
    "asgi": lambda: bare_asgi,
    "route": route,
    "logged": route,
    "fake": fake,
}
"""By their names; all but `logged` are served without uvicorn's log of requests, which mocksms has in its own way."""

if __name__ == "__main__":
    name, port = sys.argv[1], int(sys.argv[2])
    LOGGING_CONFIG["loggers"]["uvicorn.error"]["level"] = "WARNING"
    is_logged = name == "logged"
    uvicorn.run(APPLICATIONS[name](), port=port, http="httptools", loop="uvloop", lifespan="off", access_log=is_logged)
