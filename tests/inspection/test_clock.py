from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mocksms.sms.times import MAX_INSTANT, MIN_INSTANT
from tests.inspection.support import BOUNCING, LATER, SENT, Api
from tests.support import ManualClock, Mock, body, running

PHONE = "972-54-1111111"
YEAR_AHEAD = timedelta(days=365)


def advance(api: Api, **target: object) -> dict[str, Any]:
    """Advance the clock, and return it without `unsent`."""
    clock: dict[str, Any] = api.post("clock/advance", target)
    assert clock.pop("unsent") == []
    return clock


def now(api: Api) -> datetime:
    return datetime.fromisoformat(api.get("clock")["now"])


def test_clock_runs_until_frozen_and_from_then_on_again() -> None:
    time = ManualClock()
    with running(time=time) as mock:
        api = Api(mock, "first")
        began = now(api)
        time.advance(5)
        assert now(api) == began + timedelta(seconds=5)
        frozen = api.post("clock/freeze")
        assert frozen == {"now": "2026-03-01T12:00:05Z", "frozen": True, "next_due": None}
        time.advance(5)
        assert api.get("clock") == frozen
        resumed = api.post("clock/resume")
        assert resumed == {**frozen, "frozen": False}
        time.advance(5)
        assert now(api) == began + timedelta(seconds=10)


def test_freezing_and_resuming_twice_is_as_once(api: Api) -> None:
    assert api.post("clock/freeze") == api.post("clock/freeze")
    api.post("clock/resume")
    assert not api.post("clock/resume", {})["frozen"]


@pytest.mark.parametrize(
    ("by", "seconds"),
    [
        ("90s", 90),
        ("2h", 7200),
        ("3d", 259_200),
        ("5m", 300),
        ("250ms", 0.25),
        ("1.5", 1.5),
        (90, 90),
        (1.5, 1.5),
        (0, 0),
        ("0", 0),
    ],
)
def test_clock_is_advanced_by_a_duration(api: Api, by: object, seconds: float) -> None:
    began = datetime.fromisoformat(api.post("clock/freeze")["now"])
    advanced = advance(api, by=by)
    assert datetime.fromisoformat(advanced["now"]) == began + timedelta(seconds=seconds)
    assert advanced["frozen"]
    assert api.get("clock") == advanced


@pytest.mark.parametrize(
    ("to", "shown"),
    [
        ("2040-01-31T12:00:00Z", "2040-01-31T12:00:00Z"),
        ("2040-01-31 12:00:00+02:00", "2040-01-31T10:00:00Z"),
        ("2040-01-31T12:00:00", "2040-01-31T10:00:00Z"),
        ("2040-07-31", "2040-07-30T21:00:00Z"),
        (MAX_INSTANT.isoformat(), MAX_INSTANT.isoformat().replace("+00:00", "Z")),
    ],
)
def test_clock_is_advanced_to_an_instant(api: Api, to: str, shown: str) -> None:
    api.post("clock/freeze")
    assert advance(api, to=to) == {"now": shown, "frozen": True, "next_due": None}


def test_running_clock_is_advanced_and_runs_on() -> None:
    time = ManualClock()
    with running(time=time) as mock:
        api = Api(mock, "first")
        advanced = advance(api, by="1h")
        assert advanced == {"now": "2026-03-01T13:00:00Z", "frozen": False, "next_due": None}
        time.advance(1)
        assert api.get("clock")["now"] == "2026-03-01T13:00:01Z"


