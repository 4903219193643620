"""What an error compares that has no explanation: expected and actual values, for the trace of its test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, cast

if TYPE_CHECKING:
    from mocksms.schemas.explanations import Comparison

MAX_COMPARED_LENGTH: Final = 10_000
"""Characters of a value that are compared."""

SHOWN_START: Final = 8
"""Characters at the start of a value that pytest shows, however long the value is."""

_COMPARED: Final = "_mocksms_compared"
"""Attribute of errors. A class of their own would have another name in the output of pytest."""


class ComparedCondition(NamedTuple):
    """How something compares with one condition: its name, what is expected, the actual value, whether it matches."""

    name: str
    expected: str
    actual: str
    matches: bool

    def model(self) -> Comparison:
        """Return this as in a trace."""
        from mocksms.schemas.explanations import Comparison

        expected, actual = (value[:MAX_COMPARED_LENGTH] for value in (self.expected, self.actual))
        return Comparison(
            field=self.name, expected=expected, actual=actual, matches=self.matches, differs_at=None, missing=None
        )


class Compared(NamedTuple):
    """The conditions that an error is about, and the id of the message that it is about, None without one."""

    conditions: Sequence[ComparedCondition] = ()
    message: str | None = None


def compared_error(text: str, compared: Compared) -> AssertionError:
    """Return an AssertionError that carries what it compares."""
    error = AssertionError(text)
    setattr(error, _COMPARED, compared)
    return error


class Equality:
    """The latest `assert ... == ...` of a test that failed, of texts, numbers and the like.

    pytest calls a hook with both sides, before it raises the error.
    """

    def __init__(self) -> None:
        self._sides: tuple[object, object] | None = None

    def note(self, operator: str, left: object, right: object) -> None:
        """Note both sides of a comparison that failed."""
        is_plain = all(value is None or isinstance(value, str | int | float) for value in (left, right))
        self._sides = (left, right) if operator == "==" and is_plain else None

    def compared(self, error: BaseException) -> Compared:
        """Return what an error compares: what it carries, or both sides if it is that of the latest comparison."""
        if _COMPARED in vars(error):
            return cast("Compared", vars(error)[_COMPARED])
        if self._sides is None or not isinstance(error, AssertionError):
            return Compared()
        left, right = (re.escape(repr(side)[:SHOWN_START]) for side in self._sides)
        if not re.search(rf"^assert {left}.* == {right}", str(error), re.MULTILINE):
            return Compared()
        actual, expected = (str.__str__(side) if isinstance(side, str) else repr(side) for side in self._sides)
        return Compared([ComparedCondition("value", expected, actual, matches=False)])
