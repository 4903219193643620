"""The fake that a team writes by hand: Starlette, pydantic and a dictionary."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse


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
    """Validates the body of a send, and keeps each message in a dictionary."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, Any]] = {}

    async def send(self, request: Request) -> JSONResponse:
        """Store the messages, and answer a row for each."""
        message, rows = _Body.model_validate_json(await request.body()).message, []
        for to in message.to:
            name = uuid4().hex
            row = {
                "mobile_number": to.mobile_number,
                "status": "sent",
                "reject_reason": None,
                "transaction_id": name,
            }
            self.messages[name] = {**row, "content": message.content, "tags": message.tags}
            rows.append(row)
        return JSONResponse(rows)
