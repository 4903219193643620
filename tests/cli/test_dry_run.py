from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from mocksms.cli.dry_run import ReplayedRequest, RuleUsage, calls_of, dry_run
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, ApiOperation
from mocksms.errors import SettingsError
from mocksms.scenario.compiler import compile_scenario
from mocksms.scenario.schema import Scenario
from mocksms.settings import Settings
from tests.support import NOON, NUMBER, PATIENCE, HandClock, body, running

SEND = "/rest/v1/transactional/sms/send"


def scripted(*said: dict[str, Any]) -> ActiveScenario:
    return compile_scenario(Scenario.model_validate({"rule": [*said]}), "x.toml", Settings())


def a_call(*to: str, at: datetime = NOON, account: str = "one", **more: Any) -> ReplayedRequest:
    return ReplayedRequest(account, at, ApiOperation.SEND, json.dumps(body(*to, **more)).encode())


def used(script: ActiveScenario, *calls: ReplayedRequest, settings: Settings | None = None) -> list[tuple[int, int]]:
    """Return how often each rule matched and was used."""
    return [(met.matched, met.used) for met in dry_run(script, [*calls], settings or Settings())]


def an_entry(number: int = 1, **more: Any) -> dict[str, Any]:
    """Return an entry of a journal as the inspection API shows it, as far as a rehearsal looks at it."""
    return {
        "id": number,
        "account": "one",
        "method": "POST",
        "at": NOON.isoformat(),
        "target": SEND,
        "body": json.dumps(body()),
        "note": "",
        **more,
    }


def read(*entries: dict[str, Any]) -> list[ReplayedRequest]:
    return calls_of(json.dumps({"requests": entries}).encode(), "journal.json")


def test_rules_are_told_in_order_with_how_often_they_were_met() -> None:
    script = scripted(
        {"name": "codes", "match": {"content": "code"}, "times": 1, "outcome": "sent"}, {"outcome": "invalid"}
    )
    met = dry_run(script, [a_call(content="code 1"), a_call(NUMBER, NUMBER, content="code 2")], Settings())
    assert met == [RuleUsage("rule 1 (codes) of x.toml", 1, 1), RuleUsage("rule 2 of x.toml", 2, 2)]


def test_script_without_calls_is_never_met() -> None:
    assert used(scripted({"outcome": "sent"})) == [(0, 0)]
    assert dry_run(NO_SCENARIO, [a_call()], Settings()) == []


def test_calls_are_made_at_the_times_they_were_made() -> None:
    script = scripted({"fault": {"kind": "rate_limit", "limit": 1, "per": "10s"}})
    at = [a_call(at=NOON + timedelta(seconds=second)) for second in (0, 5, 10, 15)]
    assert used(script, *at) == [(4, 2)]


def test_time_never_runs_back() -> None:
    """What is due between the clocks of two accounts is due at once on the later one, before the next call."""
    script = scripted({"every": 2, "outcome": "sent"}, {"match": {"content": "late"}, "outcome": "sent"})
    ahead, late = a_call(at=NOON + timedelta(hours=2)), a_call(content="late", send_at="2026-03-01T13:00:00Z")
    assert used(script, ahead, late, a_call()) == [(3, 1), (0, 0)]
    assert used(script, a_call(), late, a_call()) == [(3, 1), (1, 1)]


@pytest.mark.parametrize("more", [{"async": True}, {"send_at": "2030-01-01T00:00:00Z"}], ids=["async", "scheduled"])
def test_what_waits_at_the_end_meets_the_rules_too(more: dict[str, Any]) -> None:
    later = Settings(async_delay=timedelta(hours=1))
    assert used(scripted({"outcome": "sent"}), a_call(**more), settings=later) == [(1, 1)]


def test_call_that_cannot_be_read_any_more_is_passed_over() -> None:
    cut = a_call()._replace(body=a_call().body[:-5])
    assert used(scripted({"outcome": "sent"}), cut, a_call("972-50-0009900"), a_call()) == [(1, 1)]


def test_refused_call_is_met_by_its_fault_alone() -> None:
    script = scripted({"times": 1, "fault": {"kind": "status", "status": 503}}, {"outcome": "sent"})
    assert used(script, a_call(), a_call()) == [(1, 1), (1, 1)]


def test_reads_meet_the_faults_of_their_kind() -> None:
    info, search = {"operation": "info"}, {"operation": "search"}
    script = scripted(
        {"match": info, "times": 1, "fault": {"kind": "status", "status": 503}},
        {"match": search, "fault": {"kind": "empty"}},
    )
    calls = [
        ReplayedRequest("one", NOON, kind, b"") for kind in (ApiOperation.INFO, ApiOperation.INFO, ApiOperation.SEARCH)
    ]
    assert used(script, *calls) == [(1, 1), (1, 1)]


@pytest.mark.parametrize(
    ("method", "target", "kind"),
    [
        ("POST", SEND, ApiOperation.SEND),
        ("POST", "/transactional/sms/send", ApiOperation.SEND),
        ("POST", "/REST/v1/Transactional/SMS/Send/", ApiOperation.SEND),
        ("GET", "/transactional/sms/inf%6F?transaction_id=1", ApiOperation.INFO),
        ("GET", "/transactional/sms/search?query=/transactional/sms/send", ApiOperation.SEARCH),
    ],
)
def test_call_is_known_by_method_and_path(method: str, target: str, kind: ApiOperation) -> None:
    (call,) = read(an_entry(method=method, target=target))
    assert call.kind is kind


