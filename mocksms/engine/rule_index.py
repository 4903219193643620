"""Rule index: finds the rules that can match a message by what they name, so that the others are not tried."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from enum import StrEnum
from heapq import merge
from itertools import islice, repeat
from typing import Final, NamedTuple

from mocksms.engine.facts import MessageFacts

PART_LENGTH: Final = 3
"""Characters of a part of a content that the index knows."""

MAX_PARTS: Final = 8
"""Parts of the content of one rule among which the index chooses one."""


class TermKind(StrEnum):
    """What a rule can name."""

    NUMBER = "number"
    NTH_TO_NUMBER = "nth to a number"
    NUMBER_START = "start of a number"
    NUMBER_END = "end of a number"
    NUMBER_PART = "part of a number"
    NTH = "nth"
    SENDER = "sender"
    CHARSET = "charset"
    ASYNC = "async"
    TAG = "tag"
    CONTENT_PART = "part of the content"
    REGEX = "regex"
    NOTHING = "nothing"


class Term(NamedTuple):
    """Something that a rule names: a message that does not have it does not match the rule."""

    kind: TermKind
    value: Hashable = None


NO_TERM: Final = Term(TermKind.NOTHING)
"""The term of rules that name nothing; every message has it."""

NUMBER_REGEX: Final = Term(TermKind.REGEX, "number")
"""The term of rules that name nothing but have a regular expression for numbers, which messages have in time."""

TEXT_REGEX: Final = Term(TermKind.REGEX, "text")
"""The term of rules that name nothing but have other regular expressions, which messages have in time."""

_PER_RECIPIENT: Final[dict[TermKind, Callable[[MessageFacts], Hashable]]] = {
    TermKind.NUMBER: lambda facts: facts.digits,
    TermKind.NTH_TO_NUMBER: lambda facts: (facts.digits, facts.nth),
    TermKind.NTH: lambda facts: facts.nth,
}
"""The one value that a message has, of each kind that differs between the recipients of a send."""

_PER_SEND: Final[dict[TermKind, Callable[[MessageFacts], Iterable[Hashable]]]] = {
    TermKind.SENDER: lambda facts: (facts.sender,),
    TermKind.CHARSET: lambda facts: (facts.charset,),
    TermKind.ASYNC: lambda facts: (facts.wants_async,),
    TermKind.TAG: lambda facts: facts.tags,
    TermKind.CONTENT_PART: lambda facts: _parts(facts.content, 1),
    TermKind.REGEX: lambda _: (NUMBER_REGEX.value, TEXT_REGEX.value),
    TermKind.NOTHING: lambda _: (NO_TERM.value,),
}
"""The values that a message has of each other kind."""


def content_terms(text: str) -> list[Term]:
    """Return terms of a text that a content must contain; a short text has none."""
    return [*_part_terms(TermKind.CONTENT_PART, text, len(text) // MAX_PARTS + 1)]


def number_terms(pieces: Sequence[str]) -> list[Term]:
    """Return terms of the pieces between the asterisks of a number."""
    ends = ((TermKind.NUMBER_START, pieces[0]), (TermKind.NUMBER_END, pieces[-1]))
    parts = (term for piece in pieces[1:-1] for term in _part_terms(TermKind.NUMBER_PART, piece, 1))
    return [*(Term(kind, piece) for kind, piece in ends if piece), *islice(parts, MAX_PARTS)]


def _part_terms(kind: TermKind, text: str, step: int) -> Iterator[Term]:
    return (Term(kind, part) for part in _parts(text, step))


def _parts(text: str, step: int) -> Iterator[str]:
    return (text[start : start + PART_LENGTH] for start in range(0, len(text) - PART_LENGTH + 1, step))


def is_out_of_time(term: Term, messages: Sequence[MessageFacts]) -> bool:
    """Whether no time is left to try the regular expressions of rules with a term on messages of a send."""
    if term.kind is not TermKind.REGEX or not messages or messages[0].budget.left > 0:
        return False
    messages[0].remark_on_time("Rules with regular expressions")
    return True


class RuleIndex:
    """The positions of rules by group and by one of their terms, the rarest.

    Args:
        rules: the group of each rule, and its terms.
    """

    def __init__(self, rules: Sequence[tuple[Hashable, Sequence[Term]]]) -> None:
        counts = Counter(term for _, terms in rules for term in terms)
        groups: defaultdict[Hashable, defaultdict[Term, list[int]]] = defaultdict(lambda: defaultdict(list))
        for position, (group, terms) in enumerate(rules):
            groups[group][min(terms, key=counts.__getitem__, default=NO_TERM)].append(position)
        self._groups = {group: IndexedRules(positions) for group, positions in groups.items()}

    def group(self, group: Hashable) -> IndexedRules:
        """Return the rules of a group."""
        return self._groups.get(group, _NO_RULES)


class IndexedRules:
    """The positions of the rules of one group by term, ascending."""

    def __init__(self, positions: Mapping[Term, list[int]]) -> None:
        self.positions = positions
        self._values: defaultdict[TermKind, set[Hashable]] = defaultdict(set)
        for term in positions:
            self._values[term.kind].add(term.value)
        self._per_recipient = [each for each in _PER_RECIPIENT.items() if each[0] in self._values]
        self._per_send = [each for each in _PER_SEND.items() if each[0] in self._values]
        self._starts = {len(str(value)) for value in self._values[TermKind.NUMBER_START]}
        self._ends = {len(str(value)) for value in self._values[TermKind.NUMBER_END]}
        self._send: tuple[object, ...] = ()
        self._send_terms: list[Term] = []

    def terms_of(self, facts: MessageFacts) -> list[Term]:
        """Return the terms of a message that rules have."""
        if facts.send != self._send:
            self._send = facts.send
            self._send_terms = [
                Term(kind, value)
                for kind, values in self._per_send
                for value in self._values[kind].intersection(values(facts))
            ]
        return [*(term for term in self._recipient_terms(facts) if term in self.positions), *self._send_terms]

    def _recipient_terms(self, facts: MessageFacts) -> Iterator[Term]:
        if self._values[TermKind.NUMBER_PART]:
            yield from dict.fromkeys(_part_terms(TermKind.NUMBER_PART, facts.digits, 1))
        for kind, value in self._per_recipient:
            yield Term(kind, value(facts))
        digits = facts.digits
        for length in self._starts:
            if length <= len(digits):
                yield Term(TermKind.NUMBER_START, digits[:length])
        for length in self._ends:
            if length <= len(digits):
                yield Term(TermKind.NUMBER_END, digits[-length:])


_NO_RULES: Final = IndexedRules({})


class UsableRules:
    """The rules of one group in one account, without those that are used up.

    For the messages of one send with the same content, `exclude` also leaves out the rules that match none of them.
    """

    def __init__(self, indexed: IndexedRules) -> None:
        self._indexed = indexed
        self._left: dict[Term, list[int]] = {}
        self._begin(())

    def __bool__(self) -> bool:
        return bool(self._indexed.positions)

    @property
    def terms(self) -> Set[Term]:
        """The terms of all rules."""
        return self._indexed.positions.keys()

    def terms_of(self, facts: MessageFacts) -> list[Term]:
        """Return the terms of a message that rules have."""
        return self._indexed.terms_of(facts)

    def positions(self, terms: Iterable[Term]) -> Iterator[tuple[int, Term]]:
        """Iterate over the positions of the rules with some terms, ascending, each with its term."""
        return _merged((term, self._usable(term)) for term in terms)

    def candidates(self, facts: MessageFacts) -> Iterator[tuple[int, Term]]:
        """Iterate over the positions of the rules that can match a message, ascending, each with its term."""
        if facts.send != self._send:
            self._begin(facts.send)
            self._began_in_time = facts.budget.left > 0
        tried_in_time = {TEXT_REGEX} if self._began_in_time else frozenset[Term]()
        terms = (term for term in self.terms_of(facts) if term in tried_in_time or not is_out_of_time(term, [facts]))
        merged = _merged((term, self._of_send.get(term, self._usable(term))) for term in terms)
        return (each for each in merged if each[0] not in self._excluded)

    def exclude(self, position: int, term: Term) -> None:
        """Leave a rule out for the other messages of the same send with the same content."""
        self._excluded.add(position)
        rules = self._of_send.get(term, self._usable(term))
        self._counts[term] += 1
        if self._counts[term] * 2 > len(rules):
            self._of_send[term] = [each for each in rules if each not in self._excluded]
            self._counts[term] = 0

    def use_up(self, position: int, term: Term) -> None:
        """Leave a rule out for ever."""
        left = self._left.get(term)
        if left is None:
            left = self._left[term] = [*self._indexed.positions[term]]
        del left[bisect_left(left, position)]
        self._excluded.add(position)

    def _usable(self, term: Term) -> list[int]:
        return self._left.get(term, self._indexed.positions.get(term, []))

    def _begin(self, send: tuple[object, ...]) -> None:
        self._send = send
        self._began_in_time = True
        self._excluded = set[int]()
        self._of_send: dict[Term, list[int]] = {}
        self._counts = Counter[Term]()


def _merged(rules: Iterable[tuple[Term, list[int]]]) -> Iterator[tuple[int, Term]]:
    ways = [zip(positions, repeat(term), strict=False) for term, positions in rules]
    return ways[0] if len(ways) == 1 else merge(*ways)
