"""What a run of the audit takes beside a usual run of the same test.

The application of the suite checks each response, and raises an error if the message was not sent. That of the second
suite claims that all is well, so that the audit runs each cell again with its calls noted.
"""

from __future__ import annotations

from functools import partial
from math import inf
from statistics import fmean, median

from tests.benchmarks.figures import in_turns, print_figure
from tests.benchmarks.starts import Spent, run_suite

TESTS = 100

SUITE = """
import contextlib, json, urllib.request, pytest

class NotSent(Exception):
    pass

def send(url, key):
    body = {{"message": {{"content": "Your code is 481516", "to": [{{"mobile_number": "972-54-1111111"}}]}}}}
    headers = {{"X-API-Key": key, "Content-Type": "application/json"}}
    request = urllib.request.Request(url + "/transactional/sms/send", json.dumps(body).encode(), headers)
    [row] = json.load(urllib.request.urlopen(request))
    if row["status"] not in ("sent", "queued"):
        raise NotSent(row["status"])

def claim(url, key):
    with contextlib.suppress(Exception):
        send(url, key)
    return True

@pytest.mark.parametrize("turn", range({tests}))
def test_it(mocksms, turn):
    {application}(mocksms.url, mocksms.api_key)
    mocksms.assert_sent(content="Your code")
"""

QUICK = "429,500,503,401,response-lost,connection-reset,truncated,malformed,empty,outage,queued,no-credit,invalid"
"""Variations that wait for nothing."""

REFUSED = "429,500,503,401,connection-reset,outage,invalid"
"""Those of them in which no message is sent."""


def print_audit(rounds: int) -> None:
    """Print the time of a test in the audit beside that of as many usual runs."""
    _print(rounds, "send", QUICK, "audit, x usual runs", at_most=1.3)
    _print(rounds, "claim", REFUSED, "audit that runs each cell twice, x usual runs")


def _print(rounds: int, application: str, variations: str, title: str, at_most: float = inf) -> None:
    runs = 2 + len(variations.split(","))  # the usual one, one without a variation, and one with each
    suite = SUITE.format(tests=1 + TESTS // runs, application=application)
    measures = {
        "audit": partial(run_suite, suite, "--mocksms-audit", "--mocksms-audit-only", variations),
        "usual": partial(run_suite, SUITE.format(tests=TESTS, application="send")),
    }
    spent = in_turns(measures, rounds + 1)
    for kind, unit in enumerate(("", ", CPU time")):
        audited, usual = ([_each(one, kind) for one in spent[name][1:]] for name in measures)
        ratio = median(one / (runs * other) for one, other in zip(audited, usual, strict=True))
        print_figure(f"{title}{unit}", ratio, at_most=at_most, note=f"{1_000 * median(usual):.1f} ms a run")


def _each(spent: Spent, kind: int) -> float:
    """Return what a test takes that is not the first: the mean, since a test of many runs has all interruptions."""
    return fmean(each[kind] for each in spent[1:])
