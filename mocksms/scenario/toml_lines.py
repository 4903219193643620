"""On which line of a TOML text something stands. The parser of the standard library says so for broken syntax only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

KeyPath = tuple[str | int, ...]

DEEPEST: Final = 10
"""Parts of a dotted key that have a place of their own; no scenario has as many."""

_TOKEN: Final = re.compile(
    r'''"""(?:\\.|[^\\])*?"""{1,3}|\'{3}.*?\'{3,5}|"(?:\\.|[^"\\])*"|'[^']*'|#[^\n]*|[\[\]{}\n]''', re.DOTALL
)
"""What matters for where a statement ends: texts, comments, brackets, ends of lines."""

_OPENING: Final = frozenset("[{")
_CLOSING: Final = frozenset("]}")
_HEADER: Final = re.compile(r"""\s*(\[\[?)((?:[^\[\]"']|"(?:\\.|[^"\\])*"|'[^']*')+)\]\]?\s*(?:#.*)?$""")
_KEY: Final = re.compile(r"""\s*((?:[\w-]+|"[^"\n]*"|'[^'\n]*')(?:\s*\.\s*(?:[\w-]+|"[^"\n]*"|'[^'\n]*'))*)\s*=""")
_PART: Final = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def lines_of(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, of every table and key of a TOML text that can be parsed, by its place.

    What stands within a value, as in an inline table, has no line of its own.
    """
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in _statements(text):
        header = _HEADER.match(line)
        if header:
            table = _table(header[1] == "[[", _parts(header[2]), counts)
            for length in range(1, len(table) + 1):
                lines.setdefault(table[:length], number)
        elif key := _KEY.match(line):
            place = (*table, *_parts(key[1]))
            for length in range(len(table) + 1, min(len(place), len(table) + DEEPEST) + 1):
                lines.setdefault(place[:length], number)
    return lines


def line_at(lines: dict[KeyPath, int], place: KeyPath) -> int | None:
    """Return the line of a place, or of what it is within."""
    return next((lines[place[:length]] for length in range(len(place), 0, -1) if place[:length] in lines), None)


def _table(is_array: bool, parts: Sequence[str], counts: dict[KeyPath, int]) -> KeyPath:
    """Return the place of a header: within arrays of tables it means their last one."""
    place: KeyPath = ()
    for part in parts:
        place = (*place, part)
        if place in counts and not (is_array and len(place) == _length(parts, counts)):
            place = (*place, counts[place])
    if is_array:
        counts[place] = counts.get(place, -1) + 1
        place = (*place, counts[place])
    return place


def _length(parts: Sequence[str], counts: dict[KeyPath, int]) -> int:
    """Return how long the place of a header is with the indexes of the arrays it lies in."""
    place: KeyPath = ()
    for part in parts[:-1]:
        place = (*place, part)
        if place in counts:
            place = (*place, counts[place])
    return len(place) + 1


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Iterate over headers and keys with their values, by the line on which they begin."""
    line, begin, depth = 1, 0, 0
    for token in _TOKEN.finditer(text + "\n"):
        if token[0] in _OPENING:
            depth += 1
        elif token[0] in _CLOSING:
            depth -= 1
        elif token[0] == "\n" and not depth:
            statement = text[begin : token.start()]
            yield line, statement
            line, begin = line + statement.count("\n") + 1, token.end()


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]
