"""The life of a message: everything that happened to it and is planned, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from pydantic import AwareDatetime, Field

from mocksms.engine.account import Account
from mocksms.engine.callbacks import Attempt, Callback
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.next_events import NextEvent, NextKind, next_events
from mocksms.engine.steps import Steps
from mocksms.inspection.clock import ClockView, clock_view
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.next_events import CallView, skip_to
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.requests import SUCCESS
from mocksms.inspection.scope import LATEST, OwnedMessage
from mocksms.inspection.why import WhyView, why_view
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.sms.message import AnyState, Message, Status
from mocksms.sms.opt_out_words import ConsentChoice
from mocksms.webhooks.payloads import callback_request

MAX_ATTEMPTS: Final = 200
"""Attempts of callbacks, made and planned, the latest."""

MAX_BODY: Final = 2_000
"""Characters of a body."""


class Lane(StrEnum):
    """Who takes part in the life of a message."""

    APPLICATION = "application"
    MOCKSMS = "mocksms"
    PHONE = "phone"
    WEBHOOK = "webhook"


class LifeEventKind(StrEnum):
    """What happens in the life of a message."""

    REQUEST = "request"
    RESPONSE = "response"
    STEP = "step"
    DECISION = "decision"
    REPLY = "reply"
    CLICK = "click"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    CALLBACK = "callback"


class LifeEventView(ResponseModel):
    """An event in the life of a message. Steps that are not on the phone begin and end at mocksms."""

    kind: LifeEventKind = Field(description="What happens")
    at: AwareDatetime = Field(description="On the account's clock")
    source: Lane = Field(description="Where it begins")
    target: Lane = Field(description="Where it ends")
    text: Text = Field(
        description="Method and path, note of a response, cause of a step, text of a reply, link, or name of a callback"
    )
    status: str | None = Field(default=None, description="Of the message since a step, null where it is not known")
    reject_reason: str | None = Field(default=None, description="Of the message since a step, null for none")
    http_status: int | None = Field(default=None, description="Of a response or an attempt, null if there was none")
    failed: bool = Field(default=False, description="Whether a response or an attempt is no success, or broken")
    error: str | None = Field(default=None, description="Why an attempt failed")
    body: Text | None = Field(default=None, description=f"What was sent, at most {MAX_BODY:,} characters")
    response_body: Text | None = Field(default=None, description="What a webhook responded, as long")
    duration: float | None = Field(default=None, description="Of a request or an attempt, in seconds, real time")
    request_id: int | None = Field(default=None, description="Id of the request")
    callback_id: int | None = Field(default=None, description="Id of the callback")
    attempt: int | None = Field(default=None, description="Number of the attempt, the first is 1")
    cursor: int | None = Field(default=None, description="Of the reply, opt-out or opt-in")
    planned: bool = Field(default=False, description="Whether it has not happened yet: it will at this time by itself")
    paused: bool = Field(default=False, description="Whether a planned callback waits until its webhook is resumed")
    call: CallView | None = Field(default=None, description="The request that advances the clock to a planned event")


class TimelineView(ResponseModel):
    """The life of a message."""

    transaction_id: str = Field(description="Id of the message")
    account: str = Field(description="Id of its account")
    status: str = Field(description="Its status")
    reject_reason: str | None = Field(description="The reason of the status, null for none")
    why: WhyView = Field(description="Why it has this status")
    clock: ClockView = Field(description="The clock of the account")
    events: list[LifeEventView] = Field(description="In the order of time, what is planned at the end")
    left_out: int = Field(
        description=f"Attempts of callbacks that are not listed: those before the latest {MAX_ATTEMPTS}"
    )


class _Entry(NamedTuple):
    """An event, with its place among those at the same time."""

    at: datetime
    rank: int
    number: int
    view: LifeEventView


def timeline_of_message(context: Context, call: InspectionCall) -> Steps[TimelineView]:
    """Read the life of a message: why it has its status, what happened to it, and what is planned.

    One event for the request and its response, each step, reply, click, opt-out, opt-in and attempt of a callback,
    each with the lanes it goes from and to. What is planned comes with the request that advances the clock to it.
    """
    account, message = owned = call.scope.find(call.id)
    attempts, left_out = yield from _attempts(context, owned)
    entries = [*_happened(account, message), *attempts]
    planned = [event for event in next_events(context.engine, account, message) if event.at is not None]
    entries += [_planned(event, account, place) for place, event in enumerate(planned)]
    entries.sort(key=lambda entry: (entry.view.planned, *entry[:3]))
    return TimelineView(
        transaction_id=message.transaction_id,
        account=account.id,
        status=message.state.status,
        reject_reason=message.state.reason,
        why=why_view(account, message, planned[0].at if planned else None),
        clock=clock_view(account.clock, account),
        events=[entry.view for entry in entries],
        left_out=left_out,
    )


def _happened(account: Account, message: Message) -> Iterator[_Entry]:
    """Iterate over what happened to a message, without callbacks."""
    request = account.journal.get(message.request)
    if request is not None:
        yield from _request_entries(request, message)
    yield from _steps(message)
    for place, click in enumerate(message.clicks):
        yield _entry(LifeEventKind.CLICK, click.at, 4, place, Lane.PHONE, Lane.MOCKSMS, click.url)
    for reply in account.replies.of(message.digits, message.sequence):
        if reply.transaction_id == message.transaction_id:
            number = reply.number
            yield _entry(LifeEventKind.REPLY, reply.at, 5, number, Lane.PHONE, Lane.MOCKSMS, reply.text, cursor=number)
    for consent in account.consents.of(message.digits, message.sequence):
        if consent.transaction_id == message.transaction_id:
            kind = LifeEventKind.OPT_OUT if consent.choice is ConsentChoice.OUT else LifeEventKind.OPT_IN
            source, number = Lane.MOCKSMS if consent.reply else Lane.PHONE, consent.number
            yield _entry(kind, consent.at, 5, number, source, Lane.MOCKSMS, consent.cause, cursor=number)


def _entry(
    kind: LifeEventKind, at: datetime, rank: int, number: int, source: Lane, target: Lane, text: str, **more: Any
) -> _Entry:
    return _Entry(at, rank, number, LifeEventView(kind=kind, at=at, source=source, target=target, text=text, **more))


def _request_entries(request: RecordedRequest, message: Message) -> Iterator[_Entry]:
    """Iterate over the request that created a message, and its response."""
    yield _entry(
        LifeEventKind.REQUEST,
        min(request.at, message.created_at),  # it is recorded with its response
        0,
        0,
        Lane.APPLICATION,
        Lane.MOCKSMS,
        f"{request.method} {request.target}",
        body=_text(request.body),
        request_id=request.number,
    )
    yield _entry(
        LifeEventKind.RESPONSE,
        request.at,
        2,
        0,
        Lane.MOCKSMS,
        Lane.APPLICATION,
        request.note,
        body=_text(request.response_body),
        http_status=request.status,
        failed=request.fault is not None or request.status not in SUCCESS,
        duration=round(request.duration, 6),
        request_id=request.number,
    )


def _steps(message: Message) -> Iterator[_Entry]:
    first, *later = history = message.history
    cause = later[0].cause if later else ""
    for place, step in enumerate(history):
        # The response comes after the acceptance and what was decided with it.
        is_at_once = step is first or (step.at == first.at and step.cause == cause)
        yield _step(step.state, step.at, step.cause, 1 if is_at_once else 3, place)


def _step(state: AnyState, at: datetime, cause: str, rank: int, place: int, **more: Any) -> _Entry:
    target = Lane.PHONE if state.status == Status.SENT else Lane.MOCKSMS
    more |= {"status": state.status, "reject_reason": state.reason}
    return _entry(LifeEventKind.STEP, at, rank, place, Lane.MOCKSMS, target, cause, **more)


def _planned(event: NextEvent, account: Account, place: int) -> _Entry:
    at = event.at
    assert at is not None, "only what happens by itself is planned"
    more = _plan(at, account)
    if event.state is not None and event.kind is NextKind.STEP:
        return _step(event.state, at, event.text, 3, place, **more)
    source = Lane.MOCKSMS if event.kind is NextKind.DECISION else Lane.PHONE
    return _entry(LifeEventKind(event.kind), at, 3, place, source, Lane.MOCKSMS, event.text, **more)


def _attempts(context: Context, owned: OwnedMessage) -> Steps[tuple[list[_Entry], int]]:
    """Return the latest attempts of the callbacks of a message, made and planned, and how many there were before."""
    account, message = owned
    entries: list[_Entry] = []
    left_out = 0
    for callback in account.callbacks.of(message.transaction_id):
        made: list[Attempt | None] = [*callback.attempts]
        numbered = [*enumerate(made + [None] * (callback.due_at is not None), 1)]
        listed = numbered[max(0, len(numbered) - MAX_ATTEMPTS + len(entries)) :]
        left_out += len(numbered) - len(listed)
        body = _text(callback_request(callback, context.engine.settings).body) if listed else ""
        entries += [_attempt(account, callback, number, attempt, body) for number, attempt in listed]
        yield
    return entries, left_out


def _attempt(account: Account, callback: Callback, number: int, attempt: Attempt | None, body: str) -> _Entry:
    at = attempt.at if attempt else callback.due_at
    assert at is not None, "only a pending callback has an attempt that is not made"
    is_paused = callback.webhook.url in account.callbacks.paused
    more = _result(attempt) if attempt else _plan(at, account, is_paused=is_paused)
    more |= {"body": body, "callback_id": callback.number, "attempt": number}
    return _entry(LifeEventKind.CALLBACK, at, 6, callback.number, Lane.MOCKSMS, Lane.WEBHOOK, callback.event, **more)


def _result(attempt: Attempt) -> dict[str, Any]:
    return {
        "http_status": attempt.status,
        "failed": not attempt.is_success,
        "error": attempt.error,
        "response_body": _text(attempt.body),
        "duration": attempt.duration,
    }


def _plan(at: datetime, account: Account, *, is_paused: bool = False) -> dict[str, Any]:
    """Return what a planned event has more; no advance of the clock brings what is paused, or due and not done yet."""
    can_skip = at > account.clock.now() and not is_paused
    return {"planned": True, "paused": is_paused, "call": skip_to(at, account) if can_skip else None}


def _text(body: bytes) -> str:
    return body.decode(errors="replace")[:MAX_BODY]


ENDPOINTS: Final = (
    endpoint("GET", "messages/{id}/timeline", timeline_of_message, returns=TimelineView, path_example=LATEST),
)
