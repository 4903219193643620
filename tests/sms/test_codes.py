from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mocksms.sms.codes import find_codes
from mocksms.sms.text import MAX_TEXT_LENGTH


def best(text: str) -> str | None:
    """Return the first candidate, if the text calls it a code."""
    found = find_codes(text)
    return found[0].code if found and found[0].announced else None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your code is 481516", "481516"),
        ("481516 is your code", "481516"),
        ("Code: 4815", "4815"),
        ("code:481516", "481516"),
        ("Your code:\n481516", "481516"),
        ("Your OTP is 48151623", "48151623"),
        ("PIN 4815", "4815"),
        ("Use 481516 as your password.", "481516"),
        ("481516 is your one-time passcode", "481516"),
        ("G-481516 is your verification code.", "481516"),
        ("Your code is 481 516.", "481516"),
        ("Your code is 481-516!", "481516"),
        ("Your code is 4815 1623", "48151623"),
        ("A7K9Q2 is your code", "A7K9Q2"),
        ("AB12-CD34 is your one-time password", "AB12CD34"),
        ("code: a7k9q2", "a7k9q2"),
        ("Your code is 1999", "1999"),
        ("Your code is 2026", "2026"),
        ("(code 481516)", "481516"),
        ("code <481516>", "481516"),
        ("קוד האימות שלך הוא 481516", "481516"),
        ("הקוד שלך: 481516", "481516"),
        ("481516 הוא קוד האימות שלך", "481516"),
        ("הסיסמה החד פעמית שלך היא 4815", "4815"),
        ("כניסה בקוד 481516 בלבד", "481516"),
        ("\u200f481516\u200f הקוד שלך", "481516"),
        ("הקוד \u2067481516\u2069", "481516"),
    ],
)
def test_announced_code_is_found(text: str, code: str) -> None:
    (found,) = find_codes(text)
    assert (found.code, found.announced) == (code, True)
    assert text[found.index : found.index + found.length].replace("-", "").replace(" ", "").endswith(code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your code for order 48151 is 481516", "481516"),
        ("481516 is your code for order 48151", "481516"),
        ("Order 48151: your code is 481516", "481516"),
        ("Order total 1999. Your code is 481516", "481516"),
        ("Total: 1250 NIS, code 2026", "2026"),
        ("Your total is ₪1250, code 4815", "4815"),
        ("NIS 1,250 paid. PIN 4815", "4815"),
        ('1250 ש"ח. קוד: 9876', "9876"),
        ("Paid 1250.00 at 14:30 on 01/02/2026. Code 481516", "481516"),
        ("Balance 1250. Your code is 481516.", "481516"),
        ("Call 972-54-1111111 with code 481516", "481516"),
        ("call 03-1234567 code A7K9Q2", "A7K9Q2"),
        ("Call *4815 and say your code 481516", "481516"),
        ("https://shop.example/123456 code 654321", "654321"),
        ("Account 12345678. Password 481516", "481516"),
        ("הזמנה מספר 48151: הקוד שלך 481516", "481516"),
        ("הקוד להזמנה 48151 הוא 481516", "481516"),
        ("חבילה 48151 מחכה. קוד 481516 בתוקף עד 14:30", "481516"),
        ("סכום לתשלום 1999. הקוד: 481516", "481516"),
    ],
)
def test_other_numbers_never_precede_the_announced_code(text: str, code: str) -> None:
    assert best(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello",
        "CODE",
        "Order 48151",
        "Your parcel 48151623 is here",
        "Total 1250",
        "You paid 1,250 ILS",
        "$1999",
        "Call 972-54-1111111",
        "Call +972 54 111 1111",
        "See you in 2026",
        "On 01/02/2026 at 14:30",
        "https://shop.example/481516",
        "www.shop.example/a7k9q2",
        "a1b2c3 stays small",
        "a1b2c3d4 stays small, and so did 2026",
        "123",
        "123456789",
        "הזמנה 48151",
        "https://mock.example/u/c0cf001c22b0",
    ],
)
def test_text_without_a_code_has_none(text: str) -> None:
    assert find_codes(text) == []


def test_other_number_is_a_candidate_after_the_announced_code() -> None:
    found = find_codes("481523 and 48151 are here. Your code is 4815")
    assert [(each.code, each.announced) for each in found] == [("4815", True), ("481523", False), ("48151", False)]


def test_nearest_announced_code_comes_first() -> None:
    found = find_codes("code: 1111 or else 2222, and then 3333")
    assert [each.code for each in found] == ["1111", "2222", "3333"]


def test_word_explains_a_number_only_near_it() -> None:
    assert find_codes("Your order 481516") == []
    (code,) = find_codes("Your order of yesterday morning 481516")
    assert (code.code, code.announced) == ("481516", False)


def test_word_announces_a_code_only_near_it_in_its_sentence() -> None:
    assert not find_codes("We sent a code. 481516 people use it")[0].announced
    assert not find_codes(f"code {'x' * 60} 481516")[0].announced


FILLING = st.sampled_from(
    ["Total 1250 NIS.", "Order 48151.", "Call 972-54-1111111.", "https://shop.example/123456 ", "Thanks!", "תודה.", ""]
)
CODE = st.from_regex(r"[0-9]{4,8}|[A-Z][0-9][A-Z0-9]{2,6}", fullmatch=True)


@given(FILLING, CODE, FILLING)
def test_announced_code_is_found_between_any_texts(before: str, code: str, after: str) -> None:
    assert best(f"{before} Your code is {code}. {after}") == code


PIECES = st.sampled_from(
    [
        "4815",
        "481-523",
        "482 193",
        "A1B2C3",
        "G-481523",
        "2026",
        "12",
        "הקוד ",
        "code ",
        "order ",
        "₪",
        ".",
        " ",
        "\u200f",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join) | st.text())
@example("code 481-523, G-481523 order 4815 and A1B2C3")
def test_candidates_are_parts_of_the_text(text: str) -> None:
    found = find_codes(text)
    for each in found:
        written = text[each.index : each.index + each.length]
        assert written.replace(" ", "").replace("-", "").endswith(each.code)
        assert 4 <= len(each.code) <= 8
        assert each.code.isascii()
        assert each.code.isalnum()
    assert [each.announced for each in found] == sorted((each.announced for each in found), reverse=True)


@pytest.mark.parametrize(
    ("piece", "count"),
    [
        ("1", 0),
        ("1 ", 0),
        ("code ", 0),
        ("1111 ", 3901),
        ("order 1111 ", 0),
        ("0-", 0),
        ("+0", 0),
        ("1,", 0),
        ("A1-", 0),
    ],
)
def test_longest_hostile_text_is_searched_in_time(piece: str, count: int) -> None:
    text = (piece * MAX_TEXT_LENGTH)[: MAX_TEXT_LENGTH - 5] + " x 42"
    assert len(find_codes(text)) == count
