"""Expectations about a message: strings and regular expressions. The mock checks some, the test process the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mocksms.errors import did_you_mean
from mocksms.sms.display import describe_code, quoted
from mocksms.sms.message import State
from mocksms.sms.numbers import digits_of
from mocksms.sms.surrogates import well_formed
from mocksms.testing.models import SmsMessage

__tracebackhide__ = True

Matcher = str | re.Pattern[str] | Callable[[str], object]
"""A string, a compiled regular expression that is searched for, or a callable that returns whether a value matches."""

MATCHED: Final = ("to", "content", "text", "tag", "status")
"""Fields that a matcher is compared with."""

FIELDS: Final = (*MATCHED, "has_code")
MAX_FILTER_LENGTH: Final = 1_000
"""Characters of a string or regular expression that the mock evaluates; longer ones are evaluated here."""

_STATES: Final = [str(state) for state in State if state.reason]
"""Every status with a reason that the guide has, as send responses spell it."""

_PAIRS: Final = frozenset({*_STATES, *(f"{state.status}/{state.reason_in_reads}" for state in State if state.reason)})
_STATUSES: Final = frozenset(str(state.status) for state in State)
_REASONS: Final = frozenset(pair.partition("/")[2] for pair in _PAIRS)

_FLAGS: Final = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x", re.ASCII: "a"}

_VALUES: Final[dict[str, Callable[[SmsMessage], Iterable[str]]]] = {
    "to": lambda message: [message.to],
    "content": lambda message: [message.content],
    "text": lambda message: [message.text],
    "tag": lambda message: message.tags,
    "status": lambda message: [message.state],
    "has_code": lambda message: [describe_code(next(iter(message.codes), None), message.text)],
}
"""The values of a message that each field is compared with; one of them has to match."""


@dataclass(frozen=True, slots=True)
class LocalCheck:
    """The check of one field in this process; `is_local` unless the mock evaluates it as a filter."""

    field: str
    matcher: Matcher

    @property
    def is_local(self) -> bool:
        """Whether the mock cannot evaluate it."""
        if isinstance(self.matcher, str):
            return self.field in ("content", "text") and len(self.matcher) > MAX_FILTER_LENGTH
        if self.field != "content" or not isinstance(self.matcher, re.Pattern):
            return True
        return len(_inline(self.matcher)) > MAX_FILTER_LENGTH

    @property
    def expected(self) -> str:
        """What is expected, in short."""
        return self.matcher if isinstance(self.matcher, str) else _name(self.matcher)

    def values(self, message: SmsMessage) -> Iterable[str]:
        """Return the values of a message that are compared."""
        return _VALUES[self.field](message)

    def fits(self, message: SmsMessage) -> bool:
        """Whether a message matches."""
        return any(_fits(self.matcher, value) for value in self.values(message))

    def describe(self) -> str:
        """Return what is expected, in words."""
        return f"{'to a number' if self.field == 'to' else self.field} {describe_matcher(self.matcher)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Which messages a test expects; a field that is None matches any value.

    Args:
        to: the number, compared on digits; `*` stands for any digits.
        content: part of what was sent, placeholders filled; case matters.
        text: part of what the phone shows, links and unsubscribe text included; case matters.
        tag: one of the tags, whole.
        status: `sent`, or with its reason `rejected/bounced`.
        has_code: whether the text has a one-time code.

    Raises:
        TypeError: a value is no string, compiled regular expression or callable, or `has_code` no bool.
        ValueError: no message has this status with this reason. The mock refuses those that no rule of it writes.
    """

    to: Matcher | None = None
    content: Matcher | None = None
    text: Matcher | None = None
    tag: Matcher | None = None
    status: Matcher | None = None
    has_code: bool | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.has_code, bool | None):
            raise TypeError(f"has_code is {self.has_code!r}, but must be True, False or None")
        for check in self.checks():
            matcher = check.matcher
            is_bytes = isinstance(matcher, re.Pattern) and isinstance(matcher.pattern, bytes)
            if is_bytes or not (isinstance(matcher, str | re.Pattern) or callable(matcher)):
                expected = "a string, a compiled regular expression of text, or a callable"
                raise TypeError(f"{check.field} is {matcher!r}, but must be {expected}")
        if isinstance(self.status, str) and _is_wrong_pair(self.status):
            hint = did_you_mean(self.status, _STATES, f"there are {', '.join(_STATES)}")
            raise ValueError(f"status is {self.status!r}, which no message has; {hint}")

    def __hash__(self) -> int:
        """Return the same for equal expectations; not every callable has a hash."""
        return hash(tuple(check.matcher for check in self.checks() if isinstance(check.matcher, str)))

    def checks(self) -> list[LocalCheck]:
        """Return a check for each field with an expected value."""
        matchers: dict[str, Matcher | None] = {field: getattr(self, field) for field in MATCHED}
        if self.has_code is not None:
            matchers["has_code"] = "true" if self.has_code else "false"
        return [LocalCheck(field, matcher) for field, matcher in matchers.items() if matcher is not None]

    def filters(self) -> dict[str, str | bool]:
        """Return the filters that the mock evaluates."""
        filters: dict[str, str | bool] = {}
        for check in self.checks():
            if not check.is_local:
                filters |= _filter(check.field, check.matcher)
        return filters

    def local_checks(self) -> list[LocalCheck]:
        """Return the checks that the mock cannot evaluate."""
        return [check for check in self.checks() if check.is_local]

    def passes_local_checks(self, message: SmsMessage) -> bool:
        """Whether a message that matches the filters passes the local checks."""
        return all(check.fits(message) for check in self.local_checks())


