"""What a failed assertion says: the explanation of the inspection API, and what only this side knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mocksms.sms.text import escape
from mocksms.testing.matchers import LocalCheck
from mocksms.testing.models import SmsMessage, quoted

SHOWN: Final = 3
"""Messages that are compared with what only this side can evaluate."""

MARGIN: Final = 11
"""Columns a title takes, as in the explanations of the inspection API."""


def line(title: str, text: str) -> str:
    """Return a line of an explanation."""
    return f"  {title:<{MARGIN - 1}} {text}"


def with_lines(explanation: Mapping[str, Any], *lines: str) -> str:
    """Return the text of an explanation with further lines at its end."""
    return "\n".join([str(explanation["text"]), *lines])


def without_place(explanation: Mapping[str, Any], place: int) -> Mapping[str, Any]:
    """Return an explanation that does not name the place it looked back to, which nobody had asked for."""
    verdict, wanted, got, *rest = str(explanation["text"]).split("\n")
    lines = [verdict, wanted, got.replace(f" since cursor {place}", "", 1), *rest]
    return {**explanation, "text": "\n".join(lines)}


def retold(
    explanation: Mapping[str, Any], verdict: str, wanted: Sequence[str], lines: Sequence[str] = (), without: str = ""
) -> str:
    """Return the text of an explanation for another verdict and other wishes.

    Args:
        explanation: what the inspection API said.
        verdict: the first line.
        wanted: the wishes.
        lines: what comes after what there is.
        without: a kind of causes that these lines stand for.
    """
    _, _, got, *rest = str(explanation["text"]).split("\n")
    start = next((index for index, each in enumerate(rest) if each.startswith(f"  {without} ")), len(rest))
    replaced = sum(cause["kind"] == without for cause in explanation["causes"])
    kept = [*rest[:start], *rest[start + replaced :]]
    return "\n".join([verdict, line("wanted", ", ".join(wanted)), got, *lines, *kept]).rstrip()


def compared(traits: Sequence[LocalCheck], candidates: Sequence[SmsMessage]) -> list[str]:
    """Return lines about the newest messages that meet all but what only this side can evaluate."""
    lines: list[str] = []
    for message in candidates[: -SHOWN - 1 : -1]:
        lines += ["", line("compared", f"{message.transaction_id}  {quoted(message.content)}")]
        lines += [line("", f"  {trait.compare(message)}") for trait in traits]
    return lines


def told(title: str, message: SmsMessage) -> str:
    """Return a line about a message and its life."""
    born = message.history[0].at
    first, *later = message.history
    steps = [f"{first.state} {first.at:%H:%M:%S}.{first.at.microsecond // 1000:03}"]
    steps += [f"{step.state} +{(step.at - born).total_seconds():g} s ({step.cause})" for step in later]
    life = escape(" > ".join(steps))
    return line(title, f"{message.transaction_id} to {escape(message.to)} {quoted(message.content)}, {life}")
