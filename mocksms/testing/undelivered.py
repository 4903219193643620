"""Callbacks of a test that no attempt delivered: the check at its end, and the text about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mocksms.engine.clock import SteadyTime
from mocksms.sms.display import line
from mocksms.testing.callbacks import CALLBACK_POLL_SECONDS
from mocksms.testing.client import pause
from mocksms.testing.failures import attempt_lines, describe_callback
from mocksms.testing.handle import MockSMS
from mocksms.testing.models import SmsCallback

SETTLE_SECONDS: Final = 0.5
"""How long the check waits for the first attempts of callbacks that are due."""

MAX_UNDELIVERED: Final = 10
"""Callbacks that the text lists; the rest is counted."""


def find_undelivered(accounts: Iterable[MockSMS]) -> list[SmsCallback]:
    """Return the callbacks of accounts that no attempt delivered, after those that are due were tried."""
    deadline = SteadyTime.seconds() + SETTLE_SECONDS
    found: dict[int, SmsCallback] = {}
    for account in accounts:
        if not account._can_have_callbacks():
            continue
        callbacks = account._callbacks()
        while _has_untried(callbacks, account) and SteadyTime.seconds() < deadline:
            pause(CALLBACK_POLL_SECONDS)
            callbacks = account._callbacks()
        own = (callback for callback in callbacks if callback.id > account._restored_up_to)
        found |= {callback.id: callback for callback in own if callback.is_undelivered}
    return [found[number] for number in sorted(found)]


def _has_untried(callbacks: Sequence[SmsCallback], account: MockSMS) -> bool:
    """Whether a callback was not tried and is due. The callbacks of a message to one URL wait for one another."""
    is_blocked = {_order(callback) for callback in callbacks if callback.is_undelivered}
    untried = (each for each in callbacks if not each.attempts and not each.paused)
    due = [each.due_at for each in untried if each.due_at and _order(each) not in is_blocked]
    return bool(due) and min(due) <= account.now


def _order(callback: SmsCallback) -> tuple[str, str]:
    return callback.url, callback.transaction_id or callback.number


def describe_undelivered(callbacks: Sequence[SmsCallback]) -> str:
    """Return what the report or the warning about undelivered callbacks says."""
    count = f"{len(callbacks)} callback{' was' if len(callbacks) == 1 else 's were'} not delivered"
    lines = [count]
    for callback in callbacks[:MAX_UNDELIVERED]:
        lines += [line("callback", describe_callback(callback)), *(line("", text) for text in attempt_lines(callback))]
    if len(callbacks) > MAX_UNDELIVERED:
        lines.append(line("", f"and {len(callbacks) - MAX_UNDELIVERED} more"))
    marker = '@pytest.mark.mocksms(undelivered="ignore")'
    lines.append(line("allow", f"{marker} accepts it in one test, mocksms_undelivered = ignore in all tests"))
    return "\n".join(lines)
