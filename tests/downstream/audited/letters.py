"""Newsletters in two languages, and why a reader did not get one."""

from __future__ import annotations

import os

import requests

TEXTS = {"en": "Our news of the week", "he": "חדשות השבוע"}
REASONS = {
    "unsubscribe": "has opted out",
    "bounced": "cannot be reached",
    "invalid-number": "is not a number",
}
"""BUG: the provider has more reasons."""


def send_letter(phone: str, language: str) -> str:
    """Send the letter to a reader and return what to show about it.

    Raises:
        requests.RequestException: The provider is down or its response cannot be read.
    """
    message = {"content": TEXTS[language], "to": [{"mobile_number": phone}], "charset": "unicode"}
    response = requests.post(
        os.environ["SMS_URL"] + "/transactional/sms/send",
        json={"message": message},
        headers={"X-API-Key": os.environ["SMS_KEY"]},
        timeout=1,
    )
    response.raise_for_status()
    try:
        (row,) = response.json()
    except ValueError:
        return "unknown"
    return row["status"] if row["reject_reason"] is None else f"{phone} {REASONS[row['reject_reason']]}"
