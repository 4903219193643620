from __future__ import annotations

import pytest

from mocksms.engine import patterns
from mocksms.engine.patterns import MAX_CACHED_TEXTS, MAX_PATTERN_LENGTH, Pattern, RegexBudget
from mocksms.errors import PatternTooSlow

CATASTROPHE = "(a|a)*(a|a)*$"
FATAL = "a" * 60 + "b"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_pattern_is_looked_for_anywhere(pattern: str, text: str, found: bool) -> None:
    assert Pattern(pattern).is_in(text) is found
    assert Pattern(pattern).source == pattern


def test_pattern_that_cannot_be_read_says_why_and_where() -> None:
    with pytest.raises(ValueError, match=r"is not a regular expression: missing \) at position 4"):
        Pattern("(abc")


def test_pattern_that_is_too_long_says_how_long_it_may_be() -> None:
    Pattern("a" * MAX_PATTERN_LENGTH)
    with pytest.raises(ValueError, match="1001 characters; at most 1000"):
        Pattern("a" * (MAX_PATTERN_LENGTH + 1))


@pytest.mark.usefixtures("impatient")
def test_pattern_that_takes_too_long_is_given_up_and_named() -> None:
    with pytest.raises(PatternTooSlow) as refused:
        Pattern(CATASTROPHE).is_in(FATAL)
    assert refused.value.pattern == CATASTROPHE
    assert "takes longer than 0.02 s" in str(refused.value)


@pytest.mark.usefixtures("impatient")
def test_all_texts_of_a_question_share_its_time_and_the_next_question_has_its_own() -> None:
    pattern = Pattern(CATASTROPHE)
    with pytest.raises(PatternTooSlow):
        pattern.is_in(FATAL)
    with pytest.raises(PatternTooSlow):
        pattern.is_in(FATAL[:30] + "b")
    pattern.begin()
    assert pattern.is_in("aaa")


def clocked(monkeypatch: pytest.MonkeyPatch, step: float = 0.0) -> list[None]:
    """Return a list to which every look at the clock adds one, and let so many seconds pass between two."""
    looks: list[None] = []

    def look() -> float:
        looks.append(None)
        return len(looks) * step

    monkeypatch.setattr(patterns, "timer", look)
    return looks


def test_patterns_of_one_question_share_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clocked(monkeypatch, patterns.REGEX_TIMEOUT)
    shared = RegexBudget()
    assert Pattern("a").is_in("abc", shared)
    with pytest.raises(PatternTooSlow):
        Pattern("b").is_in("abc", shared)
    assert Pattern("b").is_in("abc", RegexBudget())


def test_text_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = clocked(monkeypatch)
    pattern = Pattern("a")
    assert [pattern.is_in(text) for text in ("abc", "xyz", "abc", "xyz")] == [True, False] * 2
    assert len(looks) == 4
    assert [pattern.is_in(f"a{text}") for text in range(2 * MAX_CACHED_TEXTS)] == [True] * 2 * MAX_CACHED_TEXTS
    assert pattern.is_in("abc")
    assert len(looks) == 4 + 4 * MAX_CACHED_TEXTS + 2
