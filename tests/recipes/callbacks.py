"""An application that receives callbacks: send, click, and both replayed in another order."""

import json
import os
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

MOCK = os.environ.get("MOCK", "http://127.0.0.1:8972")
events = []


class App(BaseHTTPRequestHandler):
    def do_POST(self):
        events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()


def api(method, path, body):
    headers = {"X-API-Key": "callbacks", "Content-Type": "application/json"}
    request = urllib.request.Request(MOCK + path, json.dumps(body).encode(), headers, method=method)
    return json.load(urllib.request.urlopen(request))


app = HTTPServer(("127.0.0.1", 0), App)
threading.Thread(target=app.serve_forever, daemon=True).start()
api("PATCH", "/_mock/account", {"webhooks": [f"http://127.0.0.1:{app.server_port}/hooks"]})
api("POST", "/_mock/clock/freeze", {})
sms = {"content": "https://shop.example", "track_clicks": True, "to": [{"mobile_number": "972-54-1111111"}]}
api("POST", "/rest/v1/transactional/sms/send", {"message": sms})
api("POST", "/_mock/messages/latest/click", {})
api("POST", "/_mock/clock/advance", {"by": 0})
assert [event["event"] for event in events] == ["send", "click"], events
api("POST", "/_mock/messages/latest/callbacks/replay", {"order": "reversed"})
api("POST", "/_mock/clock/advance", {"by": 0})
assert [event["event"] for event in events] == ["send", "click", "click", "send"], events
