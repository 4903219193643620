"""A queue of texts: a thread sends them later, and keeps what the provider does not take."""

from __future__ import annotations

import logging
import queue
from collections.abc import Mapping
from contextlib import suppress
from threading import Event, Thread

import requests

PAUSE = 0.2
log = logging.getLogger("outgoing")


class Outgoing:
    """Sends texts in the background, each until the provider has decided about it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._url = environment["SMS_URL"] + "/transactional/sms"
        self._headers = {"X-API-Key": environment["SMS_KEY"]}
        self._texts: queue.Queue[tuple[str, str]] = queue.Queue()
        self._is_ending = Event()
        self._thread = Thread(target=self._run)
        self._thread.start()
        self.statuses: dict[str, str] = {}

    def close(self) -> None:
        """End the thread."""
        self._is_ending.set()
        self._thread.join()

    def add(self, phone: str, text: str) -> None:
        """Queue a text."""
        self.statuses[phone] = "waits"
        self._texts.put((phone, text))

    def _run(self) -> None:
        while not self._is_ending.is_set():
            with suppress(queue.Empty):
                phone, text = self._texts.get(timeout=0.01)
                self._send(phone, text)

    def _send(self, phone: str, text: str) -> None:
        """Send a text, again with growing pauses until the provider has decided about it."""
        pause = PAUSE
        while not self._is_ending.is_set():
            try:
                self.statuses[phone] = self._status_of(phone) or self._attempt(phone, text)
            except requests.RequestException as error:
                log.warning("%s keeps waiting: %s", phone, error)
                headers = {} if error.response is None else error.response.headers
                self._is_ending.wait(float(headers.get("Retry-After", pause)))
                pause *= 2
            else:
                return

    def _status_of(self, phone: str) -> str | None:
        """Return the status of the text if the provider has it."""
        parameters = {"tags": f"text-{phone}"}
        response = requests.get(self._url + "/search", params=parameters, headers=self._headers, timeout=1)
        response.raise_for_status()
        rows = response.json()
        return rows[0]["status"] if rows else None

    def _attempt(self, phone: str, text: str) -> str:
        message = {"content": text, "to": [{"mobile_number": phone}], "tags": [f"text-{phone}"]}
        response = requests.post(self._url + "/send", json={"message": message}, headers=self._headers, timeout=1)
        response.raise_for_status()
        return str(response.json()[0]["status"])
