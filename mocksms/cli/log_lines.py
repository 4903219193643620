"""Lines about messages and requests for a terminal. Each text in them is escaped and cut off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from mocksms.cli.terminal import Paint, plain, result_colour
from mocksms.errors import escape
from mocksms.sms.display import cut, quoted

MAX_CHARACTERS: Final = 40
"""Characters of a number or text in a line; the rest is cut off."""

MAX_DETAILS: Final = 200
"""Characters of a path, a URL or a reason in a line; the rest is cut off."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def log_line(at: datetime, subject: str, result: str, details: str, key: str | None, paint: Paint = plain) -> str:
    """Return a line: time, number or method, result, details, API key.

    The result must be plain. The other texts come from requests and rules: none can send commands to the terminal or
    forge a line.
    """
    owner = escape(key) if key else "no account"
    padded = paint(result, result_colour(result)) + " " * (28 - len(result))
    return f"{time_text(at)}  {escape(subject[:MAX_CHARACTERS]):<16} {padded} {details}  [{owner}]"


def message_line(
    at: datetime, mobile_number: str, state: str, why: str, content: str, key: str, paint: Paint = plain
) -> str:
    """Return the line of a step of a message; `why` says what decided it or when it is due."""
    return log_line(at, mobile_number, state, f"{escape(why)}  {quoted(content, MAX_CHARACTERS)}", key, paint)


def request_line(
    at: datetime,
    method: str,
    target: str,
    status: int | None,
    note: str,
    key: str | None,
    paint: Paint = plain,
    *,
    is_refused: bool,
) -> str:
    """Return the line of a request; its status is None if the connection was reset."""
    result = f"HTTP {status}" if status else "connection reset"
    if is_refused:
        result = f"refused with {status}" if status else "refused by a reset"
        if status is not None and status < 400:
            result = f"fault: HTTP {status}"
    return log_line(at, method, result, f"{cut(target, MAX_DETAILS)}  {cut(note, MAX_DETAILS)}".rstrip(), key, paint)


def time_text(at: datetime) -> str:
    """Return date and time with the zone."""
    since = at - _EPOCH
    return _time_text(since.days, since.seconds)


@lru_cache(maxsize=16)
def _time_text(days: int, seconds: int) -> str:
    """Cached: the lines of a burst have one text."""
    return f"{(_EPOCH + timedelta(days, seconds)).isoformat(' ')[:19]} UTC"
