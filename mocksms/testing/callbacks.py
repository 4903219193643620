"""Callbacks of an account: a test registers webhooks, asserts that callbacks were delivered, and repeats them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn, get_args

from mocksms.engine.clock import SteadyTime
from mocksms.errors import did_you_mean
from mocksms.sms.display import cut, line
from mocksms.sms.webhook import EVENTS, Webhook, WebhookKind
from mocksms.testing.account import AccountHandle
from mocksms.testing.client import ADVANCE_SECONDS, MAX_PAGE, MockClient, pause
from mocksms.testing.comparisons import Compared, ComparedCondition, compared_error
from mocksms.testing.event_loops import runs_event_loop
from mocksms.testing.failures import attempt_lines, describe_callback
from mocksms.testing.matchers import check_times
from mocksms.testing.models import (
    CallbackEvent,
    DurationLike,
    SmsCallback,
    SmsMessage,
    WebhookKindName,
    callback_of,
    in_seconds,
    transaction_id_of,
)

if TYPE_CHECKING:
    from mocksms.engine.outbox import ReplayOrder

__tracebackhide__ = True

CALLBACK_POLL_SECONDS: Final = 0.02
"""Seconds between two reads of the callbacks during a wait."""

MAX_CLOSEST: Final = 3
"""Callbacks that a failure compares with the conditions."""

MAX_URL: Final = 80
"""Characters of a URL that a failure shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackExpectation:
    """Which callbacks a test expects; a field that is None matches any value."""

    event: str | None
    transaction_id: str | None
    url: str | None
    delivered: bool | None

    def conditions(self, callback: SmsCallback) -> list[ComparedCondition]:
        """Compare a callback with each condition."""
        found: list[ComparedCondition] = []
        if self.event is not None:
            found.append(ComparedCondition("event", self.event, callback.event, callback.event == self.event))
        if self.transaction_id is not None:
            actual = callback.transaction_id or "no message"
            found.append(ComparedCondition("message", self.transaction_id, actual, actual == self.transaction_id))
        if self.url is not None:
            found.append(ComparedCondition("url", self.url, callback.url, self.url in callback.url))
        if self.delivered is not None:
            expected = "delivered" if self.delivered else "not delivered"
            state = callback.state
            matches = callback.is_delivered if self.delivered else callback.is_undelivered or state == "dropped"
            found.append(ComparedCondition("state", expected, state, matches))
        return found

    def matches(self, callback: SmsCallback) -> bool:
        """Whether a callback matches all conditions."""
        return all(condition.matches for condition in self.conditions(callback))

    def describe(self) -> list[str]:
        """Return the conditions in words."""
        named = (("event", self.event), ("message", self.transaction_id), ("url", self.url))
        state = {None: [], True: ["delivered"], False: ["not delivered"]}[self.delivered]
        return [*(f"{name} {cut(value, MAX_URL)}" for name, value in named if value is not None), *state]


