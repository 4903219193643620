"""Which messages somebody means, and how near the others come to that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from heapq import nlargest
from typing import Final, Protocol

from mocksms.engine.messages import MessageQuery
from mocksms.engine.patterns import Pattern
from mocksms.inspection.asked import Filters
from mocksms.sms.message import Message
from mocksms.sms.numbers import SEPARATORS
from mocksms.sms.text import filled

Parse = Callable[[str], str]
"""Reads a phone number as the digits to compare on."""

COMPARED: Final = 500
"""Messages among which the nearest are looked for, the newest."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How one wish compares with a message.

    `nearness` is 1 where it matches and less the farther it is. `differs_at` is the index in `actual` of the first
    difference, and `expected` what would stand there instead, where that can be said.
    """

    field: str
    wanted: str
    actual: str
    matches: bool
    nearness: float
    differs_at: int | None = None
    expected: str = ""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A message with its comparisons, one for each wish."""

    message: Message
    comparisons: tuple[Comparison, ...]

    @property
    def matched(self) -> int:
        """How many wishes it meets."""
        return sum(comparison.matches for comparison in self.comparisons)

    @property
    def nearness(self) -> tuple[int, float, int]:
        """What puts near misses in order, the nearest highest."""
        return self.matched, sum(each.nearness for each in self.comparisons), self.message.sequence


class Criterion(Protocol):
    """One wish about a message."""

    @property
    def field(self) -> str:
        """The name of the wish."""

    @property
    def wanted(self) -> str:
        """What is wished for."""

    def matches(self, message: Message) -> bool:
        """Return whether a message meets it."""

    def compare(self, message: Message) -> Comparison:
        """Return how a message compares with it."""


@dataclass(frozen=True, slots=True)
class NumberCriterion:
    """Sent to this number, compared on digits."""

    wanted: str
    digits: str
    field: str = "to"

    def matches(self, message: Message) -> bool:
        """Return whether a message went there."""
        return message.digits == self.digits

    def compare(self, message: Message) -> Comparison:
        """Return how the message's number compares."""
        actual = message.mobile_number
        if self.matches(message):
            return Comparison(self.field, self.wanted, actual, True, 1.0)
        shared = _shared(self.digits, message.digits)
        nearness = 0.9 * SequenceMatcher(None, self.digits, message.digits).ratio()
        return Comparison(self.field, self.wanted, actual, False, nearness, _nth_digit(actual, shared), self.wanted)


@dataclass(frozen=True, slots=True)
class ExactCriterion:
    """A field that has this value."""

    field: str
    wanted: str
    read: Callable[[Message], str | None]

    def matches(self, message: Message) -> bool:
        """Return whether a message has it."""
        return self.read(message) == self.wanted

    def compare(self, message: Message) -> Comparison:
        """Return how the message's value compares."""
        actual, matches = self.read(message) or "none", self.matches(message)
        return Comparison(self.field, self.wanted, actual, matches, 1.0 if matches else 0.0)


@dataclass(frozen=True, slots=True)
class TagCriterion:
    """Has this tag among its own."""

    wanted: str
    field: str = "tag"

    def matches(self, message: Message) -> bool:
        """Return whether a message has it."""
        return self.wanted in message.submission.tags

    def compare(self, message: Message) -> Comparison:
        """Return how the message's tags compare."""
        matches = self.matches(message)
        tags = ", ".join(message.submission.tags) or "none"
        return Comparison(self.field, self.wanted, tags, matches, 1.0 if matches else 0.0)


@dataclass(frozen=True, slots=True)
class ContentCriterion:
    """Has these words in its content."""

    wanted: str
    field: str = "content"

    def matches(self, message: Message) -> bool:
        """Return whether a message has them."""
        return self.wanted in filled(message)

    def compare(self, message: Message) -> Comparison:
        """Return how the content compares: the first difference is after the longest beginning that is in it."""
        actual = filled(message)
        if self.wanted in actual:
            return Comparison(self.field, self.wanted, actual, True, 1.0)
        length = _longest_beginning(self.wanted, actual)
        if not length:
            return Comparison(self.field, self.wanted, actual, False, 0.0)
        differs_at = actual.index(self.wanted[:length]) + length
        nearness = 0.9 * length / len(self.wanted)
        return Comparison(self.field, self.wanted, actual, False, nearness, differs_at, self.wanted[length:])


