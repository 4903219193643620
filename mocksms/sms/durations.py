"""Durations as people write them."""

from __future__ import annotations

import re
from datetime import timedelta
from math import inf
from typing import Final

MAX_DURATION: Final = timedelta(days=3650)
DURATION_SYNTAX: Final = "a duration such as 250ms, 90s, 5m, 2h, 3d or plain seconds"

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?", re.ASCII)
_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_seconds(raw: object) -> float:
    """Parse a duration into seconds: `250ms`, `90s`, `5m`, `2h`, `3d`, a number of seconds, or a timedelta.

    Raises:
        ValueError: it is not a duration.
    """
    if isinstance(raw, str) and (found := _DURATION.fullmatch(raw.strip())):
        return float(found[1]) * _UNITS[found[2] or "s"]
    length = raw.total_seconds() if isinstance(raw, timedelta) else raw
    if isinstance(length, bool) or not isinstance(length, int | float) or not 0 <= length < inf:
        raise ValueError(DURATION_SYNTAX)
    return float(length)


def parse_duration(raw: object) -> timedelta:
    """Parse a duration of at most 3650 days.

    Raises:
        ValueError: it is not a duration, or too long.
    """
    if (length := parse_seconds(raw)) > MAX_DURATION.total_seconds():
        raise ValueError("a duration such as 2h, of at most 3650d")
    return raw if isinstance(raw, timedelta) else timedelta(seconds=length)


def format_duration(duration: timedelta) -> str:
    """Return a duration as text: `90s`, `1.5s`, `250ms`."""
    microseconds = duration // timedelta(microseconds=1)
    if microseconds % 1_000_000 and not microseconds % 1_000 and microseconds < 1_000_000:
        return f"{microseconds // 1_000}ms"
    return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06}".rstrip("0").rstrip(".") + "s"
