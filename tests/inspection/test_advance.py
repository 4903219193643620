"""An advance of the clock goes from due instant to due instant, each with its callbacks and the sends they cause."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.callbacks import Attempt
from mocksms.engine.message_query import MessageQuery
from mocksms.inspection import waiting
from mocksms.inspection.waiting import CallbackWaits
from mocksms.settings import Settings
from mocksms.sms.message import State
from mocksms.sms.webhook import Webhook
from tests.engine.support import World
from tests.inspection.support import BOUNCING, Api
from tests.receiver import Receiver, Response, hanging, receiving
from tests.support import NOON, NUMBER, TIMEOUT, ManualClock, Mock, running

HOUR = timedelta(hours=1)

Event = dict[str, Any]


@pytest.fixture
def api(own_mock: Mock) -> Api:
    return Api(own_mock, "first")


@contextmanager
def application(api: Api, react: Callable[[Event], object], key: str = "first") -> Iterator[Receiver]:
    """Run an application that reacts to each callback before it responds, and register it as a webhook."""
    with receiving() as receiver:
        receiver.before_response = lambda request: react(json.loads(request.body))
        Api(api.mock, key).patch(webhooks=[receiver.url])
        yield receiver


def at(begin: datetime, text: str) -> float:
    """Return the seconds from the begin to a time in a response."""
    return (datetime.fromisoformat(text) - begin).total_seconds()


def frozen(api: Api) -> datetime:
    return datetime.fromisoformat(api.post("clock/freeze")["now"]).replace(microsecond=0)


def freeze_at(api: Api) -> datetime:
    """Freeze the clock at a whole second, as `send_at` has."""
    begin = frozen(api) + timedelta(days=1)
    api.post("clock/advance", {"to": begin.isoformat()})
    return begin


def sent_at(api: Api, begin: datetime) -> list[tuple[float, str]]:
    """Return when each message was sent, and its content, oldest first."""
    messages = api.get("messages", status="sent", limit=1000)["messages"][::-1]
    return sorted((at(begin, each["history"][-1]["at"]), each["content"]) for each in messages)


def attempts_at(api: Api, begin: datetime) -> list[tuple[float, str]]:
    """Return when each callback was attempted, and its event."""
    callbacks = api.get("callbacks", limit=1000)["callbacks"]
    return sorted((at(begin, attempt["at"]), each["event"]) for each in callbacks for attempt in each["attempts"])


def test_application_sends_from_inside_a_callback_at_the_time_of_that_callback(api: Api) -> None:
    def react(event: Event) -> None:
        content = api.get(f"messages/{event['transaction_Id']}")["content"]
        if content == "Reminder":
            api.send(NUMBER, content="Answer")
        elif content == "Answer":
            api.send(NUMBER, content="Last", send_at=(begin + 2 * HOUR + timedelta(minutes=30)).isoformat())

    begin = freeze_at(api)
    for hours in (1, 2, 5):
        api.send(NUMBER, content="Reminder", send_at=(begin + hours * HOUR).isoformat())
    with application(api, react):
        clock = api.post("clock/advance", {"by": "3h"})
    assert at(begin, clock["now"]) == 3 * 3600
    assert at(begin, clock["next_due"]) == 5 * 3600
    expected = [(3600, "Answer"), (3600, "Reminder"), (7200, "Answer"), (7200, "Reminder")]
    assert sent_at(api, begin) == [*expected, (9000, "Last"), (9000, "Last")]
    assert attempts_at(api, begin) == [(each, "send") for each, _ in [*expected, (9000, ""), (9000, "")]]
    created = [at(begin, each["created_at"]) for each in api.get("messages")["messages"] if each["content"] == "Last"]
    assert created == [7200, 3600]
    assert {each["state"] for each in api.get("callbacks")["callbacks"]} == {"delivered"}


def test_running_clock_stops_at_each_instant_and_then_runs_on_without_delay() -> None:
    time = ManualClock()
    seen: list[dict[str, Any]] = []
    with running(time=time) as mock:
        api = Api(mock, "first")

        def react(_: Event) -> None:
            time.advance(0.25)
            seen.append(api.get("clock"))
            if len(seen) == 1:
                api.send(NUMBER, content="Answer")

        api.send(NUMBER, send_at=(NOON + HOUR).isoformat())
        with application(api, react):
            clock = api.post("clock/advance", {"by": "2h"})
        assert [(at(NOON, each["now"]), each["frozen"]) for each in seen] == [(3600, False)] * 2
        assert sent_at(api, NOON) == [(3600, "Answer"), (3600, "Hello")]
        assert (at(NOON, clock["now"]), clock["frozen"]) == (7200.5, False)
        time.advance(1)
        assert at(NOON, api.get("clock")["now"]) == 7201.5


def test_retries_and_later_steps_are_instants_too(api: Api) -> None:
    seen: list[float] = []

    def react(event: Event) -> None:
        seen.append(at(begin, api.get("clock")["now"]))
        if event["event"] == "reject":
            api.send(NUMBER, content="Second try")

    begin = freeze_at(api)
    with application(api, react) as receiver:
        receiver.responses = [Response(500), Response(500)]
        api.send(BOUNCING)
        api.post("clock/advance", {"by": "1h"})
    # The message bounces after 5 s, and its second callback waits for the first.
    assert seen == [0, 1, 6, 6, 6]
    assert sent_at(api, begin) == [(6, "Second try")]


def test_receiver_that_advances_or_sets_the_clock_is_refused_with_the_reason(api: Api) -> None:
    errors: list[dict[str, Any]] = []

    def react(_: Event) -> None:
        errors.append(api.refused(409, "POST", "clock/advance", {"by": "1s"}))
        errors.append(api.refused(409, "POST", "clock/freeze", {"at": "2001-01-01"}))
        errors.append(Api(api.mock).refused(409, "POST", "clock/advance", {"by": 0}))

    begin = freeze_at(api)
    (name,) = api.send(NUMBER, send_at=(begin + HOUR).isoformat())
    with application(api, react) as receiver:
        clock = api.post("clock/advance", {"by": "2h"})
        assert at(begin, clock["now"]) == 7200
        (callback,) = api.get("callbacks")["callbacks"]
        assert (callback["state"], len(errors)) == ("delivered", 3)
        for error in errors:
            assert error["message"] == (
                f"The clock is being advanced to {(begin + 2 * HOUR).isoformat()}, is at {(begin + HOUR).isoformat()} "
                f"and waits for callback {callback['id']} send of {name} to {receiver.url}. A receiver cannot move the "
                "clock before it has responded to its callback, and two advances cannot run at a time."
            )
    assert api.post("clock/advance", {"by": 0})["now"] == clock["now"]


def test_other_accounts_advance_at_the_same_time(api: Api) -> None:
    other = Api(api.mock, "second")

    def react(_: Event) -> None:
        other.post("clock/freeze")
        before = datetime.fromisoformat(other.get("clock")["now"])
        assert at(before, other.post("clock/advance", {"by": "1d"})["now"]) == 86_400
        other.send(NUMBER, content="From elsewhere")

    begin = freeze_at(api)
    with application(api, react) as receiver:
        api.send(NUMBER)
        assert at(begin, api.post("clock/advance", {"by": "1h"})["now"]) == 3600
        assert len(receiver.requests) == 1
    assert other.get("messages")["total"] == 1


def test_all_clocks_go_from_instant_to_instant_together(api: Api) -> None:
    everyone, other = Api(api.mock), Api(api.mock, "second")
    begin = freeze_at(everyone)

    def react(_: Event) -> None:
        other.send(NUMBER, content="Copy")
        Api(api.mock, "new").send(NUMBER, content="New")

    other.send(NUMBER, content="Own", send_at=(begin + 2 * HOUR).isoformat())
    api.send(NUMBER, send_at=(begin + HOUR).isoformat())
    api.send(NUMBER, send_at=(begin + 3 * HOUR).isoformat())
    with application(api, react), receiving() as receiver:
        other.patch(webhooks=[receiver.url])
        clock = everyone.post("clock/advance", {"by": "4h"})
    assert (at(begin, clock["now"]), clock["frozen"]) == (4 * 3600, True)
    assert sent_at(other, begin) == [(3600, "Copy"), (7200, "Own"), (10_800, "Copy")]
    assert [each for each, _ in attempts_at(other, begin)] == [3600, 7200, 10_800]
    assert sent_at(Api(api.mock, "new"), begin) == [(3600, "New"), (10_800, "New")]
    assert Api(api.mock, "new").get("clock")["now"] == clock["now"]


def test_clocks_that_differ_meet_at_the_instant(api: Api) -> None:
    everyone, other = Api(api.mock), Api(api.mock, "second")
    begin = freeze_at(everyone)
    api.send(NUMBER, send_at=(begin + HOUR).isoformat())
    other.send(NUMBER, content="Own")
    other.post("clock/advance", {"by": "2h"})
    with application(api, lambda _: other.send(NUMBER, content="Copy")):
        everyone.post("clock/advance", {"to": (begin + 3 * HOUR).isoformat()})
    assert sent_at(other, begin) == [(0, "Own"), (7200, "Copy")]
    assert api.get("clock")["now"] == other.get("clock")["now"]


@pytest.mark.parametrize("path", ["clock/freeze", "clock/resume", "reset"])
@pytest.mark.parametrize("whose", ["first", None], ids=["one", "all"])
def test_frozen_resumed_or_reset_during_an_advance(whose: str | None, path: str) -> None:
    with running(time=ManualClock()) as mock:
        api, acting = Api(mock, "first"), Api(mock, whose)

        def react(_: Event) -> None:
            acting.post(path)

        with application(api, react) as receiver:
            if path == "clock/resume":
                acting.post("clock/freeze")
            api.send(NUMBER, send_at=(NOON + HOUR).isoformat())
            acting.post("clock/advance", {"by": "2h"})
            assert len(receiver.requests) == 1
        seconds = 0 if path == "reset" else 7200
        clock = acting.get("clock")
        assert (at(NOON, clock["now"]), clock["frozen"]) == (seconds, path == "clock/freeze")


def test_callbacks_that_cause_sends_without_end_are_refused_with_the_latest(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MAX_ROUNDS", 10)
    monkeypatch.setattr(waiting, "MAX_GENERATIONS", 10)
    is_stopped = threading.Event()

    def react(_: Event) -> None:
        if not is_stopped.is_set():
            api.send(NUMBER, content="Again")

    def react_later(_: Event) -> None:
        if not is_stopped.is_set():
            now = datetime.fromisoformat(api.get("clock")["now"])
            api.send(NUMBER, content="Again", send_at=(now + timedelta(seconds=1)).isoformat())

    for reaction, where, seconds in ((react, "at this instant", 1), (react_later, "at later and later instants", 11)):
        is_stopped.clear()
        begin = freeze_at(api)
        with application(api, reaction):
            api.send(NUMBER, send_at=(begin + timedelta(seconds=1)).isoformat())  # no callback before the advance
            error = api.refused(508, "POST", "clock/advance", {"by": "365d"})
            is_stopped.set()
            assert error["message"].startswith(
                f"The advance was ended at {(begin + timedelta(seconds=seconds)).isoformat()}: a callback caused a "
                f"send, whose callback caused a send, and so on, 10 times {where}; the latest SMS is "
            )
            assert error["message"].endswith(f' to {NUMBER} "Again".')
            assert at(begin, api.get("clock")["now"]) == seconds
            assert at(begin, api.post("clock/advance", {"by": "1h"})["now"]) == seconds + 3600
        api.post("reset")
    everyone = Api(api.mock)
    begin = freeze_at(everyone)
    is_stopped.clear()
    with application(api, react):
        api.send(NUMBER)
        assert "Again" in everyone.refused(508, "POST", "clock/advance", {"by": "365d"})["message"]
        is_stopped.set()


def test_many_sends_that_each_cause_one_are_no_loop(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MAX_ROUNDS", 5)
    monkeypatch.setattr(waiting, "MAX_GENERATIONS", 2)

    def react(event: Event) -> None:
        if api.get(f"messages/{event['transaction_Id']}")["content"] == "Hello":
            api.send(NUMBER, content="Answer")

    begin = freeze_at(api)
    for seconds in range(20):
        api.send(NUMBER, NUMBER, send_at=(begin + timedelta(seconds=1 + seconds // 2)).isoformat())
    with application(api, react):
        api.post("clock/advance", {"by": "1h"})
    assert api.get("messages", content="Answer")["total"] == 40


def test_response_that_is_not_sent_yet_is_awaited_for_a_moment_and_then_listed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver:
        api.patch(webhooks=[receiver.url])
        api.post("clock/freeze")
        for duration, expected in (("100ms", 1), ("2s", 0)):
            monkeypatch.setattr(waiting, "MAX_UNSENT_SECONDS", TIMEOUT if expected else 0.05)
            api.post("faults", {"fault": {"kind": "delay", "duration": duration}, "times": 1})
            sending = threading.Thread(target=api.send, args=(NUMBER,))
            sending.start()
            before = len(receiver.requests)
            (message,) = next(filter(None, (api.get("messages")["messages"] for _ in iter(int, 1))))
            clock = api.post("clock/advance", {"by": "1h"})
            assert len(receiver.requests) - before == expected
            unsent = [] if expected else [int(message["request_id"])]
            assert clock["unsent"] == unsent
            sending.join(TIMEOUT)
            receiver.wait(before + 1)
            api.post("clock/advance", {"by": 0})
            api.request_json("DELETE", "messages")


def test_clock_stays_where_the_callbacks_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CallbackWaits.__init__, "__defaults__", (0.1,))
    with hanging() as (url, _), running(Settings(port=0, webhook_timeout=timedelta(seconds=TIMEOUT))) as mock:
        api = Api(mock, "first")
        begin = freeze_at(api)
        api.patch(webhooks=[url])
        (name,) = api.send(NUMBER, send_at=(begin + HOUR).isoformat())
        error = api.refused(504, "POST", "clock/advance", {"by": "2h"})
        (callback,) = api.get("callbacks")["callbacks"]
        assert error["message"] == (
            f"The clock was advanced to {(begin + HOUR).isoformat()} and no further: the callbacks that are due were "
            f"not all attempted within 0.1 s. It waited for callback {callback['id']} send of {name} to {url}. "
            "GET /_mock/callbacks?state=pending lists them."
        )
        assert at(begin, api.get("clock")["now"]) == 3600


def test_advance_ends_when_its_client_disconnects(api: Api) -> None:
    called, done = threading.Event(), threading.Event()

    def react(_: Event) -> None:
        called.set()
        done.wait(TIMEOUT)

    begin = freeze_at(api)
    for hours in (1, 2):
        api.send(NUMBER, send_at=(begin + hours * HOUR).isoformat())
    with application(api, react) as receiver:
        body = b'{"by": "3h"}'
        with socket.create_connection((api.mock.host, api.mock.port), TIMEOUT) as client:
            client.sendall(
                b"POST /_mock/clock/advance HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: first\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            assert called.wait(TIMEOUT)
            assert at(begin, api.get("clock")["now"]) == 3600
        clock = api.mock.engine.account("first").clock
        next(filter(None, (api.get("health") and not clock.held for _ in iter(int, 1))))
        done.set()
        assert at(begin, api.post("clock/advance", {"by": 0})["now"]) == 3600
        assert len(receiver.requests) == 1


class InstantApplication:
    """An application in the process of the mock: it gets callbacks without a network, and sends from inside them."""

    def __init__(self, world: World, reactions: list[tuple[int, int]]) -> None:
        self.history: list[tuple[float, str, float]] = []
        self._world = world
        self._reactions = reactions
        world.engine.outbox.on_due = lambda: asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        outbox = self._world.engine.outbox
        for pending in outbox.take_due():
            message = self._world.account.messages.get(pending.callback.details.transaction_id or "")
            assert message is not None
            content = message.submission.content
            now = self._world.account.clock.now()
            assert pending.attempt_at == now
            self.history.append(((now - NOON).total_seconds(), content, len(pending.callback.attempts)))
            for minutes, failures in self._reactions[: 3 - content.count("+")]:
                if len(pending.callback.attempts) == failures:
                    self._world.send(content=f"{content}+{minutes}", send_at=now + timedelta(minutes=minutes))
            is_refused = len(pending.callback.attempts) < len(content) % 3
            error = "HTTP 500" if is_refused else None
            outbox.record_result(pending, Attempt(pending.attempt_at, 500 if is_refused else 200, b"", 0.1, error))


def history_of(sends: list[int], reactions: list[tuple[int, int]], parts: list[int], *, is_frozen: bool) -> list[Any]:
    """Return what an application saw during some advances."""

    async def story() -> list[Any]:
        world = World(webhook=(Webhook("http://app.test/"),))
        application = InstantApplication(world, reactions)
        if is_frozen:
            world.controls.freeze(world.account)
        for place, minutes in enumerate(sends):
            world.send(content=f"m{place}", send_at=NOON + timedelta(minutes=minutes))
        waits = CallbackWaits(world.engine)
        for minutes in parts:
            await waits.finish(world.controls.advance_by(world.account, timedelta(minutes=minutes)))
        assert world.account.clock.now() == NOON + timedelta(minutes=sum(parts))
        assert world.account.clock.runs is not is_frozen
        return sorted(application.history)

    return asyncio.run(story())


@given(
    sends=st.lists(st.integers(0, 50), max_size=4),
    reactions=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2)), max_size=2),
    parts=st.lists(st.integers(0, 40), min_size=1, max_size=5),
    is_frozen=st.booleans(),
)
def test_one_advance_is_as_many_small_ones(
    sends: list[int], reactions: list[tuple[int, int]], parts: list[int], is_frozen: bool
) -> None:
    """Every callback and every send it causes has the time at which it would happen in real time."""
    one = history_of(sends, reactions, [sum(parts)], is_frozen=is_frozen)
    assert history_of(sends, reactions, parts, is_frozen=is_frozen) == one
    assert history_of(sends, reactions, [0] + [1] * sum(parts), is_frozen=is_frozen) == one


def test_advance_can_pause_between_many_instants() -> None:
    world = World()
    for minutes in range(1, 301):
        world.send(send_at=NOON + timedelta(minutes=minutes))
    with world.controls.advance_by(world.account, timedelta(days=1)) as advance:
        seen = [advance.now for _ in advance.to_next_callbacks()]
        assert [*dict.fromkeys(seen)] == [NOON + timedelta(minutes=minutes) for minutes in range(1, 301)]
        assert advance.is_complete
    assert {message.state for message in world.account.messages.newest_first(MessageQuery())} == {State.SENT}
