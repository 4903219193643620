"""When the messages of a send are processed, and which sends may be scheduled."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from mocksms.engine.account import Account
from mocksms.errors import CreditRequired, InvalidRequest
from mocksms.settings import Settings
from mocksms.sms.lifecycle import initial_timeline
from mocksms.sms.message import FreeState, State, Submission, Timeline

SCHEDULED: Final = FreeState("scheduled")
"""The state of a message that waits for its `send_at`, where the option `scheduled_status` says so."""


class Schedule:
    """When sends are processed, and which may be scheduled: five options change it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def check(self, account: Account, submission: Submission) -> None:
        """Check that a send may be scheduled for its `send_at`, if that is in the future.

        Raises:
            InvalidRequest: it is later than `schedule_limit` allows.
            CreditRequired: the account has no credit, and `schedule_without_credit` is off.
        """
        send_at, now, limit = submission.send_at, account.clock.now(), self._settings.schedule_limit
        if send_at is None or send_at <= now:
            return
        if limit is not None and send_at > now + limit:
            latest = (now + limit).isoformat(sep=" ", timespec="seconds")
            raise InvalidRequest({"send_at": [f"The field send_at must not be later than {latest}."]})
        if not self._settings.schedule_without_credit and not account.can_pay(1):
            raise CreditRequired

    def due_at(self, account: Account, submission: Submission, count: int, now: datetime) -> datetime | None:
        """Return when a send to `count` recipients is processed, None for at once."""
        send_at, limit = submission.send_at, self._settings.sync_limit
        if send_at is not None and send_at > now:
            return send_at
        if submission.wants_async or (limit is not None and count > limit):
            return now + account.async_delay
        return None

    def initial_timeline(self, submission: Submission, count: int, now: datetime) -> Timeline:
        """Return the timeline of the messages of a send to `count` recipients that is processed later."""
        is_waiting = submission.send_at is not None and submission.send_at > now
        has_own_state = is_waiting and self._settings.scheduled_status == SCHEDULED.status
        return initial_timeline(self._cause(submission, count), SCHEDULED if has_own_state else State.QUEUED)

    def _cause(self, submission: Submission, count: int) -> str:
        if submission.wants_async or submission.send_at is not None:
            return "accepted"
        return f"accepted as async: {count} recipients, {self._settings.sync_limit} can be sync"
