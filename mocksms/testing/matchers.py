"""What a test wishes of a message: texts, regular expressions and callables; who can evaluate which."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mocksms.sms.message import State
from mocksms.testing.models import SmsMessage, quoted

Matcher = str | re.Pattern[str] | Callable[[str], object]
"""A text, a compiled regular expression that is searched for, or a callable that returns whether a value is right."""

FIELDS: Final = ("to", "text", "tag", "status")
LONGEST_WORDS: Final = 1_000
"""Characters of a text or regular expression that are left to the mock to look for."""

_STATES: Final = [str(state) for state in State if state.reason]
"""Every status with a reason, as send answers spell it."""

_IN_READS: Final = frozenset(f"{state.status}/{state.reason.in_reads}" for state in State if state.reason)

_FLAGS: Final = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x", re.ASCII: "a"}

_VALUES: Final[dict[str, Callable[[SmsMessage], Iterable[str]]]] = {
    "to": lambda message: [message.to],
    "text": lambda message: [message.content],
    "tag": lambda message: message.tags,
    "status": lambda message: [message.state],
}
"""What each field of a wish looks at; a message meets it if one value does."""


@dataclass(frozen=True, slots=True)
class LocalCheck:
    """One field of a wish that the mock cannot evaluate."""

    field: str
    matcher: Matcher

    def fits(self, message: SmsMessage) -> bool:
        """Return whether a message has it."""
        return any(_fits(self.matcher, value) for value in _VALUES[self.field](message))

    def describe(self) -> str:
        """Return what is wished for, in words."""
        return f"{self.field} {describe_matcher(self.matcher)}"

    def compare(self, message: SmsMessage) -> str:
        """Return how a message compares, in words."""
        values = ", ".join(map(quoted, _VALUES[self.field](message))) or "none"
        return (
            f"{self.field} {values} {'matches' if self.fits(message) else f'is not {describe_matcher(self.matcher)}'}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What messages a test means; what is None may be anything.

    Args:
        to: the number, compared on digits.
        text: part of the content, as sent with placeholders filled; case counts.
        tag: one of the tags, whole.
        status: `sent`, or with its reason `rejected/bounced`.

    Raises:
        TypeError: one is no text, compiled regular expression or callable.
        ValueError: no message is in this status for this reason.
    """

    to: Matcher | None = None
    text: Matcher | None = None
    tag: Matcher | None = None
    status: Matcher | None = None

    def __post_init__(self) -> None:
        for field, matcher in self.given():
            is_bytes = isinstance(matcher, re.Pattern) and isinstance(matcher.pattern, bytes)
            if is_bytes or not (isinstance(matcher, str | re.Pattern) or callable(matcher)):
                wanted = "a text, a compiled regular expression of text, or a callable"
                raise TypeError(f"{field} is {matcher!r}, but must be {wanted}")
        if isinstance(self.status, str) and "/" in self.status and self.status not in {*_STATES, *_IN_READS}:
            near = difflib.get_close_matches(self.status, _STATES, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_STATES)}"
            raise ValueError(f"status is {self.status!r}, which no message is; {hint}")

    def __hash__(self) -> int:
        """Return the same for equal wishes; not every callable has a hash."""
        return hash(tuple(matcher for _, matcher in self.given() if isinstance(matcher, str)))

    def given(self) -> list[tuple[str, Matcher]]:
        """Return the fields that are wished for."""
        fields = ((field, getattr(self, field)) for field in FIELDS)
        return [(field, matcher) for field, matcher in fields if matcher is not None]

    def filters(self) -> dict[str, str]:
        """Return what the mock can evaluate, as its filters."""
        filters: dict[str, str] = {}
        for field, matcher in self.given():
            if not _is_local(field, matcher):
                filters |= _filter(field, matcher)
        return filters

    def traits(self) -> list[LocalCheck]:
        """Return what only this side can evaluate."""
        return [LocalCheck(field, matcher) for field, matcher in self.given() if _is_local(field, matcher)]

    def is_met_by(self, message: SmsMessage) -> bool:
        """Return whether a message that passed the filters is as wished."""
        return all(trait.fits(message) for trait in self.traits())


def expectation_of(given: Matcher | Mapping[str, Any] | Expectation) -> Expectation:
    """Return a wish from a text, or from a mapping with the fields of one.

    Raises:
        TypeError: it has other fields.
    """
    if isinstance(given, Expectation):
        return given
    if not isinstance(given, Mapping):
        return Expectation(text=given)
    unknown = [name for name in given if name not in FIELDS]
    if unknown:
        raise TypeError(f"a wish has no {unknown[0]!r}; it has {', '.join(FIELDS)}")
    return Expectation(**given)


def describe_matcher(matcher: Matcher) -> str:
    """Return a matcher as a failure names it."""
    if isinstance(matcher, str):
        return quoted(matcher)
    if isinstance(matcher, re.Pattern):
        return f"like /{matcher.pattern}/"
    code = getattr(matcher, "__code__", None)
    name = getattr(matcher, "__name__", repr(matcher))
    if code is None or name != "<lambda>":
        return f"as {name}() wants it"
    return f"as the lambda in {Path(code.co_filename).name}:{code.co_firstlineno} wants it"


def _is_local(field: str, matcher: Matcher) -> bool:
    if isinstance(matcher, str):
        return field == "text" and len(matcher) > LONGEST_WORDS
    return field != "text" or not isinstance(matcher, re.Pattern) or len(_inline(matcher)) > LONGEST_WORDS


def _filter(field: str, matcher: Matcher) -> dict[str, str]:
    if isinstance(matcher, re.Pattern):
        return {"regex": _inline(matcher)}
    assert isinstance(matcher, str)
    if field == "status":
        status, _, reason = matcher.partition("/")
        return {"status": status, "reject_reason": reason} if reason else {"status": status}
    return {"content" if field == "text" else field: matcher}


def _inline(pattern: re.Pattern[str]) -> str:
    """Return a regular expression with its flags written into it."""
    flags = "".join(letter for flag, letter in _FLAGS.items() if pattern.flags & flag)
    return f"(?{flags}){pattern.pattern}" if flags else pattern.pattern


def _fits(matcher: Matcher, value: str) -> bool:
    if isinstance(matcher, re.Pattern):
        return matcher.search(value) is not None
    return matcher in value if isinstance(matcher, str) else bool(matcher(value))
