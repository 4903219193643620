from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mocksms.sms.code_parts import MAX_SEARCH_LENGTH
from mocksms.sms.codes import find_codes, has_code
from tests.readme import GUIDE

TEXTS: Final[dict[str, list[tuple[str, str]]]] = tomllib.loads(
    Path(__file__).with_name("codes.toml").read_text(encoding="utf-8")
)
KNOWN_MISSES: Final = "known-misses"


def best(text: str) -> str:
    """Return the best code of a text, empty if there is none."""
    return next((found.code for found in find_codes(text)), "")


@pytest.mark.parametrize("group", [group for group in TEXTS if group != KNOWN_MISSES])
def test_code_is_found_in_real_texts(group: str) -> None:
    results = [(code, best(text), text) for code, text in TEXTS[group]]
    wrong = [each for each in results if each[1] not in ("", each[0])]
    missed = [each for each in results if not each[1] and each[0]]
    right = len(results) - len(wrong) - len(missed)
    assert (right, wrong, missed) == (len(results), [], []), f"{right} right, {len(wrong)} wrong, {len(missed)} none"


def test_misses_are_never_wrong() -> None:
    """Move a text to its group when its code is found."""
    assert [best(text) for _, text in TEXTS[KNOWN_MISSES]] == [""] * len(TEXTS[KNOWN_MISSES])


def test_texts_differ() -> None:
    texts = [text for rows in TEXTS.values() for _, text in rows]
    assert len(set(texts)) == len(texts)


def test_guide_has_the_figures() -> None:
    total, misses = sum(map(len, TEXTS.values())), len(TEXTS[KNOWN_MISSES])
    figures = f"Of {total}, {total - misses} are right and 0 wrong; in {misses} the code is not found."
    assert figures in (GUIDE / "inspection-api.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        pytest.param("Backup codes: 1111, 2222 and 3333", ["1111", "2222", "3333"], id="list"),
        pytest.param("Your code is 481516, 4821 Hill Road", ["481516"], id="no list of equal numbers"),
        pytest.param("Gate code 4821, door code 7733", ["4821", "7733"], id="two codes"),
        pytest.param("Your code for Acme 48151 is 481516", ["481516", "48151"], id="is before none"),
        pytest.param("Your code for Acme - 4821 is 481516", ["481516", "4821"], id="is before dash"),
        pytest.param("Enter 481516. 7733 is your PIN. Code: 481516", ["481516", "7733"], id="each once, at its best"),
    ],
)
def test_codes_are_listed_best_first(text: str, codes: list[str]) -> None:
    assert [found.code for found in find_codes(text)] == codes


@pytest.mark.parametrize(
    ("text", "announced"),
    [
        ("Your code is 481516", True),
        ("481516 is your code", True),
        ("Acme: 481516. Never share this code.", True),
        ("@example.com #481516", True),
        ("Enter 481516 to log in", False),
        ("481516", False),
    ],
)
def test_code_says_whether_the_text_calls_it_a_code(text: str, announced: bool) -> None:
    (found,) = find_codes(text)
    assert (found.code, found.announced) == ("481516", announced)


def test_index_points_at_what_is_typed() -> None:
    text = "😀 code G-481516"
    (found,) = find_codes(text)
    assert text[found.index : found.index + found.length] == found.code == "481516"


@pytest.mark.parametrize(
    "noun", ["account", "card", "order", "phone", "parcel", "balance", "booking", "ticket", "flight", "room", "policy"]
)
def test_everyday_word_between_loses_no_code(noun: str) -> None:
    assert best(f"Your code for your {noun} is 481516") == "481516"
    assert best(f"Use this code to see your {noun}: 481516") == "481516"
    assert best(f"Your code for {noun} 48151 is 481516") == "481516"
    assert best(f"481516 is your {noun} code") in ("481516", "")


@pytest.mark.parametrize("noun", ["חבילה", "הזמנה", "כרטיס", "חשבון", "משלוח", "טלפון", "תור", "עסקה"])
def test_everyday_hebrew_word_between_loses_no_code(noun: str) -> None:
    assert best(f"קוד לאיסוף ה{noun}: 4821") == "4821"
    assert best(f"הקוד עבור ה{noun} שלך הוא 4821") == "4821"
    assert best(f"הקוד ל{noun} 48151 הוא 4821") == "4821"


FILLING = st.sampled_from(
    ["Total 1250 NIS.", "Order 48151.", "Call 972-54-1111111.", "https://shop.example/123456 ", "Thanks!", "תודה.", ""]
)
CODE = st.from_regex(r"[0-9]{4,8}|[A-Z][0-9][A-Z0-9]{2,6}", fullmatch=True).filter(
    lambda code: not re.fullmatch("X[0-9]+", code)
)


@given(FILLING, CODE, FILLING)
def test_announced_code_is_found_between_any_texts(before: str, code: str, after: str) -> None:
    assert best(f"{before} Your code is {code}. {after}") == code


PIECES: Final = """
    4815 481-523 A1B2C3 G-481523 OTP-4815 2026 12 *4815 4815* XX1245 הקוד code PIN is הוא : - , . ! ( ) * # @a.example
    order number no. card ending in to with enter log-in expired 20% off ₪ NIS points of zip your and < > אימות token 😀
    """
PIECE = st.sampled_from([*PIECES.split(), " ", "\n", "\u200f", "482\xa0193"])


@given(st.lists(PIECE, max_size=12).map(" ".join) | st.lists(PIECE, max_size=12).map("".join) | st.text())
@example("code 481-523, G-481523 order 4815 and A1B2C3")
def test_codes_are_parts_of_the_text(text: str) -> None:
    found = find_codes(text)
    for each in found:
        written = text[each.index : each.index + each.length]
        assert re.sub(r"[\W_]", "", written) == each.code
        assert 4 <= len(each.code) <= 8
        assert each.code.isascii()
        assert each.code.isalnum()
    assert len({each.code for each in found}) == len(found)


def test_only_the_start_of_a_long_text_is_searched() -> None:
    code = "your code is 481516"
    assert best(code.rjust(MAX_SEARCH_LENGTH)) == "481516"
    assert best(code.rjust(MAX_SEARCH_LENGTH) + " and more") == ""
    assert best(code.rjust(MAX_SEARCH_LENGTH + 2)) == "", "never a part of a code"


def test_text_has_a_code_if_one_is_found() -> None:
    texts = [text for rows in TEXTS.values() for _, text in rows]
    texts += ["your code is 481516".rjust(MAX_SEARCH_LENGTH + more) for more in range(3)]
    assert [has_code(text) for text in texts] == [bool(find_codes(text)) for text in texts]


def steps(text: str) -> int:
    """Return the number of calls that the search takes."""
    count = 0

    def count_call(*_: object) -> None:  # pragma: no cover - a profiler is not traced
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(count_call)
    try:
        find_codes(text)
    finally:
        sys.setprofile(before)
    return count


HOSTILE: Final = (
    *("1", "1 ", "1111 ", "code ", "code 1111 ", "code is 1111 ", "1111 code ", "order: 1111 ", "code a: 1111 ", "("),
    *("0-", "1,", "A1-", "*1", "a@", "a.", "@a #1111\n", "1111\n", "use 1111 to verify. ", "\n", "x"),
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_steps_grow_with_the_text_and_then_no_more(piece: str) -> None:
    short, long, longest = (
        steps((piece * size)[:size] + " x 42") for size in (MAX_SEARCH_LENGTH // 4, MAX_SEARCH_LENGTH, 1_000_000)
    )
    assert long <= 6 * short + 2_000
    assert longest <= long + 2_000
