from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.facts import MessageFacts
from mocksms.engine.rulebook import Rulebook
from mocksms.engine.rules import ApiOperation
from mocksms.scenario.compiler import compile_scenario
from mocksms.scenario.lint import MAX_COMPARISONS, literal_asterisks, outcomes_like_others, unreachable_rules
from mocksms.scenario.schema import Scenario
from mocksms.settings import Settings
from mocksms.sms import numbers
from tests.support import NOON

SENT: dict[str, Any] = {"outcome": "sent"}
EMPTY: dict[str, Any] = {"fault": {"kind": "empty"}}
EVERYTHING = (
    "is never applied: rule 1 applies to everything; move it before rule 1, "
    "or limit that rule by times, every or a narrower match"
)
ALL_IT_MATCHES = EVERYTHING.replace("everything", "all it matches", 1)


def issues_of(*rules: dict[str, Any]) -> list[tuple[int, str]]:
    """Return the unreachable rules by their index, each with its issue."""
    found = unreachable_rules(Scenario.model_validate({"rule": [*rules]}))
    return [(int(issue.path[1]), issue.text) for issue in found]


def test_rule_after_one_that_matches_everything_is_unreachable() -> None:
    assert issues_of(SENT, {"match": {"tag": "otp"}, **SENT}, SENT) == [(1, EVERYTHING), (2, EVERYTHING)]
    assert issues_of(EMPTY, EMPTY) == [(1, EVERYTHING)]


def test_rule_before_one_that_matches_everything_is_reachable() -> None:
    assert issues_of({"match": {"tag": "otp"}, **SENT}, SENT) == []


def test_earliest_blocking_rule_is_named() -> None:
    tagged: dict[str, Any] = {"match": {"tag": "otp"}, **SENT}
    (found,) = issues_of({"match": {"to": "1"}, **SENT}, tagged, {"match": {"tag": "otp", "to": "2"}, **SENT})
    assert found == (2, ALL_IT_MATCHES.replace("rule 1", "rule 2"))
    (found,) = issues_of({"match": {"to": "2"}, **SENT}, tagged, {"match": {"tag": "otp", "to": "2"}, **SENT})
    assert found == (2, ALL_IT_MATCHES)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({"tag": "otp"}, {"tag": "otp"}),
        ({"tag": "otp"}, {"tag": "otp", "nth": 1}),
        ({"tag": "regex:x"}, {"tag": "regex:x", "sender": "Shop"}),
        ({"to": "972-54-1111111"}, {"to": "+972541111111"}),
        ({"to": "972-54-*"}, {"to": "+972541111111"}),
        ({"to": "972-5*"}, {"to": "972-54-*"}),
        ({"to": "0541111111"}, {"to": "054-1111111"}),
        ({"content": "code"}, {"content": "your code is"}),
        ({"to": "97*2*1*"}, {"to": "972-1"}),
        ({"to": "*"}, {"to": "*1"}),
        ({"tag": "o*"}, {"tag": "o*"}),
        ({"content": "code"}, {"content": "*code*"}),
        ({"content": "regex:x"}, {"content": "regex:x"}),
        ({"content": "a*b"}, {"content": "a*b"}),
        ({"async": True}, {"async": True}),
        ({"segments": ">=2"}, {"segments": ">=2"}),
        ({"nth": 2}, {"nth": 2, "async": False}),
        ({}, {"segments": 1}),
    ],
    ids=str,
)
def test_rule_is_unreachable_if_an_earlier_one_matches_all_it_matches(
    wide: dict[str, Any], narrow: dict[str, Any]
) -> None:
    assert issues_of({"match": wide, **SENT}, {"match": narrow, **SENT}) == [
        (1, ALL_IT_MATCHES if wide else EVERYTHING)
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"tag": "otp"}, {"tag": "otps"}),
        ({"tag": "otp"}, {}),
        ({"tag": "otp", "nth": 1}, {"tag": "otp"}),
        ({"tag": "o*"}, {"tag": "regex:^otp$"}),
        ({"tag": "regex:o"}, {"tag": "o"}),
        ({"tag": "ot*"}, {"tag": "o*"}),
        ({"to": "972-54-*"}, {"to": "972-52-1111111"}),
        ({"to": "0*"}, {"to": "0541111111"}),
        ({"content": "code"}, {"content": "cod*e"}),
        ({"to": "9*97"}, {"to": "97"}),
        ({"content": "a*b"}, {"content": "a1b"}),
        ({"content": "regex:^x"}, {"content": "say regex:^x"}),
        ({"async": True}, {"async": False}),
        ({"segments": 2}, {"segments": 3}),
        ({"segments": ">=2"}, {"segments": ">=3"}),
        ({"nth": 1}, {"nth": 2}),
    ],
    ids=str,
)
def test_rule_is_reachable_if_it_matches_more_than_the_earlier_one(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert issues_of({"match": first, **SENT}, {"match": second, **SENT}) == []


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("Your *", "^Your "),
        ("*is your code", "is your code$"),
        ("*code*", "code"),
        ("Your * is *", "(?s)^Your .* is "),
        ("a.b*c", r"(?s)^a\.b.*c$"),
        ("*", "^"),
    ],
)
def test_text_with_asterisk_is_named_with_the_expression_for_any_characters(text: str, expression: str) -> None:
    rules = [{"match": {name: text}, **SENT} for name in ("content", "tag", "sender", "charset")]
    found = literal_asterisks(Scenario.model_validate({"rule": rules}))
    issue = f"* is an ordinary character here; to match any characters, write 'regex:{expression}'"
    assert found == [
        (("rule", index, "match", name), issue) for index, name in enumerate(("content", "tag", "sender", "charset"))
    ]


