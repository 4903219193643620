from __future__ import annotations

import pytest

from mocksms.engine.state_names import StateNames
from mocksms.sms.message import FreeState, Reason, Status


def test_names_are_those_of_the_guide_and_then_the_others_sorted() -> None:
    names = StateNames()
    assert (names.statuses, names.reasons) == ([*Status], [*Reason])
    free = [FreeState("scheduled"), FreeState("rejected", "night"), FreeState("failed", "bounced"), FreeState("failed")]
    names = StateNames(lambda: free)
    assert names.statuses == [*Status, "failed", "scheduled"]
    assert names.reasons == [*Reason, "night"]
    assert [names.has_status(name) for name in ("sent", "failed", "night")] == [True, True, False]
    assert [names.has_reason(name) for name in ("bounced", "night", "failed")] == [True, True, False]


def test_name_of_the_guide_needs_no_free_states() -> None:
    names = StateNames(lambda: pytest.fail("the free states are read"))
    assert (names.has_status("sent"), names.has_reason("bounced")) == (True, True)
