"""One SMS to one recipient: what was asked for, and what has happened to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import NamedTuple

NO_FIELDS: Mapping[str, str] = MappingProxyType({})


class Status(StrEnum):
    """The five statuses of the vendor (documented)."""

    QUEUED = "queued"
    SENT = "sent"
    INVALID = "invalid"
    REJECTED = "rejected"
    EXCEPTION = "exception"


class Reason(StrEnum):
    """Why a message is not plainly sent, in the spelling of the send answers."""

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
        """The spelling of the reads (documented by the guide's second list)."""
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


class State(Enum):
    """Every pair of status and reason that exists; written `status` or `status/reason`."""

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
        self._text = f"{status}/{reason}" if reason else str(status)

    def __str__(self) -> str:
        return self._text


class Transition(NamedTuple):
    """A step in a message's life: when, into which state, and why."""

    at: datetime
    state: State
    cause: str


History = tuple[Transition, ...]
"""The life of a message so far, oldest event first; never empty."""


class Click(NamedTuple):
    """A recipient opened a link of a message."""

    at: datetime
    url: str


class Recipient(NamedTuple):
    """One entry of a send's `to`: the number as sent, and the values for its placeholders by name."""

    mobile_number: str
    fields: Mapping[str, str] = NO_FIELDS


class Submission(NamedTuple):
    """What one send asks for; shared by all its messages.

    `sender` None means the account's own. `send_at` is aware, None means now.
    """

    content: str
    sender: str | None = None
    tags: tuple[str, ...] = ()
    charset: str = "unicode"
    unsubscribe_link: bool = True
    unsubscribe_text: str = ""
    unsubscribe_reply: bool = False
    track_clicks: bool = False
    wants_async: bool = False
    send_at: datetime | None = None


class CallbackPolicy(NamedTuple):
    """How receivers are told of a message by callbacks: that much later, so many times each; 0 is never."""

    delay: timedelta = timedelta()
    times: int = 1


DEFAULT_POLICY = CallbackPolicy()


class Message(NamedTuple):
    """One SMS to one recipient. Values never change: a step makes a new Message.

    `sequence` grows with every message of the mock. `digits` is the number to compare on. `due_at` is when the
    vendor takes it up. `segments` is what it costs. `decided_by` says in words what chose its end, None until then.
    `request` is the number of the request that created it, 0 when none did.
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
    history: History
    decided_by: str | None = None
    clicks: tuple[Click, ...] = ()
    callback_policy: CallbackPolicy = DEFAULT_POLICY

    @property
    def state(self) -> State:
        """Where the message is in its life: the state of its newest event."""
        return self.history[-1].state
