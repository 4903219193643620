"""Differences between an expected and an actual text: which characters to mark."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Final, Generic, NamedTuple, TypeVar

from pydantic import Field

from mocksms.schemas.responses import ResponseModel
from mocksms.sms.numbers import SEPARATORS

MAX_COMPARED: Final = 1_000
"""Characters from the first difference on that are compared: the time grows faster than their number."""

MAX_BY_CHARACTER: Final = 40
"""Characters of a differing part that are compared one by one; a longer part is marked as a whole."""

MIN_LIKENESS: Final = 0.5
"""How much two parts must have in common, from 0 to 1, for single characters to be marked."""

T = TypeVar("T", bound=Sequence[str])

_TOKEN: Final = re.compile(r"\w+|\s+|.", re.DOTALL)


class TextSpan(ResponseModel):
    """A part of a text, counted in Unicode code points. It is empty where only the other text has something."""

    start: int = Field(description="Index of its first character")
    end: int = Field(description="Index behind its last character")


class TextDifference(ResponseModel):
    """A part of the expected text, and what the actual text has in its place."""

    expected: TextSpan = Field(description="The part of what is expected")
    actual: TextSpan = Field(description="The part of what there is")


class _Pair(NamedTuple):
    """A span of the expected text and one of the actual text."""

    start: int
    end: int
    actual_start: int
    actual_end: int

    def moved(self, by: int, actual_by: int) -> _Pair:
        return _Pair(self.start + by, self.end + by, self.actual_start + actual_by, self.actual_end + actual_by)


class _Sides(NamedTuple, Generic[T]):
    """Two texts, or the words of two texts; a side goes on if more follows that is not compared."""

    expected: T
    actual: T
    expected_goes_on: bool
    actual_goes_on: bool

    def unequal(self) -> Iterator[_Pair]:
        """Iterate over the spans that differ, without more at the end of a text that goes on."""
        matcher = SequenceMatcher(None, self.expected, self.actual)
        for tag, start, end, actual_start, actual_end in matcher.get_opcodes():
            is_last = end == len(self.expected) and actual_end == len(self.actual)
            if is_last and self.actual_goes_on:
                actual_end = min(actual_end, actual_start + end - start)
            if is_last and self.expected_goes_on:
                end = min(end, start + actual_end - actual_start)
            if tag != "equal" and (end > start or actual_end > actual_start):
                yield _Pair(start, end, actual_start, actual_end)


def find_differences(expected: str, actual: str, differs_at: int | None, missing: str | None) -> list[TextDifference]:
    """Return which parts of two texts differ: words in long texts, characters in words and numbers that are alike.

    Args:
        expected: the whole expected text, or a part that the actual text should contain.
        actual: the actual text.
        differs_at: index in `actual` of the first difference, None if the texts are compared as a whole.
        missing: what is expected at that index: the rest of `expected`, or all of it if it is a number.
    """
    begin, start, is_part = _first_difference(expected, actual, differs_at, missing)
    one, other = expected[begin:], actual[start:]
    if not is_part:
        same = _common_end(one, other)
        same -= len(_word_start(one[len(one) - same :]))
        one, other = one[: len(one) - same], other[: len(other) - same]
    width = min(2 * len(one), MAX_COMPARED) if is_part else MAX_COMPARED
    texts = _Sides(one[:MAX_COMPARED], other[:width], len(one) > MAX_COMPARED, is_part or len(other) > width)
    return [
        TextDifference(
            expected=TextSpan(start=each.start, end=each.end),
            actual=TextSpan(start=each.actual_start, end=each.actual_end),
        )
        for pair in _by_word(texts)
        for each in (pair.moved(begin, start),)
    ]


def _first_difference(expected: str, actual: str, at: int | None, missing: str | None) -> tuple[int, int, bool]:
    """Return where the first word that differs begins, and whether what follows in the actual text is ignored."""
    if at is None or missing is None:
        begin = start = _common_start(expected, actual)
    elif missing == expected:  # a number: its digits count, and both may be written in different ways
        return _same_digit(expected, actual, at), at, False
    else:
        begin, start = len(expected) - len(missing), at
    back = min(begin, MAX_BY_CHARACTER)
    same = _common_end(expected[begin - back : begin], actual[max(0, start - back) : start])
    back = len(_word_start(expected[begin - same : begin][::-1]))
    return begin - back, start - back, at is not None


def _same_digit(expected: str, actual: str, at: int) -> int:
    """Return the index in an expected number of the digit at an index of the actual one, both counted from the end."""
    left = sum(ord(each) not in SEPARATORS for each in actual[at:])
    places = [index for index, each in enumerate(expected) if ord(each) not in SEPARATORS]
    return places[-left] if 0 < left <= len(places) else 0


def _by_word(texts: _Sides[str]) -> Iterator[_Pair]:
    words, actual_words = (_TOKEN.findall(text) for text in (texts.expected, texts.actual))
    places, actual_places = _places(words), _places(actual_words)
    pairs = _Sides(words, actual_words, texts.expected_goes_on, texts.actual_goes_on).unequal()
    for pair in _joined(pairs, words):
        start, actual_start = places[pair.start], actual_places[pair.actual_start]
        part = _Sides(
            texts.expected[start : places[pair.end]],
            texts.actual[actual_start : actual_places[pair.actual_end]],
            texts.expected_goes_on and pair.end == len(words),
            texts.actual_goes_on and pair.end == len(words),
        )
        yield from (each.moved(start, actual_start) for each in _by_character(part))


def _places(words: Sequence[str]) -> list[int]:
    """Return where each word starts, and where the last one ends."""
    places = [0]
    for word in words:
        places.append(places[-1] + len(word))
    return places


def _joined(pairs: Iterator[_Pair], words: Sequence[str]) -> Iterator[_Pair]:
    """Join differences that have only spaces between them."""
    last: _Pair | None = None
    for pair in pairs:
        if last is not None and not "".join(words[last.end : pair.start]).strip():
            last = _Pair(last.start, pair.end, last.actual_start, pair.actual_end)
            continue
        if last is not None:
            yield last
        last = pair
    if last is not None:
        yield last


def _by_character(texts: _Sides[str]) -> Iterator[_Pair]:
    """Iterate over the differing characters of two differing parts, or return them whole if they are not alike."""
    longest = max(len(texts.expected), len(texts.actual))
    if longest > MAX_BY_CHARACTER:
        yield _without_common_ends(texts.expected, texts.actual)
        return
    matcher = SequenceMatcher(None, texts.expected, texts.actual)
    if sum(block.size for block in matcher.get_matching_blocks()) < MIN_LIKENESS * longest:
        yield _Pair(0, len(texts.expected), 0, len(texts.actual))
        return
    yield from texts.unequal()


def _without_common_ends(one: str, other: str) -> _Pair:
    start = _common_start(one, other)
    length = _common_end(one[start:], other[start:])
    return _Pair(start, len(one) - length, start, len(other) - length)


def _common_start(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _common_end(one: str, other: str) -> int:
    return _common_start(one[::-1], other[::-1])


def _word_start(text: str) -> str:
    """Return the letters and digits at the start of a text, up to a limit."""
    return "".join(takewhile(lambda each: each.isalnum(), text[:MAX_BY_CHARACTER]))
