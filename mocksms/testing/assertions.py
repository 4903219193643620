"""What a test asserts of an account. Every failure says what was wanted, how near it came, and the usual causes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any, Final, NoReturn

from mocksms.engine.clock import SteadyTime
from mocksms.errors import MockRefused
from mocksms.sms.numbers import digits_of
from mocksms.testing.account import PAGE, AccountHandle
from mocksms.testing.client import PATIENCE, MockClient
from mocksms.testing.failures import compared, line, retold, told, with_lines, without_place
from mocksms.testing.lengths import DurationLike, in_seconds
from mocksms.testing.lookalikes import why_so_long
from mocksms.testing.matchers import LONGEST_WORDS, Expectation, Matcher, expectation_of
from mocksms.testing.models import SmsMessage, message_of, quoted
from mocksms.testing.waiting import holds_up_a_loop

__tracebackhide__ = True

SincePoint = SmsMessage | int | None
"""A message or a cursor: only what came after it counts. None: since the handle's own beginning.

That is when the test began for the handle of the fixture and the accounts made from it, the mock's start for others."""

LOOK: Final = 0.25
"""Seconds between two looks at what only this side can evaluate, unless a message comes."""


class Assertions(AccountHandle):
    """An account whose messages can be asserted and waited for.

    All take the same wishes: `to` is a number, compared on digits; `text` a part of the content; `tag` one of the tags;
    `status` is `sent`, or with its reason `rejected/bounced`. Each is a text, a compiled regular expression that is
    searched for, or a callable that gets the value. What is not given may be anything.
    """

    def __init__(self, client: MockClient | None, api_key: str, timeout: float) -> None:
        super().__init__(client, api_key, timeout)
        self._returned: dict[Expectation, set[str]] = {}

    def assert_sent(
        self,
        to: Matcher | None = None,
        text: Matcher | None = None,
        tag: Matcher | None = None,
        status: Matcher | None = None,
        *,
        times: int = 1,
        since: SincePoint = None,
    ) -> SmsMessage:
        """Assert that exactly so many messages are as wished, and return the one, or the newest of them.

        Whatever its status: an SMS that was refused was sent by the application, too; `status="sent"` asks for more.

        Raises:
            AssertionError: there are more or fewer; the text explains why.
        """
        wish = Expectation(to=to, text=text, tag=tag, status=status)
        _check_times(times)
        if wish.traits():
            found = self._matching(wish, since)
            if len(found) != times:
                self._fail_locally(wish, since, found, f"exactly {times}")
            return found[-1]
        return self._verified(wish, since, exactly=times)[-1]

    def wait_for(
        self,
        to: Matcher | None = None,
        text: Matcher | None = None,
        tag: Matcher | None = None,
        status: Matcher | None = None,
        *,
        times: int = 1,
        since: SincePoint = None,
        timeout: DurationLike | None = None,
    ) -> SmsMessage:
        """Wait until so many messages are as wished, and return the one, or the last of so many.

        What came before the call counts, too. The same wait made again passes over what it has returned, so that it
        returns the next one; `since` says otherwise. In an async test use `await sms.aio.wait_for(...)`.

        `timeout` is in seconds or a duration such as "2s"; the option `mocksms_timeout` unless given.

        Raises:
            AssertionError: they do not come in time; the text explains why.
        """
        wish = Expectation(to=to, text=text, tag=tag, status=status)
        _check_times(times)
        length = self._timeout if timeout is None else in_seconds(timeout)
        returned = self._returned.setdefault(wish, set())
        passed_over = frozenset(returned) if since is None else frozenset[str]()
        note: list[str] = []
        if passed_over:
            note.append(
                line("resumed", f"the same wait has returned {len(passed_over)} SMS already; since=0 looks at all")
            )
        if holds_up_a_loop():
            note.append(line("loop", "it stood still meanwhile; for an application in it: await sms.aio.wait_for(...)"))
        found = self._await(wish, since, times, length, passed_over, note)
        returned.update(message.transaction_id for message in found)
        return found[-1]

    def assert_not_sent(
        self,
        to: Matcher | None = None,
        text: Matcher | None = None,
        tag: Matcher | None = None,
        status: Matcher | None = None,
        *,
        for_: DurationLike | None = None,
        since: SincePoint = None,
    ) -> None:
        """Assert that no message is as wished, and none comes for so long.

        It is watched in real time, also while the account's clock is frozen: the application may go on. In an async
        test use `await sms.aio.assert_not_sent(...)`.

        Raises:
            AssertionError: there is one.
            ValueError: `to` is a text that no number is compared equal to, so that this could not fail.
        """
        wish = Expectation(to=to, text=text, tag=tag, status=status)
        _check_comparable(to)
        if wish.traits():
            self._watch_locally(wish, since, for_)
            return
        self._verified(wish, since, exactly=0)
        deadline = _end_of_watch(for_)
        while (left := deadline - SteadyTime.seconds()) > 0 and self._comes(wish, since, left):
            self._verified(wish, since, exactly=0)

    def assert_nothing_sent(self, *, for_: DurationLike | None = None, since: SincePoint = None) -> None:
        """Assert that there is no message at all, and none comes for so long.

        Raises:
            AssertionError: there is one.
        """
        self.assert_not_sent(for_=for_, since=since)

    def assert_sent_in_order(
        self, *wishes: Matcher | Mapping[str, Any], nothing_else: bool = False, since: SincePoint = None
    ) -> list[SmsMessage]:
        """Assert that messages were sent in this order, one for each wish, and return them.

        Args:
            wishes: each a text (or a regular expression, or a callable), or a mapping such as
                `{"to": number, "text": "Welcome"}`.
            nothing_else: whether there must be no other message before, between or after them.
            since: a message or a cursor; what came before does not count.

        Raises:
            AssertionError: one is missing, comes too early, or is too many.
        """
        wanted = [expectation_of(wish) for wish in wishes]
        if not wanted:
            raise ValueError("assert_sent_in_order needs at least one wish; assert_nothing_sent takes none")
        if not any(wish.traits() for wish in wanted):
            in_order = [wish.filters() for wish in wanted]
            return self._verify({"in_order": in_order, "nothing_else": nothing_else}, since)
        return self._in_order(wanted, since, nothing_else=nothing_else)

    def assert_no_duplicates(self, within: DurationLike | None = None) -> None:
        """Assert that nobody got the same content twice, ever or within so long on the account's clock.

        What was refused or failed reached nobody and does not count; what is still queued does.

        Raises:
            AssertionError: somebody did.
        """
        limit = None if within is None else timedelta(seconds=in_seconds(within))
        alike = attrgetter("number", "content")
        messages = self._messages(since=self._place(None))
        on_their_way = [message for message in messages if message.status in ("queued", "sent")]
        for _, group in groupby(sorted(on_their_way, key=lambda message: (*alike(message), message.cursor)), alike):
            for first, second in pairwise(group):
                apart = second.created_at - first.created_at
                if limit is None or apart <= limit:
                    self._fail_of_duplicates(first, second, apart, within)

    def assert_no_send_after_opt_out(self) -> None:
        """Assert that nothing was sent to a number that had opted out: that the provider had to refuse none for it.

        Raises:
            AssertionError: something was.
        """
        _, explanation = self._explained("POST", "verify", {"reject_reason": "unsubscribe", "exactly": 0})
        if explanation:
            count = len(self._messages(reject_reason="unsubscribe", since=self._place(None)))
            verdict = f"{count} SMS went to a number that had opted out"
            _fail(retold(explanation, verdict, ["nothing sent after an opt-out"]))

    def assert_segments(self, message: SmsMessage | str, count: int) -> None:
        """Assert that a message, given by itself or its transaction id, takes so many segments as the phone shows it.

        Raises:
            AssertionError: it takes more or fewer; the text names the character that forced UCS-2, and its look-alike.
            MockRefused: there is no such message.
        """
        if not isinstance(message, SmsMessage):
            message = self.read(message)
        if message.segments.count != count:
            _fail("\n".join(why_so_long(message, count)))

    def _matching(self, wish: Expectation, since: SincePoint) -> list[SmsMessage]:
        """Return the messages that are as wished, oldest first."""
        candidates = self._messages(**wish.filters(), since=self._place(since))
        return [message for message in candidates if wish.is_met_by(message)]

    def _verified(self, wish: Expectation, since: SincePoint, **count: int) -> list[SmsMessage]:
        return self._verify({**wish.filters(), **count}, since)

    def _verify(self, question: dict[str, Any], since: SincePoint) -> list[SmsMessage]:
        page, explanation = self._explained("POST", "verify", question, since=since)
        if explanation:
            _fail(explanation["text"])
        return [message_of(row) for row in reversed(page["messages"])]

    def _await(
        self,
        wish: Expectation,
        since: SincePoint,
        times: int,
        timeout: float,
        passed_over: Collection[str],
        note: Sequence[str],
    ) -> list[SmsMessage]:
        """Return the oldest messages that are as wished, except some, once there are so many."""
        if passed_over or wish.traits():
            return self._await_locally(wish, since, times, timeout, passed_over, note)
        query = {**wish.filters(), "count": times, "timeout": timeout, "within": timeout + PATIENCE}
        page, explanation = self._explained("GET", "messages/wait", since=since, **query)
        if explanation:
            _fail(with_lines(explanation, *note))
        found = [message_of(row) for row in reversed(page["messages"])]
        if page["total"] == times:
            return found
        # There are more; some of them may have made room meanwhile.
        return [*self._matching(wish, since), *found][:times]

    def _await_locally(
        self,
        wish: Expectation,
        since: SincePoint,
        times: int,
        timeout: float,
        passed_over: Collection[str],
        note: Sequence[str],
    ) -> list[SmsMessage]:
        """Wait for what only this side can tell: it looks again when more match, and from time to time."""
        deadline = SteadyTime.seconds() + timeout
        while True:
            candidates = self._messages(**wish.filters(), since=self._place(since))
            fresh = [each for each in candidates if each.transaction_id not in passed_over and wish.is_met_by(each)]
            left = deadline - SteadyTime.seconds()
            if len(fresh) >= times:
                return fresh[:times]
            if left <= 0:
                wanted = f"{times} more" if passed_over else f"at least {times}"
                self._fail_locally(wish, since, fresh, wanted, f"within {timeout:g} s", note=note)
            if len(candidates) < PAGE:
                self._comes(wish, since, min(left, LOOK), len(candidates) + 1)
            else:
                self._comes(wish, candidates[-1], min(left, LOOK))

    def _watch_locally(self, wish: Expectation, since: SincePoint, for_: DurationLike | None) -> None:
        deadline = _end_of_watch(for_)
        while True:
            cursor = self.cursor
            if found := self._matching(wish, since):
                self._fail_locally(wish, since, found, "exactly 0")
            left = deadline - SteadyTime.seconds()
            if left <= 0:
                return
            self._comes(wish, cursor, min(left, LOOK))

    def _comes(self, wish: Expectation, since: SincePoint, within: float, count: int = 1) -> bool:
        """Return whether so many messages are there in time that are as wished as far as the mock can evaluate that."""
        query = {**wish.filters(), "count": count, "timeout": within, "within": within + PATIENCE}
        page, _ = self._explained("GET", "messages/wait", since=since, **query)
        return page is not None

    def _in_order(self, wishes: Sequence[Expectation], since: SincePoint, *, nothing_else: bool) -> list[SmsMessage]:
        met: list[SmsMessage] = []
        for place, wish in enumerate(wishes, 1):
            found = self._matching(wish, met[-1] if met else since)
            if not found:
                after = f" after {met[-1].transaction_id}" if met else ""
                verdict = f"no SMS matched place {place} of {len(wishes)}{after}"
                self._fail_locally(wish, since, [], f"place {place}{after}", verdict=verdict)
            met.append(found[0])
        ids = {message.transaction_id for message in met}
        others = [message for message in self._messages(since=self._place(since)) if message.transaction_id not in ids]
        if nothing_else and others:
            verdict = f"{len(others)} SMS nobody asked for"
            _fail("\n".join([verdict, line("wanted", "nothing else"), *(told("unasked", each) for each in others)]))
        return met

    def _explained(
        self, method: str, path: str, body: Any = None, /, *, since: SincePoint = None, **query: Any
    ) -> tuple[Any, Mapping[str, Any] | None]:
        """Return what is answered about what came since a place, and the explanation where that is not as wanted.

        Raises:
            MockRefused: there is something wrong with the question.
        """
        place = self._place(since)
        try:
            if body is None:
                return self.api(method, path, since=place, **query), None
            return self.api(method, path, {**body, "since": place}, **query), None
        except MockRefused as error:
            if error.explanation is None:
                raise
            return None, error.explanation if since is not None else without_place(error.explanation, place)

    def _place(self, since: SincePoint) -> int:
        """Return a cursor: what came up to it does not count."""
        if since is None:
            return self._began
        return since.cursor if isinstance(since, SmsMessage) else since

    def _fail_locally(
        self,
        wish: Expectation,
        since: SincePoint,
        found: Sequence[SmsMessage],
        *wanted: str,
        verdict: str = "",
        note: Sequence[str] = (),
    ) -> NoReturn:
        """Fail for a wish that only this side can evaluate; the mock explains the rest of it."""
        candidates = self._messages(**wish.filters(), since=self._place(since))
        explanation = self._why({**wish.filters(), "at_least": len(candidates) + 1}, since)
        traits = wish.traits()
        wishes = [*explanation["wanted"][:-1], *(trait.describe() for trait in traits), *wanted]
        verdict = verdict or (f"{len(found)} SMS matched, wanted {wanted[0]}" if found else "no SMS matched")
        lines = compared(traits, candidates) if traits else ()
        text = retold(explanation, verdict, wishes, lines, without="matched" if traits else "")
        _fail("\n".join([text, *note]))

    def _fail_of_duplicates(
        self, first: SmsMessage, second: SmsMessage, apart: timedelta, within: DurationLike | None
    ) -> NoReturn:
        limit = "ever" if within is None else f"within {in_seconds(within):g} s"
        verdict = f"2 SMS alike went to {second.to}, {apart.total_seconds():g} s apart"
        question = {"to": second.to, "content": second.content[:LONGEST_WORDS], "at_most": 1}
        wanted = [f"{quoted(second.content)} to {second.to} at most once {limit}"]
        lines = ["", told("first", first), told("again", second)]
        _fail(retold(self._why(question, None), verdict, wanted, lines, without="unasked"))

    def _why(self, question: dict[str, Any], since: SincePoint) -> Mapping[str, Any]:
        """Return the explanation of the mock why something is not so that is known not to be so."""
        _, explanation = self._explained("POST", "verify", question, since=since)
        return explanation or {"text": "\n\n  got        changed while it was looked at", "wanted": [""], "causes": []}


def _check_times(times: object) -> None:
    if type(times) is not int or times < 1:
        hint = "but must be a whole number, at least 1; assert_not_sent asserts that there is none"
        raise ValueError(f"times is {times!r}, {hint}")


def _check_comparable(to: Matcher | None) -> None:
    """Refuse a number that no message is found by: that there is none would prove nothing."""
    if not isinstance(to, str):
        return
    digits = digits_of(to)
    if not any(map(str.isdigit, digits)):
        raise ValueError(f"to is {to!r}, but must have digits: numbers are compared on these")
    if digits.startswith("05"):
        raise ValueError(f"to is {to!r}, but must have the country's prefix, such as 972-{digits[1:3]}-{digits[3:]}")


def _end_of_watch(for_: DurationLike | None) -> float:
    return SteadyTime.seconds() + (0 if for_ is None else in_seconds(for_))


def _fail(text: str) -> NoReturn:
    raise AssertionError(text)
