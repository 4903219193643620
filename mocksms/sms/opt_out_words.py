"""Words in replies that opt a recipient out or in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final
from unicodedata import category, normalize

OUT_WORDS: Final = ("STOP", "הסר")
IN_WORDS: Final = ("START",)
"""The default words to opt out and in (own, reply.words)."""

_INVISIBLE: Final = "[\u0591-\u05bd\u05bf-\u05c7\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
"""Niqqud and marks of direction and width, which keyboards and copied texts add invisibly."""


class ConsentChoice(StrEnum):
    """Opt-out or opt-in."""

    OUT = "out"
    IN = "in"


class OptOutWords:
    """The words to opt out and in; case, niqqud and punctuation around a word are ignored."""

    def __init__(self, out: Iterable[str] = OUT_WORDS, into: Iterable[str] = IN_WORDS) -> None:
        self.out, self.into = tuple(out), tuple(into)
        self.first_opt_out = next(iter(self.out), "")
        self._choices = {_plain(word): ConsentChoice.IN for word in self.into} | {
            _plain(word): ConsentChoice.OUT for word in self.out
        }
        self._choices.pop("", None)

    def choice(self, text: str) -> ConsentChoice | None:
        """Return the choice of a reply, None if it is not exactly one of the words."""
        return self._choices.get(_plain(text))


def _plain(text: str) -> str:
    """Return the part of a reply to compare: without punctuation around it, unless it has nothing else."""
    visible = re.sub(_INVISIBLE, "", normalize("NFKC", text).casefold()).strip()
    signs = "".join({character for character in visible if category(character)[0] in "PSZC"})
    return visible.strip(signs) or visible
