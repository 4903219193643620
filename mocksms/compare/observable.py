"""The settings that probes can observe, with the values that a comparison tries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, NamedTuple

from mocksms.compare.model import KEY_NAME, PhoneScreen, Run
from mocksms.compare.normalise import json_of
from mocksms.settings import OPTIONS

DELAYS: Final = (timedelta(seconds=30), timedelta(days=1))
"""Delays of async sends that are tried: longer than the time to the first read, and than the whole run."""


class Observable(NamedTuple):
    """A setting that probes can observe.

    Attributes:
        option: its name.
        values: returns the values to try for a run; one that the mock has already makes no difference.
        examples: values that a service can have, for tests.
        hides: whether it changes the result of every probe, so that no other setting can be observed with it.
        is_paid: whether only probes that cost an SMS observe it, or those that schedule, together with another one.
    """

    option: str
    values: Callable[[Run], tuple[Any, ...]]
    examples: tuple[Any, ...]
    hides: bool = False
    is_paid: bool = False


def _fixed(option: str, *values: Any, **more: bool) -> Observable:
    return Observable(option, lambda _: values, values, **more)


def _choice(option: str, **more: bool) -> Observable:
    metadata = OPTIONS[option].metadata
    return _fixed(option, *map(metadata["read"], metadata["choices"] or ("false", "true")), **more)


def _senders(run: Run) -> tuple[str, ...]:
    """Return the senders that the service shows for a message without one: in a read, and on a phone."""
    row, screen = json_of(run.results.get("info.sync")), run.results.get("phone.paid-defaults")
    sender = row.get("sender") if isinstance(row, dict) else None
    found = [sender, screen.sender if isinstance(screen, PhoneScreen) else None]
    return tuple(dict.fromkeys(each for each in found if isinstance(each, str) and each))


def _delays(run: Run) -> tuple[timedelta, ...]:
    """Return delays of async sends: none, DELAYS, and one that ends between the two reads of an async send."""
    times = [run.sent_at.get(probe) for probe in ("send.async", "info.async", "info.async-later")]
    sent, *reads = [time for time in times if time is not None] or [0.0]
    between = [timedelta(seconds=round(sum(reads) / 2 - sent, 3))] if len(reads) == 2 else []
    return (timedelta(), *DELAYS, *between)


OBSERVABLE: Final = (
    _fixed("rest_right", True, False, hides=True),
    _fixed("api_key", (), (KEY_NAME,)),
    *map(_choice, ("auth_errors", "error_envelope", "auth_status")),
    *map(_choice, ("reason_spelling", "row_status_key", "send_at_zone", "read_zone", "strict")),
    _choice("scheduled_status"),
    Observable("async_delay", _delays, DELAYS),
    _fixed("sync_limit", None, 10),
    _fixed("schedule_limit", None, timedelta(days=365)),
    _choice("ignore_sender"),
    Observable("sender", _senders, ("Shop", "9725400000")),
    _choice("force_unsubscribe_link", is_paid=True),
    _choice("text_without_charset", is_paid=True),
    _choice("gateway", is_paid=True),
    _fixed("kosher_prefix", OPTIONS["kosher_prefix"].default, (), is_paid=True),
    _fixed("credit", None, 0, is_paid=True),
    _choice("schedule_without_credit", is_paid=True),
)
"""Every setting that probes can observe."""
