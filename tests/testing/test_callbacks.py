"""What a test learns about the callbacks of its account, and what it does to them."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args

import pytest

from mocksms import MockSMS
from mocksms.errors import MockRefused
from mocksms.sms.webhook import EVENTS, WebhookKind
from mocksms.testing import client, undelivered
from mocksms.testing.models import CallbackEvent, WebhookKindName
from mocksms.testing.undelivered import MAX_UNDELIVERED, describe_undelivered, find_undelivered
from tests.receiver import Receiver, Response, receiving
from tests.support import NUMBER, TIMEOUT
from tests.testing.support import failure, golden, meanwhile, send

CLOSED = "http://127.0.0.1:9/hooks"
"""A port on which nothing listens."""


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check for undelivered callbacks waits for attempts also on a busy machine."""
    monkeypatch.setattr(undelivered, "SETTLE_SECONDS", TIMEOUT)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def failed(call: Any, receiver: Receiver, *ids: str) -> str:
    """Return the text an assertion fails with, without what varies."""
    text = failure(call, *ids).replace(receiver.url, "<receiver>")
    for pattern, name in (
        (r"\d{4}-\d\d-\d\dT\S+Z", "<instant>"),
        (r"\d\d:\d\d:\d\d\.\d{3}", "<time>"),
        (r"(?m)^(  (?:closest|next) +)\d+", r"\1<id>"),
    ):
        text = re.sub(pattern, name, text)
    return text


def test_names_of_kinds_and_events_are_those_of_the_vendor() -> None:
    assert get_args(WebhookKindName) == tuple(WebhookKind)
    assert get_args(CallbackEvent) == tuple(event for kind in WebhookKind for event in EVENTS[kind])


def test_webhook_is_registered_beside_others_and_replaced_in_its_place(sms: MockSMS) -> None:
    sms.webhook("http://app/a")
    sms.webhook("http://app/b", "automation", ["SmsReply", "smsClicked"])
    sms.webhook("http://app/a", "automation", "smsSent")
    sms.webhook("http://app/a", events=["send"])
    assert [tuple(row.values()) for row in sms.api("GET", "account")["webhooks"]] == [
        ("http://app/a", "transactional", ["send"], False),
        ("http://app/b", "automation", ["SmsReply", "smsClicked"], False),
        ("http://app/a", "automation", ["smsSent"], False),
    ]


def test_paused_webhook_gets_its_callbacks_once_it_is_resumed(sms: MockSMS, receiver: Receiver) -> None:
    sms.webhook(receiver.url, paused=True)
    send(sms, NUMBER)
    text = failed(lambda: sms.assert_callback("send", timeout=0), receiver)
    assert "webhook    <receiver> (transactional) is paused" in text
    assert [callback.paused for callback in sms.callbacks] == [True]
    assert find_undelivered([sms]) == []
    sms.webhook(receiver.url)
    assert not sms.assert_callback("send").paused


def test_invalid_webhook_is_refused_and_says_why(sms: MockSMS) -> None:
    for arguments, text in (
        (("app",), "must be an address such as"),
        (("http://app", "automatic"), "must be one of transactional, automation"),
        (("http://app", "automation", "send"), "events of the automation webhook"),
    ):
        with pytest.raises(MockRefused, match=text):
            sms.webhook(*arguments)
    assert sms.api("GET", "account")["webhooks"] == []


def test_callback_has_its_attempts_and_errors(sms: MockSMS, receiver: Receiver) -> None:
    receiver.responses = [Response(500, b"oops\n")]
    sms.webhook(receiver.url)
    now = sms.freeze()
    (transaction_id,) = send(sms, NUMBER)
    (callback,) = (sms.advance(0), sms.callbacks)[1]
    assert (callback.event, callback.kind, callback.transaction_id) == ("send", "transactional", transaction_id)
    assert (callback.state, callback.is_delivered, callback.is_undelivered) == ("pending", False, True)
    assert (callback.created_at, callback.due_at) == (now, now + timedelta(seconds=1))
    (attempt,) = callback.attempts
    assert (attempt.at, attempt.status, attempt.body, attempt.error) == (now, 500, "oops\n", "HTTP 500")
    assert str(attempt) == 'HTTP 500 "oops\\n"'
    assert repr(callback) == f'<callback send to {receiver.url} pending, HTTP 500 "oops\\n">'
    sms.advance("1s")
    (callback,) = sms.callbacks
    assert (callback.state, callback.due_at, str(callback.attempts[1])) == ("delivered", None, "HTTP 200")
    assert (callback.is_delivered, callback.is_undelivered) == (True, False)
    assert receiver.bodies()[0].decode() == callback.body
    sms.webhook(CLOSED)
    assert repr(sms.replay(callback)[0]) == f"<callback send to {receiver.url} delivered, HTTP 200>"


