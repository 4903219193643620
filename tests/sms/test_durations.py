from __future__ import annotations

from datetime import timedelta

import pytest

from mocksms.sms.durations import parse_duration


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("250ms", 0.25),
        ("1.5s", 1.5),
        ("5m", 300),
        ("2h", 7200),
        ("3d", 259200),
        (" 90s ", 90),
        ("3650d", 3650 * 86400),
    ],
)
def test_duration_is_parsed(raw: str, seconds: float) -> None:
    assert parse_duration(raw) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "raw", ["", "s", "5 s", "1e3", "+5", "-5s", ".5s", "5.s", "5S", "5w", "inf", "nan", "3651d", "9" * 5000, "٥s"]
)
def test_duration_in_another_form_is_refused(raw: str) -> None:
    with pytest.raises(ValueError, match="a duration such as"):
        parse_duration(raw)
