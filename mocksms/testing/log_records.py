"""Log records of a test, for its trace."""

from __future__ import annotations

import logging
from collections import deque
from datetime import UTC, datetime
from typing import Final, NamedTuple

from mocksms.engine.clock import system_time
from mocksms.state.redaction import MAX_FORM_LENGTH
from mocksms.state.trace import MAX_ALL_LOGS, MAX_LOG_LINES, MAX_TRACE_TEXT
from mocksms.state.trace_models import LogLine

KEPT_LENGTH: Final = MAX_TRACE_TEXT + MAX_FORM_LENGTH
"""Characters of a text: more than a trace has, so that a key at the end is whole when it is redacted."""

MOCK_THREAD: Final = "mocksms"
"""Name of the thread of a mock in this process: records of its HTTP server are not those of an application."""

_FORMATTER: Final = logging.Formatter()


class _KeptRecord(NamedTuple):
    """What is kept of a log record."""

    at: datetime
    level: str
    logger: str
    text: str
    exception: str | None

    @property
    def length(self) -> int:
        return len(self.text) + len(self.exception or "")


class LogRecorder(logging.Handler):
    """Handler of the root logger that keeps the latest records, their texts cut. It never raises an error.

    It formats a record at once: the objects in it may change.
    """

    def __init__(self) -> None:
        super().__init__()
        self._records: deque[_KeptRecord] = deque()
        self._length = 0
        self.count = 0
        """Number of records so far."""

    def attach(self) -> None:
        """Get the records of the root logger, also after an application has configured logging anew."""
        root = logging.getLogger()
        if self not in root.handlers:
            root.addHandler(self)

    def detach(self) -> None:
        """Get no more records."""
        logging.getLogger().removeHandler(self)

    def clear(self) -> None:
        """Forget all records."""
        self._records.clear()
        self._length = self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        try:
            if record.threadName == MOCK_THREAD and not record.name.startswith("mocksms"):
                return
            at = datetime.fromtimestamp(record.created, UTC)
            names = str(record.levelname), str(record.name)
            kept = _KeptRecord(at, *names, _text_of(record), _exception_of(record))
        except Exception:  # a record can hold anything, and the application must not notice
            kept = _KeptRecord(system_time(), "", "", "a record that cannot be read", None)
        self.count += 1
        self._records.append(kept)
        self._length += kept.length
        while len(self._records) > MAX_LOG_LINES or self._length > MAX_ALL_LOGS:
            self._length -= self._records.popleft().length

    def lines(self) -> list[LogLine]:
        """Return the records, oldest first."""
        self.acquire()
        try:
            records = [*self._records]
        finally:
            self.release()
        return [LogLine(**each._asdict()) for each in records]


def _text_of(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except Exception as error:
        text = f"{record.msg!r} with the arguments {record.args!r} ({type(error).__name__}: {error})"
    return text[:KEPT_LENGTH]


def _exception_of(record: logging.LogRecord) -> str | None:
    parts = [_FORMATTER.formatException(record.exc_info)] if record.exc_info else []
    parts += filter(None, [record.stack_info])
    return "\n".join(parts)[:KEPT_LENGTH] if parts else None
