"""Capture of a mock: references to everything that it keeps, so that a thread can write it while the mock runs on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from mocksms.engine.account import Account, Consent, RandomStates, Reply
from mocksms.engine.accounts import MockState
from mocksms.engine.agenda import DueAction
from mocksms.engine.callbacks import Callback, ScheduledKey
from mocksms.engine.clock import ClockReading
from mocksms.engine.counted_rule import ManualFaults, RuleState
from mocksms.engine.engine import Engine
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.keys import AccountKey
from mocksms.engine.logs import BoundedLog
from mocksms.engine.rules import ActiveScenario
from mocksms.engine.steps import Steps
from mocksms.settings import Settings
from mocksms.sms.message import CallbackPolicy, Message
from mocksms.state.account_rows import ATTRIBUTES, LISTS

T = TypeVar("T")


class CapturedLog(NamedTuple, Generic[T]):
    """The records of a log, oldest first, how many were evicted, and the highest number among those."""

    records: list[T]
    evicted: int
    evicted_up_to: int


class CapturedNumbers(NamedTuple):
    """A list of numbers of an account: its own, or one that accounts share."""

    numbers: frozenset[str]
    is_own: bool


class CapturedAccount(NamedTuple):
    """An account at one moment."""

    key: AccountKey
    attributes: dict[str, Any]
    async_delay: float
    callback_policy: CallbackPolicy
    to_overtake: list[int]
    webhooks: tuple[Any, ...]
    lists: dict[str, CapturedNumbers]
    clock: ClockReading
    scenario: ActiveScenario
    counters: dict[int, RuleState]
    faults: ManualFaults
    random: RandomStates
    waiting_for_credit: tuple[int, ...]
    messages: CapturedLog[Message]
    requests: CapturedLog[RecordedRequest]
    replies: CapturedLog[Reply]
    consents: CapturedLog[Consent]
    callbacks: CapturedLog[Callback]
    scheduled: list[ScheduledKey]
    held: list[ScheduledKey]
    planned: list[DueAction]
    size: int


class CapturedMock(NamedTuple):
    """What a mock keeps beside its accounts. `turns` are the ids of accounts by size class; None has no account."""

    state: MockState
    clock: ClockReading
    turns: list[tuple[str | None, int]]
    with_due: list[str]
    with_callbacks: list[str]


class Capture(NamedTuple):
    """A mock, or some of its accounts; then `mock` is None. `latest` is the number of the latest record."""

    settings: Settings
    seed: str
    url: str
    at: datetime
    latest: int
    with_keys: bool
    initial_scenario: ActiveScenario
    accounts: list[CapturedAccount]
    unattributed: CapturedLog[RecordedRequest]
    mock: CapturedMock | None


def capture(
    engine: Engine,
    accounts: Sequence[Account] | None = None,
    *,
    with_keys: bool = False,
    unattributed_since: int | None = None,
) -> Steps[Capture]:
    """Capture a mock, one account in a step; call it in the event loop.

    Args:
        engine: the mock.
        accounts: the accounts, None for everything.
        with_keys: whether API keys are captured.
        unattributed_since: for some accounts also the requests without an account after this cursor.
    """
    stored = engine.accounts
    captured: dict[str, CapturedAccount] = {}
    for account in tuple(stored) if accounts is None else accounts:
        if accounts is not None or stored.holds(account):
            captured[account.id] = _account(engine, account, with_keys=with_keys)
        yield
    unattributed = _unattributed(engine, accounts is None, unattributed_since)
    yield
    # In the order of their last use, each at its own moment: the number of the latest record then is a cursor.
    ordered = sorted(captured.values(), key=lambda each: each.attributes["used_at"])
    return Capture(
        settings=engine.settings,
        seed=engine.seed,
        url=engine.text_policy.link_base,
        at=stored.clock.real(),
        latest=engine.cursor,
        with_keys=with_keys,
        initial_scenario=stored.initial_scenario,
        accounts=ordered,
        unattributed=unattributed,
        mock=_mock(engine, captured) if accounts is None else None,
    )


def _account(engine: Engine, account: Account, *, with_keys: bool) -> CapturedAccount:
    return CapturedAccount(
        key=AccountKey(account.digest, account.shown_key, account.key if with_keys else None),
        attributes={name: getattr(account, name) for name in ATTRIBUTES},
        async_delay=account.async_delay.total_seconds(),
        callback_policy=account.callback_policy,
        to_overtake=sorted(account.callbacks.to_overtake),
        webhooks=account.webhooks,
        lists={name: _numbers(getattr(account, name)) for name in LISTS},
        clock=account.clock.reading(),
        scenario=account.scenario,
        counters=account.rules.counters(),
        faults=account.faults.manual_faults(),
        random=account.random_states,
        waiting_for_credit=tuple(account.waiting_for_credit),
        messages=_log(account.messages.log),
        requests=_log(account.journal),
        replies=_log(account.replies),
        consents=_log(account.consents),
        callbacks=_log(account.callbacks),
        scheduled=account.callbacks.scheduled,
        held=engine.outbox.held_of(account),
        planned=account.agenda.actions,
        size=account.share.used,
    )


def _numbers(numbers: Any) -> CapturedNumbers:
    return CapturedNumbers(frozenset(numbers), isinstance(numbers, set))


def _log(log: BoundedLog[T]) -> CapturedLog[T]:
    return CapturedLog(log.records, log.evicted, log.evicted_up_to)


def _unattributed(engine: Engine, everything: bool, since: int | None) -> CapturedLog[RecordedRequest]:
    journal = engine.accounts.unattributed
    if everything:
        return _log(journal)
    return CapturedLog([] if since is None else [*journal.newest_first(since)][::-1], 0, 0)


def _mock(engine: Engine, captured: dict[str, CapturedAccount]) -> CapturedMock:
    stored = engine.accounts
    owners = {stored.unattributed.share: None, **{account.share: account.id for account in stored}}
    return CapturedMock(
        state=stored.state(),
        clock=stored.clock.reading(),
        turns=[
            (owners[share], share.size_class)
            for share in stored.budget.turns
            if owners[share] is None or owners[share] in captured
        ],
        with_due=[account.id for account in engine.accounts_with_due if account.id in captured],
        with_callbacks=[account.id for account in engine.outbox.accounts_with_callbacks if account.id in captured],
    )
