from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mocksms.cli.main import FAILED, UNUSABLE, main
from mocksms.engine.controls import Controls
from tests.provider.inprocess import InProcess
from tests.report.support import Parsed, busy_mock, explain, failure, snapshot_of, trace_of, traced
from tests.support import KEY

Captured = pytest.CaptureFixture[str]
Binary = pytest.CaptureFixture[bytes]


@pytest.fixture(scope="module")
def trace() -> bytes:
    """The trace of a test that got a wrong code."""
    mock = busy_mock()
    expected = failure(explain(mock, content="Your code is 481516"))
    return trace_of(mock, traced(expected), KEY)


@pytest.fixture(autouse=True)
def in_a_folder_with_traces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trace: bytes) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("traces/gw0")
    folder.mkdir(parents=True)
    Path("traces/a.mocksms.zip").write_bytes(trace)
    Path(folder, "b.mocksms.zip").write_bytes(trace)
    Path("traces/notes.zip").write_text("no trace", encoding="utf-8")


def test_report_writes_a_page_about_a_trace(capsys: Captured) -> None:
    assert main(["report", "traces/a.mocksms.zip", "-o", "run.html"]) == 0
    page = Parsed(Path("run.html").read_bytes())
    assert page.text.startswith("tests/test_shop.py::test_code · mocksms")
    assert "expected Your code is 481516 got Your code is 481517" in page.text
    assert "clock frozen" in page.text
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("run.html: 1 file, ")


def test_report_writes_to_standard_output(capfdbinary: Binary, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(1, "w", encoding="latin-1", closefd=False) as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["report", "traces/a.mocksms.zip"]) == 0
    out, err = capfdbinary.readouterr()
    assert err == b""
    assert "הסר" in Parsed(out).text


def test_report_without_a_standard_output_is_one_sentence(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["report", "traces/a.mocksms.zip"]) == FAILED
    assert capsys.readouterr().err == "mocksms: Standard output cannot be written: it is closed.\n"


def test_report_of_a_folder_has_the_traces_of_all_folders_in_it(capsys: Captured) -> None:
    assert main(["report", "traces", "--output", "run.html"]) == 0
    assert Parsed(Path("run.html").read_bytes()).text.count("failed tests/test_shop.py::test_code") == 2
    assert capsys.readouterr().out.startswith("run.html: 2 files, ")


def test_file_that_cannot_be_read_has_a_place_among_others(capsys: Captured) -> None:
    assert main(["report", "traces", "traces/notes.zip", "-o", "run.html"]) == FAILED
    text = Parsed(Path("run.html").read_bytes()).text
    assert "3 files failed tests/test_shop.py::test_code" in text
    assert "notes.zip traces/notes.zip cannot be shown: Invalid snapshot: " in text
    assert "mocksms: traces/notes.zip cannot be shown: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["traces/notes.zip"], "Traces/notes.zip cannot be shown: Invalid snapshot: "),
        (["nix.zip"], "nix.zip cannot be read: No such file or directory."),
        (["n\0"], "n\\x00 cannot be read: embedded null byte."),
        (["empty"], "empty has no traces: no file *.mocksms.zip is in it or in a folder below it."),
        (["traces", "-o", "empty"], "empty cannot be written: Is a directory."),
        (["traces", "-o"], "Option --output needs a value; see mocksms report --help."),
        ([], "No file; name one or more, such as mocksms report traces -o run.html."),
    ],
)
def test_error_is_one_sentence(capsys: Captured, arguments: list[str], sentence: str) -> None:
    Path("empty").mkdir()
    assert main(["report", *arguments]) == UNUSABLE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.lower().startswith(f"mocksms: {sentence}".lower())


def test_report_says_what_it_left_out(capsys: Captured) -> None:
    mock = InProcess()
    for _ in range(80):
        mock.post(b'{"x": "' + b"<" * 16_000 + b'"}')
    Path("state.zip").write_bytes(snapshot_of(mock))
    assert main(["report", "state.zip", "-o", "run.html"]) == 0
    assert capsys.readouterr().err == (
        "mocksms: state.zip: left out to keep the page short: the rest of 80 long texts.\n"
    )


def test_accounts_of_the_test_come_first_and_those_without_records_have_a_row(capfdbinary: Binary) -> None:
    mock = InProcess()
    mock.send(key="own")
    mock.account("unused")
    mock.send(key="second")
    Path("test.zip").write_bytes(trace_of(mock, traced(failure()), "own", "second"))
    Path("state.zip").write_bytes(snapshot_of(mock))
    assert main(["report", "test.zip"]) == 0
    text = Parsed(capfdbinary.readouterr().out).text
    assert text.index("Account o…") < text.index("Account s…")
    assert main(["report", "state.zip"]) == 0
    text = Parsed(capfdbinary.readouterr().out).text
    assert text.index("Account s…") < text.index("Account o…") < text.index("Other accounts 1") < text.index("u…")


def test_snapshot_shows_why_the_tests_of_its_accounts_failed(capfdbinary: Binary) -> None:
    mock = InProcess()
    for key, expected in (("first", "481516"), ("second", "481517")):
        mock.send(key=key, content="Your code is 1")
        wrong = failure(explain(mock, key, content=f"Your code is {expected}"))
        Controls(mock.engine).set_test_result(mock.account(key), "failed", [wrong])
    Controls(mock.engine).set_test_result(mock.account("third"), "error", [failure(text="no database")])
    Path("state.zip").write_bytes(snapshot_of(mock))
    assert main(["report", "state.zip"]) == 0
    third, second, first = Parsed(capfdbinary.readouterr().out).text.split(" Account ")[1:6:2]
    assert third.startswith("t… AssertionError no database Timeline 0")
    for account, expected in ((second, "481517"), (first, "481516")):
        assert f'AssertionError no SMS with content "Your code is {expected}"' in account
        assert f"expected Your code is {expected} got Your code is 1" in account
        assert "1 segment, GSM-7 from SenderID closest Your code is 1" in account


def test_many_records_leave_room_for_no_further_account(capfdbinary: Binary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mocksms.report.reading.MAX_RECORDS", 3)
    mock = InProcess()
    for key in ("one", "two", "three"):
        mock.send(key=key)
    Path("state.zip").write_bytes(snapshot_of(mock))
    assert main(["report", "state.zip"]) == 0
    text = Parsed(capfdbinary.readouterr().out).text
    assert text.count("Timeline") == 2
    assert "Other accounts 1" in text
