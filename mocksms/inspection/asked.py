"""What the inspection API is asked: queries and bodies, checked in one place and described for users."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from mocksms.engine.account import MAX_KEY_LENGTH
from mocksms.engine.callbacks import CallbackState
from mocksms.engine.outbox import ReplayOrder
from mocksms.engine.patterns import MAX_PATTERN_LENGTH, Pattern
from mocksms.scenario.schema import FaultModel, Limits
from mocksms.scenario.values import BoundedDuration
from mocksms.schemas.types import Count, Credit, Duration, ListedNumber, WebhookList, whole
from mocksms.sms.instants import MAX_INSTANT, parse_any_instant
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


class RequestsQuery(AccountQuery, PageQuery):
    """Which exchanges of the journal."""

    method: Annotated[str, Field(max_length=40)] | None = Field(default=None, description="GET, POST and so on")
    path: Name | None = Field(default=None, description="Part of path and query as sent")
    status: int | None = Field(default=None, ge=100, le=599, description="Status of the answer")
    refused: bool | None = Field(default=None, description="Whether it was answered with anything but success")


class PhonesQuery(AccountQuery, PageQuery):
    """Which phones, or which replies."""

    number: NumberField | None = Field(default=None, description="The phone's number, compared on digits")


class CallbacksQuery(AccountQuery, PageQuery):
    """Which callbacks."""

    message: Name | None = Field(default=None, description="Id of the message they are about")
    state: CallbackState | None = Field(default=None, description="How far they have come")


class ReplayBody(RequestModel):
    """How a message's callbacks are replayed."""

    order: ReplayOrder = Field(default="same", description="shuffled depends on nothing but the seed")
    times: Annotated[int, Field(ge=1, le=100), BeforeValidator(whole)] = Field(
        default=1, description="Each so many times in a row, or mixed where shuffled"
    )


class ConsentsQuery(AccountQuery, PageQuery):
    """Which opt-outs and opt-ins."""

    number: NumberField | None = Field(default=None, description="Of this number, compared on digits")


class ListChange(RequestModel):
    """Numbers to add to a list and to take from it."""

    add: list[ListedNumber] = Field(default_factory=list, max_length=MOST_LISTED)
    remove: list[ListedNumber] = Field(default_factory=list, max_length=MOST_LISTED)


def _kind_of_list(given: object) -> str:
    return "change" if isinstance(given, dict | ListChange) else "list"


NumberList = Annotated[
    Annotated[list[ListedNumber], Field(max_length=MOST_LISTED), Tag("list")] | Annotated[ListChange, Tag("change")],
    Discriminator(_kind_of_list),
]
"""A whole list of numbers, or what to add and remove."""


def _only_if_given(schema: dict[str, Any]) -> None:
    del schema["default"]


class AccountPatch(RequestModel):
    """What to change in an account; what is not named stays."""

    credit: Credit | None = Field(
        default=None,
        description="Segments it can send, null for no limit; a top-up sends what waited",
        json_schema_extra=_only_if_given,
    )
    sender: Name = Field(default="", description="Sender of messages that name none", json_schema_extra=_only_if_given)
    gateway: bool = Field(default=True, description="Whether it has an SMS gateway", json_schema_extra=_only_if_given)
    rest_right: bool = Field(
        default=True, description="Whether it may use the REST API", json_schema_extra=_only_if_given
    )
    unsubscribed: NumberList = Field(
        default=[], description="Numbers that have opted out", json_schema_extra=_only_if_given
    )
    bounced: NumberList = Field(default=[], description="Numbers on the bounce list", json_schema_extra=_only_if_given)
    kosher: NumberList = Field(
        default=[], description="Numbers that take no SMS, beside the prefixes", json_schema_extra=_only_if_given
    )
    force_unsubscribe_link: bool = Field(
        default=False, description="Whether the link is appended whatever a send says", json_schema_extra=_only_if_given
    )
    webhooks: WebhookList = Field(
        default=[], description="Receivers of its callbacks", json_schema_extra=_only_if_given
    )


class AdvanceBody(RequestModel):
    """How far to move time: one of the two."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["by"]}, {"required": ["to"]}]})

    by: Duration = timedelta()
    to: Instant = MAX_INSTANT

    @model_validator(mode="after")
    def _names_one(self) -> AdvanceBody:
        if len(self.model_fields_set) != 1:
            raise ValueError('must be either {"by": "2h"} or {"to": "2030-01-31T12:00:00Z"}')
        return self


class InboundBody(RequestModel):
    """An SMS from a phone."""

    from_: ListedNumber = Field(alias="from", description="Its number")
    text: Annotated[str, Field(max_length=10_000)]


class ClickBody(RequestModel):
    """Which link is opened."""

    url: TextField | None = Field(default=None, description="A link of the content; the first unless given")


class ScriptQuery(AccountQuery):
    """Whose scenario, and which."""

    name: Name | None = Field(default=None, description="A scenario by its name; the body is empty then")


def _longer_than_zero(length: timedelta) -> timedelta:
    if not length:
        raise ValueError("must be longer than 0")
    return length


class FaultBody(Limits):
    """A fault: for which calls, how often, for how long."""

    fault: FaultModel
    ttl: Annotated[BoundedDuration, AfterValidator(_longer_than_zero)] = Field(
        default=timedelta(minutes=10), description="How long it is in force at most, on the account's clock"
    )
