"""One-time codes in texts: found by their format; nearby words decide which one comes first."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MAX_WORD_DISTANCE: Final = 40
"""Maximum of characters between a code and the word that announces it."""

_FORMS: Final = re.compile(
    r"""(?<![\w*#+-])(?:
        (?P<prefixed> [A-Z]-[0-9]{4,8})
      | (?P<grouped> [0-9]{3}[ -][0-9]{3} | [0-9]{4}[ -][0-9]{4} | [A-Z0-9]{4}-[A-Z0-9]{4} | [A-Z0-9]{3}-[A-Z0-9]{3})
      | (?P<plain> [0-9]{4,8} | (?=[A-Z]*[0-9])[A-Z0-9]{4,8} | (?=[a-z]*[0-9])[a-z0-9]{4,8})
    )(?![\w-]|[.,:/][0-9])""",
    re.VERBOSE | re.ASCII,
)

_OTHER_NUMBERS: Final = re.compile(
    r"""(?:https?://|www\.)\S+
      | (?:\+|\b0|\b972|\b1-)[0-9() -]{7,30}[0-9]
      | \*[0-9]+
      | (?:[₪$€£]|\b(?:NIS|ILS|USD|EUR))[ ]?[0-9][0-9.,]*
      | (?<![0-9.,])[0-9][0-9.,]*+[ ]?(?:[₪$€£]|(?:NIS|ILS|USD|EUR)\b|ש["״]?ח|שקל)
      | \b[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}\b
      | \b[0-9]{1,2}:[0-9]{2}\b""",
    re.VERBOSE,
)
"""Links, phone numbers, money, dates and times: digits inside them are not codes."""

_ANNOUNCING: Final = re.compile(
    r"\b(?:(?:pass)?codes?|otp|pin|passwords?|verification|one-time|[בהוכלמש]{0,3}(?:קוד|סיסמ[הא]|אימות)\w*)\b",
    re.IGNORECASE,
)

_EXPLAINING: Final = re.compile(
    r"\b(?:orders?|parcel|package|tracking|invoice|account|card|ticket|reference|ref|total|sum|call|phone|room|flight"
    r"|[בהוכלמש]{0,3}(?:הזמנה|הזמנת|חבילה|משלוח|חשבונית|חשבון|כרטיס|סכום|טלפון|חייג\w*|התקשר\w*))\b",
    re.IGNORECASE,
)
"""Words before numbers that are not codes."""

_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")
_SENTENCE_END: Final = re.compile(r"[.!?](?:\s|$)")

_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Code:
    """A possible one-time code: as typed, its place in the text, and whether a word near it announces a code."""

    code: str
    index: int
    length: int
    announced: bool


def find_codes(text: str) -> list[Code]:
    """Return the one-time codes of a text, the best candidate first.

    First come those announced by a word such as "code", the nearest to it first, then other numbers. Order totals,
    order and phone numbers, dates and digits inside links are excluded.
    """
    others = _spans(_OTHER_NUMBERS, text)
    candidates = [found for found in _FORMS.finditer(text) if not _touches(found.span(), others)]
    announcing = _spans(_ANNOUNCING, text)
    explained = _explained(text, sorted([*others, *announcing, *(found.span() for found in candidates)]))
    ranked: list[tuple[bool, int, Code]] = []
    for found in candidates:
        if found.span() in explained:
            continue
        distance = _distance(text, found.span(), announcing)
        code = _code(found, distance is not None)
        if distance is not None:
            ranked.append((False, distance, code))
        elif not found[0].islower() and not _YEAR.fullmatch(found[0]):
            ranked.append((True, found.start(), code))
    return [code for *_, code in sorted(ranked, key=lambda each: (*each[:2], each[2].index))]


def _code(found: re.Match[str], announced: bool) -> Code:
    written = found[0][2:] if found["prefixed"] else found[0].replace(" ", "").replace("-", "")
    return Code(written, found.start(), len(found[0]), announced)


def _spans(pattern: re.Pattern[str], text: str) -> list[_Span]:
    return [found.span() for found in pattern.finditer(text)]


def _touches(span: _Span, others: Sequence[_Span]) -> bool:
    after = bisect_left(others, (span[1], 0))
    return after > 0 and others[after - 1][1] > span[0]


def _explained(text: str, spans: Sequence[_Span]) -> set[_Span]:
    """Return the spans that directly follow a word which excludes them."""
    explained: set[_Span] = set()
    for _, end in _spans(_EXPLAINING, text):
        after = bisect_left(spans, (end, 0))
        if after < len(spans) and _in_one_sentence(text, end, spans[after][0], MAX_WORD_DISTANCE // 2):
            explained.add(spans[after])
    return explained


def _distance(text: str, span: _Span, words: Sequence[_Span]) -> int | None:
    """Return the distance to the nearest of some words in the same sentence, None if none is near."""
    after = bisect_left(words, span)
    distances: list[int] = []
    for start, end in words[max(0, after - 1) : after + 1]:
        left, right = (end, span[0]) if end <= span[0] else (span[1], start)
        if _in_one_sentence(text, left, right, MAX_WORD_DISTANCE):
            distances.append(right - left)
    return min(distances, default=None)


def _in_one_sentence(text: str, left: int, right: int, limit: int) -> bool:
    return 0 <= right - left <= limit and not _SENTENCE_END.search(text, left, right)
