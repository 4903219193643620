"""A shop that notifies its customers by SMS about parcels: `POST /parcels {"phone": ..., "parcel": ...}`."""

import json
import os
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen


def notify(phone, text):
    """Send an SMS; return its row of the response."""
    request = Request(
        os.environ["SMS_URL"] + "/transactional/sms/send",
        json.dumps({"message": {"content": text, "to": [{"mobile_number": phone}]}}).encode(),
        {"X-API-Key": os.environ["SMS_KEY"], "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=10) as response:
        return json.load(response)[0]


class Shop(BaseHTTPRequestHandler):
    """Return 201 if the customer was notified, 409 if that number cannot receive SMS, 503 to try again later."""

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            row = notify(order["phone"], f"Parcel {order['parcel']} is on its way")
            status = 201 if row["status"] in ("sent", "queued") else 409
        except (OSError, HTTPException):
            status = 503
        self.send_response(status)
        self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(os.environ.get("SHOP_PORT", "8000"))), Shop).serve_forever()
