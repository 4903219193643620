"""Tables of commands: aligned, and in the columns of the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from textwrap import fill, wrap
from typing import Final

from mocksms.cli.output import echo
from mocksms.cli.terminal import Colour, Paint, columns, painter, plain, result_colour
from mocksms.errors import escape

GAP: Final = "  "
"""What is between two columns."""

MIN_WIDTH: Final = 8
"""Characters of a column at least, however narrow the terminal is."""


def echo_table(head: Sequence[str], rows: Iterable[Sequence[str]], result: int | None = None) -> None:
    """Write a table to standard output, in the columns of the terminal; in a pipe each row is one line.

    Args:
        head: the name of each column.
        rows: the cells.
        result: index of the column with results, which have colours.

    Raises:
        OutputFailed: see `echo`.
    """
    echo(table(head, rows, columns(sys.stdout), painter(sys.stdout), result))


def echo_note(text: str) -> None:
    """Write a paragraph after a table, in the columns of the terminal.

    Raises:
        OutputFailed: see `echo`.
    """
    width = columns(sys.stdout)
    echo(f"\n{text if width is None else fill(text, width, break_on_hyphens=False)}\n")


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    width: int | None = None,
    paint: Paint = plain,
    result: int | None = None,
) -> str:
    """Return a table as text; its cells are wrapped where it is wider than `width`."""
    cells = [[escape(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    if width is not None:
        widths = _fitted(widths, width)
    lines = [*_lines(cells[0], widths, paint, [Colour.BOLD] * len(widths)), GAP.join("-" * each for each in widths)]
    for row in cells[1:]:
        colours = [result_colour(cell) if index == result else None for index, cell in enumerate(row)]
        lines += _lines(row, widths, paint, colours)
    return "".join(f"{line}\n" for line in lines)


def _fitted(widths: Sequence[int], total: int) -> list[int]:
    """Return the widths of columns that fit into a total: the narrow ones keep theirs, the others share the rest."""
    left, fitted = total - len(GAP) * (len(widths) - 1), dict[int, int]()
    for place, index in enumerate(sorted(range(len(widths)), key=lambda each: widths[each])):
        share = max(MIN_WIDTH, left // (len(widths) - place))
        fitted[index] = min(widths[index], share)
        left -= fitted[index]
    return [fitted[index] for index in range(len(widths))]


def _lines(row: Sequence[str], widths: Sequence[int], paint: Paint, colours: Sequence[Colour | None]) -> Iterator[str]:
    """Iterate over the lines of a row: several if a cell is wider than its column."""
    parts = [
        wrap(cell, width, break_on_hyphens=False) if len(cell) > width else [cell]
        for cell, width in zip(row, widths, strict=True)
    ]
    for line in zip_longest(*parts, fillvalue=""):
        padded = [
            paint(part, colour) + " " * (width - len(part))
            for part, width, colour in zip(line, widths, colours, strict=True)
        ]
        yield GAP.join(padded).rstrip()
