"""Log of a mock on the terminal: one line per message, refused request and failed attempt of a callback, or JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeGuard

from mocksms.cli.log_lines import MAX_CHARACTERS, MAX_DETAILS, log_line, message_line, request_line, time_text
from mocksms.cli.output import json_line
from mocksms.cli.terminal import Paint, plain
from mocksms.engine.account import Account
from mocksms.engine.callbacks import Callback
from mocksms.engine.engine import EngineEvent
from mocksms.engine.journal import RecordedRequest
from mocksms.sms.display import cut
from mocksms.sms.message import Message
from mocksms.sms.text import content_of

FLUSH_SECONDS: Final = 0.02
"""Seconds until a line is written, so that a burst of sends costs one write."""

LoggedEvent = Message | RecordedRequest | Callback


def event_line(account: Account | None, event: LoggedEvent, paint: Paint = plain) -> str:
    """Return the line of an event: time, number or method, result, details, API key.

    Each text of a request or a rule is escaped, so that none can send commands to the terminal or forge a line.
    """
    key = account.shown_key if account else None
    match event:
        case Message():
            why = event.decided_by or f"scheduled for {time_text(event.due_at)}"
            at, content = event.changed_at, content_of(event)
            return message_line(at, event.mobile_number, str(event.state), why, content, key or "", paint)
        case RecordedRequest():
            at, note = event.at, event.note
            return request_line(at, event.method, event.target, event.status, note, key, paint, is_refused=True)
        case _:
            return _callback_line(event, key, paint)


def event_json(account: Account | None, event: LoggedEvent) -> str:
    """Return an event as a line of JSON, with the names of the inspection API; texts of requests are cut off."""
    owner = account.id if account else None
    match event:
        case Message():
            return _message_json(owner, event)
        case RecordedRequest():
            return _request_json(owner, event)
        case _:
            return _callback_json(owner, event)


class ConsoleLog:
    """Writes a line for each message when its outcome is decided, when it is scheduled and at each later step.

    Refused requests, and attempts of callbacks that fail, have a line too.
    """

    def __init__(
        self, write: Callable[[str], object], line_of: Callable[[Account | None, LoggedEvent], str] = event_line
    ) -> None:
        self._write = write
        self._line_of = line_of
        self._pending: list[tuple[Account | None, LoggedEvent]] = []

    def __call__(self, account: Account | None, event: EngineEvent) -> None:
        """Handle an event of the engine."""
        if not _is_logged(event):
            return
        if not self._pending:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        self._pending.append((account, event))

    def flush(self) -> None:
        """Write the pending lines."""
        lines = [self._line_of(account, event) for account, event in self._pending]
        self._pending.clear()
        self._write("".join(f"{line}\n" for line in lines))


def _is_logged(event: EngineEvent) -> TypeGuard[LoggedEvent]:
    match event:
        case Message():
            is_undecided = event.decided_by is None and event.due_at <= event.created_at
            return not is_undecided and not event.clicks
        case RecordedRequest():
            return event.refusal is not None
        case Callback():
            return bool(event.attempts) and not event.attempts[-1].is_success
        case _:
            return False


def _callback_line(callback: Callback, key: str | None, paint: Paint) -> str:
    attempt, due_at = callback.attempts[-1], callback.due_at
    then = f"next attempt at {time_text(due_at)}" if due_at else "no more attempts"
    error = f"attempt {len(callback.attempts)}: {cut(attempt.error or '', MAX_DETAILS)}; {then}"
    details = f"{cut(callback.webhook.url, MAX_DETAILS)}  {error}"
    return log_line(
        attempt.at, callback.details.mobile_number, f"callback {callback.event} failed", details, key, paint
    )


def _message_json(account: str | None, message: Message) -> str:
    state = message.state
    return json_line(
        message.changed_at,
        "message",
        transaction_id=message.transaction_id,
        account=account,
        mobile_number=message.mobile_number[:MAX_CHARACTERS],
        status=state.status,
        reject_reason=state.reason,
        decided_by=message.decided_by,
        scheduled_at=None if message.decided_by else message.due_at.isoformat(),
        content=content_of(message)[:MAX_CHARACTERS],
    )


def _request_json(account: str | None, request: RecordedRequest) -> str:
    return json_line(
        request.at,
        "request",
        account=account,
        method=request.method[:MAX_CHARACTERS],
        target=request.target[:MAX_DETAILS],
        status=request.status,
        refusal=request.refusal,
        note=request.note[:MAX_DETAILS],
    )


def _callback_json(account: str | None, callback: Callback) -> str:
    attempt = callback.attempts[-1]
    return json_line(
        attempt.at,
        "callback",
        account=account,
        id=callback.number,
        transaction_id=callback.details.transaction_id,
        name=callback.event,
        url=callback.webhook.url[:MAX_DETAILS],
        state=callback.state,
        attempts=len(callback.attempts),
        error=(attempt.error or "")[:MAX_DETAILS],
        due_at=callback.due_at.isoformat() if callback.due_at else None,
    )
