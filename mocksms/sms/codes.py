"""One-time codes in texts: numbers with the form of a code, ranked by what the text says about them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from mocksms.sms.code_parts import MAX_SEARCH_LENGTH, Part, split
from mocksms.sms.code_words import (
    ANNOUNCING,
    CODE_NUMBERS,
    DIGITS,
    LAST,
    CLAUSE_ENDS,
    DEFINITE_PREFIXES,
    HANDOVER,
    LOGINS,
    OTHER_CODES,
    OTHER_IF_NAMED,
    PHONES,
    PLACES,
    THIS,
    VERBS,
    WITH,
    Kind,
    plain_word,
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
YEAR: Final = -35
STATE: Final = -40
SMALL_LETTERS: Final = -45
PAIRS: Final = -24
PROMO: Final = -100
"""Points off: numbers of these forms, and numbers after words of a state, are seldom codes."""

MAX_LINKED_WORDS: Final = 45
"""Words between a word that announces a code and "is" or a colon before the code."""
MAX_UNKNOWN_WORDS: Final = 2
"""Of the words between, if nothing links them, those that say nothing; twice as many before the end of a sentence."""
MAX_TYPED_WORDS: Final = 5
"""Words between "enter" and the number to enter: "enter on the screen this number"."""
MAX_CALLED_WORDS: Final = 12
"""Words between a number and a word after it that calls it a code."""
MAX_NAME_WORDS: Final = 4
"""Words of a name before a code that is alone in its line or sentence: "Acme Bank: 481516"."""
MAX_SENDER_WORDS: Final = 2
"""Words of a name in a text that has nothing else than the code."""
YEAR_LENGTH: Final = 4
"""Digits of numbers that are often prices and years."""
MAX_SENTENCES: Final = 2
"""Distance from there to a sentence that speaks of a code."""
USUAL_LENGTH: Final = 6
"""Digits of most codes."""

_TRANSPARENT: Final = frozenset({Kind.QUOTE, Kind.HASH})
_NUMBERS: Final = frozenset({Kind.CANDIDATE, Kind.OTHER})
_BREAKS: Final = frozenset({Kind.SENTENCE_END, Kind.LINE_END})
_NOT_PROSE: Final = frozenset({*_NUMBERS, *_TRANSPARENT, *_BREAKS, Kind.WORD, Kind.LINK})
_NAMES: Final = frozenset({Kind.PURPOSE, Kind.LABEL, Kind.NUMBER})
_SEPARATE: Final = frozenset({Kind.LINK, Kind.LIST, Kind.CANDIDATE})
_STATES: Final = frozenset({Kind.STATE, Kind.VALIDITY})
_TYPED_WORDS: Final = frozenset({Kind.WORD, Kind.OWNER, Kind.NUMBER, Kind.LINK, Kind.PURPOSE, Kind.PREPOSITION})
_DASHES: Final = frozenset(("-", "–", "—", ">", "->"))

_PAIRS: Final = re.compile(r"[0-9]{2}(?:[- \u2010-\u2013][0-9]{2}){1,3}")
_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")
_PROMO: Final = re.compile(r"[A-Za-z]{3,}[0-9]*")
_PROMO_LETTERS: Final = 4
_NOT_IN_CODE: Final = re.compile(r"[\W_]+")


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


@lru_cache(maxsize=256)
def _find_codes(text: str) -> tuple[Code, ...]:
    """Return the codes of a text. Cached, since it is read often and goes to many recipients."""
    return tuple(_Ranking(tuple(split(text))).codes())


class _Ranking:
    """The points of each number of a text."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._parts = parts
        self._used: set[int] = set()
        """The places of words that announce the number after them, and so none before them."""
        self._sentences = self._numbered_sentences()
        self._discounts = self._sentences_with({Kind.DISCOUNT}) - self._sentences_with({Kind.PURPOSE})
        kinds = [self._kind_in_place(i) for i in range(len(parts))]
        self._parts = tuple(replace(part, kind=kind) for part, kind in zip(parts, kinds, strict=True))
        self._announcing = [i for i, kind in enumerate(kinds) if kind in ANNOUNCING]
        self._candidates = [i for i, kind in enumerate(kinds) if kind is Kind.CANDIDATE]
        self._types_this = any(self._kind(i) is Kind.INPUT and self._word(i + 1) in THIS for i in range(len(parts)))
        self._others = {i for i in self._candidates if self._has_unit(i) or self._has_name(i)}
        self._purposes = self._sentences_with({Kind.PURPOSE, *ANNOUNCING})
        self._logins = {self._sentences[i] for i, part in enumerate(parts) if plain_word(part.text) in LOGINS}
        self._is_prose = not self._is_number_with_name(kinds)

    def codes(self) -> list[Code]:
        """Return the plausible codes, the best first, each once."""
        numbers = [i for i in self._candidates if i not in self._others]
        # All words that announce what follows them are known before one may announce what precedes it.
        before: dict[int, int] = {}
        for place in numbers:
            before[place] = self._listed(place, before) or self._before(place)
        ranked: list[tuple[int, Code]] = []
        for place in numbers:
            part = self._parts[place]
            announced = max(before[place], self._called(place), self._alone(place))
            points = max(announced, self._instructed(place), self._sole(place, numbers)) + self._off(part)
            if points >= THRESHOLD:
                code = Code(_NOT_IN_CODE.sub("", part.text), part.start, len(part.text), announced > 0)
                ranked.append((points, code))
        codes: dict[str, Code] = {}
        for _, code in sorted(ranked, key=lambda each: (-each[0], each[1].index)):
            codes.setdefault(code.code, code)
        return [*codes.values()]

    def _numbered_sentences(self) -> list[int]:
        """Return the number of the sentence or line of each part; empty ones do not count."""
        number, numbers = 0, []
        for place, part in enumerate(self._parts):
            numbers.append(number)
            number += part.kind in _BREAKS and self._kind(place + 1) not in _BREAKS
        return numbers

    def _sentences_with(self, kinds: Collection[Kind]) -> set[int]:
        return {self._sentences[i] for i, part in enumerate(self._parts) if part.kind in kinds}

    def _kind_in_place(self, place: int) -> Kind:
        """Return what a word says beside its neighbours: "zip code" is a label, "PIN code" a one-time code."""
        kind, before, after = self._kind(place), self._kind(place - 1), self._kind(place + 1)
        if kind is Kind.NUMBER and self._is_code_number(place):
            return Kind.CODE
        if kind is not Kind.CODE:
            is_other = self._word(place) in OTHER_IF_NAMED and after is Kind.LABEL
            return Kind.WORD if is_other else kind
        places = (place - 1, place + 1, place - 2 if before is Kind.LABEL else place)
        if any(self._word(i).removeprefix("ה") in OTHER_CODES for i in places):
            return Kind.LABEL
        if self._word(place) == "token" and after is Kind.NUMBER:
            return Kind.LABEL
        if self._word(place + 1) == "of" and self._kind(place + 2) is not Kind.CANDIDATE:
            return Kind.WORD
        if Kind.SECRET in (before, after):
            return Kind.SECRET
        user = self._skip(place - 1, -1, {Kind.OWNER})
        is_used = self._kind(user) in VERBS or self._word(user) in WITH
        return Kind.WORD if is_used and self._sentences[place] in self._discounts else Kind.CODE

    def _is_code_number(self, place: int) -> bool:
        """Return whether a number is a code by its name: "sign-in number", "your magic digits:"."""
        if self._word(place) not in DIGITS:
            return plain_word(self._word(place - 1)) in CODE_NUMBERS
        near = {self._word(i) for i in range(place - 3, place + 3)}
        return self._kind(self._skip(place + 1, 1)) is Kind.LINK and LAST.isdisjoint(near)

    def _is_number_with_name(self, kinds: list[Kind]) -> bool:
        """Return whether a text is only a number, perhaps after a short name: "481516", "[Acme] 481516"."""
        period = {Kind.VALIDITY, Kind.UNIT} if any(map(self._is_usual, self._candidates)) else set()
        if len(self._candidates) > 1 or not set(kinds) <= _NOT_PROSE | period:
            return False
        names = [i for i, kind in enumerate(kinds) if kind is Kind.WORD]
        if not names or not self._candidates:
            return not names
        place = self._candidates[0]
        return len(names) <= MAX_SENDER_WORDS and names[-1] < place and len(self._parts[place].text) > YEAR_LENGTH

    def _kind(self, place: int) -> Kind:
        """Return the kind of a part; before and after the text there is the end of a line."""
        return self._parts[place].kind if 0 <= place < len(self._parts) else Kind.LINE_END

    def _word(self, place: int) -> str:
        return self._parts[place].text.lower() if 0 <= place < len(self._parts) else ""

    def _skip(self, place: int, step: int, kinds: Collection[Kind] = _TRANSPARENT) -> int:
        """Return the first place from here that is of none of these kinds, or lies outside the text."""
        while 0 <= place < len(self._parts) and self._kind(place) in kinds:
            place += step
        return place

    def _has_unit(self, place: int) -> bool:
        """Return whether a number counts something: what the words after it say."""
        after = self._skip(place + 1, 1)
        is_before_number = self._kind(after + 1) in _NUMBERS
        if self._kind(after) is Kind.CURRENCY:
            return not is_before_number
        return self._kind(after) is Kind.UNIT or (self._word(after) == "of" and is_before_number)

    def _has_name(self, place: int) -> bool:
        """Return whether the words before a number name it, price it or say that it is no code."""
        left = self._skip(place - 1, -1, {Kind.QUOTE})
        if self._kind(left) is Kind.CURRENCY:
            return self._kind(left - 1) not in _NUMBERS
        if self._kind(left) is Kind.HASH:
            before = self._kind(self._skip(left, -1))
            return before not in ANNOUNCING | _BREAKS | {Kind.LINK, Kind.ORIGIN}
        name = self._skip(left, -1, {Kind.LINK, Kind.OWNER, Kind.QUOTE})
        is_linked = self._kind(left) is Kind.LINK
        if is_linked and self._kind(name) is Kind.OTHER and len(self._word(name)) == 1:
            name -= 1  # "last 4: 4421"
        numbered = self._skip(name, -1, {Kind.NUMBER, Kind.HASH})
        if numbered != name:
            is_typed = self._kind(numbered) is not Kind.LABEL and (self._types_this or self._is_typed(place))
            return not (self._kind(numbered) in ANNOUNCING or is_typed)
        if self._kind(name) is not Kind.LABEL:
            is_clause = is_linked and self._word(name) in CLAUSE_ENDS and self._kind(name - 1) is not Kind.PREPOSITION
            return self._kind(name) in (Kind.PREPOSITION, Kind.VALIDITY) and not is_clause
        if not is_linked:
            return not (self._is_compound(name) or self._is_for_place(name, place))
        is_numbered = self._kind(name - 1) is Kind.NUMBER and plain_word(self._word(name)) not in PHONES
        return is_numbered or not self._is_announced_in_clause(name)

    def _is_compound(self, name: int) -> bool:
        """Return whether a label says which code it is, as Hebrew puts it: "code locker", "code pickup parcel"."""
        word = self._word(name)
        before = name - 1 - (self._kind(name - 1) is Kind.PURPOSE)
        return self._kind(before) in ANNOUNCING and plain_word(word) == word.removeprefix("ה") and not word.isascii()

    def _is_for_place(self, name: int, place: int) -> bool:
        """Return whether a label is what a code opens, as in Hebrew "code to-room 4821", and not a numbered one."""
        word = self._word(name)
        is_to_place = plain_word(word) in PLACES and word[0] in DEFINITE_PREFIXES
        return is_to_place and self._kind(self._skip(place + 1, 1)) in _BREAKS | {Kind.LIST}

    def _is_announced_in_clause(self, name: int) -> bool:
        """Return whether a code is announced before a label, and not in an earlier part of a list."""
        for i in range(name - 1, max(name - MAX_LINKED_WORDS, 0) - 1, -1):
            kind = self._kind(i)
            if kind in ANNOUNCING:
                return True
            if kind in _BREAKS or (kind is Kind.LIST and (i + 1 == name or self._kind(i + 1) is Kind.OWNER)):
                break
        return False

    def _listed(self, place: int, before: Mapping[int, int]) -> int:
        """Return the points for a number after another in a list: "codes: 1111, 2222"."""
        other = place - 2
        is_listed = self._kind(place - 1) is Kind.LIST and before.get(other)
        return before[other] - 1 if is_listed and len(self._word(other)) == len(self._word(place)) else 0

    def _before(self, place: int) -> int:
        """Return the points for a word that announces the number after it."""
        left = self._skip(place - 1, -1)
        if self._kind(left) is Kind.ORIGIN:
            return ORIGIN
        article = self._skip(left, -1, _TRANSPARENT | {Kind.OWNER})
        left = article if self._kind(article) is Kind.LINK else left
        if self._kind(left) is Kind.LINE_END and self._kind(left - 1) is Kind.LINK:
            left -= 1
        start = self._skip(left, -1, _TRANSPARENT | {Kind.LINK, Kind.NUMBER})
        link = self._word(left) if start != left else ""
        between: list[Kind] = []
        for i in range(start, -1, -1):
            kind = self._kind(i)
            if kind in ANNOUNCING and i not in self._used:
                if not between or (link and link not in _DASHES):
                    self._used.add(i)
                is_in_brackets = self._word(place - 1) == "("  # They belong to the word before: "the item (48151)".
                return 0 if between and not link and is_in_brackets else self._points(between, link, place)
            if kind in ANNOUNCING | _BREAKS or len(between) > MAX_LINKED_WORDS:
                break
            if kind not in _TRANSPARENT:
                between.append(Kind.OTHER if i in self._others else kind)
        return 0

    def _points(self, between: list[Kind], link: str, place: int) -> int:
        """Return the points of a number for what is between it and the word that announces it."""
        if not between:
            return ADJACENT
        if link:
            return (DASHED if link in _DASHES else LINKED) - len(between)
        most_unknown = MAX_UNKNOWN_WORDS * (1 + self._is_usual_end(place))
        if not _SEPARATE.isdisjoint(between) or between.count(Kind.WORD) > most_unknown:
            return 0
        return NAMED - len(between) + (0 if _STATES.isdisjoint(between) else STATE)

    def _is_usual(self, place: int) -> bool:
        return len(_NOT_IN_CODE.sub("", self._parts[place].text)) == USUAL_LENGTH

    def _is_usual_end(self, place: int) -> bool:
        is_last = self._kind(self._skip(place + 1, 1)) in _BREAKS
        return is_last and self._is_usual(place)

    def _called(self, place: int) -> int:
        """Return the points for a word that calls the number before it a code: "481516 is your code"."""
        start = self._skip(place + 1, 1)
        is_in_brackets = self._word(place + 1) == "(" and self._kind(self._skip(place - 1, -1)) in _BREAKS
        is_called = self._kind(start) in ANNOUNCING | {Kind.LINK, Kind.OWNER} or self._word(start) == "as"
        if not (is_called or is_in_brackets):
            return 0
        for i in range(start, start + MAX_CALLED_WORDS):
            kind = self._kind(i)
            if kind in ANNOUNCING:
                return 0 if i in self._used else CALLED - (i - start)
            is_next_part = kind is Kind.LIST and (self._word(i) in ",;" or self._kind(i + 1) is Kind.OWNER)
            if kind in _BREAKS or kind is Kind.CANDIDATE or is_next_part:
                break
        return 0

    def _alone(self, place: int) -> int:
        """Return the points for a number that is alone in its line or sentence, near one that speaks of a code."""
        left = self._skip(place - 1, -1)
        if self._kind(left) is Kind.LINK:
            start = self._skip(left - 1, -1, {Kind.WORD, Kind.OWNER, Kind.QUOTE})
            left = start if 0 < left - start - 1 <= MAX_NAME_WORDS else left
        if not {self._kind(left), self._kind(self._skip(place + 1, 1))} <= _BREAKS:
            return 0
        here = self._sentences[place]
        is_near = any(abs(self._sentences[i] - here) <= MAX_SENTENCES for i in self._announcing if i not in self._used)
        return ALONE if is_near else 0

    def _instructed(self, place: int) -> int:
        """Return the points for a text that says what to do with a number, or is nothing but the number."""
        if not self._is_prose:
            return LONE
        if self._is_typed(place):
            return TYPED
        here, is_usual = self._sentences[place], self._is_usual(place)
        has_purpose = here in self._purposes
        left = self._skip(place - 1, -1, _TRANSPARENT | {Kind.LINK})
        is_with = self._word(left) in WITH
        if self._kind(left - is_with) in VERBS:
            return INSTRUCTED if has_purpose else FOR_PURPOSE * is_usual
        right = self._skip(place + 1, 1, _TRANSPARENT | _BREAKS | {Kind.LINK})
        if self._kind(right) in VERBS and self._word(right + 1) in THIS:
            is_instruction = self._kind(right) is Kind.INPUT or self._sentences[right] in self._purposes
            return INSTRUCTED if is_instruction else 0
        is_login = self._kind(place - 1) is Kind.LINK and here in self._logins
        starts_with_purpose = self._kind(self._skip(place - 1, -1)) in _BREAKS and self._is_for_purpose(place + 1)
        if is_with and has_purpose:
            return INSTRUCTED
        is_for_purpose = is_usual and (is_login or starts_with_purpose)
        return FOR_PURPOSE if is_for_purpose else 0

    def _sole(self, place: int, numbers: list[int]) -> int:
        """Return the points for the only number of a text that speaks of what codes are for."""
        left = self._skip(place - 1, -1)
        is_linked = self._kind(left) is Kind.LINK and self._sentences[place] in self._purposes
        is_long = is_linked and len(self._parts[place].text) > YEAR_LENGTH
        is_sole = len(numbers) == 1 and (self._types_this or is_long or self._is_usual(place))
        name = self._kind(self._skip(place - 1, -1, _TRANSPARENT | {Kind.LINK, Kind.OWNER}))
        is_plain = name not in _NAMES and Kind.LABEL not in self._said_after(place)
        is_near = any(abs(self._sentences[place] - sentence) <= 1 for sentence in self._purposes)
        return SOLE if is_sole and is_plain and is_near else 0

    def _said_after(self, place: int) -> set[Kind]:
        """Return what the words after "is" say of the number before it, empty without "is"."""
        start = self._skip(place + 1, 1)
        kinds = [self._kind(i) for i in range(start, start + MAX_CALLED_WORDS)]
        end = next((i for i, kind in enumerate(kinds) if kind in _BREAKS), len(kinds))
        return {*kinds[:end]} if kinds[0] is Kind.LINK else set()

    def _is_typed(self, place: int) -> bool:
        """Return whether a text says to type a number: "enter 481516", "481516 is the number to type"."""
        if Kind.INPUT in (after := self._said_after(place)) and Kind.LABEL not in after:
            return True
        left = self._skip(place - 1, -1)
        is_linked = self._kind(left) is Kind.LINK
        for i in range(left, left - (MAX_LINKED_WORDS if is_linked else MAX_TYPED_WORDS) - 1, -1):
            kind = self._kind(i)
            if kind is Kind.INPUT or (kind is Kind.VERB and self._word(i) in HANDOVER):
                return self._sentences[i] not in self._discounts
            if kind in _BREAKS | {Kind.CANDIDATE} or not (is_linked or kind in _TYPED_WORDS | _TRANSPARENT):
                break
        return False

    def _is_for_purpose(self, place: int) -> bool:
        """Return whether a purpose comes here: "to log in"."""
        return self._kind(place + (self._word(place) == "to")) is Kind.PURPOSE

    def _off(self, part: Part) -> int:
        """Return the points off for the form of a number."""
        if _PROMO.fullmatch(part.text) and (self._discounts or part.text[:_PROMO_LETTERS].isalpha()):
            return PROMO
        if _YEAR.fullmatch(part.text):
            return YEAR
        if _PAIRS.fullmatch(part.text):
            return PAIRS
        if not any(map(str.isalpha, part.text)):
            return 0
        return LETTERS if part.text.isupper() else SMALL_LETTERS
