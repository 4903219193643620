"""Hold: keeps a response back until a tester releases it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from starlette.types import Receive

from mocksms.engine.account import Account
from mocksms.engine.engine import Engine
from mocksms.engine.holds import HeldRequest
from mocksms.engine.rules import TriggeredFault
from mocksms.provider.faults import until_disconnected
from mocksms.sms.outcomes import FaultKind


class Holder:
    """Holds requests. A mock that stops releases them, and once `stopping` is set holds no more."""

    def __init__(self, engine: Engine, stopping: asyncio.Event) -> None:
        self._engine = engine
        self._stopping = stopping

    async def until_released(
        self, number: int, account: Account | None, triggered: TriggeredFault, receive: Receive
    ) -> bool:
        """Wait until a request is released if its fault holds it. Return whether its client still waits."""
        if triggered.fault.kind is not FaultKind.HOLD or self._stopping.is_set():
            return True
        assert account is not None, "a fault is that of an account"
        loop = asyncio.get_running_loop()
        released: asyncio.Future[bool] = loop.create_future()
        release = partial(_end, released, True)
        timer = loop.call_later(triggered.fault.duration.total_seconds(), release)
        watch = loop.create_task(_watch(receive, partial(_end, released, False)))
        self._engine.holds.add(HeldRequest(number, account, triggered.fault_id, release))
        try:
            return await released
        finally:
            timer.cancel()
            watch.cancel()
            self._engine.holds.remove(number)


def _end(released: asyncio.Future[bool], is_connected: bool) -> None:
    if not released.done():
        released.set_result(is_connected)


async def _watch(receive: Receive, act: Callable[[], object]) -> None:
    await until_disconnected(receive)
    act()
