"""Options of the pytest marker `mocksms`, checked before the test runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from mocksms.errors import SettingsError, did_you_mean
from mocksms.settings import SessionSettings, read_options
from mocksms.sms.durations import parse_duration
from mocksms.testing.connection import fits_a_header
from mocksms.testing.models import AWARE, zone_missing

KINDS: Final = {
    "refused": "refused request",
    "unknown-path": "request to an unknown path",
    "warning": "request with a warning",
    "crash": "internal error of mocksms",
    "other-account": "request of another account",
    "late": "message after the end of its test",
}
"""Kinds of unexpected traffic, with the words for each."""

REACTIONS: Final = ("fail", "warn", "ignore")
"""What unexpected traffic, or a fault that no request matched, can do to a test."""

AUDIT_SKIP: Final = "skip"
AUDIT_VALUES: Final = ("allow", "timeout", "window", "retries", "pause", "raises")
"""What `audit` of the marker can set, each like the option `mocksms_audit_...`."""
AUDIT_EXAMPLE: Final = '{"allow": ["gave up"], "reason": "the queue sends again at night"}'

UNSET: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerOptions:
    """Options of the marker `mocksms`.

    Args:
        scenario: active from the start; a name, a path, rules or a whole scenario, as for `MockSMS.scenario`.
        credit: segments the account can send, None for no limit.
        async_delay: how long messages of an async send stay queued: `"5s"`, `2` seconds, a timedelta.
        frozen: True freezes the clock at the start; a datetime with a time zone freezes it there.
        strict: requests with warnings are unexpected traffic, too.
        api_key: API key of an application that cannot change it. The account is reset before and after the test.
        allow: kinds of unexpected traffic that the test accepts, one or several of `KINDS`.
        unexpected: `fail`, `warn` or `ignore`; takes precedence over the option `mocksms_unexpected`.
        unused_fault: `fail`, `warn` or `ignore`; takes precedence over the option `mocksms_unused_fault`.
        undelivered: `fail`, `warn` or `ignore`; takes precedence over the option `mocksms_undelivered`.
        audit: `"skip"` excludes the test from the audit; a dict has verdicts to `allow` with a `reason`, and values
            that take precedence over options of the audit: `timeout`, `window`, `retries`, `pause`, `raises`.
    """

    scenario: Any = None
    credit: Any = UNSET
    async_delay: Any = None
    frozen: bool | datetime = False
    strict: bool = False
    api_key: str | None = None
    allow: str | Sequence[str] = ()
    unexpected: str | None = None
    unused_fault: str | None = None
    undelivered: str | None = None
    audit: str | Mapping[str, Any] | None = None

    @property
    def allowed(self) -> tuple[str, ...]:
        """Kinds of unexpected traffic that the test accepts."""
        return (self.allow,) if isinstance(self.allow, str) else tuple(self.allow)


MARKER_NAMES: Final = tuple(field.name for field in fields(MarkerOptions))


def read_marker(node: pytest.Item) -> MarkerOptions:
    """Return the options of the markers of a test; the marker nearest to the test takes precedence.

    Raises:
        UsageError: an option is unknown or has an invalid value.
    """
    options: dict[str, Any] = {}
    for marker in node.iter_markers("mocksms"):
        unknown = [*map(repr, marker.args), *(name for name in marker.kwargs if name not in MARKER_NAMES)]
        if unknown:
            names, hint = ", ".join(MARKER_NAMES), _nearest(unknown[0], MARKER_NAMES)
            raise pytest.UsageError(f"the marker mocksms takes {names} by name, not {unknown[0]}{hint}")
        options = {**marker.kwargs, **options}
    checked = MarkerOptions(**options)
    for issue in _issues(checked):
        raise pytest.UsageError(issue)
    return checked


def _issues(marker: Any) -> Iterator[str]:
    if not isinstance(marker.scenario, str | Path | Mapping | Sequence | None):
        yield _issue("scenario", marker.scenario, "a name, a path, rules or None")
    if marker.credit not in (UNSET, None) and (type(marker.credit) is not int or marker.credit < 0):
        yield _issue("credit", marker.credit, "a whole number from 0, or None for no limit")
    if marker.async_delay is not None:
        yield from _duration_issues(marker.async_delay)
    if not isinstance(marker.frozen, bool | datetime):
        yield _issue("frozen", marker.frozen, f"True, or {AWARE}")
    elif isinstance(marker.frozen, datetime) and marker.frozen.utcoffset() is None:
        yield f"frozen of the marker mocksms is {marker.frozen!r}, {zone_missing(marker.frozen)}"
    if not isinstance(marker.strict, bool):
        yield _issue("strict", marker.strict, "True or False")
    if marker.api_key is not None and not fits_a_header(marker.api_key):
        expected = "text that fits into an HTTP header: ASCII, not empty, without spaces around it"
        yield _issue("api_key", marker.api_key, expected)
    kinds = f"one or several of {', '.join(KINDS)}"
    if not isinstance(marker.allow, str | Sequence | set | frozenset):
        yield _issue("allow", marker.allow, kinds)
    else:
        unknown = (kind for kind in marker.allowed if not isinstance(kind, str) or kind not in KINDS)
        yield from (_issue("allow", kind, kinds) + _nearest(kind, KINDS) for kind in unknown)
    for name in ("unexpected", "unused_fault", "undelivered"):
        if getattr(marker, name) not in (None, *REACTIONS):
            yield _issue(name, getattr(marker, name), "fail, warn or ignore")
    yield from _audit_issues(marker.audit)


def _audit_issues(audit: object) -> Iterator[str]:
    if isinstance(audit, Mapping):
        yield from _audit_value_issues(audit)
    elif audit not in (None, AUDIT_SKIP):
        yield _issue("audit", audit, f'"{AUDIT_SKIP}", or a dict such as {AUDIT_EXAMPLE}')


def _audit_value_issues(audit: Mapping[Any, Any]) -> Iterator[str]:
    known = (*AUDIT_VALUES, "reason")
    for name, value in audit.items():
        if name not in known:
            names = ", ".join(known)
            yield f"audit of the marker mocksms has {name!r}, but can only have {names}{_nearest(name, known)}"
        elif name != "reason":
            yield from _value_issues(f"audit_{name}", f"{name} in audit of the marker mocksms", value)
        elif not isinstance(value, str) or not value.strip():
            yield _issue("reason in audit", value, "a text that says why the verdicts are allowed")
    if audit.get("allow") and not audit.get("reason"):
        yield f"audit of the marker mocksms allows verdicts without a reason; give one, as in {AUDIT_EXAMPLE}"


def _value_issues(option: str, where: str, value: object) -> Iterator[str]:
    """Iterate over what is wrong with a value that takes precedence over an option."""
    try:
        read_options(SessionSettings, {option: (where, value)})
    except SettingsError as error:
        yield str(error)


def _duration_issues(delay: object) -> Iterator[str]:
    try:
        parse_duration(delay)
    except ValueError as error:
        yield _issue("async_delay", delay, str(error))


def _issue(name: str, value: object, expected: str) -> str:
    return f"{name} of the marker mocksms is {value!r}, but must be {expected}"


def _nearest(value: object, known: Iterable[str]) -> str:
    hint = did_you_mean(str(value), known)
    return f"; {hint}" if hint else ""


def check_one_worker(node: pytest.Item, workers: int) -> None:
    """Refuse a fixed API key that several workers could use on one mock at the same time.

    Raises:
        UsageError: the test can run in any of several workers.
    """
    if workers == 1 or is_grouped(node.nodeid):
        return
    instead = "keep these tests in one worker: @pytest.mark.xdist_group with --dist loadgroup"
    if node.get_closest_marker("xdist_group") and getattr(node.config.option, "loadgroup", False):
        instead = "run these tests without -n, since pytest-xdist cannot group tests with this version of pytest"
    raise pytest.UsageError(
        f"api_key of the marker mocksms selects one account, which {workers} workers would reset during "
        f"each other's tests; let each worker start its own mock (no mocksms_url), or {instead}"
    )


def is_grouped(nodeid: str) -> bool:
    """Whether xdist has put a test into a group: it adds `@` and the name of the group to the node id.

    It looks for the marker, but cannot add the name with a pytest that stores node ids in another way.
    """
    return "@" in nodeid.rpartition("::")[2].rpartition("]")[2]
