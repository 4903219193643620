from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.cli.console_log import ConsoleLog, event_json, event_line
from mocksms.cli.log_lines import MAX_CHARACTERS, time_text
from mocksms.engine.account import Account
from mocksms.engine.callbacks import Attempt, Callback, OrderingKey, TriggerDetails
from mocksms.engine.engine import Engine, ManualChange
from mocksms.engine.journal import Handling, RecordedRequest, malformed_request
from mocksms.engine.rules import combine
from mocksms.errors import escape
from mocksms.scenario.compiler import compile_scenario
from mocksms.scenario.schema import RuleModel, Scenario
from mocksms.settings import Settings
from mocksms.sms.message import Message, Recipient, State, Submission
from mocksms.sms.webhook import Webhook, WebhookTrigger
from tests.support import KEY, NUMBER, TIMEOUT, ManualClock

NOON = ManualClock().now
ESCAPE_SEQUENCE = "\x1b[2J\x1b]0;title\x07"


def accept(
    number: str = NUMBER, content: str = "Hello", key: str = KEY, send_at: datetime | None = None
) -> tuple[Account, Message]:
    engine = Engine(Settings(), ManualClock())
    account = engine.account(key)
    (message,), _ = engine.submit(account, Submission(content, send_at=send_at), [Recipient(number)])
    return account, message


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def flushed(loop: asyncio.AbstractEventLoop, lines: list[str], engine: Engine, submission: Submission, to: str) -> None:
    """Accept a send inside a loop with a log that writes to `lines`, and return once the log has written."""

    async def send() -> None:
        written = asyncio.Event()

        def write(text: str) -> None:
            lines.append(text)
            written.set()

        engine.listeners.append(ConsoleLog(write))
        engine.submit(engine.account(KEY), submission, [Recipient(to)])
        await asyncio.wait_for(written.wait(), TIMEOUT)

    loop.run_until_complete(send())


def test_line_has_time_number_status_reason_text_and_key() -> None:
    assert event_line(*accept()) == (
        "2026-03-01 12:00:00 UTC  972-54-1111111   sent                         "
        'no rule or list applied  "Hello"  [key-…]'
    )


def test_line_names_the_reason_and_the_magic_number_that_decided() -> None:
    line = event_line(*accept("972-50-0002100"))
    assert "rejected/kosher-number" in line
    assert "magic number 21 (rejected/kosher-number)" in line


def test_line_of_a_scheduled_message_says_for_when() -> None:
    engine = Engine(Settings(), ManualClock())
    account = engine.account(KEY)
    submission = Submission("Later", send_at=ManualClock().now + timedelta(days=1))
    (message,), _ = engine.submit(account, submission, [Recipient(NUMBER)])
    assert "queued                       scheduled for 2026-03-02 12:00:00 UTC  " in event_line(account, message)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("שלום", "שלום"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        (ESCAPE_SEQUENCE, r"\x1b[2J\x1b]0;title\x07"),
        ("\u202eevil\u2066", r"\u202eevil\u2066"),
        ("\x9b31m\x7f\x00", r"\x9b31m\x7f\x00"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("\u2028\u200b\ufeff", r"\u2028\u200b\ufeff"),
    ],
    ids=["plain", "hebrew", "line breaks", "terminal", "bidi", "c1", "surrogate", "tag", "invisible"],
)
def test_escape_leaves_only_what_can_be_printed(raw: str, shown: str) -> None:
    assert escape(raw) == shown
    assert escape(raw).isprintable()


@pytest.mark.parametrize(
    ("number", "content", "key"),
    [(ESCAPE_SEQUENCE, "Hello", KEY), (NUMBER, ESCAPE_SEQUENCE, KEY), (NUMBER, "Hello", ESCAPE_SEQUENCE)],
    ids=["number", "content", "key"],
)
def test_line_escapes_control_characters(number: str, content: str, key: str) -> None:
    line = event_line(*accept(number, content, key))
    assert line.isprintable()
    assert r"\x1b[2J" in line


def test_line_escapes_the_name_of_the_rule_that_decided() -> None:
    engine = Engine(Settings(), ManualClock())
    rule = RuleModel(name=f"rule{ESCAPE_SEQUENCE}", outcome=State.BOUNCED)
    account = engine.account(KEY)
    account.activate(combine([compile_scenario(Scenario(rule=[rule]), "story.toml", engine.settings)]))
    (message,), _ = engine.submit(account, Submission("Hello"), [Recipient(NUMBER)])
    line = event_line(account, message)
    assert line.isprintable()
    assert r"rule\x1b[2J" in line


def test_line_cuts_a_long_text() -> None:
    whole = event_line(*accept(content="a" * MAX_CHARACTERS))
    assert f'"{"a" * MAX_CHARACTERS}"' in whole
    cut = event_line(*accept(content="a" * (MAX_CHARACTERS + 1)))
    assert f'"{"a" * MAX_CHARACTERS}…"' in cut


