from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.sms.surrogates import well_formed, well_formed_json


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cut \ud83d", "cut \ufffd"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("whole \U0001f600", "whole \U0001f600"),
        ("שלום", "שלום"),
        ("", ""),
    ],
    ids=ascii,
)
def test_lone_surrogates_are_replaced(text: str, expected: str) -> None:
    assert well_formed(text) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (rb'"\ud83d"', rb'"\ufffd"'),
        (rb'"\uD83D\uDE00"', rb'"\uD83D\uDE00"'),
        (rb'"\ude00\ud83d"', rb'"\ufffd\ufffd"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\\ud83d"', rb'"\\ud83d"'),
        (rb'"\\\ud83d"', rb'"\\\ufffd"'),
        (rb'"\u05d0\n\""', rb'"\u05d0\n\""'),
        (b'"plain"', b'"plain"'),
        (b"\\", b"\\"),
    ],
)
def test_escapes_of_lone_surrogates_in_json_are_replaced(raw: bytes, expected: bytes) -> None:
    assert well_formed_json(raw) == expected


@given(st.text(st.characters(categories=["Cs", "L", "So"])))
def test_json_of_a_text_is_that_of_the_well_formed_text(text: str) -> None:
    whole = well_formed(text)
    assert json.loads(well_formed_json(json.dumps(text).encode())) == whole
    assert whole.encode().decode() == whole
