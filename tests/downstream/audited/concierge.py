"""Rooms of a hotel in FastAPI: a guest gets one SMS once the room is ready, sent with aiohttp."""

from __future__ import annotations

import asyncio
import os
import uuid
from typing import Any

import aiohttp
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

ATTEMPTS = 4
PAUSE = 0.2
RETRIED = (429, 500, 503)
TIMEOUT = aiohttp.ClientTimeout(total=0.8)

app = FastAPI()


class Room(BaseModel):
    """A room that is ready, and the phone of its guest."""

    number: int
    phone: str


class ProviderError(Exception):
    """The provider did not take the SMS, or nothing is known about it."""


@app.post("/ready")
async def announce(room: Room) -> dict[str, str]:
    """Send the SMS; 502 if the guest does not get it, so that the reception calls."""
    tag = uuid.uuid4().hex
    message = {"content": f"Room {room.number} is ready", "to": [{"mobile_number": room.phone}], "tags": [tag]}
    headers = {"X-API-Key": os.environ["SMS_KEY"]}
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=TIMEOUT) as session:
            row = await send_once(session, message)
    except ProviderError as error:
        raise HTTPException(502, str(error)) from error
    if row["status"] not in ("sent", "queued"):
        raise HTTPException(502, f"{row['status']}: {row['reject_reason']}")
    return {"status": row["status"]}


async def send_once(session: aiohttp.ClientSession, message: dict[str, Any]) -> dict[str, Any]:
    """Send a message, at most once, and return its row."""
    is_unknown = False
    for _ in range(ATTEMPTS):
        if is_unknown:
            found = await rows_of(session, "GET", "search", params={"tags": message["tags"][0]})
            if found is None:
                continue
            if found:
                return found[0]
        rows = await rows_of(session, "POST", "send", json={"message": message})
        if rows:
            return rows[0]
        is_unknown = True
    raise ProviderError("the provider does not respond")


async def rows_of(
    session: aiohttp.ClientSession, method: str, path: str, **content: Any
) -> list[dict[str, Any]] | None:
    """Return the rows of a response, None after an error that may pass."""
    pause = PAUSE
    try:
        url = f"{os.environ['SMS_URL']}/transactional/sms/{path}"
        async with session.request(method, url, **content) as response:
            if response.status not in (200, *RETRIED):
                raise ProviderError(f"refused with {response.status}")
            if response.status == 200 and isinstance(rows := await response.json(), list):
                return rows
            pause = float(response.headers.get("Retry-After", PAUSE))
    except (aiohttp.ClientError, TimeoutError, ValueError):
        pass
    await asyncio.sleep(pause)
    return None
