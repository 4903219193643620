"""Slices: long operations share the event loop with all other requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext, suppress
from heapq import heappop, heappush
from itertools import count
from typing import Final, TypeVar

from mocksms.engine.clock import timer
from mocksms.engine.steps import Steps

T = TypeVar("T")

MAX_INLINE_BYTES: Final = 16_384
"""Bytes of a body that is parsed at once; a longer one is parsed in a thread."""

SLICE_SECONDS: Final = 0.01
"""Seconds that long operations together may take in one pass of the event loop."""


class Stopping(Exception):
    """The mock stops before a long operation is done."""


class Slices:
    """Shares the event loop between long operations and all other requests.

    In one pass of the loop, long operations together get SLICE_SECONDS. Then those that are not done wait, and one of
    them continues in each pass: the one that had the fewest slices, and of several the newest. So a short operation
    overtakes long ones.
    """

    def __init__(self) -> None:
        self._ends_at: float | None = None
        self._is_scheduled = False
        self._is_stopped = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._tiebreaker = count()
        self._thread = asyncio.Semaphore(1)

    async def run(self, steps: Steps[T], *, to_end: bool = False) -> T:
        """Run a long operation, and return its result.

        Args:
            steps: the operation.
            to_end: whether it continues, without a pause, when the mock stops.

        Raises:
            Stopping: the mock stops during a pause.
        """
        slices = 0
        try:
            while True:
                if self._is_over() and not (to_end and self._is_stopped):
                    with suppress(Stopping) if to_end else nullcontext():
                        await self._pause(slices)
                    slices += 1
                next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()

    def stop(self) -> None:
        """End the operations that pause, and all that would, because the mock stops."""
        self._is_stopped = True
        for _, _, future in self._waiting:
            if not future.done():
                future.set_exception(Stopping())
        self._waiting.clear()

    async def run_in_thread(self, function: Callable[..., T], *arguments: object, **more: object) -> T:
        """Run a function that reads nothing but its arguments in a thread, while the loop continues; one at a time."""
        async with self._thread:
            return await asyncio.to_thread(function, *arguments, **more)

    def _is_over(self) -> bool:
        """Whether the slice of this pass of the loop is over; the first operation of a pass starts it."""
        if self._ends_at is None:
            self._start_slice()
            return False
        return timer() >= self._ends_at

    def _start_slice(self) -> None:
        self._ends_at = timer() + SLICE_SECONDS
        self._schedule()

    async def _pause(self, slices: int) -> None:
        if self._is_stopped:
            raise Stopping
        future = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (slices, -next(self._tiebreaker), future))
        await future
        self._start_slice()

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._start_pass)

    def _start_pass(self) -> None:
        """End the slice of the last pass, and wake the next operation that waits."""
        self._is_scheduled, self._ends_at = False, None
        while self._waiting:
            future = heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
                break
        if self._waiting:
            self._schedule()
