"""Outbox: creates the callbacks of all accounts, hands out those that are due, and records the results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from mocksms.engine.account import Account
from mocksms.engine.accounts import Accounts
from mocksms.engine.callbacks import Attempt, Callback, CallbackState, OrderingKey, ScheduledKey, TriggerDetails
from mocksms.engine.steps import Steps
from mocksms.settings import Settings
from mocksms.sms import lifecycle
from mocksms.sms.message import (
    AnyState,
    CallbackPolicy,
    Message,
    State,
    Status,
    Timeline,
    is_on_phone,
)
from mocksms.sms.webhook import EVENT_NAMES, WebhookKind, WebhookTrigger

ReplayOrder = Literal["same", "reversed", "shuffled"]
"""The order in which a message's callbacks are replayed."""

OVERTAKEN_DELAY: Final = timedelta(milliseconds=300)
"""How long a callback waits so that the next one overtakes it."""


class PendingCallback(NamedTuple):
    """A due callback with its account and the time it was scheduled for."""

    account: Account
    callback: Callback
    scheduled_at: datetime

    @property
    def attempt_at(self) -> datetime:
        """Time of an attempt that starts now. On a clock that does not run that is the scheduled time."""
        return self.account.clock.now() if self.account.clock.runs else self.scheduled_at


