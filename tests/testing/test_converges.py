"""Receivers with classic bugs end in another state when callbacks come in another order; correct ones do not."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import count
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

import pytest
import trio

from mocksms import MockSMS
from mocksms.errors import MockRefused
from mocksms.sms.webhook import EVENTS, WebhookKind
from mocksms.testing import convergence, disorder, experiment
from mocksms.testing.undelivered import find_undelivered
from tests.receiver import ReceivedRequest, Receiver, Response, receiving
from tests.support import NUMBER
from tests.testing.support import failure, golden, send

RANK = ("send", "click")
LINK = "https://a.example"

Handler = Callable[[dict[str, Any], str, str], object]
"""Handles an event of an application: its table, the transaction id, and the name of the event."""


class Unexpected(Exception):
    """The application does not expect an event, and responds with a status that is no success."""


def keep_last(table: dict[str, Any], message: str, event: str) -> None:
    table[message] = event


def keep_first(table: dict[str, Any], message: str, event: str) -> None:
    table.setdefault(message, event)


def count_all(table: dict[str, Any], message: str, _: str) -> None:
    table[message] = table.get(message, 0) + 1


def go_on(table: dict[str, Any], message: str, event: str) -> None:
    expected = {None: "send", "send": "click"}
    if expected.get(table.get(message)) != event:
        raise Unexpected(event)
    table[message] = event


def keep_highest(table: dict[str, Any], message: str, event: str) -> None:
    table[message] = max(table.get(message, event), event, key=RANK.index)


def wait_for_send(table: dict[str, Any], message: str, event: str) -> None:
    """Refuse a click before the send: the provider sends it again."""
    if event == "click" and message not in table:
        raise Unexpected(event)
    keep_highest(table, message, event)


class Shop:
    """An application with a table of statuses, which a receiver updates."""

    def __init__(self, receiver: Receiver, handle: Handler) -> None:
        self.table: dict[str, Any] = {}
        self.receiver = receiver
        self._handle = handle
        self._lock = Lock()
        receiver.before_response = self._receive

    def _receive(self, request: ReceivedRequest) -> Response:
        event = json.loads(request.body)
        try:
            with self._lock:
                self._handle(self.table, event.get("transaction_id") or event["transaction_Id"], event["event"])
        except Unexpected as error:
            return Response(409, f"unexpected {error}".encode())
        return Response()

    def received(self) -> list[str]:
        """Return the events that arrived so far."""
        return [json.loads(body)["event"] for body in self.receiver.bodies()]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def clicked(sms: MockSMS, receiver: Receiver) -> str:
    """Send a message whose callbacks are `send` and `click`, and return its id."""
    sms.webhook(receiver.url)
    (message,) = send(sms, NUMBER, content=LINK, track_clicks=True)
    sms.click(message)
    sms.advance(0)
    return message


def failed(call: Callable[[], object], receiver: Receiver, *ids: str) -> str:
    """Return the text an assertion fails with, without what varies."""
    text = failure(call, *ids).replace(receiver.url, "<receiver>")
    return re.sub(r"\d{4}-\d\d-\d\dT\S+Z", "<instant>", re.sub(r"\d\d:\d\d:\d\d\.\d{3}", "<time>", text))


def converge(sms: MockSMS, shop: Shop, message: str, *, resets: bool = True, **options: Any) -> None:
    reset = shop.table.clear if resets else None
    sms.assert_converges(message, lambda: shop.table.get(message), reset, **options)


@pytest.mark.parametrize("resets", [True, False], ids=["reset", "no reset"])
@pytest.mark.parametrize("handle", [keep_last, count_all, go_on])
def test_classic_bug_is_caught_with_at_most_three_callbacks(
    sms: MockSMS, receiver: Receiver, handle: Handler, resets: bool
) -> None:
    shop = Shop(receiver, handle)
    message = clicked(sms, receiver)
    text = failure(lambda: converge(sms, shop, message, resets=resets))
    actual = text.partition("  actual ")[2].partition("\n\n")[0].splitlines()
    assert 1 <= len([row for row in actual[1:] if " again " not in row]) <= 3


def test_failure_shows_both_runs(sms: MockSMS, receiver: Receiver) -> None:
    shop = Shop(receiver, keep_last)
    message = clicked(sms, receiver)
    assert failed(lambda: converge(sms, shop, message), receiver, message) == golden(
        """
        the state after 2 click, 1 send is 'send', expected 'click'
          message    <1> to 972-54-1111111
          receiver   <receiver> gets 1 send, 2 click

          expected   start    None
                     1 send   'send'
                     2 click  'click'

          actual     start    None
                     2 click  'click'
                     1 send   'send'

          found      in try 3 of 50 with seed 0
        """
    )


def test_refused_callback_is_sent_again_and_then_reported(sms: MockSMS, receiver: Receiver) -> None:
    shop = Shop(receiver, go_on)
    message = clicked(sms, receiver)
    assert failed(lambda: converge(sms, shop, message, resets=False), receiver, message) == golden(
        """
        the receiver refuses 1 send in the order 1 send: HTTP 409 "unexpected send"
          message    <1> to 972-54-1111111
          receiver   <receiver> gets 1 send

          expected   start  'click'  (after all callbacks in their order)

          actual     start         'click'  (after all callbacks in their order)
                     1 send        'click'  (refused: HTTP 409 "unexpected send")
                     1 send again  'click'  (refused: HTTP 409 "unexpected send")

          found      in try 1 of 50 with seed 0, shortened from 4 callbacks
        """
    )


@pytest.mark.parametrize("resets", [True, False], ids=["reset", "no reset"])
@pytest.mark.parametrize("handle", [keep_highest, wait_for_send])
def test_correct_receiver_passes(sms: MockSMS, receiver: Receiver, handle: Handler, resets: bool) -> None:
    shop = Shop(receiver, handle)
    message = clicked(sms, receiver)
    now = sms.freeze()
    before = len(receiver.requests)
    converge(sms, shop, message, resets=resets, tries=10)
    assert len(receiver.requests) - before >= 10 * 2
    assert (sms.now, sms.api("GET", "clock")["next_due"]) == (now, None)
    assert find_undelivered([sms]) == [] or sms._expected_failures >= {each.id for each in find_undelivered([sms])}


def test_refused_callbacks_are_sent_again_as_long_as_some_are_accepted(sms: MockSMS, receiver: Receiver) -> None:
    before = {"send": None, "click": "send", "reject": "click"}

    def keep_set(table: dict[str, Any], _: str, event: str) -> None:
        if before[event] not in (None, *table):
            raise Unexpected(event)
        table[event] = True

    shop = Shop(receiver, keep_set)
    message = clicked(sms, receiver)
    sms.bounce(message)
    sms.assert_converges(message, lambda: {*shop.table}, shop.table.clear, tries=5)


def test_shortest_order_has_the_first_callback_of_the_message(sms: MockSMS, receiver: Receiver) -> None:
    def count_clicks(table: dict[str, Any], _: str, event: str) -> None:
        table[event] = 1 if event == "send" else table.get(event, 0) + 1

    shop = Shop(receiver, count_clicks)
    message = clicked(sms, receiver)
    assert failure(lambda: sms.assert_converges(message, lambda: shop.table, shop.table.clear)).startswith(
        "the state after 1 send, 2 click, 2 click is {'click': 2, 'send': 1}, expected {'click': 1, 'send': 1}\n"
    )


def test_without_reset_each_run_starts_in_the_state_after_all_callbacks(sms: MockSMS, receiver: Receiver) -> None:
    shop = Shop(receiver, keep_last)
    message = clicked(sms, receiver)
    text = failure(lambda: converge(sms, shop, message, resets=False))
    assert text.startswith("the state after 1 send is 'send', expected 'click'\n")


def test_first_arrival_is_tested_with_a_reset_only(sms: MockSMS, receiver: Receiver) -> None:
    shop = Shop(receiver, keep_first)
    message = clicked(sms, receiver)
    converge(sms, shop, message, resets=False, tries=10)
    assert failure(lambda: converge(sms, shop, message, tries=10)).startswith(
        "the state after 2 click, 1 send is 'click', expected 'send'\n"
    )


def test_same_seed_gives_the_same_orders(sms: MockSMS, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disorder, "_usual_disorders", lambda *_: ())
    shop = Shop(receiver, keep_highest)
    message = clicked(sms, receiver)
    orders = []
    for seed in (1, 1, 2):
        begin = len(receiver.requests)
        converge(sms, shop, message, resets=False, tries=3, seed=seed)
        orders.append(shop.received()[begin:])
    assert orders[0] == orders[1] != orders[2]


def keep_for_last_message(table: dict[str, Any], message: str, event: str) -> None:
    """Note the status of the last message that was sent, whichever message the event is about."""
    table["latest"] = message if event == "send" else table.get("latest")
    keep_highest(table, table["latest"] or message, event)


@pytest.mark.parametrize("named", [True, False])
def test_callbacks_of_another_message_are_mixed_in(sms: MockSMS, receiver: Receiver, named: bool) -> None:
    shop = Shop(receiver, keep_for_last_message)
    if not named:
        clicked(sms, receiver)
    other, message = clicked(sms, receiver), clicked(sms, receiver)
    if named:
        clicked(sms, receiver)
    text = failed(lambda: converge(sms, shop, message, other=other if named else None), receiver, message, other)
    assert text.startswith("the state after ")
    assert "\n  other      <2>\n" in text


def test_webhooks_of_both_kinds_count(sms: MockSMS, receiver: Receiver) -> None:
    events: list[str] = []

    def receive(request: ReceivedRequest) -> None:
        is_json = request.body.startswith(b"{")
        data = json.loads(request.body) if is_json else dict(parse_qsl(request.body.decode()))
        events.append(data["event"] if is_json else data["trigger_type"])

    receiver.before_response = receive
    sms.webhook(f"{receiver.url}/automation", "automation", EVENTS[WebhookKind.AUTOMATION])  # type: ignore[arg-type]
    message = clicked(sms, receiver)
    assert sorted(events) == ["click", "send", "smsClicked", "smsSent"]
    sms.assert_converges(message, lambda: sorted({*events}), events.clear, tries=4)
    text = failed(lambda: sms.assert_converges(message, lambda: events[-1:], events.clear), receiver, message)
    assert "  receiver   <receiver>/automation gets 1 smsSent" in text


def test_message_without_callbacks_is_an_error(sms: MockSMS, receiver: Receiver) -> None:
    (message,) = send(sms, NUMBER)
    assert failed(lambda: sms.assert_converges(message, int), receiver, message) == golden(
        """
        SMS <1> has no callbacks

          webhook    the account has no webhook; register one: mocksms.webhook(url)
        """
    )
    sms.webhook(receiver.url)
    sms.scenario([{"callback": {"drop": True}}])
    (message,) = send(sms, NUMBER)
    assert "SMS <1> has no callbacks" in failed(lambda: sms.assert_converges(message, int), receiver, message)


def test_callbacks_that_are_not_delivered_are_an_error(sms: MockSMS, receiver: Receiver) -> None:
    receiver.responses = [Response(500)]
    sms.webhook(receiver.url)
    sms.freeze()
    (message,) = send(sms, NUMBER)
    text = failed(lambda: sms.assert_converges(message, int), receiver, message)
    assert text.startswith("SMS <1> has callbacks that are not delivered; assert_converges needs all\n  callback   ")
    assert '             <time> HTTP 500 "ok"\n             <time> next attempt is due\n' in text
    assert text.endswith("clock      frozen at <instant>; next due is <instant>: mocksms.advance(...)")


def test_receiver_that_is_down_is_no_difference(sms: MockSMS) -> None:
    with receiving() as receiver:
        shop = Shop(receiver, keep_highest)
        message = clicked(sms, receiver)
    text = failed(lambda: converge(sms, shop, message), receiver, message)
    refused = "connection failed: Connection refused"
    assert text.startswith(f"the receiver refuses 1 send in the true order: {refused}\n")
    assert f"1 send         None  (refused: {refused})\n" in text
    assert "expected" not in text
    assert f"the receiver refuses 1 send in the order 1 send: {refused}\n" in failed(
        lambda: converge(sms, shop, message, resets=False), receiver, message
    )


def test_receiver_that_goes_down_during_the_tries_is_no_difference(sms: MockSMS, receiver: Receiver) -> None:
    def refuse_late(table: dict[str, Any], message: str, event: str) -> None:
        if len(receiver.requests) > 4 + 2 * 4:  # sent, and twice in the true order
            raise Unexpected(event)
        keep_highest(table, message, event)

    shop = Shop(receiver, refuse_late)
    clicked(sms, receiver)
    message = clicked(sms, receiver)
    text = failure(lambda: converge(sms, shop, message))
    assert text.startswith("the receiver refuses 1 send in the true order: HTTP 409")


def test_callback_that_comes_during_the_tries_is_no_difference(sms: MockSMS, receiver: Receiver) -> None:
    shop = Shop(receiver, keep_highest)
    sms.webhook(receiver.url)
    (message,) = send(sms, NUMBER, content=LINK, track_clicks=True)
    reads = count(1)

    def state() -> Any:
        if next(reads) == 4:
            sms.click(message)
            sms.advance(0)
        return shop.table.get(message)

    assert failure(lambda: sms.assert_converges(message, state), message) == (
        "SMS <1> got click during the tries; freeze the clock, or wait for it first"
    )


def test_callback_is_not_sent_again_where_no_attempt_is_left_or_the_receiver_hangs(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    shop = Shop(receiver, wait_for_send)
    with MockSMS(webhook_retry="") as sms:
        message = clicked(sms, receiver)
        text = failure(lambda: converge(sms, shop, message))
        assert text.startswith("the receiver refuses 2 click in the order 2 click: HTTP 409")
        assert " again " not in text
    with MockSMS() as sms:
        message = clicked(sms, receiver)
        monkeypatch.setattr(experiment, "MAX_WAIT", 0)
        assert " again " not in failure(lambda: converge(sms, shop, message))


def test_search_for_the_shortest_order_is_limited(
    monkeypatch: pytest.MonkeyPatch, sms: MockSMS, receiver: Receiver
) -> None:
    shop = Shop(receiver, count_all)
    message = clicked(sms, receiver)
    monkeypatch.setattr(convergence, "MAX_SHORTER", 0)
    text = failure(lambda: converge(sms, shop, message))
    assert text.startswith("the state after 1 send, 2 click, 1 send, 2 click is 4, expected 2\n")
    assert text.endswith("\n  found      in try 1 of 50 with seed 0")


def test_states_that_cannot_be_compared_are_refused(sms: MockSMS, receiver: Receiver) -> None:
    shop = Shop(receiver, keep_highest)
    message = clicked(sms, receiver)
    numbers = count()
    table = shop.table
    for state, reset, error in (
        (lambda: next(numbers), None, r"returns 0 and 1 in two calls, without a callback between them; leave out"),
        (lambda: [*table, next(numbers)], table.clear, r"in two runs with the callbacks in their true order; leave"),
        (lambda: table[message], table.copy, r"state\(\) returns 'click' before and after the callbacks"),
    ):
        with pytest.raises(ValueError, match=error):
            sms.assert_converges(message, state, reset)
    with pytest.raises(TypeError, match=r"^state\(\) returns lock, which cannot be copied; return plain values"):
        sms.assert_converges(message, Lock)
    with pytest.raises(KeyError, match="missing"):
        sms.assert_converges(message, lambda: table["missing"])


def test_error_of_the_state_before_the_first_callback_is_a_state(sms: MockSMS, receiver: Receiver) -> None:
    shop = Shop(receiver, keep_last)
    message = clicked(sms, receiver)
    text = failure(lambda: sms.assert_converges(message, lambda: shop.table[message], shop.table.clear), message)
    assert "  expected   start    KeyError: '<1>'\n" in text


def test_state_that_changes_later_is_copied(sms: MockSMS, receiver: Receiver) -> None:
    shop = Shop(receiver, keep_last)
    message = clicked(sms, receiver)
    assert "'click'" in failure(lambda: sms.assert_converges(message, lambda: shop.table, shop.table.clear))


def test_long_state_is_shown_where_it_differs(sms: MockSMS, receiver: Receiver) -> None:
    shop = Shop(receiver, keep_last)
    message = clicked(sms, receiver)
    state = lambda: "x" * 500 + str(shop.table.get(message)) + "y" * 500  # noqa: E731
    text = failure(lambda: sms.assert_converges(message, state, shop.table.clear))
    assert f"is …{'x' * 40}sendyyy" in text
    assert f"yyy…, expected …{'x' * 40}clickyyy" in text


class Later:
    """An awaitable that is no coroutine."""

    __await__: Any = iter


def test_arguments_that_cannot_be_used_are_refused(sms: MockSMS, receiver: Receiver) -> None:
    message = clicked(sms, receiver)
    wrong: Any = "click"

    async def state() -> None:
        """Stand for the view of an async application."""

    for error, arguments, options, text in (
        (TypeError, (message, wrong), {}, "^state is 'click', but must be a function without arguments$"),
        (TypeError, (message, int, wrong), {}, "^reset is 'click', but must be a function"),
        (TypeError, (message, state), {}, r"^state\(\) is async; use: await sms\.aio\.assert_converges"),
        (TypeError, (message, int, state), {}, r"^reset\(\) is async; use: await sms\.aio\.assert_converges"),
        (TypeError, (message, Later), {}, r"^state\(\) is async"),
        (ValueError, (message, int), {"tries": 0}, "^tries is 0, but must be a whole number of at least 1$"),
        (ValueError, (message, int), {"tries": 1.5}, "^tries is 1.5, but must be a whole number of at least 1$"),
        (ValueError, (message, int), {"tries": "9"}, "^tries is '9', but must be a whole number of at least 1$"),
        (ValueError, (message, int), {"other": message}, "^other is the message itself"),
        (MockRefused, ("0" * 32, int), {}, "Unknown message"),
    ):
        with pytest.raises(error, match=text):
            sms.assert_converges(*arguments, **options)


def test_blocking_form_in_an_event_loop_names_the_async_form(sms: MockSMS, receiver: Receiver) -> None:
    shop = Shop(receiver, keep_last)
    message = clicked(sms, receiver)

    async def block() -> None:
        converge(sms, shop, message)

    with pytest.raises(AssertionError, match=r"use: await sms\.aio\.assert_converges\(\.\.\.\)$"):
        asyncio.run(block())


def test_async_application_in_the_loop_is_tested(sms: MockSMS) -> None:
    statuses: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            statuses.append(json.loads(await reader.readuntil(b"}"))["event"])
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async def last() -> str | None:
        await asyncio.sleep(0)
        return statuses[-1] if statuses else None

    async def forget() -> None:
        await asyncio.sleep(0)
        statuses.clear()

    async def test() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            sms.webhook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            (message,) = await asyncio.to_thread(send, sms, NUMBER)
            await sms.aio.assert_callback("send", timeout="10s")
            await sms.aio.assert_converges(message, last, forget)
            with pytest.raises(AssertionError, match=r"is \['send', 'send'\], expected \['send'\]"):
                await sms.aio.assert_converges(message, statuses.copy, forget, tries=1, seed=1)

    asyncio.run(test())


def test_state_runs_in_the_event_loop_of_trio(sms: MockSMS, receiver: Receiver) -> None:
    shop = Shop(receiver, keep_highest)
    message = clicked(sms, receiver)

    async def state() -> Any:
        await trio.sleep(0)
        return shop.table.get(message)

    async def test() -> None:
        await sms.aio.assert_converges(message, state, shop.table.clear, tries=3)

    trio.run(test)


def test_clock_that_runs_goes_on(sms: MockSMS, receiver: Receiver) -> None:
    shop = Shop(receiver, keep_highest)
    message = clicked(sms, receiver)
    converge(sms, shop, message, tries=3)
    assert isinstance(sms.now, datetime)
    assert sms.api("GET", "clock")["frozen"] is False
