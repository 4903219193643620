"""A message: one SMS to one recipient, with its submission and its history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

NO_FIELDS: Mapping[str, str] = MappingProxyType({})


class Status(StrEnum):
    """The statuses of the vendor's guide, and `exception` (observed, status.no-gateway)."""

    QUEUED = "queued"
    SENT = "sent"
    INVALID = "invalid"
    REJECTED = "rejected"
    EXCEPTION = "exception"


_STATUSES = frozenset(status.value for status in Status)


class Reason(StrEnum):
    """The reject reasons that are known, in the spelling of send responses (inferred, status.spelling)."""

    INVALID_NUMBER = "invalid-number"
    UNSUBSCRIBE = "unsubscribe"
    KOSHER_NUMBER = "kosher-number"
    BOUNCED = "bounced"
    INSUFFICIENT_FUNDS = "insufficient-funds"
    CANCELLED_BY_USER = "cancelled_by_user"
    EXCEPTION = "exception"
    NO_GATEWAYS = "no-available-gateways"

    @property
    def in_reads(self) -> str:
        """The spelling in info and search (inferred, status.spelling); the words are in the guide's second list."""
        return _IN_READS[self]


_IN_READS = {
    Reason.INVALID_NUMBER: "invalid_mobile_number",
    Reason.UNSUBSCRIBE: "unsubscribed",
    Reason.KOSHER_NUMBER: "kosher_number",
    Reason.BOUNCED: "bounced",
    Reason.INSUFFICIENT_FUNDS: "no_credit",
    Reason.CANCELLED_BY_USER: "cancelled_by_user",
    Reason.EXCEPTION: "exception",
    Reason.NO_GATEWAYS: "exception",
}

REASONS: Final = {reason.in_reads: reason for reason in Reason} | {reason.value: reason for reason in Reason}
"""The reasons by their names in either spelling; `exception` is that of send responses."""


class State(Enum):
    """The pairs of status and reason that exist; written `status` or `status/reason`."""

    QUEUED = (Status.QUEUED, None)
    NO_CREDIT = (Status.QUEUED, Reason.INSUFFICIENT_FUNDS)
    SENT = (Status.SENT, None)
    INVALID = (Status.INVALID, Reason.INVALID_NUMBER)
    UNSUBSCRIBED = (Status.REJECTED, Reason.UNSUBSCRIBE)
    KOSHER = (Status.REJECTED, Reason.KOSHER_NUMBER)
    BOUNCED = (Status.REJECTED, Reason.BOUNCED)
    CANCELLED = (Status.REJECTED, Reason.CANCELLED_BY_USER)
    EXCEPTION = (Status.EXCEPTION, Reason.EXCEPTION)
    NO_GATEWAY = (Status.EXCEPTION, Reason.NO_GATEWAYS)

    def __init__(self, status: Status, reason: Reason | None) -> None:
        self.status = status
        self.reason = reason
        self.reason_in_reads = reason.in_reads if reason else None
        self._text = f"{status}/{reason}" if reason else str(status)

    # By identity, since each member exists once: the hash of Enum is a slow Python function, and each send calls it.
    __hash__ = object.__hash__

    def __str__(self) -> str:
        return self._text


class FreeState(NamedTuple):
    """A state that the guide does not have: any status and reason, both written as they are (own, status.free)."""

    status: str
    reason: str | None = None

    @property
    def reason_in_reads(self) -> str | None:
        """The spelling in info and search: the same."""
        return self.reason

    def __str__(self) -> str:
        return f"{self.status}/{self.reason}" if self.reason else self.status


AnyState = State | FreeState
"""A state of the guide or another one."""


class Transition(NamedTuple):
    """A step of a message: the time, the new state, and the cause."""

    at: datetime
    state: AnyState
    cause: str


class TimelineStep(NamedTuple):
    """A step of a message, `after` its creation: the new state, and the cause."""

    after: timedelta
    state: AnyState
    cause: str


Timeline = tuple[TimelineStep, ...]
"""The steps of a message so far, oldest first; never empty. Messages with equal ones share them."""


def is_on_phone(states: Iterable[AnyState]) -> bool:
    """Whether the recipient of a message with these states, in order, can read it.

    A status that the guide does not have, such as `delivered`, changes nothing about it (own, status.free).
    """
    result = False
    for state in states:
        if state.status in _STATUSES:
            result = state.status == Status.SENT
    return result


class Click(NamedTuple):
    """A click on a link of a message."""

    at: datetime
    url: str


class Recipient(NamedTuple):
    """An entry of a send's `to`: the number as sent, and the values of its placeholders by name."""

    mobile_number: str
    fields: Mapping[str, str] = NO_FIELDS


class Submission(NamedTuple):
    """The content and options of one send, shared by all its messages.

    `sender` None is the sender of the account. `charset` is empty if the send has none. `send_at` is timezone-aware,
    None is now.
    """

    content: str
    sender: str | None = None
    tags: tuple[str, ...] = ()
    charset: str = ""
    unsubscribe_link: bool = True
    unsubscribe_text: str = ""
    unsubscribe_reply: bool = False
    track_clicks: bool = False
    wants_async: bool = False
    send_at: datetime | None = None


class CallbackPolicy(NamedTuple):
    """Delay of callbacks, how many times each is sent, and whether every second one to a webhook overtakes the first.

    0 times is never.
    """

    delay: timedelta = timedelta()
    times: int = 1
    is_reversed: bool = False


DEFAULT_POLICY = CallbackPolicy()


class ReplyReaction(NamedTuple):
    """A reply of the recipient, at a time after the message is sent; `opts_out` makes it opt out with any text."""

    text: str
    after: timedelta
    opts_out: bool = False


class ClickReaction(NamedTuple):
    """A click of the recipient on the first link, at a time after the message is sent."""

    after: timedelta


Reaction = ReplyReaction | ClickReaction


class Message(NamedTuple):
    """One SMS to one recipient. Immutable: a step creates a new Message.

    `sequence` is its number in the order of all records of the mock. `digits` is the phone number in the form for
    comparisons. `due_at` is when the vendor processes it. `segments` is its price. `decided_by` is the text that says
    what decided its outcome, None until then. `request` is the number of the request that created it, 0 for none.
    `callback_policy` is None for that of the account. `reactions` are what its recipient does once it is sent. `size`
    are the bytes that it takes, about; the store of messages counts more for later steps and clicks.
    """

    transaction_id: str
    sequence: int
    mobile_number: str
    digits: str
    sender: str
    fields: Mapping[str, str]
    submission: Submission
    segments: int
    request: int
    created_at: datetime
    due_at: datetime
    timeline: Timeline
    decided_by: str | None = None
    clicks: tuple[Click, ...] = ()
    callback_policy: CallbackPolicy | None = None
    reactions: tuple[Reaction, ...] = ()
    size: int = 0

    @property
    def state(self) -> AnyState:
        """The current state: that of the latest step."""
        return self.timeline[-1].state

    @property
    def changed_at(self) -> datetime:
        """The time of the latest step."""
        return self.created_at + self.timeline[-1].after

    @property
    def history(self) -> tuple[Transition, ...]:
        """The steps so far with their times, oldest first."""
        return tuple([Transition(self.created_at + after, state, cause) for after, state, cause in self.timeline])

    @property
    def is_on_phone(self) -> bool:
        """Whether its recipient can read it."""
        return is_on_phone(step.state for step in self.timeline)
