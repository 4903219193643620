"""Restoring: puts accounts that were made apart into an engine, without a pause."""

from __future__ import annotations

from collections.abc import Sequence

from mocksms.engine.account import Account
from mocksms.engine.accounts import MockState
from mocksms.engine.engine import Engine, ManualChange


def install(engine: Engine, accounts: Sequence[Account], latest: int) -> None:
    """Store complete accounts as the latest used ones, each in place of the one with its id.

    Their ids must differ, and their records have numbers up to `latest`; see Accounts.install.
    """
    for account in accounts:
        engine.accounts.install(account, latest)
    _track(engine, accounts, accounts)
    for account in accounts:
        engine.holds.release(account)
        engine.emit(account, ManualChange.RESET)


def replace_all(
    engine: Engine,
    accounts: Sequence[Account],
    state: MockState,
    due: Sequence[Account] = (),
    with_callbacks: Sequence[Account] = (),
) -> None:
    """Replace everything by complete accounts, the least recently used first, and a state; see Accounts.replace_all.

    `due` are accounts with planned actions and `with_callbacks` those with callbacks, in the order in which the engine
    looks at them; others follow.
    """
    engine.accounts.replace_all(accounts, state)
    _track(engine, (*due, *accounts), (*with_callbacks, *accounts))
    engine.holds.release(None)
    engine.emit(None, ManualChange.RESET)


def _track(engine: Engine, due: Sequence[Account], with_callbacks: Sequence[Account]) -> None:
    """Have the engine apply what accounts planned, and deliver their callbacks."""
    for account in due:
        engine.track_due(account)
    engine.outbox.track(with_callbacks)
