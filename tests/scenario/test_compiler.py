from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mocksms.engine.counted_rule import CountedRule
from mocksms.engine.facts import MessageFacts
from mocksms.engine.patterns import RegexBudget
from mocksms.engine.rules import ActiveScenario, ApiOperation, FaultSpec, RateLimit, Rule, rate_limit_spec
from mocksms.scenario.compiler import compile_scenario, fault_rule
from mocksms.scenario.schema import FaultBody, Match, Scenario
from mocksms.settings import Settings
from mocksms.sms import numbers
from mocksms.sms.message import CallbackPolicy, ClickReaction, ReplyReaction, State
from mocksms.sms.outcomes import Fault, FaultKind, Outcome, Step
from tests.engine.support import SECOND

NOW = timedelta()


def built(settings: Settings | None = None, **said: Any) -> ActiveScenario:
    return compile_scenario(Scenario.model_validate(said), "test.toml", settings or Settings())


def rule(settings: Settings | None = None, **said: Any) -> Rule:
    (only,) = built(settings, rule=[said]).rules
    return only


def outcome(**said: Any) -> Outcome:
    effect = rule(**said).effect
    assert isinstance(effect, Outcome)
    return effect


def order(**fault: Any) -> FaultSpec:
    effect = rule(fault=fault).effect
    assert isinstance(effect, FaultSpec)
    return effect


def message_facts(number: str = "972-54-1111111", *, accept_local: bool = False, **more: Any) -> MessageFacts:
    seen: dict[str, Any] = {
        "content": "Your code is 4815",
        "sender": "SenderID",
        "tags": ("otp", "spring sale"),
        "charset": "unicode",
        "wants_async": False,
        "nth": 1,
        "count_segments": lambda: 2,
        **more,
    }
    return MessageFacts(mobile_number=number, digits=numbers.parse(number, accept_local=accept_local).digits, **seen)


def fits(match: dict[str, Any], settings: Settings | None = None, number: str = "972-54-1111111", **more: Any) -> bool:
    """Whether a message matches."""
    settings = settings or Settings()
    facts = message_facts(number, accept_local=settings.accept_local_numbers, **more)
    return CountedRule(rule(settings, match=match, outcome="sent"), "seed").matches(facts)


def test_empty_match_matches_everything() -> None:
    assert fits({})


@pytest.mark.parametrize(
    ("to", "number", "matches"),
    [
        pytest.param("972-54-1111111", "+972 54 111 1111", True, id="in another spelling"),
        pytest.param("972541111111", "972-54-1111111", True, id="as digits"),
        pytest.param("972-54-1111111", "972-54-1111112", False, id="another number"),
        pytest.param("972-54", "972-54-1111111", False, id="only a part"),
        pytest.param("972-54-*", "972541111111", True, id="beginning"),
        pytest.param("972-53-*", "972541111111", False, id="another beginning"),
        pytest.param("*1111", "972541111111", True, id="end"),
        pytest.param("*5-4*", "972541111111", True, id="within, whatever the separators"),
        pytest.param("972*1*2", "972541111111", False, id="another end"),
        pytest.param("*", "", True, id="anything is even nothing"),
        pytest.param("972-54-111xxxx", "972-54-111XXXX", True, id="masked digits in any case"),
        pytest.param("regex:^97254", "972-54-1111111", True, id="regular expression on digits"),
        pytest.param("regex:54", "972-54-1111111", True, id="regular expression found anywhere"),
        pytest.param("regex:^54", "972-54-1111111", False, id="regular expression not found"),
        pytest.param("12", "12", True, id="no phone number at all"),
        pytest.param("054-1111111", "972-54-1111111", False, id="local number where those are not accepted"),
        pytest.param("054-*", "972-54-1111111", False, id="pattern of local numbers where those are not accepted"),
    ],
)
def test_numbers_are_compared_by_digits(to: str, number: str, matches: bool) -> None:
    assert fits({"to": to}, number=number) is matches


@pytest.mark.parametrize(
    ("to", "number", "matches"),
    [
        ("054-1111111", "972-54-1111111", True),
        ("972-54-1111111", "054-1111111", True),
        ("054-*", "054-1111111", True),
        ("054-*", "972-54-1111111", True),
        ("972-54-*", "972-54-1111111", True),
        ("054-1111112", "054-1111111", False),
        ("057-1234567", "057-1234567", True),
        ("05", "05", True),
    ],
)
def test_local_number_equals_the_one_with_country_code_if_accepted(to: str, number: str, matches: bool) -> None:
    assert fits({"to": to}, Settings(accept_local_numbers=True), number) is matches


