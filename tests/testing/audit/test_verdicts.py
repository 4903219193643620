"""Verdicts: each rule holds when its docstring says so, and no other time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from mocksms.engine.rules import ApiOperation
from mocksms.settings import HARMS
from mocksms.sms.message import Reason
from mocksms.sms.outcomes import FaultKind
from mocksms.testing.audit.calls import ApplicationCall
from mocksms.testing.audit.claims import Claim
from mocksms.testing.audit.endings import ApplicationError, Ending, EndingKind
from mocksms.testing.audit.evidence import MessageResult, ObservedRequest, RunEvidence, Target
from mocksms.testing.audit.options import AuditOptions
from mocksms.testing.audit.variations import Variation
from mocksms.testing.audit.verdicts import HARM, RULES, Verdict, judge
from mocksms.testing.observations import Observation

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
PHONE: Final = "972541111111"
OTHER: Final = "972542222222"
PASSED: Final = Ending(EndingKind.PASSED)
MOCK: Final = Ending(EndingKind.MOCK)
EXPECTATION: Final = Ending(EndingKind.EXPECTATION)
CRASH: Final = ApplicationError("KeyError: 'id'", "shop.py:4 in send", is_known=False)
KNOWN: Final = ApplicationError("ReadTimeout", "shop.py:4 in send", is_known=True)


class Traffic:
    """What a mock saw, by the seconds of each request."""

    def __init__(self) -> None:
        self.requests: list[ObservedRequest] = []
        self.messages: list[MessageResult] = []

    @property
    def evidence(self) -> RunEvidence:
        return RunEvidence(self.requests, self.messages)

    def send(self, at: float, text: str = "Hi", to: str = PHONE, **more: Any) -> Traffic:
        """Add a send that is accepted and whose response the application reads."""
        status, observed = more.pop("becomes", "sent"), more.pop("reads", True)
        reason, injected = more.pop("reason", None), more.get("is_injected", False)
        message = f"{len(self.messages)}"
        self.messages.append(MessageResult(message, to, text, status, reason, moment(at), injected))
        rows = (Observation(0, message, status, reason),) if observed else ()
        return self._add(at, text, to, status=200, messages=(message,), observations=rows, **more)

    def refuse(self, at: float, status: int | None = 503, text: str = "Hi", to: str = PHONE, **more: Any) -> Traffic:
        """Add a send that the variation refuses; without a status it resets the connection."""
        kind = FaultKind.STATUS if status else FaultKind.RESET_BEFORE_ACCEPT
        more = {"fault": kind, "is_refused": True, "is_injected": True, **more}
        return self._add(at, text, to, status=status, **more)

    def lose(self, at: float, text: str = "Hi", kind: FaultKind = FaultKind.RESET_AFTER_ACCEPT) -> Traffic:
        """Add a send that is accepted and whose response is lost."""
        return self.send(at, text, reads=False, fault=kind, is_injected=True)

    def search(self, at: float, *rows: Observation, **more: Any) -> Traffic:
        return self._add(at, operation=ApiOperation.SEARCH, status=200, observations=rows, **more)

    def _add(self, at: float, text: str = "", to: str = "", **fields: Any) -> Traffic:
        request = ObservedRequest(
            number=len(self.requests),
            operation=ApiOperation.SEND,
            at=moment(at),
            status=None,
            fault=None,
            is_refused=False,
            messages=(),
            observations=(),
            targets=(Target(to, text),) if to else (),
        )
        self.requests.append(request._replace(**fields))
        return self


def moment(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def variation(name: str = "503", **more: Any) -> Variation:
    asks = name.startswith(("429", "503", "outage"))
    return Variation(name=name, kind=more.pop("kind", "fault"), about=name, scenario={}, asks_for_retry=asks, **more)


def verdicts(
    traffic: Traffic,
    ending: Ending = PASSED,
    *,
    name: str = "503",
    baseline: Traffic | None = None,
    options: AuditOptions | None = None,
) -> list[str]:
    usual = baseline or Traffic().send(0)
    judged = judge(variation(name), usual.evidence, traffic.evidence, ending, options or AuditOptions())
    assert all(each.detail for each in judged if each.verdict is not Verdict.SURVIVED)
    return [str(each.verdict) for each in judged]


def test_rules_are_in_order_of_precedence_and_letters_differ() -> None:
    assert [str(verdict) for verdict, _ in RULES] == [
        "hung",
        "crashed",
        "sent twice",
        "claimed sent",
        "hammered",
        "gave up",
    ]
    assert {verdict for verdict in Verdict if verdict.is_harm} == HARM
    assert tuple(str(verdict) for verdict, _ in RULES) == HARMS
    assert len({verdict.letter for verdict in Verdict}) == len(Verdict)
    assert all(rule.__doc__ for _, rule in RULES)


def test_one_retry_after_a_pause_is_survived() -> None:
    assert verdicts(Traffic().refuse(0).send(1)) == ["survived"]


def test_expectation_that_fails_without_harm_is_survived() -> None:
    assert verdicts(Traffic().refuse(0, 401), EXPECTATION, name="401") == ["survived"]


def test_known_error_is_raised_and_no_finding() -> None:
    ending = Ending(EndingKind.RAISED, errors=(KNOWN,))
    assert verdicts(Traffic().refuse(0, 401), ending, name="401") == ["raised"]


def test_run_that_does_not_show_the_variation_is_not_applied() -> None:
    assert verdicts(Traffic(), EXPECTATION) == ["not applied"]
    of_test = Traffic().refuse(0, is_injected=False)
    assert verdicts(of_test, EXPECTATION) == ["not applied"]


@pytest.mark.parametrize(
    ("changes", "applied"),
    [
        ({"kind": "outcome"}, False),
        ({"kind": "outcome", "decides_later": True}, True),
        ({"kind": "outcome", "decides_later": True, "request": 2}, False),
        ({"kind": "callback"}, True),
    ],
)
def test_outcome_and_callbacks_are_applied_to_messages(changes: dict[str, Any], applied: bool) -> None:
    traffic = Traffic().send(0).evidence
    [judged] = judge(variation("kosher", **changes), traffic, traffic, EXPECTATION, AuditOptions())
    assert str(judged.verdict) == ("survived" if applied else "not applied")
    injected = Traffic().send(0, is_injected=True).evidence
    [judged] = judge(variation("kosher", kind="outcome"), traffic, injected, EXPECTATION, AuditOptions())
    assert str(judged.verdict) == "survived"


def test_time_limit_is_hung_and_a_crash_beside_it_crashed() -> None:
    assert verdicts(Traffic().refuse(0), Ending(EndingKind.HUNG, seconds=10.0)) == ["hung"]
    ending = Ending(EndingKind.HUNG, errors=(CRASH,), seconds=10.0)
    assert verdicts(Traffic().refuse(0), ending) == ["hung", "crashed"]


def test_unknown_error_is_crashed_wherever_it_is_reported() -> None:
    for test in (EndingKind.CRASHED, EndingKind.EXPECTATION, EndingKind.PASSED):
        ending = Ending(test, errors=(KNOWN, CRASH))
        assert verdicts(Traffic().refuse(0), ending) == ["crashed"]
    judged = judge(variation(), Traffic().evidence, Traffic().evidence, ending, AuditOptions())
    assert judged[0].detail == "KeyError: 'id' at shop.py:4 in send"


class TestSentTwice:
    @pytest.mark.parametrize("becomes", ["sent", "queued"])
    def test_same_text_to_the_same_number_again(self, becomes: str) -> None:
        assert verdicts(Traffic().lose(0).send(1, becomes=becomes), name="response-lost") == ["sent twice"]

    @pytest.mark.parametrize(
        "second",
        [
            {"text": "Bye"},
            {"to": OTHER},
            {"becomes": "rejected", "reason": Reason.BOUNCED},
            {"becomes": "queued", "reason": Reason.INSUFFICIENT_FUNDS},
        ],
    )
    def test_other_text_other_number_and_what_does_not_arrive_are_no_second(self, second: dict[str, Any]) -> None:
        assert "sent twice" not in verdicts(Traffic().lose(0).send(1, **second), EXPECTATION, name="response-lost")

    def test_baseline_can_have_the_same_text_twice(self) -> None:
        usual = Traffic().send(0).send(1)
        assert verdicts(Traffic().lose(0).send(1), baseline=usual, name="response-lost") == ["survived"]
        thrice = Traffic().lose(0).send(1).send(2)
        assert verdicts(thrice, baseline=usual, name="response-lost") == ["sent twice"]

    def test_random_text_may_come_as_often_as_any_text_of_the_baseline(self) -> None:
        traffic = Traffic().lose(0, "code 2").send(1, "code 2")
        assert verdicts(traffic, baseline=Traffic().send(0, "code 1"), name="response-lost") == ["sent twice"]
        usual = Traffic().send(0, "code 1").send(1, "code 1")
        assert verdicts(traffic, baseline=usual, name="response-lost") == ["survived"]

    def test_second_after_the_window_is_a_reminder(self) -> None:
        traffic = Traffic().lose(0).send(601)
        assert verdicts(traffic, name="response-lost") == ["survived"]
        options = AuditOptions(window=timedelta(minutes=11))
        assert verdicts(traffic, name="response-lost", options=options) == ["sent twice"]


class TestClaimedSent:
    @pytest.mark.parametrize("status", [401, 429, 500, 503, None])
    @pytest.mark.parametrize("ending", [PASSED, MOCK])
    def test_refused_send_and_a_test_that_expects_nothing_else(self, status: int | None, ending: Ending) -> None:
        assert verdicts(Traffic().refuse(0, status), ending, name="500") == ["claimed sent"]

    def test_status_in_a_response_or_a_later_read_is_known(self) -> None:
        rejected: dict[str, Any] = {"becomes": "rejected", "reason": Reason.KOSHER_NUMBER, "is_injected": True}
        assert verdicts(Traffic().send(0, **rejected), name="kosher") == ["claimed sent"]
        unread = Traffic().send(0, reads=False, **rejected)
        assert verdicts(unread, name="kosher") == ["survived"]
        read = Traffic().send(0, reads=False, **rejected).search(1, Observation(0, "0", "rejected", Reason.BOUNCED))
        assert verdicts(read, name="kosher") == ["claimed sent"]

    @pytest.mark.parametrize("kind", [EndingKind.EXPECTATION, EndingKind.WAITING, EndingKind.RAISED])
    def test_test_that_sees_the_failure_or_waits_is_no_claim(self, kind: EndingKind) -> None:
        ending = Ending(kind, message="ReadTimeout")
        assert "claimed sent" not in verdicts(Traffic().refuse(0, 500), ending, name="500")

    def test_later_message_makes_up_for_the_failure(self) -> None:
        assert verdicts(Traffic().refuse(0, 500).send(1), name="500") == ["survived"]
        rejected = Traffic().send(0, becomes="rejected", reason=Reason.BOUNCED, is_injected=True)
        assert verdicts(rejected.send(1, "Bye"), name="bounced") == ["survived"]

    def test_accepted_send_is_none(self) -> None:
        assert verdicts(Traffic().lose(0), name="response-lost") == ["survived"]

    def test_test_about_a_failure_of_its_own_is_none(self) -> None:
        usual = Traffic().refuse(0, 401, is_injected=False).send(1, to=OTHER)
        assert verdicts(Traffic().refuse(0, 401).send(1, to=OTHER), baseline=usual, name="401") == ["survived"]

    def test_one_of_two_numbers_is_enough(self) -> None:
        usual = Traffic().send(0).send(1, to=OTHER)
        assert verdicts(Traffic().refuse(0, 500).send(1, to=OTHER), baseline=usual, name="500") == ["claimed sent"]

    def test_random_number_is_compared_by_the_count(self) -> None:
        assert verdicts(Traffic().refuse(0, 500, to=OTHER), name="500") == ["claimed sent"]
        assert verdicts(Traffic().refuse(0, 500, to=OTHER).send(1, to=OTHER), name="500") == ["survived"]

    @pytest.mark.parametrize(
        ("claims", "accused"),
        [
            ([(0, 2, Claim.SUCCESS, False)], True),
            ([(0, 2, Claim.FAILURE, True)], False),
            ([(0, 2, Claim.LATER, True)], False),
            ([(0, 2, Claim.SUCCESS, True), (0, 3, Claim.FAILURE, True)], False),
            ([(0, 2, Claim.NOTHING, True)], True),
            ([(0, 2, Claim.NOTHING, False)], True),
            ([(0, 0.5, Claim.SUCCESS, True), (0.6, 2, Claim.NOTHING, False)], False),
            ([(0, 0.5, Claim.SUCCESS, True), (2, 3, Claim.SUCCESS, True)], False),
            ([(0, 0.5, Claim.SUCCESS, True)], False),
            ([(0, 2, Claim.SUCCESS, True, False)], False),
        ],
    )
    def test_what_the_call_returned_decides(self, claims: list[tuple[Any, ...]], accused: bool) -> None:
        calls = tuple(call(*each) for each in claims)
        found = verdicts(Traffic().refuse(1, 500), replace_calls(MOCK, calls), name="500")
        assert found == (["claimed sent"] if accused else ["survived"])

    def test_every_call_counts_where_the_clocks_differ(self) -> None:
        for calls in ((call(100, 101, Claim.FAILURE),), (call(-100, -99, Claim.FAILURE),)):
            assert verdicts(Traffic().refuse(1, 500), replace_calls(MOCK, calls), name="500") == ["survived"]
        frozen = Traffic().refuse(1, 500).search(1)
        assert verdicts(frozen, replace_calls(MOCK, (call(5, 6, Claim.SUCCESS),)), name="500") == ["claimed sent"]


def call(
    started: float, ended: float, claim: Claim, has_number: bool = True, has_waited: bool = True
) -> ApplicationCall:
    numbers = frozenset({PHONE[-8:]}) if has_number else frozenset[str]()
    return ApplicationCall("send", moment(started), moment(ended), claim, numbers, has_waited)


def replace_calls(ending: Ending, calls: tuple[ApplicationCall, ...]) -> Ending:
    return ending._replace(calls=calls)


class TestHammered:
    @pytest.mark.parametrize("status", [401, 429, 500, 503, None])
    def test_retry_without_a_pause(self, status: int | None) -> None:
        assert verdicts(Traffic().refuse(0, status).send(0.049)) == ["hammered"]
        assert verdicts(Traffic().refuse(0, status).send(0.051)) == ["survived"]
        options = AuditOptions(pause=timedelta(0))
        assert verdicts(Traffic().refuse(0, status).send(0.001), options=options) == ["survived"]

    def test_retry_sooner_than_the_provider_asks(self) -> None:
        for seconds, found in ((0.89, "hammered"), (0.91, "survived")):
            assert verdicts(Traffic().refuse(0, retry_after=1.0).send(seconds)) == [found]

    @pytest.mark.parametrize(("status", "found"), [(500, "survived"), (None, "survived"), (503, "hammered")])
    def test_search_is_a_pause_unless_the_provider_asks_to_wait(self, status: int | None, found: str) -> None:
        assert verdicts(Traffic().refuse(0, status).search(0.01).send(0.02)) == [found]

    def test_more_retries_than_allowed(self) -> None:
        traffic = Traffic()
        for seconds in range(6):
            traffic.refuse(seconds)
        assert verdicts(traffic, EXPECTATION, name="outage") == ["survived"]
        assert verdicts(traffic.send(6), name="outage") == ["hammered"]
        assert verdicts(traffic, name="outage", options=AuditOptions(retries=6)) == ["survived"]

    def test_next_message_of_the_test_is_no_retry(self) -> None:
        usual = Traffic().send(0).send(0.01)
        traffic = Traffic().refuse(0, 500).send(0.01)
        assert "hammered" not in verdicts(traffic, EXPECTATION, baseline=usual, name="500")
        assert "hammered" not in verdicts(Traffic().refuse(0, 500).send(0.01, "Bye"), EXPECTATION, name="500")

    def test_retry_after_a_rejected_message_counts_without_its_pause(self) -> None:
        rejected: dict[str, Any] = {"becomes": "rejected", "reason": Reason.BOUNCED, "is_injected": True}
        traffic = Traffic().send(0, **rejected).send(0.01)
        assert verdicts(traffic, name="bounced") == ["survived"]

    def test_frozen_clock_measures_no_pause(self) -> None:
        assert verdicts(Traffic().refuse(0).send(0)) == ["survived"]
        traffic = Traffic()
        for _ in range(7):
            traffic.refuse(0)
        assert verdicts(traffic, EXPECTATION, name="outage") == ["hammered"]


class TestGaveUp:
    @pytest.mark.parametrize("status", [429, 503])
    def test_no_retry_where_the_provider_asks_for_one(self, status: int) -> None:
        assert verdicts(Traffic().refuse(0, status), EXPECTATION) == ["gave up"]

    def test_error_of_the_application_is_no_retry(self) -> None:
        assert verdicts(Traffic().refuse(0), Ending(EndingKind.RAISED, errors=(KNOWN,))) == ["gave up"]

    def test_lie_and_no_retry_are_two_verdicts(self) -> None:
        assert verdicts(Traffic().refuse(0)) == ["claimed sent", "gave up"]

    @pytest.mark.parametrize("name", ["500", "401", "connection-reset"])
    def test_other_failures_ask_for_none(self, name: str) -> None:
        assert verdicts(Traffic().refuse(0, 500), EXPECTATION, name=name) == ["survived"]

    @pytest.mark.parametrize("kind", [EndingKind.HUNG, EndingKind.CRASHED])
    def test_application_that_crashed_or_hung_did_not_give_up(self, kind: EndingKind) -> None:
        assert "gave up" not in verdicts(Traffic().refuse(0), Ending(kind, errors=(CRASH,)))

    def test_message_that_the_test_sends_anyway_is_no_retry(self) -> None:
        usual = Traffic().send(0).send(1, "Bye")
        assert verdicts(Traffic().refuse(0).send(1, "Bye"), EXPECTATION, baseline=usual) == ["gave up"]

    def test_search_is_a_retry_in_an_outage_only(self) -> None:
        traffic = Traffic().refuse(0).search(1, is_refused=True)
        outage = replace(variation("outage"), is_lasting=True)
        usual = Traffic().send(0).evidence
        [judged] = judge(outage, usual, traffic.evidence, EXPECTATION, AuditOptions())
        assert judged.verdict is Verdict.SURVIVED
        [judged] = judge(outage, usual, Traffic().refuse(0).evidence, EXPECTATION, AuditOptions())
        assert judged.verdict is Verdict.GAVE_UP
        assert verdicts(traffic, EXPECTATION) == ["gave up"]
