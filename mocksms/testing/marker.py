"""What the marker says about a test, checked before the test runs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from mocksms.testing.client import fits_a_header

KINDS: Final = ("refused", "unknown-path", "warning", "crash", "other-account", "late")
"""What a test can come upon that it did not ask for."""

WAYS: Final = ("fail", "warn", "ignore")
"""What can happen about it."""

UNSET: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerOptions:
    """What the marker says about a test.

    Args:
        scenario: what is in force from the start, as for `MockSMS.scenario`.
        credit: the segments the account can send, None without limit.
        frozen: whether time stands still from the start, or the later instant it stands at.
        strict: whether a request with warnings lets the test fail.
        api_key: the key of the application, if that cannot change: what it holds is forgotten before and after.
        allow: what the test puts up with, of `refused`, `unknown-path`, `warning`, `crash`, `other-account`, `late`.
        unexpected: what happens about the rest, in place of the suite's option.
    """

    scenario: Any = None
    credit: Any = UNSET
    frozen: bool | datetime = False
    strict: bool = False
    api_key: str | None = None
    allow: str | Sequence[str] = ()
    unexpected: str | None = None

    @property
    def allowed(self) -> tuple[str, ...]:
        """What the test puts up with."""
        return (self.allow,) if isinstance(self.allow, str) else tuple(self.allow)


def marked(node: pytest.Item) -> MarkerOptions:
    """Return what the markers of a test say; the nearest wins.

    Raises:
        UsageError: they say something that does not exist.
    """
    given: dict[str, Any] = {}
    names = [field.name for field in fields(MarkerOptions)]
    for marker in node.iter_markers("mocksms"):
        unknown = [*map(repr, marker.args), *(name for name in marker.kwargs if name not in names)]
        if unknown:
            hint = _near(unknown[0], names)
            raise pytest.UsageError(f"the marker mocksms takes {', '.join(names)} by name, not {unknown[0]}{hint}")
        given = {**marker.kwargs, **given}
    mark = MarkerOptions(**given)
    for complaint in _complaints(mark):
        raise pytest.UsageError(complaint)
    return mark


def _complaints(mark: Any) -> Iterator[str]:
    if not isinstance(mark.scenario, str | Path | Mapping | Sequence | None):
        yield _wrong("scenario", "a name, a path, rules or None", mark.scenario)
    if mark.credit not in (UNSET, None) and (type(mark.credit) is not int or mark.credit < 0):
        yield _wrong("credit", "a whole number from 0, or None for no limit", mark.credit)
    if not isinstance(mark.frozen, bool) and not (isinstance(mark.frozen, datetime) and mark.frozen.tzinfo):
        wanted = "True, or an instant with its zone such as datetime(2040, 1, 31, 12, tzinfo=UTC)"
        yield _wrong("frozen", wanted, mark.frozen)
    if not isinstance(mark.strict, bool):
        yield _wrong("strict", "True or False", mark.strict)
    if mark.api_key is not None and not fits_a_header(mark.api_key):
        yield _wrong("api_key", "a text that a header can carry: ASCII, not empty, no space around", mark.api_key)
    if not isinstance(mark.allow, str | Sequence | set | frozenset):
        yield _wrong("allow", f"one or several of {', '.join(KINDS)}", mark.allow)
    else:
        for kind in mark.allowed:
            if kind not in KINDS:
                yield f"allow of the marker mocksms knows {', '.join(KINDS)}, not {kind!r}{_near(kind, KINDS)}"
    if mark.unexpected not in (None, *WAYS):
        yield f"unexpected of the marker mocksms is fail, warn or ignore, not {mark.unexpected!r}"


def _wrong(name: str, wanted: str, given: object) -> str:
    return f"{name} of the marker mocksms must be {wanted}, not {given!r}"


def _near(given: object, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(given), known, 1)
    return f"; did you mean {near[0]}?" if near else ""
