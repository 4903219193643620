"""Regular expressions from scenarios and filters, limited in length, repetitions and time."""

from __future__ import annotations

import re
from functools import lru_cache
from math import prod
from typing import Final

from mocksms.engine.clock import timer
from mocksms.errors import PatternTooSlow

MAX_PATTERN_LENGTH: Final = 1_000
MAX_REPETITIONS: Final = 100_000
"""Maximum of repetitions by numbers in braces; a compiled pattern has all of them written out."""

REGEX_TIMEOUT: Final = 1.0
"""Seconds for all the texts of one search, which pauses between texts."""

TEXT_TIMEOUT: Final = 0.05
"""Seconds for one text, for one message, and for the fault rules of one send.

During this time the mock handles no other request.
"""

SEND_TIMEOUT: Final = 1.0
"""Seconds for all the messages of one send, which pauses between messages."""

MAX_CACHED_TEXTS: Final = 4
"""Texts for which a pattern keeps the result."""

MAX_CACHED_PATTERNS: Final = 64

_REPETITIONS: Final = re.compile(r"\{(\d+)", re.ASCII)
_GROUP_REPETITIONS: Final = re.compile(r"\)\{(\d+)", re.ASCII)


class RegexBudget:
    """Time for one search, shared by all its patterns; `left` are the seconds left.

    `reserve` are more seconds for further searches, of which each has at most `seconds`. `warnings` are those logged.
    """

    def __init__(self, seconds: float = REGEX_TIMEOUT, total: float | None = None) -> None:
        self.seconds = self.left = seconds
        self.total = seconds if total is None else total
        self.reserve = self.total - seconds
        self.warnings: set[str] = set()

    @property
    def limit(self) -> str:
        """The limit that ends when no time is left."""
        return (
            f"{1000 * self.seconds:g} ms for one message" if self.reserve else f"{1000 * self.total:g} ms in one send"
        )

    def refill(self) -> None:
        """Start another search."""
        seconds = min(self.seconds - self.left, self.reserve)
        self.left += seconds
        self.reserve -= seconds


class Pattern:
    """A regular expression, searched anywhere in texts.

    Raises:
        ValueError: it is not valid, too long, or repeats too often; the text says why and where.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_PATTERN_LENGTH:
            raise ValueError(f"is a regular expression of {len(pattern)} characters; the limit is {MAX_PATTERN_LENGTH}")
        if _repetitions(pattern) > MAX_REPETITIONS:
            raise ValueError(f"is a regular expression with more than {MAX_REPETITIONS:,} repetitions")
        import regex  # here, since few mocks need it, and all must start fast

        try:
            self._pattern = regex.compile(pattern)
        except regex.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        except RecursionError as error:
            raise ValueError("is a regular expression with groups that are nested too deeply") from error
        self.source = pattern
        self._known: dict[str, bool | None] = {}

    def matches(self, text: str, budget: RegexBudget) -> bool:
        """Whether the pattern is found in a text, within the budget of a search.

        Raises:
            PatternTooSlow: the text takes too long, or no time is left.
        """
        if not budget.seconds:  # not even for a known text: what is known depends on the texts before
            raise PatternTooSlow(self.source, TEXT_TIMEOUT)
        if text not in self._known:
            found = self._search(text, budget)
            if len(self._known) == MAX_CACHED_TEXTS:
                self._known.clear()
            self._known[text] = found
        known = self._known[text]
        if known is None:
            raise PatternTooSlow(self.source, TEXT_TIMEOUT)
        return known

    def _search(self, text: str, budget: RegexBudget) -> bool | None:
        """Return whether the pattern is found, None if the text takes too long."""
        if budget.left <= 0:
            raise PatternTooSlow(self.source, budget.seconds)
        timeout = min(budget.left, TEXT_TIMEOUT)
        started = timer()
        try:
            return self._pattern.search(text, timeout=timeout) is not None
        except TimeoutError as error:
            if timeout < TEXT_TIMEOUT:
                raise PatternTooSlow(self.source, budget.seconds) from error
            return None
        finally:
            budget.left -= timer() - started


@lru_cache(maxsize=MAX_CACHED_PATTERNS)
def shared_pattern(pattern: str) -> Pattern:
    """Return a pattern that equal filters share, so that a text is searched once for all of them.

    Raises:
        ValueError: it is not valid.
    """
    return Pattern(pattern)


def _repetitions(pattern: str) -> int:
    """Return an upper bound of the repetitions: those of a single character, within repeated groups."""
    inner = max(map(int, _REPETITIONS.findall(pattern)), default=1)
    return inner * prod(max(1, int(times)) for times in _GROUP_REPETITIONS.findall(pattern))
