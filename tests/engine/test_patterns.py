from __future__ import annotations

import pytest

from mocksms.engine import patterns
from mocksms.engine.patterns import MAX_CACHED_TEXTS, MAX_PATTERN_LENGTH, Pattern, RegexBudget
from mocksms.errors import PatternTooSlow

CATASTROPHE = "(a|a)*(a|a)*$"
FATAL = "a" * 60 + "b"


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "REGEX_TIMEOUT", 0.02)


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
    assert Pattern(pattern).matches(text) is found
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
        Pattern(CATASTROPHE).matches(FATAL)
    assert refused.value.pattern == CATASTROPHE
    assert "takes longer than 0.02 s" in str(refused.value)


@pytest.mark.usefixtures("short_timeout")
def test_texts_of_one_search_share_its_time_and_the_next_search_has_its_own() -> None:
    pattern = Pattern(CATASTROPHE)
    with pytest.raises(PatternTooSlow):
        pattern.matches(FATAL)
    with pytest.raises(PatternTooSlow):
        pattern.matches(FATAL[:30] + "b")
    pattern.restart()
    assert pattern.matches("aaa")


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
    pattern = Pattern("a")
    assert [pattern.matches(text) for text in ("abc", "xyz", "abc", "xyz")] == [True, False] * 2
    assert len(looks) == 4
    assert [pattern.matches(f"a{text}") for text in range(2 * MAX_CACHED_TEXTS)] == [True] * 2 * MAX_CACHED_TEXTS
    assert pattern.matches("abc")
    assert len(looks) == 4 + 4 * MAX_CACHED_TEXTS + 2
