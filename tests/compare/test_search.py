from __future__ import annotations

import pytest

from mocksms.compare.observable import OBSERVABLE
from mocksms.compare.probes import FREE_PROBES
from mocksms.compare.replay import Replay
from mocksms.compare.search import SettingsSearch
from mocksms.fidelity import ledger
from mocksms.settings import Settings
from tests.compare.support import run_of

DEFAULTS = Settings()


@pytest.fixture(scope="module")
def replay() -> Replay:
    return Replay(run_of(), FREE_PROBES)


@pytest.mark.parametrize("option", [each.option for each in OBSERVABLE if not each.is_paid])
def test_ledger_names_a_setting_for_each_probe_whose_result_it_changes(replay: Replay, option: str) -> None:
    search = SettingsSearch(run_of(probes=()), replay, DEFAULTS, ledger())
    touched = search._touched_by(option, DEFAULTS)
    examples = next(each.examples for each in OBSERVABLE if each.option == option)
    for value in examples:
        if value != getattr(DEFAULTS, option):
            mock = replay.mock(Settings(**{option: value}), replay.probes)[1]
            changed = {probe for probe in replay.probes if mock[probe] != replay.service[probe]}
            assert changed, f"no probe observes {option} = {value}"
            assert changed <= touched, f"{option} is missing in the settings of a behaviour that these probes show"
