"""The mock itself: health, magic numbers, fidelity, and the stream of events."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final, Literal

from pydantic import Field
from starlette.types import ASGIApp

from mocksms.engine.clock import system_time
from mocksms.fidelity import ledger
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.errors import TooManyOpenRequests
from mocksms.inspection.models import ResponseModel
from mocksms.inspection.parameters import InspectionCall
from mocksms.schemas.openapi import STREAM
from mocksms.sms.magic import Catalogue
from mocksms.sms.outcomes import Fault


class CountsView(ResponseModel):
    """Numbers of accounts, messages and requests."""

    accounts: int
    messages: int
    requests: int


class HealthView(CountsView):
    """The state of the mock, which is ready."""

    status: Literal["ready"]
    version: str
    uptime: float = Field(description="In seconds")
    cursor: int
    evicted: CountsView
    memory: int = Field(description="Bytes of all that is kept, estimated")
    max_memory: int = Field(description="Bytes beyond which the oldest records are evicted")


class NumberView(ResponseModel):
    """A magic number."""

    code: str
    name: str
    number: str
    outcome: str
    http_fault: bool


class NumbersView(ResponseModel):
    """The magic numbers."""

    prefix: str
    format: str
    numbers: list[NumberView]


class BehaviourView(ResponseModel):
    """A behaviour of the emulated API, and the evidence for it."""

    id: str
    does: str
    evidence: str
    source: str
    setting: str


class FidelityView(ResponseModel):
    """What the mock emulates, and the evidence for it."""

    behaviours: list[BehaviourView]


def health(context: Context, _: InspectionCall) -> HealthView:
    """Read the state of the mock."""
    accounts = context.engine.accounts
    return HealthView(
        status="ready",
        version=version("mocksms"),
        uptime=round((system_time() - context.started).total_seconds(), 3),
        cursor=context.engine.cursor,
        evicted=CountsView(**accounts.evicted()._asdict()),
        memory=accounts.budget.used,
        max_memory=accounts.budget.limit,
        **accounts.totals()._asdict(),
    )


def numbers(context: Context, _: InspectionCall) -> NumbersView:
    """List the magic numbers."""
    return numbers_view(context.engine.decisions.catalogue)


def fidelity(_: Context, __: InspectionCall) -> FidelityView:
    """List what the mock emulates, and the evidence for it."""
    return FidelityView(behaviours=[BehaviourView(**behaviour._asdict()) for behaviour in ledger()])


def events(context: Context, call: InspectionCall) -> ASGIApp:
    """Follow events as they happen.

    Server-sent events: message, request, callback, consent, reply, account, clock, scenario, faults, deleted, reset.
    A stream starts with `open`, or resumes after the Last-Event-ID; `missed` says that it cannot resume, `dropped`
    that the mock ends the stream, and why.
    """
    last = call.headers.get(b"last-event-id")
    return context.streams.open(call.scope.id, last.decode("latin-1") if last else None, context.engine.cursor)


def numbers_view(catalogue: Catalogue) -> NumbersView:
    """Return the magic numbers of a catalogue."""
    prefix = catalogue.prefix
    rows = [
        NumberView(
            code=row.code,
            name=row.name,
            number=row.number(prefix),
            outcome=row.title,
            http_fault=isinstance(row.effect, Fault),
        )
        for row in catalogue.rows.values()
    ]
    return NumbersView(prefix=prefix, format=f"{prefix}CCLL: CC is the code, LL any two digits (a lane)", numbers=rows)


ENDPOINTS: Final = (
    endpoint("GET", "health", health, returns=HealthView, query=None),
    endpoint("GET", "numbers", numbers, returns=NumbersView, query=None),
    endpoint("GET", "fidelity", fidelity, returns=FidelityView, query=None),
    endpoint("GET", "events", events, returns=None, media=(STREAM,), raises=[TooManyOpenRequests], holds=True),
)
