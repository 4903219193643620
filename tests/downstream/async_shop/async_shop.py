"""A shop in FastAPI that texts in the background, with an async client."""

from __future__ import annotations

import asyncio
import os

import httpx
from fastapi import FastAPI
from pydantic import BaseModel

SEND = "/transactional/sms/send"


class Order(BaseModel):
    phone: str
    item: str


def create_app() -> FastAPI:
    app = FastAPI()
    running: set[asyncio.Task[None]] = set()

    @app.post("/orders", status_code=202)
    async def order(order: Order) -> dict[str, str]:
        task = asyncio.create_task(confirm(order))
        running.add(task)
        task.add_done_callback(running.discard)
        return {"status": "accepted"}

    return app


async def confirm(order: Order) -> None:
    """Text that an order is on its way, some turns of the loop after it was answered."""
    for _ in range(3):
        await asyncio.sleep(0)
    body = {"message": {"content": f"On its way: {order.item}", "to": [{"mobile_number": order.phone}]}, "async": True}
    async with httpx.AsyncClient(base_url=os.environ["SMS_URL"]) as client:
        await client.post(SEND, json=body, headers={"X-API-Key": os.environ["SMS_KEY"]})
