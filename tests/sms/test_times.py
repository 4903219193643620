from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.sms.times import MAX_INSTANT, parse_any_instant, parse_instant
from tests.support import NOON

ISRAELI_NOON = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-01 14:00:00+02:00", NOON),
        ("2026-03-01 14:00:00 +02:00", NOON),
        ("2026-03-01T07:00:00 -05:00", NOON),
        ("2026-03-01T12:00:00Z", NOON),
        (" 2026-03-01T12:00:00.000000Z ", NOON),
        ("2026-03-01 12:00:00", ISRAELI_NOON),
        ("2026-07-01 12:00:00", datetime(2026, 7, 1, 9, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 2, 28, 22, tzinfo=UTC)),
        (NOON, NOON),
    ],
)
def test_instant_is_parsed_as_the_vendor_writes_it(written: object, meant: datetime) -> None:
    assert parse_instant(written) == parse_any_instant(written) == meant


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (1767225600, "1767225600 is not a point in time"),
        (None, "None is not a point in time"),
        ("tomorrow", "Invalid isoformat"),
        ("", "Invalid isoformat"),
        ("0001-01-01 00:00:00", "beyond the calendar"),
        ("9999-12-31 23:59:59 -14:00", "beyond the calendar"),
    ],
)
def test_other_text_is_not_an_instant(written: object, why: str) -> None:
    for read in (parse_instant, parse_any_instant):
        with pytest.raises(ValueError, match=why):
            read(written)


def test_instant_after_the_latest_time_of_clocks_is_refused() -> None:
    assert parse_instant(MAX_INSTANT) == MAX_INSTANT
    with pytest.raises(ValueError, match="is after the year 9000"):
        parse_instant(MAX_INSTANT + timedelta(microseconds=1))


@given(
    st.datetimes(datetime(2, 1, 1), datetime(9000, 1, 1)),
    st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    st.sampled_from([" ", "T"]),
)
def test_instant_with_an_offset_keeps_it(moment: datetime, zone: timezone, between: str) -> None:
    aware = moment.replace(tzinfo=zone)
    assert parse_instant(aware.isoformat(between)) == aware
