"""Clocks: frozen, moved forward, let run again."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from mocksms.engine.account import Account
from mocksms.inspection.answers import answer
from mocksms.inspection.asked import AccountQuery, AdvanceBody
from mocksms.inspection.context import BASE, ILLEGAL, NOT_FOUND, REFUSED, UNFINISHED, Context, Endpoint, EndpointHandler
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.shown import ClockView
from mocksms.inspection.views import clock_view
from mocksms.schemas.openapi import Operation, ResponseSpec

TAG: Final = "Clock"


def read_clock(desk: Context, ask: InspectionCall) -> Response:
    """Answer with the time of an account, or that which new accounts begin with."""
    return _clock(desk, None if ask.scope.name is None else ask.scope.peek())


def freeze_clock(desk: Context, ask: InspectionCall) -> Response:
    """Let time stand still."""
    account = ask.scope.one_or_all()
    desk.controls.freeze(account)
    return _clock(desk, account)


def resume_clock(desk: Context, ask: InspectionCall) -> Response:
    """Let time run on."""
    account = ask.scope.one_or_all()
    desk.controls.resume(account)
    return _clock(desk, account)


async def advance_clock(desk: Context, ask: InspectionCall) -> Response:
    """Move time forward; what is due by then has happened when this answers, and receivers have been called."""
    account, body = ask.scope.one_or_all(), ask.body
    if "by" in body.model_fields_set:
        desk.controls.advance_by(account, body.by)
    else:
        desk.controls.advance_to(account, body.to)
    await desk.quiet.of(account)
    return _clock(desk, account)


def _clock(desk: Context, account: Account | None) -> Response:
    if account is None:
        return answer(clock_view(desk.engine.accounts.clock, *desk.engine.accounts))
    return answer(clock_view(account.clock, account))


def _room(word: str, summary: str, endpoint: EndpointHandler, **more: Any) -> Endpoint:
    operation = Operation(
        id=f"{word}_clock",
        method="GET" if word == "read" else "POST",
        path=f"{BASE}/clock" if word == "read" else f"{BASE}/clock/{word}",
        tag=TAG,
        summary=summary,
        key="chooses",
        query=AccountQuery,
        **{"replies": _REPLIES, **more},
    )
    return Endpoint(operation, endpoint)


_REPLIES: Final = {200: ResponseSpec(about="The clock", shape=ClockView), 400: REFUSED, 404: NOT_FOUND}

ROOMS: Final = (
    _room("read", "Read the clock of an account, or of accounts to come", read_clock),
    _room("freeze", "Let time stand still, for all accounts unless one is named", freeze_clock),
    _room(
        "advance",
        "Move time forward, apply all that is due by then in time order, and call receivers",
        advance_clock,
        body=AdvanceBody,
        examples={"by": {"by": "2h"}, "to": {"to": "2030-01-31T12:00:00Z"}},
        replies={**_REPLIES, 409: ILLEGAL, 504: UNFINISHED},
    ),
    _room("resume", "Let time run on from where it stands", resume_clock),
)
"""The operations on clocks."""
