"""Stand-ins for the service: mocks in this process, also broken ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from mocksms.compare.comparison import compare
from mocksms.compare.mock_sender import MockSender
from mocksms.compare.model import PhoneRequest, Probe, ProbeRequest, ProbeResponse, Report, Result, Run
from mocksms.compare.probes import FREE_PROBES
from mocksms.compare.run import run_probes
from mocksms.settings import Settings

STARTED = datetime(2026, 3, 1, 12, 10, tzinfo=UTC)

Break = Callable[[ProbeRequest, ProbeResponse], ProbeResponse]
"""Changes a response of a stand-in."""

Rewrite = Callable[[ProbeRequest], ProbeRequest]
"""Changes a request to a stand-in."""


def unchanged(request: ProbeRequest) -> ProbeRequest:
    return request


class StandIn:
    """A service that responds as a mock with some settings does; a pause of a run takes some seconds of its time."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, settings: Settings, change: Break | None, rewrite: Rewrite, step: float
    ) -> None:
        self._mock = MockSender(settings, STARTED, loop)
        self._change = change
        self._rewrite = rewrite
        self._step = step
        self.requests: list[ProbeRequest | PhoneRequest] = []

    def send(self, request: ProbeRequest | PhoneRequest) -> Result:
        self.requests.append(request)
        response = self._mock.send(self._rewrite(request) if isinstance(request, ProbeRequest) else request)
        if self._change and isinstance(request, ProbeRequest) and isinstance(response, ProbeResponse):
            return self._change(request, response)
        return response

    def elapsed(self) -> float:
        return (self._mock.now - STARTED).total_seconds()

    def pause(self) -> None:
        self._mock.now += timedelta(seconds=self._step)


def run_of(
    change: Break | None = None,
    probes: Sequence[Probe] = FREE_PROBES,
    rewrite: Rewrite = unchanged,
    step: float = 1.0,
    **settings: Any,
) -> Run:
    """Return a run against a stand-in with these settings."""
    with closing(asyncio.new_event_loop()) as loop:
        service = StandIn(loop, Settings(**{"seed": "stand-in", **settings}), change, rewrite, step)
        return run_probes(probes, service, STARTED, service.elapsed, service.pause)


def report_of(change: Break | None = None, **settings: Any) -> Report:
    """Compare a stand-in with a mock that has default settings."""
    return compare(run_of(change, **settings), FREE_PROBES, Settings(seed="mock"))
