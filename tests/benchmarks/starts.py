"""How long a mock takes to start, as a process and as the fixture, and what the fixture takes around a test."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.figures import in_turns, print_figure
from tests.benchmarks.servers import Server, baseline, environment, mocksms

TESTS = 200
"""Tests in each suite."""

LOAD = """
import argparse, time, pytest, _pytest.config
start = time.perf_counter()
import mocksms.testing.plugin
print(time.perf_counter() - start)
"""

TIMED = """
import json, pathlib, time, pytest
spent = []

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    start, busy = time.perf_counter(), time.process_time()
    result = yield
    spent.append((time.perf_counter() - start, time.process_time() - busy))
    return result

def pytest_sessionfinish():
    pathlib.Path("spent.json").write_text(json.dumps(spent))
"""

SUITE = """
import pytest

@pytest.mark.parametrize("turn", range({tests}))
def test_it({fixture}turn):
    pass
"""

Spent = list[tuple[float, float]]
"""What each test took: seconds, and seconds of the processor."""


def print_starts(rounds: int) -> None:
    """Print the time from start to first answer beside that of the bare route."""
    starts = in_turns({"mocksms": lambda: _start(mocksms()), "route": lambda: _start(baseline("route"))}, rounds + 1)
    ours, theirs = ([*zip(*starts[name][1:], strict=True)] for name in ("mocksms", "route"))
    wall, busy = (median(ours[kind]) / median(theirs[kind]) for kind in (0, 1))
    note = f"{median(ours[0]):.2f} s beside {median(theirs[0]):.2f} s"
    print_figure("start to first answer, x bare route", wall, at_most=2, note=note)
    note = f"{median(ours[1]):.2f} s beside {median(theirs[1]):.2f} s"
    print_figure("the same in CPU time", busy, at_most=2, note=note)


def print_fixture(rounds: int) -> None:
    """Print what the pytest plugin and its fixture take."""
    _load()
    print_figure("plugin load, ms", 1_000 * median(_load() for _ in range(rounds)), at_most=10)
    runs = in_turns({"mocksms, ": partial(_run, "mocksms, "), "": partial(_run, "")}, rounds + 1)
    ours, nothing = runs["mocksms, "][1:], runs[""][1:]
    for kind, title in enumerate(("", ", CPU time")):
        first = median(spent[0][kind] - _each(spent, kind) for spent in ours)
        print_figure(f"first use of the fixture, s{title}", first, at_most=0.25)
        around = median(_each(one, kind) - _each(other, kind) for one, other in zip(ours, nothing, strict=True))
        print_figure(f"around a test, ms{title}", 1_000 * around, at_most=0.8)


def _start(server: Server) -> tuple[float, float]:
    with server:
        return server.start_seconds, server.start_processor_seconds


def _each(spent: Spent, kind: int) -> float:
    """Return what a test takes that is not the first."""
    return median(each[kind] for each in spent[1:])


def _load() -> float:
    """Return the seconds it takes to import the plugin where pytest is imported already."""
    command = [sys.executable, "-c", LOAD]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, env=environment()).stdout)


def _run(fixture: str) -> Spent:
    return run_suite(SUITE.format(tests=TESTS, fixture=fixture))


def run_suite(suite: str, *options: str) -> Spent:
    """Return what each test of a suite takes, all around it included."""
    with TemporaryDirectory() as folder:
        Path(folder, "conftest.py").write_text(TIMED, encoding="utf-8")
        Path(folder, "test_it.py").write_text(suite, encoding="utf-8")
        without = ("cacheprovider", "randomly", "asyncio", "schemathesis", "hypothesispytest", "xdist", "cov")
        arguments = [part for name in without for part in ("-p", f"no:{name}")]
        command = [sys.executable, "-m", "pytest", "-q", *arguments, "-p", "mocksms.testing.plugin", *options]
        subprocess.run(command, cwd=folder, capture_output=True, check=not options, env=_importing())
        spent: Spent = json.loads(Path(folder, "spent.json").read_text(encoding="utf-8"))
    return spent


def _importing() -> dict[str, str]:
    """Return an environment in which this folder is imported from any other."""
    return {**environment(), "PYTHONPATH": str(Path.cwd()), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
