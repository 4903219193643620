"""How often rules are used is counted exactly, however many send at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any, TypeVar

import requests

from mocksms.scenario.compiler import compile_scenario
from mocksms.scenario.schema import Scenario
from mocksms.settings import Settings
from tests.support import KEY, TIMEOUT, ManualClock, Mock, body, running

SENDS = 100
T = TypeVar("T")


@contextmanager
def playing(*said: dict[str, Any]) -> Iterator[Mock]:
    """Run a mock that lives by these rules, on a clock that stands still."""
    script = compile_scenario(Scenario.model_validate({"rule": [*said]}), "test.toml", Settings())
    with running(time=ManualClock(), scenario=script) as mock:
        yield mock


def at_once(call: Callable[[int], T]) -> list[T]:
    """Return what so many calls come to that begin together."""
    barrier = Barrier(SENDS)

    def begin(place: int) -> T:
        barrier.wait(TIMEOUT)
        return call(place)

    with ThreadPoolExecutor(SENDS) as pool:
        return list(pool.map(begin, range(SENDS)))


def send(mock: Mock, place: int, key: str = KEY) -> requests.Response:
    return requests.post(
        f"{mock.url}/rest/v1/transactional/sms/send",
        json=body(f"972-54-1{place:06}"),
        headers={"X-API-Key": key},
        timeout=6 * TIMEOUT,
    )


def counted(mock: Mock, key: str = KEY) -> list[tuple[int, int]]:
    return [(live.matched, live.applied) for live in mock.engine.account(key).rules.rules]


def test_rule_is_applied_exactly_times_times() -> None:
    with playing(
        {"times": 50, "outcome": "exception"},
        {"every": 3, "outcome": "rejected/bounced"},
        {"times": 7, "outcome": "queued"},
    ) as mock:
        statuses = Counter(at_once(lambda place: send(mock, place).json()[0]["status"]))
        assert counted(mock) == [(50, 50), (50, 16), (7, 7)]
    assert statuses == {"exception": 50, "rejected": 16, "queued": 7, "sent": 27}


def test_fault_is_applied_exactly_times_times() -> None:
    with playing({"times": 50, "fault": {"kind": "status", "status": 503}}) as mock:
        statuses = Counter(at_once(lambda place: send(mock, place).status_code))
        assert len(mock.engine.account(KEY).messages) == 50
        assert counted(mock) == [(50, 50)]
    assert statuses == {503: 50, 200: 50}


def test_rate_limit_accepts_exactly_its_limit() -> None:
    with playing({"fault": {"kind": "rate_limit", "limit": 30, "per": "1h"}}) as mock:
        statuses = Counter(at_once(lambda place: send(mock, place).status_code))
        assert counted(mock) == [(100, 70)]
    assert statuses == {200: 30, 429: 70}


def test_every_account_counts_uses_separately() -> None:
    keys = [f"account {number}" for number in range(4)]
    with playing({"times": 20, "outcome": "exception"}) as mock:
        statuses = Counter(at_once(lambda place: send(mock, place, keys[place % 4]).json()[0]["status"]))
        assert [counted(mock, key) for key in keys] == [[(20, 20)]] * 4
    assert statuses == {"exception": 80, "sent": 20}
