"""Explanations: why an expectation failed, as data and as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, Field, computed_field

from mocksms.errors import escape
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.schemas.text_differences import TextDifference, find_differences
from mocksms.sms.display import MAX_VALUE_LENGTH, cut, line, quoted

MAX_SUMMARY_CONDITION: Final = 60
"""Characters of a condition that the first line shows."""

MAX_CONDITION: Final = 144
"""Characters of a condition that the line `expected` shows: the difference is marked below."""

MAX_WARNINGS: Final = 3
"""Warnings about the request of a message that are shown."""

ExactNumber = Annotated[int, Field(ge=0, le=2**53)]
"""A number that JavaScript reads exactly."""

CauseKind = Literal["matched", "unexpected", "refused", "other_account", "evicted", "queued"]


class Comparison(ResponseModel):
    """How a message compares with one condition."""

    field: str = Field(description="Name of the condition")
    expected: Text = Field(description="What is expected")
    actual: Text = Field(description="What the message has")
    matches: bool = Field(description="Whether it matches")
    differs_at: ExactNumber | None = Field(
        description="Index in actual of the first difference, counted in Unicode code points"
    )
    missing: Text | None = Field(description="What is expected at that index")

    @computed_field(description="The parts that differ, in the order of the texts")  # type: ignore[prop-decorator]
    @property
    def differences(self) -> list[TextDifference]:
        """The parts that differ, none if the message matches."""
        if self.matches:
            return []
        return find_differences(self.expected, self.actual, self.differs_at, self.missing)


class Closest(ResponseModel):
    """A message that matches nearly, compared condition by condition."""

    transaction_id: str = Field(description="Id of the message")
    matched: ExactNumber = Field(description="Number of conditions that match")
    conditions: ExactNumber = Field(description="Number of conditions")
    comparisons: list[Comparison] = Field(description="The conditions one by one")
    history: Text = Field(description="The steps of the message")
    warnings: list[Text] = Field(default=[], description="The first warnings about its request, such as about charset")

    @classmethod
    def of(cls, transaction_id: str, comparisons: list[Comparison], history: str, warnings: Sequence[str] = ()) -> Self:
        """Return a message with these comparisons, counted."""
        return cls(
            transaction_id=transaction_id,
            matched=sum(comparison.matches for comparison in comparisons),
            conditions=len(comparisons),
            comparisons=comparisons,
            history=history,
            warnings=list(warnings[:MAX_WARNINGS]),
        )


class Cause(ResponseModel):
    """A usual reason why an expectation fails."""

    kind: CauseKind = Field(description="What kind of cause it is")
    text: Text = Field(description="The cause in words")
    id: str | None = Field(description="Id of the request or message it is about")


class Found(ResponseModel):
    """What there is in the account, or in all accounts."""

    messages: ExactNumber = Field(description="Number of messages, after the cursor if there is one")
    account: Text | None = Field(description="The shortened key, null for all accounts")
    since: ExactNumber | None = Field(description="The cursor after which messages count")
    has_requests: bool = Field(description="Whether any request was recorded after the cursor")
    clock_frozen_at: AwareDatetime | None = Field(description="Time at which the clock is frozen, null if it runs")

    def describe(self) -> str:
        """Return this as one sentence."""
        account = f"account {escape(self.account)}" if self.account else "all accounts"
        requests = "" if self.messages or self.has_requests else ", no requests"
        clock = f"; the clock is frozen at {show_instant(self.clock_frozen_at)}" if self.clock_frozen_at else ""
        return f"{self.messages} SMS in {account}{self._since()}{requests}{clock}"

    def count(self) -> str:
        """Return the number of messages and where they were counted."""
        return f"{self.messages} SMS in {'the account' if self.account else 'all accounts'}{self._since()}"

    def _since(self) -> str:
        return "" if self.since is None else f" since cursor {self.since}"


class Explanation(ResponseModel):
    """Why an expectation failed."""

    problem: Text = Field(description="What was expected and how many there are")
    expected: list[Text] = Field(description="The conditions, and the count")
    found: Found = Field(description="What there is")
    closest: list[Closest] = Field(description="The messages that match nearly, the nearest first")
    causes: list[Cause] = Field(description="The usual causes, the likeliest kind first")

    @computed_field(description="The problem with the counts, in one line")  # type: ignore[prop-decorator]
    @property
    def summary(self) -> str:
        """The first line of the text."""
        miss = self.closest[0] if self.closest else None
        near = f", {miss.matched} of {miss.conditions} conditions match" if miss and miss.conditions > 1 else ""
        return f"{self.problem}: {self.found.count()}{near}"

    @computed_field(description="The whole explanation for a terminal")  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        """The whole explanation for a terminal."""
        return render(self)


def describe_problem(count: int, conditions: Sequence[str], expected: str = "", when: str = "") -> str:
    """Return how many messages match which conditions, such as `2 SMS to 972-54-1111111, expected exactly 1`.

    Args:
        count: the number of messages.
        conditions: descriptions such as `to 972-54-1111111`, `tag "otp"`.
        expected: the expected number, left out where it adds nothing.
        when: further text behind the conditions.
    """
    shown = [cut(condition, MAX_SUMMARY_CONDITION) for condition in conditions]
    to = "".join(f" {each}" for each in shown if each.startswith("to "))
    others = ", ".join(each for each in shown if not each.startswith("to "))
    subject = f"{to}{' with ' if others else ''}{others}"
    needs_count = expected and (count or expected not in ("exactly 1", "at least 1"))
    return f"{count or 'no'} SMS{subject}{when}{f', expected {expected}' if needs_count else ''}"


def describe_others(count: int, expected: int) -> str:
    """Return how many messages there are beside the expected ones."""
    return f"{count} unexpected SMS, expected only {expected}"


def describe_count(low: int, high: int | None) -> str:
    """Return an expected number of messages; without `high` there is no limit."""
    if high == low:
        return f"exactly {low}"
    if high is None:
        return f"at least {low}"
    return f"at least {low} and at most {high}" if low else f"at most {high}"


def describe_message(transaction_id: str, mobile_number: str, content: str) -> str:
    """Return which message is meant: its id, its number, its content."""
    return f"{transaction_id} to {escape(mobile_number)} {quoted(content)}"


def show_instant(instant: datetime) -> str:
    """Return a date and time in UTC."""
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def render(explanation: Explanation, notes: Iterable[tuple[str, str]] = ()) -> str:
    """Return an explanation as text, with further titles and their texts at its end."""
    expected = ", ".join(cut(each, MAX_CONDITION) for each in explanation.expected)
    lines = [
        explanation.summary,
        line("expected", expected or "any SMS"),
        line("found", explanation.found.describe()),
    ]
    for rank, miss in enumerate(explanation.closest):
        lines += ["", *_compare(miss)] if not rank else [line("next", _summarize(miss))]
    titled = [*((_TITLES.get(cause.kind, cause.kind), cause.text) for cause in explanation.causes), *notes]
    if titled:
        lines.append("")
    for title, entries in groupby(titled, lambda entry: entry[0]):
        titles = iter((title,))
        lines += [line(next(titles, ""), text) for _, text in entries]
    return "\n".join(lines)


_TITLES: Final = {"other_account": "account"}
"""Titles of the kinds of causes that are not their own title."""


def _compare(miss: Closest) -> Iterator[str]:
    yield line("closest", f"{miss.transaction_id}  {_score(miss)}")
    width = max(len(name) for name in ("history", *(comparison.field for comparison in miss.comparisons)))
    for comparison in miss.comparisons:
        yield from _compare_field(comparison, width)
    yield from (line("", f"  {'warning':<{width}}  {escape(warning)}") for warning in miss.warnings)
    yield line("", f"  {'history':<{width}}  {miss.history}")


def _compare_field(comparison: Comparison, width: int) -> Iterator[str]:
    value, column = _window(comparison.actual, comparison.differs_at or 0)
    start = line("", f"  {comparison.field:<{width}}  ")
    if comparison.matches:
        yield f"{start}{value} matches"
    elif comparison.differs_at is None:
        yield f"{start}{value}, expected {quoted(comparison.expected)}"
    else:
        yield f"{start}{value}"
        yield f"{'':{len(start) + column}}^ expected {quoted(comparison.missing or comparison.expected)}"


def _summarize(miss: Closest) -> str:
    differing = [f"{each.field} {quoted(each.actual)}" for each in miss.comparisons if not each.matches]
    return f"{miss.transaction_id}  {_score(miss)}: {', '.join(differing)}"


def _score(miss: Closest) -> str:
    return f"{miss.matched} of {miss.conditions} match"


def _window(text: str, at: int) -> tuple[str, int]:
    """Return a text in quotes, cut around an index if it is long, and the column of that index."""
    start = 0
    if len(text) > MAX_VALUE_LENGTH:
        start = max(0, min(at - MAX_VALUE_LENGTH // 2, len(text) - MAX_VALUE_LENGTH))
    end = start + MAX_VALUE_LENGTH
    before = ("…" if start else "") + escape(text[start:at] if at > start else "")
    after = escape(text[max(at, start) : end]) + ("…" if end < len(text) else "")
    return f'"{before}{after}"', 1 + len(before)
