"""Finds the settings of the mock that remove the differences to a run, with as few changes as possible."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from typing import Any, Final, NamedTuple

from mocksms.compare.differences import Check, checks, weight
from mocksms.compare.model import Result, Run
from mocksms.compare.observable import OBSERVABLE
from mocksms.compare.replay import Replay
from mocksms.fidelity import Behaviour
from mocksms.settings import Settings

OF_401: Final = frozenset({"auth_errors", "error_envelope", "auth_status"})
"""The settings of the response to a request with a key that may not use the API."""

MASKED: Final = "number.masked"
"""What shows the state of the account like a paid SMS, if the service takes masked numbers for numbers."""

Changes = Mapping[str, Any]
"""Values by option."""


class Trial(NamedTuple):
    """Changes of the settings, and what was compared with them, by probe."""

    changes: Changes
    found: Mapping[str, list[Check]]

    def weight(self) -> int:
        """Return how much all results differ."""
        return sum(map(weight, self.found.values()))

    def differing(self) -> set[str]:
        """Return the probes whose results differ."""
        return {probe for probe, found in self.found.items() if weight(found)}

    def behaviours(self) -> Iterable[str]:
        """Return the behaviours that differ."""
        return dict.fromkeys(check.id for found in self.found.values() for check in found if not check.agrees)

    def is_better_than(self, other: Trial, probes: Iterable[str]) -> bool:
        """Whether less differs in the results of some probes than in another trial, and in none of them more."""
        pairs = [(weight(self.found[probe]), weight(other.found[probe])) for probe in probes]
        return any(one < two for one, two in pairs) and all(one <= two for one, two in pairs)


class TrialResults(NamedTuple):
    """A trial with the results of the mock."""

    trial: Trial
    results: Mapping[str, Result]


class SettingsSearch:
    """Compares a run with mocks that have different settings.

    Args:
        run: what the service responded.
        replay: of the run.
        settings: with which the search starts.
        ledger: says which settings each behaviour has.
    """

    def __init__(self, run: Run, replay: Replay, settings: Settings, ledger: Iterable[Behaviour]) -> None:
        self._replay = replay
        self._settings = settings
        self._values = {each.option: each.values(run) for each in OBSERVABLE}
        self._options = {each.id: [option for option in each.settings if option in self._values] for each in ledger}
        self._probes_of = self._find_probes()

    def compare(self, changes: Changes, only: Collection[str]) -> TrialResults:
        """Compare the results of some probes with those of a mock with changed settings."""
        probes, service = self._replay.probes, self._replay.service
        results, mock = self._replay.mock(replace(self._settings, **changes), only)
        found = {name: checks(probes[name].behaviours, service[name], mock[name]) for name in only}
        return TrialResults(Trial(changes, found), results)

    def find(self, start: TrialResults) -> TrialResults:
        """Return what is compared with the fewest changes that remove all differences that settings can remove.

        `start` is what is compared without changes.
        """
        best = start.trial
        while (better := self._improve(best)) is not best:
            best = better
        if best is start.trial:
            return start
        found = self.compare(best.changes, self._replay.probes)
        needed = self._needed(found.trial)
        return found if needed == found.trial.changes else self.compare(needed, self._replay.probes)

    def _needed(self, best: Trial) -> Changes:
        """Return the changes of a trial without those that make no difference beside the others."""
        for option in [*best.changes]:
            touched = self._probes_with(option, replace(self._settings, **best.changes))
            without = self._change(best, {option: getattr(self._settings, option)}, touched)
            if without.weight() <= best.weight():
                best = without
        return best.changes

    def _improve(self, best: Trial) -> Trial:
        """Return a better trial with few more changes, the same trial if there is none."""
        for stage in self._stages(best):
            better = best
            for options in stage:
                better = self._best_values(better, options)
            if better is not best:
                return better
        return best

    def _stages(self, best: Trial) -> Iterator[Iterable[Sequence[str]]]:
        """Iterate over the options to change, those that the ledger names for what differs first."""
        named = [self._options[id_] for id_ in best.behaviours()]
        yield dict.fromkeys((option,) for options in named for option in options)
        yield dict.fromkeys(pair for options in named for pair in combinations(options, 2))
        yield [(option,) for option in self._values]

    def _best_values(self, best: Trial, options: Sequence[str]) -> Trial:
        """Return the best trial with other values of some options, the same trial if none is better."""
        settings, better = replace(self._settings, **best.changes), best
        touched = set().union(*(self._probes_with(option, settings) for option in options))
        differing = best.differing() & touched
        values = [[each for each in self._values[name] if each != getattr(settings, name)] for name in options]
        for chosen in product(*values) if differing else ():
            changes = dict(zip(options, chosen, strict=True))
            if self._change(best, changes, differing).is_better_than(better, differing):
                trial = self._change(best, changes, touched)
                better = trial if trial.is_better_than(better, touched) else better
        return better

    def _change(self, trial: Trial, changes: Changes, only: Collection[str]) -> Trial:
        together = {
            option: value
            for option, value in {**trial.changes, **changes}.items()
            if value != getattr(self._settings, option)
        }
        return Trial(together, {**trial.found, **self.compare(together, only).trial.found})

    def _probes_with(self, option: str, settings: Settings) -> set[str]:
        """Return the probes whose results change with an option.

        An account without the REST right gets a 401 for each request, so that its form is part of all results.
        """
        is_everywhere = option in OF_401 and not settings.rest_right
        return self._probes_of["rest_right" if is_everywhere else option]

    def _find_probes(self) -> dict[str, set[str]]:
        """Return the probes that show a behaviour which an option changes, and those that need them, by option."""
        probes = self._replay.probes.items()
        paid = {name for name, probe in probes if probe.cost or MASKED in probe.behaviours.values()}
        hidden = {*self._replay.probes}
        touched = {each.option: {*(hidden if each.hides else paid if each.is_paid else ())} for each in OBSERVABLE}
        for name, probe in probes:
            for id_ in probe.behaviours.values():
                for option in self._options[id_]:
                    touched[option].add(name)
            for names in touched.values():
                names |= {name} if names & {*probe.needs} else set()
        of_401 = set().union(*(touched[option] for option in OF_401))
        return {**touched, **dict.fromkeys(OF_401, of_401)}
