"""Messages: list, read, wait for, verify, delete, and drive them by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from pydantic import BaseModel
from starlette.responses import Response

from mocksms.asgi import Disconnected
from mocksms.engine.account import Account
from mocksms.engine.controls import Steering
from mocksms.inspection.answers import answer, text_answer
from mocksms.inspection.asked import ClickBody, ListQuery, ManyQuery, Scoped, VerifyBody, WaitQuery
from mocksms.inspection.context import BASE, CLOSED, EXPLAINED, ILLEGAL, NOT_FOUND, REFUSED, STALE, Desk, Room
from mocksms.inspection.errors import MockStops
from mocksms.inspection.explanations import Explainer, Explanation, NotAsWanted
from mocksms.inspection.matching import Criteria
from mocksms.inspection.parameters import Ask
from mocksms.inspection.scope import LATEST, Owned
from mocksms.inspection.shown import CodesView, Deleted, ErrorAnswer, MessagesPage, MessageView
from mocksms.inspection.verify import Verifier, wanted_count
from mocksms.inspection.views import code_view, message_view
from mocksms.inspection.waiting import End
from mocksms.schemas.openapi import TEXT, Operation, Reply
from mocksms.sms.codes import find_codes
from mocksms.sms.message import Message

TAG: Final = "Messages"

Step = Callable[[Steering, Account, str], Message]
"""Something a tester does to a message by its id."""


def list_messages(desk: Desk, ask: Ask) -> Response:
    """Answer with the newest messages that match."""
    criteria = desk.criteria(ask.query, ask.query.since, ask.query.before)
    found = ask.scope.search(criteria, ask.query.limit)
    is_all = ask.query.before is None and len(found) < ask.query.limit
    total = len(found) if is_all else ask.scope.count(desk.criteria(ask.query, ask.query.since))
    return answer(_page(desk, ask, criteria, found, total))


def delete_messages(desk: Desk, ask: Ask) -> Response:
    """Delete the messages that match."""
    criteria = desk.criteria(ask.query, ask.query.since)
    count = 0
    for account in ask.scope.accounts:
        if criteria.is_everything:
            count += len(account.messages)
            desk.steering.delete_all(account)
            continue
        found = [message for message in account.messages.newest_first(criteria.query()) if criteria.matches(message)]
        count += len(found)
        desk.steering.delete(account, found)
    return answer(Deleted(deleted=count))


def latest_message(desk: Desk, ask: Ask) -> Response:
    """Answer with the newest message that matches."""
    return answer(message_view(desk.engine, _latest(desk, ask)))


def latest_codes(desk: Desk, ask: Ask) -> Response:
    """Answer with the one-time codes of the newest message that matches."""
    return _codes(desk, ask, _latest(desk, ask))


async def wait_for_messages(desk: Desk, ask: Ask) -> Response:
    """Answer as soon as so many messages match."""
    query = ask.query
    criteria = desk.criteria(query, query.since)
    found = await desk.waits.until(ask.scope, criteria, query.count, query.timeout, ask.receive)
    match found:
        case End.GONE:
            raise Disconnected
        case End.STOPPED:
            raise MockStops
        case End.LATE:
            criteria.begin()
            raise NotAsWanted(_late(desk, ask, criteria), late=True)
        case _:
            return answer(_page(desk, ask, criteria, found, ask.scope.count(criteria)))


def verify_messages(desk: Desk, ask: Ask) -> Response:
    """Answer whether the messages are as wanted."""
    verdict = Verifier(desk.engine, ask.scope, ask.body, desk.digits).verdict()
    if verdict.explanation:
        raise NotAsWanted(verdict.explanation)
    criteria = desk.criteria(ask.body, ask.body.since)
    newest_first = verdict.met[::-1]
    return answer(_page(desk, ask, criteria, newest_first[: ListQuery().limit], len(newest_first)))


def read_message(desk: Desk, ask: Ask) -> Response:
    """Answer with a message."""
    return answer(message_view(desk.engine, ask.scope.find(ask.path["id"])))


def read_codes(desk: Desk, ask: Ask) -> Response:
    """Answer with the one-time codes of a message."""
    return _codes(desk, ask, ask.scope.find(ask.path["id"]))


def drive_message(step: Step, desk: Desk, ask: Ask) -> Response:
    """Let a message take a step by hand."""
    account, message = ask.scope.find(ask.path["id"])
    driven = step(desk.steering, account, message.transaction_id)
    return answer(message_view(desk.engine, Owned(account, driven)))


def click_link(desk: Desk, ask: Ask) -> Response:
    """Let the recipient open a link."""
    account, message = ask.scope.find(ask.path["id"])
    clicked = desk.steering.click(account, message.transaction_id, ask.body.url)
    return answer(message_view(desk.engine, Owned(account, clicked)))


def _latest(desk: Desk, ask: Ask) -> Owned:
    criteria = desk.criteria(ask.query, ask.query.since)
    found = ask.scope.search(criteria, 1)
    if not found:
        explainer = Explainer(desk.engine, ask.scope, criteria.after)
        raise NotAsWanted(explainer.missing("no SMS matched", criteria, ()), found=False)
    return found[0]


def _codes(desk: Desk, ask: Ask, owned: Owned) -> Response:
    codes = find_codes(desk.engine.shown(owned.message))
    if ask.as_text:
        return text_answer("\n".join(code.code for code in codes))
    return answer(CodesView(codes=[code_view(code) for code in codes]))


def _late(desk: Desk, ask: Ask, criteria: Criteria) -> Explanation:
    count = len(ask.scope.search(criteria, ask.query.count))
    wanted = wanted_count(ask.query.count, None)
    waited = f"within {ask.query.timeout:g} s"
    verdict = f"{count} SMS matched, wanted {wanted}" if count else "no SMS matched"
    return Explainer(desk.engine, ask.scope, criteria.after).missing(verdict, criteria, (wanted, waited))


def _page(desk: Desk, ask: Ask, criteria: Criteria, found: Sequence[Owned], total: int) -> MessagesPage:
    return MessagesPage(
        messages=[message_view(desk.engine, owned) for owned in found],
        cursor=desk.engine.cursor,
        total=total,
        evicted=ask.scope.evicted(),
        incomplete=ask.scope.is_incomplete(criteria.after),
    )


_ONE: Final = Reply(about="The message", shape=MessageView)
_PAGE: Final = Reply(about="Messages, newest first", shape=MessagesPage)
_CODES: Final = Reply(about="The codes; as plain text one a line", shape=CodesView, media=(TEXT,))
_NONE: Final = Reply(about="There is none; the answer explains why", shape=ErrorAnswer, media=(TEXT,))


def _reading(name: str, path: str, summary: str, replies: Mapping[int, Reply], query: type[BaseModel]) -> Operation:
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


def _driving(word: str, step: Step, summary: str) -> Room:
    operation = Operation(
        id=f"{word}_message",
        method="POST",
        path=f"{BASE}/messages/{{id}}/{word}",
        tag=TAG,
        summary=summary,
        key="chooses",
        query=Scoped,
        path_example=LATEST,
        replies={200: _ONE, 400: REFUSED, 404: NOT_FOUND, 409: ILLEGAL},
    )
    return Room(operation, partial(drive_message, step))


ROOMS: Final = (
    Room(_reading("list_messages", "", "List messages, newest first", {200: _PAGE}, ListQuery), list_messages),
    Room(
        Operation(
            id="delete_messages",
            method="DELETE",
            path=f"{BASE}/messages",
            tag=TAG,
            summary="Delete messages, all unless filtered",
            key="chooses",
            query=ManyQuery,
            replies={200: Reply(about="They are gone", shape=Deleted), 400: REFUSED, 409: STALE},
        ),
        delete_messages,
    ),
    Room(
        _reading("latest_message", "/latest", "Read the newest message", {200: _ONE, 404: _NONE}, ManyQuery),
        latest_message,
    ),
    Room(
        _reading(
            "latest_codes",
            "/latest/codes",
            "Read the one-time codes of the newest message",
            {200: _CODES, 404: _NONE},
            ManyQuery,
        ),
        latest_codes,
    ),
    Room(
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
    Room(
        _reading("read_message", "/{id}", "Read a message", {200: _ONE, 404: NOT_FOUND}, Scoped),
        read_message,
    ),
    Room(
        _reading(
            "read_codes", "/{id}/codes", "Read the one-time codes of a message", {200: _CODES, 404: NOT_FOUND}, Scoped
        ),
        read_codes,
    ),
    Room(
        Operation(
            id="verify_messages",
            method="POST",
            path=f"{BASE}/verify",
            tag=TAG,
            summary="Verify how many messages match, their order, and that there is nothing else",
            key="chooses",
            query=Scoped,
            body=VerifyBody,
            examples={
                "once": {"to": "972-54-1111111", "content": "Your code", "exactly": 1},
                "in order": {"in_order": [{"content": "Welcome"}, {"tag": "otp"}], "nothing_else": True},
                "nothing": {"exactly": 0},
            },
            replies={200: Reply(about="It is so", shape=MessagesPage), 400: REFUSED, 409: EXPLAINED},
        ),
        verify_messages,
    ),
    _driving("cancel", Steering.cancel, "Cancel a queued message"),
    _driving("send", Steering.send, "Send a queued message now"),
    _driving("bounce", Steering.bounce, "Let a queued or sent message bounce"),
    _driving("unsubscribe", Steering.unsubscribe, "Opt the recipient out"),
    Room(
        Operation(
            id="click_message",
            method="POST",
            path=f"{BASE}/messages/{{id}}/click",
            tag=TAG,
            summary="Let the recipient open a link",
            key="chooses",
            query=Scoped,
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
