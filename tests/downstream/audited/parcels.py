"""Messages about parcels, sent with aiohttp until they are accepted."""

from __future__ import annotations

import asyncio
import os

import aiohttp


async def announce(phone: str, parcel: str) -> str:
    """Send where a parcel is, and return the status of the message."""
    message = {"content": f"Your parcel {parcel} is at the post office", "to": [{"mobile_number": phone}]}
    headers = {"X-API-Key": os.environ["SMS_KEY"]}
    unlimited = aiohttp.ClientTimeout()  # BUG: a provider that does not respond
    async with aiohttp.ClientSession(headers=headers, timeout=unlimited) as session:
        while True:  # BUG: a provider that is down
            url = os.environ["SMS_URL"] + "/transactional/sms/send"
            async with session.post(url, json={"message": message}) as response:
                if response.ok:
                    return await status_of(response)
                await asyncio.sleep(0.2)  # BUG: a provider that wants a longer pause


async def status_of(response: aiohttp.ClientResponse) -> str:
    """Return the status of the only message of a response."""
    try:
        rows = await response.json()
    except ValueError:
        return "unknown"
    return str(rows[0]["status"])  # BUG: aiohttp returns None for an empty body
