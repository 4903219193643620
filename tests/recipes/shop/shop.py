"""A shop that tells its customers by SMS that a parcel is on its way: `POST /parcels {"phone": ..., "parcel": ...}`."""

import json
import os
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen


def tell(phone, text):
    """Send an SMS; return what the provider made of it."""
    request = Request(
        os.environ["SMS_URL"] + "/transactional/sms/send",
        json.dumps({"message": {"content": text, "to": [{"mobile_number": phone}]}}).encode(),
        {"X-API-Key": os.environ["SMS_KEY"], "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)[0]


class Shop(BaseHTTPRequestHandler):
    """Answers 201 when the customer was told, 409 when that number takes no SMS, 503 when to try again."""

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            row = tell(order["phone"], f"Parcel {order['parcel']} is on its way")
            status = 201 if row["status"] in ("sent", "queued") else 409
        except (OSError, HTTPException):
            status = 503
        self.send_response(status)
        self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(os.environ.get("SHOP_PORT", "8000"))), Shop).serve_forever()
