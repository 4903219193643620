from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from itertools import cycle

import pytest

from mocksms.connections import acceptor
from mocksms.connections.acceptor import RESERVED_DESCRIPTORS, Acceptor, max_descriptors
from mocksms.connections.idle import IdleConnections
from tests.support import TIMEOUT, free_port

needs_limits = pytest.mark.skipif(sys.platform == "win32", reason="there is no limit of descriptors here")
HEALTH = b"GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Echo(asyncio.Protocol):
    """Returns what it receives; idle from its beginning."""

    def __init__(self, idle: IdleConnections) -> None:
        self._idle = idle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._idle.add(self)

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)

    def has_input(self) -> bool:
        return False

    def close_idle(self) -> None:
        self._transport.close()


class Story:
    """An acceptor, and clients that connect to it."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.idle = IdleConnections()
        self.acceptor = Acceptor(self._listening, lambda: Echo(self.idle), self.idle)
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self) -> asyncio.StreamReader:
        """Return a connection that may not be accepted yet; it has sent something."""
        reader, writer = await asyncio.open_connection(*self._listening.getsockname())
        self._writers.append(writer)
        writer.write(b"hello")
        return reader

    async def connect(self) -> asyncio.StreamReader:
        """Return a connection that was accepted."""
        reader = await self.open()
        async with asyncio.timeout(TIMEOUT):
            assert await reader.read(5) == b"hello"
        return reader

    async def end(self) -> None:
        await self.acceptor.stop()
        self._listening.close()
        while self.idle.close_longest():
            pass
        for writer in self._writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


def tell(story: Callable[[Story], Awaitable[None]]) -> None:
    async def run() -> None:
        opened = Story()
        try:
            await story(opened)
        finally:
            await opened.end()

    asyncio.run(run())


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_every_connection_is_accepted() -> None:
    async def story(opened: Story) -> None:
        await asyncio.gather(*(opened.connect() for _ in range(2 * acceptor.MAX_BATCH)))
        assert len(opened.idle) == 2 * acceptor.MAX_BATCH

    tell(story)


WARNING = (
    "Out of file descriptors (the limit is 0): the longest idle connections are closed. "
    "If none is idle, new connections wait. ulimit -n raises the limit."
)


def test_no_connection_is_lost_while_the_acceptor_stops() -> None:
    """A lost one causes a ResourceWarning. The client connects some steps of the loop before the stop."""

    async def run(steps: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            idle = IdleConnections()
            stopping = Acceptor(listening, lambda: Echo(idle), idle)
            await asyncio.sleep(0)
            with socket.create_connection(listening.getsockname(), TIMEOUT):
                for _ in range(steps):
                    await asyncio.sleep(0)
                await stopping.stop()
                idle.close_longest()
                await asyncio.sleep(0)

    for steps in range(6):
        asyncio.run(run(steps))
        gc.collect()


def test_longest_idle_connection_is_closed_while_few_descriptors_are_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(opened: Story) -> None:
        first = await opened.connect()
        second = await opened.connect()
        shorts = cycle([True, False])
        monkeypatch.setattr(acceptor, "max_descriptors", lambda: 0)
        monkeypatch.setattr(Acceptor, "_is_short", lambda _: next(shorts))
        await opened.connect()
        assert await first.read() == b""
        await opened.connect()
        assert await second.read() == b""

    tell(story)
    assert warnings_of(caplog) == [WARNING]


def test_new_connection_waits_while_no_other_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor, "RETRY_SECONDS", 0.001)

    async def story(opened: Story) -> None:
        shorts = iter([True, True, False])
        monkeypatch.setattr(acceptor, "max_descriptors", lambda: 0)
        monkeypatch.setattr(Acceptor, "_is_short", lambda _: next(shorts))
        await opened.connect()
        assert list(shorts) == []

    tell(story)


def test_connection_that_waits_is_closed_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(opened: Story) -> None:
        waits = asyncio.Event()

        def is_short(_: Acceptor) -> bool:
            waits.set()
            return True

        monkeypatch.setattr(acceptor, "max_descriptors", lambda: 0)
        monkeypatch.setattr(Acceptor, "_is_short", is_short)
        reader = await opened.open()
        await waits.wait()
        await opened.acceptor.stop()
        with suppress(ConnectionError):
            assert await reader.read() == b""

    tell(story)


def test_reserved_descriptors_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    async def story(opened: Story) -> None:
        assert not opened.acceptor._is_short()
        with monkeypatch.context() as patch:
            patch.setattr(acceptor, "max_descriptors", lambda: RESERVED_DESCRIPTORS)
            assert opened.acceptor._is_short()
        with monkeypatch.context() as patch:
            patch.setattr(os, "dup", fail)
            assert opened.acceptor._is_short()

    tell(story)


@pytest.mark.parametrize("is_idle", [True, False], ids=["one is idle", "none is idle"])
def test_accepting_goes_on_after_descriptors_ran_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, is_idle: bool
) -> None:
    monkeypatch.setattr(acceptor, "RETRY_SECONDS", 0.001)

    async def story(opened: Story) -> None:
        first = await opened.connect() if is_idle else None
        accept = Acceptor._next
        errors = [OSError(number, os.strerror(number)) for number in (errno.EMFILE, errno.ECONNABORTED, errno.ENFILE)]

        async def fail(accepting: Acceptor) -> socket.socket:
            if errors:
                await asyncio.sleep(0)
                raise errors.pop(0)
            return await accept(accepting)

        monkeypatch.setattr(Acceptor, "_next", fail)
        # The first of them is accepted by the call that waits already.
        await opened.connect()
        await opened.connect()
        assert not errors
        assert first is None or await first.read() == b""

    tell(story)
    assert len(warnings_of(caplog)) == 1


def test_warning_is_repeated_after_a_minute(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    async def story(opened: Story) -> None:
        monkeypatch.setattr(acceptor, "max_descriptors", lambda: 0)
        shorts = cycle([True, False])
        monkeypatch.setattr(Acceptor, "_is_short", lambda _: next(shorts))
        for _ in range(3):
            await opened.connect()
            monkeypatch.setattr(acceptor, "WARNING_SECONDS", 0.0)

    tell(story)
    assert len(warnings_of(caplog)) == 3


def test_limit_is_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    assert max_descriptors() == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert max_descriptors() == sys.maxsize
    monkeypatch.setattr(sys, "platform", "win32")
    assert max_descriptors() == sys.maxsize


@needs_limits
def test_mock_with_256_descriptors_serves_300_idle_connections_and_logs_one_line() -> None:
    import resource

    port = free_port()
    command = [sys.executable, "-m", "mocksms", "--port", str(port), "--quiet"]

    def limit() -> None:  # pragma: no cover - runs in the child
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=limit) as mock,
        ExitStack() as stack,
    ):
        assert mock.stdout is not None
        assert mock.stdout.readline()
        for _ in range(300):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), TIMEOUT))
            client.sendall(HEALTH)
            assert client.recv(65_536).startswith(b"HTTP/1.1 200")
        mock.terminate()
        _, log = mock.communicate(timeout=TIMEOUT)
    assert log.startswith("mocksms: Out of file descriptors (the limit is 256): ")
    assert log.count("\n") == 1
