"""The mock in a thread of the test process."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import pytest
import requests

from mocksms import MockSMS
from mocksms.errors import MockUnreachable, SettingsError
from mocksms.settings import Settings
from mocksms.testing import server as server_module
from mocksms.testing.server import ThreadedServer
from tests.receiver import receiving
from tests.support import NUMBER, TIMEOUT, send_sms
from tests.testing.support import send


def test_thread_is_a_daemon_and_ends() -> None:
    with MockSMS():
        (thread,) = [thread for thread in threading.enumerate() if thread.name == "mocksms"]
        assert thread.daemon
    assert not thread.is_alive()


def test_server_that_was_not_started_stops_at_once() -> None:
    ThreadedServer(Settings()).stop()


def test_state_file_keeps_messages_from_one_block_to_the_next(tmp_path: Path) -> None:
    options: dict[str, Any] = {"state": tmp_path / "mock.zip", "public_url": "http://phones.test"}
    sms = MockSMS(**options)
    with sms:
        send(sms, NUMBER)
        with pytest.raises(SettingsError, match="Another mock uses the state file"):
            MockSMS(**options).start()
    with sms:
        (message,) = sms.api("GET", "messages")["messages"]
        send(sms, NUMBER)
    with MockSMS(**options) as again:
        assert again.api("GET", "messages")["messages"][1] == message


def test_state_file_is_released_if_the_mock_cannot_listen(tmp_path: Path) -> None:
    with MockSMS() as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(SettingsError, match="Cannot listen"):
            MockSMS(state=tmp_path / "mock.zip", port=port).start()
    with MockSMS(state=tmp_path / "mock.zip"):
        pass


def test_account_has_its_label_and_its_scenario_in_front_from_its_first_use_on() -> None:
    front = {"rule": [{"name": "first", "outcome": "rejected/bounced", "times": 1}]}
    with MockSMS() as sms:
        server = sms._server
        assert server is not None
        sms.client.request("DELETE", "scenario")
        assert server.prepare_account(sms.api_key, "a test", front)
        assert sms.api("GET", "accounts")["accounts"] == []
        assert sms.api("GET", "account")["label"] == "a test"
        assert [rule["left"] for rule in sms.api("GET", "scenario")["front"]] == [1]
        (transaction_id,) = send(sms, NUMBER)
        assert sms.read(transaction_id).decided_by == "rule 1 (first) of the scenario in front"
        assert [rule["left"] for rule in sms.api("GET", "scenario")["front"]] == [0]
        assert [each["label"] for each in sms.api("GET", "accounts")["accounts"]] == ["a test"]
        assert not server.prepare_account(sms.api_key, "another", front)
        sms.reset()
        assert sms.api("GET", "account")["label"] == ""
        assert sms.api("GET", "scenario")["front"] == []


def test_scenario_in_front_of_an_account_that_was_not_used_is_not_that_of_the_next_test() -> None:
    with MockSMS() as sms:
        server = sms._server
        assert server is not None
        assert server.prepare_account(sms.api_key, "a test", {"rule": [{"outcome": "queued"}]})
        assert server.prepare_account(sms.api_key, "another")
        assert sms.api("GET", "scenario")["front"] == []


def test_account_that_is_restored_before_its_first_use_has_its_scenario_in_front_once() -> None:
    with MockSMS() as sms:
        server = sms._server
        assert server is not None
        assert server.prepare_account(sms.api_key, "a test", {"rule": [{"outcome": "queued"}]})
        sms.restore(sms.snapshot())
        assert len(sms.api("GET", "scenario")["front"]) == 1
        sms.api("DELETE", "account")
        assert sms.api("GET", "scenario")["front"] == []


def test_number_of_labels_without_an_account_is_limited() -> None:
    with MockSMS(max_accounts=2) as sms:
        assert sms._server is not None
        assert [sms._server.prepare_account(key, "label") for key in "abc"] == [True, True, False]


def test_label_is_not_set_in_a_mock_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async def end(*_: Any) -> None: ...

    monkeypatch.setattr("mocksms.server.Server.serve", end)
    server = ThreadedServer(Settings(port=0))
    assert not server.prepare_account("key", "before the start")
    server.start()
    for thread in [each for each in threading.enumerate() if each.name == "mocksms"]:
        thread.join(TIMEOUT)  # pragma: no cover, it may have ended
    assert not server.prepare_account("key", "after its end")
    server.stop()
    assert server.can_have_callbacks("key")


def test_account_can_have_callbacks_from_its_first_webhook_on() -> None:
    with MockSMS() as sms, receiving() as receiver:
        server = sms._server
        assert server is not None
        assert not server.can_have_callbacks(sms.api_key)
        send(sms, NUMBER)
        assert not server.can_have_callbacks(sms.api_key)
        sms.webhook(receiver.url, events="send")
        assert server.can_have_callbacks(sms.api_key)
        send(sms, NUMBER)
        sms.assert_callback("send")
        sms.api("PATCH", "account", {"webhooks": []})
        assert server.can_have_callbacks(sms.api_key)


def test_cursor_is_that_of_the_mock_while_it_runs() -> None:
    with MockSMS() as sms:
        server = sms._server
        assert server is not None
        send(sms, NUMBER)
        assert server.cursor == sms._present() == sms.cursor > 0
        assert sms.account("other")._present() == sms.cursor
    assert server.cursor is None


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


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
allows_fork = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def wait_for_end(pipe: Any) -> None:  # pragma: no cover, in a child process
    """Live as long as the parent process keeps its end of the pipe open."""
    pipe.poll(None)


@contextmanager
def process(method: str) -> Iterator[None]:
    """Run a child process during the block."""
    context: Any = multiprocessing.get_context(method)
    here, there = context.Pipe()
    child = context.Process(target=wait_for_end, args=(there,))
    child.start()
    there.close()
    try:
        yield
    finally:
        here.send(None)
        child.join(TIMEOUT)
    assert child.exitcode == 0
    child.close()
    here.close()


@contextmanager
def pool() -> Iterator[None]:
    """Run a pool of processes during the block."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as executor:
        assert list(executor.map(abs, [-1, -2])) == [1, 2]
        yield


