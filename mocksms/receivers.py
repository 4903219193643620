"""Receivers of callbacks as people write them, in bodies and in files: an address alone, or with more."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from mocksms.webhooks import EVENTS, LONGEST_URL, Kind, Webhook, checked_events, checked_url

URL_SCHEMA: Final = {
    "type": "string",
    # The common addresses; there are others that are taken as well.
    "pattern": r"^https?://[A-Za-z0-9.-]*[A-Za-z0-9](:[1-9][0-9]{0,3})?(/[A-Za-z0-9._~/?=&%-]*)?$",
    "maxLength": LONGEST_URL,
    "examples": ["http://127.0.0.1:8000/hooks"],
}


def _url(raw: str) -> str:
    try:
        return checked_url(raw)
    except ValueError as error:
        raise ValueError(f"must be {error}") from error


def _from_address(raw: object) -> object:
    """Read a receiver that is given by its address alone, perhaps with events after `#`."""
    if not isinstance(raw, str):
        return raw
    url, _, events = raw.partition("#")
    return {"url": url, "events": events.split("+")} if events else {"url": url}


def _by_kind(schema: dict[str, Any]) -> None:
    """Describe a receiver by its kind, since each kind has events of its own."""
    properties = schema.pop("properties")
    schema["oneOf"] = [
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["url"] if kind is Kind.TRANSACTIONAL else ["url", "kind"],
            "properties": {
                **properties,
                "kind": {"const": kind},
                "events": {"anyOf": [{"type": "array", "items": {"enum": [*EVENTS[kind]]}}, {"type": "null"}]},
            },
        }
        for kind in Kind
    ]
    for name in ("type", "additionalProperties", "required"):
        del schema[name]


class Receiver(BaseModel):
    """A receiver of callbacks."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, json_schema_extra=_by_kind)

    url: Annotated[str, AfterValidator(_url), WithJsonSchema(URL_SCHEMA)] = Field(
        description="Its address, http or https"
    )
    kind: Annotated[Kind, Field(strict=False)] = Field(
        default=Kind.TRANSACTIONAL, description="JSON for transactional sends, or form data for automations"
    )
    events: list[str] | None = Field(default=None, description="Only these; the usual ones unless given")

    @model_validator(mode="after")
    def _has_events_of_its_kind(self) -> Receiver:
        try:
            checked_events(self.events or (), self.kind)
        except ValueError as error:
            raise ValueError(f"must be {error}") from error
        return self

    def webhook(self) -> Webhook:
        """Return it as the engine knows it."""
        return Webhook(self.url, self.kind, None if self.events is None else tuple(self.events))


Address = Annotated[str, WithJsonSchema(URL_SCHEMA)]

Receivers = Annotated[
    list[Annotated[Receiver, BeforeValidator(_from_address, json_schema_input_type=Address | Receiver)]],
    Field(max_length=100),
]
"""Receivers, each by its address alone or with more."""
