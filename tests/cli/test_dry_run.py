from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from mocksms.cli.dry_run import JournalRequest, RuleUsage, dry_run, read_journal
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, ApiOperation
from mocksms.errors import SettingsError
from mocksms.scenario.compiler import compile_scenario
from mocksms.scenario.schema import Scenario
from mocksms.settings import Settings
from tests.support import NOON, NUMBER, TIMEOUT, ManualClock, body, running


def scenario_of(*rules: dict[str, Any]) -> ActiveScenario:
    return compile_scenario(Scenario.model_validate({"rule": [*rules]}), "x.toml", Settings())


def sent(*to: str, at: datetime = NOON, account: str = "one", **more: Any) -> JournalRequest:
    return JournalRequest(account, at, ApiOperation.SEND, json.dumps(body(*to, **more)).encode())


def counts(
    scenario: ActiveScenario, *repeated: JournalRequest, settings: Settings | None = None
) -> list[tuple[int, int]]:
    """Return how often each rule matched and was applied."""
    return [(usage.matched, usage.applied) for usage in dry_run(scenario, [*repeated], settings or Settings())]


def row(number: int = 1, **more: Any) -> dict[str, Any]:
    """Return the fields of a journal row that a dry run reads."""
    return {
        "id": number,
        "account": "one",
        "at": NOON.isoformat(),
        "operation": "send",
        "refusal": None,
        "body": json.dumps(body()),
        **more,
    }


def read(*rows: dict[str, Any]) -> list[JournalRequest]:
    return read_journal(json.dumps({"requests": rows}).encode(), "journal.json")


def test_rules_are_listed_in_order_with_their_counts() -> None:
    scenario = scenario_of(
        {"name": "codes", "match": {"content": "code"}, "times": 1, "outcome": "sent"}, {"outcome": "invalid"}
    )
    usages = dry_run(scenario, [sent(content="code 1"), sent(NUMBER, NUMBER, content="code 2")], Settings())
    assert usages == [RuleUsage("rule 1 (codes) of x.toml", 1, 1), RuleUsage("rule 2 of x.toml", 2, 2)]


def test_rules_without_requests_have_counts_of_zero() -> None:
    assert counts(scenario_of({"outcome": "sent"})) == [(0, 0)]
    assert dry_run(NO_SCENARIO, [sent()], Settings()) == []


def test_requests_are_repeated_at_their_own_times() -> None:
    scenario = scenario_of({"fault": {"kind": "rate_limit", "limit": 1, "per": "10s"}})
    at = [sent(at=NOON + timedelta(seconds=second)) for second in (0, 5, 10, 15)]
    assert counts(scenario, *at) == [(4, 2)]


def test_time_never_moves_back() -> None:
    """A message due between the clocks of two accounts is sent before the next request."""
    scenario = scenario_of({"every": 2, "outcome": "sent"}, {"match": {"content": "late"}, "outcome": "sent"})
    ahead, late = sent(at=NOON + timedelta(hours=2)), sent(content="late", send_at="2026-03-01T13:00:00Z")
    assert counts(scenario, ahead, late, sent()) == [(3, 1), (0, 0)]
    assert counts(scenario, sent(), late, sent()) == [(3, 1), (1, 1)]


@pytest.mark.parametrize("more", [{"async": True}, {"send_at": "2030-01-01T00:00:00Z"}], ids=["async", "scheduled"])
def test_scheduled_messages_count_at_the_end(more: dict[str, Any]) -> None:
    later = Settings(async_delay=timedelta(hours=1))
    assert counts(scenario_of({"outcome": "sent"}), sent(**more), settings=later) == [(1, 1)]


def test_request_that_cannot_be_read_is_skipped() -> None:
    cut = sent()._replace(body=sent().body[:-5])
    assert counts(scenario_of({"outcome": "sent"}), cut, sent("972-50-0009900"), sent()) == [(1, 1)]


def test_refused_request_counts_for_its_fault_only() -> None:
    scenario = scenario_of({"times": 1, "fault": {"kind": "status", "status": 503}}, {"outcome": "sent"})
    assert counts(scenario, sent(), sent()) == [(1, 1), (1, 1)]


def test_reads_count_for_faults_of_their_operation() -> None:
    info, search = {"operation": "info"}, {"operation": "search"}
    scenario = scenario_of(
        {"match": info, "times": 1, "fault": {"kind": "status", "status": 503}},
        {"match": search, "fault": {"kind": "empty"}},
    )
    calls = [
        JournalRequest("one", NOON, kind, b"") for kind in (ApiOperation.INFO, ApiOperation.INFO, ApiOperation.SEARCH)
    ]
    assert counts(scenario, *calls) == [(1, 1), (1, 1)]


@pytest.mark.parametrize("operation", ApiOperation)
def test_operation_comes_from_the_row(operation: ApiOperation) -> None:
    (request,) = read(row(operation=operation))
    assert request.operation is operation


@pytest.mark.parametrize(
    "more",
    [
        {"operation": None, "refusal": "route_not_found"},
        {"account": None, "refusal": "unauthorized"},
        *({"refusal": code} for code in ("unauthorized", "cross_origin", "unsupported_media_type", "body_too_large")),
        *({"refusal": code} for code in ("body_too_slow", "invalid_request", "unknown_magic_code", "text_too_long")),
        {"operation": "info", "refusal": "unauthorized"},
        {"operation": "search", "refusal": "message_not_found"},
    ],
    ids=str,
)
def test_request_refused_before_the_rules_is_ignored(more: dict[str, Any]) -> None:
    assert read(row(**more)) == []


