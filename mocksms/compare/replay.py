"""Repeats the probes of a run with mocks in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from datetime import timedelta
from typing import Any

from mocksms.compare.mock_sender import MockSender
from mocksms.compare.model import PhoneRequest, Probe, ProbeContext, ProbeFailure, Result, ResultMissing, Run
from mocksms.compare.normalise import NormalForm
from mocksms.settings import Settings

Parts = Mapping[str, Any]
"""The parts of a result in their normal form, by place."""


class Replay:
    """Repeats the probes of a run, each request at the time of its original.

    `probes` are those to which the service responded, `service` the normal form of its responses, and `not_sent` why
    the others were not sent, or cannot be sent again.
    """

    def __init__(self, run: Run, probes: Iterable[Probe]) -> None:
        self._run = run
        self.not_sent = dict(run.not_sent)
        self._all = {probe.id: probe for probe in probes if probe.id in run.results and self._can_repeat(probe)}
        self.probes = {name: p for name, p in self._all.items() if not isinstance(run.results[name], ProbeFailure)}
        self.service = self._parts(run.results, self.probes)

    def _can_repeat(self, probe: Probe) -> bool:
        """Whether the results that a probe needs are there: a recording may lack them."""
        try:
            probe.request(ProbeContext(self._run.started, self._run.results))
        except ResultMissing as error:
            self.not_sent[probe.id] = str(error)
            return False
        return True

    def mock(self, settings: Settings, only: Collection[str]) -> tuple[dict[str, Result], dict[str, Parts]]:
        """Return the results of a mock, and their normal form, by probe.

        Args:
            settings: of the mock.
            only: the probes; those that they need are repeated as well.
        """
        needed = self._with_needs(only)
        results: dict[str, Result] = {}
        missing: dict[str, Parts] = {}
        with closing(asyncio.new_event_loop()) as loop:
            sender = MockSender(settings, self._run.started, loop)
            for name in filter(needed.__contains__, self._all):
                sender.now = self._run.started + timedelta(seconds=self._run.sent_at[name])
                try:
                    results[name] = sender.send(self._all[name].request(ProbeContext(self._run.started, results)))
                except ResultMissing as error:
                    missing[name] = {"status": f"not sent: {error}"}
        parts = self._parts(results, [name for name in only if name in results])
        return results, {**parts, **{name: missing[name] for name in only if name in missing}}

    def _parts(self, results: Mapping[str, Result], names: Iterable[str]) -> dict[str, Parts]:
        context = ProbeContext(self._run.started, results)
        form = NormalForm(self._run.started, results)
        parts: dict[str, Parts] = {}
        for name in names:
            result, request = results[name], self._all[name].request(context)
            assert not isinstance(result, ProbeFailure)
            path = "" if isinstance(request, PhoneRequest) else request.path
            parts[name] = form.of(result, path, self._all[name].behaviours)
        return parts

    def _with_needs(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        pending = list(names)
        while pending:
            if (name := pending.pop()) not in found and name in self._all:
                found.add(name)
                pending += self._all[name].needs
        return found
