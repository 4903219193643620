from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.rules import (
    MAX_REMOVED_RULES,
    NO_SCENARIO,
    ApiOperation,
    Condition,
    FaultSpec,
    FaultTriggered,
    RateLimit,
    Rule,
    Rulebook,
    RuleState,
    Subject,
    TriggeredFault,
    rate_limit_spec,
)
from mocksms.errors import PatternTooSlow
from mocksms.sms.message import Recipient, State, Submission
from mocksms.sms.outcomes import Fault, FaultKind
from tests.engine.support import DOWN, LOST, SECOND, World, a_rule, a_script, bounced
from tests.support import KEY, NOON, NUMBER


def subject(content: str = "Hello", nth: int = 1, number: str = NUMBER) -> Subject:
    return Subject(
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
    """Return for so many messages alike whether a rule decided them."""
    return [rules.outcome_of(subject(), NOON) is not None for _ in range(messages)]


def decided(rules: Rulebook, *contents: str) -> list[str]:
    outcomes = [rules.outcome_of(subject(content), NOON) for content in contents]
    return [outcome.decided_by if outcome else "" for outcome in outcomes]


def labels(rules: Rulebook, calls: int, call: ApiOperation = ApiOperation.SEND) -> list[str]:
    subjects = (subject(),) if call is ApiOperation.SEND else ()
    met = [rules.fault_of(call, subjects, NOON) for _ in range(calls)]
    return [triggered.decided_by if triggered else "" for triggered in met]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(a_rule(), [True] * 6, id="always"),
        pytest.param(a_rule(times=2), [True, True, False, False, False, False], id="the first two"),
        pytest.param(a_rule(every=3), [False, False, True] * 2, id="every third"),
        pytest.param(a_rule(every=2, times=2), [False, True, False, True, False, False], id="every second, twice"),
    ],
)
def test_rule_is_used_as_often_as_it_says(rule: Rule, expected: list[bool]) -> None:
    assert applied(Rulebook([rule]), 6) == expected


def test_rule_counts_how_often_it_matched_and_was_used_until_it_is_used_up() -> None:
    rules = Rulebook([a_rule("the rule", None, says("Hello"), every=2, times=2)])
    (live,) = rules.rules
    assert (live.matched, live.applied, live.left) == (0, 0, 2)
    decided(rules, "Hello", "Bye", "Hello", "Hello")
    assert (live.matched, live.applied, live.left) == (3, 1, 1)
    decided(rules, "Hello", "Hello")
    assert (live.matched, live.applied, live.left) == (4, 2, 0)


def test_rule_without_limit_has_always_uses_left() -> None:
    rules = Rulebook([a_rule()])
    applied(rules, 3)
    assert rules.rules[0].left is None


def test_first_rule_with_uses_left_wins() -> None:
    rules = Rulebook([a_rule("a", None, says("x")), a_rule("b", times=1), a_rule("c", None, says("y")), a_rule("d")])
    assert decided(rules, "x", "y", "y", "z") == ["a", "b", "c", "d"]


def test_rule_that_matches_but_is_spared_leaves_the_message_to_the_next() -> None:
    rules = Rulebook([a_rule("every second", every=2), a_rule("the others")])
    assert decided(rules, *"abcd") == ["the others", "every second"] * 2


def test_nothing_is_ordered_where_no_rule_matches() -> None:
    rules = Rulebook([a_rule("a", None, says("x"), says("y"))])
    assert decided(rules, "x", "y") == ["", ""]
    assert rules.rules[0].matched == 0


def test_rule_needs_all_its_wishes_and_stops_at_the_first_that_fails() -> None:
    asked: list[str] = []

    def ask(name: str, answer: bool) -> Condition:
        def test(_: Subject) -> bool:
            asked.append(name)
            return answer

        return test

    assert applied(Rulebook([a_rule("a", None, ask("1", True), ask("2", False), ask("3", True))]), 1) == [False]
    assert asked == ["1", "2"]


def test_probability_uses_a_rule_about_that_often() -> None:
    assert 250 < sum(applied(Rulebook([a_rule(probability=0.3)], "seed"), 1_000)) < 350


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("seed", "seed", True), ("seed", "another", False)],
    ids=["the same seed", "another seed"],
)
def test_chance_follows_from_the_seed(one: str, other: str, same: bool) -> None:
    first, second = (applied(Rulebook([a_rule(probability=0.5)], seed), 50) for seed in (one, other))
    assert (first == second) is same


