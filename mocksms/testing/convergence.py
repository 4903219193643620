"""Convergence: in any order and number, a message's callbacks must lead the application to one state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, islice
from operator import attrgetter
from typing import Final, NoReturn

from mocksms.engine.clock import SteadyTime
from mocksms.errors import escape
from mocksms.sms.display import cut, line
from mocksms.testing.callbacks import MAX_URL, Callbacks
from mocksms.testing.client import ADVANCE_SECONDS
from mocksms.testing.disorder import Order, hostile_orders, shortest
from mocksms.testing.event_loops import runs_event_loop
from mocksms.testing.experiment import MAX_STATE, DeliveryRun, Experiment, OrderTrial
from mocksms.testing.failures import attempt_lines, describe_callback
from mocksms.testing.models import SmsCallback, SmsMessage, callback_of

__tracebackhide__ = True

TRIES: Final = 50
"""Orders that are tried unless the test sets another number."""

MAX_SHORTER: Final = 200
"""Runs in the search for the shortest order."""

CONTEXT: Final = 40
"""Characters of a long state before the first that differs."""

SHORTER_SECONDS: Final = 10.0
"""How long the search for the shortest order may take."""


class Convergence(Callbacks):
    """An account whose callbacks must lead an application to one state in any order."""

    def assert_converges(
        self,
        message: SmsMessage | str,
        state: Callable[[], object],
        reset: Callable[[], object] | None = None,
        *,
        other: SmsMessage | str | None = None,
        tries: int = TRIES,
        seed: int = 0,
    ) -> None:
        """Assert that the application ends in the same state, whatever the order and number of a message's callbacks.

        It sends the callbacks of the message again: twice, reversed, mixed with those of another message, an early one
        after the last, all again where the last is missing, and in random orders. After each order, `state()` must
        return what it returns after the true order. A failure shows the shortest order that breaks it.

        The message must have its callbacks already, and the receiver must have accepted them. The clock stays where it
        is: a callback that the receiver refuses is sent again after the others, without a wait, until none is accepted.

        In an async test use `await sms.aio.assert_converges(...)`, where `state` and `reset` can be async, too.

        Args:
            message: the message, or its transaction id.
            state: returns the application's own view of the message as plain values, without what differs each time.
                An application that handles callbacks in the background waits for that here.
            reset: brings the application to its state before the callbacks. Without it, each order arrives after all
                callbacks have arrived in their true order: then the first arrival is not tested.
            other: another message whose callbacks are mixed in; by default the last one of the account that has some.
            tries: number of orders, fewer where there are no more.
            seed: decides the random orders.

        Raises:
            AssertionError: an order leads to another state, or the receiver refuses a callback; the message has no
                callbacks, or they are not delivered.
            ValueError: the states cannot be compared; the text says why.
            MockRefused: the account has no such message.
        """
        check_arguments(state, reset, tries)
        subject = self.read(message)
        self._deliver_due()
        own = self._delivered_callbacks(subject)
        others = self._callbacks_of_other(subject, other)
        callbacks = sorted([*own, *others], key=attrgetter("id"))
        experiment = Experiment(callbacks, self._send_once, state, reset)
        report = ConvergenceReport(subject, callbacks, starts_after_all=reset is None)
        if (run := experiment.check()).refused:
            _fail(report.refusal_in_true_order(run))
        own_places, other_places = ([callbacks.index(each) for each in listed] for listed in [own, others])
        for number, order in enumerate(islice(hostile_orders(own_places, other_places, seed), tries), 1):
            trial = experiment.trial(order)
            if trial.expected.refused:
                _fail(report.refusal_in_true_order(trial.expected))
            if trial.has_failed:
                self._check_complete(subject, own)
                part = shortest(order, _limited(experiment.fails_for))
                shortened = f", shortened from {len(order)} callbacks" if part != order else ""
                found = f"in try {number} of {tries} with seed {seed}{shortened}"
                _fail(report.failure(experiment.trial(part)), found)

    def _deliver_due(self) -> None:
        """Return after the first attempts of the callbacks that are due; the clock stays where it is."""
        self.api("POST", "clock/advance", {"by": 0}, read_timeout=ADVANCE_SECONDS)

    def _sent_callbacks(self, message: SmsMessage) -> list[SmsCallback]:
        """Return the callbacks of a message that no rule dropped, without repetitions."""
        return [each for each in self._callbacks(since=0, message=message.transaction_id) if _is_sent(each)]

    def _check_complete(self, message: SmsMessage, known: Sequence[SmsCallback]) -> None:
        """Refuse a message that got further callbacks during the tries: they change the state at any time."""
        if further := self._sent_callbacks(message)[len(known) :]:
            events = ", ".join(each.event for each in further)
            _fail(
                [f"SMS {message.transaction_id} got {events} during the tries; freeze the clock, or wait for it first"]
            )

    def _delivered_callbacks(self, message: SmsMessage) -> list[SmsCallback]:
        """Return the callbacks of a message in their true order.

        Raises:
            AssertionError: there is none, or one is not delivered.
        """
        callbacks = self._sent_callbacks(message)
        if not callbacks:
            _fail([f"SMS {message.transaction_id} has no callbacks", *self._causes()])
        undelivered = [each for each in callbacks if not each.is_delivered]
        if undelivered:
            lines = [f"SMS {message.transaction_id} has callbacks that are not delivered; assert_converges needs all"]
            for each in undelivered:
                lines += [line("callback", describe_callback(each)), *(line("", text) for text in attempt_lines(each))]
            _fail([*lines, *self._causes()])
        return callbacks

    def _callbacks_of_other(self, message: SmsMessage, other: SmsMessage | str | None) -> list[SmsCallback]:
        """Return the callbacks of another message: of one that a test names, or of the last that has some."""
        if other is not None:
            named = self.read(other)
            if named.transaction_id == message.transaction_id:
                raise ValueError("other is the message itself; pass another message, or none")
            return self._delivered_callbacks(named)
        callbacks = [each for each in self._callbacks() if _is_sent(each) and each.is_delivered and each.transaction_id]
        ids = [each.transaction_id for each in callbacks if each.transaction_id != message.transaction_id]
        return [each for each in callbacks if each.transaction_id == ids[-1]] if ids else []

    def _send_once(self, callback: SmsCallback) -> SmsCallback:
        """Send a callback again, and return it after one attempt."""
        number = self.api("POST", f"callbacks/{callback.id}/replay")["id"]
        self._deliver_due()
        (row,) = self.api("GET", "callbacks", since=number - 1, before=number + 1)["callbacks"]
        sent = callback_of(row)
        if not sent.is_delivered:
            self.api("POST", f"callbacks/{number}/drop")
            self._expected_failures.add(number)
        return sent


class ConvergenceReport:
    """What a failure says about runs.

    Args:
        message: the message that the test names.
        callbacks: the callbacks in their true order.
        starts_after_all: whether the runs start in the state after all callbacks.
    """

    def __init__(self, message: SmsMessage, callbacks: Sequence[SmsCallback], *, starts_after_all: bool) -> None:
        self._message = message
        self._start = "after all callbacks in their order" if starts_after_all else ""
        self._callbacks = callbacks
        numbers: dict[bool, Iterator[int]] = {True: count(1), False: count(1)}
        kinds = [each.transaction_id == message.transaction_id for each in callbacks]
        self._labels = [
            f"{'' if is_own else 'other '}{next(numbers[is_own])} {each.event}"
            for each, is_own in zip(callbacks, kinds, strict=True)
        ]

    def failure(self, trial: OrderTrial) -> Iterator[str]:
        """Iterate over the lines about a trial that failed."""
        order = ", ".join(self._labels[each.place] for each in trial.actual.deliveries if not each.is_retry)
        if refused := trial.actual.refused:
            yield f"the receiver refuses {self._labels[refused.place]} in the order {order}: {refused.error}"
        else:
            actual, expected = trial.actual.end.text, trial.expected.end.text
            yield f"the state after {order} is {_part(actual, expected)}, expected {_part(expected, actual)}"
        yield from self._subject(trial.actual)
        yield from self._rows("expected", trial.expected)
        yield from self._rows("actual", trial.actual)

    def refusal_in_true_order(self, run: DeliveryRun) -> Iterator[str]:
        """Iterate over the lines about a run in which the receiver refused a callback in the true order."""
        assert run.refused is not None
        yield f"the receiver refuses {self._labels[run.refused.place]} in the true order: {run.refused.error}"
        yield from self._subject(run)
        yield from self._rows("actual", run)

    def _subject(self, run: DeliveryRun) -> Iterator[str]:
        """Iterate over the lines about the messages and receivers of a run."""
        yield line("message", f"{self._message.transaction_id} to {escape(self._message.to)}")
        callbacks = {self._labels[each.place]: self._callbacks[each.place] for each in run.deliveries}
        ids = {each.transaction_id for each in callbacks.values()} - {self._message.transaction_id}
        for transaction_id in ids:
            yield line("other", str(transaction_id))
        for url in dict.fromkeys(each.url for each in callbacks.values()):
            labels = sorted(label for label, each in callbacks.items() if each.url == url)
            yield line("receiver", f"{cut(url, MAX_URL)} gets {', '.join(labels)}")

    def _rows(self, title: str, run: DeliveryRun) -> Iterator[str]:
        """Iterate over the lines of a run."""
        rows = [("start", str(run.start), self._start)]
        for each in run.deliveries:
            label = f"{self._labels[each.place]}{' again' if each.is_retry else ''}"
            rows.append((label, str(each.state), f"refused: {each.error}" if each.error else ""))
        width = max(len(label) for label, _, _ in rows)
        yield ""
        for label, state, note in rows:
            yield line(title, f"{label:<{width}}  {state}{f'  ({note})' if note else ''}")
            title = ""


def check_arguments(state: object, reset: object, tries: object) -> None:
    """Refuse arguments of `assert_converges` that it cannot use.

    Raises:
        TypeError: `state` or `reset` is not a function.
        ValueError: there would be no try.
    """
    for name, value in (("state", state), ("reset", reset)):
        if not callable(value) and (name == "state" or value is not None):
            raise TypeError(f"{name} is {value!r}, but must be a function without arguments")
    if not isinstance(tries, int) or tries < 1:
        raise ValueError(f"tries is {tries!r}, but must be a whole number of at least 1")


def _part(text: str, other: str) -> str:
    """Return a state as a failure shows it: of a long one the part where it differs from another."""
    differing = (place for place, (one, two) in enumerate(zip(text, other, strict=False)) if one != two)
    begin = max(0, next(differing, 0) - CONTEXT) if len(text) > MAX_STATE else 0
    return f"{'…' if begin else ''}{cut(text[begin:], MAX_STATE)}"


def _is_sent(callback: SmsCallback) -> bool:
    """Whether a callback belongs to the true order: it repeats no other, and no rule dropped it."""
    return callback.replay_of is None and callback.state != "dropped"


def _limited(fails_for: Callable[[Order], bool]) -> Callable[[Order], bool]:
    """Return a function that does the same for a number of orders and a time, and then returns False."""
    deadline, numbers = SteadyTime.seconds() + SHORTER_SECONDS, count()
    return lambda order: next(numbers) < MAX_SHORTER and SteadyTime.seconds() < deadline and fails_for(order)


def _fail(lines: Iterable[str], found: str = "") -> NoReturn:
    notes = [line("found", found)] if found else []
    if runs_event_loop():
        notes.append(line("loop", "this call blocked the event loop; use: await sms.aio.assert_converges(...)"))
    raise AssertionError("\n".join([*lines, *(["", *notes] if notes else [])]))
