from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version

import pytest
import requests

from mocksms.app import openapi
from mocksms.fidelity import Evidence, ledger
from mocksms.settings import Settings
from mocksms.sms.magic import Catalogue
from tests.inspection.support import Api
from tests.support import NUMBER, TIMEOUT, Mock, running


@pytest.fixture(scope="module")
def counted_mock() -> Iterator[Mock]:
    """A mock of this module alone, small enough to evict."""
    with running(
        Settings(port=0, seed="tests", max_accounts=2, max_messages=2, max_requests=3, max_memory=2**26)
    ) as mock:
        yield mock


@pytest.mark.ledger("memory.evicted")
def test_health_counts_records_and_evictions(counted_mock: Mock) -> None:
    for key in ("first", "second", "third"):
        for _ in range(3):
            counted_mock.send(key=key)
    counted_mock.search(key="third")
    health = Api(counted_mock).get("health")
    assert health.pop("version") == version("mocksms")
    assert health.pop("uptime") >= 0
    memory = [account["memory"] for account in Api(counted_mock).get("accounts")["accounts"]]
    assert health.pop("memory") == sum(memory) > 0
    assert health.pop("max_memory") == 2**26
    assert health == {
        "status": "ready",
        "cursor": 19,
        "accounts": 2,
        "messages": 4,
        "requests": 6,
        "evicted": {"accounts": 1, "messages": 5, "requests": 4},
    }


def test_uptime_does_not_go_by_the_clock_of_the_accounts(own_mock: Mock) -> None:
    everyone = Api(own_mock)
    everyone.post("clock/advance", {"by": "365d"})
    before = everyone.get("health")["uptime"]
    assert before <= everyone.get("health")["uptime"] < TIMEOUT * 10


def test_health_is_the_same_for_every_account(shared_mock: Mock) -> None:
    health = Api(shared_mock, "an account").get("health")
    assert health | {"uptime": 0} == Api(shared_mock).get("health") | {"uptime": 0}


def test_numbers_are_the_catalogue(shared_mock: Mock) -> None:
    answer = Api(shared_mock).get("numbers")
    assert answer["prefix"] == "97250000"
    assert answer["format"].startswith("97250000CCLL: ")
    assert [row["code"] for row in answer["numbers"]] == list(Catalogue().rows)
    assert answer["numbers"][0] == {
        "code": "00",
        "name": "sent",
        "number": "972-50-0000000",
        "outcome": "sent",
        "http_fault": False,
    }
    assert {row["code"] for row in answer["numbers"] if row["http_fault"]} == {
        "60", "61", "62", "63", "64", "70", "71", "72", "73", "74", "75",
    }  # fmt: skip


def test_numbers_follow_the_prefix_and_the_delay() -> None:
    with running(Settings(port=0, magic_prefix="97250001")) as mock:
        answer = Api(mock).get("numbers")
    assert answer["prefix"] == "97250001"
    assert answer["numbers"][0]["number"] == "972-50-0010000"
    assert answer["numbers"][1]["outcome"] == "queued, sent after 5 s"


def test_fidelity_is_the_ledger(shared_mock: Mock) -> None:
    view = Api(shared_mock).get("fidelity")
    lists = ("settings", "covers")
    entries = [{**entry, **{name: tuple(entry[name]) for name in lists}} for entry in view["behaviours"]]
    assert entries == [entry._asdict() for entry in ledger()]
    assert view["evidence"] == {evidence: evidence.about for evidence in Evidence}


def test_fidelity_is_described_with_its_classes_of_evidence() -> None:
    schemas = openapi()["components"]["schemas"]
    assert schemas["Evidence"]["enum"] == [*Evidence]
    description = schemas["BehaviourView"]["properties"]["evidence"]["description"]
    assert [evidence for evidence in Evidence if f"{evidence}: {evidence.about}" not in description] == []


def test_events_begin_with_the_cursor_and_go_on_with_what_happens(api: Api) -> None:
    with requests.get(
        f"{api.mock.url}/_mock/events", headers={"X-API-Key": api.key or ""}, stream=True, timeout=TIMEOUT
    ) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"] == "text/event-stream"
        lines = stream.iter_lines(chunk_size=1, decode_unicode=True)
        assert [next(lines) for _ in range(2)] == ["retry: 1000", ""]
        identity, kind, data = (next(lines) for _ in range(3))
        assert kind == "event: open"
        assert json.loads(data.removeprefix("data: "))["cursor"] <= api.get("health")["cursor"]
        (sent,) = api.send(NUMBER)
        next(lines)
        next_identity, kind, data = (next(lines) for _ in range(3))
    assert kind == "event: message"
    assert json.loads(data.removeprefix("data: "))["transaction_id"] == sent
    assert identity.startswith("id: ")
    assert next_identity != identity
    resumed = {"X-API-Key": api.key or "", "Last-Event-ID": next_identity.removeprefix("id: ")}
    with requests.get(f"{api.mock.url}/_mock/events", headers=resumed, stream=True, timeout=TIMEOUT) as stream:
        lines = stream.iter_lines(chunk_size=1, decode_unicode=True)
        assert [next(lines) for _ in range(2)] == ["retry: 1000", ""]
        _, kind, data = (next(lines) for _ in range(3))
    assert kind == "event: request"
    assert json.loads(data.removeprefix("data: "))["messages"] == 1


def test_events_do_not_fit_an_unknown_query(api: Api) -> None:
    assert list(api.refused(400, "GET", "events", to=NUMBER)["issues"]) == ["to"]
