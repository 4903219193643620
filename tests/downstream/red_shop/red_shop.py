"""A shop that sends its texts with requests, and is wrong about some of them."""

from __future__ import annotations

import logging
import os

import requests

log = logging.getLogger("red_shop")


def send(phone: str, text: str, *tags: str, path: str = "/transactional/sms/send") -> None:
    """Send an SMS, and log what happens."""
    log.info("text %s to %s", text, phone)
    message = {"content": text, "to": [{"mobile_number": phone}], "tags": [*tags], "charset": "unicode"}
    headers = {"X-API-Key": os.environ["SMS_KEY"], "Authorization": "Bearer secret-of-the-shop"}
    answer = requests.post(os.environ["SMS_URL"] + path, json={"message": message}, headers=headers, timeout=5)
    if not answer.ok:
        log.error("refused: %s", answer.text)


def confirm(phone: str, order: int) -> None:
    """Confirm an order, which the shop has lost."""
    send(phone, f"Order {order} is on its way")
    raise LookupError(f"no order {order}: הזמנה לא נמצאה")
