"""Messages, requests, replies and callbacks as values for tests, read from rows of the inspection API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import quote

from mocksms.errors import escape
from mocksms.sms.display import quoted
from mocksms.sms.durations import parse_seconds

__tracebackhide__ = True

DurationLike = str | float | timedelta
"""A duration: text such as `"2h"` or `"250ms"`, a number of seconds, or a timedelta."""


AWARE: Final = "a datetime with a time zone such as datetime(2040, 1, 31, 12, tzinfo=UTC)"

WebhookKindName = Literal["transactional", "automation"]
"""The vendor's two kinds of webhook: JSON for transactional sends, forms for automations."""

CallbackEvent = Literal[
    "send", "reject", "hard_bounce", "click", "smsSent", "undelivered", "smsClicked", "SmsReply", "smsUnsubscribed"
]
"""The events of transactional and automation webhooks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStep:
    """A step of a message: its time, the state since then (`sent`, `rejected/bounced`), and the cause."""

    at: datetime
    state: str
    cause: str

    def __str__(self) -> str:
        return escape(f"{self.state} ({self.cause})")


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentInfo:
    """The segments of a text.

    `encoding` is `GSM-7` or `UCS-2`; `units` are septets or UTF-16 code units. `forced_by` is the first character
    that is not in GSM 03.38, at index `forced_at` of the string; both are None in GSM-7. Each link of the provider
    counts as `link_length` of the `characters`, whatever its own length; `link_places` are the index and length of each
    in the text.
    """

    encoding: str
    count: int
    units: int
    characters: int
    link_length: int
    link_places: tuple[tuple[int, int], ...]
    forced_by: str | None
    forced_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SmsMessage:
    """One SMS to one recipient, as it was when it was read; `sms.read(message)` returns it as it is now.

    `to` is the number as the application sent it, `number` its normalised form. `content` is what the application
    sent, placeholders filled; `text` is what the phone shows. `reject_reason` is spelt as in send responses, None if
    there is none. `codes` are the plausible one-time codes in the text, the best first. `warnings` name deviations of
    the request from the documentation. `cursor` can be passed as `since`. Times are in UTC.
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
        """Status and reason: `sent`, `rejected/bounced`."""
        return _state(self.status, self.reject_reason)

    @property
    def code(self) -> str:
        """The one-time code in the text, the best of `codes`.

        Raises:
            AssertionError: there is none.
        """
        if not self.codes:
            warnings = "".join(f"; {escape(warning)}" for warning in self.warnings)
            raise AssertionError(f"no one-time code in {quoted(self.text)}{warnings}")
        return self.codes[0]

    def __repr__(self) -> str:
        return f"<SMS to {escape(self.to)} {quoted(self.content)} {self.state}>"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ApiRequest:
    """One request to the emulated API.

    `status` is the HTTP status of the response, None where the connection was reset. `operation` is send, info or
    search, None for other paths. `refusal` is the code of the error that refused the request, None if none did;
    `note` says why. `lacks_prefix` says that its path has no `/rest/v1`. `fault_decided_by` names the rule or magic
    number of a fault, None if there was none. `warnings` name deviations from the documentation. `messages` are
    transaction ids.
    """

    at: datetime
    method: str
    target: str
    body: str
    status: int | None
    operation: str | None
    refusal: str | None
    note: str
    lacks_prefix: bool
    fault_decided_by: str | None
    warnings: tuple[str, ...]
    messages: tuple[str, ...]
    has_account: bool

    @property
    def is_refused(self) -> bool:
        """Whether the status of the response is not 2xx."""
        return self.status is None or not 200 <= self.status < 300

    def __repr__(self) -> str:
        note = f": {escape(self.note)}" if self.note else ""
        status = f"status {self.status}" if self.status else "connection reset"
        return f"<{escape(self.method)} {escape(self.target)} {status}{note}>"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SmsReply:
    """An SMS from a phone: its normalised number, its text, and its effect, `opted out` or `opted in`.

    Without an effect, `effect` is empty and `reason` says why.
    """

    at: datetime
    number: str
    text: str
    effect: str
    reason: str

    def __repr__(self) -> str:
        effect = self.effect or f"without effect: {escape(self.reason)}"
        return f"<reply of {escape(self.number)} {quoted(self.text)}, {effect}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAttempt:
    """One attempt to deliver a callback.

    `at` is on the clock of the account. `status` and `body` are those of the response, None and empty without one.
    `error` says why the attempt failed, None if it succeeded. `duration` is in seconds of real time.
    """

    at: datetime
    status: int | None
    body: str
    error: str | None
    duration: float

    def __str__(self) -> str:
        if self.error is None:
            return f"HTTP {self.status}"
        return f"{escape(self.error)}{f' {quoted(self.body)}' if self.body else ''}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SmsCallback:
    """One callback, as it was when it was read: an event, sent to one webhook.

    `state` is `pending`, `delivered`, `failed` (no attempt is left) or `dropped` (by a rule). `due_at` is when the next
    attempt is due, None once there is none. `transaction_id` is None for an event of a number alone. `body` is what is
    sent. `replay_of` is the id of the callback that this one repeats. `paused`: it waits until its webhook is resumed.
    Times are in UTC, on the clock of the account.
    """

    id: int
    url: str
    kind: str
    event: str
    transaction_id: str | None
    number: str
    state: str
    created_at: datetime
    due_at: datetime | None
    body: str
    attempts: tuple[CallbackAttempt, ...]
    replay_of: int | None
    paused: bool

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver accepted it."""
        return self.state == "delivered"

    @property
    def is_undelivered(self) -> bool:
        """Whether it was tried, and no attempt succeeded so far."""
        return bool(self.attempts) and not self.is_delivered

    def __repr__(self) -> str:
        last = f", {self.attempts[-1]}" if self.attempts else ""
        return f"<callback {self.event} to {escape(self.url)} {self.state}{last}>"


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
            characters=segments["characters"],
            link_length=segments["link_length"],
            link_places=tuple((link["index"], link["length"]) for link in segments["links"]),
            forced_by=forced["character"],
            forced_at=forced["index"],
        ),
        codes=tuple(code["code"] for code in row["codes"]),
        links=tuple(row["links"]),
        clicks=tuple(click["url"] for click in row["clicks_details"]),
        history=tuple(_step(step) for step in row["history"]),
        warnings=_warnings(row),
        created_at=datetime.fromisoformat(row["created_at"]),
        scheduled_at=None if scheduled_at is None else datetime.fromisoformat(scheduled_at),
    )


def request_of(row: Mapping[str, Any]) -> ApiRequest:
    """Return a request from a row of the inspection API."""
    return ApiRequest(
        at=datetime.fromisoformat(row["at"]),
        method=row["method"],
        target=row["target"],
        body=row["body"],
        status=row["response"]["status"],
        operation=row["operation"],
        refusal=row["refusal"],
        note=row["note"],
        lacks_prefix=row["lacks_prefix"],
        fault_decided_by=row["fault_decided_by"],
        warnings=_warnings(row),
        messages=tuple(row["messages"]),
        has_account=row["account"] is not None,
    )


def reply_of(row: Mapping[str, Any]) -> SmsReply:
    """Return a reply from a row of the inspection API."""
    return SmsReply(
        at=datetime.fromisoformat(row["at"]),
        number=row["number"],
        text=row["text"],
        effect=row["effect"],
        reason=row["reason"],
    )


def callback_of(row: Mapping[str, Any]) -> SmsCallback:
    """Return a callback from a row of the inspection API."""
    due_at = row["due_at"]
    return SmsCallback(
        id=row["id"],
        url=row["url"],
        kind=row["kind"],
        event=row["event"],
        transaction_id=row["transaction_id"],
        number=row["number"],
        state=row["state"],
        created_at=datetime.fromisoformat(row["created_at"]),
        due_at=None if due_at is None else datetime.fromisoformat(due_at),
        body=row["request"]["body"],
        attempts=tuple(_attempt(attempt) for attempt in row["attempts"]),
        replay_of=row["replay_of"],
        paused=row["paused"],
    )


def transaction_id_of(message: object) -> str:
    """Return the transaction id of a message, or one that is passed itself, quoted for a URL.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(message, SmsMessage):
        return message.transaction_id
    if not isinstance(message, str) or not message:
        raise TypeError(f"message is {message!r}, but must be a message or its transaction id")
    return quote(message, safe="")


