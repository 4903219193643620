from __future__ import annotations

import json
import logging
import sys
from datetime import timedelta

import pytest

from mocksms.cli.console import SHOWN
from mocksms.cli.console_json import JsonFormatter, log_as_json, message_object, welcome_object
from mocksms.engine.account import Account
from mocksms.engine.engine import Engine
from mocksms.settings import Settings
from mocksms.sms.message import Message, Recipient, Submission
from tests.support import KEY, NUMBER, HandClock


def accept(number: str, submission: Submission) -> tuple[Account, Message]:
    engine = Engine(Settings(), HandClock())
    account = engine.account(KEY)
    (message,), _ = engine.submit(account, submission, [Recipient(number)])
    return account, message


def test_object_says_when_to_whom_what_became_of_it_and_why() -> None:
    account, message = accept("972-50-0002100", Submission("Hello"))
    assert json.loads(message_object(account, message)) == {
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


def test_object_of_a_scheduled_message_says_for_when() -> None:
    later = HandClock().now + timedelta(days=1)
    shown = json.loads(message_object(*accept(NUMBER, Submission("Later", send_at=later))))
    assert (shown["status"], shown["decided_by"]) == ("queued", None)
    assert shown["scheduled_at"] == "2026-03-02T12:00:00+00:00"


@pytest.mark.parametrize("text", ["a\nb", "\x1b[2J", "\u202eevil", "\u2028", "\ud800", "שלום"])
def test_object_is_one_line_of_plain_characters(text: str) -> None:
    line = message_object(*accept(text, Submission(text)))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["content"] == text


def test_object_cuts_what_is_long() -> None:
    shown = json.loads(message_object(*accept("9" * 1000, Submission("a" * 1000))))
    assert (len(shown["mobile_number"]), len(shown["content"])) == (SHOWN, SHOWN)


def test_welcome_is_an_object_too() -> None:
    line = welcome_object(Engine(Settings(seed="seven"), HandClock()), "http://127.0.0.1:8972", "1.2.3")
    assert line.endswith("}\n")
    assert json.loads(line) == {
        "at": "2026-03-01T12:00:00+00:00",
        "event": "ready",
        "version": "1.2.3",
        "url": "http://127.0.0.1:8972",
        "seed": "seven",
        "scenario": [],
    }


def test_problem_is_one_line_with_its_traceback_inside() -> None:
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError:
        record = logging.LogRecord("mocksms", logging.ERROR, "", 0, "failed on %s", ("POST",), sys.exc_info())
    line = JsonFormatter().format(record)
    problem = json.loads(line)
    assert "\n" not in line
    assert (problem["event"], problem["level"], problem["text"]) == ("problem", "error", "failed on POST")
    assert "ZeroDivisionError: by zero" in problem["traceback"]


def test_problems_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers.clear()
    try:
        log_as_json()
        logging.getLogger("uvicorn.error").warning("odd")
        logging.getLogger("mocksms").info("unremarkable")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    out, err = capsys.readouterr()
    problem = json.loads(err)
    assert (out, problem["level"], problem["text"], problem["traceback"]) == ("", "warning", "odd", None)
