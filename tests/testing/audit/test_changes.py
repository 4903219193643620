"""What calls that return nothing write into their arguments."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from mocksms.testing.audit.changes import claim_of_changes, states_in


class Order:
    """What a shop knows of an order."""

    def __init__(self) -> None:
        self.phone = "972541111111"
        self.is_notified: bool | None = None
        self.is_paid = False
        self.state = "failed before"
        self.failed: list[tuple[str, str]] = []
        self.log = ["failed once"]
        self.states = {"sms": "new"}


class Hostile:
    """An object whose attributes cannot be read."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


def claim_after(change: Callable[[Order, list[str]], object]) -> str:
    """Return the claim of a call that changes an order and a list of errors."""

    def call(order: Order, errors: list[str], on_error: Callable[[str], None], kind: type = Order) -> str:
        states = states_in(sys._getframe())
        change(order, errors)
        assert all((order, on_error, kind))
        return str(claim_of_changes(states))

    errors = ["unsubscribe"]
    return call(Order(), errors, errors.append)


@pytest.mark.parametrize(
    "change",
    [
        lambda order, _: setattr(order, "is_notified", False),
        lambda order, _: setattr(order, "state", "error"),
        lambda order, _: setattr(order, "last_error", 503),
        lambda order, _: setattr(order, "response", SimpleNamespace(status_code=502)),
        lambda order, _: order.failed.append(("972541111111", "Hi")),
        lambda order, _: order.states.update(sms="rejected"),
        lambda _, errors: errors.append("kosher-number"),
    ],
)
def test_failure_that_is_written_down_is_reported(change: Callable[[Order, list[str]], object]) -> None:
    assert claim_after(change) == "failure"


def test_later_attempt_that_is_written_down_is_reported() -> None:
    assert claim_after(lambda order, _: setattr(order, "state", "queued")) == "later"


@pytest.mark.parametrize(
    "change",
    [
        lambda *_: None,
        lambda order, _: setattr(order, "is_notified", True),
        lambda order, _: order.log.append("Hi"),
    ],
)
def test_what_stays_or_is_no_failure_says_nothing(change: Callable[[Order, list[str]], object]) -> None:
    assert claim_after(change) == "nothing"


def test_argument_can_be_anything() -> None:
    def call(hostile: object) -> str:
        assert id(hostile)
        return str(claim_of_changes(states_in(sys._getframe())))

    assert call(Hostile()) == "nothing"
