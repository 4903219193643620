"""Regular expressions from users: limited in length and in the time one question may take."""

from __future__ import annotations

from typing import Final

import regex

from mocksms.engine.clock import timer
from mocksms.errors import PatternTooSlow

LONGEST: Final = 1_000
PATIENCE: Final = 1.0
"""Seconds that matching may take, over all the texts of one question."""

REMEMBERED: Final = 16
"""Texts of which a pattern remembers whether it is in them."""


class Patience:
    """PATIENCE for one question, shared by all the patterns that have a part in it; `left` are the seconds left."""

    def __init__(self) -> None:
        self.left = PATIENCE


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
        self._known: dict[str, bool] = {}
        self.begin()

    def begin(self) -> None:
        """Begin anew: another question, with time of its own."""
        self._patience = Patience()

    def is_in(self, text: str, patience: Patience | None = None) -> bool:
        """Return whether the pattern is found in a text; a question of several patterns brings its own patience.

        Raises:
            PatternTooSlow: it could not be said in time.
        """
        if text not in self._known:
            found = self._search(text, patience or self._patience)
            if len(self._known) == REMEMBERED:
                self._known.clear()
            self._known[text] = found
        return self._known[text]

    def _search(self, text: str, patience: Patience) -> bool:
        if patience.left <= 0:
            raise PatternTooSlow(self.source, PATIENCE)
        started = timer()
        try:
            return self._pattern.search(text, timeout=patience.left) is not None
        except TimeoutError as error:
            raise PatternTooSlow(self.source, PATIENCE) from error
        finally:
            patience.left -= timer() - started
