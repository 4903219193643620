"""Small applications with planted bugs: the audit finds each of them, and nothing else."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tomllib
from collections import defaultdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import pytest

HERE: Final = Path(__file__).parent / "audited"
CORRECT: Final = {"concierge", "otp", "outgoing", "receipts"}
"""The applications without a bug. Beside each other one is a file with its bugs: test, verdict, variations."""

HARMLESS: Final = {"survived", "raised", "not applied"}
RUN_TIMEOUT: Final = 120.0
UNUSED: Final = ("cacheprovider", "schemathesis", "randomly", "faker", "respx", "pytest_httpx", "hypothesispytest")
PLUGINS: Final = [part for name in UNUSED for part in ("-p", f"no:{name}")]

REPLAYED: Final = {
    ("orders", "503"): "got 503: rule 1 (503) of the scenario in front",
    ("letters", "kosher"): "KeyError: 'kosher-number'",
    ("signup", "response-lost"): "expected exactly 1: 2 SMS in the account",
}
"""Findings that are replayed, and what a replay prints."""

Cell = dict[str, Any]
Findings = set[tuple[str, str, str]]
"""Tests, verdicts and variations."""


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start pytest in the folder of the applications."""
    command = [sys.executable, "-m", "pytest", *PLUGINS, *arguments]
    return subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def printed_by(run: subprocess.Popen[str]) -> str:
    """Return what a run of pytest with a failed test prints."""
    printed = run.communicate(timeout=RUN_TIMEOUT)[0]
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, printed
    return printed


def planted(cells: list[Cell]) -> Findings:
    """Return the declared bugs; a pattern stands for all variations of the audit that it matches."""
    return {
        (test, verdict, variation)
        for test, variations in variations_by_test(cells).items()
        for verdict, patterns in bugs_of(test).items()
        for variation in variations
        if any(fnmatchcase(variation, pattern) for pattern in patterns)
    }


def bugs_of(test: str) -> dict[str, list[str]]:
    """Return the declared bugs of a test: patterns of variations by verdict. Those of parameters are the same."""
    suite, _, name = test.partition("_suite.py::")
    if suite in CORRECT:
        return {}
    declared = tomllib.loads((HERE / f"{suite}.toml").read_text(encoding="utf-8"))
    bugs: dict[str, list[str]] = declared[name.partition("[")[0]]
    return bugs


def suites() -> set[str]:
    """Return the names of the applications: those without a bug, and those with a file of bugs."""
    found = {path.stem.removesuffix("_suite") for path in HERE.glob("*_suite.py")}
    assert found == {path.stem for path in HERE.glob("*.toml")} | CORRECT
    return found


def variations_by_test(cells: list[Cell]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for cell in cells:
        found[cell["test"]].append(cell["variation"])
    return found


def found(cells: list[Cell]) -> Findings:
    """Return what the audit found and is not allowed."""
    return {
        (cell["test"], verdict, cell["variation"])
        for cell in cells
        for verdict in {*cell["verdicts"]} - HARMLESS - {*cell["allowed"]}
    }


def replay_of(cells: list[Cell], suite: str, variation: str) -> list[str]:
    """Return the arguments of pytest that replay a finding."""
    found = (each for each in cells if each["test"].startswith(f"{suite}_suite.py") and each["variation"] == variation)
    return shlex.split(next(found)["replay"].partition("pytest ")[2])


def test_audit_finds_the_planted_bugs_and_no_other(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    options = (f"--mocksms-audit-report={report}", f"--mocksms-audit-folder={tmp_path}", "--mocksms-audit-timeout=4s")
    printed = printed_by(start("-n3", "--dist=worksteal", "--mocksms-audit", *options))
    cells: list[Cell] = json.loads(report.read_text(encoding="utf-8"))
    assert {test.partition("_suite.py")[0] for test in variations_by_test(cells)} == suites(), printed
    assert found(cells) == planted(cells)
    replays = [start(*replay_of(cells, *finding)) for finding in REPLAYED]
    for text, replay in zip(REPLAYED.values(), replays, strict=True):
        assert text in printed_by(replay)
