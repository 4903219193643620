"""Failures of a test as data: for its trace, and for its accounts on a mock that outlives the session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from mocksms.state.archive import encode
from mocksms.state.redaction import Secrets, header_values
from mocksms.state.trace import without_secrets
from mocksms.state.trace_models import MAX_ACCOUNT_FAILURES, MAX_ACCOUNT_FAILURES_SIZE, TracedFailure
from mocksms.testing.comparisons import Compared, Equality
from mocksms.testing.described_errors import errors_to
from mocksms.testing.failures import explanation_of
from mocksms.testing.handle import OUTCOME_SECONDS
from mocksms.testing.log_records import KEPT_LENGTH
from mocksms.testing.session import RunningTest

if TYPE_CHECKING:
    import pytest

MAX_HEADERS: Final = 100
"""Values of secret headers that are replaced wherever a trace or an account has them."""


def failures_of(report: pytest.TestReport, call: pytest.CallInfo[None], equality: Equality) -> list[TracedFailure]:
    """Return the errors that failed a phase of a test, at least one."""
    failures: list[TracedFailure] = []
    with errors_to(lambda text: failures.append(_unexplained(report, text))):
        if call.excinfo is None:  # such as of a test that was expected to fail, and passed
            return [_unexplained(report, report.longreprtext)]
        failures += (_failure(report, error, equality) for error in _leaves(call.excinfo.value))
    return failures


def _unexplained(report: pytest.TestReport, text: str) -> TracedFailure:
    assert report.when is not None
    return TracedFailure(when=report.when, type="Failed", text=text[:KEPT_LENGTH], explanation=None)


def _failure(report: pytest.TestReport, error: BaseException, equality: Equality) -> TracedFailure:
    assert report.when is not None
    text, explanation, compared = "a text that cannot be read", None, Compared()
    with errors_to(lambda _: None):
        text = str(error)[:KEPT_LENGTH]
    with errors_to(lambda _: None):
        explanation = explanation_of(error)
    with errors_to(lambda _: None):
        compared = Compared() if explanation else equality.compared(error)
    return TracedFailure(
        when=report.when,
        type=type(error).__name__,
        text=text,
        explanation=explanation,
        comparisons=[each.model() for each in compared.conditions],
        message=compared.message,
    )


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Iterate over the errors of a group, or over the one."""
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _leaves(member)
    else:
        yield error


def secrets_of(run: RunningTest, texts: Iterable[str]) -> Secrets:
    """Return what the data of a test must not have: keys, of which most end alike, tokens, and headers in texts."""
    suffix = f"-{run.session.key_suffix}"
    others = (key for key in run.sms.client.api_keys if not key.endswith(suffix))
    headers = (value for text in texts for value in header_values(text))
    return Secrets([*run.api_keys, *others, *run.session.tokens, *islice(headers, MAX_HEADERS)], [suffix])


def store_failures(run: RunningTest, failures: Iterable[TracedFailure]) -> None:
    """Add failures of a test to those that its accounts have. Nothing fails because of it."""
    if len(run.failures) >= MAX_ACCOUNT_FAILURES:  # a test can fail once in each of its subtests
        return
    run.failures += failures
    with errors_to(lambda _: None):
        secrets = secrets_of(run, [failure.text for failure in run.failures])
        body = {"test_failures": account_failures(run.failures, secrets)}
        for sms in run.accounts:
            sms.api("PATCH", "account", body, read_timeout=OUTCOME_SECONDS)


def account_failures(failures: Sequence[TracedFailure], secrets: Secrets) -> list[dict[str, Any]]:
    """Return the first failures as JSON, without secrets, as many as an account keeps.

    One that is too large has its text only.
    """
    kept: list[dict[str, Any]] = []
    left = MAX_ACCOUNT_FAILURES_SIZE
    for failure in failures[:MAX_ACCOUNT_FAILURES]:
        values = without_secrets(failure, secrets)
        if len(encode(values)) > left:
            values |= {"explanation": None, "comparisons": []}
        left -= len(encode(values))
        if left < 0:
            break
        kept.append(values)
    return kept
