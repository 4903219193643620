from __future__ import annotations

from typing import Any

from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, Rule, combine
from mocksms.sms.outcomes import Outcome


def a_script(name: str, *rules: str, **state: Any) -> ActiveScenario:
    effect = Outcome(steps=(), decided_by="test")
    return ActiveScenario(names=(name,), state=state, rules=tuple(Rule(label=label, effect=effect) for label in rules))


def test_no_scripts_together_say_nothing() -> None:
    assert combine([]) == NO_SCENARIO == ActiveScenario()


def test_one_script_is_the_same_by_itself() -> None:
    alone = a_script("a", "1", credit=5, bounced={"1"})
    assert combine([alone]) == alone


def test_rules_of_the_first_script_come_first() -> None:
    both = combine([a_script("a", "1", "2"), a_script("b"), a_script("c", "3")])
    assert both.names == ("a", "b", "c")
    assert [rule.label for rule in both.rules] == ["1", "2", "3"]


def test_what_the_first_script_says_of_an_account_wins() -> None:
    both = combine([a_script("a", sender="Shop"), a_script("b", sender="Bank", credit=3), a_script("c", credit=9)])
    assert both.state == {"sender": "Shop", "credit": 3}


def test_unlimited_credit_of_the_first_script_wins() -> None:
    assert combine([a_script("a", credit=None), a_script("b", credit=3)]).state == {"credit": None}


def test_false_of_the_first_script_wins() -> None:
    assert combine([a_script("a", gateway=False), a_script("b", gateway=True)]).state == {"gateway": False}


def test_lists_unite_and_those_of_the_scripts_stay_as_they_were() -> None:
    first, second = a_script("a", bounced={"1"}), a_script("b", bounced={"2"}, kosher={"3"})
    assert combine([first, second]).state == {"bounced": {"1", "2"}, "kosher": {"3"}}
    assert (first.state, second.state) == ({"bounced": {"1"}}, {"bounced": {"2"}, "kosher": {"3"}})