def test_rules_alike_are_left_to_chances_of_their_own() -> None:
    rules = Rulebook([a_rule("a", probability=0.5), a_rule("b", probability=0.5)], "seed")
    drawn = [[live.apply() for _ in range(50)] for live in rules.rules]
    assert drawn[0] != drawn[1]


def test_added_rule_is_left_to_chance_whatever_its_name() -> None:
    drawn = []
    for name in (7, 4_711):
        rules = Rulebook(seed="seed")
        rules.add(a_rule(probability=0.5), NOON + SECOND, name)
        drawn.append(applied(rules, 50))
    assert drawn[0] == drawn[1]


def test_pattern_that_takes_too_long_sets_its_rule_aside_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    def slow(_: Subject) -> bool:
        raise PatternTooSlow("(a+)+$", 1)

    rules = Rulebook([a_rule("rule 1 of slow.toml", None, slow), a_rule("rule 2")])
    assert decided(rules, "Hello", "Hello again") == ["rule 2", "rule 2"]
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "mocksms")
    assert record.getMessage().startswith("rule 1 of slow.toml matches nothing from now on: the regular expr")


def test_rule_is_set_aside_for_time_that_it_took_itself(caplog: pytest.LogCaptureFixture) -> None:
    def asks(seconds: float) -> Condition:
        def test(seen: Subject) -> bool:
            if seen.budget.left <= 0:
                raise PatternTooSlow("asked", 1)
            seen.budget.left -= seconds
            if seen.budget.left <= 0:
                raise PatternTooSlow("asked", 1)
            return False

        return test

    world = World(
        a_script(a_rule("quick", DOWN, asks(0)), a_rule("slow", DOWN, asks(9)), a_rule("late", None, asks(0)))
    )
    world.submit(NUMBER, "972-54-2222222")
    assert [live.timed_out for live in world.account.rules.rules] == [False, True, False]
    assert [record.getMessage().partition(" matches")[0] for record in caplog.records] == ["slow"]


def test_outcome_is_ordered_by_rules_of_messages_and_a_fault_by_rules_of_calls() -> None:
    rules = Rulebook([a_rule("fault", DOWN), a_rule("outcome")])
    assert decided(rules, "Hello") == ["outcome"]
    assert labels(rules, 1) == ["fault"]
    assert [(live.matched, live.applied) for live in rules.rules] == [(1, 1), (1, 1)]


def test_call_is_met_by_the_first_of_its_messages_that_a_rule_takes() -> None:
    rules = Rulebook([a_rule("fault", DOWN, says("x"))])
    subjects = [subject("a"), subject("x", 4, "1"), subject("x", 9, "2")]
    assert rules.fault_of(ApiOperation.SEND, subjects, NOON) == TriggeredFault(DOWN.fault, "fault", "1", 4)
    assert rules.rules[0].matched == 1
    assert rules.fault_of(ApiOperation.SEND, subjects[:1], NOON) is None


def test_rule_without_wishes_meets_any_call_of_its_kind() -> None:
    rules = Rulebook([a_rule("info", DOWN, call=ApiOperation.INFO), a_rule("send", LOST)])
    assert labels(rules, 1, ApiOperation.INFO) == ["info"]
    assert labels(rules, 1, ApiOperation.SEARCH) == [""]
    assert labels(rules, 1) == ["send"]
    assert rules.fault_of(ApiOperation.INFO, (), NOON) == TriggeredFault(DOWN.fault, "info", "", 0)


def test_rule_with_wishes_meets_no_call_without_messages() -> None:
    rules = Rulebook([a_rule("info", DOWN, says("x"), call=ApiOperation.INFO)])
    assert labels(rules, 1, ApiOperation.INFO) == [""]


def test_first_fault_with_uses_left_wins() -> None:
    rules = Rulebook([a_rule("a", DOWN, times=1), a_rule("b", LOST, every=2), a_rule("c", DOWN)])
    assert labels(rules, 4) == ["a", "c", "b", "c"]


def test_fault_lasts_as_long_as_it_says() -> None:
    order = FaultSpec(fault=Fault(kind=FaultKind.DELAY, duration=2 * SECOND))
    triggered = Rulebook([a_rule("slow", order)]).fault_of(ApiOperation.SEND, [subject()], NOON)
    assert triggered is not None
    assert triggered.fault == order.fault


