"""Rows of callbacks with their attempts."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, model_validator

from mocksms.engine.callbacks import Attempt, Callback, CallbackState, OrderingKey, ScheduledKey, TriggerDetails
from mocksms.sms.message import CallbackPolicy
from mocksms.sms.webhook import EVENT_NAMES, Webhook, WebhookKind, WebhookTrigger, checked_events, checked_url
from mocksms.state.rows import (
    AccountId,
    AppText,
    MeasuredSeconds,
    OwnText,
    RecordNumber,
    RecordNumberOrNone,
    RowBytes,
    RowCount,
    RowInstant,
    RowModel,
    RowSeconds,
    TransactionId,
    shared_text,
    written_bytes,
)

MAX_WEBHOOKS: Final = 10_000


class WebhookData(RowModel):
    """A webhook."""

    url: OwnText
    kind: Annotated[WebhookKind, Field(strict=False)]
    events: list[OwnText] | None
    paused: bool

    @model_validator(mode="after")
    def _can_be_called(self) -> WebhookData:
        checked_url(self.url)
        checked_events(self.events or (), self.kind)
        return self

    def webhook(self) -> Webhook:
        """Return the webhook."""
        events = None if self.events is None else tuple(self.events)
        return Webhook(shared_text(self.url), self.kind, events, self.paused)


class CallbackPolicyData(RowModel):
    """How callbacks are delivered."""

    delay: RowSeconds
    times: Annotated[int, Field(ge=0, le=100)]
    is_reversed: bool

    def policy(self) -> CallbackPolicy:
        """Return the policy."""
        return CallbackPolicy(self.delay, self.times, self.is_reversed)


class TriggerData(RowModel):
    """What triggered a callback."""

    at: RowInstant
    trigger: Annotated[WebhookTrigger, Field(strict=False)]
    mobile_number: AppText
    number: OwnText
    transaction_id: TransactionId | None
    reason: OwnText | None
    url: AppText
    link: RowCount
    text: AppText
    request: RecordNumberOrNone

    def details(self) -> TriggerDetails:
        """Return the details."""
        return TriggerDetails(
            self.at,
            self.trigger,
            self.mobile_number,
            self.number,
            self.transaction_id,
            self.reason,
            self.url,
            self.link,
            self.text,
            self.request,
        )


class AttemptData(RowModel):
    """An attempt to deliver a callback."""

    at: RowInstant
    status: Annotated[int, Field(ge=0, le=999)] | None
    body: RowBytes
    duration: MeasuredSeconds
    error: OwnText | None

    def attempt(self) -> Attempt:
        """Return the attempt."""
        return Attempt(self.at, self.status, self.body, self.duration, self.error)


class ScheduledData(RowModel):
    """When a callback is scheduled, and its place among all that are scheduled in its account."""

    at: RowInstant
    place: RowCount


class CallbackData(RowModel):
    """A callback. `queue` names the callbacks to its URL that are delivered one after another.

    `scheduled` is null unless it is the first that is not finished in its queue.
    """

    account: AccountId
    record: RecordNumber
    webhook: WebhookData
    webhook_index: Annotated[int, Field(ge=0, le=MAX_WEBHOOKS)]
    event: OwnText
    trigger: TriggerData
    queue: OwnText
    created_at: RowInstant
    due_at: RowInstant | None
    state: Annotated[CallbackState, Field(strict=False)]
    attempts: list[AttemptData]
    replay_of: RecordNumber | None
    scheduled: ScheduledData | None

    @model_validator(mode="after")
    def _is_possible(self) -> CallbackData:
        kind, trigger = self.webhook.kind, self.trigger.trigger
        if self.event not in EVENT_NAMES[kind].get(trigger, ()):
            raise ValueError(f"the {kind} webhook has no event {self.event!r} for {trigger!r}")
        if (self.state is CallbackState.PENDING) != (self.due_at is not None):
            raise ValueError("a pending callback has due_at, and no other has it")
        if self.scheduled is not None and self.due_at is None:
            raise ValueError("only a pending callback can be scheduled")
        return self

    def callback(self) -> Callback:
        """Return the callback."""
        return Callback(
            self.record,
            self.webhook.webhook(),
            self.webhook_index,
            shared_text(self.event),
            self.trigger.details(),
            OrderingKey(shared_text(self.webhook.url), self.queue),
            self.created_at,
            self.due_at,
            self.state,
            tuple([attempt.attempt() for attempt in self.attempts]),
            self.replay_of,
        )


def callback_row(account: str, callback: Callback, scheduled: ScheduledKey | None) -> dict[str, Any]:
    """Return the row of a callback, with when it is scheduled if it is."""
    details = callback.details._asdict()
    return {
        "account": account,
        "record": callback.number,
        "webhook": webhook_row(callback.webhook),
        "webhook_index": callback.webhook_index,
        "event": callback.event,
        "trigger": {"number": details.pop("digits"), **details},
        "queue": callback.ordering_key.subject,
        "created_at": callback.created_at,
        "due_at": callback.due_at,
        "state": callback.state,
        "attempts": [{**attempt._asdict(), "body": written_bytes(attempt.body)} for attempt in callback.attempts],
        "replay_of": callback.replay_of,
        "scheduled": None if scheduled is None else {"at": scheduled.at, "place": scheduled.place},
    }


def policy_row(policy: CallbackPolicy) -> dict[str, Any]:
    """Return a callback policy as in a row."""
    return {**policy._asdict(), "delay": policy.delay.total_seconds()}


def webhook_row(webhook: Webhook) -> dict[str, Any]:
    """Return a webhook as in a row."""
    return webhook._asdict()
