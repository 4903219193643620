"""The journal: every exchange with the emulated API, as it came and as it went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from mocksms.engine.account import Account
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.logs import parse_record_number
from mocksms.inspection.answers import answer
from mocksms.inspection.asked import AccountQuery, RequestsQuery
from mocksms.inspection.context import BASE, NOT_FOUND, REFUSED, STALE, Context, Endpoint, newest, room_made
from mocksms.inspection.errors import RecordNotFound
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.shown import RequestsPage, RequestView
from mocksms.inspection.views import request_view
from mocksms.schemas.openapi import Operation, ResponseSpec

TAG: Final = "Journal"
SUCCESS: Final = range(200, 300)


def list_requests(desk: Context, ask: InspectionCall) -> Response:
    """Answer with the newest exchanges that match."""
    query: RequestsQuery = ask.query
    after = query.since or 0
    journals = ask.scope.journals

    def matching(before: int | None) -> Iterator[tuple[Account | None, RecordedRequest]]:
        return (owned for owned in ask.scope.exchanges(after, before) if _matches(query, owned[1]))

    is_everything = not query.model_fields_set - {"limit", "account", "before"}
    kept = sum(len(journal) for _, journal in journals) if is_everything else None
    found, total = newest(matching, query, kept)
    page = RequestsPage(
        requests=[request_view(account, exchange) for account, exchange in found],
        cursor=desk.engine.cursor,
        total=total,
        **room_made((journal for _, journal in journals), after),
    )
    return answer(page)


def read_request(_: Context, ask: InspectionCall) -> Response:
    """Answer with an exchange."""
    name = ask.path["id"]
    number = parse_record_number(name) or 0
    for account, journal in ask.scope.journals:
        if exchange := journal.get(number):
            return answer(request_view(account, exchange))
    raise RecordNotFound("request", name)


def _matches(query: RequestsQuery, exchange: RecordedRequest) -> bool:
    return (
        (query.method is None or exchange.method == query.method.upper())
        and (query.path is None or query.path in exchange.target)
        and (query.status is None or exchange.status == query.status)
        and (query.refused is None or query.refused == (exchange.status not in SUCCESS))
    )


ROOMS: Final = (
    Endpoint(
        Operation(
            id="list_requests",
            method="GET",
            path=f"{BASE}/requests",
            tag=TAG,
            summary="List the exchanges with the emulated API, newest first",
            key="chooses",
            query=RequestsQuery,
            replies={200: ResponseSpec(about="The exchanges", shape=RequestsPage), 400: REFUSED, 409: STALE},
        ),
        list_requests,
    ),
    Endpoint(
        Operation(
            id="read_request",
            method="GET",
            path=f"{BASE}/requests/{{id}}",
            tag=TAG,
            summary="Read an exchange",
            key="chooses",
            query=AccountQuery,
            replies={200: ResponseSpec(about="The exchange", shape=RequestView), 400: REFUSED, 404: NOT_FOUND},
        ),
        read_request,
    ),
)
"""The operations on the journal."""
