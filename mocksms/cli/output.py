"""Output of commands: safe for terminals, and without a traceback where a stream is closed or full."""

from __future__ import annotations

import json
import logging
import os
import select
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from mocksms.cli.terminal import PAINT_CODES, Colour, has_colours, painter
from mocksms.errors import OutputFailed, escape, escape_lines
from mocksms.sms.display import error_reason

PIPE_BYTES: Final = getattr(select, "PIPE_BUF", 512)
"""Bytes that a pipe takes at once if it takes any."""

PROGRESS_WIDTH: Final = 72
"""Columns of a line that is written over again and again."""

MAX_ENCODED: Final = 10
"""Bytes of the longest character, which is an escape such as `\\U0001f600`."""


def takes_output(stream: TextIO | None) -> bool:
    """Whether a write to a stream returns at once; then a pipe takes `PIPE_BYTES`."""
    try:
        return stream is None or bool(select.select([], [stream], [], 0)[1])
    except (OSError, ValueError):  # a stream without a descriptor, or one that the system cannot ask
        return True


def echo(text: str) -> None:
    """Write to standard output and flush. Characters that a terminal acts on, or that its encoding lacks, are escaped.

    The colours of `painter` stay. If the reader is gone, as in `mocksms numbers | head -1`, the rest is discarded.

    Raises:
        OutputFailed: standard output is closed, or its disk is full.
    """
    echo_safe(_safe(text, sys.stdout))


def echo_safe(text: str) -> None:
    """Write to standard output, as `echo` does, a text that is safe to print and has colours only where they show."""
    if problem := _write(sys.stdout, text):
        raise OutputFailed(problem)


def echo_to_reader(text: str) -> bool:
    """Write to standard output, as `echo` does; return whether it has a reader, which may be gone.

    Raises:
        OutputFailed: see `echo`.
    """
    problem = _write(sys.stdout, _safe(text, sys.stdout))
    if problem:
        raise OutputFailed(problem)
    return problem is not None and has_reader(sys.stdout)


def has_reader(stream: TextIO | None) -> bool:
    """Whether a stream has a reader: a pipe whose other end is closed has none."""
    try:
        assert stream is not None
        poll = select.poll()
        poll.register(stream, 0)
        return not any(event & select.POLLERR for _, event in poll.poll(0))
    except (AssertionError, AttributeError, OSError, ValueError):  # a system or a stream without poll
        return True


def echo_file(text: str) -> None:
    """Write the content of a file to standard output. Only on a terminal it is escaped.

    Raises:
        OutputFailed: see `echo`.
    """
    stream: TextIO | None = sys.stdout
    is_terminal = stream is not None and stream.isatty()
    if problem := _write(stream, escape_lines(text.replace("\r\n", "\n")) if is_terminal else text):
        raise OutputFailed(problem)


def echo_bytes(content: bytes) -> None:
    """Write the content of a file to standard output as it is, and flush.

    Raises:
        OutputFailed: see `echo`.
    """
    if problem := _attempt(sys.stdout, lambda stream: stream.buffer.write(content)):
        raise OutputFailed(problem)


def complain(text: str, colour: Colour = Colour.RED) -> None:
    """Write a line to standard error. If that fails, only the exit code is left."""
    name = painter(sys.stderr)("mocksms:", colour)
    _write(sys.stderr, f"{name} {escape_lines(text)}\n")


def show(text: str) -> None:
    """Write to standard error, for a person who types the next line."""
    _write(sys.stderr, escape_lines(text))


def show_progress(text: str) -> None:
    """Write over the current line of a terminal, on standard error."""
    _write(sys.stderr, f"\r{escape(text):<{PROGRESS_WIDTH}}\r")


