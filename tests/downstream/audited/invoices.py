"""Reminders of invoices, sent with the standard library."""

from __future__ import annotations

import json
import urllib.error
import urllib.request


class Invoices:
    """Reminds customers of what they owe."""

    def __init__(self, sms_url: str, sms_key: str) -> None:
        self._url = sms_url + "/transactional/sms/send"
        self._headers = {"X-API-Key": sms_key, "Content-Type": "application/json"}
        self.reminded: set[str] = set()

    def remind(self, phone: str, amount: str) -> None:
        """Send a reminder; one that the provider refuses is left for the next day.

        Raises:
            OSError, http.client.HTTPException: The connection to the provider failed.
        """
        message = {"content": f"Please pay {amount}", "to": [{"mobile_number": phone}]}
        body = json.dumps({"message": message}).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(self._url, body, self._headers), timeout=1) as response:
                (row,) = json.load(response)  # BUG: a body without JSON
        except urllib.error.HTTPError:
            return  # BUG: no second try where the provider asks for one
        if row["status"] in ("sent", "queued"):
            self.reminded.add(phone)
