"""Clocks: read, freeze, advance and resume the time of one account or of all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from mocksms.engine.account import Account
from mocksms.engine.clock import Clock
from mocksms.engine.controls import check_in_range
from mocksms.errors import ClockMovedBack, ClockOutOfRange
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.errors import CallbacksUnfinished, UnknownAccount
from mocksms.inspection.models import RequestModel, ResponseModel
from mocksms.inspection.parameters import InspectionCall
from mocksms.schemas.types import Duration
from mocksms.sms.times import MAX_INSTANT, MIN_INSTANT, parse_any_instant


def _instant(raw: object) -> datetime:
    try:
        return parse_any_instant(raw)
    except ValueError as error:
        raise ValueError("must be a point in time such as 2030-01-31T12:00:00Z") from error


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2030-01-31T12:00:00Z"]}),
]
"""A point in time as the emulated API reads it: without an offset it is Israel time."""


class FreezeBody(RequestModel):
    """The time to freeze the clock at; without it, the clock is frozen at the time it shows."""

    at: Instant = Field(default=MIN_INSTANT, description="A time, also a past one; without an offset Israel time")


class AdvanceBody(RequestModel):
    """How far to advance the clock: by a duration or to an instant."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["by"]}, {"required": ["to"]}]})

    by: Duration = timedelta()
    to: Instant = Field(default=MAX_INSTANT, description="A time; without an offset Israel time")

    @model_validator(mode="after")
    def _has_one(self) -> AdvanceBody:
        if len(self.model_fields_set) != 1:
            raise ValueError('must be either {"by": "2h"} or {"to": "2030-01-31T12:00:00Z"}')
        return self


class ClockView(ResponseModel):
    """The clock."""

    now: datetime
    frozen: bool
    next_due: datetime | None = Field(description="When the next step or callback is due")


def clock_view(clock: Clock, *accounts: Account) -> ClockView:
    """Return a clock, and when something is due next in some accounts."""
    due = [at for account in accounts for at in (account.next_at, account.callbacks.next_at) if at is not None]
    return ClockView(now=clock.now(), frozen=clock.frozen, next_due=min(due, default=None))


def read_clock(context: Context, call: InspectionCall) -> ClockView:
    """Read the clock of an account, or the clock that new accounts start with."""
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
    context.controls.freeze(account)
    await context.callback_waits.until_not_busy(account)  # an earlier time would postpone callbacks that are due
    context.controls.freeze(account, latest=body.at)
    return await _advance_to(context, account, body.at)


def resume_clock(context: Context, call: InspectionCall) -> ClockView:
    """Resume the clock from the time it shows."""
    account = call.scope.one_or_all()
    context.controls.resume(account)
    return _view(context, account)


async def advance_clock(context: Context, call: InspectionCall) -> ClockView:
    """Advance the clock and apply everything that is due.

    Due steps are applied in time order. The response comes after all due callbacks were attempted, except those of a
    send whose own response is not yet sent.
    """
    account, body = call.scope.one_or_all(), call.body
    if "by" in body.model_fields_set:
        context.controls.advance_by(account, body.by)
        await context.callback_waits.until_not_busy(account)
        return _view(context, account)
    return await _advance_to(context, account, body.to)


async def _advance_to(context: Context, account: Account | None, instant: datetime) -> ClockView:
    context.controls.advance_to(account, instant)
    await context.callback_waits.until_not_busy(account)
    return _view(context, account)


def _view(context: Context, account: Account | None) -> ClockView:
    if account is None:
        return clock_view(context.engine.accounts.clock, *context.engine.accounts)
    return clock_view(account.clock, account)


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
        raises=[UnknownAccount, ClockOutOfRange, CallbacksUnfinished],
    ),
    endpoint(
        "POST",
        "clock/advance",
        advance_clock,
        returns=ClockView,
        body=AdvanceBody,
        examples={"by": {"by": "2h"}, "to": {"to": "2030-01-31T12:00:00Z"}},
        raises=[UnknownAccount, ClockMovedBack, ClockOutOfRange, CallbacksUnfinished],
    ),
    endpoint("POST", "clock/resume", resume_clock, returns=ClockView, raises=[UnknownAccount]),
)
