"""Codes for a sign-up, sent with requests; whatever fails is tried again."""

from __future__ import annotations

import os
import time

import requests

ATTEMPTS = 3


def text_code(phone: str, code: str) -> bool:
    """Send a code and return whether the provider has accepted it."""
    message = {"content": f"Your code is {code}", "to": [{"mobile_number": phone}]}
    url, headers = os.environ["SMS_URL"] + "/transactional/sms/send", {"X-API-Key": os.environ["SMS_KEY"]}
    for _ in range(ATTEMPTS):
        try:
            response = requests.post(url, json={"message": message}, headers=headers, timeout=1)
            if response.ok:
                return response.json()[0]["status"] in ("sent", "queued")
        except requests.RequestException:
            pass  # BUG: the provider may have accepted the SMS, and only its response was lost
        time.sleep(0.2)  # BUG: the provider may want a longer pause
    return False
