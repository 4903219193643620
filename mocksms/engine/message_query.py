"""Filter of messages, and the tests that it makes of its conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from mocksms.engine.patterns import Pattern, RegexBudget
from mocksms.engine.steps import STEP_SIZE
from mocksms.sms.message import Message
from mocksms.sms.numbers import NumberPattern
from mocksms.sms.surrogates import REPLACEMENT, well_formed
from mocksms.sms.text import content_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQuery:
    """Filter of messages for all lists, searches, waits and assertions. All conditions must hold.

    Attributes:
        after: a cursor; only messages accepted later.
        before: a cursor; only messages accepted earlier.
        digits: the number of the recipient, as compared.
        number: a pattern of the number of the recipient.
        tags: the message has any of these.
        senders: its sender is any of these.
        content: part of what was sent, placeholders filled.
        text: part of what the phone shows; needs `text_of`.
        words: part of the content in any case; itself case-folded.
        pattern: a regular expression found in the content.
        has_code: whether what the phone shows has a one-time code; needs `text_of` and `finds_code`.
        since: the earliest time of sending.
        until: the latest, in whole seconds as the reads show them.
        text_of: returns the text that the phone shows.
        finds_code: returns whether a text has a one-time code.
        budget: the time for the regular expression.
    """

    after: int = 0
    before: int | None = None
    transaction_id: str | None = None
    digits: str | None = None
    number: NumberPattern | None = None
    status: str | None = None
    reject_reason: str | None = None
    tags: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    content: str = ""
    text: str = ""
    words: str = ""
    pattern: Pattern | None = None
    has_code: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    text_of: Callable[[Message], str] = field(default=content_of, compare=False, repr=False)
    finds_code: Callable[[str], bool] = field(default=lambda _: False, compare=False, repr=False)
    budget: RegexBudget = field(default_factory=RegexBudget, compare=False, repr=False)
    _tests: tuple[MessageTest, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tests", tuple(_tests(self)))

    def begin(self) -> None:
        """Start another evaluation: the time limit of the regular expression starts again."""
        self.budget.left = self.budget.seconds

    @property
    def is_slow(self) -> bool:
        """Whether one text may take long."""
        return self.pattern is not None or self.has_code is not None

    @property
    def step_size(self) -> int:
        """How many messages are compared in one step: one if its text may take long."""
        return 1 if self.is_slow else STEP_SIZE

    def matches(self, message: Message) -> bool:
        """Whether a message fulfils all conditions.

        Raises:
            PatternTooSlow: the regular expression takes too long.
        """
        for test in self._tests:  # noqa: SIM110 - a generator would double the time of a scan
            if not test(message):
                return False
        return True


MessageTest = Callable[[Message], bool]


def _tests(query: MessageQuery) -> Iterator[MessageTest]:
    """Iterate over the conditions that a query has, the cheapest first: a scan evaluates them for every message."""
    after, before, since, until = query.after, query.before, query.since, query.until
    if after:
        yield lambda message: message.sequence > after
    if before is not None:
        yield lambda message: message.sequence < before
    if since is not None:
        yield lambda message: message.due_at >= since
    if until is not None:
        yield lambda message: message.due_at.replace(microsecond=0) <= until
    yield from _value_tests(query)
    yield from _text_tests(query)


def _value_tests(query: MessageQuery) -> Iterator[MessageTest]:
    tags, senders, number = frozenset(query.tags), frozenset(query.senders), query.number
    if query.transaction_id is not None:
        yield lambda message: message.transaction_id == query.transaction_id
    if query.digits is not None:
        yield lambda message: message.digits == query.digits
    if number is not None:
        yield lambda message: number.matches(message.digits)
    if query.status is not None:
        yield lambda message: message.state.status == query.status
    if query.reject_reason is not None:
        yield lambda message: message.state.reason == query.reject_reason
    if tags:
        yield (
            (lambda message: not tags.isdisjoint(map(well_formed, message.submission.tags)))
            if is_replaced(tags)
            else lambda message: not tags.isdisjoint(message.submission.tags)
        )
    if senders:
        read_sender = _as_shown(attrgetter("sender"), "".join(senders))
        yield lambda message: read_sender(message) in senders


def _text_tests(query: MessageQuery) -> Iterator[MessageTest]:
    content, words, text, pattern = query.content, query.words, query.text, query.pattern
    if content:
        read_content = _as_shown(content_of, content)
        yield lambda message: content in read_content(message)
    if words:
        read_words = _as_shown(content_of, words)
        yield lambda message: words in read_words(message).casefold()
    if text:
        read_text = _as_shown(query.text_of, text)
        yield lambda message: text in read_text(message)
    if pattern is not None:
        read_searched = _as_shown(content_of, pattern.source)
        yield lambda message: pattern.matches(read_searched(message), query.budget)
    if query.has_code is not None:
        yield lambda message: query.finds_code(query.text_of(message)) is query.has_code


def _as_shown(read: Callable[[Message], str], expected: str) -> Callable[[Message], str]:
    """Return how to read a text where something is looked for: as it is shown if that has a replaced surrogate."""
    return (lambda message: well_formed(read(message))) if REPLACEMENT in expected else read


def is_replaced(values: Iterable[str]) -> bool:
    """Whether one of the values has a replaced surrogate, so that no index has it as it was sent."""
    return any(REPLACEMENT in value for value in values)
