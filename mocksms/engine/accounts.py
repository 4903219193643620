"""Accounts of one mock: created on first use. Above the limit, the least recently used one is evicted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from mocksms.engine.account import ACCOUNT_SIZE, Account, fresh_generation, number_lists
from mocksms.engine.budget import MemoryBudget, Share
from mocksms.engine.clock import Clock
from mocksms.engine.journal import Journal
from mocksms.engine.keys import AccountKey
from mocksms.engine.logs import Numbering
from mocksms.engine.memory_limit import default_limit
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, Rule
from mocksms.engine.steps import finish
from mocksms.settings import Settings
from mocksms.sms.message import Message


class Totals(NamedTuple):
    """Numbers of accounts, messages and requests."""

    accounts: int
    messages: int
    requests: int


class MockState(NamedTuple):
    """What a mock keeps besides its accounts, as the attributes of Accounts.

    `latest` is the number of the latest record, `generation` that of the next new account. `evicted` counts what is
    evicted with accounts. `is_in_use` says whether the latest used account still exists: then another one gets
    a later cursor.
    """

    seed: str
    latest: int
    clock: Clock
    initial_scenario: ActiveScenario
    scenario: ActiveScenario
    faults: dict[int, tuple[Rule, datetime]]
    labels: dict[str, str]
    unattributed: Journal
    generation: int
    evicted: Totals
    evicted_up_to: int
    is_in_use: bool


class Accounts:
    """The accounts by API key, and what belongs to none of them.

    All that is random derives from `seed`. `initial_scenario` is active at the start and after a reset of everything,
    `scenario` in new accounts. They also get the time of `clock`, and the `faults`, each a rule until an instant.
    `unattributed` is the journal of requests without an account. `limit` is how many accounts are kept: at most a
    quarter of the memory is for accounts without records. `evicted_up_to` is the highest number of a record in an
    evicted account. `labels` and `fronts` are the labels of accounts that do not exist yet and the scenarios in front
    that they get, by id; any thread may add one.
    """

    def __init__(
        self, settings: Settings, time: Callable[[], datetime], seed: str, scenario: ActiveScenario = NO_SCENARIO
    ) -> None:
        self.initial_scenario = scenario
        self.numbering = Numbering()
        self.labels: dict[str, str] = {}
        self.fronts: dict[str, ActiveScenario] = {}
        self._settings = settings
        self._time = time
        self.seed = seed
        self._generation = 0
        self._latest: Account | None = None
        self._lists = number_lists(settings)
        self.budget = MemoryBudget(settings.max_memory or default_limit())
        self.limit = min(settings.max_accounts, max(1, self.budget.limit // (4 * ACCOUNT_SIZE)))
        self._start_empty()

    def __iter__(self) -> Iterator[Account]:
        """Iterate over the accounts, the least recently used first."""
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def holds(self, account: Account) -> bool:
        """Whether an account still exists."""
        return self._by_id.get(account.id) is account

    def get(self, key: str) -> Account:
        """Return the account of an API key, created on first use."""
        account = self._by_key.get(key)
        if account is None:
            account = self._adopt_or_add(key)
        self.use(account)
        return account

    def use(self, account: Account) -> None:
        """Make a stored account the latest used one."""
        if account is not self._latest:
            self._by_id.move_to_end(account.id)
            self._become_latest(account)
        account.used_at = self.numbering.latest

    def peek(self, key: str) -> Account:
        """Return the account of an API key, or an equal new one that is not stored."""
        return self.by_key(key) or self._new(AccountKey.of(key))

    def by_key(self, key: str) -> Account | None:
        """Return the account of an API key, None if there is none yet."""
        return self._by_key.get(key) or self._with_digest(AccountKey.of(key))

    def by_id(self, name: str) -> Account | None:
        """Return the account with an id, None if there is none."""
        return self._by_id.get(name)

    def by_token(self, token: str) -> tuple[Account, Message] | None:
        """Return the message with a token in its links, and its account; of two with one token, the first message.

        Ids of two accounts have a token of 48 bits in common once in years. Restored accounts may have copies.
        """
        found = ((account, account.messages.by_token(token)) for account in self)
        known = [(account, message) for account, message in found if message is not None]
        return min(known, key=lambda pair: pair[1].sequence, default=None)

    def latest_first(self, after: int = 0, before: int | None = None) -> Iterator[Account]:
        """Iterate over the accounts by their last use, after a cursor and before another, the latest first.

        Accounts may be used, created and evicted meanwhile.
        """
        for account in tuple(self._by_id.values())[::-1]:
            if after and account.used_at <= after:
                return
            if before is None or account.used_at < before:
                yield account

    def install(self, account: Account, latest: int = 0) -> None:
        """Store a complete account that was made apart, as the latest used one, in place of the one with its id.

        `latest` is the highest number of its records; it must be higher than all that the mock has, unless that has
        none. This may evict another account, and records.
        """
        before = self._by_id.get(account.id)
        if before is not None:
            if account.key is None and before.digest == account.digest:
                account.shown_key, account.key = before.shown_key, before.key
            self.delete(before)
            finish(before.free())
        newest = next(reversed(self._by_id.values()), None)
        self.numbering.continue_after(latest)
        if newest is not None and account.used_at <= newest.used_at:
            account.used_at = self.numbering.take()
        self._become_latest(account)
        self._join(account)
        self._store_first(account)

    def state(self) -> MockState:
        """Return what is kept besides the accounts; its clock and journal change with the mock."""
        return MockState(
            seed=self.seed,
            latest=self.numbering.latest,
            clock=self.clock,
            initial_scenario=self.initial_scenario,
            scenario=self.scenario,
            faults={**self.faults},
            labels={**self.labels},
            unattributed=self.unattributed,
            generation=self._generation,
            evicted=self._evicted,
            evicted_up_to=self.evicted_up_to,
            is_in_use=self._latest is not None,
        )

    def replace_all(self, accounts: Sequence[Account], state: MockState) -> None:
        """Replace everything by complete accounts that were made apart, the least recently used first, and a state.

        Their ids must differ. This may evict accounts and records beyond the limits.
        """
        self._start_empty(state.unattributed)
        self.seed, self.numbering.latest, self._generation = state.seed, state.latest, state.generation
        self.clock = state.clock
        self.clock.read_from(self._time)
        self.initial_scenario, self.scenario = state.initial_scenario, state.scenario
        self.faults.update(state.faults)
        self.labels.clear()
        self.labels.update(state.labels)
        self._evicted, self.evicted_up_to = state.evicted, state.evicted_up_to
        for account in accounts:
            self._join(account)
            self._store(account)
            self._latest = account if state.is_in_use else None

    def renew_ids(self) -> None:
        """Make the ids of all accounts, also of new ones, differ from those that the same seed gave before."""
        self._generation = fresh_generation()
        for account in self:
            account.renew_ids(self._generation)

    def _join(self, account: Account) -> None:
        """Make an account share the numbers and real time of the mock."""
        account.numbering = self.numbering
        account.clock.read_from(self._time)

    def delete(self, account: Account) -> None:
        """Delete an account with all its records, to be freed; its key gets a new one on next use."""
        if self.holds(account):
            self._generation += 1
            self._remove(account)

    def delete_all(self) -> list[Account]:
        """Delete everything, and return to real time; return the deleted accounts, to be freed."""
        self._generation += len(self)
        deleted = [*self]
        self._start_empty()
        return deleted

    def totals(self) -> Totals:
        """Count what is stored."""
        return Totals(
            len(self),
            sum(len(account.messages) for account in self),
            sum(len(account.journal) for account in self) + len(self.unattributed),
        )

    def evicted(self) -> Totals:
        """Count what was evicted."""
        return Totals(
            self._evicted.accounts,
            self._evicted.messages + sum(account.messages.evicted for account in self),
            self._evicted.requests + sum(account.journal.evicted for account in self) + self.unattributed.evicted,
        )

    def _start_empty(self, unattributed: Journal | None = None) -> None:
        self.clock = Clock(self._time)
        self.scenario = self.initial_scenario
        self.faults: dict[int, tuple[Rule, datetime]] = {}
        self.budget.close()
        self.unattributed = Journal(self._settings.max_requests, Share()) if unattributed is None else unattributed
        self.budget.add(self.unattributed.share, self.unattributed.evict_oldest)
        self.evicted_up_to = 0
        self._by_id: OrderedDict[str, Account] = OrderedDict()
        self._by_key: dict[str, Account] = {}
        self._evicted = Totals(0, 0, 0)
        self._latest = None

    def _with_digest(self, key: AccountKey) -> Account | None:
        """Return the account with the digest of a key, which it may have been restored without."""
        account = self._by_id.get(key.id)
        return account if account is not None and account.digest == key.digest else None

    def _adopt_or_add(self, key: str) -> Account:
        """Return the account that was restored without this key, which it gets; or a new one."""
        account_key = AccountKey.of(key)
        account = self._with_digest(account_key)
        if account is None:
            return self._add(account_key)
        account.shown_key, account.key = account_key.shown, key
        self._by_key[key] = account
        return account

    def _add(self, key: AccountKey) -> Account:
        same_id = self._by_id.get(key.id)
        if same_id is not None:
            self._evict(same_id)
        account = self._new(key)
        self._become_latest(account)
        self._store_first(account)
        return account

    def _store_first(self, account: Account) -> None:
        """Add an account after all others; what an account with its id was to get at its first use is forgotten."""
        self.labels.pop(account.id, None)
        self.fronts.pop(account.id, None)
        self._store(account)

    def _store(self, account: Account) -> None:
        """Add an account after all others; this may evict one."""
        self._by_id[account.id] = account
        if account.key is not None:
            self._by_key[account.key] = account
        if len(self._by_id) > self.limit:
            self._evict(next(iter(self)))
        self.budget.add(account.share, partial(self._evict_from, account))

    def _become_latest(self, account: Account) -> None:
        """Make sure that the accounts differ in the record number at their last use: it is a cursor."""
        if self._latest is not None and self._latest.used_at >= self.numbering.latest:
            self.numbering.take()
        self._latest = account

    def _new(self, key: AccountKey) -> Account:
        # The new account of a key must not reuse transaction ids of an earlier one, but its random faults repeat.
        clock, lists, generation = self.clock.copy(), self._lists, self._generation
        account = Account(key, self._settings, clock, self.seed, self.numbering, generation, lists)
        account.label = self.labels.get(account.id, "")
        account.apply_scenario(self.scenario)
        if account.id in self.fronts:
            account.apply_scenario(self.fronts[account.id], in_front=True)
        account.callbacks.paused = account.paused_urls
        for fault_id, (rule, until) in self.faults.items():
            account.faults.add(rule, until, fault_id)
        account.count_settings()
        return account

    def _evict_from(self, account: Account) -> None:
        """Evict the oldest record of an account, or the account if it has none."""
        if not account.evict_oldest():
            self._evict(account)

    def _evict(self, account: Account) -> None:
        self._generation += 1
        self.evicted_up_to = self.numbering.latest
        self._evicted = Totals(
            self._evicted.accounts + 1,
            self._evicted.messages + account.messages.evicted + len(account.messages),
            self._evicted.requests + account.journal.evicted + len(account.journal),
        )
        self._remove(account)
        finish(account.free())

    def _remove(self, account: Account) -> None:
        del self._by_id[account.id]
        if account.key is not None:
            del self._by_key[account.key]
        if self._latest is account:
            self._latest = None
        self.budget.remove(account.share)
