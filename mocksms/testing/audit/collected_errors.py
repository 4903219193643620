"""Errors of a run that do not reach the test: those that frameworks log, and those that end threads."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, NamedTuple

from mocksms.testing.audit.code_filter import CodeFilter, CodeOwner
from mocksms.testing.log_records import MOCK_THREAD

LOGGING: Final = ("logging", "loguru", "structlog")
"""Packages between the code that logs and the record of its error."""

RETRYING: Final = ("backoff", "retrying", "stamina", "tenacity", "urllib3")
"""Packages that log errors which they handle."""


class CollectedError(NamedTuple):
    """An error, and what reported it: the name of a logger, or `thread`."""

    error: BaseException
    source: str


@contextmanager
def collect_errors(code: CodeFilter) -> Iterator[list[CollectedError]]:
    """Collect the errors that frameworks log and that threads raise, until the end of the block.

    They are not passed on to pytest: in a run of the audit they are no failures. An error that application code logs
    itself is one that it handles, and is left out.
    """
    collected: list[CollectedError] = []
    create_record, thread_hook, unraisable_hook = (
        logging.getLogRecordFactory(),
        threading.excepthook,
        sys.unraisablehook,
    )

    def on_record(*arguments: Any, **options: Any) -> logging.LogRecord:
        record = create_record(*arguments, **options)
        error = record.exc_info[1] if record.exc_info else None
        is_failure = record.levelno >= logging.ERROR and record.threadName != MOCK_THREAD
        if error is not None and is_failure and _is_of_framework(sys._getframe(1), code):
            collected.append(CollectedError(error, record.name))
        return record

    def on_failure(failed: Any) -> None:
        if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
            collected.append(CollectedError(failed.exc_value, "thread"))

    logging.setLogRecordFactory(on_record)
    threading.excepthook = sys.unraisablehook = on_failure
    gc.freeze()  # so that the collection below only looks at what is new
    try:
        yield collected
        gc.collect()  # asyncio logs the error of a task once the task is freed
    finally:
        gc.unfreeze()
        if logging.getLogRecordFactory() is on_record:
            logging.setLogRecordFactory(create_record)
        threading.excepthook, sys.unraisablehook = thread_hook, unraisable_hook


def _is_of_framework(frame: FrameType, code: CodeFilter) -> bool:
    """Whether the code that logs is a library that does not handle the error."""
    while _package(frame) in LOGGING and frame.f_back is not None:
        frame = frame.f_back
    return _package(frame) not in RETRYING and code.owner(frame) is CodeOwner.LIBRARY


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
