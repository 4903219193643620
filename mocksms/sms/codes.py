"""One-time codes in texts: numbers with the form of a code, ranked by what the text says about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from mocksms.sms.code_context import MAX_CALLED_WORDS, MAX_LINKED_WORDS, YEAR_LENGTH, CodeContext, bare_code
from mocksms.sms.code_parts import MAX_SEARCH_LENGTH, Part, split
from mocksms.sms.code_words import (
    ANNOUNCING,
    BREAKS,
    THIS,
    TRANSPARENT,
    VERBS,
    WITH,
    Kind,
)

ORIGIN: Final = 100
ADJACENT: Final = 80
CALLED: Final = 70
LINKED: Final = 60
DASHED: Final = 50
INSTRUCTED: Final = 45
TYPED: Final = 44
ALONE: Final = 40
NAMED: Final = 35
FOR_PURPOSE: Final = 25
LONE: Final = 25
SOLE: Final = 15
THRESHOLD: Final = 10
"""Points of a number by what announces it, less one for each word between, and the points that a code needs."""

LETTERS: Final = -30
YEAR_POINTS: Final = -35
STATE: Final = -40
SMALL_LETTERS: Final = -45
PAIRS_POINTS: Final = -24
PROMO_POINTS: Final = -100
"""Points off: numbers of these forms, and numbers after words of a state, are seldom codes."""

MAX_UNKNOWN_WORDS: Final = 2
"""Of the words between, if nothing links them, those that say nothing; twice as many before the end of a sentence."""

MAX_NAME_WORDS: Final = 4
"""Words of a name before a code that is alone in its line or sentence: "Acme Bank: 481516"."""

MAX_SENTENCES: Final = 2
"""Distance from there to a sentence that speaks of a code."""

MAX_KNOWN_TEXTS: Final = 10_000
"""Texts of which it is kept whether they have a code: to find that out takes most of the time of a search."""

_NAMES: Final = frozenset({Kind.PURPOSE, Kind.LABEL, Kind.NUMBER})
_SEPARATE: Final = frozenset({Kind.LINK, Kind.LIST, Kind.CANDIDATE})
_STATES: Final = frozenset({Kind.STATE, Kind.VALIDITY})
_DASHES: Final = frozenset(("-", "–", "—", ">", "->"))

_PAIRS: Final = re.compile(r"[0-9]{2}(?:[- \u2010-\u2013][0-9]{2}){1,3}|[0-9]{3} [0-9]{4}|[0-9]{4} [0-9]{3}")
_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")
_PROMO: Final = re.compile(r"[A-Za-z]{3,}[0-9]*")
_PROMO_YEAR: Final = re.compile(r"[A-Za-z]{2,}(?:20)?[0-9]{2}")
_PROMO_LETTERS: Final = 4


@dataclass(frozen=True, slots=True)
class Code:
    """A possible one-time code: as typed into a form, its place in the text, and whether the text calls it a code."""

    code: str
    index: int
    length: int
    announced: bool


def find_codes(text: str) -> tuple[Code, ...]:
    """Return the one-time codes of a text, the best first, each once.

    Each number with the form of a code gets points for what the text says about it. Those with too few are left out:
    no code is better than a wrong one. Of a long text the first `MAX_SEARCH_LENGTH` characters are searched.
    """
    return _find_codes(text[: MAX_SEARCH_LENGTH + 1])


def has_code(text: str) -> bool:
    """Whether a text has a one-time code. It may take 10 ms, since the text is searched as by `find_codes`."""
    return _has_code(text[: MAX_SEARCH_LENGTH + 1])


@lru_cache(MAX_KNOWN_TEXTS)
def _has_code(text: str) -> bool:
    return bool(_find_codes(text))


@lru_cache(maxsize=256)
def _find_codes(text: str) -> tuple[Code, ...]:
    """Return the codes of a text. Cached, since it is read often and goes to many recipients."""
    return tuple(_Ranking(CodeContext(tuple(split(text)))).codes())


class _Ranking:
    """The points of each number of a text."""

    def __init__(self, text: CodeContext) -> None:
        self._text = text
        self._used: set[int] = set()
        """The places of words that announce the number after them, and so none before them."""

    def codes(self) -> list[Code]:
        """Return the plausible codes, the best first, each once."""
        # All words that announce what follows them are known before one may announce what precedes it.
        before: dict[int, int] = {}
        for place in self._text.numbers:
            before[place] = self._listed(place, before) or self._before(place)
        ranked: list[tuple[int, Code]] = []
        for place in self._text.numbers:
            part = self._text.parts[place]
            announced = max(before[place], self._called(place), self._alone(place))
            points = max(announced, self._instructed(place), self._sole(place)) + self._off(part)
            if points >= THRESHOLD:
                code = Code(bare_code(part.text), part.start, len(part.text), announced > 0)
                ranked.append((points, code))
        codes: dict[str, Code] = {}
        for _, code in sorted(ranked, key=lambda each: (-each[0], each[1].index)):
            codes.setdefault(code.code, code)
        return [*codes.values()]

    def _listed(self, place: int, before: Mapping[int, int]) -> int:
        """Return the points for a number after another in a list: "codes: 1111, 2222"."""
        other = place - 2
        is_listed = self._text.kind(place - 1) is Kind.LIST and before.get(other)
        return before[other] - 1 if is_listed and len(self._text.word(other)) == len(self._text.word(place)) else 0

    def _before(self, place: int) -> int:
        """Return the points for a word that announces the number after it."""
        left = self._text.skip(place - 1, -1)
        if self._text.kind(left) is Kind.ORIGIN:
            return ORIGIN
        if self._text.word(left) == "," == self._text.word(place + 1) and self._text.kind(left - 1) in ANNOUNCING:
            left -= 1  # "your code, 481516, at the counter"
        article = self._text.skip(left, -1, TRANSPARENT | {Kind.OWNER})
        left = article if self._text.kind(article) is Kind.LINK else left
        if self._text.kind(left) is Kind.LINE_END and self._text.kind(left - 1) is Kind.LINK:
            left -= 1
        start = self._text.skip(left, -1, TRANSPARENT | {Kind.LINK, Kind.NUMBER})
        link = self._text.word(left) if start != left else ""
        between: list[Kind] = []
        for i in range(start, -1, -1):
            kind = self._text.kind(i)
            if kind in ANNOUNCING and i not in self._used:
                if not between or (link and link not in _DASHES):
                    self._used.add(i)
                # Brackets belong to the word before: "the item (48151)".
                is_in_brackets = self._text.word(place - 1) == "("
                return 0 if between and not link and is_in_brackets else self._points(between, link, place)
            if kind in ANNOUNCING | BREAKS or len(between) > MAX_LINKED_WORDS:
                break
            if kind not in TRANSPARENT:
                between.append(Kind.OTHER if i in self._text.others else kind)
        return 0

    def _points(self, between: list[Kind], link: str, place: int) -> int:
        """Return the points of a number for what is between it and the word that announces it."""
        if {*between} <= {Kind.PURPOSE, Kind.OWNER}:
            return ADJACENT - len(between)
        if link:
            return (DASHED if link in _DASHES else LINKED) - len(between)
        most_unknown = MAX_UNKNOWN_WORDS * (1 + self._is_usual_end(place))
        if not _SEPARATE.isdisjoint(between) or between.count(Kind.WORD) > most_unknown:
            return 0
        return NAMED - len(between) + (0 if _STATES.isdisjoint(between) else STATE)

    def _is_usual_end(self, place: int) -> bool:
        is_last = self._text.kind(self._text.skip(place + 1, 1)) in BREAKS
        return is_last and self._text.is_usual(place)

    def _called(self, place: int) -> int:
        """Return the points for a word that calls the number before it a code: "481516 is your code"."""
        start = self._text.skip(place + 1, 1)
        is_in_brackets = self._text.word(place + 1) == "(" and self._text.kind(self._text.skip(place - 1, -1)) in BREAKS
        is_called = self._text.kind(start) in ANNOUNCING | {Kind.LINK, Kind.OWNER} or self._text.word(start) == "as"
        if not (is_called or is_in_brackets):
            return 0
        for i in range(start, start + MAX_CALLED_WORDS):
            kind = self._text.kind(i)
            if kind in ANNOUNCING:
                return 0 if i in self._used else CALLED - (i - start)
            is_next_part = kind is Kind.LIST and (self._text.word(i) in ",;" or self._text.kind(i + 1) is Kind.OWNER)
            if kind in BREAKS or kind is Kind.CANDIDATE or is_next_part:
                break
        return 0

    def _alone(self, place: int) -> int:
        """Return the points for a number that is alone in its line or sentence, near one that speaks of a code."""
        left = self._text.skip(place - 1, -1)
        if self._text.kind(left) is Kind.LINK:
            start = self._text.skip(left - 1, -1, {Kind.WORD, Kind.OWNER, Kind.QUOTE})
            left = start if 0 < left - start - 1 <= MAX_NAME_WORDS else left
        if not {self._text.kind(left), self._text.kind(self._text.skip(place + 1, 1))} <= BREAKS:
            return 0
        here = self._text.sentences[place]
        is_near = any(
            abs(self._text.sentences[i] - here) <= MAX_SENTENCES for i in self._text.announcing if i not in self._used
        )
        return ALONE if is_near else 0

    def _instructed(self, place: int) -> int:
        """Return the points for a text that says what to do with a number, or is nothing but the number."""
        if not self._text.is_prose:
            return LONE
        here, is_usual = self._text.sentences[place], self._text.is_usual(place)
        has_purpose = here in self._text.purposes
        left = self._text.skip(place - 1, -1, TRANSPARENT | {Kind.LINK})
        is_with = self._text.word(left) in WITH
        if self._text.kind(left - is_with) in VERBS:
            if has_purpose:
                return INSTRUCTED
            return TYPED if self._text.is_typed(place) else FOR_PURPOSE * is_usual
        if self._text.is_typed(place):
            return TYPED
        right = self._text.skip(place + 1, 1, TRANSPARENT | BREAKS | {Kind.LINK})
        if self._text.kind(right) in VERBS and self._text.word(right + 1) in THIS:
            is_instruction = self._text.kind(right) is Kind.INPUT or self._text.sentences[right] in self._text.purposes
            return INSTRUCTED if is_instruction else 0
        is_login = self._text.kind(place - 1) is Kind.LINK and here in self._text.logins
        if Kind.PURPOSE in (after := self._text.said_after(place)) and Kind.LABEL not in after:
            return FOR_PURPOSE
        starts_with_purpose = self._text.kind(self._text.skip(place - 1, -1)) in BREAKS and self._is_for_purpose(
            place + 1
        )
        if is_with and has_purpose:
            return INSTRUCTED
        is_for_purpose = is_usual and (is_login or starts_with_purpose)
        return FOR_PURPOSE if is_for_purpose else 0

    def _sole(self, place: int) -> int:
        """Return the points for the only number of a text that speaks of what codes are for."""
        left = self._text.skip(place - 1, -1)
        is_linked = self._text.kind(left) is Kind.LINK and self._text.sentences[place] in self._text.purposes
        is_long = is_linked and (len(self._text.parts[place].text) > YEAR_LENGTH or self._text.word(left) == ":")
        is_sole = len(self._text.numbers) == 1 and (self._text.types_this or is_long or self._text.is_usual(place))
        name = self._text.kind(self._text.skip(place - 1, -1, TRANSPARENT | {Kind.LINK, Kind.OWNER}))
        is_plain = name not in _NAMES and Kind.LABEL not in self._text.said_after(place)
        is_near = any(abs(self._text.sentences[place] - sentence) <= 1 for sentence in self._text.purposes)
        return SOLE if is_sole and is_plain and is_near else 0

    def _is_for_purpose(self, place: int) -> bool:
        """Whether a purpose comes here: "to log in"."""
        return self._text.kind(place + (self._text.word(place) == "to")) is Kind.PURPOSE

    def _off(self, part: Part) -> int:
        """Return the points off for the form of a number."""
        is_promo = self._text.discounts or part.text[:_PROMO_LETTERS].isalpha() or _PROMO_YEAR.fullmatch(part.text)
        if is_promo and _PROMO.fullmatch(part.text):
            return PROMO_POINTS
        if _YEAR.fullmatch(part.text):
            return YEAR_POINTS
        if _PAIRS.fullmatch(part.text):
            return PAIRS_POINTS
        if not any(map(str.isalpha, part.text)):
            return 0
        return LETTERS if part.text.isupper() else SMALL_LETTERS
