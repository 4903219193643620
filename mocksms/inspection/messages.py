"""Messages: list, read, wait for, verify, delete, and drive them by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from pydantic import BaseModel
from starlette.responses import Response

from mocksms.asgi import Disconnected
from mocksms.engine.account import Account
from mocksms.engine.controls import Controls
from mocksms.engine.messages import MessageQuery
from mocksms.inspection.answers import ErrorAnswer, answer, text_answer
from mocksms.inspection.asked import AccountQuery, ClickBody, ListQuery, ManyQuery, VerifyBody, WaitQuery
from mocksms.inspection.context import BASE, CLOSED, EXPLAINED, ILLEGAL, NOT_FOUND, REFUSED, STALE, Context, Endpoint
from mocksms.inspection.errors import ShuttingDown
from mocksms.inspection.explainer import Explainer
from mocksms.inspection.explanations import ExpectationFailed, Explanation, describe_count
from mocksms.inspection.matching import MessageFilter
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.scope import LATEST, OwnedMessage
from mocksms.inspection.shown import CodesView, Deleted, MessagesPage, MessageView
from mocksms.inspection.verify import Verifier
from mocksms.inspection.views import code_view, message_view
from mocksms.inspection.waiting import WaitEnd
from mocksms.schemas.openapi import TEXT, Operation, ResponseSpec
from mocksms.sms.codes import find_codes
from mocksms.sms.message import Message

TAG: Final = "Messages"

MessageAction = Callable[[Controls, Account, str], Message]
"""Something a tester does to a message by its id."""


def list_messages(desk: Context, ask: InspectionCall) -> Response:
    """Answer with the newest messages that match."""
    wanted = desk.filter(ask.query, ask.query.since, ask.query.before)
    found = ask.scope.search(wanted.query, ask.query.limit)
    is_all = ask.query.before is None and len(found) < ask.query.limit
    total = len(found) if is_all else ask.scope.count(desk.filter(ask.query, ask.query.since).query)
    return answer(_page(desk, ask, found, total, ask.query.since))


def delete_messages(desk: Context, ask: InspectionCall) -> Response:
    """Delete the messages that match."""
    query = desk.filter(ask.query, ask.query.since).query
    count = 0
    for account in ask.scope.accounts:
        if query == MessageQuery():
            count += len(account.messages)
            desk.controls.delete_all(account)
            continue
        found = list(account.messages.newest_first(query))
        count += len(found)
        desk.controls.delete(account, found)
    return answer(Deleted(deleted=count))


def latest_message(desk: Context, ask: InspectionCall) -> Response:
    """Answer with the newest message that matches."""
    return answer(message_view(desk.engine, _latest(desk, ask)))


def latest_codes(desk: Context, ask: InspectionCall) -> Response:
    """Answer with the one-time codes of the newest message that matches."""
    return _codes(desk, ask, _latest(desk, ask))


async def wait_for_messages(desk: Context, ask: InspectionCall) -> Response:
    """Answer as soon as so many messages match."""
    query = ask.query
    wanted = desk.filter(query, query.since)
    found = await desk.waits.until(ask.scope, wanted.query, query.count, query.timeout, ask.receive)
    match found:
        case WaitEnd.GONE:
            raise Disconnected
        case WaitEnd.STOPPED:
            raise ShuttingDown
        case WaitEnd.LATE:
            wanted.query.begin()
            raise ExpectationFailed(_late(desk, ask, wanted), timed_out=True)
        case _:
            return answer(_page(desk, ask, found, ask.scope.count(wanted.query), query.since))


def verify_messages(desk: Context, ask: InspectionCall) -> Response:
    """Answer whether the messages are as expected."""
    result = Verifier(desk, ask.scope, ask.body).verify()
    if result.explanation:
        raise ExpectationFailed(result.explanation)
    newest_first = result.matched[::-1]
    return answer(_page(desk, ask, newest_first[: ListQuery().limit], len(newest_first), ask.body.since))


def read_message(desk: Context, ask: InspectionCall) -> Response:
    """Answer with a message."""
    return answer(message_view(desk.engine, ask.scope.find(ask.path["id"])))


def read_codes(desk: Context, ask: InspectionCall) -> Response:
    """Answer with the one-time codes of a message."""
    return _codes(desk, ask, ask.scope.find(ask.path["id"]))


def drive_message(step: MessageAction, desk: Context, ask: InspectionCall) -> Response:
    """Let a message take a step by hand."""
    account, message = ask.scope.find(ask.path["id"])
    driven = step(desk.controls, account, message.transaction_id)
    return answer(message_view(desk.engine, OwnedMessage(account, driven)))


def click_link(desk: Context, ask: InspectionCall) -> Response:
    """Let the recipient open a link."""
    account, message = ask.scope.find(ask.path["id"])
    clicked = desk.controls.click(account, message.transaction_id, ask.body.url)
    return answer(message_view(desk.engine, OwnedMessage(account, clicked)))


def _latest(desk: Context, ask: InspectionCall) -> OwnedMessage:
    wanted = desk.filter(ask.query, ask.query.since)
    found = ask.scope.search(wanted.query, 1)
    if not found:
        explainer = Explainer(desk.engine, ask.scope, wanted.query.after)
        raise ExpectationFailed(explainer.missing(wanted), not_found=True)
    return found[0]


def _codes(desk: Context, ask: InspectionCall, owned: OwnedMessage) -> Response:
    codes = find_codes(desk.engine.text_of(owned.message))
    if ask.as_text:
        return text_answer("\n".join(code.code for code in codes))
    return answer(CodesView(codes=[code_view(code) for code in codes]))


def _late(desk: Context, ask: InspectionCall, wanted: MessageFilter) -> Explanation:
    count = len(ask.scope.search(wanted.query, ask.query.count))
    explainer = Explainer(desk.engine, ask.scope, wanted.query.after)
    return explainer.missing(wanted, count, describe_count(ask.query.count, None), f"within {ask.query.timeout:g} s")


def _page(
    desk: Context, ask: InspectionCall, found: Sequence[OwnedMessage], total: int, since: int | None
) -> MessagesPage:
    return MessagesPage(
        messages=[message_view(desk.engine, owned) for owned in found],
        cursor=desk.engine.cursor,
        total=total,
        evicted=ask.scope.evicted(),
        incomplete=ask.scope.is_incomplete(since or 0),
    )


_ONE: Final = ResponseSpec(about="The message", shape=MessageView)
_PAGE: Final = ResponseSpec(about="Messages, newest first", shape=MessagesPage)
_CODES: Final = ResponseSpec(about="The codes; as plain text one a line", shape=CodesView, media=(TEXT,))
_NONE: Final = ResponseSpec(about="There is none; the answer explains why", shape=ErrorAnswer, media=(TEXT,))


def _reading(
    name: str, path: str, summary: str, replies: Mapping[int, ResponseSpec], query: type[BaseModel]
) -> Operation:
    return Operation(
        id=name,
        method="GET",
        path=f"{BASE}/messages{path}",
        tag=TAG,
        summary=summary,
        key="chooses",
        query=query,
        replies={**replies, 400: REFUSED, 409: STALE},
        path_example=LATEST,
    )


def _driving(word: str, step: MessageAction, summary: str) -> Endpoint:
    operation = Operation(
        id=f"{word}_message",
        method="POST",
        path=f"{BASE}/messages/{{id}}/{word}",
        tag=TAG,
        summary=summary,
        key="chooses",
        query=AccountQuery,
        path_example=LATEST,
        replies={200: _ONE, 400: REFUSED, 404: NOT_FOUND, 409: ILLEGAL},
    )
    return Endpoint(operation, partial(drive_message, step))


ROOMS: Final = (
    Endpoint(_reading("list_messages", "", "List messages, newest first", {200: _PAGE}, ListQuery), list_messages),
    Endpoint(
        Operation(
            id="delete_messages",
            method="DELETE",
            path=f"{BASE}/messages",
            tag=TAG,
            summary="Delete messages, all unless filtered",
            key="chooses",
            query=ManyQuery,
            replies={200: ResponseSpec(about="They are gone", shape=Deleted), 400: REFUSED, 409: STALE},
        ),
        delete_messages,
    ),
    Endpoint(
        _reading("latest_message", "/latest", "Read the newest message", {200: _ONE, 404: _NONE}, ManyQuery),
        latest_message,
    ),
    Endpoint(
        _reading(
            "latest_codes",
            "/latest/codes",
            "Read the one-time codes of the newest message",
            {200: _CODES, 404: _NONE},
            ManyQuery,
        ),
        latest_codes,
    ),
    Endpoint(
        _reading(
            "wait_for_messages",
            "/wait",
            "Wait until so many messages are there",
            {200: _PAGE, 408: EXPLAINED, 503: CLOSED},
            WaitQuery,
        ),
        wait_for_messages,
        holds=True,
    ),
    Endpoint(
        _reading("read_message", "/{id}", "Read a message", {200: _ONE, 404: NOT_FOUND}, AccountQuery),
        read_message,
    ),
    Endpoint(
        _reading(
            "read_codes",
            "/{id}/codes",
            "Read the one-time codes of a message",
            {200: _CODES, 404: NOT_FOUND},
            AccountQuery,
        ),
        read_codes,
    ),
    Endpoint(
        Operation(
            id="verify_messages",
            method="POST",
            path=f"{BASE}/verify",
            tag=TAG,
            summary="Verify how many messages match, their order, and that there is nothing else",
            key="chooses",
            query=AccountQuery,
            body=VerifyBody,
            examples={
                "once": {"to": "972-54-1111111", "content": "Your code", "exactly": 1},
                "in order": {"in_order": [{"content": "Welcome"}, {"tag": "otp"}], "nothing_else": True},
                "nothing": {"exactly": 0},
            },
            replies={200: ResponseSpec(about="It is so", shape=MessagesPage), 400: REFUSED, 409: EXPLAINED},
        ),
        verify_messages,
    ),
    _driving("cancel", Controls.cancel, "Cancel a queued message"),
    _driving("send", Controls.send, "Send a queued message now"),
    _driving("bounce", Controls.bounce, "Let a queued or sent message bounce"),
    _driving("unsubscribe", Controls.unsubscribe, "Opt the recipient out"),
    Endpoint(
        Operation(
            id="click_message",
            method="POST",
            path=f"{BASE}/messages/{{id}}/click",
            tag=TAG,
            summary="Let the recipient open a link",
            key="chooses",
            query=AccountQuery,
            path_example=LATEST,
            body=ClickBody,
            body_required=False,
            examples={"the first": {}},
            replies={200: _ONE, 400: REFUSED, 404: NOT_FOUND, 409: ILLEGAL},
        ),
        click_link,
    ),
)
"""The operations on messages. Fixed paths come before those with an id."""
