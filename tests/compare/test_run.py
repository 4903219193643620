from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import pytest

from mocksms.compare.model import (
    FailureKind,
    PhoneRequest,
    Probe,
    ProbeContext,
    ProbeFailure,
    ProbeRequest,
    ProbeResponse,
    Result,
    ResultMissing,
    Run,
)
from mocksms.compare.run import run_probes

STARTED = datetime(2026, 3, 1, 12, tzinfo=UTC)
OK = ProbeResponse(200, (), b"[]")
PAGE = ProbeFailure(FailureKind.HTML, "a page")
LOST = ProbeFailure(FailureKind.RESET, "closed")
BUSY = ProbeFailure(FailureKind.RATE_LIMITED, "429", 30.0)


class Responses:
    """A sender with these results, and a record of what the run did."""

    def __init__(self, results: Sequence[Result]) -> None:
        self._results = [*results]
        self.did: list[str] = []

    def send(self, request: ProbeRequest | PhoneRequest) -> Result:
        assert isinstance(request, ProbeRequest)
        self.did.append(request.path)
        return self._results.pop(0)

    @staticmethod
    def _request(index: int, _: ProbeContext) -> ProbeRequest:
        return ProbeRequest("GET", f"/{index}")

    def run(self, count: int) -> Run:
        """Run this number of probes."""
        probes = [Probe(f"{index}", "", {}, partial(self._request, index)) for index in range(count)]
        return run_probes(
            probes,
            self,
            STARTED,
            lambda: float(len(self.did)),
            lambda: self.did.append("pause"),
            lambda seconds: self.did.append(f"wait {seconds:g}"),
            lambda probe, _: self.did.append(f"done {probe.id}"),
        )


def test_probes_are_sent_in_order_with_a_pause_between_them() -> None:
    service = Responses([OK, PAGE])
    run = service.run(2)
    assert service.did == ["/0", "done 0", "pause", "/1", "done 1"]
    assert run == Run(STARTED, {"0": OK, "1": PAGE}, {"0": 0.0, "1": 3.0}, {})


def test_request_is_sent_once_more_after_the_pause_that_a_429_requires() -> None:
    service = Responses([BUSY, OK])
    assert service.run(1).results == {"0": OK}
    assert service.did == ["/0", "wait 30", "/0", "done 0"]
    assert Responses([BUSY, BUSY]).run(1).results == {"0": BUSY}


@pytest.mark.parametrize("pause", [None, 0.0, 61.0])
def test_long_or_missing_pause_is_not_waited_for(pause: float | None) -> None:
    busy = BUSY._replace(retry_after=pause)
    service = Responses([busy])
    assert service.run(1).results == {"0": busy}


@pytest.mark.parametrize(
    ("results", "sent"),
    [
        ([PAGE] * 3, 3),
        ([OK, *[PAGE] * 5], 6),
        ([OK, *[LOST] * 3], 4),
        ([OK, LOST, LOST, OK, LOST, LOST], 6),
        ([PAGE, LOST, PAGE], 3),
    ],
)
def test_run_ends_after_three_failures_of_the_network_or_without_any_response(results: list[Result], sent: int) -> None:
    run = Responses(results).run(6)
    assert len(run.results) == sent
    assert {*run.not_sent.values()} <= {"the run ended after 3 failures in a row"}
    assert len(run.not_sent) == 6 - sent


def test_probe_without_the_result_that_it_needs_is_not_sent() -> None:
    def fail(_: ProbeContext) -> ProbeRequest:
        raise ResultMissing("no id")

    run = run_probes([Probe("a", "", {}, fail)], Responses([]), STARTED, lambda: 0.0)
    assert run == Run(STARTED, {}, {}, {"a": "no id"})
