from __future__ import annotations

import json

import pytest

from mocksms.report.bodies import MAX_DEPTH, indented


def test_json_has_one_value_to_a_line() -> None:
    data = {"message": {"to": [{"mobile_number": "1"}, []], "x": {}}, "a": [1, [True]], "b": None}
    assert indented(json.dumps(data)) == indented(json.dumps(data, indent=7)) == json.dumps(data, indent=2)


def test_numbers_order_and_repeated_names_stay_as_sent() -> None:
    assert indented('{"b":1.0,"a":1e5,"b":12345678901234567890}') == (
        '{\n  "b": 1.0,\n  "a": 1e5,\n  "b": 12345678901234567890\n}'
    )


def test_letters_replace_their_escapes_but_for_lone_surrogates() -> None:
    assert indented(r'["\u05e9\u05dc","\ud83d\ude00","\ud800 \u05e9","\u0000","[{,\"\\"]') == (
        '[\n  "של",\n  "\U0001f600",\n  "\\ud800 \\u05e9",\n  "\\u0000",\n  "[{,\\"\\\\"\n]'
    )


@pytest.mark.parametrize(
    "body",
    ["", "to=1&text=x", '{"cut": "of', '"text"', "12", "[" * 200_000, "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)],
    ids=["empty", "a form", "cut", "a string", "a number", "open brackets", "deep"],
)
def test_other_bodies_stay_as_they_are(body: str) -> None:
    assert indented(body) == body