def test_line_cuts_a_long_number() -> None:
    assert len(event_line(*accept(number="9" * 1_000_000))) < 250


@pytest.mark.parametrize(
    ("key", "shown"),
    [("short", "[s…]"), ("sixsix", "[s…]"), ("production-key", "[prod…]")],
    ids=["short", "six", "long"],
)
def test_line_shortens_the_key(key: str, shown: str) -> None:
    line = event_line(*accept(key=key))
    assert line.endswith(shown)
    assert key not in line


def test_log_writes_one_line_for_a_message(loop: asyncio.AbstractEventLoop, lines: list[str]) -> None:
    flushed(loop, lines, Engine(Settings(), ManualClock()), Submission("Hello"), NUMBER)
    (line,) = "".join(lines).splitlines()
    assert line.startswith("2026-03-01 12:00:00 UTC  972-54-1111111 ")


def test_log_writes_a_burst_in_one_piece_and_in_order(loop: asyncio.AbstractEventLoop, lines: list[str]) -> None:
    engine = Engine(Settings(), ManualClock())

    async def send() -> None:
        written = asyncio.Event()

        def write(text: str) -> None:
            lines.append(text)
            written.set()

        engine.listeners.append(ConsoleLog(write))
        for index in range(100):
            engine.submit(engine.account(KEY), Submission(f"text {index}"), [Recipient(NUMBER)])
        assert not lines
        await asyncio.wait_for(written.wait(), TIMEOUT)

    loop.run_until_complete(send())
    (text,) = lines
    assert [f'"text {index}"' in line for index, line in enumerate(text.splitlines())] == [True] * 100


def test_log_writes_again_after_it_has_written(loop: asyncio.AbstractEventLoop, lines: list[str]) -> None:
    engine = Engine(Settings(), ManualClock())
    flushed(loop, lines, engine, Submission("first"), NUMBER)
    engine.listeners.clear()
    flushed(loop, lines, engine, Submission("second"), NUMBER)
    assert [line.split('"')[1] for line in lines] == ["first", "second"]


def test_log_has_lines_for_a_scheduled_message(loop: asyncio.AbstractEventLoop, lines: list[str]) -> None:
    clock = ManualClock()
    engine = Engine(Settings(), clock)

    async def send() -> None:
        log = ConsoleLog(lines.append)
        engine.listeners.append(log)
        submission = Submission("Later", send_at=clock.now + timedelta(hours=1))
        engine.submit(engine.account(KEY), submission, [Recipient(NUMBER)])
        log.flush()
        clock.advance(3600)
        engine.tick()
        log.flush()

    loop.run_until_complete(send())
    scheduled, sent = lines
    assert "scheduled for 2026-03-01 13:00:00 UTC" in scheduled
    assert sent.startswith("2026-03-01 13:00:00 UTC  ")
    assert " sent " in sent


def test_log_has_a_line_for_each_later_step(loop: asyncio.AbstractEventLoop, lines: list[str]) -> None:
    clock = ManualClock()
    engine = Engine(Settings(), clock)

    async def send() -> None:
        log = ConsoleLog(lines.append)
        engine.listeners.append(log)
        engine.submit(engine.account(KEY), Submission("Hello"), [Recipient("972-50-0002300")])
        clock.advance(5)
        engine.tick()
        log.flush()

    loop.run_until_complete(send())
    sent, bounced = lines[0].splitlines()
    assert " sent " in sent
    assert "12:00:05" in bounced
    assert "rejected/bounced" in bounced


def test_log_has_one_line_for_an_async_message(loop: asyncio.AbstractEventLoop, lines: list[str]) -> None:
    flushed(loop, lines, Engine(Settings(), ManualClock()), Submission("Hello", wants_async=True), NUMBER)
    (line,) = "".join(lines).splitlines()
    assert " sent " in line


def test_message_as_json() -> None:
    account, message = accept("972-50-0002100", "Hello")
    assert json.loads(event_json(account, message)) == {
        "at": "2026-03-01T12:00:00+00:00",
        "event": "message",
        "transaction_id": message.transaction_id,
        "account": account.id,
        "mobile_number": "972-50-0002100",
        "status": "rejected",
        "reject_reason": "kosher-number",
        "decided_by": "magic number 21 (rejected/kosher-number)",
        "scheduled_at": None,
        "content": "Hello",
    }


def test_json_of_a_scheduled_message_has_its_time() -> None:
    later = ManualClock().now + timedelta(days=1)
    shown = json.loads(event_json(*accept(NUMBER, "Later", send_at=later)))
    assert (shown["status"], shown["decided_by"]) == ("queued", None)
    assert shown["scheduled_at"] == "2026-03-02T12:00:00+00:00"


