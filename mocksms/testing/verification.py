"""Verification of expectations by the mock: which messages match, and why others do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

from mocksms.errors import MockRefused
from mocksms.testing.account import AccountHandle
from mocksms.testing.client import REQUEST_SECONDS
from mocksms.testing.failures import Notes, describe_problem, explained_error, read_explanation, too_few, too_many
from mocksms.testing.matchers import Expectation
from mocksms.testing.models import SmsMessage, message_of

if TYPE_CHECKING:
    from mocksms.schemas.explanations import Explanation

__tracebackhide__ = True

SincePoint = SmsMessage | int | None
"""A message or a cursor: only later messages count. None is the start of the test for the fixture and the accounts
created from it, and the start of the mock for other handles."""

IMPOSSIBLE_COUNT: Final = 10**9
"""More messages than there can be: a verification that requires them returns an explanation."""

MAX_UNEXPECTED: Final = 10
"""Unexpected messages that a failure lists."""


class Verification(AccountHandle):
    """An account whose messages are compared with expectations."""

    def _matching(self, expected: Expectation, since: SincePoint) -> list[SmsMessage]:
        """Return the messages that match, oldest first."""
        return [message for message in self._candidates(expected, since) if expected.passes_local_checks(message)]

    def _candidates(self, expected: Expectation, since: SincePoint) -> list[SmsMessage]:
        """Return the messages that match what the mock can evaluate, oldest first."""
        return self._messages(**expected.filters(), since=self._cursor_of(since))

    def _verified(self, expected: Expectation, since: SincePoint, **count: int) -> list[SmsMessage]:
        return self._verify({**expected.filters(), **count}, since)

    def _verify(self, body: dict[str, Any], since: SincePoint) -> list[SmsMessage]:
        page, explanation = self._explained("POST", "verify", body, since=since)
        if explanation:
            fail(explanation)
        return [message_of(row) for row in reversed(page["messages"])]

    def _wait_for_count(self, expected: Expectation, since: SincePoint, within: float, count: int = 1) -> bool:
        """Wait until `count` messages match what the mock can evaluate; return whether they did in time."""
        query = {**expected.filters(), "count": count, "timeout": within, "read_timeout": within + REQUEST_SECONDS}
        page, _ = self._explained("GET", "messages/wait", since=since, **query)
        return page is not None

    def _explained(
        self, method: str, path: str, body: Any = None, /, *, since: SincePoint = None, **query: Any
    ) -> tuple[Any, Explanation | None]:
        """Return the response about the messages after a cursor, or the explanation why an expectation failed.

        Raises:
            MockRefused: the request is invalid.
        """
        after = self._cursor_of(since)
        try:
            if body is None:
                return self.api(method, path, since=after, **query), None
            return self.api(method, path, {**body, "since": after}, **query), None
        except MockRefused as error:
            if error.explanation is None:
                raise
            return None, read_explanation(error.explanation, hides_cursor=since is None)

    def _why(self, filters: Mapping[str, str | bool], since: SincePoint) -> Explanation:
        """Return the explanation of the mock why no further message matches."""
        _, explanation = self._explained("POST", "verify", {**filters, "at_least": IMPOSSIBLE_COUNT}, since=since)
        assert explanation is not None
        return explanation

    def _cursor_of(self, since: SincePoint) -> int:
        """Return the cursor after which messages count."""
        if since is None:
            return self._began
        return since.cursor if isinstance(since, SmsMessage) else since

    def _fail_of_too_few(
        self,
        expected: Expectation,
        since: SincePoint,
        count: int = 0,
        expected_count: str = "",
        when: str = "",
        notes: Notes = (),
    ) -> NoReturn:
        candidates = self._candidates(expected, since)
        explanation = self._why(expected.filters(), since)
        fail(too_few(explanation, expected, candidates, count, expected_count, when), notes)

    def _fail_of_too_many(
        self, expected: Expectation, since: SincePoint, found: Sequence[SmsMessage], times: int
    ) -> NoReturn:
        explanation = self._why(expected.filters(), since)
        conditions = [*explanation.expected[:-1], *(check.describe() for check in expected.local_checks())]
        problem = describe_problem(len(found), conditions, f"exactly {times}")
        fail(too_many(explanation, problem, [*conditions, f"exactly {times}"], found[:MAX_UNEXPECTED]))


def fail(explanation: Explanation, notes: Notes = ()) -> NoReturn:
    """Raise the AssertionError of an explanation, which it carries."""
    raise explained_error(explanation, notes)
