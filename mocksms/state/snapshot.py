"""Snapshot of a mock or some accounts: loaded from a file, and restored in a mock."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from mocksms.engine.account import Account
from mocksms.engine.accounts import MockState, Totals
from mocksms.engine.budget import Share
from mocksms.engine.clock import Clock, ClockReading
from mocksms.engine.engine import Engine
from mocksms.engine.journal import Journal, RecordedRequest
from mocksms.engine.restoring import install, replace_all
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, layered
from mocksms.settings import Settings
from mocksms.sms.sizes import format_size
from mocksms.sms.times import MIN_INSTANT
from mocksms.state.account_rows import MockData
from mocksms.state.archive import ACCOUNTS, MOCK, REQUESTS, Manifest
from mocksms.state.building import build
from mocksms.state.errors import InvalidSnapshot, counted
from mocksms.state.loading import Contents, Loader
from mocksms.state.options import different_options
from mocksms.state.rows import LATEST

log = logging.getLogger("mocksms")


class Restored(NamedTuple):
    """What was restored.

    `shifted_by` was added to the numbers of its records. `different_options` are the options that differ between the
    mock of the snapshot and this one.
    """

    accounts: tuple[str, ...]
    messages: int
    shifted_by: int
    different_options: tuple[str, ...]


@dataclass(slots=True)
class Snapshot:
    """A snapshot that is loaded.

    Its accounts are built for a `shift`: what is added to the numbers of their records.
    """

    _contents: Contents
    _settings: Settings
    _built: dict[str, Account]
    shift: int = 0

    @property
    def manifest(self) -> Manifest:
        """The first entry of its file."""
        return self._contents.manifest

    @property
    def accounts(self) -> tuple[str, ...]:
        """The ids of its accounts."""
        return tuple(self._contents.accounts)

    def shift_in(self, engine: Engine, account: str | None) -> int:
        """Return the shift for a mock as it is at this moment, for one account or for all."""
        return engine.cursor if account is not None or self._contents.mock is None else 0

    def build(self, shift: int) -> None:
        """Build the accounts for a shift, so that `restore` need not do it; any thread may call this."""
        self._built = _built(self._contents, self._settings, shift)
        self.shift = shift

    @property
    def initial_scenario(self) -> ActiveScenario:
        """The scenario of the options of its mock."""
        return next((each.active for each in self._contents.scenarios.values() if each.is_initial), NO_SCENARIO)

    def take(self, account: str, shift: int) -> Account:
        """Return an account that no mock has yet."""
        built = self._built.pop(account, None)
        if built is not None and shift == self.shift:
            return built
        return build(self._contents.accounts[account], self._settings, shift)


def load(file: BinaryIO, settings: Settings) -> Snapshot:
    """Load a snapshot for a mock with some options; any thread may call this.

    Raises:
        InvalidSnapshot: the file is not a snapshot that this mock can restore.
    """
    contents = Loader(file, settings).load()
    return Snapshot(contents, settings, _built(contents, settings, 0))


def _built(contents: Contents, settings: Settings, shift: int) -> dict[str, Account]:
    return {name: build(records, settings, shift) for name, records in contents.accounts.items()}


def restore(engine: Engine, snapshot: Snapshot, *, account: str | None = None, frozen: bool = False) -> Restored:
    """Restore a snapshot in a mock, without a pause: all of it, or nothing.

    A snapshot of everything replaces everything; some accounts are added, each in place of the one with its id. If the
    mock has records, the numbers of the restored ones become higher than those.

    Args:
        engine: the mock.
        snapshot: the snapshot, loaded for the options of this mock.
        account: the id of the only account to restore.
        frozen: whether each clock is frozen at the time that it showed at the capture.

    Raises:
        InvalidSnapshot: the mock cannot take it.
    """
    return _Restoration(engine, snapshot, frozen=frozen).run(account)


class _Restoration:
    """Restores one snapshot."""

    def __init__(self, engine: Engine, snapshot: Snapshot, *, frozen: bool) -> None:
        self._engine = engine
        self._snapshot = snapshot
        self._frozen = frozen

    def run(self, name: str | None) -> Restored:
        """Restore one account, or all."""
        snapshot, contents = self._snapshot, self._snapshot._contents
        names = snapshot.accounts if name is None else (name,)
        if name is not None and name not in snapshot.accounts:
            present = ", ".join(snapshot.accounts) or "none"
            advice = "Each API key has its own account: use the key of the snapshot"
            raise InvalidSnapshot(f"it has no account {name}; it has {present}. {advice}")
        mock = contents.mock if name is None else None
        shift = snapshot.shift_in(self._engine, name)
        accounts = [snapshot.take(each, shift) for each in names]
        for account in accounts:
            self._set_clock(account.clock, contents.accounts[account.id].data.clock.reading(), ACCOUNTS)
            self._use_initial_scenario(account)
        unattributed = contents.unattributed if name is None else []
        self._check_limits(accounts, unattributed)
        if mock is not None:
            self._replace_all(accounts, mock)
        else:
            journal = self._engine.accounts.unattributed
            for request in unattributed:
                moved = request._replace(number=request.number + shift)
                journal.add(moved.number, moved)
            install(self._engine, accounts, snapshot.manifest.latest + shift)
        return Restored(
            tuple(names),
            sum(len(account.messages) for account in accounts),
            shift,
            different_options(snapshot.manifest.options, self._engine.settings),
        )

    def _set_clock(self, clock: Clock, reading: ClockReading, entry: str) -> None:
        """Set a clock to what it showed, once its time is known to be within the calendar."""
        if self._frozen:
            reading = reading._replace(is_frozen=True)
        offset = reading.now - reading.real
        real = self._engine.accounts.clock.real()
        if not reading.is_frozen and not MIN_INSTANT - real <= offset <= LATEST - real:
            raise InvalidSnapshot(f"a clock is {offset.days} days from real time, beyond the calendar", entry)
        clock.restore(reading)

    def _use_initial_scenario(self, account: Account) -> None:
        """Let an account share the scenario of the options, so that it is reloaded when its files change."""
        scenario = self._own(account.scenario.behind)
        if scenario.sources == account.scenario.behind.sources:
            account.scenario = layered(account.scenario.front, scenario)
        else:  # its files have changed
            account.activate(scenario)
            account.count_settings()

    def _own(self, scenario: ActiveScenario) -> ActiveScenario:
        """Return the scenario of the options of this mock if this one is that of the options of the snapshot's mock."""
        own, loaded = self._engine.accounts.initial_scenario, self._snapshot._contents.scenarios.values()
        is_initial = any(each.active is scenario and each.is_initial for each in loaded)
        return own if is_initial and scenario.names == own.names else scenario

    def _check_limits(self, accounts: Sequence[Account], unattributed: Sequence[RecordedRequest]) -> None:
        stored, max_requests = self._engine.accounts, self._engine.settings.max_requests
        if len(unattributed) > max_requests:
            limit = f"this mock keeps at most {max_requests}; a higher --max-requests allows more"
            raise InvalidSnapshot(f"has {counted(len(unattributed), 'row')} without an account; {limit}", REQUESTS)
        if len(accounts) > stored.limit:
            limit = f"this mock keeps at most {stored.limit}; a higher --max-memory allows more"
            raise InvalidSnapshot(f"has {len(accounts)} accounts; {limit}", ACCOUNTS)
        size = sum(account.share.used for account in accounts) + sum(request.size for request in unattributed)
        if size > stored.budget.limit:
            limit = f"this mock keeps at most {format_size(stored.budget.limit)}; a higher --max-memory allows more"
            raise InvalidSnapshot(f"its records take {format_size(size)} of memory; {limit}")

    def _replace_all(self, accounts: list[Account], mock: MockData) -> None:
        engine, snapshot, contents = self._engine, self._snapshot, self._snapshot._contents
        clock = Clock()
        self._set_clock(clock, mock.clock.reading(), MOCK)
        journal = Journal(engine.settings.max_requests, Share())
        for request in contents.unattributed:
            journal.add(request.number, request)
        journal.restore_evicted(mock.unattributed.count, mock.unattributed.up_to)
        state = MockState(
            seed=snapshot.manifest.seed or engine.seed,
            latest=snapshot.manifest.latest,
            clock=clock,
            initial_scenario=engine.accounts.initial_scenario,
            scenario=self._own(contents.scenarios[mock.scenario].active),
            faults=contents.new_account_faults,
            labels=mock.labels,
            unattributed=journal,
            generation=mock.generation,
            evicted=Totals(mock.evicted.accounts, mock.evicted.messages, mock.evicted.requests),
            evicted_up_to=mock.evicted_up_to,
            is_in_use=mock.is_in_use,
        )
        by_id = {account.id: account for account in accounts}
        due, with_callbacks = [by_id[each] for each in mock.with_due], [by_id[each] for each in mock.with_callbacks]
        replace_all(engine, accounts, state, due, with_callbacks)
        shares: dict[str | None, Share] = {name: account.share for name, account in by_id.items()}
        shares[None] = journal.share
        engine.accounts.budget.restore_turns((shares[turn.account], turn.size_class) for turn in mock.turns)
