"""Compares a run with a mock, and reports on each behaviour of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from mocksms.compare.differences import Check
from mocksms.compare.model import (
    Agreement,
    Difference,
    NotTried,
    Probe,
    ProbeFailure,
    Report,
    Run,
    Unexplained,
)
from mocksms.compare.probes import for_settings
from mocksms.compare.reasons import reason_not_tried
from mocksms.compare.replay import Replay
from mocksms.compare.search import SettingsSearch
from mocksms.fidelity import ledger
from mocksms.settings import OPTIONS, Settings

ByBehaviour = Mapping[str, Mapping[str, Difference | None]]
"""What probes show, by behaviour and probe: its first difference, or None if service and mock agree."""

_NOTHING: Final[Mapping[str, Difference | None]] = {}


def compare(run: Run, probes: Iterable[Probe], settings: Settings) -> Report:
    """Compare a run with a mock, and find the settings with which it responds as the service does.

    Args:
        run: what the service responded.
        probes: those of the run.
        settings: of the mock.
    """
    probes = for_settings(probes, settings)
    replay, behaviours = Replay(run, probes), ledger()
    search = SettingsSearch(run, replay, settings, behaviours)
    before = search.compare({}, replay.probes)
    after = search.find(before)
    first, last = _by_behaviour(before.trial.found), _by_behaviour(after.trial.found)
    changes = {option: after.trial.changes[option] for option in OPTIONS if option in after.trial.changes}
    report = Report(changes, [], [], [], [], _failures(run))
    for id_ in (behaviour.id for behaviour in behaviours):
        one, two = first.get(id_, _NOTHING), last.get(id_, _NOTHING)
        remaining = [found for found in two.values() if found]
        if differences := [found for found in one.values() if found] + remaining:
            report.differ.append(_merged(differences))
        elif one or two:
            report.agree.append(Agreement(id_, tuple(dict.fromkeys([*one, *two]))))
        else:
            report.not_tried.append(NotTried(id_, _why_not_tried(id_, probes, replay.not_sent, report.failures)))
        if remaining:
            probe = remaining[0].probe
            report.unexplained.append(Unexplained(_merged(remaining), run.results[probe], after.results.get(probe)))
    return report


def _by_behaviour(found: Mapping[str, list[Check]]) -> ByBehaviour:
    shown: dict[str, dict[str, Difference | None]] = {}
    for probe, checks in found.items():
        for check in checks:
            of_probe = shown.setdefault(check.id, {})
            if of_probe.get(probe) is None:
                difference = Difference(check.id, probe, check.where, check.service, check.mock)
                of_probe[probe] = None if check.agrees else difference
    return shown


def _merged(differences: list[Difference]) -> Difference:
    """Return the first of some differences, with the probes of the others."""
    first = differences[0]
    others = dict.fromkeys(each.probe for each in differences if each.probe != first.probe)
    return first._replace(also=tuple(others))


def _failures(run: Run) -> Mapping[str, ProbeFailure]:
    return {probe: result for probe, result in run.results.items() if isinstance(result, ProbeFailure)}


def _why_not_tried(
    id_: str, probes: Iterable[Probe], not_sent: Mapping[str, str], failures: Mapping[str, ProbeFailure]
) -> str:
    """Return why no probe showed a behaviour."""
    places = ((probe.id, place) for probe in probes for place, shown in probe.behaviours.items() if shown == id_)
    showing = [probe for probe, place in places if not place.startswith("status ")]
    for probe in showing:
        if probe in failures:
            return f"{probe}: {failures[probe].kind}: {failures[probe].detail}"
        if probe in not_sent:
            return f"{probe} was not sent: {not_sent[probe]}"
    return f"the response to {showing[0]} does not show it" if showing else reason_not_tried(id_)
