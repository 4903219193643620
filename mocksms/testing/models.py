"""What a test sees of a message: plain values as at the moment it was asked, and a text that reads well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mocksms.settings import seconds
from mocksms.sms.display import quoted
from mocksms.sms.text import escape

DurationLike = str | float | timedelta
"""A duration: text such as `"2h"` or `"250ms"`, a number of seconds, or a timedelta."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStep:
    """A step in a message's life: when, to which state (`sent`, `rejected/bounced`), and why."""

    at: datetime
    state: str
    cause: str

    def __str__(self) -> str:
        return escape(f"{self.state} ({self.cause})")


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentInfo:
    """What the text takes on the air.

    `encoding` is `GSM-7` or `UCS-2`, `units` are septets or UTF-16 code units, `forced_by` the first character that
    GSM 03.38 does not have (None in GSM-7), at index `forced_at`.
    """

    encoding: str
    count: int
    units: int
    forced_by: str | None
    forced_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SmsMessage:
    """One SMS to one recipient, as it was when it was read; `sms.read(message)` returns it as it is by now.

    `to` is the number as the application sent it, `number` its digits. `content` is as sent with placeholders filled,
    `text` as the phone shows it. `reject_reason` is spelt as in send answers, None when there is none. `codes` are the
    one-time codes in the text, the likeliest first. `warnings` say what the request took liberties with. `cursor` is
    the message's place in what has happened. Times are aware, in UTC.
    """

    transaction_id: str
    cursor: int
    to: str
    number: str
    sender: str
    content: str
    text: str
    tags: tuple[str, ...]
    status: str
    reject_reason: str | None
    decided_by: str | None
    segments: SegmentInfo
    codes: tuple[str, ...]
    links: tuple[str, ...]
    clicks: tuple[str, ...]
    history: tuple[HistoryStep, ...]
    warnings: tuple[str, ...]
    created_at: datetime
    scheduled_at: datetime | None

    @property
    def state(self) -> str:
        """Where the message is in its life: `sent`, `rejected/bounced`."""
        return state_of(self.status, self.reject_reason)

    @property
    def code(self) -> str:
        """The one-time code in the text.

        Raises:
            AssertionError: there is none.
        """
        __tracebackhide__ = True
        if not self.codes:
            raise AssertionError(f"no one-time code in {quoted(self.text)}")
        return self.codes[0]

    def __repr__(self) -> str:
        return f"<SMS to {escape(self.to)} {quoted(self.content)} {self.state}>"


def message_of(row: Mapping[str, Any]) -> SmsMessage:
    """Return a message from a row of the inspection API."""
    segments, scheduled_at = row["segments"], row["scheduled_at"]
    forced = segments["forced_by"] or {"character": None, "index": None}
    return SmsMessage(
        transaction_id=row["transaction_id"],
        cursor=row["cursor"],
        to=row["mobile_number"],
        number=row["number"],
        sender=row["sender"],
        content=row["content"],
        text=row["text"],
        tags=tuple(row["tags"]),
        status=row["status"],
        reject_reason=row["reject_reason"],
        decided_by=row["decided_by"],
        segments=SegmentInfo(
            encoding=segments["encoding"],
            count=segments["count"],
            units=segments["units"],
            forced_by=forced["character"],
            forced_at=forced["index"],
        ),
        codes=tuple(code["code"] for code in row["codes"]),
        links=tuple(row["links"]),
        clicks=tuple(click["url"] for click in row["clicks_details"]),
        history=tuple(_step(step) for step in row["history"]),
        warnings=tuple(f"{warning['path']}: {warning['note']}" for warning in row["warnings"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        scheduled_at=None if scheduled_at is None else datetime.fromisoformat(scheduled_at),
    )


def state_of(status: str, reason: str | None) -> str:
    """Return status and reason in one word."""
    return f"{status}/{reason}" if reason else status


def _step(row: Mapping[str, Any]) -> HistoryStep:
    return HistoryStep(
        at=datetime.fromisoformat(row["at"]),
        state=state_of(row["status"], row["reject_reason"]),
        cause=row["cause"],
    )


def in_seconds(duration: DurationLike) -> float:
    """Return a duration in seconds.

    Raises:
        ValueError: it is not a duration.
    """
    try:
        return seconds(duration)
    except ValueError as error:
        raise ValueError(f"{duration!r} is not {error}") from None