@pytest.mark.parametrize(
    "more",
    [
        {"target": "/"},
        {"target": "/transactional/sms/sent"},
        {"target": "/send"},
        {"method": "GET"},
        {"account": None},
        {"note": "API key refused: no-rest-right"},
    ],
    ids=["root", "unknown", "elsewhere", "another method", "unknown key", "refused key"],
)
def test_exchange_that_no_rule_could_meet_is_left_out(more: dict[str, Any]) -> None:
    assert read(an_entry(**more)) == []


def test_call_that_a_rule_refused_for_its_key_counts() -> None:
    assert len(read(an_entry(note="rule 1 of x.toml: status 401"))) == 1


def test_each_account_lives_by_the_rules_on_its_own() -> None:
    script = scripted({"times": 1, "outcome": "sent"}, {"match": {"nth": 2}, "outcome": "queued"})
    calls = [a_call(account=account) for account in ("one", "another", "one")]
    assert used(script, *calls) == [(2, 2), (1, 1)]


def test_calls_come_in_the_order_they_were_made_even_where_time_stood_still() -> None:
    entries = [an_entry(number, body=json.dumps(body(content=str(number)))) for number in (3, 1, 2)]
    assert [json.loads(call.body)["message"]["content"] for call in read(*entries)] == ["1", "2", "3"]


def test_lone_surrogates_of_a_body_survive() -> None:
    (call,) = read(an_entry(body="\ud800"))
    assert call.body == "\ud800".encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"requests"',
        b'{"requests": 5}',
        b'{"requests": [5]}',
        b'{"requests": {"a": 1}}',
        b'{"requests": [{"id": 1}]}',
        b'{"requests": [{"id": 1}, {"id": "2"}]}',
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps({"requests": [an_entry(at="yesterday")]}).encode(),
        json.dumps({"requests": [an_entry(at=5)]}).encode(),
        json.dumps({"requests": [an_entry(body=None)]}).encode(),
        json.dumps({"requests": [an_entry(note=None)]}).encode(),
        json.dumps({"requests": [an_entry(target=None)]}).encode(),
        json.dumps({"requests": [], "total": "many"}).encode(),
    ],
    ids=lambda raw: ascii(raw[:60]),
)
def test_what_is_no_journal_is_told_what_would_be(raw: bytes) -> None:
    with pytest.raises(
        SettingsError, match=r"journal.json is no journal: it must be what GET /_mock/requests answers."
    ):
        calls_of(raw, "journal.json")


@pytest.mark.parametrize(
    ("page", "advice"),
    [
        ({"total": 2}, "limit=1000."),
        ({"total": 1, "evicted": 3}, "limit=1000; older ones were evicted, so begin with POST /_mock/reset or "),
        ({"incomplete": True}, "limit=1000; older ones were evicted, so begin with POST /_mock/reset or "),
    ],
    ids=["page", "evicted", "incomplete"],
)
def test_journal_that_does_not_hold_all_calls_is_refused(page: dict[str, Any], advice: str) -> None:
    with pytest.raises(SettingsError, match=r"^journal.json does not hold all calls, so nth, times") as refused:
        calls_of(json.dumps({"requests": [an_entry()], **page}).encode(), "journal.json")
    assert advice in str(refused.value)
    whole = {"total": 1, "evicted": 0, "incomplete": False}
    assert len(calls_of(json.dumps({"requests": [an_entry()], **whole}).encode(), "journal.json")) == 1


NAMES = st.sampled_from(["requests", "id", "at", "target", "body", "note", "account"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=12,
)
ODD_ENTRIES = st.fixed_dictionaries(
    {
        "id": st.integers() | VALUES,
        "at": st.datetimes().map(str) | st.text(),
        "target": st.just(SEND) | VALUES,
        "body": VALUES,
        "account": st.just("one") | VALUES,
        "method": st.just("POST") | VALUES,
        "note": st.just("") | VALUES,
    }
)


@given(
    st.binary()
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.lists(ODD_ENTRIES).map(lambda entries: json.dumps({"requests": entries}).encode())
)
def test_whatever_is_read_is_a_journal_or_refused(raw: bytes) -> None:
    try:
        calls = calls_of(raw, "journal.json")
    except SettingsError:
        return
    dry_run(scripted({"outcome": "sent"}), calls, Settings())


def test_journal_of_a_mock_is_rehearsed() -> None:
    with running(time=HandClock()) as mock:
        mock.send(content="Your code is 4815")
        mock.send(content="Hello")
        row = mock.send(NUMBER, "972-54-2222222")[0]
        mock.info(row["transaction_id"])
        with pytest.raises(requests.ConnectionError):
            mock.send("972-50-0007200")
        mock.get("/transactional/sms/search", key="")
        journal = requests.get(f"{mock.url}/_mock/requests", timeout=PATIENCE)
    script = scripted(
        {"match": {"content": "code"}, "outcome": "sent"},
        {"match": {"nth": 3}, "outcome": "exception"},
        {"match": {"to": "972-54-2222222"}, "outcome": "queued"},
        {"match": {"operation": "info"}, "fault": {"kind": "empty"}},
        {"match": {"operation": "search"}, "fault": {"kind": "empty"}},
    )
    assert used(script, *calls_of(journal.content, "journal.json")) == [(1, 1), (1, 1), (1, 1), (1, 1), (0, 0)]
