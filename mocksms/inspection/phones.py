"""Phones: who was written to or replied, the latest first; what was said stands with messages and replies."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import Field
from starlette.responses import Response

from mocksms.engine.engine import Engine
from mocksms.engine.messages import MessageQuery
from mocksms.inspection.answers import answer
from mocksms.inspection.asked import PhonesQuery
from mocksms.inspection.context import BASE, REFUSED, STALE, Context, Endpoint, newest
from mocksms.inspection.messages import TAG
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.scope import Phone, count_phones
from mocksms.inspection.shown import Page, ResponseModel, Text
from mocksms.schemas.openapi import Operation, ResponseSpec
from mocksms.sms.message import Message, Reason, Status

Listed = Literal["unsubscribed", "bounced", "kosher"]
"""A list of numbers that an account keeps."""

WORDS: Final = 160
"""Characters of a text that stand for it in a list."""

LISTS: Final[tuple[Listed, ...]] = ("unsubscribed", "bounced", "kosher")


class PhoneView(ResponseModel):
    """A phone and the latest SMS to it or from it."""

    number: Text = Field(description="As compared")
    mobile_number: Text = Field(description="As sent last, or as compared if it only replied")
    account: str = Field(description="Id of the account that wrote to it or heard from it")
    cursor: int = Field(description="The cursor just at the latest SMS")
    at: datetime
    is_reply: bool = Field(description="Whether the latest SMS came from the phone")
    preview: Text = Field(description="The beginning of its text")
    transaction_id: str | None = Field(description="Of the latest SMS, null for a reply")
    status: Status | None
    reject_reason: Reason | None
    messages: int = Field(description="How many SMS to it are kept")
    replies: int = Field(description="How many SMS from it are kept")
    lists: list[Listed] = Field(description="Lists of the account that contain the number")


class PhonesPage(Page):
    """Phones, the latest used first."""

    phones: list[PhoneView]


def phone_view(engine: Engine, phone: Phone) -> PhoneView:
    """Return a phone with the latest SMS to it or from it."""
    account, digits, latest = phone
    sms = account.messages.at(latest) or account.replies.get(latest)
    assert sms is not None, "the indexes name only what is kept"
    sent = sms if isinstance(sms, Message) else None
    written_to = sent or next(account.messages.newest_first(MessageQuery(digits=digits)), None)
    text = engine.text_of(sms) if isinstance(sms, Message) else sms.text
    return PhoneView(
        number=digits,
        mobile_number=written_to.mobile_number if written_to else digits,
        account=account.id,
        cursor=latest,
        at=sms.created_at if isinstance(sms, Message) else sms.at,
        is_reply=sent is None,
        preview=text[:WORDS],
        transaction_id=sent.transaction_id if sent else None,
        status=sent.state.status if sent else None,
        reject_reason=sent.state.reason if sent else None,
        messages=account.messages.count(MessageQuery(digits=digits)),
        replies=account.replies.keys.count(digits, account.replies.first or 0),
        lists=[name for name in LISTS if digits in getattr(account, name)],
    )


def list_phones(desk: Context, ask: InspectionCall) -> Response:
    """Answer with the phones that were used last."""
    query: PhonesQuery = ask.query
    after, accounts = query.since or 0, ask.scope.accounts
    digits = None if query.number is None else desk.digits(query.number)
    is_everything = not query.model_fields_set - {"limit", "account", "before"}
    kept = sum(map(count_phones, accounts)) if is_everything else None
    found, total = newest(lambda before: ask.scope.phones(after, before, digits), query, kept)
    page = PhonesPage(
        phones=[phone_view(desk.engine, phone) for phone in found],
        cursor=desk.engine.cursor,
        total=total,
        evicted=ask.scope.evicted(),
        incomplete=ask.scope.is_incomplete(after) or any(each.replies.evicted_up_to > after for each in accounts),
    )
    return answer(page)


ROOMS: Final = (
    Endpoint(
        Operation(
            id="list_phones",
            method="GET",
            path=f"{BASE}/phones",
            tag=TAG,
            summary="List the phones that were written to or replied, the latest used first",
            key="chooses",
            query=PhonesQuery,
            replies={200: ResponseSpec(about="The phones", shape=PhonesPage), 400: REFUSED, 409: STALE},
        ),
        list_phones,
    ),
)
"""The operations on phones."""
