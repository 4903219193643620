"""How the mock is, what it can do, and what happens as it happens."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp

from mocksms.engine.clock import system_time
from mocksms.fidelity import ledger
from mocksms.inspection.answers import answer
from mocksms.inspection.asked import AccountQuery
from mocksms.inspection.context import BASE, CLOSED, REFUSED, Context, Endpoint
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.shown import BehaviourView, FidelityView, HealthView, NumbersView
from mocksms.inspection.views import health_view, numbers_view
from mocksms.schemas.openapi import STREAM, Operation, ResponseSpec

TAG: Final = "Mock"


def health(desk: Context, _: InspectionCall) -> Response:
    """Answer how the mock is."""
    uptime = (system_time() - desk.started).total_seconds()
    return answer(health_view(desk.engine, version("mocksms"), uptime))


def numbers(desk: Context, _: InspectionCall) -> Response:
    """Answer with the magic numbers."""
    return answer(numbers_view(desk.engine.decisions.catalogue))


def fidelity(_: Context, __: InspectionCall) -> Response:
    """Answer with the ledger."""
    return answer(FidelityView(behaviours=[BehaviourView(**behaviour._asdict()) for behaviour in ledger()]))


def events(desk: Context, ask: InspectionCall) -> ASGIApp:
    """Answer with what happens from here on, or from where the client was."""
    last = ask.headers.get(b"last-event-id")
    return desk.streams.open(ask.scope.id, last.decode("latin-1") if last else None, desk.engine.cursor)


ROOMS: Final = (
    Endpoint(
        Operation(
            id="health",
            method="GET",
            path=f"{BASE}/health",
            tag=TAG,
            summary="How the mock is",
            replies={200: ResponseSpec(about="It is ready", shape=HealthView)},
        ),
        health,
    ),
    Endpoint(
        Operation(
            id="numbers",
            method="GET",
            path=f"{BASE}/numbers",
            tag=TAG,
            summary="The magic numbers",
            replies={200: ResponseSpec(about="The catalogue", shape=NumbersView)},
        ),
        numbers,
    ),
    Endpoint(
        Operation(
            id="fidelity",
            method="GET",
            path=f"{BASE}/fidelity",
            tag=TAG,
            summary="What is emulated, on what evidence",
            replies={200: ResponseSpec(about="The ledger", shape=FidelityView)},
        ),
        fidelity,
    ),
    Endpoint(
        Operation(
            id="events",
            method="GET",
            path=f"{BASE}/events",
            tag=TAG,
            summary="What happens, as it happens",
            about="Server-sent events: message, request, inbound, account, clock, deleted, reset. A stream begins with "
            "open, or goes on after the Last-Event-ID; missed says that this is not possible, dropped that the stream "
            "ends and why.",
            key="chooses",
            query=AccountQuery,
            replies={
                200: ResponseSpec(about="A stream of events", media=(STREAM,)),
                400: REFUSED,
                503: CLOSED,
            },
        ),
        events,
        holds=True,
    ),
)
"""The operations on the mock as a whole."""
