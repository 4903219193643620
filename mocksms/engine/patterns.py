"""Regular expressions from users: limited in length and in the time one text may take."""

from __future__ import annotations

from typing import Final

import regex

from mocksms.errors import PatternTooSlow

LONGEST: Final = 1_000
PATIENCE: Final = 0.1
"""Seconds that matching one text may take."""


class Pattern:
    """A regular expression that is looked for anywhere in a text.

    Raises:
        ValueError: it cannot be read, or is too long; says why and where.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > LONGEST:
            raise ValueError(f"a regular expression of {len(pattern)} characters; at most {LONGEST} are read")
        try:
            self._pattern = regex.compile(pattern)
        except regex.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        self.source = pattern

    def is_in(self, text: str) -> bool:
        """Return whether the pattern is found in a text.

        Raises:
            PatternTooSlow: it could not be said in time.
        """
        try:
            return self._pattern.search(text, timeout=PATIENCE) is not None
        except TimeoutError as error:
            raise PatternTooSlow(self.source, PATIENCE) from error
