"""The settings that probes can observe, with the values that a comparison tries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, NamedTuple

from mocksms.compare.model import KEY_NAME, PhoneScreen, ProbeResponse, Run
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
    """

    option: str
    values: Callable[[Run], tuple[Any, ...]]
    examples: tuple[Any, ...]
    hides: bool = False


def _fixed(option: str, *values: Any, hides: bool = False) -> Observable:
    return Observable(option, lambda _: values, values, hides)


def _choice(option: str) -> Observable:
    metadata = OPTIONS[option].metadata
    return _fixed(option, *map(metadata["read"], metadata["choices"] or ("false", "true")))


def _senders(run: Run) -> tuple[str, ...]:
    """Return the senders that the service shows for a message without one: in a read, and on a phone."""
    result, screen = run.results.get("info.sync"), run.results.get("phone.paid-defaults")
    row = json_of(result) if isinstance(result, ProbeResponse) else None
    sender = row.get("sender") if isinstance(row, dict) else None
    found = [sender, screen.sender if isinstance(screen, PhoneScreen) else None]
    return tuple(dict.fromkeys(each for each in found if isinstance(each, str) and each))


OBSERVABLE: Final = (
    _fixed("rest_right", True, False, hides=True),
    _fixed("api_key", (), (KEY_NAME,)),
    *map(_choice, ("auth_errors", "error_envelope", "auth_status")),
    *map(_choice, ("reason_spelling", "row_status_key", "send_at_zone", "read_zone", "strict")),
    _fixed("async_delay", timedelta(), *DELAYS),
    _fixed("sync_limit", None, 10),
    _fixed("schedule_limit", None, timedelta(days=365)),
    _choice("ignore_sender"),
    Observable("sender", _senders, ("Shop", "9725400000")),
)
"""Every setting that free probes can observe."""

WITH_PHONE: Final = tuple(map(_choice, ("force_unsubscribe_link", "text_without_charset")))
"""Settings that show on a phone only."""


def observable(run: Run) -> tuple[Observable, ...]:
    """Return the settings that the probes of a run can observe."""
    has_phone = any(isinstance(result, PhoneScreen) for result in run.results.values())
    return (*OBSERVABLE, *WITH_PHONE) if has_phone else OBSERVABLE
