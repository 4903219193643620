"""Points in time in the form of the vendor's guide and others, and durations as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from math import inf
from typing import Final
from zoneinfo import ZoneInfo

MAX_INSTANT: Final = datetime(9000, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
"""The latest time of a clock. It leaves space in the calendar for the durations that are added to it."""

MIN_INSTANT: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The earliest time that a clock can be set to. Earlier ones have offsets with seconds in Israel, which ISO 8601 cannot
carry."""

ISRAEL: Final = ZoneInfo("Asia/Jerusalem")
"""The time zone of a time without an offset (inferred, send.time-zone)."""

ZONES: Final[dict[str, tzinfo]] = {"israel": ISRAEL, "utc": UTC}
"""The time zones by their names in options."""

MAX_DURATION: Final = timedelta(days=3650)
DURATION_SYNTAX: Final = "a duration such as 250ms, 90s, 5m, 2h, 3d or plain seconds"

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?", re.ASCII)
_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_instant(value: object, zone: tzinfo = ISRAEL) -> datetime:
    """Parse a point in time up to MAX_INSTANT, written as `parse_any_instant` reads it.

    Raises:
        ValueError: it is not a point in time, or too late.
    """
    utc = parse_any_instant(value, zone)
    if utc > MAX_INSTANT:
        raise ValueError(f"{value} is after the year {MAX_INSTANT.year}")
    return utc


def parse_any_instant(value: object, zone: tzinfo = ISRAEL) -> datetime:
    """Parse a point in time: `2020-01-20 13:05:00+02:00` or ISO 8601; without an offset it is in a time zone.

    A datetime is returned unchanged.

    Raises:
        ValueError: it is not a point in time.
    """
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a point in time")
    moment = datetime.fromisoformat(value.strip().replace(" +", "+").replace(" -", "-"))
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value} is beyond the calendar") from error


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
