from __future__ import annotations

import pytest

from mocksms.schemas.text_differences import MAX_BY_CHARACTER, MAX_COMPARED, TextSpan, find_differences


def marked(expected: str, actual: str, differs_at: int | None = None, missing: str | None = None) -> tuple[str, str]:
    """Return both texts with their differing parts in brackets."""
    differences = find_differences(expected, actual, differs_at, missing)
    return _marked(expected, [each.expected for each in differences]), _marked(
        actual, [each.actual for each in differences]
    )


def _marked(text: str, spans: list[TextSpan]) -> str:
    for span in reversed(spans):
        text = f"{text[: span.start]}[{text[span.start : span.end]}]{text[span.end :]}"
    return text


@pytest.mark.parametrize(
    ("expected", "actual", "marks"),
    [
        ("481516", "481517", ("48151[6]", "48151[7]")),
        ("123456", "193956", ("1[2]3[4]56", "1[9]3[9]56")),
        ("sent", "accept", ("[sent]", "[accept]")),
        ("Dear Avi, pay 12 NIS", "Dear Adi, pay 15 NIS", ("Dear A[v]i, pay 1[2] NIS", "Dear A[d]i, pay 1[5] NIS")),
        ("See you today", "See you tomorrow", ("See you [today]", "See you [tomorrow]")),
        ("Hello, the order left", "Hello, a parcel came", ("Hello, [the order left]", "Hello, [a parcel came]")),
        ("one two", "one big two", ("one []two", "one [big ]two")),
        ("שלום דנה, הקוד 4815", "שלום דינה, הקוד 4816", ("שלום ד[]נה, הקוד 481[5]", "שלום ד[י]נה, הקוד 481[6]")),
        ("hi 😀 a", "hi 😁 a", ("hi [😀] a", "hi [😁] a")),
        ("", "x", ("[]", "[x]")),
        ("same", "same", ("same", "same")),
    ],
)
def test_words_are_marked_and_characters_of_words_that_are_alike(
    expected: str, actual: str, marks: tuple[str, str]
) -> None:
    assert marked(expected, actual) == marks
    assert marked(actual, expected) == marks[::-1]


@pytest.mark.parametrize(
    ("expected", "actual", "at", "missing", "marks"),
    [
        ("972 (54) 111.1111", "972-54-1111112", 13, "972 (54) 111.1111", ("972 (54) 111.111[1]", "972-54-111111[2]")),
        ("0541111111", "972-54", 6, "0541111111", ("[0541111111]", "972-54[]")),
        ("code 481516", "code 481517. Bye", 10, "6", ("code 48151[6]", "code 48151[7]. Bye")),
        ("code 481516", "cde 481516. Bye", 1, "ode 481516", ("c[o]de 481516", "c[]de 481516. Bye")),
        ("code 481516", "code 4815", 9, "16", ("code 4815[16]", "code 4815[]")),
        ("pay today", "pay tomorrow", 6, "day", ("pay [today]", "pay [tomorrow]")),
        ("pay now", "pay later or never", 4, "now", ("pay [now]", "pay [later] or never")),
    ],
)
def test_what_follows_an_expected_part_is_not_marked(
    expected: str, actual: str, at: int, missing: str, marks: tuple[str, str]
) -> None:
    assert marked(expected, actual, at, missing) == marks


def test_long_parts_are_marked_between_their_common_ends() -> None:
    long = "ab" * MAX_BY_CHARACTER
    assert marked(f"see x{long}1{long}", f"see y{long}2{long}") == (
        f"see [x{long}1]{long}",
        f"see [y{long}2]{long}",
    )


def test_texts_are_compared_up_to_a_limit_from_their_first_difference_on() -> None:
    words = " ".join(f"word{number}" for number in range(MAX_COMPARED))
    assert marked(f"{words} 12 {words}", f"{words} 13 {words}") == (f"{words} 1[2] {words}", f"{words} 1[3] {words}")
    assert marked(f"a {words} 1", f"b {words} 2") == (f"[a] {words} 1", f"[b] {words} 2")
    assert marked(f"a {words} 1", f"{words} 2") == (f"[a ]{words} 1", f"[]{words} 2")
    assert marked(f"{words} 2", f"a {words} 1") == (f"[]{words} 2", f"[a ]{words} 1")
