"""What an application can observe of the emulated API: routes and parameters from the code, the rest from real traffic.

Each part is a kind and a name, such as `field:row.state`, as the `covers` of the ledger have them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from mocksms.app import openapi
from mocksms.errors import INTERNAL_ERROR, MALFORMED_HTTP, RequestRefused
from mocksms.provider.app import OPERATIONS, ROUTES
from mocksms.provider.public_pages import FIRST_SEGMENTS
from mocksms.settings import OPTIONS
from mocksms.sms.message import State
from mocksms.sms.webhook import EVENTS, Webhook, WebhookKind
from mocksms.webhooks.payloads import callback_request
from tests.provider.inprocess import INFO, SEND, InProcess
from tests.support import NUMBER, Mock

SETTINGS_OF_THE_MOCK: Final = frozenset(
    {
        "host",
        "port",
        "control_token",
        "scenario_folder",
        "state",
        "state_every",
        "max_requests",
        "max_callbacks",
        "max_consents",
        "quiet",
        "log_format",
    }
)
"""Settings without a trace in the emulated API. Any other needs an entry in the ledger, also a new one."""

CLICKED: Final = "972-50-0000500"
BOUNCED_LATER: Final = "972-50-0002300"
TOO_MANY: Final = "972-50-0006200"
INVALID: Final = "972-50-0001000"

Shape = Mapping[str, Any]


def settings() -> set[str]:
    """Return the settings that change what an application observes."""
    return set(OPTIONS) - SETTINGS_OF_THE_MOCK


def surface(mock: Mock) -> set[str]:
    """Return every part of the emulated API; `mock` is one that runs, for the headers of its responses."""
    return {
        *_routes(),
        *_parameters(),
        *_fields(),
        *_headers(mock),
        *_states(),
        *_refusals(),
        *_events(),
        *_callbacks(),
    }


def _routes() -> Iterator[str]:
    for path, (method, _) in ROUTES.items():
        yield f"route:{method} {path}"
    for segment in FIRST_SEGMENTS:
        yield f"route:/{segment}/"


def _parameters() -> Iterator[str]:
    document = openapi()
    schemes = document["components"]["securitySchemes"]
    for operation in OPERATIONS:
        described = document["paths"][operation.path][operation.method.lower()]
        for parameter in described["parameters"]:
            yield f"parameter:{operation.id}.{parameter['name']}"
        yield from (f"parameter:header.{schemes[name]['name']}" for each in described["security"] for name in each)
        if "requestBody" in described:
            schema = described["requestBody"]["content"]["application/json"]["schema"]
            yield from _members(schema, document["components"]["schemas"], f"parameter:{operation.id}")


def _members(schema: Shape, models: Shape, path: str) -> Iterator[str]:
    """Return the paths of a JSON Schema that have plain values, also those in items of arrays."""
    if schema.get("type") == "array" and "$ref" in schema["items"]:
        schema = schema["items"]
    if "$ref" in schema:
        for name, member in models[schema["$ref"].rpartition("/")[2]]["properties"].items():
            yield from _members(member, models, f"{path}.{name}")
    else:
        yield path


def _fields() -> Iterator[str]:
    mock = InProcess()
    (sent,) = mock.send(CLICKED, content="www.example.com", track_clicks=True)
    mock.time.advance(1)
    yield from _keys(sent, "field:send")
    yield from _keys(mock.info(sent["transaction_id"]), "field:row")
    yield from _keys(mock.search(), "field:row")
    for refused in (mock.post("{"), mock.get(INFO, "id=0"), mock.call("GET", "/nowhere")):
        body = refused.json()
        yield from (f"field:error.{name}" for name in body)


def _keys(value: object, path: str) -> Iterator[str]:
    """Return the paths of plain values in a JSON value, also those in items of arrays."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _keys(member, f"{path}.{name}")
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for item in value:
            yield from _keys(item, path)
    else:
        yield path


def _headers(mock: Mock) -> Iterator[str]:
    sent = {"message": {"content": "x", "to": [{"mobile_number": NUMBER}]}}
    limited = {"message": {"content": "x", "to": [{"mobile_number": TOO_MANY}]}}
    key = {"X-API-Key": "surface"}
    responses = [
        mock.post(json.dumps(sent), **key),
        mock.post(json.dumps(limited), **key),
        mock.post("{", **key),
        mock.post(" " * (mock.engine.settings.max_body + 1), **key),
        mock.get(SEND, "surface"),
        mock.get(INFO, "surface"),
    ]
    for response in responses:
        yield from (f"header:{name.lower()}" for name in response.headers)


def _states() -> Iterable[str]:
    return (f"state:{state}" for state in State)


def _refusals() -> Iterator[str]:
    errors = [error for error in _subclasses(RequestRefused) if error.__module__.startswith("mocksms.")]
    yield from (f"refusal:{error.code}" for error in errors)
    yield f"refusal:{MALFORMED_HTTP}"
    yield f"refusal:{INTERNAL_ERROR}"


def _subclasses(kind: type[RequestRefused]) -> Iterator[type[RequestRefused]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _events() -> Iterator[str]:
    for kind, events in EVENTS.items():
        yield from (f"event:{kind}.{event}" for event in events)


def _callbacks() -> Iterator[str]:
    for bounce in ("reject", "hard_bounce"):
        webhooks = tuple(Webhook(f"http://127.0.0.1/{kind}", kind, EVENTS[kind]) for kind in WebhookKind)
        mock = InProcess(webhook=webhooks[:1], automation_webhook=webhooks[1:], webhook_bounce=bounce)
        mock.send(CLICKED, BOUNCED_LATER, INVALID, content="www.example.com", track_clicks=True)
        mock.time.advance(10)
        mock.search()
        for callback in mock.account().callbacks.newest_first():
            request = callback_request(callback, mock.engine.settings)
            yield from (f"callback:header.{name}" for name, _ in request.headers)
            kind, text = callback.webhook.kind, request.body.decode()
            body = json.loads(text) if text.startswith("{") else dict(parse_qsl(text, keep_blank_values=True))
            yield from _keys(body, f"callback:{kind}")
