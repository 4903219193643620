"""Filters of the inspection API: which messages match, and how close the others are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from heapq import nlargest
from operator import itemgetter
from typing import Any, Final

from mocksms.engine.account import Account
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.patterns import shared_pattern
from mocksms.engine.steps import Steps
from mocksms.inspection.models import MAX_NUMBER_LENGTH, Filters
from mocksms.schemas.explanations import Closest, Comparison
from mocksms.sms.codes import find_codes, has_code
from mocksms.sms.display import describe_code, describe_history
from mocksms.sms.message import Message
from mocksms.sms.numbers import SEPARATORS, NumberPattern
from mocksms.sms.text import content_of

MAX_COMPARED_MESSAGES: Final = 500
"""The newest messages, among which the closest are searched."""

ValueReader = Callable[[Message], str]

NumberParser = Callable[[str], str | NumberPattern]


@dataclass(frozen=True, slots=True)
class FilterCondition:
    """One condition of a filter, which `query` evaluates; `read` returns the value that it is about."""

    field: str
    expected: str
    query: MessageQuery
    read: ValueReader

    def matches(self, message: Message) -> bool:
        """Whether a message matches."""
        return self.query.matches(message)

    def describe(self) -> str:
        """Return the condition in words."""
        return _DESCRIPTIONS[self.field].format(self.expected)

    def nearness(self, message: Message) -> float:
        """Return 1 for a message that matches, less for others, 0 for one that has nothing in common with it."""
        if self.matches(message):
            return 1.0
        if self.query.digits is not None:
            return 0.9 * SequenceMatcher(None, self.query.digits, message.digits[:MAX_NUMBER_LENGTH]).ratio()
        if self.field in ("content", "text"):
            return 0.9 * _common_length(self.expected, self.read(message)) / len(self.expected)
        return 0.0

    def compare(self, message: Message) -> Comparison:
        """Return how a message compares, with the first difference where there is one."""
        actual = self.read(message) or "none"
        matches = self.matches(message)
        differs_at, missing = (None, None) if matches else self._difference(message, actual)
        return Comparison(
            field=self.field,
            expected=self.expected,
            actual=actual,
            matches=matches,
            differs_at=differs_at,
            missing=missing,
        )

    def _difference(self, message: Message, actual: str) -> tuple[int | None, str | None]:
        """Return the index of the first difference, and what is expected there."""
        if self.query.digits is not None:
            return _nth_digit(actual, _shared(self.query.digits, message.digits)), self.expected
        length = _common_length(self.expected, actual) if self.field in ("content", "text") else 0
        if not length:
            return None, None
        return actual.index(self.expected[:length]) + length, self.expected[length:]


class MessageFilter:
    """The filters of a call as one query, and as a condition for each filter.

    Args:
        filters: what the call specifies.
        parse: returns a number as it is compared, or the pattern of one with `*`.
        text_of: returns the text of a message as the phone shows it.
        after: a cursor; only messages after it match.
        before: a cursor; only messages before it match.
    """

    def __init__(
        self,
        filters: Filters,
        parse: NumberParser,
        text_of: ValueReader,
        after: int = 0,
        before: int | None = None,
    ) -> None:
        parts: dict[str, dict[str, Any]] = {}
        values = {name: value for name in Filters.model_fields if (value := getattr(filters, name)) is not None}
        for name, value in values.items():
            parts[name] = _query_fields(name, value, parse, text_of)
        merged = {field: value for part in parts.values() for field, value in part.items()}
        self.query = MessageQuery(after=after, before=before, **merged)
        self.conditions = tuple(
            FilterCondition(name, _expected(values[name]), MessageQuery(**part), _reader(name, text_of))
            for name, part in parts.items()
        )

    def describe(self) -> list[str]:
        """Return the conditions in words."""
        return [condition.describe() for condition in self.conditions]

    def closest(self, messages: Iterable[tuple[Account, Message]], limit: int) -> Steps[list[Closest]]:
        """Return the messages that come closest without matching, each given with its account, the closest first."""
        ranked: list[tuple[tuple[int, float, int], Account, Message]] = []
        for account, message in messages:
            yield
            if not all(condition.matches(message) for condition in self.conditions):
                ranked.append((self._rank(message), account, message))
        closest: list[Closest] = []
        for _, account, message in nlargest(limit, ranked, key=itemgetter(0)):
            closest.append(self._closest(account, message))
            yield
        return closest

    def _rank(self, message: Message) -> tuple[int, float, int]:
        nearness = [condition.nearness(message) for condition in self.conditions]
        return sum(each == 1 for each in nearness), sum(nearness), message.sequence

    def _closest(self, account: Account, message: Message) -> Closest:
        comparisons = [condition.compare(message) for condition in self.conditions]
        request = account.journal.get(message.request)
        warnings = [f"{warning.path}: {warning.note}" for warning in request.warnings] if request else []
        return Closest.of(message.transaction_id, comparisons, describe_history(message.history), warnings)


_DESCRIPTIONS: Final = {
    "to": "to {}",
    "status": "status {}",
    "reject_reason": "reject_reason {}",
    "tag": 'tag "{}"',
    "content": 'content "{}"',
    "text": 'text "{}"',
    "regex": "content like /{}/",
    "sender": 'sender "{}"',
    "has_code": "has_code {}",
}

_READERS: Final[dict[str, ValueReader]] = {
    "to": lambda message: message.mobile_number,
    "status": lambda message: message.state.status,
    "reject_reason": lambda message: message.state.reason or "",
    "tag": lambda message: ", ".join(message.submission.tags),
    "content": content_of,
    "regex": content_of,
    "sender": lambda message: message.sender,
}


def _reader(name: str, text_of: ValueReader) -> ValueReader:
    """Return how to read the value of a message that one filter is about."""
    match name:
        case "text":
            return text_of
        case "has_code":
            return lambda message: _code_and_text(text_of(message))
        case _:
            return _READERS[name]


def _code_and_text(text: str) -> str:
    return describe_code(next((found.code for found in find_codes(text)), None), text)


def _expected(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def _query_fields(name: str, value: Any, parse: NumberParser, text_of: ValueReader) -> dict[str, Any]:
    """Return the fields of a query for one filter."""
    match name:
        case "to":
            number = parse(value)
            return {"digits": number} if isinstance(number, str) else {"number": number}
        case "tag" | "sender":
            return {f"{name}s": (value,)}
        case "regex":
            return {"pattern": shared_pattern(value)}
        case "text":
            return {"text": value, "text_of": text_of}
        case "has_code":
            return {"has_code": value, "text_of": text_of, "finds_code": has_code}
        case _:
            return {name: value}


def _shared(one: str, other: str) -> int:
    """Return the number of characters that two texts have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))


def _nth_digit(number: str, nth: int) -> int:
    """Return the index of the nth digit in a number as written, its length when there are fewer digits."""
    places = [index for index, character in enumerate(number) if ord(character) not in SEPARATORS]
    return places[nth] if nth < len(places) else len(number)


def _common_length(expected: str, text: str) -> int:
    """Return the length of the longest beginning of `expected` that the text contains."""
    low, high = 0, len(expected)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if expected[:middle] in text else (low, middle - 1)
    return low