@dataclass(frozen=True, slots=True)
class RegexCriterion:
    """A regular expression is found in its content."""

    pattern: Pattern
    field: str = "regex"

    @property
    def wanted(self) -> str:
        """The regular expression as written."""
        return self.pattern.source

    def matches(self, message: Message) -> bool:
        """Return whether it is found in a message.

        Raises:
            PatternTooSlow: it takes too long.
        """
        return self.pattern.is_in(filled(message))

    def compare(self, message: Message) -> Comparison:
        """Return whether the content has it."""
        matches = self.matches(message)
        return Comparison(self.field, self.wanted, filled(message), matches, 1.0 if matches else 0.0)


class Criteria:
    """All wishes of a question; a message must meet each."""

    def __init__(self, filters: Filters, parse: Parse, after: int = 0, before: int | None = None) -> None:
        self.after = after
        self.before = before
        self.digits = None if filters.to is None else parse(filters.to)
        self.criteria = tuple(_criteria(filters, self.digits))
        self._filters = filters

    def begin(self) -> None:
        """Begin another question: what has a limit on its time has it anew."""
        for criterion in self.criteria:
            if isinstance(criterion, RegexCriterion):
                criterion.pattern.begin()

    def matches(self, message: Message) -> bool:
        """Return whether a message is meant."""
        return (
            message.sequence > self.after
            and (self.before is None or message.sequence < self.before)
            and all(criterion.matches(message) for criterion in self.criteria)
        )

    @property
    def is_everything(self) -> bool:
        """Whether every message matches."""
        return not self.criteria and not self.after and self.before is None

    @property
    def is_looked_up(self) -> bool:
        """Whether the query alone says it all."""
        return all(criterion.field in ("to", "tag", "sender") for criterion in self.criteria)

    def query(self) -> MessageQuery:
        """Return what a store can look up by its indexes; what it finds is still to be matched."""
        wanted = self._filters
        return MessageQuery(
            after=self.after,
            before=self.before,
            digits=self.digits,
            tags=() if wanted.tag is None else (wanted.tag,),
            senders=() if wanted.sender is None else (wanted.sender,),
        )

    def nearest(self, messages: Iterable[Message], limit: int) -> list[NearMiss]:
        """Return the messages that come nearest without matching, the nearest first."""
        return nlargest(limit, self._misses(messages), key=lambda miss: miss.nearness)

    def describe(self) -> list[str]:
        """Return the wishes in words."""
        return [_WORDS[criterion.field].format(criterion.wanted) for criterion in self.criteria]

    def _misses(self, messages: Iterable[Message]) -> Iterator[NearMiss]:
        for message in messages:
            miss = NearMiss(message, tuple(criterion.compare(message) for criterion in self.criteria))
            if miss.matched < len(self.criteria):
                yield miss


def everything(after: int) -> Criteria:
    """Return the criteria that every message after a cursor meets."""
    return Criteria(Filters(), str, after)


_WORDS: Final = {
    "to": "to {}",
    "status": "status {}",
    "reject_reason": "reject_reason {}",
    "tag": 'tag "{}"',
    "content": 'content with "{}"',
    "regex": "content like /{}/",
    "sender": 'sender "{}"',
}


def _criteria(filters: Filters, digits: str | None) -> Iterator[Criterion]:
    if filters.to is not None and digits is not None:
        yield NumberCriterion(filters.to, digits)
    if filters.status is not None:
        yield ExactCriterion("status", filters.status, lambda message: message.state.status)
    if filters.reject_reason is not None:
        yield ExactCriterion("reject_reason", filters.reject_reason, lambda message: message.state.reason)
    if filters.tag is not None:
        yield TagCriterion(filters.tag)
    if filters.content is not None:
        yield ContentCriterion(filters.content)
    if filters.regex is not None:
        yield RegexCriterion(Pattern(filters.regex))
    if filters.sender is not None:
        yield ExactCriterion("sender", filters.sender, lambda message: message.sender)


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))


def _nth_digit(number: str, nth: int) -> int:
    """Return the index in a number as written of the digit with this index, its end when there are fewer."""
    places = [index for index, character in enumerate(number) if ord(character) not in SEPARATORS]
    return places[nth] if nth < len(places) else len(number)


def _longest_beginning(wanted: str, text: str) -> int:
    """Return how many characters `wanted` can begin with so that they are in the text."""
    low, high = 0, len(wanted)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if wanted[:middle] in text else (low, middle - 1)
    return low
