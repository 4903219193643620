"""The yardstick: a Starlette route that reads and parses the same body and answers a constant."""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

ANSWER = [
    {"mobile_number": "972-54-1111111", "status": "sent", "reject_reason": None, "transaction_id": "0" * 32},
]


async def send(request: Request) -> JSONResponse:
    await request.json()
    return JSONResponse(ANSWER)


if __name__ == "__main__":
    app = Starlette(routes=[Route("/transactional/sms/send", send, methods=["POST"])])
    uvicorn.run(app, port=int(sys.argv[1]), http="httptools", loop="asyncio", access_log=False, log_level="warning")
