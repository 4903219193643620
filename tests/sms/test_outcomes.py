from __future__ import annotations

from datetime import timedelta

import pytest

from mocksms.sms.message import State
from mocksms.sms.outcomes import Fault, FaultKind, Step


@pytest.mark.parametrize("kind", FaultKind)
def test_fault_accepts_unless_it_is_a_status_or_a_reset_before(kind: FaultKind) -> None:
    refusing = {FaultKind.STATUS, FaultKind.RESET_BEFORE_ACCEPT}
    assert Fault(kind=kind).accepts is (kind not in refusing)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(kind=FaultKind.STATUS, status=503), "status 503"),
        (Fault(kind=FaultKind.DELAY, duration=timedelta(seconds=5)), "delay"),
    ],
    ids=["with a status", "without one"],
)
def test_text_of_a_fault_has_its_status(fault: Fault, words: str) -> None:
    assert str(fault) == words


def test_step_is_immediate_by_default() -> None:
    assert Step(State.SENT).after == timedelta()


@pytest.mark.parametrize("kind", FaultKind)
def test_fault_loses_the_response_when_the_connection_is_reset(kind: FaultKind) -> None:
    resets = {FaultKind.RESET_AFTER_ACCEPT, FaultKind.RESET_BEFORE_ACCEPT}
    assert Fault(kind=kind).loses_response is (kind in resets)


def test_fault_of_another_duration_is_otherwise_the_same() -> None:
    fault = Fault(kind=FaultKind.STATUS, status=429)
    assert fault.lasting(timedelta(seconds=3)) == Fault(
        kind=FaultKind.STATUS, status=429, duration=timedelta(seconds=3)
    )
