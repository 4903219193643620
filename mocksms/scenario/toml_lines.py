"""Line numbers of keys in TOML text; `tomllib` gives them for syntax errors only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

KeyPath = tuple[str | int, ...]

MAX_KEY_PARTS: Final = 10
"""Parts of a dotted key that get a line; no scenario has as many."""

_TOKEN: Final = re.compile(
    r'''"""(?:\\.|[^\\])*?"""{1,3}|\'{3}.*?\'{3,5}|"(?:\\.|[^"\\])*"|'[^']*'|#[^\n]*|[\[\]{}\n]''', re.DOTALL
)
"""Tokens that decide where a statement ends: strings, comments, brackets, line ends."""

_OPENING: Final = frozenset("[{")
_CLOSING: Final = frozenset("]}")
_HEADER: Final = re.compile(r"""\s*(\[\[?)((?:[^\[\]"']|"(?:\\.|[^"\\])*"|'[^']*')+)\]\]?\s*(?:#.*)?$""")
_KEY: Final = re.compile(r"""\s*((?:[\w-]+|"[^"\n]*"|'[^'\n]*')(?:\s*\.\s*(?:[\w-]+|"[^"\n]*"|'[^'\n]*'))*)\s*=""")
_PART: Final = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def lines_of(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, of every table and key of valid TOML, by its path.

    Keys within a value, such as an inline table, have no line of their own.
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
            path = (*table, *_parts(key[1]))
            for length in range(len(table) + 1, min(len(path), len(table) + MAX_KEY_PARTS) + 1):
                lines.setdefault(path[:length], number)
    return lines


def line_at(lines: dict[KeyPath, int], path: KeyPath) -> int | None:
    """Return the line of a path, or of the nearest table or key around it."""
    return next((lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines), None)


def _table(is_array: bool, parts: Sequence[str], counts: dict[KeyPath, int]) -> KeyPath:
    """Return the path of a table header; in an array of tables it ends with the index of the new table."""
    path: KeyPath = ()
    for part in parts[:-1]:
        path = (*path, part)
        if path in counts:
            path = (*path, counts[path])
    path = (*path, parts[-1])
    if is_array:
        counts[path] = counts.get(path, -1) + 1
    return (*path, counts[path]) if path in counts else path


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Iterate over headers and key-value pairs with their first lines."""
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
