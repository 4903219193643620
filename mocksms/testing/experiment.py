"""Runs of an application whose receiver gets callbacks in many orders, and the states in which they end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from copy import deepcopy
from dataclasses import dataclass
from inspect import isawaitable
from pprint import pformat
from typing import Final

from mocksms.sms.display import cut
from mocksms.testing.disorder import Order
from mocksms.testing.models import SmsCallback

__tracebackhide__ = True

MAX_STATE: Final = 200
"""Characters of a state that a failure shows."""

MAX_WAIT: Final = 1.0
"""Seconds of an attempt without success after which a callback is not sent again: the receiver may hang."""

ONE_LINE: Final = 1_000_000
"""Characters of a state in one line."""


@dataclass(frozen=True, slots=True, eq=False)
class ApplicationState:
    """The state of the application at one time, as the test returns it, and its text; or the error that was raised."""

    value: object
    text: str
    error: Exception | None = None

    def is_like(self, other: ApplicationState) -> bool:
        """Whether another state has an equal value, or an error with the same text."""
        if self.error or other.error:
            return self.text == other.text
        return bool(self.value == other.value)

    def __str__(self) -> str:
        return cut(self.text, MAX_STATE)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a callback: its place in the true order, the text of its error, and the state after it.

    `is_lost` says that it is not sent again: no attempt is left, or the receiver took too long. `is_retry` says that
    the receiver refused it earlier in the run.
    """

    place: int
    error: str
    is_lost: bool
    is_retry: bool
    state: ApplicationState


@dataclass(frozen=True, slots=True)
class DeliveryRun:
    """A run: the state at its start, and the deliveries. `refused` is one that the receiver refused to the end."""

    start: ApplicationState
    deliveries: tuple[Delivery, ...] = ()
    refused: Delivery | None = None

    @property
    def end(self) -> ApplicationState:
        """The state at the end."""
        return self.deliveries[-1].state if self.deliveries else self.start


@dataclass(frozen=True, slots=True)
class OrderTrial:
    """The run of an order, and the run with the same callbacks in their true order."""

    expected: DeliveryRun
    actual: DeliveryRun

    @property
    def has_failed(self) -> bool:
        """Whether the receiver refused a callback, or the runs end in different states."""
        return self.actual.refused is not None or not self.actual.end.is_like(self.expected.end)


class Experiment:
    """An application whose receiver gets callbacks in many orders.

    Args:
        callbacks: the callbacks in their true order.
        send: sends a callback again, and returns it after its attempt.
        state: returns the state of the application.
        reset: brings the application to its state before the callbacks. Without it, each run starts in the state
            after all callbacks; where a run has left another state, all are sent again in their true order.
    """

    def __init__(
        self,
        callbacks: Sequence[SmsCallback],
        send: Callable[[SmsCallback], SmsCallback],
        state: Callable[[], object],
        reset: Callable[[], object] | None,
    ) -> None:
        self._callbacks = callbacks
        self._send = send
        self._state = state
        self._reset = reset
        self._first = {callback.transaction_id: place for place, callback in reversed([*enumerate(callbacks)])}
        self._trials: dict[Order, OrderTrial] = {}
        self._expected: dict[Order, DeliveryRun] = {}
        self._base: ApplicationState

    def check(self) -> DeliveryRun:
        """Return the run of the true order; without a reset, the state after it.

        Raises:
            ValueError: the states cannot be compared: they differ without a reason, or no callback changes them.
        """
        if self._reset is None:
            run = DeliveryRun(self._read())
            again, when = self._read(), "two calls, without a callback between them"
            self._base = again
        else:
            true_order = tuple(range(len(self._callbacks)))
            run = self._expected_run(true_order)
            if run.refused:
                return run
            again, when = self._run(true_order).end, "two runs with the callbacks in their true order"
        if run.end.error:
            raise run.end.error
        if not run.end.is_like(again):
            raise ValueError(
                f"state() returns {run.end} and {again} in {when}; leave out what differs each time, such as times "
                "and new ids, and let reset() undo all that the callbacks change"
            )
        if self._reset is not None and run.start.is_like(run.end):
            raise ValueError(
                f"state() returns {run.end} before and after the callbacks, so that no order could be wrong; "
                "return what they change, wait there for callbacks that are handled in the background, and let reset() "
                "bring back the state before them"
            )
        return run

    def fails_for(self, part: Order) -> bool:
        """Whether the application fails for a part of an order; False for one that is not possible.

        With a reset, the later callbacks of a message are not possible without its first.
        """
        if self._reset is not None:
            has_first = all(self._first[self._callbacks[place].transaction_id] in part for place in part)
            if not has_first or self._expected_run(part).refused:
                return False
        return self.trial(part).has_failed

    def trial(self, order: Order) -> OrderTrial:
        """Return the trial of an order; each is made once."""
        if order not in self._trials:
            actual = self._run(order)
            expected = DeliveryRun(actual.start) if self._reset is None else self._expected_run(order)
            self._trials[order] = OrderTrial(expected, actual)
        return self._trials[order]

    def _expected_run(self, order: Order) -> DeliveryRun:
        true_order = tuple(sorted(set(order)))
        if true_order not in self._expected:
            self._expected[true_order] = self._run(true_order)
        return self._expected[true_order]

    def _run(self, order: Order) -> DeliveryRun:
        """Send callbacks, and those again at the end that the receiver refused, until it accepts no more of them."""
        start = self._start()
        deliveries: list[Delivery] = []
        left: Sequence[int] = order
        is_retry = False
        while True:
            refused: list[Delivery] = []
            for place in left:
                deliveries.append(self._deliver(place, is_retry=is_retry))
                if deliveries[-1].is_lost:
                    return DeliveryRun(start, tuple(deliveries), deliveries[-1])
                if deliveries[-1].error:
                    refused.append(deliveries[-1])
            if not refused or (is_retry and len(refused) == len(left)):
                return DeliveryRun(start, tuple(deliveries), refused[0] if refused else None)
            left, is_retry = [each.place for each in refused], True

    def _deliver(self, place: int, *, is_retry: bool) -> Delivery:
        callback = self._send(self._callbacks[place])
        if callback.is_delivered:
            return Delivery(place, "", False, is_retry, self._read())
        attempt = callback.attempts[-1]
        is_lost = callback.state == "failed" or attempt.duration > MAX_WAIT
        return Delivery(place, str(attempt), is_lost, is_retry, self._read())

    def _start(self) -> ApplicationState:
        """Bring the application to the state in which each run starts, and return that."""
        if self._reset is not None:
            _check_result(self._reset(), "reset")
            return self._read()
        state = self._read()
        if not state.is_like(self._base):
            for callback in self._callbacks:
                self._send(callback)
            state = self._base = self._read()
        return state

    def _read(self) -> ApplicationState:
        try:
            value = self._state()
        except Exception as error:
            return ApplicationState(None, f"{type(error).__name__}: {error}", error)
        _check_result(value, "state")
        try:
            return ApplicationState(deepcopy(value), pformat(value, width=ONE_LINE))
        except Exception:
            raise TypeError(
                f"state() returns {type(value).__name__}, which cannot be copied; return plain values, such as a "
                "text, a tuple or a dictionary"
            ) from None


def _check_result(value: object, name: str) -> None:
    """Refuse a coroutine, which the blocking form cannot await."""
    if isawaitable(value):
        if isinstance(value, Coroutine):
            value.close()
        raise TypeError(f"{name}() is async; use: await sms.aio.assert_converges(...)")
