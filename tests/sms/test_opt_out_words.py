from __future__ import annotations

import pytest

from mocksms.sms.opt_out_words import ConsentChoice, OptOutWords


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("STOP", ConsentChoice.OUT),
        ("stop", ConsentChoice.OUT),
        (" Stop.\n", ConsentChoice.OUT),
        ('"STOP!"', ConsentChoice.OUT),
        ("הסר", ConsentChoice.OUT),
        ("הסר.", ConsentChoice.OUT),
        ("הָסֵר", ConsentChoice.OUT),
        ("\u200fהסר\u200f", ConsentChoice.OUT),
        ("\u202bהסר\u202c,", ConsentChoice.OUT),
        ("״הסר״", ConsentChoice.OUT),
        ("‘Stop’", ConsentChoice.OUT),
        ("(stop)", ConsentChoice.OUT),
        ("STOP\u00a0?", ConsentChoice.OUT),
        ("ＳＴＯＰ", ConsentChoice.OUT),
        ("START", ConsentChoice.IN),
        ("S.T.O.P", None),
        ("Please stop", None),
        ("STOPPED", None),
        ("YES", None),
        ("", None),
    ],
)
def test_reply_opts_out_or_in_with_one_word_alone(text: str, choice: ConsentChoice | None) -> None:
    assert OptOutWords().choice(text) is choice


def test_words_can_be_changed() -> None:
    words = OptOutWords(["Quit"], ["Again!"])
    assert [words.choice(text) for text in ("QUIT", "again", "STOP", "START")] == [
        ConsentChoice.OUT,
        ConsentChoice.IN,
        None,
        None,
    ]
    assert words.first_opt_out == "Quit"


def test_word_that_is_in_both_lists_opts_out() -> None:
    assert OptOutWords(["ok"], ["OK"]).choice("Ok") is ConsentChoice.OUT


def test_word_without_letters_matches_only_itself() -> None:
    words = OptOutWords(["!", "👍"], ["+"])
    assert [words.choice(text) for text in ("!", "👍 ", " +")] == [
        ConsentChoice.OUT,
        ConsentChoice.OUT,
        ConsentChoice.IN,
    ]
    assert [words.choice(text) for text in ("", " ", "?", "👎", "\u200f")] == [None] * 5