def test_message_scheduled_a_year_ahead_is_sent_by_one_advance(api: Api) -> None:
    api.post("clock/freeze")
    due = now(api).replace(microsecond=0) + YEAR_AHEAD
    (sent,) = api.send(PHONE, send_at=due.isoformat())
    assert api.get("clock")["next_due"] == f"{due:%Y-%m-%dT%H:%M:%SZ}"
    api.post("clock/advance", {"to": (due - timedelta(seconds=1)).isoformat()})
    assert api.status_of(sent) == "queued"
    assert api.post("clock/advance", {"by": "1s"})["next_due"] is None
    message = api.get(f"messages/{sent}")
    assert message["status"] == "sent"
    assert message["history"][-1]["at"] == f"{due:%Y-%m-%dT%H:%M:%SZ}"
    assert api.mock.info(sent, api.key or "")["status"] == "sent"


def test_advance_applies_all_that_is_due_each_at_its_time(api: Api) -> None:
    began = datetime.fromisoformat(api.post("clock/freeze")["now"])
    bounced, later = api.send(BOUNCING, LATER)
    (scheduled,) = api.send(BOUNCING, send_at=(began + timedelta(days=1)).isoformat())
    assert datetime.fromisoformat(api.get("clock")["next_due"]) > began
    api.post("clock/advance", {"by": "2d"})
    ends = {
        sent: [datetime.fromisoformat(step["at"]) - began for step in api.get(f"messages/{sent}")["history"]]
        for sent in (bounced, later, scheduled)
    }
    delay, day = api.mock.engine.settings.magic_delay, timedelta(days=1)
    assert ends == {
        bounced: [timedelta(), timedelta(), delay],
        later: [timedelta(), delay],
        scheduled: [timedelta(), day, day + delay],
    }


def test_frozen_time_freezes_what_the_mock_decides(api: Api) -> None:
    api.post("clock/freeze")
    (later,) = api.send(LATER)
    api.mock.engine.tick()
    assert api.status_of(later) == "queued"
    began = api.get(f"messages/{later}")["created_at"]
    assert api.get("requests")["requests"][0]["at"] == began == api.get("clock")["now"]


@pytest.mark.parametrize("to", ["2001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2026-03-01T11:59:59.999999Z"], ids=str)
def test_backwards_is_refused_and_nothing_moves(to: str) -> None:
    with running(time=ManualClock()) as mock:
        api = Api(mock, "first")
        before = api.post("clock/freeze")
        error = api.refused(409, "POST", "clock/advance", {"to": to})
        assert "2026-03-01T12:00:00+00:00" in error["message"]
        assert api.get("clock") == before


@pytest.mark.parametrize(
    "body",
    [
        {"to": (MAX_INSTANT + timedelta(microseconds=1)).isoformat()},
        {"by": "3000000d"},
        {"by": 1e300},
        {"by": "9" * 300},
    ],
    ids=lambda body: str(body)[:30],
)
def test_beyond_the_calendar_is_refused_and_nothing_moves(api: Api, body: dict[str, Any]) -> None:
    before = api.post("clock/freeze")
    assert MAX_INSTANT.isoformat() in api.refused(409, "POST", "clock/advance", body)["message"]
    assert api.get("clock") == before


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "body"),
        ({"by": 1, "to": "2040-01-01"}, "body"),
        ({"by": -1}, "by"),
        ({"by": "-1s"}, "by"),
        ({"by": "soon"}, "by"),
        ({"by": "2 hours"}, "by"),
        ({"by": True}, "by"),
        ({"by": None}, "by"),
        ({"by": []}, "by"),
        ({"to": "soon"}, "to"),
        ({"to": "2030-02-30"}, "to"),
        ({"to": 2030}, "to"),
        ({"to": None}, "to"),
        ({"to": "9999-12-31T23:59:59-10:00"}, "to"),
        ({"for": "2h"}, "for"),
    ],
    ids=str,
)
def test_advance_that_does_not_fit_is_named_and_nothing_moves(api: Api, body: dict[str, Any], where: str) -> None:
    before = api.post("clock/freeze")
    assert where in api.refused(400, "POST", "clock/advance", body)["issues"]
    assert api.get("clock") == before


