"""Callbacks as the OpenAPI document describes them: both kinds, with an example of each event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from mocksms.engine.callbacks import Callback, OrderingKey, TriggerDetails
from mocksms.schemas.callback_bodies import AutomationCallback, TransactionalCallback, TransactionalDataCallback
from mocksms.schemas.openapi import FORM, JSON, CallbackSpec
from mocksms.settings import Settings
from mocksms.sms.message import Reason
from mocksms.sms.webhook import EVENT_NAMES, Webhook, WebhookKind, WebhookTrigger
from mocksms.webhooks.payloads import callback_request

_RECEIVER: Final = "https://app.example/hooks"
_AT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_ID: Final = "0901b1f2320f0b370dc1ef9144c29519"
_DETAILS: Final[dict[WebhookTrigger, dict[str, Any]]] = {
    WebhookTrigger.REFUSED: {"reason": Reason.UNSUBSCRIBE},
    WebhookTrigger.BOUNCED: {"reason": Reason.BOUNCED},
    WebhookTrigger.CLICKED: {"url": "https://shop.example/orders/17", "link": 1},
    WebhookTrigger.REPLIED: {"text": "STOP"},
}


_ABOUT: Final = (
    "Respond with a status from 200 to 299 within the option `webhook_timeout`; otherwise the callback is attempted "
    "again, at the times of the option `webhook_retry`."
)


def callback_specs() -> tuple[CallbackSpec, ...]:
    """Return the callbacks of both kinds of webhook, for the OpenAPI document."""
    return (
        CallbackSpec(
            id="transactional",
            summary="An event of a message, as JSON",
            about=_ABOUT,
            media_type=JSON,
            model=TransactionalCallback | TransactionalDataCallback,
            examples={event: json.loads(body) for event, body in _bodies(WebhookKind.TRANSACTIONAL)},
        ),
        CallbackSpec(
            id="automation",
            summary="An event of a message or a phone, as form fields",
            about=f"{_ABOUT} `smsSent` and `undelivered` are only sent to webhooks that name them.",
            media_type=FORM,
            model=AutomationCallback,
            examples={
                event: dict(parse_qsl(body.decode(), keep_blank_values=True))
                for event, body in _bodies(WebhookKind.AUTOMATION)
            },
        ),
    )


def _bodies(kind: WebhookKind) -> Iterator[tuple[str, bytes]]:
    """Iterate over the events of a kind, each with the body of a callback with default options."""
    for trigger, events in EVENT_NAMES[kind].items():
        details = TriggerDetails(_AT, trigger, "972-54-1111111", "972541111111", _ID, **_DETAILS.get(trigger, {}))
        webhook = Webhook(_RECEIVER, kind)
        for event in events:
            callback = Callback(1, webhook, 0, event, details, OrderingKey(webhook.url, _ID), _AT, None)
            yield event, callback_request(callback, Settings()).body
