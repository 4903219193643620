from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from mocksms import asgi
from mocksms.asgi import (
    CONNECTION,
    MAX_DRAINED_BODIES,
    Disconnected,
    Slices,
    Stopping,
    check_host,
    check_origin,
    check_page,
    compression_of,
    connection_of,
    is_own_host,
    read_body,
)
from mocksms.engine.steps import Steps
from mocksms.errors import BodyTooLarge, BodyTooSlow, CrossOriginRequest, HostNotAllowed

DISCONNECT = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def receiving(*events: MutableMapping[str, Any]) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
    """Return a `receive` that returns these events and then waits forever, like a silent client."""
    left = list(events)

    async def receive() -> MutableMapping[str, Any]:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    return receive


def read(*events: MutableMapping[str, Any], limit: int = 10) -> bytes | BodyTooLarge | BodyTooSlow:
    return asyncio.run(read_body(receiving(*events), limit))


@pytest.mark.parametrize(
    "events",
    [
        [part(b"0123456789", more=False)],
        [part(b"01234"), part(b"56789", more=False)],
        [part(b"01234"), part(b"56789"), part(b"", more=False)],
        [part(b""), part(b"0123456789", more=False)],
        [part(b"0123456789"), {"type": "http.request"}],
    ],
    ids=["whole", "two parts", "empty last part", "empty first part", "bare last part"],
)
def test_body_up_to_the_limit_is_returned(events: list[dict[str, Any]]) -> None:
    assert read(*events) == b"0123456789"


def test_body_may_be_absent() -> None:
    assert read({"type": "http.request"}) == b""


@pytest.mark.parametrize(
    "events",
    [
        [part(b"0123456789+", more=False)],
        [part(b"0123456789"), part(b"+", more=False)],
        [part(b"0123456789+"), part(b"", more=False)],
        [part(b"0123456789+"), part(b"a", more=False)],
        [part(b"0123456789+"), part(b"a"), part(b"b", more=False)],
    ],
    ids=["whole", "second part", "first part", "a little after", "little by little"],
)
def test_body_over_the_limit_is_refused(events: list[dict[str, Any]]) -> None:
    assert isinstance(read(*events), BodyTooLarge)


def test_body_over_the_limit_is_read_to_its_end_so_that_the_client_gets_the_refusal() -> None:
    parts = [part(b"x" * 10) for _ in range(MAX_DRAINED_BODIES)]
    assert isinstance(read(*parts, part(b"", more=False)), BodyTooLarge)


def test_body_far_over_the_limit_is_not_read_to_its_end() -> None:
    assert isinstance(read(*[part(b"x" * 11) for _ in range(MAX_DRAINED_BODIES)]), BodyTooLarge)


@pytest.mark.parametrize(
    "events",
    [[DISCONNECT], [part(b"half"), DISCONNECT], [part(b"x" * 11), DISCONNECT]],
    ids=["before", "within", "when too long"],
)
def test_client_that_disconnects_within_its_body_raises_disconnected(events: list[dict[str, Any]]) -> None:
    with pytest.raises(Disconnected):
        read(*events)


