"""Lengths of time as tests write them."""

from __future__ import annotations

from datetime import timedelta
from math import inf

from mocksms.settings import DURATION_SYNTAX, seconds

DurationLike = str | float | timedelta
"""A length of time: `"2h"`, `"250ms"`, seconds, or a timedelta."""


def in_seconds(length: DurationLike) -> float:
    """Return a length of time in seconds.

    Raises:
        ValueError: it is none.
    """
    try:
        plain = length.total_seconds() if isinstance(length, timedelta) else length
        found = seconds(plain) if isinstance(plain, str) else float(plain)
    except (ValueError, TypeError):
        found = -1
    if not 0 <= found < inf:
        raise ValueError(f"{length!r} is no length of time; it must be {DURATION_SYNTAX}")
    return found
