from __future__ import annotations

import errno
import io
import pty
import sys
import termios
from typing import TextIO

import pytest

from mocksms.cli.line_output import LineOutput
from mocksms.cli.output import PIPE_BYTES, complain, echo, warn
from mocksms.cli.tables import echo_table
from mocksms.cli.terminal import DEFAULT_COLUMNS, Colour, coloured, columns, has_colours, plain, result_colour


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TerminalOfNoSize(Terminal):
    def fileno(self) -> int:
        raise OSError(errno.ENOTTY, "no terminal")


@pytest.mark.parametrize(
    ("variables", "terminal", "pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
    ids=lambda value: " ".join(f"{name}={text}" for name, text in value.items()) if isinstance(value, dict) else None,
)
def test_colours_depend_on_terminal_and_variables(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *, terminal: bool, pipe: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (has_colours(Terminal()), has_colours(io.StringIO())) == (terminal, pipe)


def test_stream_that_is_closed_has_no_colours() -> None:
    closed = io.StringIO()
    closed.close()
    assert (has_colours(closed), has_colours(None)) == (False, False)


@pytest.mark.parametrize(
    ("variable", "stream", "expected"),
    [
        ("", io.StringIO(), None),
        ("", None, None),
        ("", TerminalOfNoSize(), DEFAULT_COLUMNS),
        ("100", io.StringIO(), 100),
        ("0", io.StringIO(), None),
        ("wide", io.StringIO(), None),
    ],
)
def test_columns_are_those_of_the_variable_or_the_terminal(
    monkeypatch: pytest.MonkeyPatch, variable: str, stream: TextIO | None, expected: int | None
) -> None:
    monkeypatch.setenv("COLUMNS", variable)
    assert columns(stream) == expected


@pytest.mark.parametrize(
    ("result", "colour"),
    [
        ("sent", Colour.GREEN),
        ("queued, sent after 5 s", Colour.YELLOW),
        ("rejected/bounced", Colour.RED),
        ("refused with 400", Colour.RED),
        ("callback send failed", Colour.RED),
        ("fault: HTTP 200", Colour.YELLOW),
        ("HTTP 503", Colour.RED),
        ("HTTP 200", None),
        ("stays queued", None),
    ],
)
def test_result_has_the_colour_of_its_status(result: str, colour: Colour | None) -> None:
    assert result_colour(result) == colour


def test_text_without_a_colour_is_unchanged() -> None:
    assert [coloured("a", None), coloured("", Colour.RED), plain("a", Colour.RED)] == ["a", "", "a"]


def test_colours_are_not_escaped_and_other_sequences_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"{coloured('sent', Colour.GREEN)} \x1b[2J\x1b[5m"
    echo(text)
    assert capsys.readouterr().out == r"\x1b[32msent\x1b[0m \x1b[2J\x1b[5m"
    monkeypatch.setenv("FORCE_COLOR", "1")
    echo(text)
    assert capsys.readouterr().out == "\x1b[32msent\x1b[0m " + r"\x1b[2J\x1b[5m"


def test_errors_are_red_and_warnings_yellow(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    complain("wrong\x1b[2J")
    warn("odd", "lines")
    warn("odd", "json")
    error, warning, as_json = capsys.readouterr().err.splitlines()
    assert error == "\x1b[31mmocksms:\x1b[0m wrong" + r"\x1b[2J"
    assert warning == "\x1b[33mmocksms:\x1b[0m odd"
    assert as_json.startswith('{"at": ')


def test_line_that_a_pipe_takes_in_parts_has_no_colours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    short, long = (f"{coloured('sent', Colour.GREEN)} {'x' * length}\n" for length in (1, PIPE_BYTES))
    LineOutput()(short + long)
    assert capsys.readouterr().out == short + f"sent {'x' * PIPE_BYTES}\n"


def test_terminal_shows_a_table_in_its_columns_and_in_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    reading, writing = pty.openpty()
    termios.tcsetwinsize(writing, (24, 30))
    with open(reading, "rb", buffering=0) as screen, open(writing, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        echo_table(["name", "outcome"], [["late", "queued, then sent after 5 s"]], result=1)
        shown = b""
        while shown.count(b"\n") < 4:
            shown += screen.read(1_000)
    lines = shown.decode().replace("\r\n", "\n").splitlines()
    assert lines == [
        "\x1b[1mname\x1b[0m  \x1b[1moutcome\x1b[0m",
        "----  ------------------------",
        "late  \x1b[33mqueued, then sent after\x1b[0m",
        "      \x1b[33m5 s\x1b[0m",
    ]
