"""Visits of a technician in FastAPI, announced by SMS with httpx."""

from __future__ import annotations

import os

import httpx
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()


class Visit(BaseModel):
    """A visit that a customer has agreed to."""

    phone: str
    hour: int


@app.post("/visits", status_code=201)
async def plan(visit: Visit) -> dict[str, str]:
    message = {"content": f"The technician comes at {visit.hour}:00", "to": [{"mobile_number": visit.phone}]}
    headers = {"X-API-Key": os.environ["SMS_KEY"]}
    try:
        async with httpx.AsyncClient(base_url=os.environ["SMS_URL"], headers=headers, timeout=1) as client:
            response = await client.post("/transactional/sms/send", json={"message": message})
        response.raise_for_status()  # BUG: no second try where the provider asks for one
        status = response.json()[0]["status"]
    except (httpx.HTTPError, ValueError) as error:
        raise HTTPException(502, f"no SMS: {error}") from error
    if status not in ("sent", "queued"):
        raise HTTPException(422, f"the SMS is {status}")
    return {"status": status}
