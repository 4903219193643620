"""Quiet: nothing that is due by an account's clock is still on its way to a receiver."""

from __future__ import annotations

import asyncio
from typing import Final

from mocksms.engine.account import Account
from mocksms.engine.engine import Engine, EngineEvent
from mocksms.inspection.errors import CallbacksUnfinished

PATIENCE: Final = 60.0
"""Seconds, in real time, that receivers together may take before a call that waits for quiet gives up."""


class Quiet:
    """Those who wait for quiet at one mock: woken by whatever happens, never polled."""

    def __init__(self, engine: Engine, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._outbox = engine.outbox
        self._waiting: dict[asyncio.Future[None], Account | None] = {}
        engine.listeners.append(self._hear)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def of(self, account: Account | None) -> None:
        """Wait until nothing that is due in an account, or in any, is on its way.

        Raises:
            CallbacksUnfinished: that takes too long.
        """
        if not self._outbox.is_due(account):
            return
        loop = asyncio.get_running_loop()
        quiet: asyncio.Future[None] = loop.create_future()
        self._waiting[quiet] = account
        timer = loop.call_later(self.patience, _settle, quiet, CallbacksUnfinished(self.patience))
        try:
            await quiet
        finally:
            timer.cancel()
            del self._waiting[quiet]

    def stop(self) -> None:
        """End all waits, since the mock stops."""
        for quiet in self._waiting:
            _settle(quiet)

    def _hear(self, _account: Account | None, _news: EngineEvent) -> None:
        for quiet, account in self._waiting.items():
            if not self._outbox.is_due(account):
                _settle(quiet)


def _settle(quiet: asyncio.Future[None], error: CallbacksUnfinished | None = None) -> None:
    if quiet.done():
        return
    if error is None:
        quiet.set_result(None)
    else:
        quiet.set_exception(error)
