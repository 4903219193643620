"""Variations: which ones there are for a baseline, and that each is a valid scenario."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mocksms.engine.rules import ApiOperation
from mocksms.errors import SettingsError
from mocksms.scenario.schema import Scenario
from mocksms.testing.audit.evidence import MessageResult, ObservedRequest, RunEvidence, Target
from mocksms.testing.audit.options import AuditOptions
from mocksms.testing.audit.variations import Variation, check_choice, variations_for

AT = datetime(2026, 1, 1, tzinfo=UTC)


def request(operation: ApiOperation | None, number: int = 1) -> ObservedRequest:
    return ObservedRequest(number, operation, AT, 200, None, False, (), (), (Target("972541111111", "Hi"),))


def evidence(*operations: ApiOperation | None, messages: int = 1, callbacks: int = 0) -> RunEvidence:
    sent = [MessageResult(str(each), "972541111111", "Hi", "sent", None, AT) for each in range(messages)]
    return RunEvidence([request(each) for each in operations], sent, callbacks)


SEND, SEARCH = ApiOperation.SEND, ApiOperation.SEARCH


def names(found: list[Variation]) -> list[str]:
    return [each.name for each in found]


def test_first_send_gets_every_fault_and_the_first_message_every_outcome() -> None:
    found = variations_for(evidence(SEARCH, SEND, SEND, messages=2), AuditOptions())
    assert names(found) == [
        "429",
        "500",
        "503",
        "429-retry-after",
        "500-retry-after",
        "503-retry-after",
        "401",
        "delay",
        "response-lost",
        "connection-reset",
        "truncated",
        "malformed",
        "empty",
        "dribble",
        "outage",
        "queued",
        "no-credit",
        "invalid",
        "unsubscribed",
        "kosher",
        "bounced",
        "cancelled",
        "exception",
        "no-gateway",
        "bounced-late",
        "queued-first",
    ]
    assert [each.request for each in found if each.kind == "fault"][:2] == [2, 2]


def test_deep_audit_varies_each_request_and_each_message() -> None:
    found = {each.name: each for each in variations_for(evidence(SEARCH, SEND, SEND), AuditOptions(is_deep=True))}
    assert found["503@1"].about == "the first search gets 503"
    assert found["503@3"].scenario["rule"][0] == {
        "name": "503@3",
        "match": {"operation": "send"},
        "every": 2,
        "times": 1,
        "fault": {"kind": "status", "status": 503},
    }
    assert not found["503@1"].asks_for_retry
    assert "503@2" not in found
    messages = variations_for(evidence(SEND, messages=3), AuditOptions(is_deep=True, only=("kosher*",)))
    assert names(messages) == ["kosher", "kosher@2", "kosher@3"]


def test_callbacks_vary_only_if_there_are_some() -> None:
    chosen = AuditOptions(only=("callback",))
    assert names(variations_for(evidence(SEND), chosen)) == []
    assert names(variations_for(evidence(SEND, callbacks=1), chosen)) == [
        "callback-twice",
        "callback-late",
        "callback-dropped",
    ]
    assert "callback-reversed" in names(variations_for(evidence(SEND, callbacks=2), chosen))


def test_test_that_never_sends_has_no_variation() -> None:
    assert variations_for(evidence(None, SEARCH, messages=0), AuditOptions()) == []


def test_each_variation_is_a_valid_scenario() -> None:
    found = variations_for(evidence(SEARCH, SEND, SEND, messages=2), AuditOptions(is_deep=True))
    for each in found:
        Scenario.model_validate(each.scenario)
    assert {each.name for each in found if each.asks_for_retry} == {
        "429",
        "503",
        "429-retry-after",
        "503-retry-after",
        "outage",
        "429@3",
        "503@3",
        "429-retry-after@3",
        "503-retry-after@3",
    }


def test_choice_of_an_unknown_variation_names_the_nearest() -> None:
    check_choice(("fault", "callback-*", "503@2", "*"))
    with pytest.raises(SettingsError, match="There is no variation 'bouncd'; did you mean bounced"):
        check_choice(("bouncd",))