@pytest.mark.parametrize(
    ("content", "matches"),
    [
        pytest.param("code", True, id="part"),
        pytest.param("Code", False, id="part in another case"),
        pytest.param("Your code is 4815", True, id="whole"),
        pytest.param("Your *", False, id="a star is a character"),
        pytest.param(r"regex:\b\d{4}$", True, id="regular expression"),
        pytest.param("regex:^code", False, id="regular expression that is not found"),
        pytest.param("regex:(?i)CODE", True, id="regular expression in any case"),
    ],
)
def test_content_is_matched_by_part_or_expression(content: str, matches: bool) -> None:
    assert fits({"content": content}) is matches


@pytest.mark.parametrize(
    ("tag", "matches"),
    [
        ("otp", True),
        ("spring sale", True),
        ("spring*", False),
        ("spring", False),
        ("OTP", False),
        ("regex:^sp", True),
        ("regex:^x", False),
    ],
)
def test_any_of_the_tags_may_match(tag: str, matches: bool) -> None:
    assert fits({"tag": tag}) is matches


def test_message_without_tags_matches_no_tag() -> None:
    assert not fits({"tag": "regex:"}, tags=())


@pytest.mark.parametrize("name", ["sender", "charset"])
@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ("Shop-1", True),
        ("Shop", False),
        ("Shop*", False),
        ("shop-1", False),
        ("regex:-\\d$", True),
        ("regex:x", False),
    ],
)
def test_sender_and_charset_are_matched_completely(name: str, condition: str, matches: bool) -> None:
    seen: dict[str, Any] = {name: "Shop-1"}
    assert fits({name: condition}, **seen) is matches


@pytest.mark.parametrize(("wanted", "is_async"), [(True, True), (True, False), (False, True), (False, False)])
def test_async_mode_is_matched(wanted: bool, is_async: bool) -> None:
    assert fits({"async": wanted}, wants_async=is_async) is (wanted is is_async)


@pytest.mark.parametrize(
    ("wanted", "counts"),
    [
        (2, [2]),
        ("2", [2]),
        (">2", [3, 4]),
        (">=2", [2, 3, 4]),
        ("<2", [1]),
        ("<=2", [1, 2]),
        (">= 2", [2, 3, 4]),
        (" <2 ", [1]),
    ],
)
def test_segments_are_compared(wanted: object, counts: list[int]) -> None:
    assert [count for count in (1, 2, 3, 4) if fits({"segments": wanted}, count_segments=partial(int, count))] == counts


def test_segments_are_counted_only_if_all_else_matches() -> None:
    assert not fits({"segments": 1, "content": "no such words"}, count_segments=partial(pytest.fail, "counted"))


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_nth_message_to_its_number_is_matched(nth: int) -> None:
    assert fits({"nth": 2}, nth=nth) is (nth == 2)


CONDITIONS: dict[str, tuple[object, object]] = {
    "to": ("972-54-*", "972-53-*"),
    "content": ("code", "kode"),
    "tag": ("otp", "ads"),
    "sender": ("SenderID", "Shop"),
    "charset": ("unicode", "hebrew"),
    "async": (False, True),
    "segments": (2, 3),
    "nth": (1, 2),
}


def test_every_condition_is_tested_here() -> None:
    named = {field.alias or name for name, field in Match.model_fields.items()}
    assert named == {*CONDITIONS, "operation"}


@pytest.mark.parametrize("unmet", [None, *CONDITIONS])
def test_match_needs_all_conditions(unmet: str | None) -> None:
    match = {name: wrong if name == unmet else right for name, (right, wrong) in CONDITIONS.items()}
    assert fits(match) is (unmet is None)


