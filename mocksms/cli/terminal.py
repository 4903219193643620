"""What a terminal shows: its columns and colours."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import Final, TextIO

DEFAULT_COLUMNS: Final = 80
"""Columns of a terminal that does not say how many it has."""


class Colour(StrEnum):
    """Colours and styles, each by its code in an ANSI escape sequence."""

    BOLD = "1"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"


Paint = Callable[[str, Colour | None], str]
"""Returns a text in a colour, or unchanged."""

PAINT_CODES: Final = re.compile(rf"(\x1b\[(?:0|{'|'.join(Colour)})m)")
"""The escape sequences of colours, as a group."""

_COLOURS_OF_RESULTS: Final = {
    "sent": Colour.GREEN,
    "queued": Colour.YELLOW,
    "scheduled": Colour.YELLOW,
    "fault:": Colour.YELLOW,
    "invalid": Colour.RED,
    "rejected": Colour.RED,
    "exception": Colour.RED,
    "refused": Colour.RED,
    "callback": Colour.RED,
    "connection": Colour.RED,
}
"""By the first word: only the callbacks and connections that failed are results."""


def plain(text: str, _: Colour | None = None) -> str:
    """Return a text without a colour."""
    return text


def coloured(text: str, colour: Colour | None) -> str:
    """Return a text in a colour."""
    return f"\x1b[{colour}m{text}\x1b[0m" if colour and text else text


def painter(stream: TextIO | None) -> Paint:
    """Return what colours a text for a stream, as far as the stream has colours."""
    return coloured if has_colours(stream) else plain


def has_colours(stream: TextIO | None) -> bool:
    """Whether a stream gets colours: a terminal does, unless `NO_COLOR` is set; all do with `FORCE_COLOR`.

    An empty variable does not count. `NO_COLOR` takes precedence, as in Python.
    """
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (_is_terminal(stream) and os.environ.get("TERM") != "dumb")


def columns(stream: TextIO | None) -> int | None:
    """Return the columns of a stream: those of `COLUMNS`, else of the terminal; None for a pipe or a file."""
    named = os.environ.get("COLUMNS", "")
    if re.fullmatch("[1-9][0-9]{0,4}", named):
        return int(named)
    if stream is None or not _is_terminal(stream):
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or DEFAULT_COLUMNS
    except OSError:
        return DEFAULT_COLUMNS


@lru_cache(maxsize=64)
def result_colour(result: str) -> Colour | None:
    """Return the colour of a result, such as `rejected/bounced`, `queued, sent after 5 s` or `HTTP 503`."""
    if result.startswith(("HTTP 4", "HTTP 5")):
        return Colour.RED
    return _COLOURS_OF_RESULTS.get(re.split("[/, ]", result, maxsplit=1)[0])


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it is closed
        return False