@pytest.mark.parametrize("word", ["freeze", "resume", "advance"])
def test_clock_of_one_account_is_its_own(own_mock: Mock, word: str) -> None:
    first, second, everyone = Api(own_mock, "first"), Api(own_mock, "second"), Api(own_mock)
    second.send(SENT)
    if word == "resume":
        everyone.post("clock/freeze")
    before = second.get("clock")["frozen"]
    first.post(f"clock/{word}", {"by": "365d"} if word == "advance" else None)
    assert second.get("clock")["frozen"] == everyone.get("clock")["frozen"] == before
    assert now(second) < now(first) - timedelta(days=364) or word != "advance"
    assert first.get("clock")["frozen"] == (word == "freeze")


def test_all_clocks_are_frozen_moved_and_resumed_with_those_to_come(own_mock: Mock) -> None:
    first, second, everyone = Api(own_mock, "first"), Api(own_mock, "second"), Api(own_mock)
    sent = first.send(LATER), second.send(LATER)
    frozen = everyone.post("clock/freeze")
    assert frozen["frozen"]
    assert frozen["next_due"] == min(first.get("clock")["next_due"], second.get("clock")["next_due"])
    moved = advance(everyone, to="2040-01-01T00:00:00Z")
    assert moved == {"now": "2040-01-01T00:00:00Z", "frozen": True, "next_due": None}
    assert [first.status_of(*sent[0]), second.status_of(*sent[1])] == ["sent", "sent"]
    third = Api(own_mock, "third")
    third.send(SENT)
    assert third.get("messages/latest")["created_at"] == "2040-01-01T00:00:00Z"
    assert [api.get("clock") for api in (first, second, third, everyone)] == [moved] * 4
    assert third.get("account")["clock"] == moved
    assert not everyone.post("clock/resume")["frozen"]
    assert [api.get("clock")["frozen"] for api in (first, second, third)] == [False] * 3
    assert now(third) >= datetime(2040, 1, 1, tzinfo=UTC)


def test_all_clocks_are_frozen_at_one_instant() -> None:
    class Restless(ManualClock):
        def __call__(self) -> datetime:
            self.advance(0.001)
            return super().__call__()

    with running(time=Restless()) as mock:
        everyone, keys = Api(mock), ["first", "second", "third"]
        for key in keys:
            Api(mock, key).send(SENT)
        frozen = everyone.post("clock/freeze")
        assert [Api(mock, key).get("clock") for key in keys] == [frozen] * 3
        assert advance(everyone, to=frozen["now"]) == frozen


def test_clocks_that_differ_advance_together_to_an_instant_ahead_of_all(own_mock: Mock) -> None:
    first, everyone = Api(own_mock, "first"), Api(own_mock)
    everyone.post("clock/freeze")
    first.post("clock/freeze")
    first.post("clock/advance", {"to": "2040-01-01T00:00:00Z"})
    everyone.refused(409, "POST", "clock/advance", {"to": "2039-01-01T00:00:00Z"})
    assert now(everyone).year < 2039
    everyone.post("clock/advance", {"to": "2041-01-01T00:00:00Z"})
    assert now(first) == now(everyone) == datetime(2041, 1, 1, tzinfo=UTC)
    everyone.post("clock/advance", {"by": "1d"})
    assert now(first) == now(everyone) == datetime(2041, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2020-01-31 12:00:00", "2020-01-31T10:00:00Z"),
        ("2020-07-31T12:00:00", "2020-07-31T09:00:00Z"),
        ("2020-01-31 12:00:00+00:00", "2020-01-31T12:00:00Z"),
        ("2040-01-31", "2040-01-30T22:00:00Z"),
        (MIN_INSTANT.isoformat(), "1970-01-01T00:00:00Z"),
        (MAX_INSTANT.isoformat(), MAX_INSTANT.isoformat().replace("+00:00", "Z")),
    ],
)
def test_clock_is_frozen_at_an_instant(api: Api, at: str, shown: str) -> None:
    assert api.post("clock/freeze", {"at": at}) == {"now": shown, "frozen": True, "next_due": None}
    assert api.get("clock")["now"] == shown


