"""The outbox: plans the callbacks of all accounts, hands out those that are due, and takes in how they went."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from mocksms.engine.account import Account
from mocksms.engine.accounts import Accounts
from mocksms.engine.callbacks import Attempt, Callback, CallbackSequence, CallbackState, TriggerDetails
from mocksms.settings import Settings
from mocksms.sms.message import DEFAULT_POLICY, CallbackPolicy, History, Message, State, Status
from mocksms.sms.webhook import EVENT_NAMES, WebhookKind, WebhookTrigger

ReplayOrder = Literal["same", "reversed", "shuffled"]
"""The order in which a message's callbacks are replayed."""


class PendingCallback(NamedTuple):
    """A callback on its way, and whose it is."""

    account: Account
    callback: Callback


class Outbox:
    """Callbacks on their way to receivers.

    `wake` is called when some may be due. `emit` hears of every callback that is planned, tried or over.
    """

    def __init__(self, settings: Settings, accounts: Accounts, emit: Callable[[Account, Callback], None]) -> None:
        self.wake: Callable[[], object] = _no_dispatcher
        self._accounts = accounts
        self._pauses = settings.webhook_retry
        self._bounce = settings.webhook_bounce
        self._emit = emit
        self._held: dict[int, list[tuple[Account, CallbackSequence, datetime]]] = {}
        self._with_callbacks: dict[Account, None] = {}

    def hold(self, request: int) -> None:
        """Keep back what concerns the messages of an exchange until its answer has left."""
        self._held[request] = []

    def release(self, request: int) -> None:
        """Let go what was kept back for an exchange."""
        for account, sequence, at in self._held.pop(request, ()):
            self._plan(account, sequence, at)

    def notify_steps(self, account: Account, message: Message, known: History) -> None:
        """Tell receivers of the steps of a message beyond the known ones."""
        before = known[-1].state
        for event in message.history[len(known) :]:
            trigger = _trigger_of(before, event.state)
            before = event.state
            if trigger is not None:
                details = details_of(message, trigger, event.at)._replace(reason=event.state.reason)
                self.notify(account, details, message.callback_policy)

    def notify(
        self, account: Account, details: TriggerDetails, callback_policy: CallbackPolicy = DEFAULT_POLICY
    ) -> None:
        """Tell the receivers of an account that want to hear of it."""
        for place, webhook in enumerate(account.webhooks):
            event = self._event_name(webhook.kind, details.trigger)
            if event is None or not webhook.subscribes_to(event):
                continue
            sequence = CallbackSequence(webhook.url, details.transaction_id or details.digits)
            due_at = details.at + callback_policy.delay
            callback = Callback(0, webhook, place, event, details, sequence, details.at, due_at)
            if not callback_policy.times:
                self._add(account, callback._replace(state=CallbackState.DROPPED, due_at=None))
                continue
            first = self._add(account, callback)
            for _ in range(1, callback_policy.times):
                self._add(account, callback._replace(replay_of=first.number))

    def replay(self, account: Account, callbacks: Iterable[Callback], order: ReplayOrder, times: int) -> list[Callback]:
        """Call receivers again with what they were told, each so many times, one after the other in an order."""
        again = [callback for callback in callbacks for _ in range(times)]
        if order == "reversed":
            again.reverse()
        elif order == "shuffled":
            account.shuffle(again)
        now = account.clock.now()
        subject = f"replay {self._accounts.numbering.latest + 1}"
        return [
            self._add(
                account,
                callback._replace(
                    sequence=CallbackSequence(callback.webhook.url, subject),
                    created_at=now,
                    due_at=now,
                    state=CallbackState.PENDING,
                    attempts=(),
                    replay_of=callback.number,
                ),
            )
            for callback in again
        ]

    def look(self) -> None:
        """Let those who deliver look for what may have become due."""
        if self._with_callbacks:
            self.wake()

    def take(self) -> list[PendingCallback]:
        """Return what is due in any account; it is on its way until it is settled."""
        taken: list[PendingCallback] = []
        for account in tuple(self._with_callbacks):
            if not self._accounts.holds(account) or account.callbacks.is_idle:
                del self._with_callbacks[account]
                continue
            now = account.clock.now()
            while callback := account.callbacks.take(now):
                taken.append(PendingCallback(account, callback))
        return taken

    def is_due(self, account: Account | None) -> bool:
        """Return whether something is due or on its way in an account, or in any."""
        accounts = self._with_callbacks if account is None else (account,)
        return any(self._accounts.holds(each) and each.callbacks.is_due(each.clock.now()) for each in accounts)

    def keeps(self, parcel: PendingCallback) -> bool:
        """Return whether a callback that was taken is still kept: neither it nor its account has made room."""
        return self._accounts.holds(parcel.account) and parcel.account.callbacks.get(parcel.callback.number) is not None

    def give_back(self, parcel: PendingCallback) -> None:
        """Take back a callback that is not kept any more; the next in line follows."""
        account, callback = parcel
        account.callbacks.settle(callback)
        self._schedule_next(account, callback.sequence)

    def settle(self, parcel: PendingCallback, attempt: Attempt) -> None:
        """Take in how an attempt went: it was taken, is tried again after a pause, or has failed for good."""
        account, callback = parcel
        attempts = (*callback.attempts, attempt)
        due_at, state = None, CallbackState.DELIVERED
        if not attempt.is_success:
            due_at, state = self._next(account, attempt, len(attempts))
        settled = callback._replace(attempts=attempts, due_at=due_at, state=state)
        account.callbacks.settle(settled)
        if self._accounts.holds(account):
            self._schedule_next(account, callback.sequence, attempt.at if due_at is None else None)
            self._emit(account, settled)

    def _schedule_next(self, account: Account, sequence: CallbackSequence, over_at: datetime | None = None) -> None:
        """Plan the first callback of a chain, when it is due or when the one before it was over."""
        first = account.callbacks.first_of(sequence)
        if first is not None and first.due_at is not None:
            self._schedule(account, first, max(first.due_at, over_at or first.due_at))

    def _next(self, account: Account, attempt: Attempt, tried: int) -> tuple[datetime | None, CallbackState]:
        """Return when a callback that failed so many times is tried again, on a clock that may have been moved."""
        if tried > len(self._pauses):
            return None, CallbackState.FAILED
        duration = timedelta() if account.clock.frozen else timedelta(seconds=attempt.duration)
        return attempt.at + duration + self._pauses[tried - 1], CallbackState.PENDING

    def _event_name(self, kind: WebhookKind, trigger: WebhookTrigger) -> str | None:
        words = EVENT_NAMES[kind].get(trigger, ())
        return self._bounce if self._bounce in words else next(iter(words), None)

    def _add(self, account: Account, callback: Callback) -> Callback:
        kept = callback._replace(number=self._accounts.numbering.take())
        is_first = account.callbacks.enter(kept)
        if is_first and kept.due_at is not None:
            self._schedule(account, kept, kept.due_at)
        self._emit(account, kept)
        return kept

    def _schedule(self, account: Account, first: Callback, at: datetime) -> None:
        held = self._held.get(first.details.request)
        if held is not None:
            held.append((account, first.sequence, at))
        else:
            self._plan(account, first.sequence, at)

    def _plan(self, account: Account, sequence: CallbackSequence, at: datetime) -> None:
        account.callbacks.plan(sequence, at)
        self._with_callbacks[account] = None
        self.wake()


def details_of(message: Message, trigger: WebhookTrigger, at: datetime) -> TriggerDetails:
    """Return what can be told of a message."""
    return TriggerDetails(
        at=at,
        trigger=trigger,
        mobile_number=message.mobile_number,
        digits=message.digits,
        transaction_id=message.transaction_id,
        request=message.request,
    )


def _trigger_of(before: State, state: State) -> WebhookTrigger | None:
    if state.status is Status.QUEUED:
        return None
    if state is State.SENT:
        return WebhookTrigger.SENT
    return WebhookTrigger.BOUNCED if before is State.SENT else WebhookTrigger.REFUSED


def _no_dispatcher() -> None:
    """Nobody delivers: callbacks stay where they are."""
