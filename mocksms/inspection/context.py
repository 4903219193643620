"""What the endpoints of the inspection API share: the mock, the declaration of an endpoint, and pagination."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mocksms.asgi.connection import COMPLETE_RESPONSE
from mocksms.asgi.slices import MAX_INLINE_BYTES, Slices
from mocksms.engine.clock import system_time
from mocksms.engine.controls import Controls
from mocksms.engine.engine import Engine
from mocksms.engine.logs import BoundedLog
from mocksms.engine.steps import STEP_SIZE, Steps, count
from mocksms.errors import (
    BodyTooLarge,
    BodyTooSlow,
    CrossOriginRequest,
    HostNotAllowed,
    MocksmsError,
    UnsupportedMediaType,
)
from mocksms.inspection.auth import OPEN
from mocksms.inspection.errors import InvalidParameters, InvalidToken, RecordNotFound, UnknownCursor, response_specs
from mocksms.inspection.events import Streams
from mocksms.inspection.matching import MessageFilter
from mocksms.inspection.message_waits import MessageWaits
from mocksms.inspection.models import AccountQuery, AccountsQuery, Filters, PageQuery
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.waiting import CallbackWaits
from mocksms.scenario.library import Library
from mocksms.schemas.openapi import JSON, TEXT, Operation, ResponseSpec
from mocksms.sms.numbers import NumberPattern, parse_pattern

if TYPE_CHECKING:
    from mocksms.state.viewing import SnapshotView

BASE: Final = "/_mock"

T = TypeVar("T")
View = TypeVar("View", bound=BaseModel)


class Context:
    """A mock with everything that the handlers of the inspection API need.

    `view` is the snapshot that it shows, None for a mock that does more. `started` is when the mock was, and
    `first_cursor` the cursor at that time: now, unless it started before its inspection API was needed.
    """

    def __init__(
        self,
        engine: Engine,
        slices: Slices | None = None,
        view: SnapshotView | None = None,
        started: datetime | None = None,
        first_cursor: int | None = None,
    ) -> None:
        self.engine = engine
        self.view = view
        self.slices = slices or Slices()
        self.started = started or system_time()
        self.controls = Controls(engine)
        self.message_waits = MessageWaits(engine, self.slices)
        self.callback_waits = CallbackWaits(engine, self.slices)
        self.snapshot_lock = asyncio.Semaphore(1)
        self.library = Library(engine.settings.scenario_folder)
        epoch = f"{round(self.started.timestamp() * 1_000):x}"
        self.streams = Streams(engine, epoch, engine.cursor if first_cursor is None else first_cursor)

    def filter(self, filters: Filters, after: int | None, before: int | None = None) -> MessageFilter:
        """Return the filters of a call, after a cursor and before another."""
        return MessageFilter(filters, self.number, self.engine.text_of, after or 0, before)

    def number(self, raw: str) -> str | NumberPattern:
        """Return a phone number in its normalised form, or the pattern of one with `*`."""
        settings = self.engine.settings
        pattern = parse_pattern(raw, accept_local=settings.accept_local_numbers)
        return pattern or settings.parse_number(raw).digits

    def paginate(
        self,
        query: PageQuery,
        find: Callable[[int, int | None], Iterator[T]],
        view: Callable[[T], View],
        logs: Iterable[BoundedLog[Any]],
        matches: Callable[[T], bool] = lambda _: True,
        total: int | None = None,
    ) -> Steps[tuple[list[View], dict[str, Any]]]:
        """Return the views of the records on a page, newest first, and the fields that every page has.

        Args:
            query: the cursors and the limit of the page.
            find: returns the records after a cursor and before another, newest first.
            view: returns the view of a record, at once: a record can be evicted during a pause.
            logs: the logs that the records are in; those that evicted none can be left out.
            matches: whether a record belongs on a page.
            total: the number of records on all pages; they are counted unless it is known.
        """
        after, logs, found = query.since or 0, tuple(logs), find(query.since or 0, query.before)
        views: list[View] = []
        for place, record in enumerate(found, 1):
            if matches(record):
                views.append(view(record))
                if len(views) == query.limit:
                    break
                yield
            elif not place % STEP_SIZE:
                yield
        if total is None:
            on_page = len(views) if query.before is None else 0
            rest = found if query.before is None else find(after, None)
            total = on_page + (yield from count(rest, matches))
        # An evicted account may have been one of the scope.
        evicted_up_to = [self.engine.accounts.evicted_up_to, *(log.evicted_up_to for log in logs)]
        return views, {
            "cursor": self.engine.cursor,
            "total": total,
            "evicted": sum(log.evicted for log in logs),
            "incomplete": max(evicted_up_to) > after,
        }

    def stop(self) -> None:
        """End all waits and streams, since the mock shuts down."""
        self.slices.stop()
        self.message_waits.stop()
        self.callback_waits.waiters.stop()
        self.streams.stop()


class JsonResponse(Response):
    """A JSON response. A short one is one event if the server takes that, which saves a system call."""

    media_type = JSON

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        if len(self.body) <= MAX_INLINE_BYTES and COMPLETE_RESPONSE in scope.get("extensions", ()):
            head = {"type": COMPLETE_RESPONSE, "status": self.status_code, "headers": self.raw_headers}
            await send({**head, "body": self.body})
        else:
            await super().__call__(scope, receive, send)


def json_response(model: BaseModel) -> Steps[Response]:
    """Return a model as a JSON response. Records are encoded one by one: a page of long texts can have 100 MB."""
    values = {name: getattr(model, name) for name in type(model).model_fields}
    lists = {name: value for name, value in values.items() if isinstance(value, list) and _has_models(value)}
    parts = [model.model_dump_json(exclude={*lists}).removesuffix("}").encode()]
    for name, records in lists.items():
        separator = b"" if parts[-1] == b"{" else b","
        parts.append(b'%s"%s":[' % (separator, name.encode()))
        for place, record in enumerate(records):
            parts.append(b"," * bool(place) + record.model_dump_json().encode())
            yield
        parts.append(b"]")
    return JsonResponse(b"".join([*parts, b"}"]))


def _has_models(values: list[Any]) -> bool:
    return bool(values) and isinstance(values[0], BaseModel)


def text_response(text: str) -> Response:
    """Return a plain text response."""
    return Response(text + "\n", media_type=TEXT)


EndpointResult = BaseModel | ASGIApp
"""What a handler returns: a model, which becomes a JSON response, or a response of another kind."""

EndpointHandler = Callable[
    [Context, InspectionCall], EndpointResult | Awaitable[EndpointResult] | Steps[EndpointResult]
]
"""Returns the result, or how to get it: by waiting, or by the steps of a long operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An operation and its handler; `holds` marks one that may keep its connection open for a long time."""

    operation: Operation
    handler: EndpointHandler
    holds: bool = False


def endpoint(
    method: str,
    path: str,
    handler: EndpointHandler,
    *,
    returns: type[BaseModel] | None,
    query: type[BaseModel] | None = AccountQuery,
    body: type[BaseModel] | None = None,
    raises: Iterable[type[MocksmsError]] = (),
    media: tuple[str, ...] = (),
    holds: bool = False,
    **details: Any,
) -> Endpoint:
    """Declare an operation of the inspection API.

    Its id is the name of the handler; its summary and description are the handler's docstring.

    Args:
        method: the HTTP method.
        path: the path under `BASE`.
        handler: handles the request.
        returns: the model of the response, None for a response that is not JSON.
        query: the model of the query.
        body: the model of the JSON body.
        raises: the errors of this operation beside those of every operation.
        media: the media types of the response beside JSON.
        holds: whether it may keep its connection open for a long time.
        details: further fields of the Operation.
    """
    summary, _, about = (inspect.getdoc(handler) or "").partition("\n\n")
    errors = {*raises, *_common_errors(method, f"{BASE}/{path}", query, body)}
    success = ResponseSpec(about=_title(inspect.getdoc(returns or handler)), model=returns, media=media)
    operation = Operation(
        id=handler.__name__,
        method=method,
        path=f"{BASE}/{path}",
        summary=_title(summary),
        about=" ".join(about.split()),
        key="optional" if query and issubclass(query, AccountQuery | AccountsQuery) else "unused",
        query=query,
        body=body,
        responses={200: success, **response_specs(errors)},
        **details,
    )
    return Endpoint(operation=operation, handler=handler, holds=holds)


def _common_errors(
    method: str, path: str, query: type[BaseModel] | None, body: type[BaseModel] | None
) -> Iterator[type[MocksmsError]]:
    """Iterate over the errors that follow from how an operation is declared."""
    yield InvalidParameters
    yield from (HostNotAllowed, CrossOriginRequest)
    if path not in OPEN:
        yield InvalidToken
    if method != "GET":
        yield from (BodyTooLarge, BodyTooSlow, UnsupportedMediaType)
    if "{" in path:
        yield RecordNotFound
    if any("since" in model.model_fields for model in (query, body) if model):
        yield UnknownCursor


def _title(docstring: str | None) -> str:
    return (docstring or "").partition("\n")[0].removesuffix(".")
