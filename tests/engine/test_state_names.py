from __future__ import annotations

import pytest

from mocksms.engine import state_names
from mocksms.engine.state_names import StateNames
from mocksms.sms.message import FreeState, Reason, Status


def test_names_are_those_of_the_guide_and_then_those_of_rules() -> None:
    names = StateNames()
    assert (names.statuses, names.reasons) == ([*Status], [*Reason])
    names.add([FreeState("scheduled"), FreeState("rejected", "night"), FreeState("failed", "bounced")])
    assert names.statuses == [*Status, "scheduled", "failed"]
    assert names.reasons == [*Reason, "night"]


def test_oldest_free_states_are_evicted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_names, "MAX_FREE_STATES", 2)
    names = StateNames()
    names.add([FreeState("a"), FreeState("b")])
    names.add([FreeState("a"), FreeState("c")])
    assert names.statuses == [*Status, "a", "c"]
