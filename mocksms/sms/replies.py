"""What an SMS from a recipient means: opting out, opting in, or just words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final
from unicodedata import category, normalize

OUT_WORDS: Final = ("STOP", "הסר")
IN_WORDS: Final = ("START",)
"""Replies that choose unless told otherwise (inferred)."""

_UNSEEN = re.compile("[\u0591-\u05bd\u05bf-\u05c7\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Niqqud and marks of direction and width, which keyboards and copied texts add without anybody seeing it."""


class ConsentChoice(StrEnum):
    """What a recipient chooses."""

    OUT = "out"
    IN = "in"


class OptOutWords:
    """The replies that choose: one of the words alone, in any case, whatever niqqud it has and signs around it."""

    def __init__(self, out: Iterable[str] = OUT_WORDS, into: Iterable[str] = IN_WORDS) -> None:
        outs = tuple(out)
        self.first_opt_out = next(iter(outs), "")
        self._choices = {_plain(word): ConsentChoice.IN for word in into} | {
            _plain(word): ConsentChoice.OUT for word in outs
        }
        self._choices.pop("", None)

    def choice(self, text: str) -> ConsentChoice | None:
        """Return what a reply chooses, None when it is none of the words."""
        return self._choices.get(_plain(text))


def _plain(text: str) -> str:
    """Return what counts of a reply; where there are nothing but signs, they do."""
    seen = _UNSEEN.sub("", normalize("NFKC", text).casefold()).strip()
    signs = "".join({character for character in seen if category(character)[0] in "PSZC"})
    return seen.strip(signs) or seen
