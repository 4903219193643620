"""Magic numbers: phone numbers that select an outcome.

`972-50-000CCLL`: CC is the code of the outcome, LL any two digits (the lane): parallel tests use different lanes.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final, NamedTuple

from mocksms.sms.message import ClickReaction, ReplyReaction, State
from mocksms.sms.numbers import MAGIC_PREFIX
from mocksms.sms.outcomes import Fault, FaultKind, Outcome, Step

SUFFIX_LENGTH: Final = 4
REACTION_DELAY: Final = timedelta(seconds=1)


class MagicNumber(NamedTuple):
    """A row of the catalogue: code, short name, description, and the outcome or fault that it selects."""

    code: str
    name: str
    title: str
    effect: Outcome | Fault

    def number(self, prefix: str = MAGIC_PREFIX, lane: int = 0) -> str:
        """Return the phone number of this row in a lane (0 to 99), as the vendor's guide writes numbers."""
        digits = f"{prefix}{self.code}{lane:02}"
        return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


class Catalogue:
    """The magic numbers with one prefix; `delay` is the time of the codes that act later."""

    def __init__(self, prefix: str = MAGIC_PREFIX, delay: timedelta = timedelta(seconds=5)) -> None:
        self.prefix = prefix
        self.rows = {row.code: row for row in _rows(delay)}
        self._length = len(prefix) + SUFFIX_LENGTH

    def code(self, digits: str) -> str | None:
        """Return the code of a magic number, also one without a row; None for any other number."""
        if not digits.startswith(self.prefix) or len(digits) != self._length:
            return None
        suffix = digits[-SUFFIX_LENGTH:]
        return suffix[:2] if suffix.isascii() and suffix.isdecimal() else None


def _rows(delay: timedelta) -> list[MagicNumber]:
    seconds = f"{delay.total_seconds():g} s"
    retry_after = math.ceil(delay.total_seconds())
    sent, bounced_later, cancelled_later = Step(State.SENT), Step(State.BOUNCED, delay), Step(State.CANCELLED, delay)
    yes, stop = ReplyReaction("YES", REACTION_DELAY), ReplyReaction("STOP", REACTION_DELAY, opts_out=True)
    lost = "accepted, then the connection is reset: the response is lost"
    return [
        _outcome("00", "sent", "sent", sent),
        _outcome("01", "sent-later", f"queued, sent after {seconds}", Step(State.SENT, delay)),
        _outcome("02", "queued", "stays queued"),
        _outcome("03", "replies-yes", "sent, then the recipient replies YES", sent, yes),
        _outcome("04", "replies-stop", "sent, then the recipient replies STOP and is opted out", sent, stop),
        _outcome("05", "clicks", "sent, then the first tracked link is clicked", sent, ClickReaction(REACTION_DELAY)),
        _outcome("10", "invalid", str(State.INVALID), Step(State.INVALID)),
        _outcome("20", "unsubscribed", str(State.UNSUBSCRIBED), Step(State.UNSUBSCRIBED)),
        _outcome("21", "kosher", str(State.KOSHER), Step(State.KOSHER)),
        _outcome("22", "bounced", str(State.BOUNCED), Step(State.BOUNCED)),
        _outcome("23", "bounces-later", f"sent, then bounces after {seconds}", sent, bounced_later),
        _outcome("24", "cancelled", f"queued, then cancelled after {seconds}", cancelled_later),
        _outcome("30", "no-credit", str(State.NO_CREDIT), Step(State.NO_CREDIT)),
        _outcome("40", "exception", str(State.EXCEPTION), Step(State.EXCEPTION)),
        _outcome("41", "no-gateway", str(State.NO_GATEWAY), Step(State.NO_GATEWAY)),
        _fault("60", "http-401", "HTTP 401", FaultKind.STATUS, status=401),
        _fault("61", "http-400", "HTTP 400", FaultKind.STATUS, status=400),
        _fault("62", "http-429", f"HTTP 429 with Retry-After: {retry_after}", FaultKind.STATUS, delay, status=429),
        _fault("63", "http-500", "HTTP 500", FaultKind.STATUS, status=500),
        _fault("64", "http-503", "HTTP 503", FaultKind.STATUS, status=503),
        _fault("70", "slow", f"response delayed {seconds}", FaultKind.DELAY, delay),
        _fault("71", "response-lost", lost, FaultKind.RESET_AFTER_ACCEPT),
        _fault("72", "reset", "connection reset before anything is accepted", FaultKind.RESET_BEFORE_ACCEPT),
        _fault("73", "truncated", "accepted, body truncated", FaultKind.TRUNCATED),
        _fault("74", "malformed", "accepted, 200 with malformed JSON", FaultKind.MALFORMED),
        _fault("75", "dribble", f"accepted, response dribbles byte by byte over {seconds}", FaultKind.DRIBBLE, delay),
    ]


def _outcome(code: str, name: str, title: str, *parts: Step | ReplyReaction | ClickReaction) -> MagicNumber:
    outcome = Outcome(
        steps=tuple(part for part in parts if isinstance(part, Step)),
        reactions=tuple(part for part in parts if not isinstance(part, Step)),
        decided_by=f"magic number {code} ({title})",
    )
    return MagicNumber(code, name, title, outcome)


def _fault(
    code: str, name: str, title: str, kind: FaultKind, duration: timedelta = timedelta(), *, status: int | None = None
) -> MagicNumber:
    return MagicNumber(code, name, title, Fault(kind=kind, status=status, duration=duration))
