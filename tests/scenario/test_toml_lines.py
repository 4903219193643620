from __future__ import annotations

import tomllib

import pytest
from hypothesis import given

from mocksms.scenario.recorder import to_data, to_toml
from mocksms.scenario.schema import Scenario
from mocksms.scenario.toml_lines import MAX_KEY_PARTS, KeyPath, line_at, lines_of
from tests.scenario.strategies import scenarios

FILE = '''\
# A comment. [not] a = table
about = """
[[rule]]
times = 1
"""  # line 5

[account]
credit = 100
unsubscribed = [
  "972-54-1111111",  # times = 2
  "972-54-2222222",
]

[[rule]]
times = 2
match.tag = "otp"
match.to = '[[rule]]'
  outcome = "sent"

[[rule]]  # the second
steps = [
  { outcome = "sent" },
]

[rule.match]
to = "972-52-*"

[[rule]]

[[rule.steps]]
outcome = "sent"

[[rule.steps]]
after = "1m"
outcome = "rejected/bounced"

[rule.fault]
kind = "empty"
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("about",), 2),
        (("account",), 7),
        (("account", "credit"), 8),
        (("account", "unsubscribed"), 9),
        (("account", "unsubscribed", 1), 9),
        (("rule",), 14),
        (("rule", 0), 14),
        (("rule", 0, "times"), 15),
        (("rule", 0, "match"), 16),
        (("rule", 0, "match", "tag"), 16),
        (("rule", 0, "match", "to"), 17),
        (("rule", 0, "outcome"), 18),
        (("rule", 0, "fault"), 14),
        (("rule", 1), 20),
        (("rule", 1, "steps"), 21),
        (("rule", 1, "steps", 0, "outcome"), 21),
        (("rule", 1, "match"), 25),
        (("rule", 1, "match", "to"), 26),
        (("rule", 2), 28),
        (("rule", 2, "steps"), 30),
        (("rule", 2, "steps", 0), 30),
        (("rule", 2, "steps", 0, "outcome"), 31),
        (("rule", 2, "steps", 1), 33),
        (("rule", 2, "steps", 1, "after"), 34),
        (("rule", 2, "steps", 1, "outcome"), 35),
        (("rule", 2, "fault", "kind"), 38),
        (("nowhere",), None),
        ((), None),
    ],
    ids=str,
)
def test_path_has_the_line_of_its_key_or_of_the_table_around_it(place: KeyPath, line: int | None) -> None:
    assert line_at(lines_of(FILE), place) == line


@pytest.mark.parametrize(
    ("text", "place", "line"),
    [
        ("\n \"a b\" . 'c' . d-e_1 = 1", ("a b", "c", "d-e_1"), 2),
        ("\n[ a . b ]\nc = 1", ("a", "b", "c"), 3),
        ("\n[a.b]", ("a",), 2),
        ('["x y"]\n\nz = 1', ("x y", "z"), 3),
        ("a = 'x\u2028y\x85z'\nb = 1", ("b",), 2),
        ("a = 1 # [ { ' \"\nb = 1", ("b",), 2),
        ('a = "[{\\"\'#"\nb = 1', ("b",), 2),
        ("a = '[{\"#\\'\nb = 1", ("b",), 2),
        ('a = """\n\\"""[\n""\n"""""\nb = 1', ("b",), 5),
        ("a = '''\n[\n'''''\nb = 1", ("b",), 4),
        ('a = """x""""\nb = "y"', ("b",), 2),
        ("a = '''x''''\nb = 'y'", ("b",), 2),
        ("a = ''\nb = 1", ("b",), 2),
        ('["a[b"]\nc = 1', ("a[b", "c"), 2),
        ("a = '''\n'''\nb = 1", ("b",), 3),
        ("a = '''\nb = 1\n'''\nb = 2", ("b",), 4),
        ("[[a]]\n[[a.b]]\n[[a.b]]\n[[a]]\n[[a.b]]\nc = 1", ("a", 1, "b", 0, "c"), 6),
        ("[[a]]\n[a.b]\n[[a.b.c]]\nd = 1", ("a", 0, "b", "c", 0, "d"), 4),
    ],
    ids=ascii,
)
def test_path_is_found_in_every_notation(text: str, place: KeyPath, line: int) -> None:
    tomllib.loads(text)
    assert lines_of(text)[place] == line


def test_key_after_a_value_of_very_many_lines_is_found() -> None:
    assert lines_of("a = [\n" + "1,\n" * 5000 + "]\nb = 1")["b",] == 5003


def test_key_of_very_many_parts_has_lines_for_its_first_parts() -> None:
    assert len(lines_of(".".join("a" * 5000) + " = 1")) == MAX_KEY_PARTS


@given(scenarios)
def test_every_rule_and_key_of_a_written_scenario_is_found_on_its_line(scenario: Scenario) -> None:
    text = to_toml(scenario)
    lines, rows = lines_of(text), text.split("\n")
    headers = [number for number, row in enumerate(rows, 1) if row == "[[rule]]"]
    assert [lines["rule", place] for place in range(len(scenario.rule))] == headers
    for place, rule in enumerate(to_data(scenario).get("rule", [])):
        for key, value in rule.items():
            wanted = f"match.{next(iter(value))} = " if key == "match" else f"{key} = "
            line = lines["rule", place, key]
            assert rows[line - 1].startswith(wanted)
            assert line > headers[place]