class Callbacks(AccountHandle):
    """An account with its webhooks and callbacks."""

    def __init__(self, client: MockClient | None, api_key: str, timeout: float) -> None:
        super().__init__(client, api_key, timeout)
        self._expected_failures: set[int] = set()  # callbacks of which the test asserted that they are not delivered

    def webhook(
        self,
        url: str,
        kind: WebhookKindName = "transactional",
        events: CallbackEvent | Iterable[CallbackEvent] | None = None,
        *,
        paused: bool = False,
    ) -> None:
        """Register a webhook for the account. One with the same URL and kind is replaced.

        Args:
            url: URL of the receiver, such as `http://127.0.0.1:8000/hooks`.
            kind: `transactional` (JSON) or `automation` (a form).
            events: the events it gets, such as `["send", "reject"]`; None for the default events.
            paused: whether its callbacks wait, and follow in their order once it is registered without.

        Raises:
            MockRefused: the URL, the kind or an event is invalid; the text says what is expected.
        """
        names = [events] if isinstance(events, str) else None if events is None else list(events)
        webhook = {"url": url, "kind": kind, "events": names, "paused": paused}
        webhooks = self.api("GET", "account")["webhooks"]
        places = [place for place, each in enumerate(webhooks) if (each["url"], each["kind"]) == (url, kind)]
        if places:
            webhooks[places[0]] = webhook
        else:
            webhooks.append(webhook)
        self.api("PATCH", "account", {"webhooks": webhooks})

    @property
    def callbacks(self) -> list[SmsCallback]:
        """The newest callbacks of the account with their attempts, up to 1,000, oldest first."""
        return [callback_of(row) for row in self.api("GET", "callbacks", limit=MAX_PAGE)["callbacks"][::-1]]

    def assert_callback(
        self,
        event: CallbackEvent | None = None,
        message: SmsMessage | str | None = None,
        url: str | None = None,
        *,
        delivered: bool | None = True,
        times: int = 1,
        timeout: DurationLike | None = None,
    ) -> SmsCallback:
        """Wait until `times` callbacks match, and return the last of them.

        A receiver is called in the background, after the response of the send. In an async test use
        `await sms.aio.assert_callback(...)`.

        Args:
            event: event of the vendor, such as `send` or `SmsReply`.
            message: the message it is about, or its transaction id.
            url: part of the URL of the webhook.
            delivered: True: the receiver accepted it. False: it was dropped, or no attempt succeeded so far; the test
                then does not warn about it. None: any state.
            times: number of callbacks. Attempts do not count: a retry is part of its callback.
            timeout: in seconds of real time or a duration such as "2s"; by default the option `mocksms_timeout`.

        Raises:
            AssertionError: fewer callbacks match in time.
            ValueError: there is no such event.
        """
        _check_event(event)
        check_times(times, "for none: assert sms.callbacks == []")
        transaction_id = None if message is None else transaction_id_of(message).lower().replace("-", "")
        expected = CallbackExpectation(event=event, transaction_id=transaction_id, url=url, delivered=delivered)
        length = self._timeout if timeout is None else in_seconds(timeout)
        deadline = SteadyTime.seconds() + length
        while True:
            matched = [each for each in self._callbacks(message=transaction_id) if expected.matches(each)]
            if len(matched) >= times:
                break
            if SteadyTime.seconds() >= deadline:
                self._fail(expected, len(matched), times, length)
            pause(CALLBACK_POLL_SECONDS)
        if delivered is False:
            self._expected_failures.update(callback.id for callback in matched)
        return matched[-1]

    def replay(
        self, source: SmsCallback | SmsMessage | str, order: ReplayOrder = "same", times: int = 1
    ) -> list[SmsCallback]:
        """Send a callback or all callbacks of a message again, and return the new callbacks.

        It returns after the attempts that are due; the callbacks of one message wait for one another. In an async test
        whose application receives callbacks use `await sms.aio.replay(...)`.

        Args:
            source: a callback, or a message, or the transaction id of a message.
            order: order of the callbacks of a message: `same`, `reversed` or `shuffled`.
            times: how many times to send each again.

        Raises:
            MockRefused: the account has no such callback or message.
        """
        if isinstance(source, SmsCallback):
            rows = [self.api("POST", f"callbacks/{source.id}/replay") for _ in range(times)]
        else:
            path = f"messages/{transaction_id_of(source)}/callbacks/replay"
            rows = self.api("POST", path, {"order": order, "times": times})["callbacks"]
        if not rows:
            return []
        self.api("POST", "clock/advance", {"by": 0}, read_timeout=ADVANCE_SECONDS)
        new = {row["id"] for row in rows}
        return [each for each in self._callbacks(since=min(new) - 1) if each.id in new]

    def _callbacks(self, *, since: int | None = None, message: str | None = None) -> list[SmsCallback]:
        """Return the callbacks after a cursor, by default the start of the test, oldest first."""
        since = self._began if since is None else since
        rows = self.client.rows("callbacks", "id", key=self.api_key, since=since, message=message)
        return [callback_of(row) for row in rows]

    def _fail(self, expected: CallbackExpectation, count: int, times: int, length: float) -> NoReturn:
        found = self._callbacks()
        lines = [*_summary(expected, count, times, length, found), *_closest(expected, found), *self._causes()]
        if runs_event_loop():
            lines.append(line("loop", "this wait blocked the event loop; use: await sms.aio.assert_callback(...)"))
        raise compared_error("\n".join(lines), _compared(expected, found, count, times))

    def _causes(self) -> Iterator[str]:
        """Iterate over the usual reasons why a callback is missing."""
        account = self.api("GET", "account")
        webhooks = account["webhooks"]
        lines: list[str] = []
        if not webhooks:
            lines.append(line("webhook", "the account has no webhook; register one: mocksms.webhook(url)"))
        for each in webhooks:
            events = _events_of(each)
            gets = "is paused" if each["paused"] else f"gets {events or 'no event'}"
            lines.append(line("webhook", f"{cut(each['url'], MAX_URL)} ({each['kind']}) {gets}"))
        clock = account["clock"]
        due = f"; next due is {clock['next_due']}: mocksms.advance(...)" if clock["next_due"] else ""
        if clock["frozen"]:
            lines.append(line("clock", f"frozen at {clock['now']}{due}"))
        if queued := self.api("GET", "messages", status="queued", since=self._began, limit=1)["total"]:
            lines.append(line("queued", f"{queued} SMS still queued{'' if clock['frozen'] else due}"))
        yield from ("", *lines)


