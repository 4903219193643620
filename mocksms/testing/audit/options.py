"""Options of the audit for one test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mocksms.settings import SessionSettings, read_options
from mocksms.testing.marker import AUDIT_VALUES


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions:
    """Options of the audit, those of the marker of the test already applied.

    Args:
        is_deep: variations of each further request and message, too.
        only: kinds and names of variations, `*` for any text; empty for all.
        allow: verdicts that are no finding.
        reason: why the marker allows them.
        timeout: time limit of a variation, and how long the response of the variation `delay` waits. Real time.
        window: a second message within it, on the clock of the account, is `sent twice`.
        retries: more retries of one message are `hammered`.
        pause: a retry sooner than this after a refused send is `hammered`.
        raises: exception classes that the application is known to raise, such as `shop.errors.SmsError`.
    """

    is_deep: bool = False
    only: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    reason: str = ""
    timeout: timedelta = timedelta(seconds=10)
    window: timedelta = timedelta(minutes=10)
    retries: int = 5
    pause: timedelta = timedelta(milliseconds=50)
    raises: tuple[str, ...] = ()


def options_for(settings: SessionSettings, audit: Mapping[str, Any]) -> AuditOptions:
    """Return the options for a test: those of the session, and what its marker sets."""
    values = {name: getattr(settings, f"audit_{name}") for name in AUDIT_VALUES}
    given = read_options(SessionSettings, {f"audit_{name}": ("the marker", value) for name, value in audit.items()})
    of_marker = {name: getattr(given, f"audit_{name}") for name in audit if name in AUDIT_VALUES}
    allowed = values["allow"] + of_marker.pop("allow", ())
    return AuditOptions(
        **{**values, **of_marker, "allow": allowed},
        is_deep=settings.audit == "deep",
        only=settings.audit_only,
        reason=str(audit.get("reason", "")),
    )