@pytest.mark.parametrize("text", ["a\nb", "\x1b[2J", "\u202eevil", "\u2028", "\ud800", "שלום"])
def test_json_of_a_message_is_one_line_of_ascii(text: str) -> None:
    line = event_json(*accept(text, text))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["content"] == text


def test_json_of_a_message_cuts_long_values() -> None:
    shown = json.loads(event_json(*accept("9" * 1000, "a" * 1000)))
    assert (len(shown["mobile_number"]), len(shown["content"])) == (MAX_CHARACTERS, MAX_CHARACTERS)


def refused(status: int | None = 400, note: str = "message.to: missing", target: str = "/rest/v1/x") -> RecordedRequest:
    request = malformed_request(7, NOON, b"", "", 400)
    handling = Handling(None, status, refusal="invalid_request", note=note)
    return request._replace(method="POST", target=target, handling=handling)


def failed(error: str | None = "connection refused", due_at: datetime | None = NOON + timedelta(seconds=5)) -> Callback:
    details = TriggerDetails(NOON, WebhookTrigger.SENT, NUMBER, "972541111111", "a" * 32)
    webhook = Webhook("http://127.0.0.1:1/hook")
    callback = Callback(9, webhook, 0, "send", details, OrderingKey(webhook.url, "a" * 32), NOON, due_at)
    return callback._replace(attempts=(Attempt(NOON, None, b"", 0.1, error),))


def test_line_of_a_refused_request_has_status_path_and_reason() -> None:
    account, _ = accept()
    assert event_line(account, refused()) == (
        "2026-03-01 12:00:00 UTC  POST             refused with 400             "
        "/rest/v1/x  message.to: missing  [key-…]"
    )
    assert event_line(None, refused(401)).endswith("  [no account]")
    assert "refused by a reset" in event_line(None, refused(None))
    assert "POST             fault: HTTP 202  " in event_line(None, refused(202))


def test_line_of_a_failed_callback_has_url_error_and_next_attempt() -> None:
    account, _ = accept()
    assert event_line(account, failed()) == (
        "2026-03-01 12:00:00 UTC  972-54-1111111   callback send failed         http://127.0.0.1:1/hook  "
        "attempt 1: connection refused; next attempt at 2026-03-01 12:00:05 UTC  [key-…]"
    )
    assert "attempt 1: connection refused; no more attempts  [key-…]" in event_line(account, failed(due_at=None))


def test_lines_of_requests_and_callbacks_are_escaped_and_cut() -> None:
    account, _ = accept()
    long = ESCAPE_SEQUENCE + "a" * 10_000
    for event in (refused(note=long, target=long), failed(long)):
        line = event_line(account, event)
        assert line.isprintable()
        assert len(line) < 700
        assert len(event_json(account, event)) < 800


def test_log_has_refused_requests_and_failed_attempts_only(loop: asyncio.AbstractEventLoop, lines: list[str]) -> None:
    engine = Engine(Settings(), ManualClock())
    account = engine.account(KEY)
    log = ConsoleLog(lines.append)
    accepted = refused()._replace(handling=Handling(None, 200))

    async def emit() -> None:
        engine.listeners.append(log)
        for event in (accepted, refused(404), failed(None), failed()._replace(attempts=()), failed("status 500")):
            engine.emit(account, event)
        engine.emit(None, refused(401))
        engine.emit(account, ManualChange.ACCOUNT)
        log.flush()

    loop.run_until_complete(emit())
    shown = "".join(lines).splitlines()
    assert len(shown) == 3
    assert ["404" in shown[0], "status 500" in shown[1], "no account" in shown[2]] == [True] * 3


def test_refused_request_as_json() -> None:
    assert json.loads(event_json(None, refused())) == {
        "at": "2026-03-01T12:00:00+00:00",
        "event": "request",
        "account": None,
        "method": "POST",
        "target": "/rest/v1/x",
        "status": 400,
        "refusal": "invalid_request",
        "note": "message.to: missing",
    }


def test_failed_callback_as_json() -> None:
    account, _ = accept()
    shown = json.loads(event_json(account, failed()))
    assert shown == {
        "at": "2026-03-01T12:00:00+00:00",
        "event": "callback",
        "account": account.id,
        "id": 9,
        "transaction_id": "a" * 32,
        "name": "send",
        "url": "http://127.0.0.1:1/hook",
        "state": "pending",
        "attempts": 1,
        "error": "connection refused",
        "due_at": "2026-03-01T12:00:05+00:00",
    }
    assert json.loads(event_json(account, failed(due_at=None)))["due_at"] is None


@given(st.datetimes(datetime(2, 1, 1), datetime(9999, 1, 1)), st.sampled_from([0, 2, -11]))
def test_time_of_a_line_is_that_of_its_second_in_utc(at: datetime, hours: int) -> None:
    local = at.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=hours)))
    assert time_text(local) == f"{at.replace(microsecond=0)} UTC"