def is_globbed(pattern: str, text: str) -> bool:
    """Return what an expression built from the pattern says of a text."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


@given(
    st.text(st.sampled_from("12*"), min_size=1, max_size=7).filter(lambda pattern: "*" in pattern),
    st.text(st.sampled_from("12"), max_size=7),
)
@example("1*1", "1")
@example("1*21*1", "121")
@example("*11*1*", "11")
@example("*1*1*", "1")
def test_star_in_a_number_matches_any_characters(pattern: str, digits: str) -> None:
    assert fits({"to": pattern}, number=digits) is is_globbed(pattern, digits)


@pytest.mark.parametrize("name", ["content", "tag", "sender", "charset"])
def test_star_in_a_text_is_a_character(name: str) -> None:
    """SMS contain asterisks."""
    for text, matches in {"*4815* is your code": True, "4815 is your code": False}.items():
        seen: dict[str, Any] = {"tags" if name == "tag" else name: (text,) if name == "tag" else text}
        assert fits({name: "*4815* is your code"}, **seen) is matches


def test_time_limit_of_expressions_starts_with_every_send(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mocksms.engine.patterns.timer", count(0, 10).__next__)
    slow = CountedRule(rule(match={"content": r"regex:^(a|aa|aaa)+b|4815"}, outcome="sent"), "seed")
    long = "a" * 40 + "4815"
    assert [slow.matches(message_facts(content=text)) for text in ("4815", "4815", long[-20:])] == [True] * 3


@pytest.mark.parametrize("name", ["to", "content", "tag", "sender", "charset"])
def test_all_expressions_share_the_time_limit_of_a_send(name: str) -> None:
    spent = RegexBudget()
    spent.left = 0
    unasked = CountedRule(rule(match={name: "regex:."}, outcome="sent"), "seed")
    assert not unasked.matches(message_facts(tags=("otp",), budget=spent))
    assert unasked.matches(message_facts(tags=("otp",)))


def test_outcome_is_reached_at_once_or_after_its_delay() -> None:
    assert outcome(outcome="rejected/bounced").steps == (Step(State.BOUNCED),)
    assert outcome(outcome="rejected/bounced", delay="2s").steps == (Step(State.BOUNCED, 2 * SECOND),)


def test_outcome_queued_has_no_step() -> None:
    assert outcome(outcome="queued") == Outcome(steps=(), decided_by="rule 1 of test.toml")


def test_steps_follow_each_other() -> None:
    said = [
        {"outcome": "queued/insufficient-funds", "after": "1s"},
        {"outcome": "sent", "after": "2s"},
        {"outcome": "rejected/bounced", "after": "1m"},
    ]
    assert outcome(steps=said).steps == (
        Step(State.NO_CREDIT, SECOND),
        Step(State.SENT, 3 * SECOND),
        Step(State.BOUNCED, 63 * SECOND),
    )


@pytest.mark.parametrize(("delay", "after"), [({}, NOW), ({"delay": "3s"}, 3 * SECOND)], ids=["at once", "later"])
@pytest.mark.parametrize("said", [{"pass_through": True}, {"click": {}}], ids=["pass_through", "reaction alone"])
def test_rule_without_an_outcome_passes_through(said: dict[str, Any], delay: dict[str, Any], after: timedelta) -> None:
    passing = outcome(**said, **delay)
    assert (passing.steps, passing.pass_through_after) == ((), after)


@pytest.mark.parametrize(
    "said", [{"outcome": "sent"}, {"steps": [{"outcome": "sent"}]}, {"outcome": "queued"}], ids=str
)
def test_rule_with_an_outcome_does_not_pass_through(said: dict[str, Any]) -> None:
    assert outcome(**said).pass_through_after is None


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"outcome": "sent", "delay": "5s"}, id="sent late"),
        pytest.param({"steps": [{"outcome": "queued/no_credit"}, {"outcome": "sent", "after": "2s"}]}, id="steps"),
        pytest.param({}, id="passed through"),
    ],
)
def test_replies_and_clicks_come_after_sending(said: dict[str, Any]) -> None:
    reactions = outcome(
        **said, reply=[{"text": "a", "after": "1s"}, {"text": "b", "after": "4s"}], click={"after": "2s"}
    )
    assert reactions.reactions == (
        ReplyReaction("a", SECOND),
        ReplyReaction("b", 4 * SECOND),
        ClickReaction(2 * SECOND),
    )
    assert outcome(**said, reply={"text": "a"}).reactions == (ReplyReaction("a", SECOND),)


def test_label_of_a_rule_has_its_position_name_and_file() -> None:
    script = built(rule=[{"outcome": "sent"}, {"name": "codes", "outcome": "sent"}, {"fault": {"kind": "empty"}}])
    assert [each.label for each in script.rules] == [
        "rule 1 of test.toml",
        "rule 2 (codes) of test.toml",
        "rule 3 of test.toml",
    ]
    assert script.names == ("test.toml",)


def test_rule_keeps_its_limits() -> None:
    limited = rule(outcome="sent", times=3, every=2, probability=0.5, match={"operation": "send"})
    assert (limited.times, limited.every, limited.probability, limited.operation) == (3, 2, 0.5, ApiOperation.SEND)
    free = rule(outcome="sent")
    assert (free.times, free.every, free.probability, free.operation) == (None, 1, 1.0, ApiOperation.SEND)


def test_fault_applies_to_its_operation() -> None:
    assert rule(match={"operation": "search"}, fault={"kind": "empty"}).operation is ApiOperation.SEARCH


@pytest.mark.parametrize("kind", ["truncated", "malformed", "empty", "reset_before_accept", "reset_after_accept"])
def test_simple_fault_keeps_its_kind(kind: str) -> None:
    assert order(kind=kind) == FaultSpec(fault=Fault(kind=FaultKind(kind)))


@pytest.mark.parametrize("kind", ["delay", "dribble"])
def test_slow_fault_has_a_duration_or_a_range(kind: str) -> None:
    once = order(kind=kind, duration="2s")
    assert once == FaultSpec(fault=Fault(kind=FaultKind(kind), duration=2 * SECOND), max_duration=2 * SECOND)
    ranged = order(kind=kind, duration=["2s", "5s"])
    assert (ranged.fault.duration, ranged.max_duration) == (2 * SECOND, 5 * SECOND)
    assert order(kind=kind, duration=[0, "5s"]).fault.duration == order(kind=kind, duration=0).fault.duration == NOW


def test_status_fault_has_body_content_type_and_retry_after() -> None:
    said = {"kind": "status", "status": 503, "body": "Down", "content_type": "text/plain", "retry_after": "2s"}
    assert order(**said).fault == Fault(
        kind=FaultKind.STATUS, status=503, duration=2 * SECOND, body="Down", media_type="text/plain"
    )
    assert order(kind="status", status=500).fault == Fault(kind=FaultKind.STATUS, status=500)


def test_unauthorized_is_status_401() -> None:
    assert order(kind="unauthorized") == FaultSpec(fault=Fault(kind=FaultKind.STATUS, status=401))


def test_rate_limit_has_its_rate() -> None:
    assert order(kind="rate_limit", limit=5, per="1m") == rate_limit_spec(RateLimit(limit=5, per=60 * SECOND))


def test_manual_fault_is_compiled_like_a_rule() -> None:
    limits = {"match": {"tag": "otp"}, "times": 2, "every": 3, "probability": 0.5}
    body = FaultBody.model_validate({"fault": {"kind": "empty"}, **limits})
    by_hand = fault_rule(body, Settings())
    assert by_hand.source is body
    assert by_hand.effect == FaultSpec(fault=Fault(kind=FaultKind.EMPTY))
    assert (by_hand.label, by_hand.times, by_hand.every, by_hand.probability) == ("a fault set manually", 2, 3, 0.5)
    assert [CountedRule(by_hand, "seed").matches(message_facts(tags=tags)) for tags in (("otp",), ("ads",))] == [
        True,
        False,
    ]


def test_scenario_keeps_what_it_was_compiled_from() -> None:
    scenario = Scenario.model_validate({"rule": [{"outcome": "sent"}]})
    assert compile_scenario(scenario, "story.toml", Settings()).sources == (("story.toml", scenario),)


def test_account_gets_only_the_values_of_its_table() -> None:
    assert built().account_values == built(account={}).account_values == {}
    said = {
        "credit": 5,
        "sender": "Shop",
        "gateway": False,
        "rest_right": False,
        "unsubscribed": ["972-54-1111111", "+972 54 1111111"],
        "bounced": [],
        "kosher": ["972-58-32xxxxx"],
        "async_delay": "5s",
        "callback": {"reversed": True},
    }
    assert built(account=said).account_values == {
        "credit": 5,
        "sender": "Shop",
        "gateway": False,
        "rest_right": False,
        "unsubscribed": {"972541111111"},
        "bounced": set(),
        "kosher": {"9725832XXXXX"},
        "async_delay": timedelta(seconds=5),
        "callback_policy": CallbackPolicy(is_reversed=True),
    }


def test_unlimited_credit_is_not_the_same_as_absent() -> None:
    assert built(account={"credit": "unlimited"}).account_values == {"credit": None}


def test_local_numbers_of_an_account_are_normalised_if_accepted() -> None:
    said = {"kosher": ["054-1111111"]}
    assert built(account=said).account_values == {"kosher": {"0541111111"}}
    assert built(Settings(accept_local_numbers=True), account=said).account_values == {"kosher": {"972541111111"}}
