"""Points in time: how the vendor writes them, and the last one that a clock reaches."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

MAX_INSTANT: Final = datetime(9000, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
"""The latest time of a clock. It leaves space in the calendar for the durations that are added to it."""

ISRAEL: Final = ZoneInfo("Asia/Jerusalem")
"""The time zone of a time without an offset (inferred: a product for Israel)."""


def parse_instant(value: object) -> datetime:
    """Parse a point in time up to MAX_INSTANT, written as `parse_any_instant` reads it.

    Raises:
        ValueError: it is not a point in time, or too late.
    """
    utc = parse_any_instant(value)
    if utc > MAX_INSTANT:
        raise ValueError(f"{value} is after the year {MAX_INSTANT.year}")
    return utc


def parse_any_instant(value: object) -> datetime:
    """Parse a point in time: `2020-01-20 13:05:00+02:00` or ISO 8601; without an offset it is Israel time.

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
        return (moment if moment.tzinfo else moment.replace(tzinfo=ISRAEL)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value} is beyond the calendar") from error
