"""Rows of what was captured, written as a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, BinaryIO, NamedTuple, TypeVar

from mocksms.engine.callbacks import CallbackState, OrderingKey, ScheduledKey
from mocksms.engine.counted_rule import ManualFault
from mocksms.engine.rules import ActiveScenario
from mocksms.state.account_rows import clock_row, counters_row, fault_source, scenario_row, written_random
from mocksms.state.archive import (
    ACCOUNTS,
    ACTIONS,
    CALLBACKS,
    CONSENTS,
    MESSAGES,
    MOCK,
    REPLIES,
    REQUESTS,
    SCENARIOS,
    Manifest,
    encode,
    write,
)
from mocksms.state.callback_rows import callback_row, policy_row, webhook_row
from mocksms.state.capture import Capture, CapturedAccount, CapturedLog, CapturedMock
from mocksms.state.message_rows import consent_row, due_row, message_row, reply_row
from mocksms.state.options import option_texts
from mocksms.state.request_rows import request_row

JsonRow = dict[str, Any]
OwnerId = TypeVar("OwnerId", str, str | None)
T = TypeVar("T")


def save(capture: Capture, file: BinaryIO, extra: Mapping[str, bytes] = {}) -> None:
    """Write a snapshot; any thread may call this.

    Args:
        capture: what was captured.
        file: where to.
        extra: the entries that a trace has beside those of a snapshot, by name.
    """
    scenarios = _scenarios(capture)
    accounts = capture.accounts
    schedules = {account.key.id: _schedule(account) for account in accounts}
    tables: dict[str, tuple[int, Iterable[JsonRow]]] = {
        SCENARIOS: (len(scenarios), _scenario_rows(capture, scenarios)),
        ACCOUNTS: (len(accounts), _account_rows(accounts, scenarios, schedules)),
        MESSAGES: (sum(len(account.messages.records) for account in accounts), _message_rows(accounts)),
        REQUESTS: _table([(None, capture.unattributed.records), *_owned(accounts, "requests")], request_row),
        REPLIES: _table(_owned(accounts, "replies"), reply_row),
        CONSENTS: _table(_owned(accounts, "consents"), consent_row),
        CALLBACKS: _table(
            _owned(accounts, "callbacks"),
            lambda owner, each: callback_row(owner, each, schedules[owner].by_callback.get(each.number)),
        ),
        ACTIONS: _table(
            [(account.key.id, sorted(account.planned, key=lambda due: due[:2])) for account in accounts], due_row
        ),
    }
    rows = {name: count for name, (count, _) in tables.items()}
    rows |= {name: content.count(b"\n") for name, content in extra.items() if name.endswith(".jsonl")}
    entries: dict[str, Iterable[bytes]] = {name: map(encode, lines) for name, (_, lines) in tables.items()}
    if capture.mock is not None:
        entries[MOCK] = [encode(_mock_row(capture.mock, scenarios, capture))]
    entries |= {name: content.splitlines() if name.endswith(".jsonl") else [content] for name, content in extra.items()}
    write(file, _manifest(capture, rows), entries, size=sum(account.size for account in accounts))


def _manifest(capture: Capture, rows: dict[str, int]) -> Manifest:
    return Manifest(
        mocksms=version("mocksms"),
        created_at=capture.at,
        scope="accounts" if capture.mock is None else "everything",
        url=capture.url,
        latest=capture.latest,
        keys=capture.with_keys,
        seed=capture.seed,
        options=option_texts(capture.settings),
        rows=rows,
    )


def _scenarios(capture: Capture) -> dict[int, tuple[int, ActiveScenario]]:
    """Return every active scenario with its number, by its identity: accounts share scenarios."""
    active = [account.scenario for account in capture.accounts]
    found = [capture.initial_scenario, *(scenario.behind for scenario in active), *active]
    if capture.mock is not None:
        found.append(capture.mock.state.scenario)
    distinct = {id(scenario): scenario for scenario in found}
    return {each: (number, scenario) for number, (each, scenario) in enumerate(distinct.items(), 1)}


def _scenario_rows(capture: Capture, scenarios: dict[int, tuple[int, ActiveScenario]]) -> Iterator[JsonRow]:
    for number, scenario in scenarios.values():
        behind = None if scenario.layers is None else scenarios[id(scenario.behind)][0]
        yield scenario_row(number, scenario, behind, initial=scenario is capture.initial_scenario)


def _account_rows(
    accounts: Iterable[CapturedAccount],
    scenarios: dict[int, tuple[int, ActiveScenario]],
    schedules: Mapping[str, _Schedule],
) -> Iterator[JsonRow]:
    shared: dict[tuple[str, frozenset[str]], str] = {}
    for account in accounts:
        yield {
            "id": account.key.id,
            "digest": account.key.digest,
            "shown_key": account.key.shown,
            "key": account.key.value,
            **account.attributes,
            "async_delay": account.async_delay,
            "callback_policy": policy_row(account.callback_policy),
            "to_overtake": account.to_overtake,
            "webhooks": [webhook_row(webhook) for webhook in account.webhooks],
            **{name: _numbers_row(account, name, shared) for name in account.lists},
            "clock": clock_row(account.clock),
            "scenario": scenarios[id(account.scenario)][0],
            "rules": [{"position": position, **counters_row(state)} for position, state in account.counters.items()],
            "faults": [_fault_row(fault) for fault in account.faults.active],
            "ended_faults": [_fault_row(fault) for fault in account.faults.removed],
            "faults_added": account.faults.added,
            "ids_random": written_random(account.random.ids),
            "replays_random": written_random(account.random.replays),
            "evicted": {
                log: _evicted_row(getattr(account, log))
                for log in ("messages", "requests", "replies", "consents", "callbacks")
            },
            "waiting_for_credit": account.waiting_for_credit,
            "schedule": [_stale_row(each) for each in schedules[account.key.id].stale],
        }


def _numbers_row(account: CapturedAccount, name: str, shared: dict[tuple[str, frozenset[str]], str]) -> JsonRow:
    numbers, is_own = account.lists[name]
    first = account.key.id if is_own else shared.setdefault((name, numbers), account.key.id)
    if first != account.key.id:
        return {"is_own": False, "numbers": None, "same_as": first}
    return {"is_own": is_own, "numbers": sorted(numbers), "same_as": None}


def _fault_row(fault: ManualFault) -> JsonRow:
    return {
        "id": fault.fault_id,
        "until": fault.until,
        "added": fault.added,
        "fault": fault_source(fault.rule.source),
        **counters_row(fault.state),
    }


def _evicted_row(log: CapturedLog[Any]) -> JsonRow:
    return {"count": log.evicted, "up_to": log.evicted_up_to}


def _owned(accounts: Iterable[CapturedAccount], log: str) -> list[tuple[str, list[Any]]]:
    """Return the records in a log of each account, with the id of the account."""
    return [(account.key.id, getattr(account, log).records) for account in accounts]


def _table(
    owned: Sequence[tuple[OwnerId, Sequence[T]]], row: Callable[[OwnerId, T], JsonRow]
) -> tuple[int, Iterator[JsonRow]]:
    """Return the number of the rows of a table, and the rows: each of an account and a record."""
    return sum(len(records) for _, records in owned), (row(owner, each) for owner, records in owned for each in records)


def _message_rows(accounts: Iterable[CapturedAccount]) -> Iterator[JsonRow]:
    for account in accounts:
        first: dict[int, int] = {}
        for message in account.messages.records:
            known = first.setdefault(id(message.submission), message.sequence)
            yield message_row(account.key.id, message, None if known == message.sequence else known)


class _Schedule(NamedTuple):
    """Scheduled keys of an account by the first callback of each that is not finished, and those without one."""

    by_callback: dict[int, ScheduledKey]
    stale: list[ScheduledKey]


def _schedule(account: CapturedAccount) -> _Schedule:
    first: dict[OrderingKey, int] = {}
    for callback in account.callbacks.records:
        if callback.state is CallbackState.PENDING:
            first.setdefault(callback.ordering_key, callback.number)
    schedule = _Schedule({}, [])
    for place, each in enumerate((*sorted(account.scheduled), *account.held)):
        number, placed = first.pop(each.ordering_key, None), each._replace(place=place)
        if number is None:
            schedule.stale.append(placed)
        else:
            schedule.by_callback[number] = placed
    return schedule


def _stale_row(each: ScheduledKey) -> JsonRow:
    return {"at": each.at, "place": each.place, "url": each.ordering_key.url, "queue": each.ordering_key.subject}


def _mock_row(mock: CapturedMock, scenarios: dict[int, tuple[int, ActiveScenario]], capture: Capture) -> JsonRow:
    state = mock.state
    return {
        "generation": state.generation,
        "evicted": state.evicted._asdict(),
        "evicted_up_to": state.evicted_up_to,
        "is_in_use": state.is_in_use,
        "clock": clock_row(mock.clock),
        "scenario": scenarios[id(state.scenario)][0],
        "faults": [
            {"id": fault_id, "until": until, "fault": fault_source(rule.source)}
            for fault_id, (rule, until) in state.faults.items()
        ],
        "labels": state.labels,
        "unattributed": _evicted_row(capture.unattributed),
        "turns": [{"account": account, "size_class": size_class} for account, size_class in mock.turns],
        "with_due": mock.with_due,
        "with_callbacks": mock.with_callbacks,
    }
