"""Assertions about the messages of an account. A failure explains itself: expected, found, closest, causes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any, Final, NoReturn

from mocksms.engine.clock import SteadyTime
from mocksms.testing.client import MAX_PAGE, REQUEST_SECONDS, MockClient
from mocksms.testing.comparisons import Compared, ComparedCondition, compared_error
from mocksms.testing.event_loops import runs_event_loop
from mocksms.testing.failures import Notes, describe_others, duplicates, explain_segments, too_many
from mocksms.testing.matchers import (
    MAX_FILTER_LENGTH,
    Expectation,
    Matcher,
    check_comparable,
    check_times,
    expectation_of,
)
from mocksms.testing.models import DurationLike, SmsMessage, in_seconds, message_of
from mocksms.testing.verification import MAX_UNEXPECTED, SincePoint, Verification, fail

__tracebackhide__ = True

RECHECK_SECONDS: Final = 0.25
"""Seconds between two evaluations of local checks, unless a message comes."""

MAX_IN_ORDER: Final = 100
"""Expectations of an order that the mock checks; more are checked here."""


class Assertions(Verification):
    """An account with assertions about its messages.

    All take the same conditions: `to` is a number, compared on digits, `*` for any; `content` a part of what was sent;
    `text` a part of what the phone shows, links and unsubscribe text included; `tag` one of the tags; `status` is
    `sent`, or with its reason `rejected/bounced`. Each is a string, a compiled regular expression that is searched for,
    or a callable that gets the value and returns whether it matches. `has_code` is whether the text has a one-time
    code, True or False. Without a condition a field may have any value.
    """

    def __init__(self, client: MockClient | None, api_key: str, timeout: float) -> None:
        super().__init__(client, api_key, timeout)
        self._returned: dict[Expectation, set[str]] = {}

    def assert_sent(
        self,
        to: Matcher | None = None,
        content: Matcher | None = None,
        text: Matcher | None = None,
        tag: Matcher | None = None,
        status: Matcher | None = None,
        *,
        has_code: bool | None = None,
        times: int = 1,
        since: SincePoint = None,
    ) -> SmsMessage:
        """Assert that exactly `times` messages match, and return the newest of them.

        A message counts whatever its status; `status="sent"` requires that it was sent.

        Raises:
            AssertionError: more or fewer messages match.
        """
        expected = Expectation(to=to, content=content, text=text, tag=tag, status=status, has_code=has_code)
        check_times(times)
        if expected.local_checks():
            found = self._matching(expected, since)
            if len(found) > times:
                self._fail_of_too_many(expected, since, found, times)
            if len(found) < times:
                self._fail_of_too_few(expected, since, len(found), f"exactly {times}")
            return found[-1]
        return self._verified(expected, since, exactly=times)[-1]

    def wait_for(
        self,
        to: Matcher | None = None,
        content: Matcher | None = None,
        text: Matcher | None = None,
        tag: Matcher | None = None,
        status: Matcher | None = None,
        *,
        has_code: bool | None = None,
        times: int = 1,
        since: SincePoint = None,
        timeout: DurationLike | None = None,
    ) -> SmsMessage:
        """Wait until `times` messages match, and return the last of them.

        Messages that came before the call count. A repeated wait skips the messages that it has returned already,
        unless `since` is given. In an async test use `await sms.aio.wait_for(...)`.

        `timeout` is in seconds or a duration such as "2s"; by default the option `mocksms_timeout`.

        Raises:
            AssertionError: fewer messages match in time.
        """
        expected = Expectation(to=to, content=content, text=text, tag=tag, status=status, has_code=has_code)
        check_times(times)
        length = self._timeout if timeout is None else in_seconds(timeout)
        returned = self._returned.setdefault(expected, set())
        skipped = frozenset(returned) if since is None else frozenset[str]()
        notes: list[tuple[str, str]] = []
        if skipped:
            notes.append(("repeated", f"the same wait has returned {len(skipped)} SMS already; since=0 counts them"))
        if runs_event_loop():
            notes.append(("loop", "this wait blocked the event loop; use: await sms.aio.wait_for(...)"))
        found = self._await(expected, since, times, length, skipped, notes)
        returned.update(message.transaction_id for message in found)
        return found[-1]

    def assert_not_sent(
        self,
        to: Matcher | None = None,
        content: Matcher | None = None,
        text: Matcher | None = None,
        tag: Matcher | None = None,
        status: Matcher | None = None,
        *,
        has_code: bool | None = None,
        for_: DurationLike | None = None,
        since: SincePoint = None,
    ) -> None:
        """Assert that no message matches, now and for the time `for_`.

        That time is real time, also while the clock of the account is frozen. In an async test use
        `await sms.aio.assert_not_sent(...)`.

        Raises:
            AssertionError: a message matches.
            ValueError: no number can match `to`, so that the assertion could not fail.
        """
        expected = Expectation(to=to, content=content, text=text, tag=tag, status=status, has_code=has_code)
        check_comparable(to)
        if expected.local_checks():
            self._watch_locally(expected, since, for_)
            return
        self._verified(expected, since, exactly=0)
        deadline = _end_of_watch(for_)
        while (left := deadline - SteadyTime.seconds()) > 0 and self._wait_for_count(expected, since, left):
            self._verified(expected, since, exactly=0)

    def assert_nothing_sent(self, *, for_: DurationLike | None = None, since: SincePoint = None) -> None:
        """Assert that there is no message, now and for the time `for_`.

        Raises:
            AssertionError: there is a message.
        """
        self.assert_not_sent(for_=for_, since=since)

    def assert_sent_in_order(
        self, *expected: Matcher | Mapping[str, Any], nothing_else: bool = False, since: SincePoint = None
    ) -> list[SmsMessage]:
        """Assert that messages were sent in this order, one for each expectation, and return them.

        Args:
            expected: each a part of the content (or a regular expression, or a callable), or a mapping such as
                `{"to": number, "content": "Welcome"}`.
            nothing_else: whether there must be no other message before, between or after them.
            since: a message or a cursor; only later messages count.

        Raises:
            AssertionError: a message is missing, comes too early, or is unexpected.
        """
        expectations = [expectation_of(each) for each in expected]
        if not expectations:
            raise ValueError("assert_sent_in_order needs at least one expectation; assert_nothing_sent takes none")
        if len(expectations) <= MAX_IN_ORDER and not any(each.local_checks() for each in expectations):
            in_order = [each.filters() for each in expectations]
            return self._verify({"in_order": in_order, "nothing_else": nothing_else}, since)
        return self._in_order(expectations, since, nothing_else=nothing_else)

    def assert_no_duplicates(self, within: DurationLike | None = None) -> None:
        """Assert that no number got the same content twice, at all or `within` a time on the clock of the account.

        Messages that are sent or queued count; rejected, invalid and failed ones do not.

        Raises:
            AssertionError: a number got the same content twice.
        """
        limit = None if within is None else timedelta(seconds=in_seconds(within))
        alike = attrgetter("number", "content")
        delivered = [each for each in self._messages(since=self._cursor_of(None)) if each.status in ("queued", "sent")]
        ordered = sorted(delivered, key=lambda message: (*alike(message), message.cursor))
        for _, group in groupby(ordered, alike):
            for first, second in pairwise(group):
                if limit is None or abs(second.created_at - first.created_at) <= limit:
                    self._fail_of_duplicates(first, second, within)

    def assert_no_send_after_opt_out(self) -> None:
        """Assert that no message was rejected because the recipient had opted out.

        Raises:
            AssertionError: a message was sent to a number that had opted out.
        """
        _, explanation = self._explained("POST", "verify", {"reject_reason": "unsubscribe", "exactly": 0})
        if explanation:
            messages = self._messages(reject_reason="unsubscribe", since=self._cursor_of(None))
            problem = f"{len(messages)} SMS to a number that had opted out, expected none"
            fail(too_many(explanation, problem, ["no SMS after an opt-out"], messages[:MAX_UNEXPECTED]))

    def assert_segments(self, message: SmsMessage | str, count: int) -> None:
        """Assert that a message, given by itself or its transaction id, takes `count` segments as the phone shows it.

        Raises:
            AssertionError: it takes more or fewer; names the character that forced UCS-2, and its look-alike.
            MockRefused: there is no such message.
        """
        if not isinstance(message, SmsMessage):
            message = self.read(message)
        if message.segments.count != count:
            segments = ComparedCondition("segments", str(count), str(message.segments.count), matches=False)
            compared = Compared([segments], message.transaction_id)
            raise compared_error("\n".join(explain_segments(message, count)), compared)

    def _await(
        self,
        expected: Expectation,
        since: SincePoint,
        times: int,
        timeout: float,
        skipped: Collection[str],
        notes: Notes,
    ) -> list[SmsMessage]:
        """Return the oldest `times` messages that match, except skipped ones, as soon as they are there."""
        if skipped or expected.local_checks():
            return self._await_locally(expected, since, times, timeout, skipped, notes)
        query = {**expected.filters(), "count": times, "timeout": timeout, "read_timeout": timeout + REQUEST_SECONDS}
        page, explanation = self._explained("GET", "messages/wait", since=since, **query)
        if explanation:
            fail(explanation, notes)
        found = [message_of(row) for row in reversed(page["messages"])]
        if page["total"] == times:
            return found
        # There are more, and the oldest count; some of them may be evicted by now.
        known = {message.cursor: message for message in [*found, *self._matching(expected, since)]}
        return [known[cursor] for cursor in sorted(known)][:times]

    def _await_locally(
        self,
        expected: Expectation,
        since: SincePoint,
        times: int,
        timeout: float,
        skipped: Collection[str],
        notes: Notes,
    ) -> list[SmsMessage]:
        """Wait with local checks: evaluate them when more messages match the filters, and from time to time."""
        deadline = SteadyTime.seconds() + timeout
        while True:
            candidates = self._candidates(expected, since)
            fresh = [
                each for each in candidates if each.transaction_id not in skipped and expected.passes_local_checks(each)
            ]
            left = deadline - SteadyTime.seconds()
            if len(fresh) >= times:
                return fresh[:times]
            if left <= 0:
                count = f"{times} more" if skipped else f"at least {times}"
                self._fail_of_too_few(expected, since, len(fresh), count, f"within {timeout:g} s", notes)
            if len(candidates) < MAX_PAGE:
                self._wait_for_count(expected, since, min(left, RECHECK_SECONDS), len(candidates) + 1)
            else:
                self._wait_for_count(expected, candidates[-1], min(left, RECHECK_SECONDS))

    def _watch_locally(self, expected: Expectation, since: SincePoint, for_: DurationLike | None) -> None:
        deadline = _end_of_watch(for_)
        while True:
            cursor = self.cursor
            if found := self._matching(expected, since):
                self._fail_of_too_many(expected, since, found, 0)
            left = deadline - SteadyTime.seconds()
            if left <= 0:
                return
            self._wait_for_count(expected, cursor, min(left, RECHECK_SECONDS))

    def _in_order(
        self, expectations: Sequence[Expectation], since: SincePoint, *, nothing_else: bool
    ) -> list[SmsMessage]:
        matched: list[SmsMessage] = []
        for place, expected in enumerate(expectations, 1):
            found = self._matching(expected, matched[-1] if matched else since)
            if not found:
                previous = f" after {matched[-1].transaction_id}" if matched else ""
                when = f"at place {place} of {len(expectations)}{previous}"
                self._fail_of_too_few(expected, since, when=when)
            matched.append(found[0])
        ids = {message.transaction_id for message in matched}
        others = [
            message for message in self._messages(since=self._cursor_of(since)) if message.transaction_id not in ids
        ]
        if nothing_else and others:
            problem = describe_others(len(others), len(matched))
            fail(too_many(self._why({}, since), problem, ["nothing else"], others[:MAX_UNEXPECTED]))
        return matched

    def _fail_of_duplicates(self, first: SmsMessage, second: SmsMessage, within: DurationLike | None) -> NoReturn:
        explanation = self._why({"to": second.to, "content": second.content[:MAX_FILTER_LENGTH]}, None)
        limit = "" if within is None else f" within {in_seconds(within):g} s"
        fail(*duplicates(explanation, first, second, f"at most 1{limit}"))


def _end_of_watch(for_: DurationLike | None) -> float:
    return SteadyTime.seconds() + (0 if for_ is None else in_seconds(for_))
