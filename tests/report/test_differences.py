from __future__ import annotations

import re

import pytest

from mocksms.report.differences import MAX_AROUND, mark_difference
from mocksms.schemas.explanations import Comparison
from tests.provider.inprocess import InProcess
from tests.report.support import explain


def compared(expected: str, actual: str, differs_at: int | None = None, missing: str | None = None) -> tuple[str, str]:
    """Return both sides, marked characters in brackets."""
    comparison = Comparison(
        field="content", expected=expected, actual=actual, matches=False, differs_at=differs_at, missing=missing
    )
    expected_html, actual_html = (
        re.sub(r"<mark[^>]*>(.*?)</mark>", r"[\1]", side) for side in mark_difference(comparison)
    )
    return expected_html, actual_html


@pytest.mark.parametrize(
    ("sent", "filters", "expected", "got"),
    [
        ("972-54-1111112", {"to": "972-54-1111111"}, "972-54-111111[1]", "972-54-111111[2]"),
        ("972-54-1111112", {"to": "972 (54) 111.1111"}, "972 (54) 111.111[1]", "972-54-111111[2]"),
        ("code 481517. Bye", {"content": "code 481516"}, "code 48151[6]", "code 48151[7]. Bye"),
        ("code  481516. Bye", {"content": "code 481516"}, "code []481516", "code [ ]481516. Bye"),
        ("cde 481516. Bye", {"content": "code 481516"}, "c[o]de 481516", "c[]de 481516. Bye"),
        ("שלום לכם", {"content": "שלום לך"}, "שלום [לך]", "שלום [לכם]"),
        ("code 4815", {"content": "code 481516"}, "code 4815[16]", "code 4815[]"),
        ("Good bye", {"content": "xyz"}, "[xyz]", "[Good bye]"),
        ("Good bye", {"tag": "otp"}, "[otp]", "[none]"),
    ],
)
def test_differing_characters_are_marked(sent: str, filters: dict[str, str], expected: str, got: str) -> None:
    mock = InProcess()
    if "to" in filters:
        mock.send(sent)
    else:
        mock.send(content=sent)
    (comparison,) = explain(mock, **filters).closest[0].comparisons
    assert compared(comparison.expected, comparison.actual, comparison.differs_at, comparison.missing) == (
        expected,
        got,
    )


def test_values_without_a_place_of_their_difference_are_compared_as_a_whole() -> None:
    assert compared("481516", "481517") == ("48151[6]", "48151[7]")
    assert compared("sent", "rejected") == ("[sent]", "[rejected]")


def test_number_that_is_too_short_is_marked_where_it_ends() -> None:
    assert compared("0541111111", "972-54", 6, "0541111111") == ("[0541111111]", "972-54[]")


def test_long_texts_are_cut_around_their_difference() -> None:
    same, other = "a" * 5_000, "b" * 5_000
    expected, got = compared(f"{same}X{other}", f"{same}Y{other}", 5_000, f"X{other}")
    assert expected == f"…{'a' * MAX_AROUND}[X]{'b' * MAX_AROUND}…"
    assert got == expected.replace("X", "Y")
    assert compared(f"{same}X", f"{same}Y") == (f"…{'a' * MAX_AROUND}[X]", f"…{'a' * MAX_AROUND}[Y]")


def test_marked_texts_are_escaped() -> None:
    assert compared("<b>1", "<b>2", 3, "1") == ("&lt;b&gt;[1]", "&lt;b&gt;[2]")
