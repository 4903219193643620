"""Vouchers by SMS, sent with requests and retried with tenacity."""

from __future__ import annotations

import os

import requests
import tenacity


@tenacity.retry(  # BUG: no wait, and a lost response is no reason to send again
    stop=tenacity.stop_after_attempt(3), retry=tenacity.retry_if_exception_type(requests.RequestException)
)
def send(phone: str, text: str) -> str:
    """Send an SMS and return its status.

    Raises:
        tenacity.RetryError: The provider is down.
    """
    response = requests.post(
        os.environ["SMS_URL"] + "/transactional/sms/send",
        json={"message": {"content": text, "to": [{"mobile_number": phone}]}},
        headers={"X-API-Key": os.environ["SMS_KEY"]},
        timeout=1,
    )
    response.raise_for_status()
    return str(response.json()[0]["status"])


def give(phone: str, euros: int) -> bool:
    """Send a voucher and return whether its customer has it."""
    return send(phone, f"Voucher: {euros} euros off your next order") == "sent"
