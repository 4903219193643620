"""Holds: wait until a fault holds a request, and release the requests that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from mocksms.asgi.bodies import Disconnected
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.logs import parse_record_number
from mocksms.engine.rules import FaultSpec, Rule
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.errors import HoldTimedOut, RecordNotFound, ShuttingDown, TooManyOpenRequests
from mocksms.inspection.messages import MAX_WAIT_SECONDS
from mocksms.inspection.models import MAX_ROWS, AccountQuery, RequestModel
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.waiting import WaitEnd
from mocksms.schemas.responses import ResponseModel
from mocksms.schemas.types import MAX_COUNT, whole
from mocksms.sms.display import cut
from mocksms.sms.outcomes import FaultKind

MAX_HOLD_WAITS: Final = 1_000
MAX_TARGET: Final = 100
"""Characters of a path in an error."""


class HoldWaitQuery(AccountQuery):
    """How many requests to wait for, and how long."""

    count: int = Field(default=1, ge=1, le=MAX_ROWS, description="Number of requests that must wait")
    timeout: float = Field(default=10.0, ge=0, le=MAX_WAIT_SECONDS, description="In seconds, real time")


class ReleaseBody(RequestModel):
    """Which requests to release."""

    count: Annotated[int, Field(ge=1, le=MAX_COUNT), BeforeValidator(whole)] | None = Field(
        default=None, description="How many requests, the longest waiting first; the fault then goes on"
    )


class HeldRequestsView(ResponseModel):
    """The requests that a fault holds."""

    waiting: list[int] = Field(description="Their ids, the longest waiting first")


class ReleasedView(ResponseModel):
    """The number of released requests."""

    released: int = Field(description="Number of requests")


async def wait_for_held_requests(context: Context, call: InspectionCall) -> HeldRequestsView:
    """Wait until a fault of kind `hold` holds enough requests.

    After `timeout` the error lists the other requests since the fault was set.
    """
    number, query, waiters = _hold_id(context, call), call.query, context.callback_waits.waiters
    account = call.scope.one_or_all()

    def check() -> list[int] | None:
        waiting = context.engine.holds.waiting(account, number)
        return waiting if len(waiting) >= query.count else None

    if len(waiters) >= MAX_HOLD_WAITS:
        raise TooManyOpenRequests("waits", MAX_HOLD_WAITS)
    match await waiters.wait(check, query.timeout, call.receive):
        case WaitEnd.DISCONNECTED:
            raise Disconnected
        case WaitEnd.STOPPED:
            raise ShuttingDown
        case WaitEnd.TIMED_OUT:
            waiting = {*context.engine.holds.waiting(account, number)}
            others = (request for _, request in call.scope.requests(number) if request.number not in waiting)
            described = (_describe(request, number) for request in others)
            raise HoldTimedOut(len(waiting), query.count, query.timeout, described)
        case found:
            return HeldRequestsView(waiting=found)


def release_requests(context: Context, call: InspectionCall) -> ReleasedView:
    """Release the requests that a fault of kind `hold` holds, and end the fault.

    With `count` only the longest waiting ones are released, and the fault does not end.
    """
    number, account = _hold_id(context, call), call.scope.one_or_all()
    released = context.engine.holds.release(account, number, call.body.count)
    if call.body.count is None:
        context.controls.clear_faults(account, number)
    return ReleasedView(released=released)


def _hold_id(context: Context, call: InspectionCall) -> int:
    """Return the id in the path if it is that of a fault which holds or has held requests.

    Raises:
        RecordNotFound: it is not.
    """
    number = parse_record_number(call.id)
    if number is None or number not in _hold_ids(context, call):
        raise RecordNotFound("fault of kind hold", call.id)
    return number


def _hold_ids(context: Context, call: InspectionCall) -> Iterator[int]:
    for account in call.scope.accounts:
        for counted in (*account.faults.rules, *account.faults.removed):
            if _holds(counted.rule):
                yield counted.fault_id
    if call.scope.name is None:
        yield from (name for name, (rule, _) in context.engine.accounts.faults.items() if _holds(rule))


def _holds(rule: Rule) -> bool:
    return isinstance(rule.effect, FaultSpec) and rule.effect.fault.kind is FaultKind.HOLD


def _describe(request: RecordedRequest, fault_id: int) -> str:
    held = " (held before)" if request.fault and request.fault.fault_id == fault_id else ""
    return f"{cut(request.method, MAX_TARGET)} {cut(request.target, MAX_TARGET)} {request.status or 'reset'}{held}"


ENDPOINTS: Final = (
    endpoint(
        "GET",
        "faults/{id}/wait",
        wait_for_held_requests,
        returns=HeldRequestsView,
        query=HoldWaitQuery,
        raises=[HoldTimedOut, TooManyOpenRequests, ShuttingDown],
        holds=True,
    ),
    endpoint(
        "POST",
        "faults/{id}/release",
        release_requests,
        returns=ReleasedView,
        body=ReleaseBody,
        body_required=False,
        examples={"all": {}, "the first": {"count": 1}},
    ),
)
