"""Arguments of the tools, and their JSON Schema as agents read it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MAX_LISTED: Final = 50
"""Messages that one call lists."""

MAX_WAIT_SECONDS: Final = 300.0

_DURATION: Final = "such as 90s or 2h"


def _as_list(raw: object) -> object:
    return [raw] if isinstance(raw, str) else raw


def _as_text(raw: object) -> object:
    return str(raw) if isinstance(raw, int) else raw


class ToolArguments(BaseModel):
    """Arguments of a tool; unknown names are refused, so that a misspelt one is not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FilterArguments(ToolArguments):
    """Which messages."""

    to: str | None = Field(default=None, description="Number of the recipient, compared by its digits; * for any")
    content: str | None = Field(default=None, description="Part of the text as sent; case matters")
    tag: str | None = Field(default=None, description="One of the tags")
    since: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Cursor of an earlier result: only SMS after it"
    )


class TimelineArguments(ToolArguments):
    """Arguments of `timeline`."""

    message: str | None = Field(
        default=None, pattern=r"^[\da-zA-Z-]+$", description="transaction_id of an SMS, or latest"
    )
    to: str | None = Field(default=None, description="List only SMS to this number, compared by its digits")
    limit: int = Field(default=10, ge=1, le=MAX_LISTED, description="How many to list, the newest first")


class WaitForCodeArguments(FilterArguments):
    """Arguments of `wait_for_code`."""

    timeout: float = Field(default=10.0, ge=0, le=MAX_WAIT_SECONDS, description="Seconds, real time")


class SendArguments(ToolArguments):
    """Arguments of `send`."""

    to: Annotated[list[str], BeforeValidator(_as_list)] = Field(description="Phone numbers, such as 972-54-1111111")
    content: str = Field(description="The text")
    tags: list[str] = Field(default=[], description="Tags, which rules and filters can match")
    add_unsubscribe_sms_reply: bool = Field(default=False, description="Let the recipient opt out by replying STOP")
    fields: dict[str, Any] = Field(
        default={}, description='Other fields of `message`, such as {"track_clicks": true, "sender_id": "Shop"}'
    )


class ReplyArguments(ToolArguments):
    """Arguments of `reply`."""

    from_: str = Field(alias="from", description="Number of the phone")
    text: str = Field(description="What it writes, such as STOP")


class SetFaultArguments(ToolArguments):
    """Arguments of `set_fault`."""

    fault: dict[str, Any] | None = Field(
        default=None,
        description='Such as {"kind": "status", "status": 503, "retry_after": "2s"}. Kinds: status (body, headers, '
        "accept), unauthorized, rate_limit (limit, per), delay (duration), dribble, truncated, malformed, empty, "
        "reset_before_accept, reset_after_accept (accepted, but the response is lost)",
    )
    times: int | None = Field(default=None, description="Number of requests that it applies to; left out: all")
    match: dict[str, Any] | None = Field(
        default=None, description='Requests that it applies to, such as {"tag": "otp"} or {"operation": "search"}'
    )
    ttl: str | None = Field(default=None, description="How long it lasts on the clock of the account (default 10m)")
    clear: Annotated[str, BeforeValidator(_as_text)] | None = Field(
        default=None, pattern=r"^(\d+|all)$", description="Clear this fault (its id), or all"
    )


class ScenarioArguments(ToolArguments):
    """Arguments of `scenario`."""

    name: str | None = Field(default=None, description="Activate this scenario of the list")
    rules: list[dict[str, Any]] | None = Field(
        default=None,
        description='Activate these rules, such as [{"match": {"to": "972-54-1111111"}, "outcome": '
        '"rejected/bounced", "times": 1}]. Outcomes: sent, queued, rejected/kosher-number, rejected/unsubscribe, ...',
    )
    clear: bool = Field(default=False, description="Deactivate the active scenario")


class ClockArguments(ToolArguments):
    """Arguments of `clock`."""

    action: Literal["read", "freeze", "advance", "resume"] = Field(default="read", description="What to do")
    by: str | None = Field(default=None, description=f"Advance by a duration {_DURATION}")
    to: str | None = Field(
        default=None, description="Advance to a time, or freeze at one, such as 2030-01-31T12:00:00Z"
    )


class ExplainMissingArguments(FilterArguments):
    """Arguments of `explain_missing`."""

    text: str | None = Field(default=None, description="Part of the text as the phone shows it, links included")
    status: str | None = Field(default=None, description="Its status, such as sent or rejected/bounced")
    has_code: bool | None = Field(default=None, description="Whether the text has a one-time code")


def schema_of(model: type[ToolArguments]) -> dict[str, Any]:
    """Return the JSON Schema of arguments, without titles, and without null for what can be left out."""
    schema = model.model_json_schema()
    properties = {name: _plain(field) for name, field in schema["properties"].items()}
    required = {"required": schema["required"]} if "required" in schema else {}
    return {"type": "object", "properties": properties, **required, "additionalProperties": False}


def _plain(field: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in field.items() if name != "title"}
    if plain.get("default", ()) in (None, [], {}):
        del plain["default"]
    if plain.get("additionalProperties") is True:
        del plain["additionalProperties"]
    choices = [_plain(each) for each in plain.pop("anyOf", ()) if each != {"type": "null"}]
    for choice in choices:  # one: no argument is of several types
        plain |= choice
    if "items" in plain:
        plain["items"] = _plain(plain["items"])
    return plain
