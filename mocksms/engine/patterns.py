"""Regular expressions from users: limited in length and in the time one text may take."""

from __future__ import annotations

from typing import Final

import regex

from mocksms.engine.clock import timer
from mocksms.errors import PatternTooSlow

LONGEST: Final = 1_000
PATIENCE: Final = 1.0
"""Seconds that matching may take, over all the texts of one question."""


class Pattern:
    """A regular expression that is looked for anywhere in a text, with PATIENCE for all texts until it begins anew.

    Raises:
        ValueError: it cannot be read, or is too long; says why and where.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > LONGEST:
            raise ValueError(f"is a regular expression of {len(pattern)} characters; at most {LONGEST} are read")
        try:
            self._pattern = regex.compile(pattern)
        except regex.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        self.source = pattern
        self.begin()

    def begin(self) -> None:
        """Begin anew: another question, with time of its own."""
        self._left = PATIENCE

    def is_in(self, text: str) -> bool:
        """Return whether the pattern is found in a text.

        Raises:
            PatternTooSlow: it could not be said in time.
        """
        started = timer()
        try:
            return self._pattern.search(text, timeout=max(self._left, 0.0)) is not None
        except TimeoutError as error:
            raise PatternTooSlow(self.source, PATIENCE) from error
        finally:
            self._left -= timer() - started