class SideOutput:
    """Writes to standard output what a command can do without. The first failure is a line on standard error."""

    def __init__(self, log_format: str = "lines", write: Callable[[str], None] = echo) -> None:
        self._log_format = log_format
        self._write = write
        self._has_failed = False

    def __call__(self, text: str) -> None:
        """Write a text."""
        try:
            self._write(text)
            self._has_failed = False
        except OutputFailed as error:
            if not self._has_failed:
                warn(f"{error.sentence} mocksms goes on without this output.", self._log_format)
            self._has_failed = True


class JsonFormatter(logging.Formatter):
    """Formats a log record as a line of JSON, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        at = datetime.fromtimestamp(record.created, UTC)
        traceback = self.formatException(record.exc_info) if record.exc_info else None
        return json_line(at, "problem", level=record.levelname.lower(), text=record.getMessage(), traceback=traceback)


class LineFormatter(logging.Formatter):
    """Formats a log record for a terminal: its text, and its traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record, escaped."""
        return f"{record.name}: {escape_lines(super().format(record))}"


class LogHandler(logging.Handler):
    """Writes log records to standard error, and never waits for its reader.

    A pipe without a reader takes 64 KB, and the next write would stop the mock. Records that it does not take are lost;
    the next one that it takes follows their number.
    """

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        text = f"{self.format(record)}\n"
        if self._lost:
            text = f"\n{self.format(self._about_lost())}\n{text}"
        length = PIPE_BYTES // MAX_ENCODED
        for start in range(0, len(text), length):
            if not takes_output(sys.stderr):
                self._lost += 1
                return
            _write(sys.stderr, text[start : start + length])
        self._lost = 0

    def _about_lost(self) -> logging.LogRecord:
        text = f"Standard error was not read: {self._lost} of its records are lost."
        return logging.makeLogRecord({"name": "mocksms", "levelname": "WARNING", "msg": text})


def configure_logs(log_format: str) -> None:
    """Write log records, those of the server library too, to standard error: as lines, or as lines of JSON."""
    logging.raiseExceptions = False  # where standard error cannot be written, a traceback cannot either
    handler = LogHandler(JsonFormatter() if log_format == "json" else LineFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def json_line(at: datetime, event: str, **fields: Any) -> str:
    """Return an event of the mock as a line of JSON."""
    return json.dumps({"at": at.isoformat(), "event": event, **fields})


def warn(text: str, log_format: str) -> None:
    """Write a warning to standard error, as a line or as a line of JSON."""
    if log_format == "json":
        record = logging.makeLogRecord({"levelname": "WARNING", "msg": text})
        _write(sys.stderr, f"{JsonFormatter().format(record)}\n")
    else:
        complain(text, Colour.YELLOW)


def _safe(text: str, stream: TextIO | None) -> str:
    """Return a text that is safe to print; the escape sequences of colours stay if the stream has colours."""
    if "\x1b" not in text or not has_colours(stream):
        return escape_lines(text)
    parts = PAINT_CODES.split(text)
    return "".join(part if index % 2 else escape_lines(part) for index, part in enumerate(parts))


def _write(stream: TextIO | None, text: str) -> str | None:
    """Write to a stream and flush; return why it failed, empty if it did not, None if the reader is gone."""

    def write(stream: TextIO) -> object:
        try:
            return stream.write(text)
        except UnicodeEncodeError:
            return stream.write(text.encode(stream.encoding, "backslashreplace").decode(stream.encoding))

    return _attempt(stream, write)


def _attempt(stream: TextIO | None, write: Callable[[TextIO], object]) -> str | None:
    """Call a function that writes to a stream, and flush; return as `_write` does."""
    if stream is None:
        return "it is closed"
    try:
        write(stream)
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
        return None
    except OSError as error:
        _discard(stream)
        return error_reason(error)
    return ""


def _discard(stream: TextIO) -> None:
    """Drop what is left in a stream after a failure: Python would fail to write it again at its exit."""
    with suppress(OSError):
        descriptor = stream.fileno()
        failing, nowhere = os.dup(descriptor), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        stream.flush()
        os.dup2(failing, descriptor)
        os.close(failing)
        os.close(nowhere)
