"""What can be ordered for a message: the steps of its life, what its recipient does, or a wrong HTTP answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from mocksms.sms.message import DEFAULT_POLICY, CallbackPolicy, State

AT_ONCE = timedelta()


class Step(NamedTuple):
    """Enter `state`, `after` that long from when the message is taken up."""

    state: State
    after: timedelta = AT_ONCE


class ReplyReaction(NamedTuple):
    """The recipient answers with `text`, `after` that long; it opts out if `opts_out`, else as its words mean."""

    text: str
    after: timedelta
    opts_out: bool = False


class ClickReaction(NamedTuple):
    """The recipient opens the first link of the text, `after` that long."""

    after: timedelta


Reaction = ReplyReaction | ClickReaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where a message will end and when, what its recipient does, and what decided it in a tester's words.

    `release_after`, if given, leaves it to be decided as if nothing was ordered, that long after it was taken up.
    `callback_policy` is how receivers hear of it.
    """

    steps: tuple[Step, ...]
    decided_by: str
    reactions: tuple[Reaction, ...] = ()
    release_after: timedelta | None = None
    callback_policy: CallbackPolicy = DEFAULT_POLICY


class FaultKind(StrEnum):
    """The ways an HTTP answer goes wrong."""

    STATUS = "status"
    DELAY = "delay"
    RESET_AFTER_ACCEPT = "reset_after_accept"
    RESET_BEFORE_ACCEPT = "reset_before_accept"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    EMPTY = "empty"
    DRIBBLE = "dribble"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A wrong HTTP answer.

    `status`, `body` and `media_type` are those of kind STATUS; without a body it is the vendor's. `duration` is how
    long it lasts, or tells the client to wait.
    """

    kind: FaultKind
    status: int | None = None
    duration: timedelta = AT_ONCE
    body: str | None = None
    media_type: str | None = None

    def lasting(self, duration: timedelta) -> Fault:
        """Return the same fault of another length."""
        return replace(self, duration=duration)

    @property
    def accepts(self) -> bool:
        """Whether the send itself is carried out before the answer goes wrong."""
        return self.kind not in (FaultKind.STATUS, FaultKind.RESET_BEFORE_ACCEPT)

    @property
    def loses_response(self) -> bool:
        """Whether the connection is reset instead of an answer."""
        return self.kind in (FaultKind.RESET_AFTER_ACCEPT, FaultKind.RESET_BEFORE_ACCEPT)

    def __str__(self) -> str:
        detail = f" {self.status}" if self.status else ""
        return f"{self.kind}{detail}"
