"""Outcomes and faults: the steps of a message, the reactions of its recipient, broken HTTP responses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from mocksms.sms.message import AnyState, CallbackPolicy, Reaction
from mocksms.sms.sizes import text_size

AT_ONCE = timedelta()

HOLD_DURATION: Final = timedelta(seconds=30)
"""How long a request is held at most, unless the fault says so. Real time."""

BODILESS: Final = (204, 304)
"""Statuses whose responses have neither body nor Content-Length (RFC 9110)."""


class Step(NamedTuple):
    """A new state of a message, at a time after the vendor processes it."""

    state: AnyState
    after: timedelta = AT_ONCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The steps of a message, the reactions of its recipient, and the text that says what decided them.

    With `pass_through_after`, a magic number or the default rules decide instead, that long after processing.
    `callback_policy` is for the callbacks of the message, None for that of the account.
    """

    steps: tuple[Step, ...]
    decided_by: str
    reactions: tuple[Reaction, ...] = ()
    pass_through_after: timedelta | None = None
    callback_policy: CallbackPolicy | None = None


class FaultKind(StrEnum):
    """The ways in which an HTTP response can be broken."""

    STATUS = "status"
    DELAY = "delay"
    RESET_AFTER_ACCEPT = "reset_after_accept"
    RESET_BEFORE_ACCEPT = "reset_before_accept"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    EMPTY = "empty"
    DRIBBLE = "dribble"
    HOLD = "hold"


FaultName = Literal[
    "status",
    "unauthorized",
    "rate_limit",
    "delay",
    "dribble",
    "truncated",
    "malformed",
    "empty",
    "reset_before_accept",
    "reset_after_accept",
]
"""The faults of scenarios and tests: those of `FaultKind`, and two that stand for a status."""

ManualFaultName = Literal[FaultName, "hold"]
"""The faults that a test sets: `hold` lasts until the test releases it, which no scenario can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A broken HTTP response.

    `status`, `body`, `media_type`, `headers` and `is_accepted` belong to kind STATUS: the response is canned. Without a
    body the error of the status is sent, if it is one. `is_accepted` says that the send is accepted nevertheless.
    `duration` is the time it takes, at most for kind HOLD, or the Retry-After of the response.
    """

    kind: FaultKind
    status: int | None = None
    duration: timedelta = AT_ONCE
    body: str | None = None
    media_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    is_accepted: bool = False

    def lasting(self, duration: timedelta) -> Fault:
        """Return the same fault with another duration."""
        return replace(self, duration=duration)

    @property
    def accepts(self) -> bool:
        """Whether the send is accepted before the response breaks."""
        return self.is_accepted or self.kind not in (FaultKind.STATUS, FaultKind.RESET_BEFORE_ACCEPT)

    @property
    def is_canned(self) -> bool:
        """Whether it is the response itself, whatever the request is."""
        return self.kind is FaultKind.STATUS

    @property
    def size(self) -> int:
        """The bytes of its texts."""
        return text_size(self.body or "") + sum(text_size(name) + text_size(value) for name, value in self.headers)

    @property
    def loses_response(self) -> bool:
        """Whether the connection is reset instead of a response."""
        return self.kind in (FaultKind.RESET_AFTER_ACCEPT, FaultKind.RESET_BEFORE_ACCEPT)

    def __str__(self) -> str:
        detail = f" {self.status}" if self.status else ""
        is_own = self.body is not None or self.headers
        return f"{self.kind}{detail}{', own response' if is_own else ''}"