@pytest.mark.parametrize(
    ("operation", "refusal"),
    [
        ("send", "fault"),
        ("info", "fault"),
        ("info", "message_not_found"),
        ("info", "invalid_request"),
        ("search", "fault"),
        ("search", "invalid_request"),
    ],
)
def test_request_refused_after_the_rules_counts(operation: str, refusal: str) -> None:
    """Rules are tried on a read before its parameters are, and a fault is a rule that was applied."""
    assert len(read(row(operation=operation, refusal=refusal))) == 1


def test_each_account_has_its_own_counters() -> None:
    scenario = scenario_of({"times": 1, "outcome": "sent"}, {"match": {"nth": 2}, "outcome": "queued"})
    calls = [sent(account=account) for account in ("one", "another", "one")]
    assert counts(scenario, *calls) == [(2, 2), (1, 1)]


def test_requests_are_repeated_in_order_of_their_ids() -> None:
    rows = [row(number, body=json.dumps(body(content=str(number)))) for number in (3, 1, 2)]
    assert [json.loads(request.body)["message"]["content"] for request in read(*rows)] == ["1", "2", "3"]


def test_lone_surrogates_of_a_body_survive() -> None:
    (request,) = read(row(body="\ud800"))
    assert request.body == "\ud800".encode("utf-8", "surrogatepass")


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
        json.dumps({"requests": [row(at="yesterday")]}).encode(),
        json.dumps({"requests": [row(at=5)]}).encode(),
        json.dumps({"requests": [row(body=None)]}).encode(),
        json.dumps({"requests": [row(operation="sent")]}).encode(),
        json.dumps({"requests": [row(refusal=["fault"])]}).encode(),
        json.dumps({"requests": [], "total": "many"}).encode(),
    ],
    ids=lambda raw: ascii(raw[:60]),
)
def test_file_that_is_no_journal_is_refused(raw: bytes) -> None:
    with pytest.raises(SettingsError, match=r"^journal.json is not a response of GET /_mock/requests.$"):
        read_journal(raw, "journal.json")


@pytest.mark.parametrize(
    ("page", "advice"),
    [
        ({"total": 2}, "wrong; save GET /_mock/requests?limit=1000."),
        ({"total": 1, "evicted": 3}, "Start with POST /_mock/reset or a higher --max-requests"),
        ({"incomplete": True}, "Start with POST /_mock/reset or a higher --max-requests"),
    ],
    ids=["page", "evicted", "incomplete"],
)
def test_journal_without_all_requests_is_refused(page: dict[str, Any], advice: str) -> None:
    with pytest.raises(SettingsError, match=r"^journal.json does not hold all requests, so nth, times") as refused:
        read_journal(json.dumps({"requests": [row()], **page}).encode(), "journal.json")
    assert advice in str(refused.value)
    whole = {"total": 1, "evicted": 0, "incomplete": False}
    assert len(read_journal(json.dumps({"requests": [row()], **whole}).encode(), "journal.json")) == 1


NAMES = st.sampled_from(["requests", "id", "at", "operation", "body", "refusal", "account"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=12,
)
ODD_ROWS = st.fixed_dictionaries(
    {
        "id": st.integers() | VALUES,
        "at": st.datetimes().map(str) | st.text(),
        "body": VALUES,
        "account": st.just("one") | VALUES,
        "operation": st.just("send") | VALUES,
        "refusal": st.none() | VALUES,
    }
)


@given(
    st.binary()
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.lists(ODD_ROWS).map(lambda rows: json.dumps({"requests": rows}).encode())
)
def test_any_file_is_read_or_refused(raw: bytes) -> None:
    try:
        requests = read_journal(raw, "journal.json")
    except SettingsError:
        return
    dry_run(scenario_of({"outcome": "sent"}), requests, Settings())


def test_journal_of_a_mock_is_repeated() -> None:
    with running(time=ManualClock()) as mock:
        mock.send(content="Your code is 4815")
        mock.send(content="Hello")
        row = mock.send(NUMBER, "972-54-2222222")[0]
        mock.info(row["transaction_id"])
        with pytest.raises(requests.ConnectionError):
            mock.send("972-50-0007200")
        mock.get("/transactional/sms/search", key="")
        journal = requests.get(f"{mock.url}/_mock/requests", timeout=TIMEOUT)
    scenario = scenario_of(
        {"match": {"content": "code"}, "outcome": "sent"},
        {"match": {"nth": 3}, "outcome": "exception"},
        {"match": {"to": "972-54-2222222"}, "outcome": "queued"},
        {"match": {"operation": "info"}, "fault": {"kind": "empty"}},
        {"match": {"operation": "search"}, "fault": {"kind": "empty"}},
    )
    assert counts(scenario, *read_journal(journal.content, "journal.json")) == [(1, 1), (1, 1), (1, 1), (1, 1), (0, 0)]


def test_send_that_was_refused_is_not_applied() -> None:
    with running() as mock:
        mock.post(json.dumps(body()), content_type="text/plain")
        journal = requests.get(f"{mock.url}/_mock/requests", timeout=TIMEOUT)
    assert counts(scenario_of({"outcome": "sent"}), *read_journal(journal.content, "journal.json")) == [(0, 0)]
