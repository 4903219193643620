"""Runs: sends the requests of probes one after another, at a pace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from mocksms.compare.model import (
    OF_PERSON,
    FailureKind,
    Probe,
    ProbeContext,
    ProbeFailure,
    Result,
    ResultMissing,
    Run,
    Sender,
)

MAX_FAILURES: Final = 3
"""Failures of the network in a row after which a run ends, at its beginning also failures of another kind."""

NOT_OF_NETWORK: Final = OF_PERSON | {
    FailureKind.SERVER_ERROR,
    FailureKind.HTML,
    FailureKind.REDIRECT,
    FailureKind.TOO_LARGE,
}
"""Failures that do not count: a service may well respond to several wrong requests with a page."""

MAX_RETRY_AFTER: Final = 60.0
"""Seconds that a run waits at most after a 429, before it sends the request once more."""


def run_probes(
    probes: Iterable[Probe],
    sender: Sender,
    started: datetime,
    elapsed: Callable[[], float],
    pause: Callable[[], None] = lambda: None,
    wait: Callable[[float], None] = lambda _: None,
    on_result: Callable[[Probe, Result], None] = lambda *_: None,
) -> Run:
    """Send the requests of probes in order and return their results.

    Args:
        probes: each after those that it needs.
        sender: of the service.
        started: aware, in UTC.
        elapsed: returns the seconds since the start.
        pause: called between two requests.
        wait: called with the seconds that a 429 asks for.
        on_result: called with each result.
    """
    run = Run(started, {}, {}, {})
    failures = 0
    for probe in probes:
        if failures == MAX_FAILURES:
            run.not_sent[probe.id] = f"the run ended after {MAX_FAILURES} failures in a row"
            continue
        try:
            request = probe.request(ProbeContext(started, run.results))
        except ResultMissing as error:
            run.not_sent[probe.id] = str(error)
            continue
        if run.results:
            pause()
        run.sent_at[probe.id] = elapsed()
        result = sender.send(request)
        if isinstance(result, ProbeFailure) and 0 < (result.retry_after or 0) <= MAX_RETRY_AFTER:
            wait(result.retry_after or 0)
            run.sent_at[probe.id] = elapsed()
            result = sender.send(request)
        run.results[probe.id] = result
        is_beginning = failures == len(run.results) - 1
        is_counted = isinstance(result, ProbeFailure) and (is_beginning or result.kind not in NOT_OF_NETWORK)
        failures = failures + 1 if is_counted else 0
        on_result(probe, result)
    return run
