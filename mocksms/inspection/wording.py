"""The words of an explanation: plain text, a difference marked under its place, nothing a terminal would obey."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from mocksms.inspection.matching import Comparison, NearMiss
from mocksms.sms.message import Message
from mocksms.sms.text import escape

WINDOW: Final = 72
"""Characters of a value that are shown; of a longer one those around the first difference."""

MARGIN: Final = 13
"""Columns before what is said, so that all begins in one line."""


def render(
    verdict: str, wanted: Sequence[str], got: str, closest: Sequence[NearMiss], causes: Sequence[tuple[str, str]]
) -> str:
    """Return an explanation as text."""
    wishes = ", ".join(map(_cut, wanted)) or "any SMS"
    lines = [verdict, _line("wanted", wishes), _line("got", got)]
    for rank, miss in enumerate(closest):
        lines += ["", *_near(miss)] if not rank else [_line("next", _summary(miss))]
    if causes:
        lines.append("")
    for kind, texts in groupby(causes, lambda cause: cause[0]):
        titles = iter((kind,))
        lines += [_line(next(titles, ""), text) for _, text in texts]
    return "\n".join(lines)


def quoted(text: str, at: int = 0) -> str:
    """Return a text in quotes, escaped; of a long one the window around `at`."""
    return _window(text, at)[0]


def life(message: Message) -> str:
    """Return the steps of a message in words, with the seconds since it was accepted."""
    born = message.history[0].at
    first, *later = message.history
    steps = [f"{first.state} {clock_time(first.at)}"]
    steps += [f"{step.state} +{(step.at - born).total_seconds():g} s ({step.cause})" for step in later]
    return escape(" > ".join(steps))


def clock_time(moment: datetime) -> str:
    """Return the time of day with milliseconds."""
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03}"


def _cut(wish: str) -> str:
    """Return the beginning of a wish that is too long, escaped: the difference is shown with the message."""
    return escape(wish) if len(wish) <= 2 * WINDOW else f"{escape(wish[: 2 * WINDOW])}…"


def _line(title: str, text: str) -> str:
    return f"  {title:<{MARGIN - 2}}{text}"


def _near(miss: NearMiss) -> Iterator[str]:
    yield _line("closest", f"{miss.message.transaction_id}  {_score(miss)}")
    width = max(len(comparison.field) for comparison in miss.comparisons)
    for comparison in miss.comparisons:
        yield from _compared(comparison, width)
    yield f"{'':{MARGIN + 2}}{'life':<{width}}  {life(miss.message)}"


def _compared(comparison: Comparison, width: int) -> Iterator[str]:
    shown, column = _window(comparison.actual, comparison.differs_at or 0)
    start = f"{'':{MARGIN + 2}}{comparison.field:<{width}}  "
    if comparison.matches:
        yield f"{start}{shown} matches"
    elif comparison.differs_at is None:
        yield f"{start}{shown} is not {quoted(comparison.wanted)}"
    else:
        yield f"{start}{shown}"
        yield f"{'':{len(start) + column}}^ wanted {quoted(comparison.expected)}"


def _summary(miss: NearMiss) -> str:
    differing = [f"{each.field} {quoted(each.actual)}" for each in miss.comparisons if not each.matches]
    return f"{miss.message.transaction_id}  {_score(miss)}: {', '.join(differing)}"


def _score(miss: NearMiss) -> str:
    return f"{miss.matched} of {len(miss.comparisons)} match"


def _window(text: str, at: int) -> tuple[str, int]:
    """Return a text in quotes, cut around an index if it is long, and the column of that index."""
    start = 0
    if len(text) > WINDOW:
        start = max(0, min(at - WINDOW // 2, len(text) - WINDOW))
    end = start + WINDOW
    before = ("…" if start else "") + escape(text[start:at] if at > start else "")
    after = escape(text[max(at, start) : end]) + ("…" if end < len(text) else "")
    return f'"{before}{after}"', 1 + len(before)
