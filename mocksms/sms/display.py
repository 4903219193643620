"""Values as a terminal shows them: escaped, in quotes, cut where they are long."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, Protocol

from mocksms.errors import escape

MAX_VALUE_LENGTH: Final = 72
"""Maximum of characters of a value; the rest is cut off."""

TITLE_WIDTH: Final = 10
"""Columns of a title, so that all texts begin in one column."""

_CREDENTIALS: Final = re.compile(r"(?<=://)([^/?#@:\s]*:(?!\d*([/?#,]|$))\S*|[^/?#\s]*)@")
"""User name and password in a URL, also where a slash in the password makes the URL invalid."""


class HistoryEntry(Protocol):
    """A step of a message."""

    @property
    def at(self) -> datetime:
        """When it happened."""

    @property
    def state(self) -> object:
        """The state of the message since then."""

    @property
    def cause(self) -> str:
        """Why it happened."""


def line(title: str, text: str) -> str:
    """Return an indented line with a title."""
    return f"  {title:<{TITLE_WIDTH}} {text}"


def cut(text: str, limit: int = MAX_VALUE_LENGTH) -> str:
    """Return the beginning of a text, escaped, with an ellipsis where characters are missing."""
    return escape(text) if len(text) <= limit else f"{escape(text[:limit])}…"


def quoted(text: str, limit: int = MAX_VALUE_LENGTH) -> str:
    """Return the beginning of a text in quotes, escaped."""
    return f'"{cut(text, limit)}"'


def describe_code(code: str | None, text: str) -> str:
    """Return the one-time code that a text has, or that it has none, followed by the text."""
    return f"{'no code' if code is None else f'code {code}'} in the text: {text}"


def error_reason(error: Exception) -> str:
    """Return why a file or an address cannot be used, without the number of the error and the name of the file."""
    return getattr(error, "strerror", None) or str(error)


def has_credentials(url: str) -> bool:
    """Whether a URL has a user name or password."""
    return "@" in re.split("[/?#]", url.partition("://")[2], maxsplit=1)[0]


def without_credentials(text: str) -> str:
    """Return a text with `***` in place of the user names and passwords in its URLs."""
    return _CREDENTIALS.sub("***@", text)


def clock_time(moment: datetime) -> str:
    """Return the time of day with milliseconds."""
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03}"


def describe_history(history: Iterable[HistoryEntry]) -> str:
    """Return the steps of a message, with the seconds since it was accepted."""
    first, *later = history
    steps = [f"{first.state} {clock_time(first.at)}"]
    steps += [f"{step.state} +{(step.at - first.at).total_seconds():g} s ({step.cause})" for step in later]
    return escape(" > ".join(steps))
