"""The mock itself: health, magic numbers, fidelity, and the stream of events."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final, Literal

from pydantic import Field
from starlette.types import ASGIApp

from mocksms.engine.clock import system_time
from mocksms.fidelity import Evidence, ledger
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.errors import TooManyOpenRequests
from mocksms.inspection.parameters import InspectionCall
from mocksms.schemas.openapi import STREAM
from mocksms.schemas.responses import ResponseModel
from mocksms.sms.magic import Catalogue
from mocksms.sms.outcomes import Fault

EVIDENCE: Final = "; ".join(f"{evidence}: {evidence.about}" for evidence in Evidence)
"""The definitions of the classes of evidence, in one line."""


class CountsView(ResponseModel):
    """Numbers of accounts, messages and requests."""

    accounts: int = Field(description="Number of accounts")
    messages: int = Field(description="Number of messages")
    requests: int = Field(description="Number of recorded requests")


class HealthView(CountsView):
    """The state of the mock, which is ready."""

    status: Literal["ready"] = Field(description="Always `ready`")
    version: str = Field(description="Version of mocksms")
    uptime: float = Field(description="In seconds")
    cursor: int = Field(description="The cursor of the latest record")
    evicted: CountsView = Field(description="Numbers of evicted records")
    memory: int = Field(description="Bytes of all that is kept, estimated")
    max_memory: int = Field(description="Bytes beyond which the oldest records are evicted")


class NumberView(ResponseModel):
    """A magic number."""

    code: str = Field(description="The two digits after the prefix")
    name: str = Field(description="Name of the outcome")
    number: str = Field(description="The number to send to")
    outcome: str = Field(description="What happens, in words")
    http_fault: bool = Field(description="Whether it affects the whole HTTP response")


class NumbersView(ResponseModel):
    """The magic numbers."""

    prefix: str = Field(description="The digits that all of them begin with")
    format: str = Field(description="How a number is made of prefix and code")
    numbers: list[NumberView] = Field(description="The magic numbers by code")


class BehaviourView(ResponseModel):
    """A behaviour of the emulated API, and the evidence for it."""

    id: str = Field(description="The id in the ledger")
    does: str = Field(description="What mocksms does")
    evidence: Evidence = Field(description=f"How it is known. {EVIDENCE}")
    source: str = Field(description="Where the evidence is found, or why there is none")
    settings: tuple[str, ...] = Field(description="The options that change it")
    covers: tuple[str, ...] = Field(
        description="The parts of the emulated API that it describes, as kind:name, such as field:row.state"
    )


class FidelityView(ResponseModel):
    """What the mock emulates, and the evidence for it."""

    evidence: dict[Evidence, str] = Field(description="The definition of each class of evidence")
    behaviours: list[BehaviourView] = Field(description="The behaviours")


def health(context: Context, _: InspectionCall) -> HealthView:
    """Read the state of the mock.

    It needs no token and no key: use it to wait until the mock is ready.
    """
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
    """List the magic numbers.

    The code in a magic number decides the outcome of its messages, or breaks the response.
    """
    return numbers_view(context.engine.decisions.catalogue)


def fidelity(_: Context, __: InspectionCall) -> FidelityView:
    """List what the mock emulates, and the evidence for it.

    Each behaviour has a class of evidence, from documented by the vendor to own.
    """
    return fidelity_view()


def events(context: Context, call: InspectionCall) -> ASGIApp:
    """Follow events as they happen.

    Server-sent events: message, request, callback, consent, reply, account, clock, scenario, faults, deleted, reset.
    A stream starts with `open`, or resumes after the Last-Event-ID; `missed` says that it cannot resume, `dropped`
    that the mock ends the stream, and why. `open` and `missed` have the present `cursor`, and `first_cursor`, that of
    the start of the mock.
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


def fidelity_view() -> FidelityView:
    """Return the ledger and the definitions of its classes of evidence."""
    return FidelityView(
        evidence={evidence: evidence.about for evidence in Evidence},
        behaviours=[BehaviourView(**behaviour._asdict()) for behaviour in ledger()],
    )


ENDPOINTS: Final = (
    endpoint("GET", "health", health, returns=HealthView, query=None),
    endpoint("GET", "numbers", numbers, returns=NumbersView, query=None),
    endpoint("GET", "fidelity", fidelity, returns=FidelityView, query=None),
    endpoint("GET", "events", events, returns=None, media=(STREAM,), raises=[TooManyOpenRequests], holds=True),
)
