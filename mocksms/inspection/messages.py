"""Messages: list, read, wait for, verify and delete them."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AwareDatetime, Field
from starlette.responses import Response

from mocksms.asgi.bodies import Disconnected
from mocksms.engine.account import Account
from mocksms.engine.deliveries import DeliveryState, worst_delivery
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.steps import Steps, select
from mocksms.inspection.context import Context, endpoint, text_response
from mocksms.inspection.errors import ExpectationFailed, NoMessage, ShuttingDown, TooManyOpenRequests, WaitTimedOut
from mocksms.inspection.explainer import Explainer
from mocksms.inspection.matching import MessageFilter
from mocksms.inspection.message_waits import FoundMessages
from mocksms.inspection.models import (
    MAX_NAME_LENGTH,
    MAX_ROWS,
    AccountQuery,
    DeletedView,
    Filters,
    Page,
    PageQuery,
    SinceQuery,
    WarningView,
)
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.scope import LATEST, AccountScope, OwnedMessage, normalised_id
from mocksms.inspection.segments import CODE_POINTS, UTF16, SegmentsView, segments_view
from mocksms.inspection.verify import Verifier, VerifyBody
from mocksms.inspection.waiting import WaitEnd
from mocksms.schemas.explanations import describe_count
from mocksms.schemas.openapi import TEXT
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.sms.codes import Code, find_codes
from mocksms.sms.message import Message
from mocksms.sms.segments import utf16_length
from mocksms.sms.text import content_of, links_in

MAX_WAIT_SECONDS: Final = 300.0

ABOUT_CALLBACK_STATE: Final = (
    "What came of the callbacks about it, the worst first; null without any. One that a later one repeats does not "
    "count. `retrying`: the last attempt failed, and another follows"
)

MessageId = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]


class MessagesQuery(AccountQuery, Filters, SinceQuery):
    """Filters for messages."""


class DeletionQuery(MessagesQuery):
    """Filters for messages, and ids."""

    id: list[MessageId] = Field(
        default_factory=list, description="Id of a message, for several of them repeated; unknown ones are ignored"
    )


class ListQuery(AccountQuery, Filters, PageQuery):
    """Filters for messages, and the page."""


class WaitQuery(MessagesQuery):
    """Filters for messages, their number and the timeout."""

    count: int = Field(default=1, ge=1, le=MAX_ROWS, description="Number of messages to wait for")
    timeout: float = Field(default=10.0, ge=0, le=MAX_WAIT_SECONDS, description="In seconds, real time")


class CodeView(ResponseModel):
    """A possible one-time code."""

    code: str = Field(description="As typed into a form: no spaces, hyphens or prefix such as `G-`")
    index: int = Field(description=f"Where it starts in the text. {CODE_POINTS}")
    index_utf16: int = Field(description=f"Where it starts in the text. {UTF16}")
    length: int = Field(description="Length as written in the text, the same in code points and UTF-16 code units")
    announced: bool = Field(description="Whether the text calls it a code")


class StepView(ResponseModel):
    """A step of a message."""

    at: AwareDatetime = Field(description="When it happened, on the account's clock")
    status: str = Field(description="The status after it")
    reject_reason: str | None = Field(description="The reason after it, null for none")
    cause: str = Field(description="What caused it, in words")


class ClickView(ResponseModel):
    """A link that the recipient opened."""

    at: AwareDatetime = Field(description="When it happened, on the account's clock")
    url: Text = Field(description="The link as the application sent it")


class MessageView(ResponseModel):
    """One SMS to one recipient; times are UTC, reasons are spelled as in send responses."""

    transaction_id: str = Field(description="The id")
    cursor: int = Field(description="The cursor of this message")
    account: str = Field(description="Id of its account")
    mobile_number: Text = Field(description="As sent")
    number: Text = Field(description="The normalised number")
    sender: Text = Field(description="The sender that the phone shows")
    content: Text = Field(description="As sent, placeholders filled")
    text: Text = Field(description="As the phone shows it")
    tags: list[Text] = Field(description="The tags, in order")
    status: str = Field(description="The status")
    reject_reason: str | None = Field(description="The reason of the status, null for none")
    reject_reason_in_reads: str | None = Field(description="The same, as info and search spell it")
    decided_by: str | None = Field(description="What decided its outcome, null until then")
    segments: SegmentsView = Field(description="How the text is encoded and split")
    codes: list[CodeView] = Field(description="Plausible one-time codes, the best first; empty if there is none")
    links: list[Text] = Field(description="The links that the phone shows")
    tracks_clicks: bool = Field(description="Whether clicks on its links count, as with `track_clicks`")
    clicks: int = Field(description="Number of clicks on its links")
    clicks_details: list[ClickView] = Field(description="The clicks, the first one first")
    history: list[StepView] = Field(description="Its steps, the first one first")
    request_id: int | None = Field(description="Id of the request that sent it, null if that was evicted")
    callback_state: DeliveryState | None = Field(description=ABOUT_CALLBACK_STATE)
    warnings: list[WarningView] = Field(description="Deviations in its request")
    created_at: AwareDatetime = Field(description="When its request arrived")
    scheduled_at: AwareDatetime | None = Field(description="When it is to be sent, null for at once")


class MessagesPage(Page):
    """Messages, newest first."""

    messages: list[MessageView] = Field(description="The messages on this page")


class CodesView(ResponseModel):
    """The plausible one-time codes of a message, the best first."""

    codes: list[CodeView] = Field(description="The codes, the best first")


def list_messages(context: Context, call: InspectionCall) -> Steps[MessagesPage]:
    """List messages, newest first.

    A message must match all filters. To read older messages, pass the lowest cursor of a page as `before`.
    """
    return messages_page(context, call.scope, call.query)


def messages_page(context: Context, scope: AccountScope, query: ListQuery) -> Steps[MessagesPage]:
    """Return a page of messages, newest first."""
    cursor = context.engine.cursor
    found = yield from scope.search(context.filter(query, query.since, query.before).query, query.limit)
    if query.before is None and len(found) < query.limit:
        total = len(found)
    else:
        total = yield from scope.count(context.filter(query, query.since).query)
    return (yield from _page(context, scope, FoundMessages(found, cursor), total, query.since))


def delete_messages(context: Context, call: InspectionCall) -> Steps[DeletedView]:
    """Delete messages: those with some ids, those that match, or all of them.

    What is planned for them does not happen: steps, replies, clicks. Their requests stay in the journal, their
    callbacks are still delivered, opt-outs stay, and the credit is not given back.
    """
    query, accounts = context.filter(call.query, call.query.since).query, call.scope.accounts
    ids = [normalised_id(each) for each in call.query.id]
    if query == MessageQuery() and not ids:
        count = sum(len(account.messages) for account in accounts)
        for account in accounts:
            context.controls.delete_all(account)
        return DeletedView(deleted=count)
    # All are found before the first is deleted: a regular expression that takes too long then deletes nothing.
    found: list[tuple[Account, list[Message]]] = []
    for account in accounts:
        candidates = filter(None, map(account.messages.get, ids)) if ids else account.messages.candidates(query)
        found.append((account, (yield from select(candidates, query.matches, None, query.step_size))))
    deleted = 0
    for account, messages in found:
        deleted += yield from context.controls.delete(account, messages)
    return DeletedView(deleted=deleted)


def latest_message(context: Context, call: InspectionCall) -> Steps[MessageView]:
    """Read the newest message that matches.

    If none matches, the error explains which message is closest and why it does not match.
    """
    return message_view(context, (yield from _latest(context, call)))


def latest_codes(context: Context, call: InspectionCall) -> Steps[CodesView | Response]:
    """Read the one-time codes of the newest message that matches.

    As plain text one code per line.
    """
    return _codes(context, call, (yield from _latest(context, call)))


async def wait_for_messages(context: Context, call: InspectionCall) -> MessagesPage:
    """Wait until enough messages match.

    The response comes as soon as `count` messages match, at once if they are there already. After `timeout` the
    error explains what is missing. Only real time counts for the timeout, not the clock of the account.
    """
    query: WaitQuery = call.query
    message_filter = context.filter(query, query.since)
    found = await context.message_waits.until(
        call.scope, message_filter.query, query.count, query.timeout, call.receive
    )
    match found:
        case WaitEnd.DISCONNECTED:
            raise Disconnected
        case WaitEnd.STOPPED:
            raise ShuttingDown
        case WaitEnd.TIMED_OUT:
            raise await context.slices.run(_timed_out(context, call, message_filter))
        case _:
            return await context.slices.run(_found(context, call, message_filter, found))


def verify_messages(context: Context, call: InspectionCall) -> Steps[MessagesPage]:
    """Verify how many messages match, their order, and that there are no others.

    Without a number at least one message must match. If the messages are not as expected, the error explains why,
    as data or with `Accept: text/plain` as text.
    """
    body: VerifyBody = call.body
    cursor = context.engine.cursor
    newest_first = (yield from Verifier(context, call.scope, body).verify())[::-1]
    found = FoundMessages(newest_first[: ListQuery().limit], cursor)
    return (yield from _page(context, call.scope, found, len(newest_first), body.since))


def read_message(context: Context, call: InspectionCall) -> MessageView:
    """Read a message.

    The id is the transaction_id of the send, with or without dashes.
    """
    return message_view(context, call.scope.find(call.id))


def read_codes(context: Context, call: InspectionCall) -> CodesView | Response:
    """Read the one-time codes of a message.

    As plain text one code per line.
    """
    return _codes(context, call, call.scope.find(call.id))


def _latest(context: Context, call: InspectionCall) -> Steps[OwnedMessage]:
    message_filter = context.filter(call.query, call.query.since)
    found = yield from call.scope.search(message_filter.query, 1)
    if not found:
        explainer = Explainer(context.engine, call.scope, message_filter.query.after)
        raise NoMessage((yield from explainer.too_few(message_filter)))
    return found[0]


def _timed_out(context: Context, call: InspectionCall, message_filter: MessageFilter) -> Steps[WaitTimedOut]:
    query: WaitQuery = call.query
    message_filter.query.begin()
    count = len((yield from call.scope.search(message_filter.query, query.count)))
    explainer = Explainer(context.engine, call.scope, message_filter.query.after)
    expected, within = describe_count(query.count, None), f"within {query.timeout:g} s"
    return WaitTimedOut((yield from explainer.too_few(message_filter, count, expected, within)))


def _found(
    context: Context, call: InspectionCall, message_filter: MessageFilter, found: FoundMessages
) -> Steps[MessagesPage]:
    message_filter.query.begin()
    total = yield from call.scope.count(message_filter.query)
    return (yield from _page(context, call.scope, found, total, call.query.since))


def _codes(context: Context, call: InspectionCall, owned: OwnedMessage) -> CodesView | Response:
    text = context.engine.text_of(owned.message)
    if call.as_text:
        return text_response("\n".join(code.code for code in find_codes(text)))
    return CodesView(codes=code_views(text))


def _page(
    context: Context, scope: AccountScope, found: FoundMessages, total: int, since: int | None
) -> Steps[MessagesPage]:
    views: list[MessageView] = []
    for owned in found.messages:
        views.append(message_view(context, owned))
        yield
    return MessagesPage(
        messages=views,
        cursor=found.cursor,
        total=total,
        evicted=scope.evicted(),
        incomplete=scope.is_incomplete(since or 0),
    )


def message_view(context: Context, owned: OwnedMessage) -> MessageView:
    """Return a message with all its details."""
    account, message = owned
    shown = context.engine.shown_text(message)
    text = str(shown)
    request = account.journal.get(message.request)
    return MessageView(
        transaction_id=message.transaction_id,
        cursor=message.sequence,
        account=account.id,
        mobile_number=message.mobile_number,
        number=message.digits,
        sender=message.sender,
        content=content_of(message),
        text=text,
        tags=list(message.submission.tags),
        status=message.state.status,
        reject_reason=message.state.reason,
        reject_reason_in_reads=message.state.reason_in_reads,
        decided_by=message.decided_by,
        segments=segments_view(shown, text),
        codes=code_views(text),
        links=links_in(text),
        tracks_clicks=context.engine.recipients.counts_clicks(message),
        clicks=len(message.clicks),
        clicks_details=[ClickView(at=click.at, url=click.url) for click in message.clicks],
        history=[
            StepView(at=step.at, status=step.state.status, reject_reason=step.state.reason, cause=step.cause)
            for step in message.history
        ],
        request_id=message.request or None,
        callback_state=worst_delivery(account.callbacks.of(message.transaction_id)),
        warnings=[WarningView(path=each.path, note=each.note) for each in request.warnings] if request else [],
        created_at=message.created_at,
        scheduled_at=message.due_at if message.due_at > message.created_at else None,
    )


def code_views(text: str) -> list[CodeView]:
    """Return the plausible one-time codes of a text, the best first."""
    return [_code_view(text, code) for code in find_codes(text)]


def _code_view(text: str, code: Code) -> CodeView:
    return CodeView(
        code=code.code,
        index=code.index,
        index_utf16=utf16_length(text[: code.index]),
        length=code.length,
        announced=code.announced,
    )


ENDPOINTS: Final = (
    endpoint("GET", "messages", list_messages, returns=MessagesPage, query=ListQuery),
    endpoint("DELETE", "messages", delete_messages, returns=DeletedView, query=DeletionQuery),
    endpoint("GET", "messages/latest", latest_message, returns=MessageView, query=MessagesQuery, raises=[NoMessage]),
    endpoint(
        "GET",
        "messages/latest/codes",
        latest_codes,
        returns=CodesView,
        query=MessagesQuery,
        media=(TEXT,),
        raises=[NoMessage],
    ),
    endpoint(
        "GET",
        "messages/wait",
        wait_for_messages,
        returns=MessagesPage,
        query=WaitQuery,
        raises=[WaitTimedOut, TooManyOpenRequests, ShuttingDown],
        holds=True,
    ),
    endpoint(
        "POST",
        "verify",
        verify_messages,
        returns=MessagesPage,
        body=VerifyBody,
        examples={
            "once": {"to": "972-54-1111111", "content": "Your code", "exactly": 1},
            "in order": {"in_order": [{"content": "Welcome"}, {"tag": "otp"}], "nothing_else": True},
            "nothing": {"exactly": 0},
        },
        raises=[ExpectationFailed],
    ),
    # Paths with an id come after the fixed ones.
    endpoint("GET", "messages/{id}", read_message, returns=MessageView, path_example=LATEST),
    endpoint("GET", "messages/{id}/codes", read_codes, returns=CodesView, media=(TEXT,), path_example=LATEST),
)
