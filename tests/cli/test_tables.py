from __future__ import annotations

import json
import re

import pytest

from mocksms.cli.main import UNUSABLE, main
from mocksms.cli.tables import MIN_WIDTH, table
from mocksms.cli.terminal import PAINT_CODES, coloured
from mocksms.web.guide import read_pages

HEAD = ["id", "outcome", "about"]
ROWS = [["1", "sent", "a few words that are longer than all others"], ["2", "queued, sent after 5 s", "b"]]


def test_cell_is_one_line() -> None:
    assert table(["name"], [["a\nb\x1b"]]) == "name\n--------\na\\nb\\x1b\n"


def test_row_of_a_pipe_is_one_line() -> None:
    assert [len(line) for line in table(HEAD, ROWS).splitlines()] == [33, 71, 71, 29]


def test_cells_wrap_to_the_width() -> None:
    assert table(HEAD, ROWS, 44).splitlines() == [
        "id  outcome              about",
        "--  -------------------  -------------------",
        "1   sent                 a few words that",
        "                         are longer than all",
        "                         others",
        "2   queued, sent after   b",
        "    5 s",
    ]


def test_word_that_is_too_long_for_its_column_is_cut_and_nothing_is_lost() -> None:
    lines = table(["name", "about"], [["a" * 30, "b" * 30]], 24).splitlines()[2:]
    assert max(map(len, lines)) == 24
    assert ["".join(lines).count(letter) for letter in "ab"] == [30, 30]


def test_column_of_a_very_narrow_terminal_still_has_some_characters() -> None:
    lines = table(["name", "about"], [["a" * 30, "b" * 30]], 1).splitlines()
    assert lines[1] == f"{'-' * MIN_WIDTH}  {'-' * MIN_WIDTH}"


def test_colours_change_no_column() -> None:
    painted = table(HEAD, ROWS, 44, coloured, result=1)
    assert PAINT_CODES.sub("", painted) == table(HEAD, ROWS, 44)
    assert "\x1b[1moutcome\x1b[0m" in painted
    assert "\x1b[32msent\x1b[0m " in painted
    assert "\x1b[33mqueued, sent after\x1b[0m   b\n    \x1b[33m5 s\x1b[0m\n" in painted


@pytest.mark.parametrize("command", ["numbers", "fidelity", "scenarios", "guide"])
def test_listing_fits_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([command]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("command", ["numbers", "fidelity", "scenarios", "guide"])
def test_json_of_a_listing_has_neither_colours_nor_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    assert main([command, "--json"]) == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert len(json.loads(printed)) >= 1


def test_listing_has_colours_where_they_are_forced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["numbers"]) == 0
    assert re.search(r"\x1b\[31mrejected/kosher-number\x1b\[0m\n", capsys.readouterr().out)


def test_guide_lists_its_pages_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guide", "--json"]) == 0
    pages = json.loads(capsys.readouterr().out)["pages"]
    assert pages == [{"name": name, "about": page.summary} for name, page in read_pages().items()]


def test_guide_prints_no_page_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guide", "webhooks", "--json"]) == UNUSABLE
    assert "leave out the page, or --json" in capsys.readouterr().err