class Outbox:
    """The callbacks of all accounts that wait for delivery.

    `on_due` is called when callbacks may be due; a dispatcher replaces it. `emit` is called with every callback that is
    created, tried or finished.
    """

    def __init__(self, settings: Settings, accounts: Accounts, emit: Callable[[Account, Callback], None]) -> None:
        self.on_due: Callable[[], object] = lambda: None
        self._accounts = accounts
        self._retry_delays = settings.webhook_retry
        self._bounce_event = settings.webhook_bounce
        self._emit = emit
        self._held: dict[int, list[tuple[Account, OrderingKey, datetime]]] = {}
        self._with_callbacks: dict[Account, None] = {}

    def hold(self, request: int) -> None:
        """Hold back the callbacks of the messages of a request until its response is sent."""
        self._held[request] = []

    def release(self, request: int) -> None:
        """Schedule the callbacks held back for a request."""
        for account, ordering_key, at in self._held.pop(request, ()):
            self._schedule_now(account, ordering_key, at)

    def held_of(self, account: Account) -> list[ScheduledKey]:
        """Return the callbacks of an account that are held back until a response is sent."""
        entries = (entry for held in self._held.values() for entry in held if entry[0] is account)
        return [ScheduledKey(at, place, key) for place, (_, key, at) in enumerate(entries)]

    def notify_steps(self, account: Account, message: Message, known: Timeline) -> None:
        """Create callbacks for the steps of a message that are not among the known ones."""
        sent = lifecycle.first_sent(message.timeline)
        for index, step in enumerate(message.timeline[len(known) :], len(known)):
            trigger = WebhookTrigger.SENT if step is sent else _trigger_of(message.timeline[:index], step.state)
            if trigger is not None:
                details = details_of(message, trigger, message.created_at + step.after)._replace(
                    reason=step.state.reason
                )
                self.notify(account, details, message.callback_policy)

    def notify(self, account: Account, details: TriggerDetails, callback_policy: CallbackPolicy | None = None) -> None:
        """Create a callback for each webhook of an account that subscribes to the event.

        Without a policy, that of the account counts.
        """
        policy = callback_policy or account.callback_policy
        for webhook_index, webhook in enumerate(account.webhooks):
            event = self._event_name(webhook.kind, details.trigger)
            if event is None or not webhook.subscribes_to(event):
                continue
            ordering_key = OrderingKey(webhook.url, details.transaction_id or details.digits)
            due_at = details.at + policy.delay
            if policy.is_reversed and not account.callbacks.next_overtakes(webhook_index):
                # In another queue, since callbacks of one queue are never delivered in another order.
                ordering_key = OrderingKey(webhook.url, f"overtaken {ordering_key.subject}")
                due_at += OVERTAKEN_DELAY
            callback = Callback(0, webhook, webhook_index, event, details, ordering_key, details.at, due_at)
            if not policy.times:
                self._store(account, callback._replace(state=CallbackState.DROPPED, due_at=None))
                continue
            first = self._store(account, callback)
            for _ in range(1, policy.times):
                self._store(account, callback._replace(replay_of=first.number))

    def replay(self, account: Account, callbacks: Iterable[Callback], order: ReplayOrder, times: int) -> list[Callback]:
        """Create copies of callbacks, each `times` times; each webhook gets its own one after another, in `order`."""
        again = [callback for callback in callbacks for _ in range(times)]
        if order == "reversed":
            again.reverse()
        elif order == "shuffled":
            account.shuffle(again)
        now = account.clock.now()
        subject = f"replay {self._accounts.numbering.latest + 1}"
        return [
            self._store(
                account,
                callback._replace(
                    ordering_key=OrderingKey(callback.webhook.url, subject),
                    created_at=now,
                    due_at=now,
                    state=CallbackState.PENDING,
                    attempts=(),
                    replay_of=callback.number,
                ),
            )
            for callback in again
        ]

    def drop(self, account: Account, callback: Callback) -> Callback:
        """Drop a pending callback: no further attempt follows. Return it as it is then; others do not change."""
        if callback.state is not CallbackState.PENDING:
            return callback
        dropped = callback._replace(state=CallbackState.DROPPED, due_at=None)
        if account.callbacks.drop(dropped):
            self._schedule_next(account, callback.ordering_key)
        self._emit(account, dropped)
        return dropped

    def follow_webhooks(self, account: Account) -> Steps[None]:
        """Let the callbacks to paused webhooks of an account wait; those to resumed ones are due, in their order.

        A callback in flight is not interrupted. Callbacks that wait for a webhook that was removed are dropped.
        """
        callbacks = account.callbacks
        if callbacks.paused == account.paused_urls:
            return
        removed = callbacks.paused - {webhook.url for webhook in account.webhooks}
        waiting = (
            callback.number for callback in (callbacks.records if removed else ()) if callback.webhook.url in removed
        )
        for callback in filter(None, map(callbacks.get, waiting)):
            self.drop(account, callback)
            yield
        if callbacks.pause(account.paused_urls, account.clock.now()):
            self._with_callbacks[account] = None
            self.on_due()

    def track(self, accounts: Iterable[Account]) -> None:
        """Hand out the callbacks of accounts that were made apart."""
        for account in accounts:
            if not account.callbacks.is_idle:
                self._with_callbacks[account] = None
        self.check_due()

    def check_due(self) -> None:
        """Wake the dispatcher if an account has callbacks: a clock may have moved."""
        if self._with_callbacks:
            self.on_due()

    def take_due(self) -> list[PendingCallback]:
        """Take the due callbacks of all accounts. Each is in flight until it is recorded or discarded."""
        due: list[PendingCallback] = []
        for account in tuple(self._with_callbacks):
            if not self._accounts.holds(account) or account.callbacks.is_idle:
                del self._with_callbacks[account]
                continue
            now = account.clock.now()
            while scheduled := account.callbacks.take_due(now):
                scheduled_at, callback = scheduled
                due.append(PendingCallback(account, callback, scheduled_at))
        return due

    @property
    def accounts_with_callbacks(self) -> list[Account]:
        """The accounts with callbacks that are scheduled or in flight."""
        return [account for account in self._with_callbacks if self._accounts.holds(account)]

    def is_busy(self, account: Account | None, up_to: int | None = None) -> bool:
        """Whether a callback of an account, or of any, is due or in flight; with `up_to`, one up to that number.

        The callbacks that `hold` holds back do not count: a fault may delay a response for longer than a wait may take,
        or its client may be the one that waits.
        """
        accounts = self._with_callbacks if account is None else (account,)
        return any(self._accounts.holds(each) and each.callbacks.is_busy(each.clock.now(), up_to) for each in accounts)

    def in_flight(self, account: Account | None) -> list[Callback]:
        """Return the callbacks in flight of an account, or of all, the earliest first."""
        accounts = self.accounts_with_callbacks if account is None else (account,)
        found = [each.callbacks.get(number) for each in accounts for number in each.callbacks.in_flight]
        return sorted(filter(None, found))

    def holding(self, account: Account | None) -> set[int]:
        """Return the requests whose response is not sent yet and holds back callbacks that are due."""
        return {
            request
            for request, entries in self._held.items()
            for owner, _, at in entries
            if account in (None, owner) and self._accounts.holds(owner) and at <= owner.clock.now()
        }

    def is_stored(self, pending: PendingCallback) -> bool:
        """Whether a callback in flight is still stored: neither it nor its account was evicted or deleted."""
        account = pending.account
        return self._accounts.holds(account) and account.callbacks.get(pending.callback.number) is not None

    def discard(self, pending: PendingCallback) -> None:
        """End the delivery of a callback that is no longer stored; the next of its ordering key follows."""
        pending.account.callbacks.record_result(pending.callback)
        self._schedule_next(pending.account, pending.callback.ordering_key)

    def put_back(self, pending: PendingCallback) -> bool:
        """Put a callback in flight back, without an attempt, if its URL is paused; return whether it is."""
        account, callback = pending.account, pending.callback
        if callback.webhook.url not in account.callbacks.paused:
            return False
        account.callbacks.record_result(account.callbacks[callback.number])
        self._schedule_next(account, callback.ordering_key, pending.scheduled_at)
        return True

    def record_result(self, pending: PendingCallback, attempt: Attempt) -> None:
        """Record an attempt: the callback is delivered, tried again later, or failed."""
        account, callback = pending.account, pending.callback
        attempts = (*callback.attempts, attempt)
        due_at, state = None, CallbackState.DELIVERED
        if not attempt.is_success:
            due_at, state = self._after_failure(account, attempt, len(attempts))
            stored = account.callbacks.get(callback.number)
            if stored is not None and stored.state is CallbackState.DROPPED:
                due_at, state = None, CallbackState.DROPPED
        result = callback._replace(attempts=attempts, due_at=due_at, state=state)
        account.callbacks.record_result(result)
        if self._accounts.holds(account):
            self._schedule_next(account, callback.ordering_key, attempt.at if due_at is None else None)
            self._emit(account, result)

    def _after_failure(
        self, account: Account, attempt: Attempt, attempts: int
    ) -> tuple[datetime | None, CallbackState]:
        """Return when the next attempt is due and the new state, after a number of failed attempts.

        On a clock that does not run, the duration of the attempt does not count.
        """
        if attempts > len(self._retry_delays):
            return None, CallbackState.FAILED
        duration = timedelta(seconds=attempt.duration) if account.clock.runs else timedelta()
        return attempt.at + duration + self._retry_delays[attempts - 1], CallbackState.PENDING

    def _event_name(self, kind: WebhookKind, trigger: WebhookTrigger) -> str | None:
        names = EVENT_NAMES[kind].get(trigger, ())
        return self._bounce_event if self._bounce_event in names else next(iter(names), None)

    def _store(self, account: Account, callback: Callback) -> Callback:
        numbered = callback._replace(number=self._accounts.numbering.take())
        is_first = account.callbacks.store(numbered)
        if is_first and numbered.due_at is not None:
            self._schedule(account, numbered, numbered.due_at)
        self._emit(account, numbered)
        return numbered

    def _schedule_next(
        self, account: Account, ordering_key: OrderingKey, last_attempt_at: datetime | None = None
    ) -> None:
        """Schedule the first callback of an ordering key, not before the last attempt of the previous one."""
        first = account.callbacks.first_of(ordering_key)
        if first is not None and first.due_at is not None:
            self._schedule(account, first, max(first.due_at, last_attempt_at or first.due_at))

    def _schedule(self, account: Account, first: Callback, at: datetime) -> None:
        held = self._held.get(first.details.request)
        if held is not None:
            held.append((account, first.ordering_key, at))
        else:
            self._schedule_now(account, first.ordering_key, at)

    def _schedule_now(self, account: Account, ordering_key: OrderingKey, at: datetime) -> None:
        account.callbacks.schedule(ordering_key, at)
        self._with_callbacks[account] = None
        self.on_due()


def details_of(message: Message, trigger: WebhookTrigger, at: datetime) -> TriggerDetails:
    """Return the details of an event of a message."""
    return TriggerDetails(
        at=at,
        trigger=trigger,
        mobile_number=message.mobile_number,
        digits=message.digits,
        transaction_id=message.transaction_id,
        request=message.request,
    )


def _trigger_of(before: Timeline, state: AnyState) -> WebhookTrigger | None:
    """Return what a failure after some steps triggers; nothing is known of a status that the guide does not have."""
    if state.status not in (Status.INVALID, Status.REJECTED, Status.EXCEPTION):
        return None
    has_bounced = state is State.BOUNCED and is_on_phone(step.state for step in before)
    return WebhookTrigger.BOUNCED if has_bounced else WebhookTrigger.REFUSED
