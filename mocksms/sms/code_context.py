"""Context of the numbers in a text: what each word says in its place, and which numbers are no codes."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from mocksms.sms.code_parts import Part
from mocksms.sms.code_words import (
    ANNOUNCING,
    BREAKS,
    CLAUSE_ENDS,
    CODE_NUMBERS,
    DEFINITE_PREFIXES,
    DIGITS,
    HANDOVER,
    LAST,
    LOGINS,
    NUMBERS,
    OTHER_CODES,
    OTHER_IF_NAMED,
    PHONES,
    PLACES,
    THIS,
    TRANSPARENT,
    VERBS,
    WITH,
    Kind,
    plain_word,
)

MAX_LINKED_WORDS: Final = 45
"""Words between a word that announces a code and "is" or a colon before the code."""

MAX_TYPED_WORDS: Final = 5
"""Words between "enter" and the number to enter: "enter on the screen this number"."""

MAX_CALLED_WORDS: Final = 12
"""Words between a number and a word after it that calls it a code."""

MAX_SENDER_WORDS: Final = 2
"""Words of a name in a text that has nothing else than the code."""

YEAR_LENGTH: Final = 4
"""Digits of numbers that are often prices and years."""

USUAL_LENGTH: Final = 6
"""Digits of most codes."""

_NOT_PROSE: Final = frozenset({*NUMBERS, *TRANSPARENT, *BREAKS, Kind.WORD, Kind.LINK})
_TYPED_WORDS: Final = frozenset({Kind.WORD, Kind.OWNER, Kind.NUMBER, Kind.LINK, Kind.PURPOSE, Kind.PREPOSITION})

_NOT_IN_CODE: Final = re.compile(r"[\W_]+")


def bare_code(written: str) -> str:
    """Return a number as a person types it into a form: without spaces and hyphens."""
    return _NOT_IN_CODE.sub("", written)


class CodeContext:
    """The parts of a text by their places, each with what it says there."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self.parts = parts
        self.sentences = self._numbered_sentences()
        self.discounts = self._sentences_with({Kind.DISCOUNT}) - self._sentences_with({Kind.PURPOSE})
        kinds = [self._kind_in_place(i) for i in range(len(parts))]
        self.parts = tuple(replace(part, kind=kind) for part, kind in zip(parts, kinds, strict=True))
        self.announcing = [i for i, kind in enumerate(kinds) if kind in ANNOUNCING]
        self.candidates = [i for i, kind in enumerate(kinds) if kind is Kind.CANDIDATE]
        self.types_this = any(self.kind(i) is Kind.INPUT and self.word(i + 1) in THIS for i in range(len(parts)))
        self.others = {i for i in self.candidates if self._has_unit(i) or self._has_name(i)}
        self.numbers = [i for i in self.candidates if i not in self.others]
        self.purposes = self._sentences_with({Kind.PURPOSE, *ANNOUNCING})
        self.logins = {self.sentences[i] for i, part in enumerate(parts) if plain_word(part.text) in LOGINS}
        self.is_prose = not self._is_number_with_name(kinds)

    def _numbered_sentences(self) -> list[int]:
        """Return the number of the sentence or line of each part; empty ones do not count."""
        number, numbers = 0, []
        for place, part in enumerate(self.parts):
            numbers.append(number)
            number += part.kind in BREAKS and self.kind(place + 1) not in BREAKS
        return numbers

    def _sentences_with(self, kinds: Collection[Kind]) -> set[int]:
        return {self.sentences[i] for i, part in enumerate(self.parts) if part.kind in kinds}

    def _kind_in_place(self, place: int) -> Kind:
        """Return what a word says beside its neighbours: "zip code" is a label, "PIN code" a one-time code."""
        kind, before, after = self.kind(place), self.kind(place - 1), self.kind(place + 1)
        if kind is Kind.NUMBER and self._is_code_number(place):
            return Kind.CODE
        if self.word(place) == "key" and before in (Kind.PURPOSE, Kind.OWNER):
            return Kind.CODE
        if kind is not Kind.CODE:
            is_other = self.word(place) in OTHER_IF_NAMED and after is Kind.LABEL
            return Kind.WORD if is_other else kind
        places = (place - 1, place + 1, place - 2 if before is Kind.LABEL else place)
        if any(self.word(i).removeprefix("ה") in OTHER_CODES for i in places):
            return Kind.LABEL
        if self.word(place) == "token" and after is Kind.NUMBER:
            return Kind.LABEL
        if self.word(place + 1) == "of" and self.kind(place + 2) is not Kind.CANDIDATE:
            return Kind.WORD
        if Kind.SECRET in (before, after):
            return Kind.SECRET
        user = self.skip(place - 1, -1, {Kind.OWNER})
        is_used = self.kind(user) in VERBS or self.word(user) in WITH
        return Kind.WORD if is_used and self.sentences[place] in self.discounts else Kind.CODE

    def _is_code_number(self, place: int) -> bool:
        """Whether a number is a code by its name: "sign-in number", "your magic digits:"."""
        if self.word(place) not in DIGITS:
            return plain_word(self.word(place - 1)) in CODE_NUMBERS
        near = {self.word(i) for i in range(place - 3, place + 3)}
        return self.kind(self.skip(place + 1, 1)) is Kind.LINK and LAST.isdisjoint(near)

    def _is_number_with_name(self, kinds: list[Kind]) -> bool:
        """Whether a text is only a number, perhaps after a short name: "481516", "[Acme] 481516"."""
        period = {Kind.VALIDITY, Kind.UNIT} if any(map(self.is_usual, self.candidates)) else set()
        if len(self.candidates) > 1 or not set(kinds) <= _NOT_PROSE | period:
            return False
        names = [i for i, kind in enumerate(kinds) if kind is Kind.WORD]
        if not names or not self.candidates:
            return not names
        place = self.candidates[0]
        return len(names) <= MAX_SENDER_WORDS and names[-1] < place and len(self.parts[place].text) > YEAR_LENGTH

    def kind(self, place: int) -> Kind:
        """Return the kind of a part; before and after the text there is the end of a line."""
        return self.parts[place].kind if 0 <= place < len(self.parts) else Kind.LINE_END

    def word(self, place: int) -> str:
        """Return a part as written, in lower case; before and after the text there is none."""
        return self.parts[place].text.lower() if 0 <= place < len(self.parts) else ""

    def skip(self, place: int, step: int, kinds: Collection[Kind] = TRANSPARENT) -> int:
        """Return the first place from here that is of none of these kinds, or lies outside the text."""
        while 0 <= place < len(self.parts) and self.kind(place) in kinds:
            place += step
        return place

    def _has_unit(self, place: int) -> bool:
        """Whether a number counts something: what the words after it say."""
        after = self.skip(place + 1, 1)
        is_before_number = self.kind(after + 1) in NUMBERS
        if self.kind(after) is Kind.CURRENCY:
            return not is_before_number
        return self.kind(after) is Kind.UNIT or (self.word(after) == "of" and is_before_number)

    def _has_name(self, place: int) -> bool:
        """Whether the words before a number name it, price it or say that it is no code."""
        if not ANNOUNCING.isdisjoint(after := self.said_after(place)) and Kind.LABEL not in after:
            return False
        left = self.skip(place - 1, -1, {Kind.QUOTE})
        if self.kind(left) is Kind.CURRENCY:
            return self.kind(left - 1) not in NUMBERS
        if self.kind(left) is Kind.HASH:
            before = self.kind(self.skip(left, -1))
            return before not in ANNOUNCING | BREAKS | {Kind.LINK, Kind.ORIGIN}
        name = self.skip(left, -1, {Kind.LINK, Kind.OWNER, Kind.QUOTE})
        is_linked = self.kind(left) is Kind.LINK
        if is_linked and self.kind(name) is Kind.OTHER and len(self.word(name)) == 1:
            name -= 1  # "last 4: 4421"
        numbered = self.skip(name, -1, {Kind.NUMBER, Kind.HASH})
        if numbered != name:
            is_typed = self.kind(numbered) is not Kind.LABEL and (self.types_this or self.is_typed(place))
            return not (self.kind(numbered) in ANNOUNCING or is_typed)
        if self.kind(name) is not Kind.LABEL:
            is_clause = is_linked and self.word(name) in CLAUSE_ENDS and self.kind(name - 1) is not Kind.PREPOSITION
            return self.kind(name) in (Kind.PREPOSITION, Kind.VALIDITY) and not is_clause
        if not is_linked:
            return not (self._is_compound(name) or self._is_for_place(name, place))
        is_numbered = self.kind(name - 1) is Kind.NUMBER and plain_word(self.word(name)) not in PHONES
        return is_numbered or not self._is_announced_in_clause(name)

    def _is_compound(self, name: int) -> bool:
        """Whether a label says which code it is, as Hebrew puts it: "code locker", "code pickup parcel"."""
        word = self.word(name)
        before = name - 1 - (self.kind(name - 1) is Kind.PURPOSE)
        return self.kind(before) in ANNOUNCING and plain_word(word) == word.removeprefix("ה") and not word.isascii()

    def _is_for_place(self, name: int, place: int) -> bool:
        """Whether a label is what a code opens, as in Hebrew "code to-room 4821", and not a numbered one."""
        word = self.word(name)
        is_to_place = plain_word(word) in PLACES and word[0] in DEFINITE_PREFIXES
        return is_to_place and self.kind(self.skip(place + 1, 1)) in BREAKS | {Kind.LIST}

    def _is_announced_in_clause(self, name: int) -> bool:
        """Whether a code is announced before a label, and not in an earlier part of a list."""
        for i in range(name - 1, max(name - MAX_LINKED_WORDS, 0) - 1, -1):
            kind = self.kind(i)
            if kind in ANNOUNCING:
                return True
            if kind in BREAKS or (kind is Kind.LIST and (i + 1 == name or self.kind(i + 1) is Kind.OWNER)):
                break
        return False

    def said_after(self, place: int) -> set[Kind]:
        """Return what the words after "is" say of the number before it, empty without "is"."""
        start = self.skip(place + 1, 1)
        kinds = [self.kind(i) for i in range(start, start + MAX_CALLED_WORDS)]
        end = next((i for i, kind in enumerate(kinds) if kind in BREAKS), len(kinds))
        return {*kinds[:end]} if self.word(start).isalpha() and kinds[0] is Kind.LINK else set()

    def is_typed(self, place: int) -> bool:
        """Whether a text says to type a number: "enter 481516", "481516 is the number to type"."""
        if Kind.INPUT in (after := self.said_after(place)) and Kind.LABEL not in after:
            return True
        left = self.skip(place - 1, -1)
        is_linked = self.kind(left) is Kind.LINK
        for i in range(left, left - (MAX_LINKED_WORDS if is_linked else MAX_TYPED_WORDS) - 1, -1):
            kind = self.kind(i)
            if kind is Kind.INPUT or (kind is Kind.VERB and self.word(i) in HANDOVER):
                return self.sentences[i] not in self.discounts
            if kind in BREAKS | {Kind.CANDIDATE} or not (is_linked or kind in _TYPED_WORDS | TRANSPARENT):
                break
        return False

    def is_usual(self, place: int) -> bool:
        """Whether a number has as many digits as most codes."""
        return len(bare_code(self.parts[place].text)) == USUAL_LENGTH
