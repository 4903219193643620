"""Payloads of callbacks: the field names of the vendor's two kinds of webhook, here only.

Names, their order, the two spellings of the id key and the date formats are those of the vendor's webhook pages, whose
samples are e-mails (sibling, callback.fields, callback.id-key). `fidelity.toml` says what is inferred for SMS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final, NamedTuple
from urllib.parse import quote_plus, urlsplit

from mocksms.engine.callbacks import Callback, TriggerDetails
from mocksms.settings import Settings
from mocksms.sms.message import Reason
from mocksms.sms.surrogates import well_formed
from mocksms.sms.times import ZONES
from mocksms.sms.webhook import WebhookKind

FIRST_ID: Final = 190
"""The `id` of an account's first webhook: 190 in every sample of the vendor, so it most likely identifies no event
(inferred, callback.id)."""

LOWER_CASE_KEY_EVENTS: Final = frozenset({"click", "reject"})
"""Events whose samples spell the key of the id `transaction_id`; the others have `transaction_Id` (sibling,
callback.id-key)."""

DESCRIPTIONS: Final = {
    "smsSent": "SMS Sent To Contact",
    "smsClicked": "SMS Clicked By Contact",
    "SmsReply": "SMS Reply From Contact",
    "smsUnsubscribed": "SMS Unsubscribed By Contact",
    "undelivered": "SMS Not Delivered To Contact",
}
"""Descriptions of the events of the automation webhook. The vendor's sample has `Email Sent To Contact`, and its page
says that they can be ignored (inferred, automation.description)."""

UNDELIVERED_REASONS: Final = {
    "unsubscribe": "unsubscribed",
    "unsubscribed": "unsubscribed",
    "bounced": "bounced",
    "frequency_limit": "frequency_limit",
}
"""The vendor's reasons of `undelivered`; any other reject reason is `other` (inferred, automation.reason)."""

AGENT: Final = f"mocksms/{version('mocksms')}"

HeaderLine = tuple[str, str]


class CallbackRequest(NamedTuple):
    """The HTTP request of a callback: method, headers in order, body."""

    method: str
    headers: tuple[HeaderLine, ...]
    body: bytes


def callback_request(callback: Callback, settings: Settings) -> CallbackRequest:
    """Return the HTTP request of a callback."""
    if callback.webhook.kind is WebhookKind.TRANSACTIONAL:
        body, media_type = _to_json(_event(callback, settings)), "application/json; charset=utf-8"
    else:
        body, media_type = _to_form(_fields(callback, settings), settings), "application/x-www-form-urlencoded"
    headers = (
        ("Host", re.sub(r"%[^]]*", "", urlsplit(callback.webhook.url).netloc)),  # without the zone of an address
        ("User-Agent", AGENT),
        ("Content-Type", media_type),
        ("Content-Length", str(len(body))),
    )
    return CallbackRequest("POST", headers, body)


def _event(callback: Callback, settings: Settings) -> dict[str, Any]:
    """Return the JSON fields of the transactional webhook."""
    details = callback.details
    vendor_key = "transaction_id" if callback.event in LOWER_CASE_KEY_EVENTS else "transaction_Id"
    data: dict[str, Any] = {
        "id": FIRST_ID + callback.webhook_index,
        "event": callback.event,
        "created_at": _created_at(_local(details.at, settings), settings),
        settings.webhook_number_key: details.mobile_number,
        vendor_key if settings.webhook_id_key == "vendor" else settings.webhook_id_key: details.transaction_id,
    }
    if callback.event == "click":
        data["additional_data"] = {"link_id": str(details.link), "link_text": details.url}
    elif callback.event == "reject":
        data["additional_data"] = {"reject_reason": _reason(details, settings)}
    return data


def _fields(callback: Callback, settings: Settings) -> Mapping[str, str]:
    """Return the form fields of the automation webhook. A transactional SMS has no campaign, group or contact."""
    details = callback.details
    date_format = "%Y-%m-%d %H:%M:%S" if settings.automation_date == "iso" else "%m/%d/%Y %H:%M:%S"
    return {
        "timeStamp": _local(details.at, settings).strftime(date_format),
        "trigger_type": callback.event,
        "trigger_description": DESCRIPTIONS[callback.event],
        "channel_type": "SMS",
        "campaign_id": "",
        "group_id": "",
        "contact[id]": "",
        "contact[external_id]": "",
        "contact[mobile_number]": _dashed(details.digits),
        "ip": "",
        "remarks": str(details.link or ""),
        "additional_details": details.url,
        "replyContent": details.text,
        "survey_field": "",
        "account_code": "",
        "bounce_type": "",
        "reason": UNDELIVERED_REASONS.get(str(details.reason), "other") if callback.event == "undelivered" else "",
        "custom_data": "",
    }


def _local(at: datetime, settings: Settings) -> datetime:
    return at.astimezone(ZONES[settings.webhook_zone])


def _created_at(at: datetime, settings: Settings) -> str:
    """Return a date as in the vendor's samples: with seven decimals, or with month and minute swapped.

    Both are those of e-mails (sibling, callback.created-at, callback.swapped-date).
    """
    if settings.webhook_date == "swapped":
        return f"{at:%Y-%M-%d %I:%m:%S}"
    if settings.webhook_date == "seconds":
        return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06}0"
    return f"{at:%Y-%m-%dT%H:%M}:00.0000000"


def _reason(details: TriggerDetails, settings: Settings) -> str:
    if details.reason is None:
        return ""
    if isinstance(details.reason, Reason) and settings.reason_spelling == "underscore":
        return details.reason.in_reads
    return str(details.reason)


def _dashed(digits: str) -> str:
    """Return a number as in the sample of the automation webhook: `972-501234567`."""
    local = digits.removeprefix("972")
    return f"972-{local}" if local != digits else digits


def _to_json(data: object) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return well_formed(text).encode()


def _to_form(fields: Mapping[str, str], settings: Settings) -> bytes:
    return "&".join(f"{_quoted(name, settings)}={_quoted(value, settings)}" for name, value in fields.items()).encode()


def _quoted(text: str, settings: Settings) -> str:
    """Percent-encode a text as .NET does: lower-case escapes, `+` for a space, `!*()` unchanged."""
    pieces = quote_plus(text, safe="!*()", errors="replace").replace("~", "%7E").split("%")
    lower = settings.automation_escapes == "lower"
    escaped = ((piece[:2].lower() if lower else piece[:2]) + piece[2:] for piece in pieces[1:])
    return "%".join((pieces[0], *escaped))
