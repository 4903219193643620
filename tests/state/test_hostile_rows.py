"""Hostile rows: a snapshot with a value that no mock writes is refused, or the mock that restores it works."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mocksms.state.archive import MANIFEST, MOCK
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.snapshot import restore
from tests.state.lives import LivingMock, no_duration
from tests.state.rich import LATER, OPTIONS, Path, change, entries_of, places_in, rich_snapshot, written
from tests.support import ManualClock


@cache
def places() -> list[Path]:
    """Return the places of all values, once for each field: not for each row."""
    found: dict[tuple[object, ...], Path] = {}
    for path in places_in(entries_of(rich_snapshot())):
        if (len(path) > 2 and path[0] != MANIFEST) or (path[:1] == (MOCK,) and len(path) > 1):
            found.setdefault(tuple(name if isinstance(name, str) else 0 for name in path), path)
            found[path] = path
    return [*found.values()]


HOSTILE: Final[tuple[object, ...]] = (
    -1,
    0,
    1,
    2**52,
    2**53 + 1,
    10**400,
    1e300,
    0.5,
    True,
    None,
    "",
    "x",
    "\ud800",
    "0001-01-01T00:00:00+00:00",
    "9999-12-31T23:59:59+00:00",
    "2026-03-01T12:00:00+00:00",
    "2026-03-01T12:00:00",
    "f" * 32,
    "sent",
    [],
    [None],
    {},
    {"status": "sent", "reason": None},
    {"base64": "!"},
)


async def _restore_and_use(raw: bytes) -> None:
    """Restore a snapshot, and call everything; a mock logs what it fails on."""
    mock = LivingMock(OPTIONS, ManualClock())
    try:
        restore(mock.engine, mock.load(raw))
    except InvalidSnapshot:
        assert len(mock.engine.accounts) == 0
        return
    mock.be_slow(slow=False)
    await mock.reads()
    for call in LATER:
        await mock.call(call)
    await mock.reads()
    mock.load(mock.snapshot())


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(place=st.deferred(lambda: st.sampled_from(places())), value=st.sampled_from(HOSTILE))
def test_hostile_value_is_refused_or_harmless(place: Path, value: object, caplog: pytest.LogCaptureFixture) -> None:
    entries = entries_of(rich_snapshot())
    change(entries, place, value)
    caplog.clear()
    with no_duration():
        asyncio.run(_restore_and_use(written(entries)))
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
