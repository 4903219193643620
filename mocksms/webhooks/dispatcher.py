"""Webhook dispatcher: delivers due callbacks with retries, one queue per host."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from queue import SimpleQueue
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from mocksms.engine.callbacks import Attempt
from mocksms.engine.engine import Engine
from mocksms.engine.outbox import PendingCallback
from mocksms.webhooks.client import WebhookClient
from mocksms.webhooks.payloads import CallbackRequest, callback_request

MAX_THREADS: Final = 32
"""Threads that make attempts, at most; they are started as they are needed."""

MAX_ATTEMPTS_PER_HOST: Final = 4
"""Attempts to one host at the same time, so that a slow host occupies few threads."""

QUEUE_SLACK: Final = 1_000
"""Callbacks that may wait for one host, beyond two for each that is still stored, before evicted ones are removed."""

log = logging.getLogger("mocksms")


@dataclass(slots=True)
class HostQueue:
    """The callbacks that wait for one host, how many may wait before evicted ones are removed, and current attempts."""

    waiting: deque[PendingCallback] = field(default_factory=deque)
    limit: int = QUEUE_SLACK
    attempts: int = 0


class PlannedAttempt(NamedTuple):
    """One attempt for a thread to make; `at` is its time on the account's clock."""

    pending: PendingCallback
    request: CallbackRequest
    at: datetime


class Dispatcher:
    """Delivers the callbacks of an engine. Runs in the engine's event loop; the attempts run in threads.

    Threads, because a test library that stops the clock also stops the timers of the loop.
    """

    def __init__(self, engine: Engine, client: WebhookClient) -> None:
        self._engine = engine
        self._client = client
        self._hosts: dict[str, HostQueue] = {}
        self._attempts: SimpleQueue[PlannedAttempt | None] = SimpleQueue()
        self._threads = 0
        self._busy = 0
        self._loop = asyncio.get_running_loop()
        self._is_woken = False
        self._is_stopped = False
        engine.outbox.on_due = self.wake

    def wake(self) -> None:
        """Take the due callbacks in the next pass of the event loop: after the response that is being sent."""
        if not self._is_woken and not self._is_stopped:
            self._is_woken = True
            self._loop.call_soon(self._take_due)

    def stop(self) -> None:
        """Stop at once. Callbacks that were not delivered stay in the outbox."""
        self._is_stopped = True
        self._client.close()
        for _ in range(self._threads):
            self._attempts.put(None)

    def _take_due(self) -> None:
        self._is_woken = False
        if self._is_stopped:
            return
        for pending in self._engine.outbox.take_due():
            host = self._hosts.setdefault(_host_of(pending), HostQueue())
            host.waiting.append(pending)
            if len(host.waiting) > host.limit:
                self._discard_evicted(host)
        self._start_attempts()

    def _discard_evicted(self, host: HostQueue) -> None:
        """Remove callbacks that are no longer stored, so that the queue of a slow host stays bounded."""
        waiting, host.waiting = host.waiting, deque()
        for pending in waiting:
            if self._engine.outbox.is_stored(pending):
                host.waiting.append(pending)
            else:
                self._engine.outbox.discard(pending)
        host.limit = QUEUE_SLACK + 2 * len(host.waiting)

    def _start_attempts(self) -> None:
        """Start attempts, first to the hosts with the fewest: a host that hangs has many."""
        for name, host in sorted(self._hosts.items(), key=lambda each: each[1].attempts):
            while host.waiting and self._may_start(host):
                pending = host.waiting.popleft()
                if not self._engine.outbox.is_stored(pending):
                    self._engine.outbox.discard(pending)
                    continue
                if self._engine.outbox.put_back(pending):
                    continue
                host.attempts += 1
                self._busy += 1
                if self._threads < self._busy:
                    self._threads += 1
                    threading.Thread(target=self._run_attempts, name="mocksms-callbacks", daemon=True).start()
                request = callback_request(pending.callback, self._engine.settings)
                self._attempts.put(PlannedAttempt(pending, request, pending.attempt_at))
            if not host.waiting and not host.attempts:
                del self._hosts[name]

    def _may_start(self, host: HostQueue) -> bool:
        """Whether a host may get one more attempt: half of the threads are reserved for hosts without any."""
        threads = MAX_THREADS // 2 if host.attempts else MAX_THREADS
        return host.attempts < MAX_ATTEMPTS_PER_HOST and self._busy < threads

    def _run_attempts(self) -> None:
        """Make attempts, in a thread."""
        while planned := self._attempts.get():
            url = planned.pending.callback.webhook.url
            try:
                attempt = self._client.attempt(url, planned.request, planned.at)
            except Exception as error:
                log.exception("Internal error while calling %s", ascii(url))
                attempt = Attempt(planned.at, None, b"", 0.0, f"internal error of mocksms: {error!r}")
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._record, planned.pending, attempt)

    def _record(self, pending: PendingCallback, attempt: Attempt) -> None:
        if self._is_stopped:
            return
        self._busy -= 1
        self._hosts[_host_of(pending)].attempts -= 1
        self._engine.outbox.record_result(pending, attempt)
        self._start_attempts()


def _host_of(pending: PendingCallback) -> str:
    return urlsplit(pending.callback.webhook.url).netloc
