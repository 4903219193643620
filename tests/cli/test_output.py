from __future__ import annotations

import io
import json
import logging
import os
import signal
import subprocess
import sys
from threading import Thread

import pytest

from mocksms.cli.output import (
    JsonFormatter,
    LineFormatter,
    LogHandler,
    SideOutput,
    complain,
    configure_logs,
    echo,
    echo_file,
    echo_to_reader,
    has_reader,
    warn,
)
from mocksms.errors import OutputFailed
from tests.support import TIMEOUT

ESCAPES = "a\x1b]0;pwned\x07\tb\n\x9b2J\u202e\n"
ESCAPED = "a\\x1b]0;pwned\\x07\tb\n\\x9b2J\\u202e\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    """A stream that fails as a full disk does, until it is repaired."""

    error: OSError | None = OSError(28, "No space left on device")

    def write(self, text: str) -> int:
        if self.error:
            raise self.error
        return super().write(text)


def test_output_is_escaped_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    echo(ESCAPES)
    complain("one \x1b[2J\ntwo")
    assert capsys.readouterr() == (ESCAPED, "mocksms: one \\x1b[2J\ntwo\n")


def test_file_is_escaped_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    echo_file(ESCAPES)
    assert capsys.readouterr().out == ESCAPES
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    echo_file(ESCAPES.replace("\n", "\r\n"))
    assert terminal.getvalue() == ESCAPED


@pytest.mark.parametrize("write", [echo, echo_file])
@pytest.mark.parametrize(
    ("stream", "reason"),
    [(None, "it is closed"), (Broken(), "No space left on device")],
    ids=["closed", "full"],
)
def test_output_that_cannot_be_written_is_an_error(
    monkeypatch: pytest.MonkeyPatch, write: object, stream: object, reason: str
) -> None:
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(OutputFailed) as failed:
        (echo if write is echo else echo_file)("text")
    assert failed.value.sentence == f"Standard output cannot be written: {reason}."


def test_output_without_a_reader_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        echo("text")
        echo("more")
    # Nothing is left that closing the stream would fail to write.


def test_characters_that_an_encoding_lacks_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    echo("one… ")
    echo("two")
    assert written.getvalue() == rb"one\u2026 two"


def test_side_output_reports_a_failure_once_until_it_works_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = Broken()
    monkeypatch.setattr(sys, "stdout", stream)
    write = SideOutput()
    for works in (False, False, True, False):
        monkeypatch.setattr(stream, "error", None if works else Broken.error)
        write("text\n")
    assert stream.getvalue() == "text\n"
    complaint = (
        "mocksms: Standard output cannot be written: No space left on device. mocksms goes on without this output.\n"
    )
    assert capsys.readouterr().err == 2 * complaint


def test_log_record_is_escaped_with_its_traceback() -> None:
    try:
        raise ZeroDivisionError("\x1b[2J")
    except ZeroDivisionError:
        error = logging.LogRecord("mocksms", logging.ERROR, "", 0, "failed\non %s", ("\x9b",), sys.exc_info())
    text = LineFormatter().format(error)
    assert text.startswith("mocksms: failed\non \\x9b\nTraceback")
    assert text.endswith("ZeroDivisionError: \\x1b[2J")


def test_log_record_as_json_is_one_line_with_its_traceback() -> None:
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError:
        error = logging.LogRecord("mocksms", logging.ERROR, "", 0, "failed on %s", ("POST",), sys.exc_info())
    line = JsonFormatter().format(error)
    problem = json.loads(line)
    assert "\n" not in line
    assert (problem["event"], problem["level"], problem["text"]) == ("problem", "error", "failed on POST")
    assert "ZeroDivisionError: by zero" in problem["traceback"]


@pytest.mark.parametrize("log_format", ["lines", "json"])
def test_log_records_go_to_standard_error(capsys: pytest.CaptureFixture[str], log_format: str) -> None:
    root = logging.getLogger()
    before, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    root.handlers.clear()
    try:
        configure_logs(log_format)
        logging.getLogger("uvicorn.error").warning("odd")
        logging.getLogger("mocksms").info("unremarkable")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.raiseExceptions = raises
    out, err = capsys.readouterr()
    assert out == ""
    if log_format == "lines":
        assert err == "uvicorn.error: odd\n"
    else:
        problem = json.loads(err)
        assert (problem["level"], problem["text"], problem["traceback"]) == ("warning", "odd", None)


def test_log_does_not_wait_for_the_reader_of_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = LogHandler(LineFormatter())
    reading, writing = os.pipe()
    os.set_blocking(reading, False)

    def log() -> None:
        for number in range(3):
            handler.handle(logging.makeLogRecord({"name": "mocksms", "msg": f"{number}".ljust(100_000, "x")}))

    with open(writing, "w", encoding="utf-8") as stderr, open(reading, "rb", buffering=0) as reader:
        monkeypatch.setattr(sys, "stderr", stderr)
        thread = Thread(target=log, daemon=True)
        thread.start()
        thread.join(TIMEOUT)
        is_blocked = thread.is_alive()
        read = reader.read(1 << 20) or b""
        assert not is_blocked
        assert read.startswith(b"mocksms: 0xxx")
        for text in ("next", "last"):
            handler.handle(logging.makeLogRecord({"name": "mocksms", "msg": text}))
        lost = "mocksms: Standard error was not read: 3 of its records are lost."
        assert reader.read(1 << 20) == f"\n{lost}\nmocksms: next\nmocksms: last\n".encode()


def test_warning_has_the_format_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    warn("odd", "lines")
    assert capsys.readouterr().err == "mocksms: odd\n"
    warn("odd", "json")
    problem = json.loads(capsys.readouterr().err)
    assert (problem["event"], problem["level"], problem["text"]) == ("problem", "warning", "odd")


COMMAND = f"{sys.executable} -m mocksms"
CLOSED = "mocksms: Standard output cannot be written: it is closed."
FULL = "mocksms: Standard output cannot be written: No space left on device."


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        (f"{COMMAND} numbers >&-", 1, f"{CLOSED}\n"),
        (f"{COMMAND} fidelity >/dev/full", 1, f"{FULL}\n"),
        (f"{COMMAND} --help >/dev/full 2>/dev/full", 1, ""),
        (f"{COMMAND} nonsense 2>&-", 2, ""),
        (f"{COMMAND} fidelity | head -1 >&2; exit ${{PIPESTATUS[0]}}", 0, None),
    ],
    ids=["closed", "full", "both full", "no standard error", "reader gone"],
)
def test_exit_code_says_whether_the_result_was_written(line: str, code: int, error: str | None) -> None:
    ran = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert ran.stderr.count("\n") == 1 if error is None else ran.stderr == error


def test_mock_serves_without_standard_output() -> None:
    with subprocess.Popen(
        ["bash", "-c", f"exec {COMMAND} --port 0 --seed x >/dev/full"], stderr=subprocess.PIPE, text=True
    ) as mock:
        assert mock.stderr is not None
        assert mock.stderr.readline() == f"{FULL} mocksms goes on without this output.\n"
        mock.send_signal(signal.SIGTERM)
        assert mock.wait(TIMEOUT) == 0
        assert mock.stderr.read() == ""


def test_output_says_whether_it_has_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert echo_to_reader("line\n")
        os.close(reading)
        assert not has_reader(stream)
        assert not echo_to_reader("")
        assert not echo_to_reader("line\n")
        monkeypatch.undo()
    assert has_reader(None)
    assert has_reader(io.StringIO())


def test_output_that_cannot_be_written_is_no_reader_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken())
    with pytest.raises(OutputFailed, match="No space left"):
        echo_to_reader("line")
