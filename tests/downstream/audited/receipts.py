"""Receipts by SMS, and thanks once a receipt has arrived; each once, however often the provider calls back."""

from __future__ import annotations

from threading import Lock

import requests
from flask import Flask, request
from flask.typing import ResponseReturnValue


class Till:
    """A till, and the receiver of the callbacks about its receipts."""

    def __init__(self, sms_url: str, sms_key: str) -> None:
        self._url = sms_url + "/transactional/sms/send"
        self._headers = {"X-API-Key": sms_key}
        self._lock = Lock()  # a callback can come before its receipt is noted
        self.unthanked: dict[str, str] = {}
        self.app = Flask(__name__)
        self.app.add_url_rule("/hooks", view_func=self.on_callback, methods=["POST"])

    def pay(self, phone: str, amount: str) -> bool:
        """Send a receipt; whether the provider has taken it, otherwise the till prints it."""
        with self._lock:
            row = self._send(phone, f"Thank you for {amount}")
            if row is None or row["status"] not in ("sent", "queued"):
                return False
            self.unthanked[row["transaction_id"]] = phone
            return True

    def on_callback(self) -> ResponseReturnValue:
        """Thank for the first event of a receipt."""
        event = request.json["event"]
        with self._lock:
            phone = self.unthanked.pop(request.json["transaction_Id"], None) if event == "send" else None
        if phone is not None:
            self._send(phone, "Come again: https://shop.example/offers")
        return "", 204

    def _send(self, phone: str, text: str) -> dict[str, str] | None:
        """Send an SMS and return its row, None if nothing is known about it."""
        message = {"content": text, "to": [{"mobile_number": phone}], "add_unsubscribe_link": False}
        try:
            response = requests.post(self._url, json={"message": message}, headers=self._headers, timeout=1)
            response.raise_for_status()
            (row,) = response.json()
        except requests.RequestException:
            return None
        return dict(row)
