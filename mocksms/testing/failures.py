"""Texts of failed assertions: explanations of the inspection API, completed with what only this process knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from mocksms.sms.display import describe_history, line, quoted
from mocksms.sms.text import escape
from mocksms.testing.matchers import Expectation
from mocksms.testing.models import SmsMessage

if TYPE_CHECKING:
    from mocksms.inspection.explanations import Cause, CauseKind, Closest, Explanation

MAX_SHOWN_MESSAGES: Final = 3
"""Messages of each kind that a failure shows."""

Notes = Iterable[tuple[str, str]]
"""Titles and texts at the end of a failure."""


def read_explanation(data: Mapping[str, Any], *, hides_cursor: bool = False) -> Explanation:
    """Return an explanation from JSON; without its cursor where the test did not name one."""
    from mocksms.inspection.explanations import Explanation

    explanation = Explanation.model_validate(data)
    if hides_cursor:
        return explanation.model_copy(update={"found": explanation.found.model_copy(update={"since": None})})
    return explanation


def failure_text(explanation: Explanation, notes: Notes = ()) -> str:
    """Return an explanation as text, rendered as the inspection API renders it."""
    from mocksms.inspection.explanations import render

    return render(explanation, notes)


def describe_count(count: int, conditions: Sequence[str], expected: str = "", when: str = "") -> str:
    """Return how many messages match which conditions, and how many are expected."""
    from mocksms.inspection.explanations import describe_problem

    return describe_problem(count, conditions, expected, when)


def describe_others(count: int, expected: int) -> str:
    """Return how many unexpected messages there are beside the expected ones."""
    from mocksms.inspection.explanations import describe_others

    return describe_others(count, expected)


def too_few(
    explanation: Explanation,
    expectation: Expectation,
    candidates: Sequence[SmsMessage],
    count: int,
    expected: str,
    when: str = "",
) -> Explanation:
    """Complete an explanation with the local checks of an expectation.

    Args:
        explanation: why no further message matches the filters of the expectation.
        expectation: what the test expects.
        candidates: the messages that match the filters, oldest first.
        count: the number of messages that the test accepts.
        expected: the expected number.
        when: a limit of time or place.
    """
    checks = expectation.local_checks()
    conditions = [*explanation.expected[:-1], *(check.describe() for check in checks)]
    matched = [message for message in candidates if expectation.is_met_by(message)]
    near = [message for message in candidates if message not in matched]
    if near:
        closest = [_compare(expectation, message) for message in near[: -MAX_SHOWN_MESSAGES - 1 : -1]]
    else:
        closest = [
            miss.model_copy(update={"conditions": miss.conditions + len(checks)}) for miss in explanation.closest
        ]
    return explanation.model_copy(
        update={
            "problem": describe_count(count, conditions, expected, f" {when}" if when else ""),
            "expected": [*conditions, *filter(None, (expected, when))],
            "closest": closest,
            "causes": [
                *(message_cause("matched", each) for each in matched[: -MAX_SHOWN_MESSAGES - 1 : -1]),
                *(cause for cause in explanation.causes if cause.kind != "matched"),
            ],
        }
    )


def too_many(
    explanation: Explanation, problem: str, expected: Sequence[str], unexpected: Iterable[SmsMessage]
) -> Explanation:
    """Change an explanation so that it is about unexpected messages."""
    causes = [message_cause("unexpected", message) for message in unexpected]
    return explanation.model_copy(
        update={"problem": problem, "expected": list(expected), "closest": [], "causes": causes}
    )


def duplicates(
    explanation: Explanation, first: SmsMessage, second: SmsMessage, expected: str
) -> tuple[Explanation, Notes]:
    """Change an explanation so that it is about two messages with the same content."""
    conditions = [f"to {second.to}", f"content {quoted(second.content)}"]
    apart = f", {(second.created_at - first.created_at).total_seconds():g} s apart"
    problem = describe_count(2, conditions, expected, apart)
    notes = [("first", describe_message(first)), ("second", describe_message(second))]
    return too_many(explanation, problem, [*conditions, expected], []), notes


def message_cause(kind: CauseKind, message: SmsMessage) -> Cause:
    """Return a message with its history as a cause."""
    from mocksms.inspection.explanations import Cause

    return Cause(kind=kind, text=describe_message(message), id=message.transaction_id)


def describe_message(message: SmsMessage) -> str:
    """Return the id, number, content and history of a message."""
    history = describe_history(message.history)
    return f"{message.transaction_id} to {escape(message.to)} {quoted(message.content)}, {history}"


def told(title: str, message: SmsMessage) -> str:
    """Return a line about a message and its history."""
    return line(title, describe_message(message))


def _compare(expectation: Expectation, message: SmsMessage) -> Closest:
    """Compare a message that matches the filters of an expectation with all its conditions."""
    from mocksms.inspection.explanations import Closest, Comparison

    comparisons = [
        Comparison(
            field=check.field,
            expected=check.expected,
            actual=", ".join(check.values(message)) or "none",
            matches=not check.is_local or check.fits(message),
            differs_at=None,
            missing=None,
        )
        for check in expectation.checks()
    ]
    return Closest(
        transaction_id=message.transaction_id,
        matched=sum(comparison.matches for comparison in comparisons),
        conditions=len(comparisons),
        comparisons=comparisons,
        history=describe_history(message.history),
    )
