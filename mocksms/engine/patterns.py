"""Regular expressions from users: limited in length and in the time one question may take."""

from __future__ import annotations

from typing import Final

import regex

from mocksms.engine.clock import timer
from mocksms.errors import PatternTooSlow

MAX_PATTERN_LENGTH: Final = 1_000
REGEX_TIMEOUT: Final = 1.0
"""Seconds that matching may take, over all the texts of one question."""

MAX_CACHED_TEXTS: Final = 16
"""Texts of which a pattern remembers whether it is in them."""


class RegexBudget:
    """PATIENCE for one question, shared by all the patterns that have a part in it; `left` are the seconds left."""

    def __init__(self) -> None:
        self.left = REGEX_TIMEOUT


class Pattern:
    """A regular expression that is looked for anywhere in a text, with PATIENCE for all texts until it begins anew.

    Raises:
        ValueError: it cannot be read, or is too long; says why and where.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_PATTERN_LENGTH:
            raise ValueError(
                f"is a regular expression of {len(pattern)} characters; at most {MAX_PATTERN_LENGTH} are read"
            )
        try:
            self._pattern = regex.compile(pattern)
        except regex.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        self.source = pattern
        self._known: dict[str, bool] = {}
        self.begin()

    def begin(self) -> None:
        """Begin anew: another question, with time of its own."""
        self._budget = RegexBudget()

    def is_in(self, text: str, budget: RegexBudget | None = None) -> bool:
        """Return whether the pattern is found in a text; a question of several patterns brings its own patience.

        Raises:
            PatternTooSlow: it could not be said in time.
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
