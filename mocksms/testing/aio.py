"""What waits, awaited: for async tests whose application runs in the same loop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from mocksms.testing.assertions import Since
from mocksms.testing.lengths import Length
from mocksms.testing.matchers import Matcher
from mocksms.testing.message import Message
from mocksms.testing.waiting import T, in_thread

if TYPE_CHECKING:
    from mocksms.testing.handle import MockSMS

__tracebackhide__ = True


class Aio:
    """The async forms of an account's methods that wait for something an application does."""

    def __init__(self, sms: MockSMS) -> None:
        self._sms = sms

    async def wait_for(
        self,
        to: Matcher | None = None,
        text: Matcher | None = None,
        tag: Matcher | None = None,
        status: Matcher | None = None,
        *,
        times: int = 1,
        since: Since = None,
        timeout: Length | None = None,
    ) -> Message:
        """Wait as `MockSMS.wait_for` does, while the loop goes on."""
        wait = partial(self._sms.wait_for, to, text, tag, status, times=times, since=since, timeout=timeout)
        return await self._in_thread(wait)

    async def assert_not_sent(
        self,
        to: Matcher | None = None,
        text: Matcher | None = None,
        tag: Matcher | None = None,
        status: Matcher | None = None,
        *,
        for_: Length | None = None,
        since: Since = None,
    ) -> None:
        """Watch as `MockSMS.assert_not_sent` does, while the loop goes on."""
        await self._in_thread(partial(self._sms.assert_not_sent, to, text, tag, status, for_=for_, since=since))

    async def assert_nothing_sent(self, *, for_: Length | None = None, since: Since = None) -> None:
        """Watch as `MockSMS.assert_nothing_sent` does, while the loop goes on."""
        await self._in_thread(partial(self._sms.assert_nothing_sent, for_=for_, since=since))

    async def advance(self, by: str | float | timedelta | datetime) -> datetime:
        """Move time on as `MockSMS.advance` does, while the loop goes on."""
        return await self._in_thread(partial(self._sms.advance, by))

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await in_thread(call, self._sms.client.abandon)