def test_clock_that_is_set_back_leaves_what_is_planned_for_its_time(api: Api) -> None:
    began = datetime.fromisoformat(api.post("clock/freeze")["now"])
    (later,) = api.send(LATER)
    due = api.get("clock")["next_due"]
    assert api.post("clock/freeze", {"at": (began - YEAR_AHEAD).isoformat()})["next_due"] == due
    (new,) = api.send(SENT)
    assert [row["transaction_id"] for row in api.get("messages")["messages"]] == [new, later]
    api.post("clock/advance", {"by": "364d"})
    assert api.status_of(later) == "queued"
    api.post("clock/advance", {"by": "2d"})
    assert api.status_of(later) == "sent"
    assert api.get(f"messages/{later}")["history"][-1]["at"] == due


def test_freeze_at_a_later_time_applies_what_is_due(api: Api) -> None:
    (later,) = api.send(LATER)
    assert api.post("clock/freeze", {"at": "2040-01-01"})["frozen"]
    assert api.status_of(later) == "sent"


def test_clocks_that_differ_are_frozen_at_one_instant(own_mock: Mock) -> None:
    first, everyone = Api(own_mock, "first"), Api(own_mock)
    first.post("clock/freeze", {"at": "2050-01-01T00:00:00Z"})
    frozen = everyone.post("clock/freeze", {"at": "2040-01-01T00:00:00Z"})
    assert frozen["now"] == "2040-01-01T00:00:00Z"
    assert [Api(own_mock, key).get("clock") for key in ("first", "new")] == [frozen] * 2


def test_rate_limit_forgets_requests_that_are_later_than_a_clock_that_was_set_back(api: Api) -> None:
    api.post("faults", {"fault": {"kind": "rate_limit", "limit": 1, "per": "1m"}, "ttl": "1m"})
    api.send(SENT)
    api.post("clock/freeze", {"at": "2020-01-01"})
    api.send(SENT)
    response = api.mock.post(json.dumps(body(SENT)), X_API_Key=api.key or "")
    assert (response.status_code, response.headers["retry-after"]) == (429, "60")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"at": "soon"}, "at"),
        ({"at": None}, "at"),
        ({"at": 5}, "at"),
        ({"at": "0001-01-01T00:00:00+01:00"}, "at"),
        ({"to": "2030-01-01"}, "to"),
    ],
    ids=str,
)
def test_freeze_that_does_not_fit_is_named_and_nothing_changes(api: Api, body: dict[str, Any], where: str) -> None:
    assert where in api.refused(400, "POST", "clock/freeze", body)["issues"]
    assert not api.get("clock")["frozen"]


@pytest.mark.parametrize(
    "at", [(MIN_INSTANT - timedelta(seconds=1)).isoformat(), (MAX_INSTANT + timedelta(seconds=1)).isoformat()]
)
def test_freeze_outside_the_range_of_clocks_is_refused_and_nothing_changes(api: Api, at: str) -> None:
    assert "times from 1970-01-01" in api.refused(409, "POST", "clock/freeze", {"at": at})["message"]
    assert not api.get("clock")["frozen"]


def test_looking_at_a_clock_uses_no_account(own_mock: Mock) -> None:
    assert not Api(own_mock, "nobody").get("clock")["frozen"]
    assert Api(own_mock).get("accounts")["accounts"] == []


def test_reset_account_has_the_clock_of_all_accounts(own_mock: Mock) -> None:
    api, everyone = Api(own_mock, "first"), Api(own_mock)
    everyone.post("clock/freeze")
    stands = everyone.get("clock")
    api.post("clock/advance", {"by": "1d"})
    api.post("reset")
    assert api.get("clock") == stands
    everyone.post("reset")
    assert not api.get("clock")["frozen"]
