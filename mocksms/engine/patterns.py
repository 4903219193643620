"""Regular expressions from scenarios and filters, limited in length and time."""

from __future__ import annotations

from typing import Final

import regex

from mocksms.engine.clock import timer
from mocksms.errors import PatternTooSlow

MAX_PATTERN_LENGTH: Final = 1_000
REGEX_TIMEOUT: Final = 1.0
"""Seconds for all the texts of one search."""

MAX_CACHED_TEXTS: Final = 16
"""Texts for which a pattern keeps the result."""


class RegexBudget:
    """Time for one search, shared by all its patterns; `left` are the seconds left."""

    def __init__(self) -> None:
        self.left = REGEX_TIMEOUT


class Pattern:
    """A regular expression, searched anywhere in texts.

    Raises:
        ValueError: it is not valid, or too long; the text says why and where.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_PATTERN_LENGTH:
            raise ValueError(f"is a regular expression of {len(pattern)} characters; the limit is {MAX_PATTERN_LENGTH}")
        try:
            self._pattern = regex.compile(pattern)
        except regex.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        self.source = pattern
        self._known: dict[str, bool] = {}
        self.restart()

    def restart(self) -> None:
        """Start a new search, with its own time."""
        self._budget = RegexBudget()

    def matches(self, text: str, budget: RegexBudget | None = None) -> bool:
        """Whether the pattern is found in a text; a search of several patterns passes its budget.

        Raises:
            PatternTooSlow: no time is left.
        """
        if text not in self._known:
            found = self._search(text, budget or self._budget)
            if len(self._known) == MAX_CACHED_TEXTS:
                self._known.clear()
            self._known[text] = found
        return self._known[text]

    def _search(self, text: str, budget: RegexBudget) -> bool:
        if budget.left <= 0:
            raise PatternTooSlow(self.source, REGEX_TIMEOUT)
        started = timer()
        try:
            return self._pattern.search(text, timeout=budget.left) is not None
        except TimeoutError as error:
            raise PatternTooSlow(self.source, REGEX_TIMEOUT) from error
        finally:
            budget.left -= timer() - started
