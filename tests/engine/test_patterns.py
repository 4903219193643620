from __future__ import annotations

import pytest

from mocksms.engine import patterns
from mocksms.engine.patterns import LONGEST, Pattern
from mocksms.errors import PatternTooSlow

CATASTROPHE = "(a|a)*(a|a)*$"
FATAL = "a" * 60 + "b"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "PATIENCE", 0.02)


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
    Pattern("a" * LONGEST)
    with pytest.raises(ValueError, match="1001 characters; at most 1000"):
        Pattern("a" * (LONGEST + 1))


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
