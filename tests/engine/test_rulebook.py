from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import chain, count, repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.counted_rule import CountedRule
from mocksms.engine.facts import MessageFacts
from mocksms.engine.patterns import RegexBudget
from mocksms.engine.rulebook import MAX_REMOVED_RULES, Rulebook
from mocksms.engine.rules import (
    NO_SCENARIO,
    ActiveScenario,
    ApiOperation,
    Condition,
    FaultSpec,
    RateLimit,
    RefusedByFault,
    Rule,
    ScenarioSource,
    TriggeredFault,
    combine,
    rate_limit_spec,
)
from mocksms.engine.steps import STEP_SIZE, finish
from mocksms.errors import PatternTooSlow
from mocksms.scenario.compiler import compile_scenario
from mocksms.scenario.schema import Scenario
from mocksms.settings import Settings
from mocksms.sms.message import AnyState, Recipient, Submission
from mocksms.sms.outcomes import Fault, FaultKind
from tests.engine.support import DOWN, LOST, SECOND, World, a_rule, a_scenario, bounced
from tests.support import KEY, NOON, NUMBER


def facts(content: str = "Hello", nth: int = 1, number: str = NUMBER) -> MessageFacts:
    return MessageFacts(
        mobile_number=number,
        digits="972541111111",
        content=content,
        sender="SenderID",
        tags=(),
        charset="unicode",
        wants_async=False,
        nth=nth,
        count_segments=lambda: 1,
    )


def says(word: str) -> Condition:
    return lambda seen: seen.content == word


def applied(rules: Rulebook, messages: int) -> list[bool]:
    """Return for each of some equal messages whether a rule applied."""
    return [rules.take_outcome(facts(), NOON) is not None for _ in range(messages)]


def decided(rules: Rulebook, *contents: str) -> list[str]:
    outcomes = [rules.take_outcome(facts(content), NOON) for content in contents]
    return [outcome.decided_by if outcome else "" for outcome in outcomes]


def labels(rules: Rulebook, calls: int, call: ApiOperation = ApiOperation.SEND) -> list[str]:
    messages = (facts(),) if call is ApiOperation.SEND else ()
    faults = [rules.take_fault(call, messages, NOON) for _ in range(calls)]
    return [triggered.decided_by if triggered else "" for triggered in faults]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(a_rule(), [True] * 6, id="always"),
        pytest.param(a_rule(times=2), [True, True, False, False, False, False], id="the first two"),
        pytest.param(a_rule(every=3), [False, False, True] * 2, id="every third"),
        pytest.param(a_rule(every=2, times=2), [False, True, False, True, False, False], id="every second, twice"),
    ],
)
def test_rule_applies_within_its_limits(rule: Rule, expected: list[bool]) -> None:
    assert applied(Rulebook([rule]), 6) == expected


def test_rule_counts_matches_and_uses_until_no_use_is_left() -> None:
    rules = Rulebook([a_rule("the rule", None, says("Hello"), every=2, times=2)])
    (live,) = rules.rules
    assert (live.matched, live.applied, live.left) == (0, 0, 2)
    decided(rules, "Hello", "Bye", "Hello", "Hello")
    assert (live.matched, live.applied, live.left) == (3, 1, 1)
    decided(rules, "Hello", "Hello")
    assert (live.matched, live.applied, live.left) == (4, 2, 0)


def test_rule_without_limit_has_no_number_of_uses_left() -> None:
    rules = Rulebook([a_rule()])
    applied(rules, 3)
    assert rules.rules[0].left is None


def test_first_matching_rule_with_uses_left_takes_precedence() -> None:
    rules = Rulebook([a_rule("a", None, says("x")), a_rule("b", times=1), a_rule("c", None, says("y")), a_rule("d")])
    assert decided(rules, "x", "y", "y", "z") == ["a", "b", "c", "d"]


def test_rule_that_matches_without_being_applied_leaves_the_message_to_the_next() -> None:
    rules = Rulebook([a_rule("every second", every=2), a_rule("the others")])
    assert decided(rules, *"abcd") == ["the others", "every second"] * 2


def test_message_without_a_matching_rule_has_no_outcome() -> None:
    rules = Rulebook([a_rule("a", None, says("x"), says("y"))])
    assert decided(rules, "x", "y") == ["", ""]
    assert rules.rules[0].matched == 0


