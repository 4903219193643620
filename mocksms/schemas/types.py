"""Types of values in JSON bodies and scenario files: durations, phone numbers, counts, webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from typing_extensions import TypeAliasType

from mocksms.sms import numbers
from mocksms.sms.durations import format_duration, parse_seconds
from mocksms.sms.webhook import (
    EVENTS,
    MAX_URL_LENGTH,
    Webhook,
    WebhookKind,
    checked_events,
    checked_url,
    split_notation,
    url_patterns,
)

MAX_CREDIT: Final = 10**12
MAX_COUNT: Final = 10**9
MAX_SECONDS: Final = 1e13
"""Seconds that exceed every calendar: longer durations are cut to this."""


def _listed_number(raw: str) -> str:
    digits = numbers.digits_of(raw)
    if not digits.strip("X") or not set(digits) <= set("0123456789X"):
        raise ValueError("must be a phone number such as 972-54-1111111")
    return digits


def _duration(raw: object) -> timedelta:
    if isinstance(raw, timedelta):
        return raw
    if isinstance(raw, int | float) and raw > MAX_SECONDS:
        return timedelta(seconds=MAX_SECONDS)
    try:
        return timedelta(seconds=min(parse_seconds(raw), MAX_SECONDS))
    except ValueError as error:
        raise ValueError(f"must be {error}") from error


def whole(raw: object) -> object:
    """Return a float such as 2.0 as an integer, and other values as they are."""
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


Duration = TypeAliasType(
    "Duration",
    Annotated[
        timedelta,
        BeforeValidator(_duration),
        PlainSerializer(format_duration),
        WithJsonSchema(
            {
                "description": "A duration, or seconds",
                "anyOf": [
                    {"type": "number", "minimum": 0},
                    {"type": "string", "pattern": r"^\d+(\.\d+)?(ms|s|m|h|d)?$"},
                ],
                "examples": ["90s", "2h", "3d", 1.5],
            }
        ),
    ],
)
"""A duration: `90s`, `2h`, `3d`, or seconds. JSON Schemas have it by this name, as other aliases of types."""

DurationText = Annotated[
    timedelta,
    PlainSerializer(format_duration),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?(ms|s)$", "examples": ["90s"]}),
]
"""A duration in a response: `90s`, `1.5s`, `250ms`."""

ListedNumber = Annotated[
    str,
    Field(max_length=numbers.MAX_NUMBER_LENGTH),
    AfterValidator(_listed_number),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": numbers.MAX_NUMBER_LENGTH,
            "pattern": r"^[Xx+\-. ()\[\]]*[0-9][0-9Xx+\-. ()\[\]]*$",
            "examples": ["972-54-1111111"],
        }
    ),
]
"""A phone number in a list, in its normalised form."""

Count = Annotated[int, Field(ge=0, le=MAX_COUNT), BeforeValidator(whole)]
"""A count; 2.0 is an integer, as in JSON."""

Credit = Annotated[int, Field(ge=0, le=MAX_CREDIT), BeforeValidator(whole)]
"""A number of segments."""


def _url_schema(end: str = "") -> dict[str, Any]:
    return {
        "type": "string",
        "pattern": "|".join(url_patterns(end)),
        "maxLength": MAX_URL_LENGTH,
        "examples": ["http://127.0.0.1:8000/hooks"],
    }


def _url(raw: str) -> str:
    try:
        return checked_url(raw)
    except ValueError as error:
        raise ValueError(f"must be {error}") from error


def _from_notation(raw: object) -> object:
    """Read a webhook that is only a URL, with or without events after `#`."""
    if not isinstance(raw, str):
        return raw
    url, events = split_notation(raw)
    return {"url": url, "events": list(events)} if events else {"url": url}


def _by_kind(schema: dict[str, Any]) -> None:
    """Describe the events of each kind; a generator of clients reads only that there are some."""
    events = dict.fromkeys(event for kind in WebhookKind for event in EVENTS[kind])
    schema["properties"]["events"]["anyOf"] = _events([*events])
    schema["if"] = {"properties": {"kind": {"const": WebhookKind.AUTOMATION}}, "required": ["kind"]}
    for keyword, kind in (("then", WebhookKind.AUTOMATION), ("else", WebhookKind.TRANSACTIONAL)):
        schema[keyword] = {"properties": {"events": {"anyOf": _events(EVENTS[kind])}}}


def _events(names: Sequence[str]) -> list[dict[str, Any]]:
    return [{"type": "array", "items": {"type": "string", "enum": [*names]}}, {"type": "null"}]


ABOUT_PAUSED: Final = "Whether callbacks to its URL, of any kind, wait until it is resumed"


class WebhookModel(BaseModel):
    """A webhook."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, strict=True, json_schema_extra=_by_kind)

    url: Annotated[str, AfterValidator(_url), WithJsonSchema(_url_schema())] = Field(
        description="The URL, http or https"
    )
    kind: Annotated[WebhookKind, Field(strict=False)] = Field(
        default=WebhookKind.TRANSACTIONAL, description="JSON for transactional sends, or form data for automations"
    )
    events: list[str] | None = Field(default=None, description="Only these events; without it the default ones")
    paused: bool = Field(default=False, description=ABOUT_PAUSED)

    @model_validator(mode="after")
    def _has_events_of_its_kind(self) -> WebhookModel:
        try:
            checked_events(self.events or (), self.kind)
        except ValueError as error:
            raise ValueError(f"must be {error}") from error
        return self

    def webhook(self) -> Webhook:
        """Return the webhook as the engine uses it."""
        events = None if self.events is None else tuple(self.events)
        return Webhook(self.url, self.kind, events, self.paused)


_EVENT: Final = f"({'|'.join(EVENTS[WebhookKind.TRANSACTIONAL])})"

WebhookNotation = Annotated[str, WithJsonSchema(_url_schema(rf"(#({_EVENT}(\+{_EVENT})*)?)?"))]
"""A URL, with or without events after `#`."""

WebhookOrUrl = TypeAliasType(
    "WebhookOrUrl",
    Annotated[WebhookModel, BeforeValidator(_from_notation, json_schema_input_type=WebhookNotation | WebhookModel)],
)
"""A webhook: a URL, or an object with URL, kind, events and whether it is paused."""

WebhookList = Annotated[list[WebhookOrUrl], Field(max_length=100)]
"""Webhooks."""
