from __future__ import annotations

import pytest

from mocksms.sms.replies import WORDS, Choice, choice_of


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("STOP", Choice.OUT),
        ("stop", Choice.OUT),
        (" Stop.\n", Choice.OUT),
        ('"STOP!"', Choice.OUT),
        ("הסר", Choice.OUT),
        ("START", Choice.IN),
        ("Please stop", None),
        ("STOPPED", None),
        ("YES", None),
        ("", None),
    ],
)
def test_reply_chooses_by_one_word_alone(text: str, choice: Choice | None) -> None:
    assert choice_of(text) is choice


def test_words_are_written_as_they_are_compared() -> None:
    assert all(word == word.casefold() for word in WORDS)