def test_body_without_an_end_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "MAX_BODY_SECONDS", 0.001)
    assert isinstance(read(part(b"half")), BodyTooSlow)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"host": b"127.0.0.1:8972"},
        {b"host": b"127.0.0.1:8972", b"origin": b"http://127.0.0.1:8972"},
        {b"host": b"localhost", b"origin": b"https://LOCALHOST"},
        {b"host": b"localhost", b"sec-fetch-site": b"same-origin"},
        {b"host": b"localhost", b"sec-fetch-site": b"none"},
    ],
    ids=["a program", "a program with Host", "own page", "own page in capitals", "same origin", "address bar"],
)
def test_own_origin_is_accepted(headers: dict[bytes, bytes]) -> None:
    check_origin(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {b"host": b"localhost", b"origin": b"http://evil.example"},
        {b"host": b"localhost:8972", b"origin": b"http://localhost:3000"},
        {b"host": b"localhost", b"origin": b"http://localhost.evil.example"},
        {b"host": b"localhost", b"origin": b"null"},
        {b"host": b"localhost", b"origin": b""},
        {b"host": b"localhost", b"origin": b"localhost"},
        {b"origin": b"http://evil.example"},
        {b"origin": b"null"},
        {b"host": b"localhost", b"sec-fetch-site": b"cross-site"},
        {b"host": b"localhost", b"origin": b"http://localhost", b"sec-fetch-site": b"cross-site"},
    ],
    ids=[
        "another site",
        "another port",
        "a longer name",
        "null",
        "empty",
        "no scheme",
        "no host",
        "null and no host",
        "cross-site",
        "own origin but cross-site",
    ],
)
def test_origin_of_another_site_is_refused(headers: dict[bytes, bytes]) -> None:
    with pytest.raises(CrossOriginRequest):
        check_origin(headers)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8972",
        "localhost.",
        "app.localhost:8972",
        "127.0.0.1",
        "127.0.0.1:8972",
        "192.168.1.20:80",
        "[::1]",
        "[::1]:8972",
        "[fe80::1]:8972",
        "::1",
        "testserver",
        "mocksms:8972",
        "mocksms.:8972",
        "",
    ],
)
def test_host_of_this_machine_is_its_own(host: str) -> None:
    assert is_own_host(host, ())


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8972",
        "evil.example.",
        "evil.example.:80",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1.nip.io:8972",
        "1.2.3",
        "1.2.3.4.5",
        "evil.example:",
        "evil.example:80:80",
        "[evil.example]:80",
        "[evil]",
        "[]",
        "127.0.0.1@evil.example",
        "evil.example/localhost",
    ],
)
def test_host_with_a_domain_is_foreign(host: str) -> None:
    assert not is_own_host(host, ())


@pytest.mark.parametrize("host", ["mock.test", "MOCK.test:8972", "mock.test."])
def test_allowed_host_is_accepted_in_any_case(host: str) -> None:
    assert is_own_host(host, ("Mock.Test",))


def test_allowed_host_allows_no_other() -> None:
    assert not is_own_host("a.mock.test", ("mock.test",))
    assert not is_own_host("mock.test.evil.example", ("mock.test",))


def test_allowed_host_may_have_a_trailing_dot() -> None:
    assert is_own_host("mock.test", ("mock.test.",))


def test_foreign_host_is_refused() -> None:
    check_host({b"host": b"mock.test"}, ("mock.test",))
    check_host({}, ())
    with pytest.raises(HostNotAllowed, match="evil"):
        check_host({b"host": b"evil.example"}, ())


@pytest.mark.parametrize("header", [{}, {b"user-agent": b"node"}, {b"user-agent": b"python-requests/2 (Mozilla/5.0)"}])
def test_other_clients_than_browsers_use_any_host(header: dict[bytes, bytes]) -> None:
    check_page({b"host": b"other.example", **header}, ())


@pytest.mark.parametrize(
    "header",
    [
        {b"origin": b"http://other.example"},
        {b"sec-fetch-site": b"none"},
        {b"user-agent": b"Mozilla/5.0 (X11) Chrome/1"},
    ],
)
def test_browser_is_refused_for_a_foreign_host(header: dict[bytes, bytes]) -> None:
    headers = {b"host": b"other.example", **header}
    check_page(headers, ("other.example",))
    with pytest.raises(HostNotAllowed):
        check_page(headers, ())
    with pytest.raises(CrossOriginRequest):
        check_page({**headers, b"origin": b"http://evil.example"}, ("other.example",))


@pytest.mark.parametrize(
    ("encoding", "body", "name"),
    [
        (None, b"\x1f\x8b\x08", "gzip"),
        (b"identity", b"\x1f\x8b\x08", "gzip"),
        (b" BR", b"\x8b", "br"),
        (b"gzip", b"", None),
        (b"identity", b"{}", None),
        (None, b"{}", None),
    ],
)
def test_compression_is_known_by_the_body_or_the_header(encoding: bytes | None, body: bytes, name: str | None) -> None:
    assert compression_of({} if encoding is None else {b"content-encoding": encoding}, body) == name


