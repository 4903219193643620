from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.counted_rule import CountedRule
from mocksms.engine.facts import MessageFacts
from mocksms.engine.patterns import RegexBudget
from mocksms.engine.rule_index import NO_TERM, TEXT_REGEX, RuleIndex, Term, TermKind, content_terms, number_terms
from mocksms.engine.rulebook import Rulebook
from mocksms.engine.rules import ApiOperation, FaultSpec, Rule, index_of
from mocksms.scenario.compiler import compile_scenario
from mocksms.scenario.schema import Scenario
from mocksms.settings import Settings
from mocksms.sms.outcomes import Outcome
from tests.support import NOON

NUMBERS = ("972541111111", "972541111112", "972521111111", "97254", "1", "")
CONTENTS = ("Your code is 4815", "Your parcel is here", "code", "co", "*")
WORDS = ("otp", "ads", "Shop")


class AllTried:
    """Rules that are all tried one by one: what the index has to agree with."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = [CountedRule(rule, f"seed\n{place}") for place, rule in enumerate(rules)]

    def take_outcome(self, facts: MessageFacts) -> str | None:
        for counted in self.rules:
            effect = counted.rule.effect
            usable = isinstance(effect, Outcome) and counted.left != 0
            if usable and counted.matches(facts) and counted.count_match():
                return counted.rule.label
        return None

    def take_fault(self, operation: ApiOperation, messages: Sequence[MessageFacts]) -> tuple[str, str, int] | None:
        for counted in self.rules:
            spec = counted.rule.effect
            if not isinstance(spec, FaultSpec) or counted.rule.operation is not operation or counted.left == 0:
                continue
            match = next(filter(counted.matches, messages), None)
            if match is None and (messages or counted.rule.conditions):
                continue
            if counted.take_fault(spec, NOON) is not None:
                return counted.rule.label, match.mobile_number if match else "", match.nth if match else 0
        return None


MATCHES = st.fixed_dictionaries(
    {},
    optional={
        "to": st.sampled_from(
            [
                "972-54-1111111",
                "97254",
                "972-54-*",
                "972*",
                "*1",
                "9725*111*",
                "*",
                "*4*",
                "*1111*",
                "97*2111*1*",
                "regex:^97252",
                "regex:1$",
                "1",
            ]
        ),
        "content": st.sampled_from(["code", "co", "Your code", "parcel is", "*", "regex:code", "regex:^Your"]),
        "tag": st.sampled_from(["otp", "ads", "regex:^o"]),
        "sender": st.sampled_from(["Shop", "Bank", "regex:B"]),
        "charset": st.sampled_from(["unicode", "regex:u"]),
        "async": st.booleans(),
        "segments": st.sampled_from([1, ">=2"]),
        "nth": st.integers(1, 3),
    },
)
RULES = st.builds(
    lambda match, effect, limits: {"match": match, **effect, **limits},
    MATCHES,
    st.sampled_from(
        [{"outcome": "sent"}] * 3
        + [{"fault": {"kind": "empty"}}] * 2
        + [{"fault": {"kind": "rate_limit", "limit": 1, "per": "1h"}}]
    ),
    st.sampled_from([{}, {}, {"times": 1}, {"times": 2}, {"every": 2}, {"probability": 0.5}, {"every": 2, "times": 1}]),
) | st.just({"match": {"operation": "info"}, "fault": {"kind": "empty"}, "times": 1})
SENDS = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from(NUMBERS), st.sampled_from(CONTENTS)), min_size=1, max_size=6),
        st.lists(st.sampled_from(WORDS), max_size=3).map(tuple),
        st.sampled_from(["Shop", "Bank"]),
        st.booleans(),
    ),
    max_size=6,
)


def facts_of_send(send: Any, nth: dict[str, int]) -> list[MessageFacts]:
    recipients, tags, sender, wants_async = send
    budget = RegexBudget()
    messages: list[MessageFacts] = []
    for number, content in recipients:
        nth[number] = nth.get(number, 0) + 1
        messages.append(
            MessageFacts(
                mobile_number=number,
                digits=number,
                content=content,
                sender=sender,
                tags=tags,
                charset="unicode",
                wants_async=wants_async,
                nth=nth[number],
                count_segments=lambda content=content: 1 + (len(content) > 10),  # type: ignore[misc]
                budget=budget,
            )
        )
    return messages


@given(st.lists(RULES, max_size=8), SENDS)
def test_indexed_rules_decide_and_count_as_if_all_were_tried(rules: list[dict[str, Any]], sends: list[Any]) -> None:
    compiled = compile_scenario(Scenario.model_validate({"rule": rules}), "x", Settings())
    book, naive = Rulebook(compiled.rules, "seed", compiled.index), AllTried(compiled.rules)
    nth: dict[str, int] = {}
    for send in sends:
        messages = facts_of_send(send, nth)
        for operation, listed in ((ApiOperation.SEND, messages), (ApiOperation.INFO, [])):
            fault = book.take_fault(operation, listed, NOON)
            found = fault and (fault.decided_by, fault.mobile_number, fault.nth)
            assert found == naive.take_fault(operation, listed)
        for facts in messages:
            outcome = book.take_outcome(facts, NOON)
            assert (outcome.decided_by if outcome else None) == naive.take_outcome(facts)
        counters = [[(each.matched, each.applied, each.left) for each in both] for both in (book.rules, naive.rules)]
        assert counters[0] == counters[1]


def tried(rules: list[dict[str, Any]], *messages: MessageFacts) -> list[int]:
    """Return for each message how many rules are tried on it."""
    compiled = compile_scenario(Scenario.model_validate({"rule": rules}), "x", Settings())
    counts: list[int] = []

    def counting(rule: Rule) -> Rule:
        def test(facts: MessageFacts) -> bool:
            counts[-1] += 1
            return all(condition(facts) for condition in rule.conditions)

        return replace(rule, conditions=(test,))

    book = Rulebook([counting(rule) for rule in compiled.rules], "seed")
    for facts in messages:
        counts.append(0)
        book.take_outcome(facts, NOON)
    return counts


def a_message(content: str = "Your code is 4815", number: str = "972549999999", **more: Any) -> MessageFacts:
    values: dict[str, Any] = {"sender": "Shop", "tags": ("otp",), "charset": "unicode", "wants_async": False, **more}
    return MessageFacts(mobile_number=number, digits=number, content=content, nth=7, count_segments=lambda: 1, **values)


@pytest.mark.parametrize(
    "match",
    [
        {"to": "97252{:07}"},
        {"to": "97252{:05}*"},
        {"to": "*{:07}x"},
        {"to": "*9725*2{:07}*"},
        {"to": "972-52-1111111", "nth": "{}"},
        {"tag": "tag {}"},
        {"sender": "sender {}"},
        {"content": "code {:05}"},
        {"tag": "otp", "content": "order {:05}"},
    ],
    ids=str,
)
def test_rules_that_name_something_else_are_not_tried(match: dict[str, str]) -> None:
    def numbered(place: int) -> dict[str, Any]:
        texts = {name: text.format(place) for name, text in match.items()}
        return {name: int(text) + 10 if name == "nth" else text for name, text in texts.items()}

    rules = [{"match": numbered(place), "outcome": "sent"} for place in range(200)]
    (count,) = tried(rules, a_message())
    assert count <= 10


@pytest.mark.parametrize("to", ["972*", "*972"])
def test_rules_that_name_more_of_a_number_than_there_is_are_not_tried(to: str) -> None:
    assert tried([{"match": {"to": to}, "outcome": "sent"}], a_message(number="9")) == [0]


def test_rules_about_the_text_are_tried_once_for_the_recipients_of_a_send() -> None:
    rules = [{"match": {"content": f"regex:order {place}"}, "outcome": "sent"} for place in range(100)]
    budget = RegexBudget()
    first, second = (a_message(number=number, budget=budget) for number in ("972541111111", "972541111112"))
    assert tried(rules, first, second, a_message()) == [100, 0, 100]


@pytest.mark.parametrize("effect", [{"outcome": "sent"}, {"fault": {"kind": "empty"}}], ids=str)
def test_rules_that_are_used_up_are_not_looked_at(monkeypatch: pytest.MonkeyPatch, effect: dict[str, Any]) -> None:
    seen: list[CountedRule] = []
    is_usable = CountedRule.is_usable

    def noted(rule: CountedRule, now: datetime) -> bool:
        seen.append(rule)
        return is_usable(rule, now)

    monkeypatch.setattr(CountedRule, "is_usable", noted)
    rules = [{"match": {"tag": "otp"}, "times": 1, **effect} for _ in range(100)]
    compiled = compile_scenario(Scenario.model_validate({"rule": rules}), "x", Settings())
    book = Rulebook(compiled.rules, "seed", compiled.index)
    for _ in range(102):
        book.take_outcome(a_message(), NOON)
        book.take_fault(ApiOperation.SEND, [a_message()], NOON)
    assert seen == book.rules


def test_rule_is_found_by_its_rarest_term() -> None:
    tag, sender, nth = Term(TermKind.TAG, "otp"), Term(TermKind.SENDER, "Shop"), Term(TermKind.NTH, 1)
    index = RuleIndex([("a", [tag, sender]), ("a", [tag, nth]), ("a", [tag, nth]), ("b", []), ("a", [tag])])
    assert index.group("a").positions == {sender: [0], nth: [1, 2], tag: [4]}
    assert index.group("b").positions == {NO_TERM: [3]}
    assert index.group("c").positions == {}


def test_number_is_found_by_three_digits_between_asterisks() -> None:
    assert number_terms(("", "12345", "6", "")) == [Term(TermKind.NUMBER_PART, part) for part in ("123", "234", "345")]
    assert number_terms(("972", "1", "")) == [Term(TermKind.NUMBER_START, "972")]


def test_terms_of_a_content_are_some_of_its_parts() -> None:
    assert content_terms("ab") == []
    assert content_terms("abcd") == [Term(TermKind.CONTENT_PART, part) for part in ("abc", "bcd")]
    assert 4 <= len(content_terms("0123456789" * 50)) <= 8


def test_index_is_made_once_for_all_accounts_with_a_scenario() -> None:
    scenario = compile_scenario(Scenario.model_validate({"rule": [{"outcome": "sent"}]}), "x", Settings())
    assert scenario.index is scenario.index
    assert index_of(scenario.rules).group((Outcome, ApiOperation.SEND)).positions == {NO_TERM: [0]}
    regex = compile_scenario(
        Scenario.model_validate({"rule": [{"match": {"content": "regex:x"}, "outcome": "sent"}]}), "x", Settings()
    )
    assert regex.rules[0].terms == (TEXT_REGEX,)