def test_asterisk_in_a_number_or_an_expression_is_not_named() -> None:
    match = {"to": "972-52-*", "content": "regex:a*b", "tag": "otp"}
    assert literal_asterisks(Scenario.model_validate({"rule": [{"match": match, **SENT}, SENT]})) == []


def test_outcome_that_looks_like_one_of_the_guide_is_named() -> None:
    near, other = {"status": "rejected", "reason": "kosher-numbr"}, {"status": "rejected", "reason": "frequency_limit"}
    rules = [{"outcome": near}, {"steps": [{"outcome": near}]}, {"outcome": other}, SENT]
    text = (
        "rejected/kosher-numbr is written as it is; did you mean rejected/kosher-number? Then write a text, not a table"
    )
    found = outcomes_like_others(Scenario.model_validate({"rule": rules}))
    assert found == [(("rule", 0, "outcome"), text), (("rule", 1, "steps"), text)]


@pytest.mark.parametrize("status", ["sentt", "Sent", "queud", "QUEUED"])
def test_short_status_with_one_character_or_its_case_changed_is_named(status: str) -> None:
    rules = [{"outcome": {"status": status}}]
    assert len(outcomes_like_others(Scenario.model_validate({"rule": rules}))) == 1


@pytest.mark.parametrize(
    ("status", "pair"),
    [
        ("bounced", "rejected/bounced"),
        ("Bouncedd", "rejected/bounced"),
        ("no_credit", "queued/insufficient-funds"),
        ("unsubscribed", "rejected/unsubscribe"),
        ("no-available-gateways", "exception/no-available-gateways"),
    ],
)
def test_reason_in_place_of_a_status_is_named_with_the_pair_that_has_it(status: str, pair: str) -> None:
    rules = [{"outcome": {"status": status}}, {"steps": [{"outcome": {"status": status, "reason": "night"}}]}]
    found = outcomes_like_others(Scenario.model_validate({"rule": rules}))
    assert [issue.path for issue in found] == [("rule", 0, "outcome"), ("rule", 1, "steps")]
    assert all(f"did you mean {pair}? Then write a text" in issue.text for issue in found)


@pytest.mark.parametrize("status", ["scheduled", "delivered", "expired", "unsent", "failed", "exception"])
def test_status_of_its_own_is_not_named(status: str) -> None:
    rules = [{"outcome": {"status": status}}, {"outcome": {"status": "rejected", "reason": "bounced_soft"}}]
    assert outcomes_like_others(Scenario.model_validate({"rule": rules})) == []


@pytest.mark.parametrize("spares", [{"times": 1}, {"every": 2}, {"probability": 0.5}], ids=str)
def test_limited_rule_does_not_block_later_ones(spares: dict[str, Any]) -> None:
    assert issues_of({**spares, **SENT}, SENT) == []


def test_rate_limit_does_not_block_later_faults() -> None:
    assert issues_of({"fault": {"kind": "rate_limit", "limit": 1, "per": "1s"}}, EMPTY) == []


def test_faults_and_outcomes_do_not_block_each_other() -> None:
    assert issues_of(SENT, EMPTY) == issues_of(EMPTY, SENT) == []


@pytest.mark.parametrize("says", [{"pass_through": True}, {"click": {}}, {"steps": [{"outcome": "sent"}]}], ids=str)
def test_rule_that_passes_through_still_blocks_later_ones(says: dict[str, Any]) -> None:
    assert issues_of(says, SENT) == [(1, EVERYTHING)]