@contextmanager
def prefork_server() -> Iterator[None]:
    """Run a server with two forked workers during the block; each sends an SMS for every request."""
    sms = MockSMS.connect(os.environ["SMS_URL"], ready_timeout=0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        workers = [_start_worker(listener, sms) for _ in range(2)]
        try:
            for _ in range(4):
                with socket.create_connection(listener.getsockname(), TIMEOUT) as client:
                    assert client.recv(100) == b"sent"
            assert len(sms.outbox) == 4
            yield
        finally:
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
                os.waitpid(worker, 0)
            sms.stop()


def _start_worker(listener: socket.socket, sms: MockSMS) -> int:
    worker = os.fork()
    if worker:  # pragma: no branch - the rest runs in the child
        return worker
    try:  # pragma: no cover
        while True:
            connection, _ = listener.accept()
            send_sms(sms.url, key=sms.api_key)
            assert sms.outbox
            connection.sendall(b"sent")
            connection.close()
    finally:  # pragma: no cover
        os._exit(1)


CHILDREN: dict[str, Callable[[], Any]] = {
    "fork": lambda: process("fork"),
    "forkserver": lambda: process("forkserver"),
    "spawn": lambda: process("spawn"),
    "process pool": pool,
    "prefork server": prefork_server,
}


@needs_fork
@allows_fork
def test_forked_child_knows_that_the_mock_runs_in_its_parent() -> None:
    with MockSMS() as sms:
        server = sms._server
        assert server is not None
        child = os.fork()
        if not child:  # pragma: no cover - runs in the child
            try:
                os._exit(server.prepare_account("key", "label") or not server.can_have_callbacks("key"))
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert server.prepare_account("key", "label")
        copied = copy(server)
        copied.close_copies()
        assert not copied.prepare_account("key", "label")


@needs_fork
@allows_fork
@pytest.mark.parametrize("child", CHILDREN.values(), ids=CHILDREN)
def test_child_process_keeps_no_connection_open(child: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection ends only when its last copy is closed, and a forked child has copies of all connections."""
    with MockSMS() as sms, requests.Session() as session:
        sms.patch_env(monkeypatch)
        assert sms.outbox == []
        session.get(sms.url + "/_mock/health", timeout=TIMEOUT)
        idle = socket.create_connection(("127.0.0.1", int(sms.url.rpartition(":")[2])), TIMEOUT)
        idle.sendall(b"GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        response = b""
        while not response.endswith(b"}"):
            response += idle.recv(65_536)
        with child():
            for number, error in (("972-50-0007100", "reset"), ("972-50-0007300", "IncompleteRead")):
                with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError), match=error):
                    send_by(session, sms, number)
            assert len(sms.outbox) >= 2
            url = sms.url
            sms.stop()
            with idle:
                assert idle.recv(1) == b""
            with pytest.raises(requests.ConnectionError, match="refused"):
                requests.get(url, timeout=TIMEOUT)


def send_by(session: requests.Session, sms: MockSMS, number: str) -> None:
    data = {"message": {"content": "Hello", "to": [{"mobile_number": number}]}}
    session.post(f"{sms.url}/transactional/sms/send", json=data, headers={"X-API-Key": sms.api_key}, timeout=TIMEOUT)
