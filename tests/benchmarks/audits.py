"""What a run of the audit takes beside a usual run of the same test."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import median

from tests.benchmarks.figures import in_turns, print_figure
from tests.benchmarks.starts import Spent, run_suite

TESTS = 60

SUITE = """
import json, urllib.request, pytest

@pytest.mark.parametrize("turn", range({tests}))
def test_it(mocksms, turn):
    body = {{"message": {{"content": "Your code is 481516", "to": [{{"mobile_number": "972-54-1111111"}}]}}}}
    headers = {{"X-API-Key": mocksms.api_key, "Content-Type": "application/json"}}
    url = mocksms.url + "/transactional/sms/send"
    json.load(urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)))
    mocksms.assert_sent(content="Your code")
"""

QUICK = "429,500,503,401,response-lost,connection-reset,truncated,malformed,empty,outage,queued,no-credit,invalid"
"""Variations that wait for nothing."""

RUNS = 2 + len(QUICK.split(","))
"""Runs of each test in the audit: the usual one, one without a variation, and one with each variation."""


def print_audit(rounds: int) -> None:
    """Print the time of a test in the audit beside that of as many usual runs."""
    audit = ("--mocksms-audit", "--mocksms-audit-only", QUICK)
    measures: dict[str, Callable[[], Spent]] = {
        "audit": partial(run_suite, SUITE.format(tests=1 + TESTS // RUNS), *audit),
        "usual": partial(run_suite, SUITE.format(tests=TESTS)),
    }
    runs = in_turns(measures, rounds + 1)
    audited, usual = ([_each(spent) for spent in runs[name][1:]] for name in ("audit", "usual"))
    ratio = median(one / (RUNS * other) for one, other in zip(audited, usual, strict=True))
    print_figure("audit, x usual runs", ratio, at_most=1.3, note=f"{1_000 * median(usual):.1f} ms a run")


def _each(spent: Spent) -> float:
    """Return the seconds that a test takes that is not the first."""
    return median(seconds for seconds, _ in spent[1:])
