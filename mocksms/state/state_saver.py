"""Saver of a mock: writes its state file when something has changed, at intervals and at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, BinaryIO, cast

from mocksms.engine.account import Account
from mocksms.engine.collector import collector_paused
from mocksms.engine.engine import Engine, EngineEvent
from mocksms.engine.steps import Steps, finish
from mocksms.sms.durations import format_duration
from mocksms.state.capture import Capture, capture
from mocksms.state.saving import save
from mocksms.state.state_file import StateFile, describe

log = logging.getLogger("mocksms")

RunSteps = Callable[[Steps[Capture]], Awaitable[Capture]]
"""Runs a long operation in the event loop, between other requests."""

Mark = tuple[int, int]
"""What differs after each change of a mock: the number of its latest record, and how many events it had."""


class StateSaver:
    """Saves the state of a mock when it has changed. Reads of the inspection API change nothing.

    A failure is logged once until a save succeeds, and at the end. Then `failed` says that something is lost.

    Args:
        engine: the mock.
        file: its state file.
        every: the interval; 0: only at the end.
        is_saved: whether the file has the state of the mock now.
    """

    def __init__(self, engine: Engine, file: StateFile, every: timedelta, *, is_saved: bool) -> None:
        self.failed = False
        self._engine = engine
        self._file = file
        self._every = every
        self._events = 0
        self._saved = self._mark if is_saved else None
        self._saving: Mark | None = None
        self._problem = ""
        self._is_aborted = False
        self._is_ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        engine.listeners.append(self._on_event)
        if file.problem:
            self._report(file.problem, self._then)

    @property
    def _mark(self) -> Mark:
        return self._engine.cursor, self._events

    @property
    def _then(self) -> str:
        again = f"every {format_duration(self._every)}" if self._every else "at the end"
        return f"mocksms goes on, and tries again {again}."

    def _on_event(self, _account: Account | None, _event: EngineEvent) -> None:
        self._events += 1

    @asynccontextmanager
    async def running(self, run: RunSteps) -> AsyncIterator[None]:
        """Save at intervals during a block, and for the last time at its end; `run` makes captures."""
        self.start(run)
        yield
        await self.end()

    def start(self, run: RunSteps) -> None:
        """Save at intervals from now on, in the current event loop; `run` makes captures."""
        if self._every:
            self._task = asyncio.create_task(self._save_at_intervals(run))

    async def end(self) -> None:
        """Save for the last time, and release the file. A save that runs ends first; one that is out of date aborts."""
        self._is_ending.set()
        self._is_aborted = self._saving != self._mark
        if self._task is not None:
            await self._task
        self._is_aborted = False
        self._problem = ""
        await self._save(_run_at_once, "What has changed since the last save is lost.")
        self.failed = self._saved != self._mark
        self._file.close()

    async def _save_at_intervals(self, run: RunSteps) -> None:
        """Save again and again, from the beginning of one save to that of the next."""
        loop, pause = asyncio.get_running_loop(), self._every.total_seconds()
        due_at = loop.time()
        while not self._is_ending.is_set():
            await self._save(run, self._then)
            due_at = max(due_at + pause, loop.time())
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due_at):
                    await self._is_ending.wait()

    async def _save(self, run: RunSteps, after_failure: str) -> None:
        """Save what has changed; the file is written in a thread. Report a failure, and what happens then."""
        mark = self._mark
        if mark == self._saved:
            return
        self._saving = mark
        try:
            with collector_paused():  # else it visits what was captured, while everything waits
                error = await self._write(await run(capture(self._engine)))
        except Exception as unexpected:
            error = unexpected
        self._saving = None
        if isinstance(error, OSError):
            self._report(describe(error), after_failure)
        elif error is None:
            if self._problem:
                log.warning("The state is saved in %r again.", self._file.name)
            self._saved, self._problem = mark, ""
        elif not isinstance(error, Aborted):
            self._report(f"internal error of mocksms: {error!r}", after_failure, error)

    async def _write(self, captured: Capture) -> Exception | None:
        """Write the file in a thread; return the error if it fails."""

        def write() -> Exception | None:
            try:
                self._file.write(lambda file: save(captured, self._abortable(file)))
            except Exception as error:
                return error
            return None

        return await asyncio.to_thread(write)

    def _report(self, problem: str, then: str, error: Exception | None = None) -> None:
        """Log a problem, unless it is that of the save before."""
        if problem != self._problem:
            log.error("The state cannot be saved in %r: %s. %s", self._file.name, problem, then, exc_info=error)
        self._problem = problem

    def _abortable(self, file: BinaryIO) -> BinaryIO:
        return cast("BinaryIO", AbortableFile(file, lambda: self._is_aborted))


async def _run_at_once(steps: Steps[Capture]) -> Capture:
    return finish(steps)


class Aborted(Exception):
    """A save ends early."""


class AbortableFile:
    """A file whose writes raise Aborted as soon as a function says so."""

    def __init__(self, file: BinaryIO, is_aborted: Callable[[], bool]) -> None:
        self._file = file
        self._is_aborted = is_aborted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, content: bytes) -> int:
        """Write to the file."""
        if self._is_aborted():
            raise Aborted
        return self._file.write(content)