def lasting(seed: str, calls: int = 50) -> list[timedelta]:
    order = FaultSpec(fault=Fault(kind=FaultKind.DELAY, duration=SECOND), longest=3 * SECOND)
    rules = Rulebook([a_rule("slow", order)], seed)
    met = [rules.fault_of(ApiOperation.SEND, [subject()], NOON) for _ in range(calls)]
    return [triggered.fault.duration for triggered in met if triggered]


def test_range_of_durations_is_drawn_from_under_the_seed() -> None:
    drawn = lasting("seed")
    assert all(SECOND <= duration <= 3 * SECOND for duration in drawn)
    assert len(set(drawn)) == 50
    assert max(drawn) - min(drawn) > SECOND
    assert drawn == lasting("seed")
    assert drawn != lasting("another")


def limited(rules: Rulebook, *seconds: float) -> list[float | None]:
    """Return for calls at these seconds after noon how long each is told to wait, None where it is let through."""
    met = [rules.fault_of(ApiOperation.SEND, [subject()], NOON + second * SECOND) for second in seconds]
    return [triggered.fault.duration / SECOND if triggered else None for triggered in met]


def test_rate_limit_lets_so_many_calls_through_in_any_window() -> None:
    rules = Rulebook([a_rule("limit", rate_limit_spec(RateLimit(limit=2, per=10 * SECOND)))])
    assert limited(rules, 0, 4, 5, 9.999, 10, 13.9, 14, 14) == [None, None, 5, 1, None, 1, None, 6]
    assert (rules.rules[0].matched, rules.rules[0].applied) == (8, 4)


def test_rate_limit_answers_429_and_tells_whole_seconds_to_wait() -> None:
    rules = Rulebook([a_rule("limit", rate_limit_spec(RateLimit(limit=1, per=2.5 * SECOND)))])
    limited(rules, 0)
    triggered = rules.fault_of(ApiOperation.SEND, [subject()], NOON + 0.2 * SECOND)
    assert triggered is not None
    assert triggered.fault == Fault(kind=FaultKind.STATUS, status=429, duration=3 * SECOND)


def test_rate_limit_counts_only_the_calls_it_lets_through() -> None:
    rules = Rulebook([a_rule("limit", rate_limit_spec(RateLimit(limit=1, per=10 * SECOND)))])
    assert limited(rules, 0, *[9] * 20, 10) == [None, *[1.0] * 20, None]


def test_rate_limit_that_spares_a_call_leaves_it_to_the_next_rule() -> None:
    rules = Rulebook([a_rule("limit", rate_limit_spec(RateLimit(limit=1, per=10 * SECOND))), a_rule("down", DOWN)])
    assert labels(rules, 3) == ["down", "limit", "limit"]


def test_rate_limit_may_refuse_only_so_often() -> None:
    rules = Rulebook([a_rule("limit", rate_limit_spec(RateLimit(limit=1, per=10 * SECOND)), times=1)])
    assert labels(rules, 3) == ["", "limit", ""]


def test_rate_limit_may_refuse_every_so_many_calls_only() -> None:
    rules = Rulebook([a_rule("limit", rate_limit_spec(RateLimit(limit=1, per=10 * SECOND)), every=3)])
    assert labels(rules, 4) == ["", "", "limit", ""]


def test_added_rule_goes_before_the_others_until_its_time_is_over() -> None:
    rules = Rulebook([a_rule("first")])
    rules.add(a_rule("added"), NOON + SECOND, 7)
    rules.add(a_rule("added later"), NOON + 0.5 * SECOND, 8)
    told = [rules.outcome_of(subject(), NOON + second * SECOND) for second in (0, 0.499, 0.5, 0.999, 1, 60)]
    assert [outcome and outcome.decided_by for outcome in told] == [
        "added later",
        "added later",
        "added",
        "added",
        "first",
        "first",
    ]


def test_rule_is_over_from_its_last_instant_on() -> None:
    live = RuleState(a_rule(), "seed", NOON)
    assert [live.is_expired(NOON + second * SECOND) for second in (-1, 0, 1)] == [False, True, True]
    assert not RuleState(a_rule(), "seed").is_expired(NOON + timedelta(days=9_999))


