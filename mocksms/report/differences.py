"""Differences between what a test expects and what it got, with the differing characters marked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from mocksms.report.html import Html, element, join
from mocksms.schemas.explanations import Comparison
from mocksms.schemas.text_differences import TextSpan

MAX_AROUND: Final = 200
"""Characters before the first and after the last difference that are shown."""


class Marked(NamedTuple):
    """Both sides of a comparison."""

    expected: Html
    actual: Html


def mark_difference(comparison: Comparison) -> Marked:
    """Return both sides of a comparison that does not match."""
    differences = comparison.differences
    return Marked(
        _mark(comparison.expected, (each.expected for each in differences)),
        _mark(comparison.actual, (each.actual for each in differences)),
    )


def _mark(text: str, spans: Iterable[TextSpan]) -> Html:
    """Return a text with its differing spans marked, cut where it is long."""
    parts: list[Html | str] = []
    end = 0
    for span in spans:
        before = text[end : span.start]
        parts.append(f"…{before[-MAX_AROUND:]}" if not parts and len(before) > MAX_AROUND else before)
        parts.append(element("mark", text[span.start : span.end], class_=None if span.end > span.start else "gap"))
        end = span.end
    after = text[end:]
    return join([*parts, f"{after[:MAX_AROUND]}…" if len(after) > MAX_AROUND else after])
