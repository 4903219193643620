"""Measures what the pytest plugin costs, beside pytest-httpserver doing the same.

    python -m tests.benchmarks.plugin [--rounds 5] [--tests 200]

The same is: start once, one expectation, one request, one assertion a test. Each round measures both, in turns, so that
a ratio holds when the machine's speed drifts; the median over the rounds counts. What
httpserver is told to expect is told to mocksms by a magic number.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from tests.benchmarks.__main__ import print_figure

LOAD = """
import argparse, time, pytest, _pytest.config
start = time.perf_counter()
import {module}
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

SEND = """
import json, urllib.request, pytest

def post(url, body, key="k"):
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    return json.load(urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)))

BODY = {"message": {"content": "Your code is 481516", "to": [{"mobile_number": "972-50-0000000"}]}}
"""

SUITES = {
    "mocksms": """
@pytest.mark.parametrize("turn", range(TESTS))
def test_it(mocksms, turn):
    post(mocksms.url + "/transactional/sms/send", BODY, mocksms.api_key)
    mocksms.assert_sent(content="Your code")
""",
    "httpserver": """
from pytest_httpserver import RequestMatcher

@pytest.mark.parametrize("turn", range(TESTS))
def test_it(httpserver, turn):
    httpserver.expect_request("/send", method="POST").respond_with_json([{"status": "sent"}])
    post(httpserver.url_for("/send"), BODY)
    httpserver.assert_request_made(RequestMatcher("/send", method="POST"))
""",
    "around mocksms": """
@pytest.mark.parametrize("turn", range(TESTS))
def test_it(mocksms, turn):
    pass
""",
    "around httpserver": """
@pytest.mark.parametrize("turn", range(TESTS))
def test_it(httpserver, turn):
    pass
""",
    "around nothing": """
@pytest.mark.parametrize("turn", range(TESTS))
def test_it(turn):
    pass
""",
}


Spent = list[tuple[float, float]]
"""What each test took: seconds, and seconds of the processor."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tests", type=int, default=200, help="tests in a suite, at least 2")
    options = parser.parse_args()
    modules = {"mocksms": "mocksms.testing.plugin", "httpserver": "pytest_httpserver.pytest_plugin"}
    loads = in_turns({name: partial(load, module) for name, module in modules.items()}, options.rounds)
    runs = in_turns({name: partial(run, text, options.tests) for name, text in SUITES.items()}, options.rounds)
    print_loads(loads)
    print_first_use(runs)
    print_each_test(runs)


def print_loads(loads: dict[str, list[float]]) -> None:
    ours, theirs = (1_000 * median(loads[name]) for name in ("mocksms", "httpserver"))
    print_figure("plugin load, ms", ours, at_most=10)
    print_ratio("plugin load / httpserver", loads["mocksms"], loads["httpserver"], theirs)


def print_first_use(runs: dict[str, list[Spent]]) -> None:
    """Print what the first test takes beyond the others; the processor's time is the same on a machine that is busy."""
    first = {name: [_first(spent, 0) for spent in rounds] for name, rounds in runs.items()}
    print_figure("first use, s", median(first["mocksms"]), at_most=0.3)
    print_figure("first use, s of CPU", median(_first(spent, 1) for spent in runs["mocksms"]), at_most=0.3)
    print_ratio("first use / httpserver", first["mocksms"], first["httpserver"], 1_000 * median(first["httpserver"]))


def print_each_test(runs: dict[str, list[Spent]]) -> None:
    each = {name: [median(seconds for seconds, _ in spent[1:]) for spent in rounds] for name, rounds in runs.items()}
    nothing = each["around nothing"]
    around = {
        name: [spent - bare for spent, bare in zip(each[f"around {name}"], nothing, strict=True)]
        for name in ("mocksms", "httpserver")
    }
    print_figure("around a test, ms", 1_000 * median(around["mocksms"]), at_most=0.9)
    print_ratio("around / httpserver", around["mocksms"], around["httpserver"], 1_000 * median(around["httpserver"]))
    print_ratio("whole test / httpserver", each["mocksms"], each["httpserver"], 1_000 * median(each["httpserver"]))


def _first(spent: Spent, kind: int) -> float:
    return spent[0][kind] - median(each[kind] for each in spent[1:])


def print_ratio(title: str, ours: list[float], theirs: list[float], milliseconds: float) -> None:
    ratio = median(one / other for one, other in zip(ours, theirs, strict=True))
    print(f"{title:<24}{ratio:>12.2f}   httpserver takes {milliseconds:.2f} ms")


def in_turns(measures: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[Any]]:
    """Return what each measure gives in each round; a round before them warms the caches up."""
    for measure in measures.values():
        measure()
    found: dict[str, list[Any]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def load(module: str) -> float:
    """Return the seconds it takes to import a plugin where pytest is imported already."""
    command = [sys.executable, "-c", LOAD.format(module=module)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, env=environment()).stdout)


def run(suite: str, tests: int) -> Spent:
    """Return the seconds each test of a suite takes, all around it included."""
    with TemporaryDirectory() as folder:
        Path(folder, "conftest.py").write_text(TIMED, encoding="utf-8")
        Path(folder, "test_it.py").write_text(SEND + f"TESTS = {tests}\n" + suite, encoding="utf-8")
        without = ("cacheprovider", "randomly", "asyncio", "schemathesis", "hypothesispytest", "xdist", "cov")
        arguments = [part for name in without for part in ("-p", f"no:{name}")]
        command = [sys.executable, "-m", "pytest", "-q", *arguments]
        subprocess.run(command, cwd=folder, capture_output=True, check=True, env=environment())
        spent: Spent = json.loads(Path(folder, "spent.json").read_text(encoding="utf-8"))
    return spent


def environment() -> dict[str, str]:
    """Return the environment in which compiled modules are kept, as they are for users."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(Path(gettempdir(), "mocksms-benchmark-pycache"))}


if __name__ == "__main__":
    main()
