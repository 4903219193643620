from __future__ import annotations

from typing import Any

import pytest

from mocksms.compare.observable import OBSERVABLE
from mocksms.compare.probes import FREE_PROBES
from mocksms.compare.replay import Replay
from mocksms.compare.search import SettingsSearch
from mocksms.fidelity import ledger
from mocksms.settings import OPTIONS, Settings
from tests.compare.support import run_of

DEFAULTS = Settings()


@pytest.fixture(scope="module")
def replay() -> Replay:
    return Replay(run_of(), FREE_PROBES)


@pytest.mark.parametrize("option", [each.option for each in OBSERVABLE if not each.is_paid])
def test_ledger_names_a_setting_for_each_probe_whose_result_it_changes(replay: Replay, option: str) -> None:
    search = SettingsSearch(run_of(probes=()), replay, DEFAULTS, ledger())
    touched = search._probes_with(option, DEFAULTS)
    examples = next(each.examples for each in OBSERVABLE if each.option == option)
    for value in examples:
        if value != getattr(DEFAULTS, option):
            mock = replay.mock(Settings(**{option: value}), replay.probes)[1]
            changed = {probe for probe in replay.probes if mock[probe] != replay.service[probe]}
            assert changed, f"no probe observes {option} = {value}"
            assert changed <= touched, f"{option} is missing in the settings of a behaviour that these probes show"


def test_no_probe_observes_another_setting_than_those_of_the_list(replay: Replay) -> None:
    listed = {each.option for each in OBSERVABLE}
    others: dict[str, Any] = {
        name: option.metadata["read"](option.metadata["choices"][1])
        if option.metadata["choices"]
        else not option.default
        for name, option in OPTIONS.items()
        if name not in listed and (option.metadata["choices"] or isinstance(option.default, bool))
    }
    assert "accept_local_numbers" in others
    more: dict[str, Any] = {
        "public_url": "http://192.168.1.20:8972",
        "link_length": 50,
        "magic_prefix": "97258000",
        "opt_out_word": ("QUIT",),
        "opt_in_word": ("AGAIN",),
        "unsubscribed": ("972541111111",),
        "bounced": ("972541111111",),
        "kosher": ("972541111111",),
        "seed": "another",
    }
    mock = replay.mock(Settings(**others, **more), replay.probes)[1]
    changed = {probe for probe in replay.probes if mock[probe] != replay.service[probe]}
    assert changed == set(), "declare the setting in mocksms.compare.observable"


def test_change_that_makes_no_difference_is_left_out() -> None:
    run = run_of(read_zone="utc")
    replay = Replay(run, FREE_PROBES)
    search = SettingsSearch(run, replay, DEFAULTS, ledger())
    trial = search.compare({"schedule_without_credit": False, "read_zone": "utc"}, replay.probes).trial
    assert search._needed(trial) == {"read_zone": "utc"}
