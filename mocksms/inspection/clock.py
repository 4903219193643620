"""Clocks: read, freeze, advance and resume the time of one account or of all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from mocksms.engine.account import Account
from mocksms.engine.callbacks import describe_callback
from mocksms.engine.clock import Clock
from mocksms.engine.controls import check_in_range
from mocksms.errors import ClockMovedBack, ClockOutOfRange
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.errors import (
    AdvanceInProgress,
    CallbacksUnfinished,
    EndlessCallbacks,
    ShuttingDown,
    UnknownAccount,
)
from mocksms.inspection.models import RequestModel, without_defaults
from mocksms.inspection.parameters import InspectionCall
from mocksms.schemas.responses import ResponseModel
from mocksms.schemas.types import Duration
from mocksms.sms.times import MAX_INSTANT, MIN_INSTANT, parse_any_instant


def _instant(raw: object) -> datetime:
    try:
        return parse_any_instant(raw)
    except ValueError as error:
        raise ValueError("must be a point in time such as 2030-01-31T12:00:00Z") from error


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2030-01-31T12:00:00Z"]}),
]
"""A point in time as the emulated API reads it: without an offset it is Israel time."""


class FreezeBody(RequestModel):
    """The time to freeze the clock at; without it, the clock is frozen at the time it shows."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    at: Instant = Field(default=MIN_INSTANT, description="A time, also a past one; without an offset Israel time")


def _one_field(schema: dict[str, Any]) -> None:
    without_defaults(schema)
    schema["minProperties"] = schema["maxProperties"] = 1


class AdvanceBody(RequestModel):
    """How far to advance the clock: by a duration or to an instant."""

    model_config = ConfigDict(json_schema_extra=_one_field)

    by: Duration = Field(default=timedelta(), description="A duration, such as 90s or 2h")
    to: Instant = Field(default=MAX_INSTANT, description="A time; without an offset Israel time")

    @model_validator(mode="after")
    def _has_one(self) -> AdvanceBody:
        if len(self.model_fields_set) != 1:
            raise ValueError('must be either {"by": "2h"} or {"to": "2030-01-31T12:00:00Z"}')
        return self


class ClockView(ResponseModel):
    """The clock."""

    now: AwareDatetime = Field(description="The time that it shows")
    frozen: bool = Field(description="Whether only an advance changes it")
    next_due: AwareDatetime | None = Field(description="When the next step or callback is due")


class AdvancedClockView(ClockView):
    """The clock after an advance."""

    unsent: list[int] = Field(
        description="Ids of requests whose responses are not sent yet: callbacks of their messages come later"
    )


def clock_view(clock: Clock, *accounts: Account) -> ClockView:
    """Return a clock, and when something is due next in some accounts."""
    due = min(filter(None, (account.next_due_at for account in accounts)), default=None)
    return ClockView(now=clock.now(), frozen=clock.frozen, next_due=due)


def read_clock(context: Context, call: InspectionCall) -> ClockView:
    """Read the clock of an account, or the clock that new accounts start with.

    Each account has a clock of its own, which can be frozen, set and advanced.
    """
    return _view(context, None if call.scope.name is None else call.scope.peek())


async def freeze_clock(context: Context, call: InspectionCall) -> ClockView:
    """Freeze the clock of an account, or of all accounts.

    With `at` it is frozen at that time. Before that, everything due at the present time is applied, and callbacks are
    attempted. A later time is as an advance to it. An earlier time changes the clock alone: messages keep their times,
    and what is planned for a time stays planned for that time.
    """
    account, body = call.scope.one_or_all(), call.body
    if not body.model_fields_set:
        context.controls.freeze(account)
        return _view(context, account)
    check_in_range(body.at)
    _check_no_advance(context, account)
    settled = context.controls.advance_by(account, timedelta())
    context.controls.freeze(account)
    # An earlier time would postpone callbacks that are due.
    await context.callback_waits.finish(settled, call.receive)
    context.controls.freeze(account, latest=body.at)
    await context.callback_waits.finish(context.controls.advance_to(account, body.at), call.receive)
    return _view(context, account)


def resume_clock(context: Context, call: InspectionCall) -> ClockView:
    """Resume the clock from the time it shows.

    From then on it keeps its distance to real time.
    """
    account = call.scope.one_or_all()
    context.controls.resume(account)
    return _view(context, account)


async def advance_clock(context: Context, call: InspectionCall) -> AdvancedClockView:
    """Advance the clock and apply everything that is due.

    The clock goes from due instant to due instant. At each one, callbacks that are due are attempted, and the sends
    that an application makes before it responds to its callback are processed, with the time of that instant. Meanwhile
    another advance of the same clock is refused, also one by a receiver. Callbacks of a send whose own response is not
    sent within a second come later; `unsent` lists its request.
    """
    account, body = call.scope.one_or_all(), call.body
    _check_no_advance(context, account)
    controls = context.controls
    is_duration = "by" in body.model_fields_set
    advance = controls.advance_by(account, body.by) if is_duration else controls.advance_to(account, body.to)
    unsent = await context.callback_waits.finish(advance, call.receive)
    return AdvancedClockView(**_view(context, account).model_dump(), unsent=sorted(unsent))


def _check_no_advance(context: Context, account: Account | None) -> None:
    running = context.controls.running_advance(account)
    if running is not None:
        in_flight = context.engine.outbox.in_flight(running.account)
        raise AdvanceInProgress(running.now, running.target, list(map(describe_callback, in_flight)))


def _view(context: Context, account: Account | None) -> ClockView:
    if account is None:
        return clock_view(context.engine.accounts.clock, *context.engine.accounts)
    return clock_view(account.clock, account)


ADVANCE_ERRORS: Final = (AdvanceInProgress, EndlessCallbacks, CallbacksUnfinished, ShuttingDown)

ENDPOINTS: Final = (
    endpoint("GET", "clock", read_clock, returns=ClockView, raises=[UnknownAccount]),
    endpoint(
        "POST",
        "clock/freeze",
        freeze_clock,
        returns=ClockView,
        body=FreezeBody,
        body_required=False,
        examples={"now": {}, "at": {"at": "2020-01-31T12:00:00Z"}},
        raises=[UnknownAccount, ClockOutOfRange, *ADVANCE_ERRORS],
    ),
    endpoint(
        "POST",
        "clock/advance",
        advance_clock,
        returns=AdvancedClockView,
        body=AdvanceBody,
        examples={"by": {"by": "2h"}, "to": {"to": "2030-01-31T12:00:00Z"}},
        raises=[UnknownAccount, ClockMovedBack, ClockOutOfRange, *ADVANCE_ERRORS],
    ),
    endpoint("POST", "clock/resume", resume_clock, returns=ClockView, raises=[UnknownAccount]),
)
