from __future__ import annotations

import json
import tomllib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given

from mocksms.scenario.library import Library
from mocksms.scenario.parser import read, read_file
from mocksms.scenario.recorder import to_data, to_toml
from mocksms.scenario.schema import (
    AccountModel,
    ClickModel,
    FaultModel,
    Match,
    ReplyModel,
    RuleModel,
    Scenario,
    StepModel,
)
from mocksms.sms.message import State
from tests.scenario.strategies import scenarios

DAY = timedelta(days=1)


@given(scenarios)
@example(Scenario(about='\x7f\\\x7f"\\u007f\n\r\t\b\f\x00\x85\u2028\ufeff'))
@example(Scenario(account=AccountModel()))
@example(Scenario(rule=[RuleModel(click=ClickModel())]))
@example(Scenario(rule=[RuleModel(outcome=State.SENT, probability=5e-324)]))
@example(Scenario(rule=[RuleModel(outcome=State.SENT, delay=timedelta(microseconds=1))]))
@example(Scenario(rule=[RuleModel(outcome=State.SENT, delay=3650 * DAY - timedelta(microseconds=1))]))
def test_toml_of_a_scenario_parses_to_the_same_scenario(scenario: Scenario) -> None:
    assert read(to_toml(scenario).encode(), "x.toml") == scenario


@given(scenarios)
def test_parsed_scenario_has_the_same_toml(scenario: Scenario) -> None:
    text = to_toml(scenario)
    assert to_toml(read(text.encode(), "x.toml")) == text


@given(scenarios)
def test_json_of_a_scenario_equals_its_toml_and_parses_to_the_same_scenario(scenario: Scenario) -> None:
    raw = json.dumps(to_data(scenario))
    assert json.loads(raw) == tomllib.loads(to_toml(scenario))
    assert Scenario.model_validate_json(raw, strict=True) == scenario


@pytest.mark.parametrize("name", [shelved.name for shelved in Library().all()])
def test_bundled_scenario_survives_a_round_trip(name: str) -> None:
    scenario = read_file(Library().path(name))
    assert read(to_toml(scenario).encode(), "x.toml") == scenario


def test_toml_of_any_text_is_safe_to_print() -> None:
    scenario = Scenario(about="a\x1b[2J\x7f\x9b\u202e\U000e0041\n\t שלום")
    toml = to_toml(scenario)
    assert toml == 'about = "a\\u001b[2J\\u007f\\u009b\\u202e\\U000e0041\\n\\t שלום"\n'
    assert read(toml.encode(), "file.toml") == scenario


def test_toml_has_the_layout_people_use() -> None:
    scenario = Scenario(
        about="A story.",
        account=AccountModel(credit=100, unsubscribed=["972-50-1112223"]),
        rule=[
            RuleModel(times=2, outcome=State.NO_GATEWAY),
            RuleModel(
                name="codes",
                match=Match.model_validate({"tag": "otp", "to": "972-52-*", "async": True}),
                steps=[StepModel(outcome=State.SENT), StepModel(outcome=State.BOUNCED, after=timedelta(minutes=1))],
                reply=[ReplyModel(text="a"), ReplyModel(text="b", after=timedelta(milliseconds=250))],
            ),
            RuleModel(fault=FaultModel(kind="status", status=503, retry_after=timedelta(seconds=2))),
            RuleModel.model_validate({"pass_through": True, "delay": 1.5}),
        ],
    )
    assert (
        to_toml(scenario)
        == """\
about = "A story."

[account]
credit = 100
unsubscribed = ["972501112223"]

[[rule]]
times = 2
outcome = "exception/no-available-gateways"

[[rule]]
match.to = "972-52-*"
match.tag = "otp"
match.async = true
name = "codes"
steps = [
  { outcome = "sent" },
  { outcome = "rejected/bounced", after = "60s" },
]
reply = [{ text = "a" }, { text = "b", after = "250ms" }]

[[rule]]
fault = { kind = "status", status = 503, retry_after = "2s" }

[[rule]]
pass_through = true
delay = "1.5s"
"""
    )


def test_empty_scenario_is_an_empty_file() -> None:
    assert to_toml(Scenario()) == ""


def test_empty_table_is_written_as_empty() -> None:
    assert to_toml(Scenario(rule=[RuleModel(click=ClickModel())])) == "[[rule]]\nclick = {}\n"


@pytest.mark.parametrize("body", [[{"a": [None]}], {"a": {"b": None}}], ids=str)
def test_body_with_a_null_is_written_as_text_since_toml_has_none(body: Any) -> None:
    bodies: list[Any] = [body, {"a b": [1, True]}]
    rules = [RuleModel(fault=FaultModel(kind="status", status=400, body=each)) for each in bodies]
    first, second = tomllib.loads(to_toml(Scenario(rule=rules)))["rule"]
    assert json.loads(first["fault"]["body"]) == body
    assert second["fault"]["body"] == {"a b": [1, True]}
