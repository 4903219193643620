"""Callbacks as they travel: the only place with the field names of the vendor's two webhooks.

Names, their order, the two spellings of the id and the forms of dates are documented by the vendor's pages on webhooks;
`fidelity.toml` says what is inferred for SMS, where those pages show e-mails.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final, NamedTuple
from urllib.parse import quote_plus, urlsplit

from mocksms.engine.callbacks import Callback, TriggerDetails
from mocksms.settings import Settings
from mocksms.sms.instants import ISRAEL
from mocksms.sms.webhook import WebhookKind

FIRST_ID: Final = 190
"""The `id` of an account's first receiver: 190 in every sample of the vendor, so it cannot name the event."""

LATE_KEY: Final = frozenset({"click", "reject"})
"""Events whose samples spell the key of the id `transaction_id`; the others have `transaction_Id` (documented)."""

AGENT: Final = f"mocksms/{version('mocksms')}"

HeaderLine = tuple[str, str]


class CallbackRequest(NamedTuple):
    """A callback as it is sent: the method, the header lines in order, and the body."""

    method: str
    headers: tuple[HeaderLine, ...]
    body: bytes


def callback_request(callback: Callback, settings: Settings) -> CallbackRequest:
    """Return a callback as it is sent."""
    if callback.webhook.kind is WebhookKind.TRANSACTIONAL:
        body, media_type = _to_json(_event(callback, settings)), "application/json; charset=utf-8"
    else:
        body, media_type = _to_form(_fields(callback, settings), settings), "application/x-www-form-urlencoded"
    headers = (
        ("Host", urlsplit(callback.webhook.url).netloc),
        ("User-Agent", AGENT),
        ("Content-Type", media_type),
        ("Content-Length", str(len(body))),
    )
    return CallbackRequest("POST", headers, body)


def _event(callback: Callback, settings: Settings) -> dict[str, Any]:
    """Return the JSON of the transactional webhook."""
    report = callback.details
    spelt = "transaction_id" if callback.event in LATE_KEY else "transaction_Id"
    data: dict[str, Any] = {
        "id": FIRST_ID + callback.place,
        "event": callback.event,
        "created_at": _created_at(_local(report.at, settings), settings),
        settings.webhook_number_key: report.mobile_number,
        spelt if settings.webhook_id_key == "vendor" else settings.webhook_id_key: report.transaction_id,
    }
    if callback.event == "click":
        data["additional_data"] = {"link_id": str(report.link), "link_text": report.url}
    elif callback.event == "reject":
        data["additional_data"] = {"reject_reason": _reason(report, settings)}
    return data


def _fields(callback: Callback, settings: Settings) -> Mapping[str, str]:
    """Return the fields of the automation webhook. A transactional SMS has neither campaign nor group nor contact."""
    report = callback.details
    form = "%Y-%m-%d %H:%M:%S" if settings.automation_date == "iso" else "%m/%d/%Y %H:%M:%S"
    return {
        "timeStamp": _local(report.at, settings).strftime(form),
        "trigger_type": callback.event,
        "trigger_description": "",
        "channel_type": "SMS",
        "campaign_id": "",
        "group_id": "",
        "contact[id]": "",
        "contact[external_id]": "",
        "contact[mobile_number]": _dashed(report.digits),
        "ip": "",
        "remarks": str(report.link or ""),
        "additional_details": report.url,
        "replyContent": report.text,
        "survey_field": "",
        "account_code": "",
        "reason": _reason(report, settings) if callback.event == "undelivered" else "",
    }


def _local(at: datetime, settings: Settings) -> datetime:
    return at.astimezone(ISRAEL if settings.webhook_zone == "israel" else UTC)


def _created_at(at: datetime, settings: Settings) -> str:
    """Return a date as the vendor's samples have it: .NET's seven digits, or its format with two letters mixed up."""
    if settings.webhook_date == "swapped":
        return f"{at:%Y-%M-%d %I:%m:%S}"
    if settings.webhook_date == "seconds":
        return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06}0"
    return f"{at:%Y-%m-%dT%H:%M}:00.0000000"


def _reason(report: TriggerDetails, settings: Settings) -> str:
    if report.reason is None:
        return ""
    return report.reason.in_reads if settings.reason_spelling == "underscore" else str(report.reason)


def _dashed(digits: str) -> str:
    """Return a number as the automation webhook's sample has it: `972-501234567`."""
    local = digits.removeprefix("972")
    return f"972-{local}" if local != digits else digits


def _to_json(data: object) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _to_form(fields: Mapping[str, str], settings: Settings) -> bytes:
    return "&".join(f"{_quoted(name, settings)}={_quoted(value, settings)}" for name, value in fields.items()).encode()


def _quoted(text: str, settings: Settings) -> str:
    """Return a text as .NET quotes it: lower-case escapes, `+` for a blank, and `!*()` as they are."""
    pieces = quote_plus(text, safe="!*()", errors="replace").replace("~", "%7E").split("%")
    lower = settings.automation_escapes == "lower"
    escaped = ((piece[:2].lower() if lower else piece[:2]) + piece[2:] for piece in pieces[1:])
    return "%".join((pieces[0], *escaped))
