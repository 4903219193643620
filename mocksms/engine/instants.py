"""Points in time as the vendor writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from mocksms.engine.clock import LATEST

ISRAEL: Final = ZoneInfo("Asia/Jerusalem")
"""The time zone of a time that names none (inferred: a product for Israel)."""


def instant(value: object) -> datetime:
    """Read a point in time that a clock can reach.

    Raises:
        ValueError: it is not a point in time, or too late.
    """
    utc = any_instant(value)
    if utc > LATEST:
        raise ValueError(f"{value} is after the year {LATEST.year}")
    return utc


def any_instant(value: object) -> datetime:
    """Read a point in time: `2020-01-20 13:05:00+02:00` or ISO 8601; without an offset it is Israel time.

    A datetime is returned as it is.

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
