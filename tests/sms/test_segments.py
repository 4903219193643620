from __future__ import annotations

import gsm0338
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.sms.segments import (
    GSM_BASIC,
    GSM_EXTENSION,
    Encoding,
    ForcedBy,
    Segments,
    count_segments,
    split_segments,
    utf16_length,
)

CODEC = gsm0338.Codec()
ESCAPE = "\x1b"


@pytest.mark.ledger("credit.segments")
@pytest.mark.parametrize(
    ("text", "encoding", "count", "units"),
    [
        pytest.param("", Encoding.GSM7, 1, 0, id="nothing"),
        pytest.param("a" * 160, Encoding.GSM7, 1, 160, id="160 fit in one"),
        pytest.param("a" * 161, Encoding.GSM7, 2, 161, id="161 take two"),
        pytest.param("a" * 306, Encoding.GSM7, 2, 306, id="306 fit in two"),
        pytest.param("a" * 307, Encoding.GSM7, 3, 307, id="307 take three"),
        pytest.param("ש" * 70, Encoding.UCS2, 1, 70, id="70 Hebrew fit in one"),
        pytest.param("ש" * 71, Encoding.UCS2, 2, 71, id="71 Hebrew take two"),
        pytest.param("ש" * 134, Encoding.UCS2, 2, 134, id="134 Hebrew fit in two"),
        pytest.param("ש" * 135, Encoding.UCS2, 3, 135, id="135 Hebrew take three"),
        pytest.param("€" * 80, Encoding.GSM7, 1, 160, id="80 of the extension fit in one"),
        pytest.param("€" * 80 + "a", Encoding.GSM7, 2, 161, id="80 of the extension and one more take two"),
        pytest.param("😀" * 35, Encoding.UCS2, 1, 70, id="35 emoji fit in one"),
        pytest.param("😀" * 35 + "a", Encoding.UCS2, 2, 71, id="35 emoji and one more take two"),
    ],
)
def test_text_has_the_published_number_of_segments(text: str, encoding: Encoding, count: int, units: int) -> None:
    counted = count_segments(text)
    assert (counted.encoding, counted.count, counted.units) == (encoding, count, units)


@pytest.mark.ledger("credit.segments")
def test_extension_character_counts_two_in_gsm_but_one_in_ucs2() -> None:
    for character in GSM_EXTENSION:
        assert count_segments(character) == Segments(Encoding.GSM7, 1, 2)
        assert count_segments(character + "ש").units == 2


def test_carriage_return_and_line_feed_count_one_more_than_a_line_feed() -> None:
    assert count_segments("a\r\nb").units == count_segments("a\nb").units + 1


@pytest.mark.ledger("credit.segments")
@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("a" * 152 + "€" + "a" * 152, 3, id="an escape pair on a boundary moves on"),
        pytest.param("a" * 151 + "€" + "a" * 153, 2, id="an escape pair before a boundary stays"),
        pytest.param("a" * 152 + "€" + "a" * 151, 2, id="a pair that moved leaves space for 151"),
        pytest.param("ש" * 66 + "😀" + "ש" * 66, 3, id="a surrogate pair on a boundary moves on"),
        pytest.param("ש" * 65 + "😀" + "ש" * 67, 2, id="a surrogate pair before a boundary stays"),
        pytest.param("ש" * 66 + "😀" + "ש" * 65, 2, id="a surrogate pair that moved leaves space for 65"),
    ],
)
def test_pair_is_never_split_between_segments(text: str, count: int) -> None:
    assert count_segments(text).count == count


def test_escape_code_in_a_ucs2_text_opens_no_pair() -> None:
    assert count_segments("ש" * 66 + ESCAPE + "ש" * 67).count == 2


@pytest.mark.parametrize(
    ("text", "forced_by"),
    [
        pytest.param("plain €", None, id="nothing forces"),
        pytest.param("שלום", ForcedBy("ש", 0), id="the very first"),
        pytest.param("a{€}– b ש", ForcedBy("–", 4), id="the first of two"),
        pytest.param("ok 😀", ForcedBy("😀", 3), id="a character beyond the BMP is whole"),
        pytest.param("😀ש"[::-1], ForcedBy("ש", 0), id="index counts characters"),
        pytest.param("a" + ESCAPE, ForcedBy(ESCAPE, 1), id="the escape code itself"),
    ],
)
def test_forced_by_names_the_first_character_outside_gsm(text: str, forced_by: ForcedBy | None) -> None:
    counted = count_segments(text)
    assert counted.forced_by == forced_by
    assert (counted.encoding is Encoding.UCS2) is (forced_by is not None)


@pytest.mark.parametrize(("text", "length"), [("", 0), ("aש–", 3), ("a😀b", 4), ("\ud83d", 1)])
def test_length_in_utf16_counts_code_units(text: str, length: int) -> None:
    assert utf16_length(text) == length


def test_lone_surrogate_is_one_unit() -> None:
    assert count_segments("\ud83d").units == 1
    assert count_segments("\ud83d😀").units == 3


def test_alphabet_has_the_127_characters_and_the_extension_ten() -> None:
    assert len(set(GSM_BASIC)) == len(GSM_BASIC) == 127
    assert len(set(GSM_EXTENSION)) == len(GSM_EXTENSION) == 10


@given(st.characters(exclude_characters=ESCAPE))
def test_alphabet_agrees_with_the_codec(character: str) -> None:
    septets = _septets(character)
    counted = count_segments(character)
    assert (counted.units if counted.encoding is Encoding.GSM7 else None) == septets


def test_every_character_of_the_alphabet_is_one_of_the_codec() -> None:
    assert {_septets(character) for character in GSM_BASIC} == {1}
    assert {_septets(character) for character in GSM_EXTENSION} == {2}


NEAR_A_BOUNDARY = st.builds(
    lambda before, middle, after: before + middle + after,
    st.builds(lambda character, times: character * times, st.sampled_from("aש"), st.integers(60, 160)),
    st.text("a€^שü😀\n\r" + ESCAPE, max_size=12),
    st.builds(lambda character, times: character * times, st.sampled_from("aש€😀"), st.integers(0, 170)),
)


@given(NEAR_A_BOUNDARY | st.text())
def test_segments_agree_with_filling_them_one_character_at_a_time(text: str) -> None:
    assert count_segments(text).count == _naive_count(text)


@given(NEAR_A_BOUNDARY | st.text())
def test_parts_make_up_the_text_and_each_is_full(text: str) -> None:
    parts = split_segments(text)
    assert "".join(parts) == text
    assert len(parts) == count_segments(text).count
    in_gsm = count_segments(text).encoding is Encoding.GSM7
    sizes = [sum((_septets(each) or 0) if in_gsm else 1 + (ord(each) > 0xFFFF) for each in part) for part in parts]
    each = 153 if in_gsm else 67
    assert len(parts) == 1 or all(each - 1 <= size <= each for size in sizes[:-1])


def _septets(character: str) -> int | None:
    try:
        encoded, _ = CODEC.encode(character)
    except UnicodeEncodeError:
        return None
    return len(encoded)


def _naive_count(text: str) -> int:
    in_gsm = all(character != ESCAPE and _septets(character) for character in text)
    alone, each = (160, 153) if in_gsm else (70, 67)
    sizes = [(_septets(character) or 0) if in_gsm else 1 + (ord(character) > 0xFFFF) for character in text]
    if sum(sizes) <= alone:
        return 1
    count, left = 1, each
    for size in sizes:
        if size > left:
            count, left = count + 1, each
        left -= size
    return count
