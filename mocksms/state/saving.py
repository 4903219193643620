"""Rows of what was captured, written as a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any, BinaryIO

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
from mocksms.state.callback_rows import callback_row, webhook_row
from mocksms.state.capture import Capture, CapturedAccount, CapturedLog, CapturedMock
from mocksms.state.message_rows import consent_row, due_row, message_row, reply_row
from mocksms.state.options import option_texts
from mocksms.state.request_rows import request_row

JsonRow = dict[str, Any]


def save(capture: Capture, file: BinaryIO, extra: Mapping[str, bytes] = {}) -> None:
    """Write a snapshot; any thread may call this.

    Args:
        capture: what was captured.
        file: where to.
        extra: the entries that a trace has beside those of a snapshot, by name.
    """
    scenarios = _scenarios(capture)
    accounts = capture.accounts
    tables: dict[str, tuple[int, Iterable[JsonRow]]] = {
        SCENARIOS: (len(scenarios), _scenario_rows(capture, scenarios)),
        ACCOUNTS: (len(accounts), _account_rows(accounts, scenarios)),
        MESSAGES: _table(accounts, lambda each: each.messages.records, _message_rows),
        REQUESTS: _request_table(capture),
        REPLIES: _table(accounts, lambda each: each.replies.records, _reply_rows),
        CONSENTS: _table(accounts, lambda each: each.consents.records, _consent_rows),
        CALLBACKS: _table(accounts, lambda each: each.callbacks.records, _callback_rows),
        ACTIONS: _table(accounts, lambda each: each.planned, _action_rows),
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
    found = [capture.initial_scenario, *(account.scenario for account in capture.accounts)]
    if capture.mock is not None:
        found.append(capture.mock.state.scenario)
    distinct = {id(scenario): scenario for scenario in found}
    return {each: (number, scenario) for number, (each, scenario) in enumerate(distinct.items(), 1)}


def _scenario_rows(capture: Capture, scenarios: dict[int, tuple[int, ActiveScenario]]) -> Iterator[JsonRow]:
    for number, scenario in scenarios.values():
        yield scenario_row(number, scenario, initial=scenario is capture.initial_scenario)


def _account_rows(
    accounts: Iterable[CapturedAccount], scenarios: dict[int, tuple[int, ActiveScenario]]
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
            "schedule": _stale_schedule(account),
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


def _table(
    accounts: Iterable[CapturedAccount],
    records: Callable[[CapturedAccount], list[Any]],
    rows: Callable[[CapturedAccount], Iterator[JsonRow]],
) -> tuple[int, Iterator[JsonRow]]:
    """Return the number of the rows of a table, and the rows."""
    accounts = tuple(accounts)
    return sum(len(records(account)) for account in accounts), (row for account in accounts for row in rows(account))


def _message_rows(account: CapturedAccount) -> Iterator[JsonRow]:
    first: dict[int, int] = {}
    for message in account.messages.records:
        known = first.setdefault(id(message.submission), message.sequence)
        yield message_row(account.key.id, message, None if known == message.sequence else known)


def _request_table(capture: Capture) -> tuple[int, Iterator[JsonRow]]:
    owned = [(None, capture.unattributed), *((account.key.id, account.requests) for account in capture.accounts)]
    rows = (request_row(owner, request) for owner, requests in owned for request in requests.records)
    return sum(len(requests.records) for _, requests in owned), rows


def _reply_rows(account: CapturedAccount) -> Iterator[JsonRow]:
    return (reply_row(account.key.id, reply) for reply in account.replies.records)


def _consent_rows(account: CapturedAccount) -> Iterator[JsonRow]:
    return (consent_row(account.key.id, consent) for consent in account.consents.records)


def _callback_rows(account: CapturedAccount) -> Iterator[JsonRow]:
    scheduled, _ = _schedule(account)
    for callback in account.callbacks.records:
        yield callback_row(account.key.id, callback, scheduled.get(callback.number))


def _action_rows(account: CapturedAccount) -> Iterator[JsonRow]:
    for due in sorted(account.planned, key=lambda due: due[:2]):
        yield due_row(account.key.id, due)


def _schedule(account: CapturedAccount) -> tuple[dict[int, ScheduledKey], list[ScheduledKey]]:
    """Return the schedule by the first callback of each key that is not finished, and what has no such callback."""
    first: dict[OrderingKey, int] = {}
    for callback in account.callbacks.records:
        if callback.state is CallbackState.PENDING:
            first.setdefault(callback.ordering_key, callback.number)
    scheduled: dict[int, ScheduledKey] = {}
    stale: list[ScheduledKey] = []
    for place, each in enumerate((*sorted(account.scheduled), *account.held)):
        number, placed = first.pop(each.ordering_key, None), each._replace(place=place)
        if number is None:
            stale.append(placed)
        else:
            scheduled[number] = placed
    return scheduled, stale


def _stale_schedule(account: CapturedAccount) -> list[JsonRow]:
    return [
        {"at": each.at, "place": each.place, "url": each.ordering_key.url, "queue": each.ordering_key.subject}
        for each in _schedule(account)[1]
    ]


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
