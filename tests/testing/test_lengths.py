"""Lengths of time as tests write them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from mocksms.testing.lengths import in_seconds


@pytest.mark.parametrize(
    ("length", "seconds"), [("2h", 7200), ("250ms", 0.25), (1.5, 1.5), (3, 3), (timedelta(minutes=1), 60)]
)
def test_lengths_of_time_are_texts_seconds_and_timedeltas(length: Any, seconds: float) -> None:
    assert in_seconds(length) == seconds


@pytest.mark.parametrize("length", ["soon", "-1s", -1, float("nan"), float("inf"), None, [1], timedelta(seconds=-1)])
def test_what_is_no_length_of_time_is_refused(length: Any) -> None:
    hint = "is no length of time; it must be a duration such as 250ms, 90s, 5m, 2h, 3d or plain seconds"
    with pytest.raises(ValueError, match=f"^{re.escape(repr(length))} {hint}$"):
        in_seconds(length)
