"""Phones: list phones, replies and opt-outs, and send a reply from a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar

from pydantic import AwareDatetime, Field

from mocksms.engine.account import Account, Consent, Reply
from mocksms.engine.deliveries import DeliveryState, worst_delivery
from mocksms.engine.engine import Engine
from mocksms.engine.logs import BoundedLog
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.steps import Steps, select
from mocksms.inspection.context import Context, View, endpoint
from mocksms.inspection.errors import AccountRequired, UnknownAccount
from mocksms.inspection.models import (
    BY_DIGITS,
    AccountQuery,
    Cursor,
    DeletedView,
    NumberField,
    Page,
    PageQuery,
    RequestModel,
)
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.scope import AccountScope, Phone, count_phones
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.schemas.types import ListedNumber
from mocksms.sms.codes import find_codes
from mocksms.sms.message import Message
from mocksms.sms.numbers import NumberPattern
from mocksms.sms.opt_out_words import ConsentChoice
from mocksms.sms.text import content_of

ListName = Literal["unsubscribed", "bounced", "kosher"]
"""A list of phone numbers in an account."""

LIST_NAMES: Final[tuple[ListName, ...]] = ("unsubscribed", "bounced", "kosher")

MAX_PREVIEW_LENGTH: Final = 160
"""Characters of a text that a list of phones shows."""

PhoneRecord = TypeVar("PhoneRecord", Reply, Consent)


class PhonesQuery(AccountQuery, PageQuery):
    """Filters for phones, and for what phones do."""

    number: NumberField | None = Field(default=None, description=f"The phone number, {BY_DIGITS}")


class PhonesDeletionQuery(AccountQuery):
    """Which phones."""

    number: list[NumberField] = Field(
        default_factory=list,
        description=f"The phone number, {BY_DIGITS}; for several of them repeated; without it all phones",
    )


class RepliesDeletionQuery(PhonesDeletionQuery):
    """Which replies."""

    cursor: list[Cursor] = Field(
        default_factory=list,
        description="The cursor of a reply, for several of them repeated; unknown ones are ignored",
    )


class DeletedPhonesView(ResponseModel):
    """The numbers of deleted records."""

    messages: int = Field(description="Number of deleted messages")
    replies: int = Field(description="Number of deleted replies")


class ReplyBody(RequestModel):
    """An SMS from a phone."""

    from_: ListedNumber = Field(alias="from", description="The number of the phone")
    text: Annotated[str, Field(max_length=10_000)] = Field(
        description="What the phone writes; an opt-out word such as STOP opts out"
    )


class PhoneView(ResponseModel):
    """A phone and the latest SMS to it or from it."""

    number: Text = Field(description="The normalised number")
    mobile_number: Text = Field(description="As the application sent it last; for a phone that only replied the number")
    account: str = Field(description="Id of the account")
    cursor: int = Field(description="The cursor of the latest SMS")
    at: AwareDatetime = Field(description="When the latest SMS was sent")
    is_reply: bool = Field(description="Whether the latest SMS came from the phone")
    preview: Text = Field(
        description="The beginning of its content as sent, without links of the mock; of a reply, of its text"
    )
    code: str | None = Field(description="The best one-time code in its text, null if there is none or for a reply")
    transaction_id: str | None = Field(description="Of the latest SMS, null for a reply")
    status: str | None = Field(description="Status of the latest SMS, null for a reply")
    reject_reason: str | None = Field(description="Reason of the status, null for none")
    callback_state: DeliveryState | None = Field(
        description="What came of the callbacks about the latest SMS, as there"
    )
    messages: int = Field(description="Number of SMS to the phone, without those evicted")
    replies: int = Field(description="Number of SMS from the phone, without those evicted")
    lists: list[ListName] = Field(description="Lists of the account that contain the number")


class PhonesPage(Page):
    """Phones, the latest used first."""

    phones: list[PhoneView] = Field(description="The phones on this page")


class ReplyView(ResponseModel):
    """An SMS from a phone."""

    cursor: int = Field(description="The cursor of this reply")
    account: str = Field(description="Id of the account")
    at: AwareDatetime = Field(description="When it arrived, on the account's clock")
    number: Text = Field(description="The normalised number of the phone")
    text: Text = Field(description="What the phone wrote")
    effect: str = Field(description="`opted out`, `opted in`, or empty")
    reason: Text = Field(description="Why it opts neither out nor in; empty if it does")
    transaction_id: str | None = Field(description="Id of the message it replies to, null for none")


class RepliesPage(Page):
    """Replies, newest first."""

    replies: list[ReplyView] = Field(description="The replies on this page")


class ConsentView(ResponseModel):
    """An opt-out or opt-in of a number."""

    cursor: int = Field(description="The cursor of this opt-out or opt-in")
    account: str = Field(description="Id of the account")
    number: Text = Field(description="The normalised number")
    at: AwareDatetime = Field(description="When it happened, on the account's clock")
    choice: ConsentChoice = Field(description="Opt-out or opt-in")
    cause: Text = Field(description="How it happened, in words")
    transaction_id: str | None = Field(description="Id of the message by which it came, null for none")
    reply: int | None = Field(description="Cursor of the reply that caused it, null for none")


class ConsentsPage(Page):
    """Opt-outs and opt-ins, newest first."""

    consents: list[ConsentView] = Field(description="The opt-outs and opt-ins on this page")


def list_phones(context: Context, call: InspectionCall) -> Steps[PhonesPage]:
    """List the phones that got an SMS or replied, the latest used first.

    Each with the latest SMS to it or from it.
    """
    query: PhonesQuery = call.query
    number, accounts = _number(context, query), call.scope.accounts
    views, totals = yield from context.paginate(
        query,
        lambda after, before: call.scope.phones(after, before, number.digits),
        lambda phone: _phone_view(context.engine, phone),
        (account.replies for account in accounts),
        lambda phone: number.matches(phone.digits),
        sum(map(count_phones, accounts)) if query.is_unfiltered else None,
    )
    totals["incomplete"] |= call.scope.is_incomplete(query.since or 0)
    totals["evicted"] = call.scope.evicted()
    return PhonesPage(phones=views, **totals)


def list_inbound(context: Context, call: InspectionCall) -> Steps[RepliesPage]:
    """List the replies of phones, newest first.

    Only SMS that phones sent; messages to them are in `GET /_mock/messages`.
    """
    return replies_page(context, call.scope, call.query)


def replies_page(context: Context, scope: AccountScope, query: PhonesQuery) -> Steps[RepliesPage]:
    """Return a page of replies, newest first."""
    logs = [account.replies for account in scope.accounts]
    views, totals = yield from _paginate_by_number(context, query, scope.replies, reply_view, logs)
    return RepliesPage(replies=views, **totals)


def receive_sms(context: Context, call: InspectionCall) -> ReplyView:
    """Let a phone reply.

    A reply can opt the phone out or in. Automation webhooks get a callback about it.
    """
    account = call.scope.account()
    return reply_view(account, context.controls.reply(account, call.body.from_, call.body.text))


def list_consents(context: Context, call: InspectionCall) -> Steps[ConsentsPage]:
    """List opt-outs and opt-ins with time and cause, newest first.

    After an opt-out, messages to the number are rejected until it opts in.
    """
    return consents_page(context, call.scope, call.query)


def consents_page(context: Context, scope: AccountScope, query: PhonesQuery) -> Steps[ConsentsPage]:
    """Return a page of opt-outs and opt-ins, newest first."""
    logs = [account.consents for account in scope.accounts]
    views, totals = yield from _paginate_by_number(context, query, scope.consents, _consent_view, logs)
    return ConsentsPage(consents=views, **totals)


def delete_phones(context: Context, call: InspectionCall) -> Steps[DeletedPhonesView]:
    """Delete the conversations with phones: the messages to them and their replies.

    Opt-outs, opt-ins, requests and callbacks stay.
    """
    numbers = [context.number(each) for each in call.query.number]
    messages = replies = 0
    for account in call.scope.accounts:
        for query in map(_query_of, numbers) if numbers else (MessageQuery(),):
            found = yield from select(account.messages.candidates(query), query.matches, None, query.step_size)
            messages += yield from context.controls.delete(account, found)
        replies += yield from context.controls.delete_replies(account, (yield from _replies_of(account, numbers)))
    return DeletedPhonesView(messages=messages, replies=replies)


def delete_inbound(context: Context, call: InspectionCall) -> Steps[DeletedView]:
    """Delete replies: those of some phones, those with some cursors, or all of them.

    Opt-outs and opt-ins stay.
    """
    numbers = [context.number(each) for each in call.query.number]
    cursors = frozenset(call.query.cursor)
    deleted = 0
    for account in call.scope.accounts:
        found = yield from _replies_of(account, numbers)
        chosen = [reply for reply in found if reply.number in cursors] if cursors else found
        deleted += yield from context.controls.delete_replies(account, chosen)
    return DeletedView(deleted=deleted)


def _query_of(number: str | NumberPattern) -> MessageQuery:
    return MessageQuery(digits=number) if isinstance(number, str) else MessageQuery(number=number)


def _replies_of(account: Account, numbers: Sequence[str | NumberPattern]) -> Steps[list[Reply]]:
    """Return the replies of some phones, or of all if there are no numbers, newest first."""
    exact = frozenset(number for number in numbers if isinstance(number, str))
    patterns = [number for number in numbers if isinstance(number, NumberPattern)]

    def matches(reply: Reply) -> bool:
        return not numbers or reply.digits in exact or any(each.matches(reply.digits) for each in patterns)

    return select(account.replies.newest_first(), matches, None)


class NumberFilter(NamedTuple):
    """A filter for numbers: the normalised one, or a test that numbers pass."""

    digits: str | None
    matches: Callable[[str], bool]


def _paginate_by_number(
    context: Context,
    query: PhonesQuery,
    find: Callable[[int, int | None, str | None], Iterator[tuple[Account, PhoneRecord]]],
    view: Callable[[Account, PhoneRecord], View],
    logs: Iterable[BoundedLog[Any]],
) -> Steps[tuple[list[View], dict[str, Any]]]:
    """Return a page of replies or consents, all or those of a number or pattern; see `Context.paginate`."""
    number = _number(context, query)
    return (
        yield from context.paginate(
            query,
            lambda after, before: find(after, before, number.digits),
            lambda owned: view(*owned),
            logs,
            lambda owned: number.matches(owned[1].digits),
        )
    )


def _number(context: Context, query: PhonesQuery) -> NumberFilter:
    number = None if query.number is None else context.number(query.number)
    if isinstance(number, NumberPattern):
        return NumberFilter(None, number.matches)
    return NumberFilter(number, lambda _: True)


def _phone_view(engine: Engine, phone: Phone) -> PhoneView:
    account, digits, latest = phone
    sms = account.messages.at(latest) or account.replies.get(latest)
    assert sms is not None, "the indexes name only what is stored"
    message = sms if isinstance(sms, Message) else None
    last_sent = message or next(account.messages.newest_first(MessageQuery(digits=digits)), None)
    codes = find_codes(engine.text_of(message)) if message else ()
    return PhoneView(
        number=digits,
        mobile_number=last_sent.mobile_number if last_sent else digits,
        account=account.id,
        cursor=latest,
        at=sms.created_at if isinstance(sms, Message) else sms.at,
        is_reply=message is None,
        preview=(content_of(sms) if isinstance(sms, Message) else sms.text)[:MAX_PREVIEW_LENGTH],
        code=codes[0].code if codes else None,
        transaction_id=message.transaction_id if message else None,
        status=message.state.status if message else None,
        reject_reason=message.state.reason if message else None,
        callback_state=worst_delivery(account.callbacks.of(message.transaction_id)) if message else None,
        messages=account.messages.count_of(digits),
        replies=account.replies.index.count(digits, account.replies.first or 0),
        lists=[name for name in LIST_NAMES if digits in getattr(account, name)],
    )


def reply_view(account: Account, reply: Reply) -> ReplyView:
    """Return a reply."""
    return ReplyView(
        cursor=reply.number,
        account=account.id,
        at=reply.at,
        number=reply.digits,
        text=reply.text,
        effect=reply.effect,
        reason=reply.reason,
        transaction_id=reply.transaction_id,
    )


def _consent_view(account: Account, consent: Consent) -> ConsentView:
    return ConsentView(
        cursor=consent.number,
        account=account.id,
        number=consent.digits,
        at=consent.at,
        choice=consent.choice,
        cause=consent.cause,
        transaction_id=consent.transaction_id,
        reply=consent.reply or None,
    )


ENDPOINTS: Final = (
    endpoint("GET", "phones", list_phones, returns=PhonesPage, query=PhonesQuery),
    endpoint("DELETE", "phones", delete_phones, returns=DeletedPhonesView, query=PhonesDeletionQuery),
    endpoint("DELETE", "inbound", delete_inbound, returns=DeletedView, query=RepliesDeletionQuery),
    endpoint("GET", "inbound", list_inbound, returns=RepliesPage, query=PhonesQuery),
    endpoint(
        "POST",
        "inbound",
        receive_sms,
        returns=ReplyView,
        body=ReplyBody,
        examples={"opt out": {"from": "972-54-1111111", "text": "STOP"}},
        raises=[AccountRequired, UnknownAccount],
    ),
    endpoint("GET", "consents", list_consents, returns=ConsentsPage, query=PhonesQuery),
)
