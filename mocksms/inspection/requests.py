"""Recorded requests: list and read what the emulated API received."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from mocksms.engine.account import Account
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.logs import parse_record_number
from mocksms.engine.rules import ApiOperation
from mocksms.engine.steps import STEP_SIZE, Steps
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.errors import RecordNotFound
from mocksms.inspection.models import BY_DIGITS, AccountQuery, Filters, Name, NumberField, Page, PageQuery, WarningView
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.scope import AccountScope
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.settings import API_PREFIX
from mocksms.sms.outcomes import FaultKind

SUCCESS: Final = range(200, 300)
NO_PREFIX: Final = f"the path has no {API_PREFIX}"
"""The note of a request that lacks the prefix, where there is nothing else to note. The guide has both forms."""


class RequestsQuery(AccountQuery, PageQuery):
    """Filters for recorded requests."""

    method: Annotated[str, Field(max_length=40)] | None = Field(default=None, description="GET, POST and so on")
    path: Name | None = Field(default=None, description="Part of path and query as sent")
    to: NumberField | None = Field(default=None, description=f"Number of a recipient of its messages, {BY_DIGITS}")
    status: int | None = Field(default=None, ge=100, le=599, description="Status of the response")
    refused: bool | None = Field(default=None, description="Whether there was no successful response")


class RecordedResponseView(ResponseModel):
    """The response; its status is null if the connection was reset instead."""

    status: int | None = Field(description="HTTP status, null if the connection was reset")
    headers: list[tuple[str, str]] = Field(description="Without type and length")
    body: str = Field(description="The body, decoded as UTF-8")
    size: int = Field(description="Bytes of the body; of a longer body only the first 65,536 are recorded")


class RequestView(ResponseModel):
    """A request to the emulated API, with the response."""

    id: int = Field(description="The id")
    account: str | None = Field(description="Id of the account, null without a valid key")
    at: AwareDatetime = Field(description="When it arrived")
    method: str = Field(description="The HTTP method")
    target: str = Field(description="Path and query as sent; of longer ones the first 8,192 bytes are recorded")
    headers: list[tuple[str, str]] = Field(description="As sent, secrets shortened")
    body: str = Field(description="As sent, decoded as UTF-8")
    size: int = Field(description="Bytes of the body; of a longer body only the first 65,536 are recorded")
    response: RecordedResponseView = Field(description="What was sent back")
    duration: float = Field(description="In seconds")
    operation: ApiOperation | None = Field(description="The called operation, null if there is none at this path")
    refusal: str | None = Field(description="Code of the reason why the request was refused, null if it was not")
    note: Text = Field(description="Why it was refused, how a fault changed the response, or a missing /rest/v1")
    lacks_prefix: bool = Field(description="Whether it called an operation without /rest/v1, which is no warning")
    fault: FaultKind | None = Field(description="How a fault broke the response, null for none")
    fault_decided_by: Text | None = Field(description="Rule or magic number that caused the fault, null for none")
    warnings: list[WarningView] = Field(description="Deviations that were accepted")
    messages: list[str] = Field(description="Ids of the messages it created, without those evicted")
    recipients: list[Text] = Field(description="The number of each of these messages, in the same order, as sent")


class RequestsPage(Page):
    """Requests, newest first."""

    requests: list[RequestView] = Field(description="The requests on this page")


def list_requests(context: Context, call: InspectionCall) -> Steps[RequestsPage]:
    """List the requests to the emulated API, newest first.

    With refused and malformed ones, whose response and `note` say what was wrong.
    """
    return requests_page(context, call.scope, call.query)


def requests_page(context: Context, scope: AccountScope, query: RequestsQuery) -> Steps[RequestsPage]:
    """Return a page of requests, newest first."""
    senders = None if query.to is None else (yield from _senders_to(context, scope, query))
    journals = [journal for _, journal in scope.journals]
    evicting = [journal for journal in journals if journal.evicted]
    views, totals = yield from context.paginate(
        query,
        scope.requests,
        lambda owned: request_view(*owned),
        evicting,
        lambda owned: _matches(query, owned[1]) and (senders is None or owned[1].number in senders),
        sum(map(len, journals)) if query.is_unfiltered else None,
    )
    return RequestsPage(requests=views, **totals)


def _senders_to(context: Context, scope: AccountScope, query: RequestsQuery) -> Steps[set[int]]:
    """Return the numbers of the requests that created a message to a recipient, if that was not evicted."""
    messages = yield from scope.search(context.filter(Filters(to=query.to), query.since).query)
    senders = set()
    for place, (_, message) in enumerate(messages, 1):
        senders.add(message.request)
        if not place % STEP_SIZE:
            yield
    return senders


def read_request(_: Context, call: InspectionCall) -> RequestView:
    """Read a request to the emulated API.

    With headers, bodies and status, and the ids of the messages that it created.
    """
    number = parse_record_number(call.id) or 0
    for account, journal in call.scope.journals:
        if request := journal.get(number):
            return request_view(account, request)
    raise RecordNotFound("request", call.id)


def _matches(query: RequestsQuery, request: RecordedRequest) -> bool:
    return (
        (query.method is None or request.method == query.method.upper())
        and (query.path is None or query.path in request.target)
        and (query.status is None or request.status == query.status)
        and (query.refused is None or query.refused == (request.status not in SUCCESS))
    )


def request_view(account: Account | None, request: RecordedRequest) -> RequestView:
    """Return a request with its response, and the messages of its account that it created."""
    found = (account.messages.at(sequence) for sequence in request.messages) if account else ()
    messages = [message for message in found if message]
    return RequestView(
        id=request.number,
        account=account.id if account else None,
        at=request.at,
        method=request.method,
        target=request.target,
        headers=_header_pairs(request.headers),
        body=request.body.decode(errors="replace"),
        size=request.body_size,
        response=_response_view(request),
        duration=round(request.duration, 6),
        operation=request.operation,
        refusal=request.refusal,
        note=request.note or (NO_PREFIX if request.lacks_prefix else ""),
        lacks_prefix=request.lacks_prefix,
        fault=request.fault.fault.kind if request.fault else None,
        fault_decided_by=request.fault.decided_by if request.fault else None,
        warnings=[WarningView(path=warning.path, note=warning.note) for warning in request.warnings],
        messages=[message.transaction_id for message in messages],
        recipients=[message.mobile_number for message in messages],
    )


def _response_view(request: RecordedRequest) -> RecordedResponseView:
    return RecordedResponseView(
        status=request.status,
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.response_headers],
        body=request.response_body.decode(errors="replace"),
        size=request.response_size,
    )


def _header_pairs(lines: bytes) -> list[tuple[str, str]]:
    pairs = (line.partition(b": ") for line in lines.split(b"\r\n") if line)
    return [(name.decode("latin-1"), value.decode("utf-8", "replace")) for name, _, value in pairs]


ENDPOINTS: Final = (
    endpoint("GET", "requests", list_requests, returns=RequestsPage, query=RequestsQuery),
    endpoint("GET", "requests/{id}", read_request, returns=RequestView),
)