def test_connection_of_a_request_is_the_connection_of_the_server() -> None:
    connection = object()
    assert connection_of({"extensions": {CONNECTION: connection}}) is connection
    scopes: list[dict[str, Any]] = [{}, {"extensions": {}}]
    for scope in scopes:
        with pytest.raises(ConnectionResetError, match="no socket"):
            connection_of(scope)


def counting(steps: int, log: list[str], name: str = "long") -> Steps[int]:
    """A long operation that logs its name at each step."""
    for _ in range(steps):
        log.append(name)
        yield
    return steps


@pytest.fixture
def one_step_per_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice that is over after its first step."""
    monkeypatch.setattr(asgi, "SLICE_SECONDS", 0)


@pytest.mark.usefixtures("one_step_per_pass")
def test_other_requests_are_handled_while_a_long_operation_pauses() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        operation = asyncio.create_task(Slices().run(counting(3, log)))
        while not operation.done():
            log.append("other")
            await asyncio.sleep(0)
        assert await operation == 3
        return log

    log = asyncio.run(story())
    assert log.count("long") == 3
    assert "other" in log[log.index("long") : -1]


def test_short_operation_needs_no_pause() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        operation = asyncio.create_task(Slices().run(counting(3, log)))
        await asyncio.sleep(0)
        assert operation.done()
        return log

    assert asyncio.run(story()) == ["long"] * 3


@pytest.mark.usefixtures("one_step_per_pass")
def test_short_operation_overtakes_long_ones() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        slices = Slices()
        long = [asyncio.create_task(slices.run(counting(50, log))) for _ in range(3)]
        while log.count("long") < 20:
            await asyncio.sleep(0)
        await slices.run(counting(2, log, "short"))
        end = len(log)
        await asyncio.gather(*long)
        return log[20:end]

    assert asyncio.run(story()).count("long") < 10


@pytest.mark.usefixtures("one_step_per_pass")
def test_operations_take_turns() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        slices = Slices()
        await asyncio.gather(*(slices.run(counting(10, log, name)) for name in "abc"))
        return log

    log = asyncio.run(story())
    assert {log[:15].count(name) for name in "abc"} <= {4, 5, 6}


@pytest.mark.usefixtures("one_step_per_pass")
def test_cancelled_operation_is_closed_and_the_others_continue() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        slices = Slices()
        first, second = (asyncio.create_task(slices.run(counting(20, log, name))) for name in ("first", "second"))
        while log.count("first") < 3:
            await asyncio.sleep(0)
        first.cancel()
        assert await second == 20
        assert first.cancelled()
        return log

    assert asyncio.run(story()).count("first") < 6


def test_error_of_a_long_operation_is_raised() -> None:
    def failing() -> Steps[None]:
        yield
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(Slices().run(failing()))


def test_threads_run_one_at_a_time() -> None:
    running: list[int] = []

    def work(number: int) -> int:
        running.append(number)
        assert len(running) == 1
        threading.Event().wait(0.001)
        running.remove(number)
        return number

    async def story() -> list[int]:
        slices = Slices()
        return await asyncio.gather(*(slices.run_in_thread(work, number) for number in range(5)))

    assert asyncio.run(story()) == [*range(5)]


@pytest.mark.usefixtures("one_step_per_pass")
def test_operations_that_pause_end_when_the_mock_stops() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        slices = Slices()
        ends = asyncio.create_task(slices.run(counting(100, log, "ends")))
        cancelled = asyncio.create_task(slices.run(counting(100, log, "cancelled")))
        continues = asyncio.create_task(slices.run(counting(100, log, "continues"), to_end=True))
        for _ in range(20):
            await asyncio.sleep(0)
        cancelled.cancel()
        slices.stop()
        assert await continues == 100
        with pytest.raises(Stopping):
            await ends
        with pytest.raises(Stopping):
            await slices.run(counting(100, log, "later"))
        return log

    log = asyncio.run(story())
    assert log.count("continues") == 100
    assert log.count("ends") < 20
    assert log.count("later") == 1
