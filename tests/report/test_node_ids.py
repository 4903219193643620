from __future__ import annotations

import pytest

from mocksms.report.node_ids import with_letters


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("של", "של"),
        ("né", "né"),
        ("𐐀", "𐐀"),
        ("\u202e\x00😀", r"\u202e\x00\U0001f600"),
        (r"C:\u05e9", r"C:\\u05e9"),
    ],
)
def test_letters_stand_in_place_of_the_escapes_of_pytest(text: str, shown: str) -> None:
    escaped = text.encode("unicode_escape").decode("ascii")  # as pytest does
    assert with_letters(f"tests/test_shop.py::test_code[{escaped}]") == f"tests/test_shop.py::test_code[{shown}]"


@pytest.mark.parametrize("text", [r"\ud800", r"\Uffffffff", r"\u05g0", "\\"])
def test_what_is_no_letter_stays(text: str) -> None:
    assert with_letters(text) == text
