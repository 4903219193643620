from __future__ import annotations

import pytest

from mocksms.sms.replies import Choice, Words


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("STOP", Choice.OUT),
        ("stop", Choice.OUT),
        (" Stop.\n", Choice.OUT),
        ('"STOP!"', Choice.OUT),
        ("הסר", Choice.OUT),
        ("הסר.", Choice.OUT),
        ("הָסֵר", Choice.OUT),
        ("\u200fהסר\u200f", Choice.OUT),
        ("\u202bהסר\u202c,", Choice.OUT),
        ("״הסר״", Choice.OUT),
        ("‘Stop’", Choice.OUT),
        ("(stop)", Choice.OUT),
        ("STOP\u00a0?", Choice.OUT),
        ("ＳＴＯＰ", Choice.OUT),
        ("START", Choice.IN),
        ("S.T.O.P", None),
        ("Please stop", None),
        ("STOPPED", None),
        ("YES", None),
        ("", None),
    ],
)
def test_reply_chooses_by_one_word_alone(text: str, choice: Choice | None) -> None:
    assert Words().choice(text) is choice


def test_other_words_can_choose() -> None:
    words = Words(["Quit"], ["Again!"])
    assert [words.choice(text) for text in ("QUIT", "again", "STOP", "START")] == [Choice.OUT, Choice.IN, None, None]
    assert words.first_out == "Quit"


def test_word_that_is_in_both_lists_opts_out() -> None:
    assert Words(["ok"], ["OK"]).choice("Ok") is Choice.OUT


def test_word_without_a_letter_is_met_by_itself_alone() -> None:
    words = Words(["!", "👍"], ["+"])
    assert [words.choice(text) for text in ("!", "👍 ", " +")] == [Choice.OUT, Choice.OUT, Choice.IN]
    assert [words.choice(text) for text in ("", " ", "?", "👎", "\u200f")] == [None] * 5
