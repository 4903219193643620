"""The OpenAPI document describes the callbacks of both kinds as they are sent."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from jsonschema import Draft202012Validator

from mocksms.app import openapi
from mocksms.sms.webhook import EVENTS, WebhookKind
from tests.inspection.support import Api
from tests.receiver import receiving
from tests.support import NUMBER, Mock

DOCUMENT = openapi()
CONTENT = {
    kind: next(iter(DOCUMENT["webhooks"][kind]["post"]["requestBody"]["content"].items())) for kind in WebhookKind
}
"""The media type and the content of each kind of webhook."""


def wrong_with(body: dict[str, Any], kind: WebhookKind) -> list[str]:
    """Return what is wrong with the fields of a callback by the document; fields without description are wrong."""
    schema = {**CONTENT[kind][1]["schema"], "unevaluatedProperties": False, "components": DOCUMENT["components"]}
    return [error.message for error in Draft202012Validator(schema).iter_errors(body)]


@pytest.mark.parametrize("kind", WebhookKind)
def test_each_event_has_an_example_that_fits(kind: WebhookKind) -> None:
    examples = CONTENT[kind][1]["examples"]
    assert {*examples} == {*EVENTS[kind]}
    assert [error for each in examples.values() for error in wrong_with(each["value"], kind)] == []


def test_callbacks_that_are_received_are_as_described(own_mock: Mock) -> None:
    with receiving() as receiver:
        api = Api(own_mock, "described")
        webhooks = [{"url": f"{receiver.url}/{kind}", "kind": kind, "events": [*EVENTS[kind]]} for kind in WebhookKind]
        api.patch(webhooks=webhooks)
        api.send(NUMBER, content="See https://shop.example/orders/17", track_clicks=True)
        api.post("messages/latest/click", {})
        api.post("inbound", {"from": NUMBER, "text": "STOP"})
        receiver.wait(5)
        requests = [*receiver.requests]
    for request in requests:
        kind = WebhookKind(request.path.rpartition("/")[2])
        assert dict(request.headers)["Content-Type"].partition(";")[0] == CONTENT[kind][0]
        is_json = kind is WebhookKind.TRANSACTIONAL
        body = json.loads(request.body) if is_json else dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        assert wrong_with(body, kind) == []