def test_rule_checks_its_conditions_until_the_first_that_fails() -> None:
    checked: list[str] = []

    def condition(name: str, result: bool) -> Condition:
        def test(_: MessageFacts) -> bool:
            checked.append(name)
            return result

        return test

    assert applied(
        Rulebook([a_rule("a", None, condition("1", True), condition("2", False), condition("3", True))]), 1
    ) == [False]
    assert checked == ["1", "2"]


def test_rule_with_a_probability_applies_about_that_often() -> None:
    assert 250 < sum(applied(Rulebook([a_rule(probability=0.3)], "seed"), 1_000)) < 350


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("seed", "seed", True), ("seed", "another", False)],
    ids=["the same seed", "another seed"],
)
def test_seed_determines_what_is_random(one: str, other: str, same: bool) -> None:
    first, second = (applied(Rulebook([a_rule(probability=0.5)], seed), 50) for seed in (one, other))
    assert (first == second) is same


def test_equal_rules_draw_different_random_numbers() -> None:
    rules = Rulebook([a_rule("a", probability=0.5), a_rule("b", probability=0.5)], "seed")
    drawn = [[live.count_match() for _ in range(50)] for live in rules.rules]
    assert drawn[0] != drawn[1]


def test_random_numbers_of_an_added_rule_do_not_depend_on_its_id() -> None:
    drawn = []
    for name in (7, 4_711):
        rules = Rulebook(seed="seed")
        rules.add(a_rule(probability=0.5), NOON + SECOND, name)
        drawn.append(applied(rules, 50))
    assert drawn[0] == drawn[1]


def test_rule_with_a_slow_pattern_is_switched_off_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    def slow(_: MessageFacts) -> bool:
        raise PatternTooSlow("(a+)+$", 1)

    rules = Rulebook([a_rule("rule 1 of slow.toml\x1b", None, slow), a_rule("rule 2")])
    assert decided(rules, "Hello", "Hello again") == ["rule 2", "rule 2"]
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "mocksms")
    assert record.getMessage().startswith(r"rule 1 of slow.toml\x1b is switched off: the regular expr")


def test_rule_is_switched_off_only_for_its_own_slow_pattern(caplog: pytest.LogCaptureFixture) -> None:
    def takes(seconds: float) -> Condition:
        def test(seen: MessageFacts) -> bool:
            if seen.budget.left <= 0:
                raise PatternTooSlow("slow", 1)
            seen.budget.left -= seconds
            if seen.budget.left <= 0:
                raise PatternTooSlow("slow", 1)
            return False

        return test

    world = World(
        a_scenario(a_rule("quick", DOWN, takes(0)), a_rule("slow", DOWN, takes(9)), a_rule("late", DOWN, takes(0)))
    )
    world.submit(NUMBER, "972-54-2222222")
    assert [live.timed_out for live in world.account.rules.rules] == [False, True, False]
    assert [record.getMessage().split(": ")[0] for record in caplog.records] == ["slow is switched off", "late"]


SLOW = r"regex:^(a|aa|aaa)+b"
OVER = "regular expressions took more than 50 ms for one message; the others were not tried"
OVER_IN_ALL = OVER.replace("50 ms for one message", "1000 ms in one send")


def world_with(*rules: dict[str, Any]) -> World:
    return World(compile_scenario(Scenario.model_validate({"rule": [*rules]}), "x.toml", Settings()))