def in_seconds(duration: DurationLike) -> float:
    """Return a duration in seconds.

    Raises:
        ValueError: it is not a duration.
    """
    try:
        return parse_seconds(duration)
    except ValueError as error:
        raise ValueError(f"{duration!r} is not {error}") from None


def instant_text(name: str, value: object) -> str:
    """Return a point in time as the inspection API reads it.

    Raises:
        ValueError: it has no time zone, so that it would be another point in time on another machine.
        TypeError: it is no datetime.
    """
    if not isinstance(value, datetime):
        raise TypeError(f"{name} is {value!r}, but must be {AWARE}")
    if value.utcoffset() is None:
        raise ValueError(f"{name} is {value!r}, {zone_missing(value)}")
    return value.isoformat()


def zone_missing(naive: datetime) -> str:
    """Return the words that explain the two ways to give a datetime its time zone."""
    parts = [*naive.replace(tzinfo=None).timetuple()[:6], naive.microsecond]
    while len(parts) > 3 and not parts[-1]:
        parts.pop()
    arguments = ", ".join(map(str, parts))
    return (
        f"which has no time zone; write datetime({arguments}, tzinfo=UTC) for UTC, "
        f'or datetime({arguments}, tzinfo=ZoneInfo("Asia/Jerusalem")) for Israel time'
    )


def _state(status: str, reason: str | None) -> str:
    return f"{status}/{reason}" if reason else status


def _step(row: Mapping[str, Any]) -> HistoryStep:
    return HistoryStep(
        at=datetime.fromisoformat(row["at"]),
        state=_state(row["status"], row["reject_reason"]),
        cause=row["cause"],
    )


def _attempt(row: Mapping[str, Any]) -> CallbackAttempt:
    return CallbackAttempt(
        at=datetime.fromisoformat(row["at"]),
        status=row["status"],
        body=row["body"],
        error=row["error"],
        duration=row["duration"],
    )


def _warnings(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{warning['path']}: {warning['note']}" for warning in row["warnings"])
