"""Coverage of a test run: one process, workers, several runs, a mock that runs already."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path

import pytest

from mocksms.settings import Settings
from mocksms.testing import coverage_plugin
from mocksms.testing.coverage_data import CoverageData
from mocksms.testing.coverage_lines import coverage_lines
from mocksms.testing.coverage_report import report_lines
from tests.readme import GUIDE
from tests.support import running
from tests.testing.runs import Runs

FILE = ".mocksms-coverage.json"
ON = "--mocksms-coverage"

SUITE = """
import pytest

def test_kosher(mocksms, send):
    send(mocksms.number("kosher"), tags=["otp"])

def test_outage(mocksms, send):
    assert send(mocksms.number("http-503")) == 503

def test_not_read(mocksms, send):
    [row] = send(mocksms.number("bounces-later"))
    mocksms.advance("1h")
    assert mocksms.read(row["transaction_id"]).reject_reason == "bounced"

def test_second_account(mocksms, send):
    send(key=mocksms.account("other").api_key)

def test_reset(mocksms, send):
    other = mocksms.account("third")
    for account in (mocksms, other, mocksms):
        send(key=account.api_key)
        account.reset()
    before = mocksms.snapshot()
    send(mocksms.number("exception"))
    mocksms.restore(before)
    send()

def test_nothing(): ...
"""
MET = {
    ("status", "rejected"): 1,
    ("reason", "kosher-number"): 1,
    ("flag", "tags"): 1,
    ("fault", "HTTP 503"): 1,
    ("status", "sent"): 3,
    ("status", "exception"): 1,
    ("reason", "exception"): 1,
}


def saved(runs: Runs, name: str = FILE) -> dict[tuple[str, str], int]:
    """Return how many tests have met the lines in the file."""
    report = json.loads((runs.path / name).read_text())
    met = {(line["section"], line["name"]): line["tests"] for line in report["lines"] if line["tests"]}
    assert (report["met"], report["total"]) == (len(met), len(coverage_lines()))
    return met


def test_report_has_what_the_tests_met_and_the_call_for_the_rest(runs: Runs) -> None:
    printed = runs.run(SUITE, ON, passed=6)
    assert saved(runs) == MET
    total = len(coverage_lines())
    assert re.search(rf"^TOTAL +{total} +{total - len(MET)} +12%$", printed, re.MULTILINE)
    assert re.search(r"^status +5 +2 +60%$", printed, re.MULTILINE)
    assert re.search(r'^status +queued +mocksms.number\("queued"\)$', printed, re.MULTILINE)
    assert not re.search(r"^status +sent ", printed, re.MULTILINE)
    assert f"JSON report: {runs.path / FILE}" in printed
    page = (GUIDE / "coverage.md").read_text(encoding="utf-8")
    shown = [line for block in re.findall(r"```text\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    assert [line for line in shown if line not in printed] == []
    assert {line.section for line in coverage_lines()} <= set(re.findall(r"`(\w+)`", page))


def test_run_without_the_option_leaves_nothing(runs: Runs) -> None:
    runs.ini("mocksms_coverage_fail_under = 100")
    assert "mocksms coverage" not in runs.run(SUITE, "-k", "kosher", passed=1, deselected=5)
    assert not (runs.path / FILE).exists()


def test_runs_are_added_and_the_least_coverage_is_required(runs: Runs) -> None:
    (runs.path / "out").mkdir()
    runs.ini("mocksms_coverage = true", "mocksms_coverage_file = out/all.json", "mocksms_coverage_fail_under = 8")
    append = "--mocksms-coverage-append"
    printed = runs.run(SUITE, "-k", "kosher", append, passed=1, deselected=5)
    assert "FAIL mocksms coverage of 8% is required, but it is 5%" in printed
    assert runs.exit_code == pytest.ExitCode.TESTS_FAILED
    runs.run(SUITE, "-k", "not kosher", append, passed=5, deselected=1)
    assert runs.exit_code == pytest.ExitCode.OK
    assert saved(runs, "out/all.json") == MET
    assert "mocksms coverage" not in runs.run(SUITE, "--collect-only")
    runs.run(SUITE, "-k", "kosher", "-o", "mocksms_coverage_fail_under=0", passed=1, deselected=5)
    assert len(saved(runs, "out/all.json")) == 3


def test_workers_and_a_running_mock_give_the_same(runs: Runs) -> None:
    with running(Settings(port=0)) as mock:
        printed = runs.run(SUITE, ON, "-n", "2", f"--mocksms-url={mock.url}", processes=True, passed=6)
    assert saved(runs) == MET
    assert printed.count("mocksms coverage") == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[]", "is not a coverage file of mocksms; delete it or choose another."),
        ('{"format": 2, "lines": []}', "has format 2, but must have 1; delete it or choose another."),
        (None, "cannot be read: Is a directory."),
    ],
)
def test_file_that_cannot_be_added_to_ends_the_run_before_its_tests(
    runs: Runs, content: str | None, words: str
) -> None:
    path = runs.path / FILE
    path.mkdir() if content is None else path.write_text(content)
    printed = runs.run(SUITE, ON, "--mocksms-coverage-append")
    assert f"ERROR: {path} {words}" in printed
    assert runs.exit_code == pytest.ExitCode.USAGE_ERROR


def test_what_cannot_be_measured_or_written_is_reported(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    (runs.path / FILE).mkdir()
    monkeypatch.setattr(coverage_plugin, "met_lines", lambda *_: 1 / 0)
    printed = runs.run(SUITE, ON, "-k", "kosher", passed=1, deselected=5)
    assert "incomplete: the file is not written: [Errno 21] Is a directory" in printed
    assert "incomplete: a test was not measured: ZeroDivisionError: division by zero" in printed


def test_file_stays_whole_if_it_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_the_disk(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    CoverageData().save(path := tmp_path / FILE)
    before = path.read_bytes()
    monkeypatch.setattr(Path, "write_bytes", fill_the_disk)
    with pytest.raises(OSError, match="No space left on device"):
        CoverageData().save(path)
    assert (path.read_bytes(), [*tmp_path.iterdir()]) == (before, [path])


def test_link_to_a_file_stays_a_link(tmp_path: Path) -> None:
    (link := tmp_path / "latest.json").symlink_to(tmp_path / FILE)
    CoverageData().save(link)
    assert (link.is_symlink(), (tmp_path / FILE).read_bytes()) == (True, link.read_bytes())


def test_file_that_is_no_regular_one_is_written_in_place(tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / FILE)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        CoverageData().save(pipe)
        assert json.loads(os.read(reader, 1 << 16))["percent"] == 0
    finally:
        os.close(reader)


def test_run_without_the_mock_has_an_empty_report(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKSMS_COVERAGE", "true")
    assert "TOTAL" in runs.run("def test_it(): ...", passed=1)
    monkeypatch.setenv("MOCKSMS_COVERAGE", "false")
    assert "TOTAL" not in runs.run("def test_it(): ...", passed=1)
    monkeypatch.setenv("MOCKSMS_COVERAGE", "maybe")
    assert "TOTAL" not in runs.run("def test_it(): ...", passed=1)


def test_complete_coverage_is_100_percent() -> None:
    data = CoverageData()
    data.add_rows([(*line.key, 1) for line in coverage_lines()[1:]])
    assert data.percent < 100
    data.add_test([coverage_lines()[0].key, ("status", "unknown")])
    assert (data.percent, data.missing, len(data.rows())) == (100, [], len(coverage_lines()))


def test_report_of_a_complete_coverage_is_the_table() -> None:
    data = CoverageData()
    data.add_rows((*line.key, 1) for line in coverage_lines())
    assert [*report_lines(data)][-1].split() == ["TOTAL", str(len(coverage_lines())), "0", "100%"]