def test_message_says_that_the_time_for_expressions_was_over(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_with(
        {"match": {"content": "regex:first"}, "outcome": "sent"}, {"match": {"tag": "regex:otp"}, "outcome": "invalid"}
    )
    monkeypatch.setattr("mocksms.engine.patterns.timer", count(0, 0.02).__next__)
    (quick,) = world.submit(NUMBER, content="code", tags=("otp",)).messages
    assert quick.decided_by == "rule 2 of x.toml"
    monkeypatch.setattr("mocksms.engine.patterns.timer", count(0, 0.06).__next__)
    late, other = world.submit(NUMBER, "972-54-2222222", content="another code", tags=("otp 2",)).messages
    for message in (late, other):
        assert message.decided_by == f"no rule or list applied; {OVER}"
        assert message.history[-1].cause == message.decided_by
    (record,) = caplog.records
    assert record.getMessage().startswith(f"rule 2 of x.toml: {OVER}. Outcomes may differ; make the expressions")


def test_rule_that_is_switched_off_is_not_tried_on_a_text_it_knows() -> None:
    world = world_with({"match": {"content": SLOW}, "outcome": "invalid"})
    known = world.send(content="known")
    assert known.decided_by == "no rule or list applied"
    world.send(content="a" * 60)
    off = "rule 1 of x.toml is switched off: its regular expression takes too long"
    for content in ("known", "unknown"):
        assert world.send(content=content).decided_by == f"no rule or list applied; {off}"


def submit_distinct(world: World, count: int) -> list[str | None]:
    """Send `count` messages with different contents, and return what decided about each."""
    to = [Recipient(f"972-54-{place:07}", {"name": str(place)}) for place in range(count)]
    accepted = world.engine.submit(world.account, Submission(content="#name#"), to)
    return [message.decided_by for message in accepted.messages]


def test_each_message_of_a_send_has_time_for_expressions(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_with({"match": {"content": "regex:^[0-9]+$"}, "outcome": "invalid"})
    monkeypatch.setattr("mocksms.engine.patterns.timer", count(0, 0.04).__next__)
    decided = submit_distinct(world, 30)
    assert decided == ["rule 1 of x.toml"] * 25 + [f"no rule or list applied; {OVER_IN_ALL}"] * 5


def test_message_that_takes_all_its_time_takes_none_of_the_next(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_with(
        {"match": {"content": "regex:x"}, "outcome": "sent"}, {"match": {"content": "regex:[01]"}, "outcome": "invalid"}
    )
    # The first search takes 60 ms, those after it none.
    monkeypatch.setattr("mocksms.engine.patterns.timer", chain([0, 0.06], repeat(1)).__next__)
    assert submit_distinct(world, 2) == [f"no rule or list applied; {OVER}", "rule 2 of x.toml"]
    assert len(caplog.records) == 1


def test_message_says_that_a_rule_is_switched_off() -> None:
    world = world_with(
        {"match": {"content": SLOW}, "outcome": "invalid"},
        {"match": {"tag": "ads"}, "outcome": "rejected/bounced"},
        {"match": {"content": SLOW, "tag": "otp"}, "fault": {"kind": "empty"}},
    )
    off = "rule 1 of x.toml is switched off: its regular expression takes too long"
    for _ in range(2):
        (message,) = world.submit(NUMBER, content="a" * 60 + "c", tags=("ads",)).messages
        assert message.decided_by == f"rule 2 of x.toml; {off}"
    (scheduled,) = world.submit(NUMBER, content="a" * 60 + "d", send_at=NOON + SECOND).messages
    assert world.after(1, scheduled).decided_by == f"no rule or list applied; {off}"
    accepted = world.submit(NUMBER, content="b", tags=("otp",))
    assert accepted.messages[0].decided_by == f"no rule or list applied; {off}"


def test_fault_and_messages_say_that_a_fault_rule_could_not_be_tried() -> None:
    slow = {"match": {"content": SLOW}, "fault": {"kind": "empty"}}
    world = world_with(slow, {"match": {"tag": "otp"}, "fault": {"kind": "empty"}})
    off = "rule 1 of x.toml is switched off: its regular expression takes too long"
    accepted = world.submit(NUMBER, content="a" * 60 + "c", tags=("otp",))
    assert accepted.triggered is not None
    assert accepted.triggered.decided_by == f"rule 2 of x.toml; {off}"
    assert accepted.messages[0].decided_by == f"no rule or list applied; {off}"


def test_text_shows_the_first_remarks_and_the_number_of_others() -> None:
    seen = replace(facts(), remarks=dict.fromkeys("abcde"))
    assert seen.with_remarks("rule 1") == "rule 1; a; b; c; 2 more"


@pytest.mark.parametrize("match", ["to", "content"])
@pytest.mark.parametrize("effect", [{"outcome": "invalid"}, {"fault": {"kind": "empty"}}], ids=str)
def test_rules_with_expressions_are_passed_over_once_the_time_is_over(match: str, effect: dict[str, Any]) -> None:
    world = world_with(*({"match": {match: f"regex:{place}x"}, **effect} for place in range(50)))
    book = world.account.rules
    seen = replace(facts(), budget=RegexBudget(0))
    for counted in book.rules:
        counted.rule = replace(counted.rule, conditions=(partial(pytest.fail, "tried"),))
    assert (book.take_outcome(seen, NOON), book.take_fault(ApiOperation.SEND, [seen], NOON)) == (None, None)
    assert [*seen.remarks] == [OVER_IN_ALL.replace("1000", "0")]


def test_outcome_rules_apply_to_messages_and_fault_rules_to_requests() -> None:
    rules = Rulebook([a_rule("fault", DOWN), a_rule("outcome")])
    assert decided(rules, "Hello") == ["outcome"]
    assert labels(rules, 1) == ["fault"]
    assert [(live.matched, live.applied) for live in rules.rules] == [(1, 1), (1, 1)]


def test_fault_rule_matches_a_request_by_its_first_matching_message() -> None:
    rules = Rulebook([a_rule("fault", DOWN, says("x"))])
    messages = [facts("a"), facts("x", 4, "1"), facts("x", 9, "2")]
    assert rules.take_fault(ApiOperation.SEND, messages, NOON) == TriggeredFault(DOWN.fault, "fault", "1", 4)
    assert rules.rules[0].matched == 1
    assert rules.take_fault(ApiOperation.SEND, messages[:1], NOON) is None


def test_search_for_a_fault_pauses_between_rules_and_within_one() -> None:
    rules = Rulebook([a_rule("a", DOWN, says("x")), a_rule("b", LOST, says("y"))])
    messages = [facts(number=str(place)) for place in range(10 * STEP_SIZE)]
    assert len([*rules.take_fault_in_steps(ApiOperation.SEND, messages, NOON)]) == 22


def test_rules_that_change_during_a_pause_are_tried_again() -> None:
    rules = Rulebook([a_rule("a", DOWN, says("Hello"))])
    steps = rules.take_fault_in_steps(ApiOperation.SEND, [facts()], NOON)
    next(steps)
    rules.add(a_rule("new", LOST), NOON + SECOND, 1)
    triggered = finish(steps)
    assert triggered is not None
    assert triggered.decided_by == "new"
    assert [live.matched for live in rules.rules] == [1, 0]


def test_rules_that_change_while_messages_are_sorted_are_tried_again() -> None:
    compiled = compile_scenario(
        Scenario.model_validate({"rule": [{"match": {"tag": "otp"}, "fault": {"kind": "empty"}}]}), "x", Settings()
    )
    rules = Rulebook(compiled.rules)
    steps = rules.take_fault_in_steps(ApiOperation.SEND, [facts() for _ in range(STEP_SIZE)], NOON)
    next(steps)
    rules.add(a_rule("new", LOST), NOON + SECOND, 1)
    triggered = finish(steps)
    assert triggered is not None
    assert triggered.decided_by == "new"


def test_rule_that_is_used_up_during_a_pause_is_not_applied() -> None:
    rules = Rulebook([a_rule("once", DOWN, says("Hello"), times=1), a_rule("next", LOST)])
    steps = rules.take_fault_in_steps(ApiOperation.SEND, [facts()], NOON)
    next(steps)
    assert labels(rules, 1) == ["once"]
    triggered = finish(steps)
    assert triggered is not None
    assert triggered.decided_by == "next"


def test_rule_without_conditions_matches_any_request_of_its_operation() -> None:
    rules = Rulebook([a_rule("info", DOWN, call=ApiOperation.INFO), a_rule("send", LOST)])
    assert labels(rules, 1, ApiOperation.INFO) == ["info"]
    assert labels(rules, 1, ApiOperation.SEARCH) == [""]
    assert labels(rules, 1) == ["send"]
    assert rules.take_fault(ApiOperation.INFO, (), NOON) == TriggeredFault(DOWN.fault, "info", "", 0)


def test_rule_with_conditions_matches_no_request_without_messages() -> None:
    rules = Rulebook([a_rule("info", DOWN, says("x"), call=ApiOperation.INFO)])
    assert labels(rules, 1, ApiOperation.INFO) == [""]


def test_first_fault_with_uses_left_takes_precedence() -> None:
    rules = Rulebook([a_rule("a", DOWN, times=1), a_rule("b", LOST, every=2), a_rule("c", DOWN)])
    assert labels(rules, 4) == ["a", "c", "b", "c"]


def test_fault_has_the_duration_of_its_rule() -> None:
    order = FaultSpec(fault=Fault(kind=FaultKind.DELAY, duration=2 * SECOND))
    triggered = Rulebook([a_rule("slow", order)]).take_fault(ApiOperation.SEND, [facts()], NOON)
    assert triggered is not None
    assert triggered.fault == order.fault


def lasting(seed: str, calls: int = 50) -> list[timedelta]:
    order = FaultSpec(fault=Fault(kind=FaultKind.DELAY, duration=SECOND), max_duration=3 * SECOND)
    rules = Rulebook([a_rule("slow", order)], seed)
    faults = [rules.take_fault(ApiOperation.SEND, [facts()], NOON) for _ in range(calls)]
    return [triggered.fault.duration for triggered in faults if triggered]


def test_random_duration_is_in_its_range_and_repeats_with_the_seed() -> None:
    drawn = lasting("seed")
    assert all(SECOND <= duration <= 3 * SECOND for duration in drawn)
    assert len(set(drawn)) == 50
    assert max(drawn) - min(drawn) > SECOND
    assert drawn == lasting("seed")
    assert drawn != lasting("another")


def limited(rules: Rulebook, *seconds: float) -> list[float | None]:
    """Return for requests at these seconds after noon how long each has to wait, None if it is accepted."""
    faults = [rules.take_fault(ApiOperation.SEND, [facts()], NOON + second * SECOND) for second in seconds]
    return [triggered.fault.duration / SECOND if triggered else None for triggered in faults]


def test_rate_limit_accepts_its_number_of_requests_in_any_period() -> None:
    rules = Rulebook([a_rule("limit", rate_limit_spec(RateLimit(limit=2, per=10 * SECOND)))])
    assert limited(rules, 0, 4, 5, 9.999, 10, 13.9, 14, 14) == [None, None, 5, 1, None, 1, None, 6]
    assert (rules.rules[0].matched, rules.rules[0].applied) == (8, 4)


def test_rate_limit_responds_429_with_whole_seconds_to_wait() -> None:
    rules = Rulebook([a_rule("limit", rate_limit_spec(RateLimit(limit=1, per=2.5 * SECOND)))])
    limited(rules, 0)
    triggered = rules.take_fault(ApiOperation.SEND, [facts()], NOON + 0.2 * SECOND)
    assert triggered is not None
    assert triggered.fault == Fault(kind=FaultKind.STATUS, status=429, duration=3 * SECOND)


def test_rate_limit_counts_only_accepted_requests() -> None:
    rules = Rulebook([a_rule("limit", rate_limit_spec(RateLimit(limit=1, per=10 * SECOND)))])
    assert limited(rules, 0, *[9] * 20, 10) == [None, *[1.0] * 20, None]


def test_request_within_a_rate_limit_goes_to_the_next_rule() -> None:
    rules = Rulebook([a_rule("limit", rate_limit_spec(RateLimit(limit=1, per=10 * SECOND))), a_rule("down", DOWN)])
    assert labels(rules, 3) == ["down", "limit", "limit"]


def test_rate_limit_has_a_maximum_of_uses() -> None:
    rules = Rulebook([a_rule("limit", rate_limit_spec(RateLimit(limit=1, per=10 * SECOND)), times=1)])
    assert labels(rules, 3) == ["", "limit", ""]


def test_rate_limit_applies_to_every_nth_request_above_it() -> None:
    rules = Rulebook([a_rule("limit", rate_limit_spec(RateLimit(limit=1, per=10 * SECOND)), every=3)])
    assert labels(rules, 4) == ["", "", "limit", ""]


def test_added_rule_takes_precedence_until_it_expires() -> None:
    rules = Rulebook([a_rule("first")])
    rules.add(a_rule("added"), NOON + SECOND, 7)
    rules.add(a_rule("added later"), NOON + 0.5 * SECOND, 8)
    outcomes = [rules.take_outcome(facts(), NOON + second * SECOND) for second in (0, 0.499, 0.5, 0.999, 1, 60)]
    assert [outcome and outcome.decided_by for outcome in outcomes] == [
        "added later",
        "added later",
        "added",
        "added",
        "first",
        "first",
    ]


def test_rule_expires_at_its_last_instant() -> None:
    live = CountedRule(a_rule(), "seed", NOON)
    assert [live.is_expired(NOON + second * SECOND) for second in (-1, 0, 1)] == [False, True, True]
    assert not CountedRule(a_rule(), "seed").is_expired(NOON + timedelta(days=9_999))


def test_fault_is_not_applied_after_its_time() -> None:
    rules = Rulebook()
    rules.add(a_rule("down", DOWN), NOON + SECOND, 1)
    faults = [rules.take_fault(ApiOperation.SEND, [facts()], NOON + second * SECOND) for second in (0, 1)]
    assert [triggered and triggered.decided_by for triggered in faults] == ["down", None]


def test_removed_rules_are_kept_the_latest_first() -> None:
    rules = Rulebook()
    for name in range(MAX_REMOVED_RULES + 2):
        rules.add(a_rule(), NOON + name * SECOND, name)
        rules.remove_expired(NOON + name * SECOND)
    assert [live.fault_id for live in rules.removed] == [*reversed(range(2, MAX_REMOVED_RULES + 2))]
    rules.add(a_rule(), NOON + SECOND, 500)
    rules.add(a_rule(), NOON + SECOND, 501)
    rules.remove()
    assert [live.fault_id for live in rules.removed[:3]] == [501, 500, MAX_REMOVED_RULES + 1]
    assert len(rules.removed) == MAX_REMOVED_RULES


def test_rules_are_removed_by_id_or_all() -> None:
    rules = Rulebook()
    for name in (1, 2, 3):
        rules.add(a_rule(str(name)), NOON + SECOND, name)
    assert rules.remove(2) == {2}
    assert rules.remove(2) == set()
    assert decided(rules, "x") == ["3"]
    assert rules.remove() == {1, 3}
    assert not rules
    assert decided(rules, "x") == [""]


def test_rulebook_is_true_while_it_has_rules() -> None:
    assert not Rulebook()
    assert Rulebook([a_rule()])


LIMITS = st.builds(
    lambda times, every, probability: a_rule("r", times=times, every=every, probability=probability),
    st.none() | st.integers(1, 5),
    st.integers(1, 4),
    st.sampled_from([0.3, 0.7, 1.0]),
)


@given(st.lists(LIMITS, min_size=1, max_size=4), st.integers(0, 60))
def test_uses_never_exceed_their_limit_and_each_message_counts_once(rules: list[Rule], messages: int) -> None:
    book = Rulebook([replace(rule, effect=bounced(str(place))) for place, rule in enumerate(rules)], "seed")
    by_rule = decided(book, *["x"] * messages)
    for place, live in enumerate(book.rules):
        assert live.applied == by_rule.count(str(place))
        assert live.applied <= live.matched // live.rule.every
        assert live.left is None or live.left >= 0


CHAOS = a_scenario(
    a_rule("down", DOWN, probability=0.2),
    a_rule("slow", FaultSpec(fault=Fault(kind=FaultKind.DELAY), max_duration=SECOND), probability=0.3),
    a_rule("fails", bounced("fails"), probability=0.4),
)

Result = tuple[list[AnyState] | None, TriggeredFault | None]


def result_of(world: World, key: str, recipients: int) -> Result:
    """Return the states of the messages of a send (None if it was refused) and the fault."""
    to = [Recipient(NUMBER)] * recipients
    try:
        accepted = world.engine.submit(world.engine.account(key), Submission("Hello"), to)
    except RefusedByFault as refused:
        return None, refused.triggered
    return [message.state for message in accepted.messages], accepted.triggered


NOISE = st.lists(
    st.tuples(st.sampled_from(["other", "another"]), st.sampled_from(["send", "reset", "fault"])), max_size=4
)


@given(st.lists(st.tuples(NOISE, st.integers(1, 3)), min_size=1, max_size=12))
def test_random_faults_of_an_account_do_not_depend_on_other_accounts(
    story: list[tuple[list[tuple[str, str]], int]],
) -> None:
    alone, among_others = World(CHAOS), World(CHAOS)
    for noise, recipients in story:
        for key, what in noise:
            other = among_others.engine.account(key)
            if what == "send":
                result_of(among_others, key, 2)
            elif what == "reset":
                among_others.controls.reset(other)
            else:
                among_others.controls.set_fault(other, CHAOS.rules[0], SECOND)
        assert result_of(alone, KEY, recipients) == result_of(among_others, KEY, recipients)


@pytest.mark.parametrize("manual", [False, True], ids=["of the scenario", "set manually"])
def test_random_faults_of_an_account_repeat_after_a_reset(manual: bool) -> None:
    world = World(NO_SCENARIO if manual else CHAOS)
    days: list[list[Result]] = []
    for _ in range(2):
        if manual:
            for rule in CHAOS.rules[:2]:
                world.controls.set_fault(world.account, rule, SECOND)
        results = [result_of(world, KEY, 2) for _ in range(20)]
        days.append([(states, fault and fault._replace(fault_id=0)) for states, fault in results])
        world.controls.reset(world.account)
    assert days[0] == days[1]
    assert len({str(result) for result in days[0]}) > 2


def test_error_of_a_triggered_fault_has_the_fault_and_what_decided_it() -> None:
    triggered = TriggeredFault(Fault(kind=FaultKind.STATUS, status=503), "magic number 64")
    error = RefusedByFault(triggered)
    assert error.triggered is triggered
    assert str(error) == "magic number 64: status 503"


def named(name: str, *rules: str, **state: Any) -> ActiveScenario:
    effect = bounced()
    return ActiveScenario(
        names=(name,),
        account_values=state,
        rules=tuple(Rule(label=label, effect=effect) for label in rules),
        sources=(ScenarioSource(name, rules),),
    )


def test_no_scenarios_combine_to_the_empty_one() -> None:
    assert combine([]) == NO_SCENARIO == ActiveScenario()


def test_one_scenario_combines_to_itself() -> None:
    alone = named("a", "1", credit=5, bounced={"1"})
    assert combine([alone]) == alone


def test_rules_of_the_first_scenario_come_first() -> None:
    both = combine([named("a", "1", "2"), named("b"), named("c", "3")])
    assert both.names == ("a", "b", "c")
    assert [rule.label for rule in both.rules] == ["1", "2", "3"]
    assert both.sources == (("a", ("1", "2")), ("b", ()), ("c", ("3",)))


def test_account_values_of_the_first_scenario_take_precedence() -> None:
    both = combine([named("a", sender="Shop"), named("b", sender="Bank", credit=3), named("c", credit=9)])
    assert both.account_values == {"sender": "Shop", "credit": 3}


def test_unlimited_credit_of_the_first_scenario_takes_precedence() -> None:
    assert combine([named("a", credit=None), named("b", credit=3)]).account_values == {"credit": None}


def test_false_in_the_first_scenario_takes_precedence() -> None:
    assert combine([named("a", gateway=False), named("b", gateway=True)]).account_values == {"gateway": False}


def test_number_lists_are_united_without_changing_the_scenarios() -> None:
    first, second = named("a", bounced={"1"}), named("b", bounced={"2"}, kosher={"3"})
    assert combine([first, second]).account_values == {"bounced": {"1", "2"}, "kosher": {"3"}}
    assert (first.account_values, second.account_values) == ({"bounced": {"1"}}, {"bounced": {"2"}, "kosher": {"3"}})


def test_fault_of_a_magic_number_has_a_number_but_no_place() -> None:
    faults = [TriggeredFault(DOWN.fault, "x", NUMBER), TriggeredFault(DOWN.fault, "x", NUMBER, 1)]
    assert [fault.is_magic for fault in (*faults, TriggeredFault(DOWN.fault, "x"))] == [True, False, False]


def test_rulebook_counts_its_rules_without_making_counters() -> None:
    rulebook = Rulebook([a_rule("first"), a_rule("second")])
    assert (len(rulebook), bool(rulebook), bool(Rulebook())) == (2, True, False)
    assert rulebook._counted == [None, None]
    assert [counted.rule.label for counted in rulebook.rules] == ["first", "second"]
    assert rulebook.rules[0] is rulebook.rules[0]