def expectation_of(expected: Matcher | Mapping[str, Any] | Expectation) -> Expectation:
    """Return an expectation from a matcher of the content, or from a mapping of fields.

    Raises:
        TypeError: the mapping has other fields.
    """
    if isinstance(expected, Expectation):
        return expected
    if not isinstance(expected, Mapping):
        return Expectation(content=expected)
    unknown = [name for name in expected if name not in FIELDS]
    if unknown:
        raise TypeError(f"an expectation has no field {unknown[0]!r}; it has {', '.join(FIELDS)}")
    return Expectation(**expected)


def describe_matcher(matcher: Matcher) -> str:
    """Return a matcher as a failure names it."""
    if isinstance(matcher, str):
        return quoted(matcher)
    return f"{'like' if isinstance(matcher, re.Pattern) else 'passing'} {_name(matcher)}"


def _is_wrong_pair(status: str) -> bool:
    """Whether a status has a reason of another status. The mock knows whether a rule writes one that is not listed."""
    name, slash, reason = status.partition("/")
    return bool(slash) and status not in _PAIRS and (not reason or (name in _STATUSES and reason in _REASONS))


def check_times(times: object, hint: str = "assert_not_sent asserts that there is none") -> None:
    """Refuse a count below 1, with a hint how to expect none."""
    if type(times) is not int or times < 1:
        raise ValueError(f"times is {times!r}, but must be a whole number, at least 1; {hint}")


def check_comparable(to: Matcher | None) -> None:
    """Refuse a number that no message can have: the assertion could not fail."""
    if not isinstance(to, str):
        return
    digits = digits_of(to)
    if not any(map(str.isdigit, digits)):
        raise ValueError(f"to is {to!r}, but must have digits: numbers are compared on these")
    if digits.startswith("05"):
        raise ValueError(f"to is {to!r}, but must have the country's prefix, such as 972-{digits[1:3]}-{digits[3:]}")


def _name(matcher: re.Pattern[str] | Callable[[str], object]) -> str:
    if isinstance(matcher, re.Pattern):
        return f"/{matcher.pattern}/"
    code = getattr(matcher, "__code__", None)
    name = getattr(matcher, "__name__", None)
    if code is None or name != "<lambda>":
        return f"{name}()" if name else repr(matcher)
    return f"the lambda in {Path(code.co_filename).name}:{code.co_firstlineno}"


def _filter(field: str, matcher: Matcher) -> dict[str, str | bool]:
    if isinstance(matcher, re.Pattern):
        return {"regex": _inline(matcher)}
    assert isinstance(matcher, str)
    if field == "has_code":
        return {field: matcher == "true"}
    if field == "status":
        status, _, reason = matcher.partition("/")
        return {"status": status, "reject_reason": reason} if reason else {"status": status}
    return {field: matcher}


def _inline(pattern: re.Pattern[str]) -> str:
    """Return a regular expression with its flags written into it."""
    flags = "".join(letter for flag, letter in _FLAGS.items() if pattern.flags & flag)
    return f"(?{flags}){pattern.pattern}" if flags else pattern.pattern


def _fits(matcher: Matcher, value: str) -> bool:
    if isinstance(matcher, re.Pattern):
        return matcher.search(value) is not None
    return well_formed(matcher) in value if isinstance(matcher, str) else bool(matcher(value))
