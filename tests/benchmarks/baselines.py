"""What mocksms is compared with: the same body is read, and a fixed response or the least fake answers.

    python -m tests.benchmarks.baselines NAME PORT

uvicorn[standard] serves them as it serves applications of users: with uvloop and httptools.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

import uvicorn
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

ANSWER: Final = [
    {"mobile_number": "972-54-1111111", "status": "sent", "reject_reason": None, "transaction_id": "0" * 32},
]


async def bare_asgi(_: Scope, receive: Receive, send: Send) -> None:
    """Read and parse the body, and answer a constant, without a framework."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    if body:
        json.loads(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_ANSWER_BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _ANSWER_BODY})


async def constant(request: Request) -> JSONResponse:
    """Read and parse the body, and answer a constant."""
    await request.json()
    return JSONResponse(ANSWER)


class _Recipient(BaseModel):
    mobile_number: str


class _Message(BaseModel):
    content: str
    charset: str = ""
    to: list[_Recipient]
    tags: list[str] = []


class _Body(BaseModel):
    message: _Message


class Fake:
    """The fake that a team writes by hand: validates the body, and keeps each message in a dictionary."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, Any]] = {}

    async def send(self, request: Request) -> JSONResponse:
        """Store the messages, and answer a row for each."""
        message, rows = _Body.model_validate_json(await request.body()).message, []
        for to in message.to:
            row = {
                "mobile_number": to.mobile_number,
                "status": "sent",
                "reject_reason": None,
                "transaction_id": uuid4().hex,
            }
            self.messages[row["transaction_id"] or ""] = {**row, "content": message.content, "tags": message.tags}
            rows.append(row)
        return JSONResponse(rows)


_ANSWER_BODY: Final = json.dumps(ANSWER, separators=(",", ":")).encode()


def _route(endpoint: Any) -> ASGIApp:
    return Starlette(routes=[Route("/transactional/sms/send", endpoint, methods=["POST"])])


APPLICATIONS: Final[dict[str, Callable[[], ASGIApp]]] = {
    "asgi": lambda: bare_asgi,
    "route": lambda: _route(constant),
    "fake": lambda: _route(Fake().send),
}

if __name__ == "__main__":
    app, port = APPLICATIONS[sys.argv[1]](), int(sys.argv[2])
    uvicorn.run(app, port=port, http="httptools", loop="uvloop", lifespan="off", access_log=False, log_level="warning")
