"""What an SMS from a recipient means: opting out, opting in, or just words."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Choice(StrEnum):
    """What a recipient chooses by a reply."""

    OUT = "out"
    IN = "in"


WORDS: Final = {"stop": Choice.OUT, "הסר": Choice.OUT, "start": Choice.IN}
"""Replies that choose, in any case and with blanks or a full stop around them (inferred)."""


def choice_of(text: str) -> Choice | None:
    """Return what a reply chooses, None when it is none of the words."""
    return WORDS.get(text.strip(" \t\r\n.!\"'").casefold())