def test_fault_ends_with_its_time() -> None:
    rules = Rulebook()
    rules.add(a_rule("down", DOWN), NOON + SECOND, 1)
    met = [rules.fault_of(ApiOperation.SEND, [subject()], NOON + second * SECOND) for second in (0, 1)]
    assert [triggered and triggered.decided_by for triggered in met] == ["down", None]


def test_rules_that_were_taken_out_are_remembered_the_latest_first() -> None:
    rules = Rulebook()
    for name in range(MAX_REMOVED_RULES + 2):
        rules.add(a_rule(), NOON + name * SECOND, name)
        rules.remove_expired(NOON + name * SECOND)
    assert [live.name for live in rules.removed] == [*reversed(range(2, MAX_REMOVED_RULES + 2))]
    rules.add(a_rule(), NOON + SECOND, 500)
    rules.add(a_rule(), NOON + SECOND, 501)
    rules.remove()
    assert [live.name for live in rules.removed[:3]] == [501, 500, MAX_REMOVED_RULES + 1]
    assert len(rules.removed) == MAX_REMOVED_RULES


def test_rules_are_taken_out_by_name_or_all_at_once() -> None:
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
def test_uses_are_never_more_than_allowed_and_every_message_is_counted_once(rules: list[Rule], messages: int) -> None:
    book = Rulebook([replace(rule, effect=bounced(str(place))) for place, rule in enumerate(rules)], "seed")
    by_rule = decided(book, *["x"] * messages)
    for place, live in enumerate(book.rules):
        assert live.applied == by_rule.count(str(place))
        assert live.applied <= live.matched // live.rule.every
        assert live.left is None or live.left >= 0


CHAOS = a_script(
    a_rule("down", DOWN, probability=0.2),
    a_rule("slow", FaultSpec(fault=Fault(kind=FaultKind.DELAY), longest=SECOND), probability=0.3),
    a_rule("fails", bounced("fails"), probability=0.4),
)

Told = tuple[list[State] | None, TriggeredFault | None]


def told_by(world: World, key: str, recipients: int) -> Told:
    """Return what an account is told of a send to so many: the states, None where it was refused, and the fault."""
    to = [Recipient(NUMBER)] * recipients
    try:
        accepted = world.engine.submit(world.engine.account(key), Submission("Hello"), to)
    except FaultTriggered as refused:
        return None, refused.triggered
    return [message.state for message in accepted.messages], accepted.triggered


NOISE = st.lists(
    st.tuples(st.sampled_from(["other", "another"]), st.sampled_from(["send", "reset", "fault"])), max_size=4
)


@given(st.lists(st.tuples(NOISE, st.integers(1, 3)), min_size=1, max_size=12))
def test_chaos_of_an_account_is_the_same_whatever_other_accounts_do(
    story: list[tuple[list[tuple[str, str]], int]],
) -> None:
    alone, among_others = World(CHAOS), World(CHAOS)
    for noise, recipients in story:
        for key, what in noise:
            other = among_others.engine.account(key)
            if what == "send":
                told_by(among_others, key, 2)
            elif what == "reset":
                among_others.controls.reset(other)
            else:
                among_others.controls.set_fault(other, CHAOS.rules[0], SECOND)
        assert told_by(alone, KEY, recipients) == told_by(among_others, KEY, recipients)


@pytest.mark.parametrize("by_hand", [False, True], ids=["of the script", "set by hand"])
def test_chaos_is_the_same_when_an_account_begins_anew(by_hand: bool) -> None:
    world = World(NO_SCENARIO if by_hand else CHAOS)
    days: list[list[Told]] = []
    for _ in range(2):
        if by_hand:
            for rule in CHAOS.rules[:2]:
                world.controls.set_fault(world.account, rule, SECOND)
        days.append([told_by(world, KEY, 2) for _ in range(20)])
        world.controls.reset(world.account)
    assert days[0] == days[1]
    assert len({str(told) for told in days[0]}) > 2


def test_error_of_a_triggered_fault_carries_it_and_says_who_decided() -> None:
    triggered = TriggeredFault(Fault(kind=FaultKind.STATUS, status=503), "magic number 64")
    error = FaultTriggered(triggered)
    assert error.triggered is triggered
    assert str(error) == "magic number 64: status 503"
