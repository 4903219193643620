"""Points in time in the form of the vendor's guide and others."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
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