def test_operations_do_not_block_each_other() -> None:
    reads = [{"match": {"operation": call}, **EMPTY} for call in ("info", "search")]
    sends: dict[str, Any] = {"match": {"operation": "send"}, **EMPTY}
    assert issues_of(*reads, EMPTY) == []
    assert [place for place, _ in issues_of(*reads, sends, *reads, EMPTY)] == [3, 4, 5]


def test_many_rules_are_checked_without_comparing_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[object] = []
    monkeypatch.setattr("mocksms.scenario.lint._covers", lambda *pair: compared.append(pair))
    numbered = [{"match": {"to": f"97254{place // 4:07}", "nth": place % 4 + 1}, **SENT} for place in range(2_000)]
    assert issues_of({"match": {"to": "regex:^1"}, **SENT}, *numbered[1:]) == []
    assert len(compared) == 1_999


def test_many_wildcard_rules_are_checked_without_comparing_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[object] = []
    monkeypatch.setattr("mocksms.scenario.lint._covers", lambda *pair: compared.append(pair))
    assert issues_of(*({"match": {"content": f"code {place:05}"}, **SENT} for place in range(2_000))) == []
    assert 0 < len(compared) <= MAX_COMPARISONS


def test_blocking_rule_is_found_however_many_rules_are_before_it() -> None:
    before = [{"match": {"content": f"code {place:04}"}, **SENT} for place in range(1_000)]
    tagged: dict[str, Any] = {"match": {"tag": "otp", "to": "1"}, **SENT}
    assert [place for place, _ in issues_of(*before, SENT, tagged)] == [1_001]
    assert [place for place, _ in issues_of(*before, tagged, tagged)] == [1_001]


SHORT = ("a", "ab", "b", "a*", "*b", "a*b", "*", "?", "a?*", "[a]*", "regex:a", "regex:^ab$")
PHONES = ("972-54-1111111", "972541111112", "0541111111", "972*", "0*", "05*", "*1", "972-5*1", "*", "regex:^05", "05")
CALLS = (None, ApiOperation.SEND, ApiOperation.INFO)

small = st.fixed_dictionaries(
    {},
    optional={
        "to": st.sampled_from(PHONES),
        "content": st.sampled_from(SHORT),
        "tag": st.sampled_from(SHORT),
        "sender": st.sampled_from(SHORT),
        "async": st.booleans(),
        "segments": st.sampled_from([1, "1", ">=1", "<2", 2]),
        "nth": st.integers(1, 2),
    },
)
small_rules = st.builds(
    lambda match, says, more: {"match": match, **says, **more},
    small,
    st.sampled_from([SENT, EMPTY, {"pass_through": True}, {"fault": {"kind": "rate_limit", "limit": 1, "per": "1h"}}]),
    st.sampled_from([{}, {}, {}, {"times": 1}, {"every": 2}, {"probability": 0.5}]),
) | st.just({"match": {"operation": "info"}, **EMPTY})


@st.composite
def message_facts(draw: st.DrawFn, *, accept_local: bool) -> MessageFacts:
    """A message such as the small rules are about."""
    number = draw(st.sampled_from(["972-54-1111111", "972541111112", "0541111111", "05", "1", "a"]))
    segments = draw(st.integers(1, 2))
    words = st.sampled_from(["a", "ab", "aab", "b", "axb", "?", "a?", "[a]", "zab"])
    return MessageFacts(
        mobile_number=number,
        digits=numbers.parse(number, accept_local=accept_local).digits,
        content=draw(words),
        sender=draw(words),
        tags=tuple(draw(st.lists(words, max_size=2))),
        charset="unicode",
        wants_async=draw(st.booleans()),
        nth=draw(st.integers(1, 2)),
        count_segments=lambda: segments,
    )


@given(st.data(), st.lists(small_rules, min_size=2, max_size=6), st.booleans())
def test_unreachable_rule_is_never_applied(
    data: st.DataObject, rules: list[dict[str, Any]], accept_local: bool
) -> None:
    scenario = Scenario.model_validate({"rule": rules})
    idle = {int(issue.path[1]) for issue in unreachable_rules(scenario)}
    script = compile_scenario(scenario, "x", Settings(accept_local_numbers=accept_local))
    book = Rulebook(script.rules, "tests")
    for facts in data.draw(st.lists(message_facts(accept_local=accept_local), max_size=20)):
        book.take_outcome(facts, NOON)
        book.take_fault(ApiOperation.SEND, [facts], NOON)
        book.take_fault(ApiOperation.INFO, [], NOON)
    assert not [place for place in idle if book.rules[place].applied]
