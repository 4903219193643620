"""The table of the report: a row for each test, a column with one letter for each variation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple, TypeVar, get_args

from mocksms.testing.audit.cells import AuditedTest, Cell
from mocksms.testing.audit.variations import VariationKind
from mocksms.testing.audit.verdicts import Verdict

KINDS: Final = get_args(VariationKind)
"""Kinds of variations, in the order of their columns."""

INDENT: Final = "  "
MIN_NAME_WIDTH: Final = 24
"""Characters for the name of a test, at least; what does not fit beside it goes to the next table."""

ELLIPSIS: Final = "…"

LEGEND: Final = (Verdict.SURVIVED, Verdict.RAISED, Verdict.NOT_APPLIED, *filter(lambda each: each.is_harm, Verdict))
"""The order in which the letters are explained."""


class Piece(NamedTuple):
    """A part of a line with one colour: the name of a markup of pytest, empty for none."""

    text: str
    colour: str = ""


Line = tuple[Piece, ...]
RowPart = TypeVar("RowPart", str, Piece)


class Column(NamedTuple):
    """A variation; columns sort as the variations of a test do.

    `request` is the number in its name, such as 2 in `503@2`; 0 for the first send, which can come after a search.
    """

    request: int
    kind: int
    place: int
    name: str


def columns_of(tests: Iterable[AuditedTest]) -> list[Column]:
    """Return the variations of all tests: those of the first send before those of other requests, then by kind."""
    places: dict[str, Column] = {}
    for test in tests:
        for place, cell in enumerate(test.cells):
            request = int(cell.variation.partition("@")[2] or 0)
            column = Column(request, KINDS.index(cell.kind), place, cell.variation)
            places[cell.variation] = max(column, places.get(cell.variation, column))
    return sorted(places.values())


def table(tests: Sequence[AuditedTest], width: int) -> Iterator[Line]:
    """Iterate over the lines of the table; columns that do not fit into the width go to further tables."""
    columns = columns_of(tests)
    longest = max(len(_name(test)) for test in tests)
    for first, last in _chunks(columns, width - len(INDENT) - 1 - min(longest, MIN_NAME_WIDTH)):
        chosen = columns[first:last]
        cells_width = len(_spaced(chosen, [" "] * len(chosen)))
        name_width = min(longest, width - len(INDENT) - 1 - cells_width)
        if first:
            yield ()
        yield from _header(chosen, first, name_width)
        for path, group in groupby(tests, key=_path):
            yield (Piece(path),)
            for test in group:
                yield _row(test, chosen, name_width)


def legend(tests: Sequence[AuditedTest], width: int) -> Iterator[str]:
    """Iterate over the lines that explain the letters and the numbers of the columns."""
    shown = {cell.worst for test in tests for cell in test.cells}
    yield from _wrapped([f"{verdict.letter} {verdict}" for verdict in LEGEND if verdict in shown], width)
    yield from _wrapped([f"{number} {each.name}" for number, each in enumerate(columns_of(tests), 1)], width)


def piece_of(cell: Cell) -> Piece:
    """Return the letter of a cell, with its colour."""
    return Piece(cell.worst.letter, _colour(cell))


def write_pieces(reporter: Any, pieces: Iterable[Piece]) -> None:
    """Write a line of the table in its colours."""
    for piece in pieces:
        reporter.write(piece.text, flush=True, **markup(piece.colour))


def markup(colour: str) -> dict[str, bool]:
    """Return a colour as pytest wants it, empty for none."""
    return {colour: True} if colour else {}


def _colour(cell: Cell) -> str:
    if cell.findings:
        return "red"
    if cell.allowed or cell.worst is Verdict.RAISED:
        return "yellow"
    return "green" if cell.worst is Verdict.SURVIVED else ""


def _chunks(columns: Sequence[Column], width: int) -> Iterator[tuple[int, int]]:
    """Iterate over the first column, and the one after the last, of each table."""
    first = 0
    while first < len(columns):
        last = first + 1
        while last < len(columns) and len(_spaced(columns[first : last + 1], " " * (last + 1 - first))) <= width:
            last += 1
        yield first, last
        first = last


def _header(columns: Sequence[Column], first: int, name_width: int) -> Iterator[Line]:
    """Iterate over the numbers of the columns, from top to bottom; tens only where they change."""
    numbers = range(first + 1, first + 1 + len(columns))
    start = " " * (len(INDENT) + name_width + 1)
    for unit in (100, 10, 1):
        if numbers[-1] >= unit:
            digits = [_digit(number, unit, number == numbers[0]) for number in numbers]
            yield (Piece(start + _spaced(columns, digits).rstrip()),)


def _digit(number: int, unit: int, is_first: bool) -> str:
    """Return the digit of a number for a power of ten, where it changes."""
    return str(number // unit % 10) if number >= unit and (is_first or number % unit == 0) else " "


def _row(test: AuditedTest, columns: Sequence[Column], name_width: int) -> Line:
    cells = {cell.variation: cell for cell in test.cells}
    pieces = [piece_of(cells[each.name]) if each.name in cells else Piece(" ") for each in columns]
    runs = groupby(_with_gaps(columns, pieces, Piece(" ")), lambda each: each.colour)
    merged = (Piece("".join(each.text for each in run), colour) for colour, run in runs)
    return (Piece(f"{INDENT}{_cut(_name(test), name_width):<{name_width}} "), *merged)


def _spaced(columns: Sequence[Column], letters: Sequence[str]) -> str:
    """Return the letters of the columns, with a space between kinds."""
    return "".join(_with_gaps(columns, letters, " "))


def _with_gaps(columns: Sequence[Column], parts: Sequence[RowPart], gap: RowPart) -> Iterator[RowPart]:
    """Iterate over the parts of the columns, with a gap between kinds."""
    for place, part in enumerate(parts):
        if place and _is_gap(columns[place - 1], columns[place]):
            yield gap
        yield part


def _is_gap(left: Column, right: Column) -> bool:
    return (left.request, left.kind) != (right.request, right.kind)


def _path(test: AuditedTest) -> str:
    return test.test.partition("::")[0]


def _name(test: AuditedTest) -> str:
    return test.test.partition("::")[2]


def _cut(name: str, width: int) -> str:
    """Return a name in at most so many characters; its end distinguishes parametrised tests."""
    if len(name) <= width:
        return name
    end = (width - 1) // 2
    return f"{name[: width - 1 - end]}{ELLIPSIS}{name[len(name) - end :]}"


def _wrapped(parts: Iterable[str], width: int) -> list[str]:
    """Return lines of parts, two spaces apart."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 2 + len(part) <= width:
            lines[-1] += f"  {part}"
        else:
            lines.append(part)
    return lines
