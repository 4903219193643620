"""The mock in a thread of the test process."""

from __future__ import annotations

import gc
import logging
import threading
from typing import Any

import pytest

from mocksms import MockSMS
from mocksms.errors import MockUnreachable
from mocksms.settings import Settings
from mocksms.testing import server as server_module
from mocksms.testing.server import ThreadedServer
from tests.support import TIMEOUT
from tests.testing.support import send


def test_thread_is_a_daemon_and_ends() -> None:
    with MockSMS():
        (thread,) = [thread for thread in threading.enumerate() if thread.name == "mocksms"]
        assert thread.daemon
    assert not thread.is_alive()


def test_server_that_was_not_started_stops_at_once() -> None:
    ThreadedServer(Settings()).stop()


def test_error_in_the_thread_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise MemoryError("no more")

    monkeypatch.setattr("mocksms.server.Server.serve", fail)
    with MockSMS() as sms, pytest.raises(MockUnreachable, match="the mock ended with MemoryError: no more"):
        _ = sms.outbox


def test_thread_that_does_not_end_causes_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    async def hang(*_: Any) -> None:
        release.wait(TIMEOUT)

    monkeypatch.setattr("mocksms.server.Server.serve", hang)
    monkeypatch.setattr(server_module, "STOP_SECONDS", 0.01)
    sms = MockSMS().start()
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "mocksms"]
    with pytest.warns(RuntimeWarning, match=r"the thread of mocksms did not end within 0\.01 s"):
        sms.stop()
    release.set()
    thread.join(TIMEOUT)


def test_logging_of_the_process_is_left_alone() -> None:
    logger = logging.getLogger("uvicorn")
    before = (logger.level, [*logger.handlers], logger.propagate)
    with MockSMS() as sms:
        send(sms)
    assert (logger.level, logger.handlers, logger.propagate) == before


def test_collector_is_as_it_was() -> None:
    with MockSMS():
        assert gc.isenabled()
    gc.disable()
    try:
        with MockSMS():
            assert not gc.isenabled()
    finally:
        gc.enable()
