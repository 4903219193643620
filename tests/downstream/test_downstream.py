"""Three small projects use mocksms: their suites are green in parallel, on mocks of their own and on one for all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from mocksms.settings import Settings
from tests.support import running

HERE = Path(__file__).parent
PASSED = {"flask_shop": 12, "async_shop": 6, "node_shop": 5}
RUN_TIMEOUT = 180.0


def run(command: list[str], environment: Mapping[str, str] | None = None) -> str:
    """Run a command that must succeed, and return what it prints."""
    environment = {**os.environ, **(environment or {})}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=RUN_TIMEOUT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_suites(environment: Mapping[str, str] | None = None, *projects: str) -> None:
    """Run the tests of these projects, or of all, in two processes; all must pass."""
    projects = projects or tuple(PASSED)
    suites = [str(suite) for project in projects for suite in (HERE / project).glob("*_suite.py")]
    command = [sys.executable, "-m", "pytest", *suites, "-n2", "-q"]
    command += ["-c", "shops.ini", f"--confcutdir={HERE}", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
    printed = run(command, environment)
    assert re.search(rf"^{sum(PASSED[name] for name in projects)} passed in", printed, re.MULTILINE), printed


def test_projects_are_green_on_a_mock_of_each_process() -> None:
    run_suites()


def test_projects_are_green_on_a_mock_that_runs_already() -> None:
    with running(Settings(port=0)) as mock:
        run_suites({"MOCKSMS_URL": mock.url})
        printed = run(["node", "--test", str(HERE / "node_shop/shop.test.mjs")], {"MOCKSMS_URL": mock.url})
    assert re.search(r"^# pass 3$", printed, re.MULTILINE), printed
