from __future__ import annotations

import pytest

from mocksms.engine import patterns
from mocksms.engine.patterns import (
    MAX_CACHED_TEXTS,
    MAX_PATTERN_LENGTH,
    Pattern,
    RegexBudget,
    shared_pattern,
)
from mocksms.errors import PatternTooSlow

CATASTROPHE = "(a|a)*(a|a)*$"
FATAL = "a" * 60 + "b"


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "TEXT_TIMEOUT", 0.02)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"code is \d{4}", "Your code is 4815.", True),
        (r"^code", "Your code", False),
        (r"קוד.*\d+", "הקוד שלך הוא 4815", True),
        (r"(?i)STOP", "please stop", True),
        ("", "", True),
    ],
)
def test_pattern_is_searched_anywhere(pattern: str, text: str, found: bool) -> None:
    assert Pattern(pattern).matches(text, RegexBudget()) is found
    assert Pattern(pattern).source == pattern


def test_error_for_an_invalid_pattern_says_why_and_where() -> None:
    with pytest.raises(ValueError, match=r"is not a regular expression: missing \) at position 4"):
        Pattern("(abc")


def test_error_for_a_long_pattern_has_the_limit() -> None:
    Pattern("a" * MAX_PATTERN_LENGTH)
    with pytest.raises(ValueError, match="1001 characters; the limit is 1000"):
        Pattern("a" * (MAX_PATTERN_LENGTH + 1))


@pytest.mark.usefixtures("short_timeout")
def test_error_for_a_slow_pattern_names_it() -> None:
    with pytest.raises(PatternTooSlow) as refused:
        Pattern(CATASTROPHE).matches(FATAL, RegexBudget())
    assert refused.value.pattern == CATASTROPHE
    assert "takes longer than 0.02 s" in str(refused.value)


@pytest.mark.usefixtures("short_timeout")
def test_texts_of_one_search_share_its_time_and_the_next_search_has_its_own() -> None:
    pattern, budget = Pattern(CATASTROPHE), RegexBudget(0.03)
    with pytest.raises(PatternTooSlow, match=r"0\.02 s"):
        pattern.matches(FATAL, budget)
    for text in (FATAL[1:], FATAL[2:]):
        with pytest.raises(PatternTooSlow, match=r"0\.03 s"):
            pattern.matches(text, budget)
    assert pattern.matches("aaa", RegexBudget())


@pytest.mark.usefixtures("short_timeout")
def test_text_that_takes_too_long_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pattern = Pattern(CATASTROPHE)
    with pytest.raises(PatternTooSlow):
        pattern.matches(FATAL, RegexBudget())
    looks = clocked(monkeypatch)
    with pytest.raises(PatternTooSlow):
        pattern.matches(FATAL, RegexBudget())
    assert not looks


@pytest.mark.usefixtures("short_timeout")
def test_text_that_takes_what_is_left_of_a_search_is_searched_again_in_the_next() -> None:
    pattern = Pattern(CATASTROPHE)
    for _ in range(2):
        with pytest.raises(PatternTooSlow, match=r"0\.01 s"):
            pattern.matches(FATAL, RegexBudget(0.01))


def test_equal_filters_share_a_pattern() -> None:
    assert shared_pattern("a+b") is shared_pattern("a+b")


@pytest.mark.parametrize("pattern", ["a{100001}", "(a{1000}){1000}", "((?:a{9}){500}){50}", "a{999999999}"])
def test_error_for_many_repetitions_has_the_limit(pattern: str) -> None:
    with pytest.raises(ValueError, match="more than 100,000 repetitions"):
        Pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["a{100000}", r"\d{4}-\d{4}-\d{4}-\d{4}-\d{4}", r"(?:\d{3}[- ]?){2}\d{4}", "a{0}b{,3}", "x{"]
)
def test_pattern_with_some_repetitions_is_valid(pattern: str) -> None:
    assert Pattern(pattern).source == pattern


def test_error_for_nested_groups_says_so() -> None:
    with pytest.raises(ValueError, match="groups that are nested too deeply"):
        Pattern("(" * 499 + "a" + ")" * 499)


def clocked(monkeypatch: pytest.MonkeyPatch, step: float = 0.0) -> list[None]:
    """Replace the timer: each reading is `step` seconds later, and adds an item to the returned list."""
    looks: list[None] = []

    def look() -> float:
        looks.append(None)
        return len(looks) * step

    monkeypatch.setattr(patterns, "timer", look)
    return looks


def test_patterns_of_one_search_share_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clocked(monkeypatch, patterns.REGEX_TIMEOUT)
    shared = RegexBudget()
    assert Pattern("a").matches("abc", shared)
    with pytest.raises(PatternTooSlow):
        Pattern("b").matches("abc", shared)
    assert Pattern("b").matches("abc", RegexBudget())


def test_text_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = clocked(monkeypatch)
    pattern, budget = Pattern("a"), RegexBudget()
    assert [pattern.matches(text, budget) for text in ("abc", "xyz", "abc", "xyz")] == [True, False] * 2
    assert len(looks) == 4
    assert [pattern.matches(f"a{text}", budget) for text in range(2 * MAX_CACHED_TEXTS)] == [
        True
    ] * 2 * MAX_CACHED_TEXTS
    assert pattern.matches("abc", budget)
    assert len(looks) == 4 + 4 * MAX_CACHED_TEXTS + 2
