"""Alerts for the engineers on duty, sent with an asynchronous client."""

from __future__ import annotations

import os

import httpx


async def alert(phones: list[str], text: str) -> list[str]:
    """Send an alert to phones and return the ids of the messages.

    Raises:
        httpx.HTTPError: The provider is down or refuses the alert.
    """
    message = {"content": text, "to": [{"mobile_number": phone} for phone in phones], "add_unsubscribe_link": False}
    headers = {"X-API-Key": os.environ["SMS_KEY"]}
    async with httpx.AsyncClient(headers=headers, timeout=1) as client:
        response = await client.post(os.environ["SMS_URL"] + "/transactional/sms/send", json={"message": message})
    response.raise_for_status()
    return [row["transaction_id"] for row in response.json()]  # BUG: a body without JSON, a phone that is rejected
