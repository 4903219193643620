"""What the endpoints of the inspection API work with, and how an endpoint and its description go together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeVar

from starlette.responses import Response
from starlette.types import ASGIApp

from mocksms.engine.clock import system_time
from mocksms.engine.controls import Controls
from mocksms.engine.engine import Engine
from mocksms.engine.logs import BoundedLog
from mocksms.inspection.answers import ErrorAnswer
from mocksms.inspection.asked import Filters, PageQuery
from mocksms.inspection.events import EventLog
from mocksms.inspection.matching import MessageFilter
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.quiet import Quiet
from mocksms.inspection.stream import Streams
from mocksms.inspection.waiting import Waits
from mocksms.scenario.library import Library
from mocksms.schemas.openapi import TEXT, Operation, ResponseSpec

BASE: Final = "/_mock"

T = TypeVar("T")


class Context:
    """One mock as the inspection API sees it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.started = system_time()
        self.controls = Controls(engine)
        self.waits = Waits(engine)
        self.quiet = Quiet(engine)
        self.library = Library(engine.settings.scenario_folder)
        self.streams = Streams(EventLog(engine, f"{self.started.timestamp() * 1_000_000:.0f}"))

    def filter(self, filters: Filters, after: int | None, before: int | None = None) -> MessageFilter:
        """Return the filters of a call, after a cursor and before another."""
        return MessageFilter(filters, self.digits, self.engine.text_of, after or 0, before)

    def digits(self, mobile_number: str) -> str:
        """Return a number as it is compared."""
        return self.engine.parse(mobile_number).digits

    def stop(self) -> None:
        """End what is being waited for and watched, since the mock stops."""
        self.waits.stop()
        self.quiet.stop()
        self.streams.stop()


def newest(
    find: Callable[[int | None], Iterator[T]], query: PageQuery, total: int | None = None
) -> tuple[list[T], int]:
    """Return the page that a query asks for, and how much there is on all pages, which is counted unless it is known.

    Args:
        find: returns what matches before a cursor, newest first.
        query: says before which cursor, and how much.
        total: how much there is in all.
    """
    found = find(query.before)
    first = list(islice(found, query.limit))
    if total is not None:
        return first, total
    return first, sum(1 for _ in find(None)) if query.before is not None else len(first) + sum(1 for _ in found)


def room_made(logs: Iterable[BoundedLog[Any]], after: int) -> dict[str, Any]:
    """Return what a page says of what has gone from logs to make room: how many, and whether some after a cursor."""
    kept = tuple(logs)
    return {"evicted": sum(log.evicted for log in kept), "incomplete": any(log.evicted_up_to > after for log in kept)}


EndpointHandler = Callable[[Context, InspectionCall], ASGIApp | Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An operation with what answers it, and whether that may take its time."""

    operation: Operation
    endpoint: EndpointHandler
    holds: bool = False


ANY: Final = {
    401: ResponseSpec(about="The control token is missing or wrong", shape=ErrorAnswer),
    403: ResponseSpec(about="The Host is not allowed, or a page of another site asks", shape=ErrorAnswer),
}
WRITES: Final = {
    413: ResponseSpec(about="The body is too large", shape=ErrorAnswer),
    415: ResponseSpec(about="The body is not declared as JSON", shape=ErrorAnswer),
}
REFUSED: Final = ResponseSpec(about="Query, header or body do not fit; the answer says where", shape=ErrorAnswer)
NOT_FOUND: Final = ResponseSpec(about="There is no such thing", shape=ErrorAnswer)
ILLEGAL: Final = ResponseSpec(about="That is not possible as things are; the answer names what is", shape=ErrorAnswer)
STALE: Final = ResponseSpec(about="The cursor is not from this mock", shape=ErrorAnswer)
UNFINISHED: Final = ResponseSpec(about="Receivers take too long; time was moved all the same", shape=ErrorAnswer)
CLOSED: Final = ResponseSpec(about="Too many wait already, or the mock stops", shape=ErrorAnswer)
EXPLAINED: Final = ResponseSpec(about="It is not so; the answer explains why", shape=ErrorAnswer, media=(TEXT,))
"""Answers that many operations may give."""
