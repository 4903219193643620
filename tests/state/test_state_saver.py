from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from mocksms.engine.engine import Engine
from mocksms.engine.steps import Steps
from mocksms.settings import Settings
from mocksms.sms.message import Recipient, Submission
from mocksms.state import state_saver
from mocksms.state.state_file import StateFile
from mocksms.state.state_saver import StateSaver
from tests.support import KEY, NUMBER, TIMEOUT

MOMENT = timedelta(milliseconds=1)


class World:
    """A mock with a state file; a save writes the number of messages, by `save`. Saves are counted by their content."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.engine = Engine(Settings(seed="tests"))
        self.saves: list[int] = []
        self.save: Callable[[BinaryIO], object] = lambda _: None

    def send(self) -> None:
        self.engine.submit(self.engine.account(KEY), Submission("Hello"), [Recipient(NUMBER)])

    def capture(self, engine: Engine) -> Steps[int]:
        yield
        return len(engine.account(KEY).messages)

    def write(self, captured: Any, file: BinaryIO) -> None:
        self.saves.append(captured)
        self.save(file)
        assert file.tell() == 0
        file.write(b"%d messages" % captured)

    @property
    def content(self) -> bytes:
        return self.path.read_bytes()

    def saver(self, every: timedelta = MOMENT, *, is_saved: bool = False) -> StateSaver:
        return StateSaver(self.engine, StateFile(str(self.path)), every, is_saved=is_saved)

    @asynccontextmanager
    async def saving(self, every: timedelta = MOMENT, *, is_saved: bool = False) -> AsyncIterator[StateSaver]:
        saver = self.saver(every, is_saved=is_saved)
        saver.start(run)
        yield saver
        await saver.end()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(tmp_path / "mock.zip")
    monkeypatch.setattr(state_saver, "capture", world.capture)
    monkeypatch.setattr(state_saver, "save", world.write)
    return world


async def run(steps: Steps[Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(TIMEOUT):
        while not condition():
            await asyncio.sleep(0.001)


def disk_full(_: BinaryIO) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "mocksms"]


def test_change_is_saved_once_and_at_the_end_what_came_since(world: World) -> None:
    async def live() -> None:
        async with world.saving():
            await until(lambda: world.content == b"0 messages")  # also a new mock, which may have a random seed
            world.send()
            await until(lambda: world.content == b"1 messages")
            await asyncio.sleep(0.02)
            assert world.saves == [0, 1]

    asyncio.run(live())
    assert world.saves == [0, 1]
    with closing(StateFile(str(world.path))):
        pass  # the saver has released it


def test_restored_state_is_not_saved_before_it_changes(world: World) -> None:
    async def live(*, sends: bool) -> None:
        async with world.saving(timedelta(), is_saved=True):
            if sends:
                world.send()

    asyncio.run(live(sends=False))
    assert world.saves == []
    asyncio.run(live(sends=True))
    assert world.saves == [1]


def test_save_never_starts_while_another_runs(world: World) -> None:
    blocked, goes_on = threading.Event(), threading.Event()

    def wait(_: BinaryIO) -> None:
        blocked.set()
        assert goes_on.wait(TIMEOUT)

    async def live() -> None:
        async with world.saving():
            world.save = wait
            world.send()
            await until(blocked.is_set)
            world.send()
            await asyncio.sleep(0.02)  # several intervals
            assert world.saves[-1] == 1
            world.save = lambda _: None
            goes_on.set()
            await until(lambda: world.content == b"2 messages")

    asyncio.run(live())
    assert world.saves == sorted(set(world.saves))


@pytest.mark.parametrize("is_outdated", [True, False])
def test_save_that_runs_at_the_end_is_aborted_if_it_is_out_of_date(world: World, *, is_outdated: bool) -> None:
    blocked, goes_on = threading.Event(), threading.Event()

    def wait(_: BinaryIO) -> None:
        if not goes_on.is_set():
            blocked.set()
            assert goes_on.wait(TIMEOUT)

    async def live() -> bool:
        world.save = wait
        saver = world.saver()
        saver.start(run)
        await until(blocked.is_set)
        if is_outdated:
            world.send()
        asyncio.get_running_loop().call_soon(goes_on.set)
        await saver.end()
        return saver.failed

    assert asyncio.run(live()) is False
    assert world.saves == ([0, 1] if is_outdated else [0])
    assert world.content == (b"1 messages" if is_outdated else b"0 messages")
    assert not world.path.with_name("mock.zip.previous").exists()


def test_failure_is_logged_once_until_a_save_succeeds(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def live() -> StateSaver:
        async with world.saving() as saver:
            for _ in range(2):
                await until(lambda: world.saves and world.content)
                world.save = disk_full
                failed = len(world.saves) + 2
                world.send()
                await until(lambda: len(world.saves) > failed)  # noqa: B023 - used at once
                world.save = lambda _: None
                await until(lambda: world.content == b"%d messages" % len(world.engine.account(KEY).messages))
        return saver

    assert asyncio.run(live()).failed is False
    failure = (
        f"The state cannot be saved in '{world.path}': No space left on device. "
        "mocksms goes on, and tries again every 1ms."
    )
    success = f"The state is saved in '{world.path}' again."
    assert errors(caplog) == [failure, success] * 2


def test_failure_at_the_end_is_logged_although_it_was_before(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def live() -> StateSaver:
        world.save = disk_full
        async with world.saving() as saver:
            await until(lambda: len(world.saves) > 1)
        return saver

    assert asyncio.run(live()).failed is True
    problem = f"The state cannot be saved in '{world.path}': No space left on device."
    assert errors(caplog) == [
        f"{problem} mocksms goes on, and tries again every 1ms.",
        f"{problem} What has changed since the last save is lost.",
    ]


def test_defect_is_logged_with_its_traceback_and_saving_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Engine) -> Steps[int]:
        raise ZeroDivisionError("a defect")

    async def live() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(state_saver, "capture", fail)
            async with world.saving():
                await until(caplog.records.copy)
                patch.undo()
                monkeypatch.setattr(state_saver, "capture", world.capture)
                await until(lambda: world.content == b"0 messages")

    monkeypatch.setattr(state_saver, "save", world.write)
    asyncio.run(live())
    assert "internal error of mocksms: ZeroDivisionError('a defect')" in errors(caplog)[0]
    assert caplog.records[0].exc_info
    assert len(errors(caplog)) == 2


def test_folder_that_cannot_be_written_is_logged_at_the_start(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        disk_full(None)  # type: ignore[arg-type]

    async def live() -> StateSaver:
        async with world.saving(timedelta(), is_saved=True) as saver:
            assert errors(caplog) == [
                f"The state cannot be saved in '{world.path}': No space left on device. "
                "mocksms goes on, and tries again at the end."
            ]
        return saver

    monkeypatch.setattr("mocksms.state.state_file.mkstemp", fail)
    assert asyncio.run(live()).failed is False  # nothing has changed, so nothing is lost
    assert len(errors(caplog)) == 1