def _check_event(event: str | None) -> None:
    """Refuse an event that no callback can have: the assertion could not pass."""
    events = get_args(CallbackEvent)
    if event is not None and event not in events:
        hint = did_you_mean(str(event), events, f"there are {', '.join(events)}")
        raise ValueError(f"event is {event!r}, which no webhook has; {hint}")


def _events_of(row: Mapping[str, Any]) -> str:
    """Return the events that a webhook gets, which is a row of the inspection API."""
    kind = WebhookKind(row["kind"])
    webhook = Webhook(row["url"], kind, row["events"])
    return ", ".join(event for event in EVENTS[kind] if webhook.subscribes_to(event))


def _summary(
    expected: CallbackExpectation, count: int, times: int, length: float, found: Sequence[SmsCallback]
) -> Iterator[str]:
    conditions = expected.describe()
    subject = f" with {', '.join(conditions)}" if conditions else ""
    number = f", expected at least {times}" if times > 1 else ""
    total = f"{len(found)} callback{'' if len(found) == 1 else 's'} in the account"
    yield f"{count or 'no'} callback{'s' if count > 1 else ''}{subject} within {length:g} s{number}: {total}"
    yield line("expected", ", ".join([*conditions, f"at least {times}"]))


def _closest(expected: CallbackExpectation, found: Sequence[SmsCallback]) -> Iterator[str]:
    """Iterate over the lines about the callbacks that match most conditions, the newest first."""
    title = "closest"
    for callback, conditions in _ranked(expected, found)[:MAX_CLOSEST]:
        yield ""
        yield line(title, f"{describe_callback(callback)}  {_score(conditions)} of {len(conditions)} match")
        for each in conditions:
            result = "matches" if each.matches else f"expected {cut(each.expected, MAX_URL)}"
            separator = " " if each.matches else ", "
            yield line("", f"  {each.name:<8} {cut(each.actual, MAX_URL)}{separator}{result}")
        for text in attempt_lines(callback):
            yield line("", f"  {text}")
        title = "next"


def _ranked(
    expected: CallbackExpectation, found: Sequence[SmsCallback]
) -> list[tuple[SmsCallback, list[ComparedCondition]]]:
    """Return the callbacks that do not match, those that match most conditions first, of equal ones the newest."""
    compared = [(callback, expected.conditions(callback)) for callback in reversed(found)]
    different = [entry for entry in compared if not all(each.matches for each in entry[1])]
    return sorted(different, key=lambda entry: -_score(entry[1]))


def _compared(expected: CallbackExpectation, found: Sequence[SmsCallback], count: int, times: int) -> Compared:
    """Return how the closest callback compares, or without one the number of callbacks."""
    for callback, conditions in _ranked(expected, found):
        return Compared(conditions, expected.transaction_id or callback.transaction_id)
    number = ComparedCondition("callbacks", f"at least {times}", str(count), matches=False)
    return Compared([number], expected.transaction_id)


def _score(conditions: Sequence[ComparedCondition]) -> int:
    return sum(condition.matches for condition in conditions)
