"""The courier: takes what is due out of the outbox, has it delivered by threads, and brings back how that went."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from queue import SimpleQueue
from typing import Final
from urllib.parse import urlsplit

from mocksms.engine.callbacks import Attempt
from mocksms.engine.engine import Engine
from mocksms.engine.outbox import PendingCallback
from mocksms.webhooks.client import Receipt, WebhookClient
from mocksms.webhooks.payloads import CallbackRequest, callback_request

CARRIERS: Final = 32
"""Threads that deliver, at most; they are started as they are needed."""

AT_ONCE: Final = 4
"""Calls to one receiver at the same time, so that a slow one keeps few threads from the others."""

CROWD: Final = 1_000
"""Callbacks that may wait for one receiver before those that have made room are looked for among them."""

log = logging.getLogger("mocksms")


@dataclass(slots=True)
class HostQueue:
    """A receiver's host: what waits for it, how many that may be, and how many calls to it are going on."""

    waiting: deque[PendingCallback] = field(default_factory=deque)
    most: int = CROWD
    calls: int = 0


class Dispatcher:
    """Delivers the callbacks of an engine, from the loop that runs it; the calls block threads, never the loop.

    Threads rather than the loop's own timers, since a test library that stops the clock stops those.
    """

    def __init__(self, engine: Engine, client: WebhookClient) -> None:
        self._engine = engine
        self._client = client
        self._doors: dict[str, HostQueue] = {}
        self._work: SimpleQueue[tuple[PendingCallback, CallbackRequest] | None] = SimpleQueue()
        self._threads = 0
        self._busy = 0
        self._loop = asyncio.get_running_loop()
        self._is_woken = False
        self._is_stopped = False
        engine.outbox.wake = self.wake

    def wake(self) -> None:
        """Look for what is due as soon as the loop is done with what it does: an answer first, then its callbacks."""
        if not self._is_woken and not self._is_stopped:
            self._is_woken = True
            self._loop.call_soon(self._fetch)

    def stop(self) -> None:
        """End at once; what was not delivered stays in the outbox."""
        self._is_stopped = True
        self._client.close()
        for _ in range(self._threads):
            self._work.put(None)

    def _fetch(self) -> None:
        self._is_woken = False
        if self._is_stopped:
            return
        for parcel in self._engine.outbox.take():
            url = urlsplit(parcel.callback.webhook.url)
            door = self._doors.setdefault(url.netloc, HostQueue())
            door.waiting.append(parcel)
            if len(door.waiting) > door.most:
                self._thin_out(door)
        self._hand_out()

    def _thin_out(self, door: HostQueue) -> None:
        """Give back what need not be delivered any more, so that no slow receiver has more waiting than is kept."""
        waiting, door.waiting = door.waiting, deque()
        for parcel in waiting:
            if self._engine.outbox.keeps(parcel):
                door.waiting.append(parcel)
            else:
                self._engine.outbox.give_back(parcel)
        door.most = CROWD + 2 * len(door.waiting)

    def _hand_out(self) -> None:
        """Hand out what waits, first to receivers with the fewest calls: those that hang have many."""
        for door in sorted(self._doors.values(), key=attrgetter("calls")):
            while door.waiting and self._may_call(door):
                parcel = door.waiting.popleft()
                if not self._engine.outbox.keeps(parcel):
                    self._engine.outbox.give_back(parcel)
                    continue
                door.calls += 1
                self._busy += 1
                if self._threads < self._busy:
                    self._threads += 1
                    threading.Thread(target=self._carry, name="mocksms-callbacks", daemon=True).start()
                self._work.put((self._dated(parcel), callback_request(parcel.callback, self._engine.settings)))

    def _may_call(self, door: HostQueue) -> bool:
        """Whether a receiver may be called once more: half of the carriers are for those that are not called yet."""
        return door.calls < AT_ONCE and self._busy < (CARRIERS // 2 if door.calls else CARRIERS)

    def _dated(self, parcel: PendingCallback) -> PendingCallback:
        """Return a parcel with the time of its attempt: on a clock that stands still, when it was due."""
        clock = parcel.account.clock
        return parcel if clock.frozen else PendingCallback(parcel.account, parcel.callback._replace(due_at=clock.now()))

    def _carry(self) -> None:
        """Deliver, in a thread."""
        while job := self._work.get():
            parcel, written = job
            try:
                receipt = self._client.call(parcel.callback.webhook.url, written)
            except Exception as error:
                log.exception("mocksms failed to call %s", ascii(parcel.callback.webhook.url))
                receipt = Receipt(None, b"", 0.0, f"mocksms itself failed: {error!r}")
            with suppress(RuntimeError):  # the loop is gone
                self._loop.call_soon_threadsafe(self._delivered, parcel, receipt)

    def _delivered(self, parcel: PendingCallback, receipt: Receipt) -> None:
        if self._is_stopped:
            return
        self._busy -= 1
        host = urlsplit(parcel.callback.webhook.url).netloc
        door = self._doors[host]
        door.calls -= 1
        at = parcel.callback.due_at
        assert at is not None, "what is on its way has a time"
        attempt = Attempt(at, receipt.status, _shared(receipt.body), round(receipt.took, 6), receipt.error)
        self._engine.outbox.settle(parcel, attempt)
        self._hand_out()
        if not door.waiting and not door.calls:
            del self._doors[host]


@lru_cache(maxsize=64)
def _shared(answer: bytes) -> bytes:
    """Return the same object for like answers, since the journal of a receiver that fails is full of them."""
    return answer
