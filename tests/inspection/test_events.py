"""Event streams: their events, where they start, and how they end."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
import requests

from mocksms.connections.listener import bind
from mocksms.engine.engine import Engine, ManualChange
from mocksms.inspection import events as streams
from mocksms.inspection.context import Context
from mocksms.inspection.events import MAX_TEXT
from mocksms.settings import Settings
from tests import support
from tests.inspection.support import INVALID, Api, wait_for_open
from tests.support import KEY, NOON, NUMBER, TIMEOUT, Mock, running


class Event(NamedTuple):
    """A server-sent event."""

    kind: str
    data: dict[str, Any]
    id: str | None


def events(lines: Iterator[str]) -> Iterator[Event]:
    """Parse the lines of a stream; a comment is an event of that kind."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if line and not name:
            yield Event("comment", {"words": value.strip()}, None)
        elif line:
            fields[name] = value.removeprefix(" ")
        elif "event" in fields:
            yield Event(fields["event"], json.loads(fields["data"]), fields.get("id"))
            fields = {}


@contextmanager
def watching(mock: Mock, key: str | None = None, last: str | None = None) -> Iterator[Iterator[Event]]:
    """Read the events of an account, or of all, after the last event id."""
    named = {"X-API-Key": key, "Last-Event-ID": last}
    headers = {name: value for name, value in named.items() if value is not None}
    url = f"{mock.url}/_mock/events"
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        assert answer.status_code == 200, answer.text
        yield events(answer.iter_lines(chunk_size=1, decode_unicode=True))


