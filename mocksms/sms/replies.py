"""What an SMS from a recipient means: opting out, opting in, or just words."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

OUT_WORDS: Final = ("STOP", "הסר")
IN_WORDS: Final = ("START",)
"""Replies that choose unless told otherwise (inferred)."""


class Choice(StrEnum):
    """What a recipient chooses."""

    OUT = "out"
    IN = "in"


class Words:
    """The replies that choose: one of the words alone, in any case and with blanks or a full stop around it."""

    def __init__(self, out: Iterable[str] = OUT_WORDS, into: Iterable[str] = IN_WORDS) -> None:
        outs = tuple(out)
        self.first_out = next(iter(outs), "")
        self._choices = {_plain(word): Choice.IN for word in into} | {_plain(word): Choice.OUT for word in outs}

    def choice(self, text: str) -> Choice | None:
        """Return what a reply chooses, None when it is none of the words."""
        return self._choices.get(_plain(text))


def _plain(text: str) -> str:
    return text.strip(" \t\r\n.!\"'").casefold()
