"""One-time codes, sent with requests: each code once, whatever the provider does."""

from __future__ import annotations

import time
from typing import Any

import requests

ATTEMPTS = 4
PAUSE = 0.2
MAX_PAUSE = 5.0
RETRIED = (429, 500, 502, 503, 504)


class SmsError(Exception):
    """A code that was not sent, and why."""


class Codes:
    """Sends the codes of logins."""

    def __init__(self, sms_url: str, sms_key: str) -> None:
        self._url = sms_url + "/transactional/sms"
        self._session = requests.Session()
        self._session.headers["X-API-Key"] = sms_key

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def send(self, phone: str, code: str, login: str) -> str:
        """Send the code of a login and return the status of its message.

        The id of the login is the tag of the message: before another attempt, the provider is searched for it.

        Raises:
            SmsError: The phone does not get the code, or it is not known whether it does.
        """
        message = {"content": f"Your code is {code}", "to": [{"mobile_number": phone}], "tags": [login]}
        rows = self._call("POST", "/send", json={"message": message})
        for _ in range(ATTEMPTS):
            if rows:
                break
            found = self._call("GET", "/search", params={"tags": login})
            rows = self._call("POST", "/send", json={"message": message}) if found == [] else found
        if not rows:
            raise SmsError("the provider does not respond")
        if rows[0]["status"] not in ("sent", "queued"):
            raise SmsError(f"{phone} cannot get a code: {rows[0]['reject_reason']}")
        return str(rows[0]["status"])

    def _call(self, method: str, path: str, **content: Any) -> list[dict[str, Any]] | None:
        """Return the rows of a response; after an error wait as long as the provider wants, and return None."""
        pause = PAUSE
        try:
            response = self._session.request(method, self._url + path, timeout=1, **content)
            if response.ok:
                rows: list[dict[str, Any]] = response.json()
                return rows
            if response.status_code not in RETRIED:
                raise SmsError(f"the provider refuses the request: {response.status_code}")
            pause = float(response.headers.get("Retry-After", PAUSE))
        except requests.RequestException:
            pass  # the search says what became of the message
        time.sleep(min(pause, MAX_PAUSE))
        return None
