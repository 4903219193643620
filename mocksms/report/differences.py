"""Differences between what a test expects and what it got, with the differing characters marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Final, NamedTuple

from mocksms.report.html import Html, element, join
from mocksms.schemas.explanations import Comparison
from mocksms.sms.numbers import SEPARATORS

MAX_COMPARED: Final = 500
"""Characters of a text that are compared one by one: the time grows with their square."""

MAX_AROUND: Final = 200
"""Characters before the first and after the last difference that are shown."""

MIN_LIKENESS: Final = 0.5
"""How much two texts must have in common, from 0 to 1, for single characters to be marked."""

Span = tuple[int, int]
"""Where a differing part of a text begins and ends. It is empty where only the other text has something."""


class Marked(NamedTuple):
    """Both sides of a comparison."""

    expected: Html
    actual: Html


def mark_difference(comparison: Comparison) -> Marked:
    """Return both sides of a comparison that does not match."""
    expected, actual = comparison.expected, comparison.actual
    at, missing = comparison.differs_at, comparison.missing
    if at is None or missing is None:
        begin = start = _common_start(expected, actual)
        is_part = False
    elif missing == expected:  # a number: its digits count, and both may be written in different ways
        begin, start, is_part = _same_digit(expected, actual, at), at, False
    else:
        begin, start, is_part = len(expected) - len(missing), at, True
    pairs = [*_differing(expected[begin:], actual[start:], is_part=is_part)]
    return Marked(
        _mark(expected, [(begin + first, begin + end) for (first, end), _ in pairs]),
        _mark(actual, [(start + first, start + end) for _, (first, end) in pairs]),
    )


def _common_start(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _same_digit(expected: str, actual: str, at: int) -> int:
    """Return the index in an expected number of the digit at an index of the actual one, both counted from the end."""
    left = sum(ord(each) not in SEPARATORS for each in actual[at:])
    places = [index for index, each in enumerate(expected) if ord(each) not in SEPARATORS]
    return places[-left] if 0 < left <= len(places) else 0


def _differing(expected: str, actual: str, *, is_part: bool) -> Iterator[tuple[Span, Span]]:
    """Iterate over the spans in which two texts differ. With `is_part` what follows in the actual one is ignored."""
    expected = expected[:MAX_COMPARED]
    actual = actual[: 2 * len(expected) if is_part else MAX_COMPARED]
    matcher = SequenceMatcher(None, expected, actual, autojunk=False)
    common = sum(block.size for block in matcher.get_matching_blocks())
    length, other_length = len(expected), len(actual)
    if common < MIN_LIKENESS * (length if is_part else max(length, other_length)):
        yield (0, length), (0, min(length, other_length) if is_part else other_length)
        return
    for tag, first, end, other_first, other_end in matcher.get_opcodes():
        if is_part and end == length and other_end == other_length:
            other_end = min(other_end, other_first + end - first)
        if tag != "equal" and (end > first or other_end > other_first):
            yield (first, end), (other_first, other_end)


def _mark(text: str, spans: Iterable[Span]) -> Html:
    """Return a text with its differing spans marked, cut where it is long."""
    parts: list[Html | str] = []
    end = 0
    for first, last in spans:
        before = text[end:first]
        parts.append(f"…{before[-MAX_AROUND:]}" if not parts and len(before) > MAX_AROUND else before)
        parts.append(element("mark", text[first:last], class_=None if last > first else "gap"))
        end = last
    after = text[end:]
    return join([*parts, f"{after[:MAX_AROUND]}…" if len(after) > MAX_AROUND else after])
