"""Callbacks: which were planned, how receivers answered, and calling them again; and who opted out or in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from starlette.responses import Response

from mocksms.engine.account import Account
from mocksms.engine.callbacks import Callback
from mocksms.engine.logs import parse_record_number
from mocksms.inspection.answers import answer
from mocksms.inspection.asked import AccountQuery, CallbacksQuery, ConsentsQuery, ReplayBody
from mocksms.inspection.context import BASE, NOT_FOUND, REFUSED, STALE, Context, Endpoint, newest, room_made
from mocksms.inspection.errors import InvalidParameters, RecordNotFound
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.scope import LATEST
from mocksms.inspection.told import CallbacksPage, CallbacksView, CallbackView, ConsentsPage
from mocksms.inspection.views import callback_view, consent_view
from mocksms.schemas.openapi import Operation, ResponseSpec

TAG: Final = "Callbacks"

MOST_REPLAYED: Final = 10_000
"""Callbacks that one call may ask for; for as long as they are planned and shown, a mock does nothing else."""


def list_callbacks(desk: Context, ask: InspectionCall) -> Response:
    """Answer with the newest callbacks that match."""
    query: CallbacksQuery = ask.query
    after = query.since or 0
    found, total = newest(partial(_matching, ask, query), query)
    page = CallbacksPage(
        callbacks=[callback_view(desk.engine, account, callback) for account, callback in found],
        cursor=desk.engine.cursor,
        total=total,
        **room_made((account.callbacks for account in ask.scope.accounts), after),
    )
    return answer(page)


def replay_callback(desk: Context, ask: InspectionCall) -> Response:
    """Call a receiver again."""
    name = ask.path["id"]
    number = parse_record_number(name) or 0
    for account in ask.scope.accounts:
        if callback := account.callbacks.get(number):
            (again,) = desk.engine.outbox.replay(account, [callback], "same", 1)
            return answer(callback_view(desk.engine, account, again))
    raise RecordNotFound("callback", name)


def replay_history(desk: Context, ask: InspectionCall) -> Response:
    """Call receivers again about all that happened to a message."""
    account, message = ask.scope.find(ask.path["id"])
    told = [callback for callback in account.callbacks.of(message.transaction_id) if not callback.replay_of]
    times: int = ask.body.times
    if len(told) * times > MOST_REPLAYED:
        much = f"is {times}, and the message has {len(told)} callbacks: at most {MOST_REPLAYED:,} are replayed at once"
        raise InvalidParameters({"times": [much]})
    again = desk.engine.outbox.replay(account, reversed(told), ask.body.order, times)
    return answer(CallbacksView(callbacks=[callback_view(desk.engine, account, callback) for callback in again]))


def list_consents(desk: Context, ask: InspectionCall) -> Response:
    """Answer with the newest opt-outs and opt-ins."""
    query: ConsentsQuery = ask.query
    after = query.since or 0
    digits = None if query.number is None else desk.digits(query.number)
    found, total = newest(partial(ask.scope.consents, after, digits), query)
    page = ConsentsPage(
        consents=[consent_view(account, consent) for account, consent in found],
        cursor=desk.engine.cursor,
        total=total,
        **room_made((account.consents for account in ask.scope.accounts), after),
    )
    return answer(page)


def _matching(ask: InspectionCall, query: CallbacksQuery, before: int | None) -> Iterator[tuple[Account, Callback]]:
    message = None if query.message is None else query.message.lower().replace("-", "")
    for account, callback in ask.scope.callbacks(query.since or 0, message, before):
        if query.state is None or callback.state is query.state:
            yield account, callback


ROOMS: Final = (
    Endpoint(
        Operation(
            id="list_callbacks",
            method="GET",
            path=f"{BASE}/callbacks",
            tag=TAG,
            summary="List callbacks with every attempt, newest first",
            key="chooses",
            query=CallbacksQuery,
            replies={200: ResponseSpec(about="The callbacks", shape=CallbacksPage), 400: REFUSED, 409: STALE},
        ),
        list_callbacks,
    ),
    Endpoint(
        Operation(
            id="replay_callback",
            method="POST",
            path=f"{BASE}/callbacks/{{id}}/replay",
            tag=TAG,
            summary="Call a receiver again",
            key="chooses",
            query=AccountQuery,
            replies={200: ResponseSpec(about="The new callback", shape=CallbackView), 400: REFUSED, 404: NOT_FOUND},
        ),
        replay_callback,
    ),
    Endpoint(
        Operation(
            id="replay_history",
            method="POST",
            path=f"{BASE}/messages/{{id}}/callbacks/replay",
            tag=TAG,
            summary="Call receivers again about a message: in another order, or several times",
            key="chooses",
            query=AccountQuery,
            path_example=LATEST,
            body=ReplayBody,
            body_required=False,
            examples={"twice, out of order": {"order": "shuffled", "times": 2}},
            replies={
                200: ResponseSpec(about="The new callbacks, in their order", shape=CallbacksView),
                400: REFUSED,
                404: NOT_FOUND,
            },
        ),
        replay_history,
    ),
    Endpoint(
        Operation(
            id="list_consents",
            method="GET",
            path=f"{BASE}/consents",
            tag=TAG,
            summary="List who opted out or in, when and why, newest first",
            key="chooses",
            query=ConsentsQuery,
            replies={200: ResponseSpec(about="The entries", shape=ConsentsPage), 400: REFUSED, 409: STALE},
        ),
        list_consents,
    ),
)
"""The operations on callbacks and consents."""