def test_stream_has_all_events_with_their_accounts(own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    account = api.get("account")["id"]
    with watching(own_mock) as heard:
        assert next(heard).kind == "open"
        (sent,) = api.send(NUMBER)
        message = next(heard)
        assert (message.kind, message.data["account"], message.data["number"]) == ("message", account, "972541111111")
        assert (message.data["transaction_id"], message.data["status"]) == (sent, "sent")
        request = next(heard)
        assert (request.kind, request.data["account"], request.data["status"]) == ("request", account, 200)
        assert request.data["messages"] == 1
        api.post(f"messages/{sent}/bounce")
        assert next(heard).data["reject_reason"] == "bounced"
        api.post("inbound", {"from": NUMBER, "text": "STOP"})
        reply = next(heard)
        assert (reply.kind, reply.data["number"], reply.data["text"]) == ("reply", "972541111111", "STOP")
        api.post("clock/freeze")  # Otherwise the second attempt of the callback comes a second after the first.
        assert next(heard).kind == "clock"
        api.patch(webhooks=["http://127.0.0.1:1/"], unsubscribed=[NUMBER])
        consent = next(heard)
        assert (consent.kind, consent.data["number"]) == ("consent", "972541111111")
        assert (consent.data["choice"], consent.data["cause"]) == ("out", "changed manually")
        assert next(heard).kind == "account"
        (refused,) = api.send(NUMBER)
        assert next(heard).kind == "message"
        callback = next(heard)
        assert callback.kind == "callback"
        assert (callback.data["event"], callback.data["state"], callback.data["attempts"]) == ("reject", "pending", 0)
        assert (callback.data["transaction_id"], callback.data["account"]) == (refused, account)
        assert next(heard).kind == "request"
        tried = next(heard)
        assert (tried.data["id"], tried.data["attempts"]) == (callback.data["id"], 1)
        api.patch(credit=5)
        assert next(heard).kind == "account"
        api.request_json("DELETE", "messages")
        assert next(heard).kind == "deleted"
        own_mock.post("{", X_API_Key="")
        stranger = next(heard)
        assert (stranger.kind, stranger.data["account"], stranger.data["status"]) == ("request", None, 401)
        Api(own_mock).post("reset")
        assert next(heard) == Event("reset", {"account": None}, None)._replace(id=heard_id(stranger, 1))


def heard_id(event: Event, further: int) -> str:
    """Return the id of a later event."""
    epoch, _, place = str(event.id).rpartition(".")
    return f"{epoch}.{int(place) + further}"


def test_stream_of_an_account_has_its_events_only(own_mock: Mock) -> None:
    with watching(own_mock, KEY) as heard:
        assert next(heard).kind == "open"
        Api(own_mock, "another").send(NUMBER)
        (sent,) = Api(own_mock, KEY).send(NUMBER)
        assert next(heard).data["transaction_id"] == sent


def test_events_have_the_start_of_long_texts(own_mock: Mock) -> None:
    with watching(own_mock, "a") as heard:
        next(heard)
        Api(own_mock, "a").post("inbound", {"from": NUMBER, "text": "x" * 5_000})
        assert next(heard).data["text"] == "x" * MAX_TEXT
        own_mock.get(f"/transactional/sms/search?query={'x' * 5_000}", key="a")
        assert len(next(heard).data["target"]) == MAX_TEXT


def test_events_of_evicted_and_deleted_records_stay_complete(own_mock: Mock) -> None:
    api = Api(own_mock, "a")
    api.send(NUMBER)
    with watching(own_mock, "a") as heard:
        start = next(heard).id
    (sent,) = api.send(NUMBER)
    api.request_json("DELETE", "messages")
    with watching(own_mock, "a", last=start) as heard:
        message, request, deleted = (next(heard) for _ in range(3))
    assert (message.kind, message.data["transaction_id"], message.data["status"]) == ("message", sent, "sent")
    assert (request.kind, deleted.kind) == ("request", "deleted")


def test_deletion_is_one_event_of_each_account_that_had_something(own_mock: Mock) -> None:
    api = Api(own_mock, "a")
    Api(own_mock, "b").send(NUMBER)
    api.post("inbound", {"from": NUMBER, "text": "Hi"})
    with watching(own_mock, "a") as heard:
        next(heard)
        Api(own_mock).request_json("DELETE", "messages")
        Api(own_mock).request_json("DELETE", "phones")
        assert next(heard).kind == "deleted"
        api.request_json("DELETE", "phones")
        api.request_json("DELETE", "inbound")
        api.send(NUMBER)
        assert next(heard).kind == "message"


def test_all_streams_have_the_same_events(own_mock: Mock) -> None:
    with watching(own_mock) as one, watching(own_mock) as another:
        assert next(one) == next(another)
        watched(own_mock, 2)
        Api(own_mock, KEY).send(NUMBER)
        assert [next(one) for _ in range(2)] == [next(another) for _ in range(2)]


def test_stream_resumes_after_the_last_event_id(own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    with watching(own_mock, KEY) as heard:
        opened = next(heard)
    first, second = api.send(NUMBER), api.send(INVALID)
    with watching(own_mock, KEY, opened.id) as heard:
        caught_up = [next(heard) for _ in range(4)]
    assert [event.data.get("transaction_id") for event in caught_up] == [*first, None, *second, None]
    with watching(own_mock, KEY, caught_up[1].id) as heard:
        assert [next(heard) for _ in range(2)] == caught_up[2:]


@pytest.mark.parametrize(
    "last", ["0.1", "nonsense", "{}", "{}.", "{}.x", "{}.-1", "{}.²", "{}.999", f"{{}}.{'9' * 30}"]
)
def test_stream_that_cannot_resume_starts_with_an_event_that_says_so(own_mock: Mock, last: str) -> None:
    with watching(own_mock) as heard:
        epoch = str(next(heard).id).partition(".")[0]
    Api(own_mock, KEY).send(NUMBER)
    with watching(own_mock, last=last.format(epoch).encode().decode("latin-1")) as heard:
        missed = next(heard)
        assert missed.kind == "missed"
        assert missed.data["cursor"] == Api(own_mock).get("health")["cursor"]
        (sent,) = Api(own_mock, KEY).send(NUMBER)
        assert next(heard).data["transaction_id"] == sent


def test_stream_longer_than_a_batch_is_complete_and_in_order(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_BATCH", 50)
    api = Api(own_mock, KEY)
    with watching(own_mock, KEY) as heard:
        opened = next(heard)
    sent = api.send(*[f"972-54-{place:07}" for place in range(streams.MAX_BATCH + 1)])
    for _ in range(2):
        with watching(own_mock, KEY, opened.id) as heard:
            assert [next(heard).data["transaction_id"] for _ in sent] == sent
            assert next(heard).kind == "request"


def test_stream_has_each_event_once(own_mock: Mock) -> None:
    with watching(own_mock, KEY) as heard:
        last = next(heard)
        for _ in range(streams.MAX_CACHED_BATCHES + 2):
            (sent,) = Api(own_mock, KEY).send(NUMBER)
            message, request = next(heard), next(heard)
            assert (message.data["transaction_id"], request.kind) == (sent, "request")
            assert (message.id, request.id) == (heard_id(last, 1), heard_id(last, 2))
            last = request


def test_stream_without_events_gets_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams.Streams.__init__, "__defaults__", (streams.STALL_SECONDS, 0.01))
    with running() as mock, watching(mock) as heard:
        assert next(heard).kind == "open"
        assert next(heard) == Event("comment", {"words": "keep-alive"}, None)
        Api(mock, KEY).send(NUMBER)
        assert "message" in (event.kind for event in heard)


def test_streams_beyond_the_limit_are_refused_until_one_ends(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_STREAMS", 1)
    api = Api(own_mock, KEY)
    with watching(own_mock) as heard:
        next(heard)
        assert "1 event streams" in api.refused(503, "GET", "events")["message"]
    watched(own_mock, 0)
    with watching(own_mock) as heard:
        assert next(heard).kind == "open"


def watched(mock: Mock, count: int) -> None:
    """Wait until `count` streams are open."""
    wait_for_open(mock, streams.Streams, count)


def test_stream_ends_with_the_reason_when_the_mock_stops() -> None:
    with running() as mock:
        answer = requests.get(f"{mock.url}/_mock/events", stream=True, timeout=TIMEOUT)
        heard = events(answer.iter_lines(chunk_size=1, decode_unicode=True))
        assert next(heard).kind == "open"
    with closing(answer):
        assert list(heard) == [Event("dropped", {"reason": streams.STOPPED}, None)]


@contextmanager
def not_reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Mock, socket.socket]]:
    """Run a mock with small buffers, and open a stream that nobody reads."""

    def bind_narrow(settings: Settings) -> socket.socket:
        listener = bind(settings)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return listener

    monkeypatch.setattr(support, "bind", bind_narrow)
    with running() as mock, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(TIMEOUT)
        connection.connect((mock.host, mock.port))
        connection.sendall(b"GET /_mock/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        watched(mock, 1)
        yield mock, connection


def rest(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def dropped(connection: socket.socket) -> str:
    """Read a dropped stream to its end, and return the reason."""
    whole = rest(connection)
    assert whole.endswith(b"\r\n0\r\n\r\n")
    *_, last = events(iter(whole.decode().splitlines()))
    assert last.kind == "dropped"
    reason: str = last.data["reason"]
    return reason


def flood(mock: Mock) -> None:
    """Send messages until the buffers of a stream are full."""
    for _ in range(3):
        mock.send(*[f"972-54-{place:07}" for place in range(1_000)])


def test_reader_that_stalls_is_dropped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams.Streams.__init__, "__defaults__", (0.01, streams.KEEP_ALIVE_SECONDS))
    with not_reading(monkeypatch) as (mock, connection):
        flood(mock)
        watched(mock, 0)
        assert dropped(connection) == streams.STALLED.format(0.01)


def test_reader_behind_the_oldest_event_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_EVENTS", 1_000)
    with not_reading(monkeypatch) as (mock, connection):
        flood(mock)
        assert dropped(connection) == streams.BEHIND


def test_connection_of_a_reader_that_never_reads_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams.Streams.__init__, "__defaults__", (0.01, streams.KEEP_ALIVE_SECONDS))
    monkeypatch.setattr("mocksms.connections.transport.LINGER_SECONDS", 0.0)
    with not_reading(monkeypatch) as (mock, connection):
        flood(mock)
        watched(mock, 0)
        assert b"dropped" not in rest(connection)


def test_mock_started_a_moment_later_has_another_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([NOON, NOON + timedelta(milliseconds=1)])
    monkeypatch.setattr("mocksms.inspection.context.system_time", lambda: next(times))
    first, second = (Context(Engine(Settings())).streams.log.epoch for _ in range(2))
    assert first != second


def test_lone_surrogates_in_an_event_are_as_in_the_lists() -> None:
    event = streams.encode_event("message", {"number": "97\ud83d"}, "1")
    assert event == b'id: 1\nevent: message\ndata: {"number":"97\\ufffd"}\n\n'


def test_events_are_logged_from_the_first_stream_on() -> None:
    engine = Engine(Settings())
    streams = Context(engine).streams
    assert not engine.listeners
    streams.open(None, None, 0)
    streams.open(None, None, 0)
    engine.emit(None, ManualChange.RESET)
    assert streams.log.latest == 1


def test_streams_are_woken_at_once_then_after_a_pause_and_leave_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wake() -> None:
        engine, loop = Engine(Settings()), asyncio.get_running_loop()
        opened, timers, call_at = Context(engine).streams, list[asyncio.TimerHandle](), loop.call_at

        def call(*arguments: Any, **named: Any) -> asyncio.TimerHandle:
            timers.append(call_at(*arguments, **named))
            return timers[-1]

        monkeypatch.setattr(loop, "call_at", call)
        opened.open(None, None, 0)
        end = loop.create_future()
        opened.add(end)
        for _ in range(2):
            engine.emit(None, ManualChange.RESET)
        before = loop.time()
        assert not await opened.wait()
        engine.emit(None, ManualChange.RESET)
        opened.remove(end)
        beat, first, second = timers
        assert first.when() <= before
        assert second.when() >= before + streams.PAUSE_SECONDS
        assert beat.cancelled()

    asyncio.run(wake())
