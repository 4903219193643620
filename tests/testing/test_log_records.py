"""Log records of a test: kept up to limits, and never a problem for the application."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mocksms.testing import log_records
from mocksms.testing.log_records import LogRecorder

log = logging.getLogger("shop")


@pytest.fixture
def recorder() -> Iterator[LogRecorder]:
    recorder = LogRecorder()
    recorder.attach()
    yield recorder
    recorder.detach()
    assert recorder not in logging.getLogger().handlers


def texts(recorder: LogRecorder) -> list[str]:
    return [line.text for line in recorder.lines()]


def test_records_are_kept_with_their_exception(recorder: LogRecorder) -> None:
    try:
        raise KeyError("order")
    except KeyError:
        log.exception("order %d failed", 7, stack_info=True)
    log.warning("done")
    first, second = recorder.lines()
    assert (first.level, first.logger, first.text) == ("ERROR", "shop", "order 7 failed")
    assert first.exception is not None
    assert "KeyError: 'order'\nStack (most recent call last):" in first.exception
    assert (second.level, second.text, second.exception) == ("WARNING", "done", None)
    assert first.at <= second.at
    recorder.clear()
    assert recorder.lines() == []


def test_record_with_wrong_arguments_is_kept(recorder: LogRecorder) -> None:
    recorder.handle(logging.makeLogRecord({"msg": "order %d", "args": ("x",), "name": "shop"}))
    assert texts(recorder) == [
        "'order %d' with the arguments ('x',) (TypeError: %d format: a real number is required, not str)"
    ]


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("changes", [{"msg": Broken()}, {"created": float("inf")}, {"exc_info": 1}])
def test_record_that_cannot_be_read_raises_no_error(recorder: LogRecorder, changes: dict[str, Any]) -> None:
    recorder.handle(logging.makeLogRecord(changes))
    assert texts(recorder) == ["a record that cannot be read"]


def test_latest_records_stay(recorder: LogRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_records, "MAX_LOG_LINES", 3)
    for number in range(5):
        log.warning("%d", number)
    assert (texts(recorder), recorder.count) == (["2", "3", "4"], 5)
    monkeypatch.setattr(log_records, "MAX_ALL_LOGS", 10)
    log.warning("x" * 9)
    assert texts(recorder) == ["4", "x" * 9]


def test_long_text_is_cut(recorder: LogRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_records, "KEPT_LENGTH", 3)
    log.warning("12345")
    assert texts(recorder) == ["123"]


def test_records_of_the_http_server_of_the_mock_are_left_out(recorder: LogRecorder) -> None:
    def act() -> None:
        logging.getLogger("uvicorn.access").warning("GET /")
        logging.getLogger("mocksms").warning("a callback failed")

    thread = threading.Thread(target=act, name="mocksms")
    thread.start()
    thread.join()
    assert texts(recorder) == ["a callback failed"]


def test_recorder_stays_when_logging_is_configured_anew(recorder: LogRecorder) -> None:
    root = logging.getLogger()
    handlers = root.handlers[:]
    root.handlers.clear()
    recorder.attach()
    recorder.attach()
    assert root.handlers == [recorder]
    root.handlers[:] = handlers
