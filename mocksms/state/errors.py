"""Errors of snapshots.

MocksmsError
+-- InvalidSnapshot             a file is not a snapshot that this mock can restore
"""

from __future__ import annotations

from mocksms.errors import MocksmsError


class InvalidSnapshot(MocksmsError):
    """A file is not a snapshot that this mock can restore.

    `problem` says what is wrong and what is expected, `entry` is the entry of the zip in which it is, `row` the number
    of the row in it, from 1. Both are None if the problem is not in one.
    """

    def __init__(self, problem: str, entry: str | None = None, row: int | None = None) -> None:
        self.problem = problem
        self.entry = entry
        self.row = row
        place = " row ".join(str(part) for part in (entry, row) if part is not None)
        super().__init__(f"invalid snapshot: {place}: {problem}" if place else f"invalid snapshot: {problem}")


def counted(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
