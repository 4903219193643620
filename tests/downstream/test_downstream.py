"""Three small projects use mocksms: their suites are green in parallel, on mocks of their own and on one for all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from mocksms.settings import Settings
from tests.support import running

HERE = Path(__file__).parent
PASSED = {"flask_shop": 12, "async_shop": 6, "node_shop": 5}
PATIENCE = 180.0


@contextmanager
def started_separately(way: str) -> Iterator[dict[str, str]]:
    """Return the environment for a suite; in one way of the two with a mock that runs already."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if way == "in-process":
        yield environment
        return
    with running(Settings(port=0)) as mock:
        yield {**environment, "MOCKSMS_URL": mock.url}


def run_suite(project: str, environment: Mapping[str, str]) -> None:
    """Run the tests of a project, four at a time; all must pass."""
    folder = HERE / project
    (suite,) = folder.glob("*_suite.py")
    command = [sys.executable, "-m", "pytest", str(suite), "-c", str(folder / "pytest.ini"), "-n4", "-q"]
    command += [f"--rootdir={folder}", f"--confcutdir={folder}", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"^{PASSED[project]} passed in", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize("way", ["in-process", "started separately"])
@pytest.mark.parametrize("project", PASSED)
def test_project_is_green_in_parallel(project: str, way: str) -> None:
    with started_separately(way) as environment:
        run_suite(project, environment)


def test_node_project_is_green_in_its_own_runner() -> None:
    with started_separately("for Node") as environment:
        done = subprocess.run(
            ["node", "--test", "shop.test.mjs"],
            cwd=HERE / "node_shop",
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^# pass 3$", done.stdout, re.MULTILINE), done.stdout
