"""Options of the audit for one test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


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
