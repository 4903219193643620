"""Search: messages and replies that fit the text of the search box, with counts of what they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta, timezone
from heapq import merge
from typing import Annotated, Final

from pydantic import Field

from mocksms.engine.account import Account, Reply
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.steps import STEP_SIZE, Steps
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.messages import MessageView, message_view
from mocksms.inspection.models import MAX_TEXT_FILTER_LENGTH, AccountQuery, Page, PageQuery
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.phones import ReplyView, reply_view
from mocksms.inspection.scope import AccountScope, OwnedMessage
from mocksms.inspection.search_terms import Search, SearchReader
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.sms.message import Message

MAX_COUNTED: Final = 50
"""Tags, senders, statuses or reasons with a count, the most frequent ones."""

MAX_ZONE_MINUTES: Final = 18 * 60


class SearchQuery(AccountQuery, PageQuery):
    """The text of a search, and the page."""

    query: Annotated[str, Field(max_length=MAX_TEXT_FILTER_LENGTH)] = Field(
        default="", description="Such as `status:rejected -tag:promo 054-111`; the guide's page web-ui explains it"
    )
    zone: int = Field(
        default=0,
        ge=-MAX_ZONE_MINUTES,
        le=MAX_ZONE_MINUTES,
        description="Offset of the time zone of `before:` and `after:`, in minutes east of UTC",
    )


class CountView(ResponseModel):
    """How many messages have a value."""

    value: Text = Field(description="The value")
    count: int = Field(description="Number of messages that have it")


class SearchCountsView(ResponseModel):
    """How many of the found messages have each value, the most frequent values first."""

    messages: int = Field(description="Number of messages, on all pages")
    replies: int = Field(description="Number of replies, on all pages")
    statuses: list[CountView] = Field(description="By status")
    reject_reasons: list[CountView] = Field(description="By reject reason")
    tags: list[CountView] = Field(description="By tag")
    senders: list[CountView] = Field(description="By sender")


class SearchIssueView(ResponseModel):
    """What is wrong with a part of the search."""

    part: Text = Field(description="As written")
    note: Text = Field(description="What is wrong with it")
    better: Text = Field(description="What to write instead, empty if that is not known")


class SearchResultView(ResponseModel):
    """A message or a reply."""

    message: MessageView | None = Field(description="The message, null for a reply")
    reply: ReplyView | None = Field(description="The reply, null for a message")


class SearchPage(Page):
    """Messages and replies, newest first."""

    results: list[SearchResultView] = Field(description="The messages and replies on this page")
    counts: SearchCountsView = Field(description="What was found, on all pages")
    issues: list[SearchIssueView] = Field(description="Parts of the query that are not understood")


class SearchCounter:
    """Counts what the found messages and replies have."""

    def __init__(self) -> None:
        self.messages = 0
        self.replies = 0
        self._statuses: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._tags: Counter[str] = Counter()
        self._senders: Counter[str] = Counter()

    def add(self, message: Message) -> None:
        """Count a message."""
        self.messages += 1
        state = message.state
        self._statuses[state.status] += 1
        if state.reason:
            self._reasons[state.reason] += 1
        if message.submission.tags:
            self._tags.update(dict.fromkeys(message.submission.tags, 1))
        self._senders[message.sender] += 1

    def view(self) -> SearchCountsView:
        """Return the counts."""
        return SearchCountsView(
            messages=self.messages,
            replies=self.replies,
            statuses=_most_common(self._statuses),
            reject_reasons=_most_common(self._reasons),
            tags=_most_common(self._tags),
            senders=_most_common(self._senders),
        )


def search_messages(context: Context, call: InspectionCall) -> Steps[SearchPage]:
    """Search messages and replies as the search box of the web UI does, newest first.

    All words must hold. Digits are looked for in numbers, in any spelling, and in texts; eight or more hex digits also
    in transaction ids; all else in texts, in any case.
    """
    query: SearchQuery = call.query
    scope, after, cursor = call.scope, query.since or 0, context.engine.cursor
    search = _read(context, scope, query)
    counter = SearchCounter()
    views: list[SearchResultView] = []
    step = 1 if search.is_slow else STEP_SIZE
    for place, (account, record) in enumerate(_newest_first(scope, after), 1):
        if _count_if_found(search, record, counter) and len(views) < query.limit and _is_before(record, query.before):
            views.append(_result_view(context, account, record))
            yield
        elif not place % step:
            yield
    return SearchPage(
        results=views,
        counts=counter.view(),
        issues=[SearchIssueView(part=each.part, note=each.note, better=each.better) for each in search.issues],
        cursor=cursor,
        total=counter.messages + counter.replies,
        evicted=scope.evicted(),
        incomplete=scope.is_incomplete(after),
    )


def _read(context: Context, scope: AccountScope, query: SearchQuery) -> Search:
    accounts = [] if scope.name is None else scope.accounts
    clock = accounts[0].clock if accounts else context.engine.accounts.clock
    zone = timezone(timedelta(minutes=query.zone))
    return SearchReader(clock.now(), zone, scope.state_names, context.engine.text_of).read(query.query)


def _newest_first(scope: AccountScope, after: int) -> Iterator[tuple[Account, Message | Reply]]:
    messages: Iterable[tuple[Account, Message | Reply]] = scope.newest_first(MessageQuery(after=after))
    return merge(messages, scope.replies(after), key=lambda owned: _cursor_of(owned[1]), reverse=True)


def _cursor_of(record: Message | Reply) -> int:
    return record.sequence if isinstance(record, Message) else record.number


def _is_before(record: Message | Reply, before: int | None) -> bool:
    return before is None or _cursor_of(record) < before


def _count_if_found(search: Search, record: Message | Reply, counter: SearchCounter) -> bool:
    if isinstance(record, Message):
        if not search.has_message(record):
            return False
        counter.add(record)
        return True
    found = search.has_reply(record)
    counter.replies += found
    return found


def _result_view(context: Context, account: Account, record: Message | Reply) -> SearchResultView:
    if isinstance(record, Message):
        return SearchResultView(message=message_view(context, OwnedMessage(account, record)), reply=None)
    return SearchResultView(message=None, reply=reply_view(account, record))


def _most_common(counter: Counter[str]) -> list[CountView]:
    return [CountView(value=value, count=count) for value, count in counter.most_common(MAX_COUNTED)]


ENDPOINTS: Final = (endpoint("GET", "search", search_messages, returns=SearchPage, query=SearchQuery),)
