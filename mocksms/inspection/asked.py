"""What the inspection API is asked: queries and bodies, checked in one place and described for users."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from mocksms.engine.account import MAX_KEY_LENGTH
from mocksms.engine.patterns import MAX_PATTERN_LENGTH, Pattern
from mocksms.schemas.types import Count, whole
from mocksms.sms.instants import parse_any_instant
from mocksms.sms.message import Reason, Status

MOST_ROWS: Final = 1_000
LONGEST_WAIT: Final = 300.0
MOST_LISTED: Final = 100_000
LONGEST_NAME: Final = 200
MAX_TEXT_FILTER_LENGTH: Final = 3_000
"""Characters of content to look for: all filters together must fit into the line of a request."""

_REASONS: Final = {reason.in_reads: reason for reason in reversed(Reason)} | {reason.value: reason for reason in Reason}


def _reason(raw: object) -> object:
    if isinstance(raw, str) and raw not in _REASONS:
        raise ValueError(f"must be one of {', '.join(Reason)}, or their spelling in the reads")
    return _REASONS[raw] if isinstance(raw, str) else raw


def _moment(raw: object) -> datetime:
    try:
        return parse_any_instant(raw)
    except ValueError as error:
        raise ValueError("must be a point in time such as 2030-01-31T12:00:00Z") from error


def _pattern(raw: str) -> str:
    Pattern(raw)
    return raw


Instant = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2030-01-31T12:00:00Z"]}),
]
"""A point in time as the emulated API reads it: without an offset it is Israel time."""

Cursor = Annotated[int, Field(ge=0, le=2**53), BeforeValidator(whole)]
"""A place in what has happened."""

TextField = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_FILTER_LENGTH)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
NumberField = Annotated[str, Field(min_length=1, max_length=100)]


class RequestModel(BaseModel):
    """What is read: unknown names are refused, so that a slip of the pen does not pass for a wish."""

    # Deferred, since most runs use few of these, and a mock is to start at once.
    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True)


class Filters(RequestModel):
    """Which messages; everything given must hold."""

    to: NumberField | None = Field(default=None, description="The recipient's number, compared on digits")
    status: Status | None = Field(default=None, description="Where the message is in its life")
    reject_reason: Annotated[Reason, BeforeValidator(_reason)] | None = Field(
        default=None, description="Why it was not plainly sent, in either of the vendor's spellings"
    )
    tag: Name | None = Field(default=None, description="One of its tags")
    content: TextField | None = Field(
        default=None, description="Part of the content as sent, placeholders filled; case matters"
    )
    text: TextField | None = Field(default=None, description="Part of the text as the phone shows it; case matters")
    regex: Annotated[str, Field(min_length=1, max_length=MAX_PATTERN_LENGTH), AfterValidator(_pattern)] | None = Field(
        default=None, description="A regular expression found in its content", json_schema_extra={"format": "regex"}
    )
    sender: Name | None = Field(default=None, description="Its sender")


class AccountQuery(RequestModel):
    """Whose; nothing given means all accounts."""

    account: Annotated[str, Field(min_length=1, max_length=MAX_KEY_LENGTH, pattern=r"\S")] | None = Field(
        default=None, description="Key or id of the account; goes before the X-API-Key header"
    )


class SinceQuery(RequestModel):
    """After what."""

    since: Cursor | None = Field(default=None, description="A cursor: only what came after it")


class PageQuery(SinceQuery):
    """After what, before what, and how much of it."""

    before: Cursor | None = Field(default=None, description="A cursor: only what came before it, to turn pages")
    limit: int = Field(default=100, ge=1, le=MOST_ROWS, description="At most so many, the newest")


class ManyQuery(AccountQuery, Filters, SinceQuery):
    """Which messages, whose, after what."""


class ListQuery(AccountQuery, Filters, PageQuery):
    """Which messages to list."""


class WaitQuery(ManyQuery):
    """Which messages to wait for."""

    count: int = Field(default=1, ge=1, le=MOST_ROWS, description="How many must be there")
    timeout: float = Field(default=10.0, ge=0, le=LONGEST_WAIT, description="Seconds to wait at most, in real time")


class VerifyBody(Filters, SinceQuery):
    """What must have been sent: so many that match, or several in their order.

    Without a number, at least one.
    """

    exactly: Count | None = None
    at_least: Count | None = None
    at_most: Count | None = None
    in_order: list[Filters] | None = Field(
        default=None, min_length=1, max_length=100, description="These, one message each, in this order of acceptance"
    )
    nothing_else: bool = Field(default=False, description="And nothing but these")

    @model_validator(mode="after")
    def _fits_together(self) -> VerifyBody:
        counted = [name for name in ("exactly", "at_least", "at_most") if getattr(self, name) is not None]
        filters = [name for name in Filters.model_fields if getattr(self, name) is not None]
        if self.in_order is not None and (counted or filters):
            raise ValueError(f"in_order stands alone: {', '.join(counted + filters)} cannot go with it")
        if self.exactly is not None and len(counted) > 1:
            raise ValueError("exactly stands alone: it says both at_least and at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least} is more than at_most {self.at_most}")
        return self