def test_assertion_waits_until_the_callback_is_delivered(sms: MockSMS, receiver: Receiver) -> None:
    sms.webhook(receiver.url)
    with meanwhile(lambda: send(sms, NUMBER)):
        callback = sms.assert_callback("send", timeout="10s")
    assert callback.is_delivered
    message = sms.outbox[0]
    assert sms.assert_callback(message=message) == sms.assert_callback(message=message.transaction_id) == callback
    assert sms.assert_callback("send", message, receiver.url[-10:], delivered=None, times=1) == callback


def test_callbacks_before_the_test_do_not_count(sms: MockSMS, receiver: Receiver) -> None:
    sms.webhook(receiver.url)
    send(sms, NUMBER)
    sms.assert_callback("send", timeout="10s")
    later = sms._other_account(sms.api_key, sms.cursor)
    with pytest.raises(
        AssertionError, match="no callback with event send, delivered within 0 s: 0 callbacks in the acc"
    ):
        later.assert_callback("send", timeout=0)
    send(sms, NUMBER)
    assert later.assert_callback(timeout="10s") == sms.assert_callback("send", times=2, timeout="10s")


def test_callbacks_beyond_a_page_count(sms: MockSMS, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_PAGE", 2)
    sms.webhook(receiver.url)
    sms.freeze()
    send(sms, *[NUMBER] * 5)
    sms.advance(0)
    assert len({callback.id for callback in sms._callbacks()}) == 5
    assert sms.assert_callback("send", times=5).is_delivered


def test_failure_shows_the_closest_callback_with_its_attempts(sms: MockSMS, receiver: Receiver) -> None:
    receiver.responses = [Response(503, b"later")] * 2
    sms.webhook(receiver.url, events=["send", "click"])
    sms.freeze()
    (first,) = send(sms, NUMBER)
    (other,) = send(sms, NUMBER)
    sms.advance(0)
    assert failed(lambda: sms.assert_callback("send", first, times=2, timeout=0), receiver, first, other) == golden(
        """
        no callback with event send, message <1>, delivered within 0 s, expected at least 2: 2 callbacks in the account
          expected   event send, message <1>, delivered, at least 2

          closest    <id> send of <1> to <receiver>: pending  2 of 3 match
                       event    send matches
                       message  <1> matches
                       state    pending, expected delivered
                       <time> HTTP 503 "later"
                       <time> next attempt is due

          next       <id> send of <2> to <receiver>: pending  1 of 3 match
                       event    send matches
                       message  <2>, expected <1>
                       state    pending, expected delivered
                       <time> HTTP 503 "later"
                       <time> next attempt is due

          webhook    <receiver> (transactional) gets send, click
          clock      frozen at <instant>; next due is <instant>: mocksms.advance(...)
        """
    )


def test_failure_names_what_is_missing(sms: MockSMS, receiver: Receiver) -> None:
    assert failed(lambda: sms.assert_callback(delivered=None, timeout=0), receiver) == golden(
        """
        no callback within 0 s: 0 callbacks in the account
          expected   at least 1

          webhook    the account has no webhook; register one: mocksms.webhook(url)
        """
    )
    sms.webhook(receiver.url, "automation", [])
    text = failed(lambda: sms.assert_callback("SmsReply", url="/other", timeout=0), receiver)
    assert "no callback with event SmsReply, url /other, delivered within 0 s" in text
    assert "  webhook    <receiver> (automation) gets no event" in text
    sms.webhook(receiver.url, "automation")
    sms.freeze()
    sms.reply(NUMBER, "Hello")
    sms.advance(0)
    text = failed(lambda: sms.assert_callback("SmsReply", "0" * 32, delivered=False, timeout=0), receiver)
    assert "  1 of 3 match\n" in text
    assert f"message  no message, expected {'0' * 32}\n" in text
    assert "state    delivered, expected not delivered\n" in text
    assert "gets smsClicked, SmsReply, smsUnsubscribed\n  clock      frozen at <instant>" in text


def test_failure_counts_the_messages_that_are_still_queued(sms: MockSMS, receiver: Receiver) -> None:
    sms.webhook(receiver.url)
    send(sms, sms.number("queued"))
    text = failed(lambda: sms.assert_callback("send", timeout=0), receiver)
    assert text.endswith("\n  queued     1 SMS still queued")
    sms.update_account(async_delay="1h")
    send(sms, NUMBER, **{"async": True})
    text = failed(lambda: sms.assert_callback("send", timeout=0), receiver)
    assert text.endswith("\n  queued     2 SMS still queued; next due is <instant>: mocksms.advance(...)")


def test_blocking_wait_in_an_event_loop_names_the_async_form(sms: MockSMS) -> None:
    async def block() -> None:
        sms.assert_callback(timeout=0)

    with pytest.raises(AssertionError, match=r"use: await sms\.aio\.assert_callback"):
        asyncio.run(block())


def test_event_that_no_webhook_has_is_refused(sms: MockSMS) -> None:
    event: Any = "smsreply"
    with pytest.raises(ValueError, match=r"^event is 'smsreply', which no webhook has; did you mean SmsReply\?$"):
        sms.assert_callback(event)
    with pytest.raises(ValueError, match=r"times is 0, .* for none: assert sms\.callbacks == \[\]"):
        sms.assert_callback(times=0)


def test_callback_that_is_not_delivered_is_asserted_and_then_expected(sms: MockSMS) -> None:
    sms.webhook(CLOSED)
    sms.freeze()
    (message,) = send(sms, NUMBER)
    callback = sms.assert_callback("send", message, delivered=False, timeout="10s")
    assert callback.attempts[0].error == "connection failed: Connection refused"
    assert sms._expected_failures == {callback.id}
    sms.scenario([{"callback": {"drop": True}}])
    (message,) = send(sms, NUMBER)
    assert sms.assert_callback("send", message, delivered=False).state == "dropped"


def test_replay_repeats_a_callback_or_those_of_a_message(sms: MockSMS, receiver: Receiver) -> None:
    sms.webhook(receiver.url)
    sms.freeze()
    (name,) = send(sms, NUMBER, content="https://a.example", track_clicks=True)
    sms.click(name)
    sms.advance(0)
    sent, clicked = sms.callbacks
    assert [each.replay_of for each in sms.replay(sent, times=2)] == [sent.id] * 2
    assert len(receiver.requests) == 4
    again = sms.replay(sms.read(name), "reversed", times=2)
    assert [(each.replay_of, each.state) for each in again] == [
        (number, "delivered") for number in (clicked.id, clicked.id, sent.id, sent.id)
    ]
    assert len(receiver.requests) == 8
    assert len(sms.replay(name)) == 2
    sms.update_account(webhooks=[])
    (silent,) = send(sms, NUMBER)
    assert sms.replay(silent) == []
    with pytest.raises(MockRefused):
        sms.replay("0" * 32)


def test_async_forms_let_the_receiver_in_the_loop_answer(sms: MockSMS) -> None:
    async def scenario() -> None:
        calls = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            calls.append(await reader.read(10_000))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            sms.webhook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            await asyncio.to_thread(send, sms, NUMBER)
            callback = await sms.aio.assert_callback("send", timeout="10s")
            (again,) = await sms.aio.replay(callback)
            assert (again.is_delivered, len(calls)) == (True, 2)

    asyncio.run(scenario())


def test_undelivered_callbacks_are_found_after_those_that_are_due_were_tried(sms: MockSMS, receiver: Receiver) -> None:
    receiver.responses = [Response(500)]
    sms.webhook(receiver.url)
    sms.freeze()
    sms.scenario([{"match": {"tag": "later"}, "callback": {"delay": "1h"}}])
    (name,) = send(sms, NUMBER, content="https://a.example", track_clicks=True)
    sms.click(name)
    send(sms, NUMBER, tags=["later"])
    (callback,) = find_undelivered([sms, sms.account(sms.api_key)])
    assert (callback.event, callback.transaction_id) == ("send", name)
    sms.advance("1s")
    assert find_undelivered([sms]) == []


def test_callback_that_its_receiver_does_not_answer_is_not_judged(
    sms: MockSMS, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    receiver.before_response = lambda _: done.wait(TIMEOUT)
    monkeypatch.setattr(undelivered, "SETTLE_SECONDS", 0.05)
    sms.webhook(receiver.url)
    send(sms, NUMBER)
    assert find_undelivered([sms]) == []
    done.set()


def test_long_list_of_undelivered_callbacks_is_cut(sms: MockSMS) -> None:
    sms.webhook(CLOSED)
    sms.freeze()
    send(sms, *[NUMBER] * (MAX_UNDELIVERED + 2))
    text = describe_undelivered(find_undelivered([sms]))
    assert text.startswith("12 callbacks were not delivered\n  callback   ")
    assert text.count("connection failed: Connection refused") == MAX_UNDELIVERED
    assert "\n             and 2 more\n  allow      @pytest.mark" in text
