"""What the inspection API answers about callbacks and consents, described for its users."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from mocksms.engine.callbacks import CallbackState
from mocksms.inspection.shown import Page, ResponseModel, Text
from mocksms.sms.replies import ConsentChoice
from mocksms.sms.webhook import WebhookKind


class AttemptView(ResponseModel):
    """One call of a receiver."""

    at: datetime = Field(description="On the account's clock")
    status: int | None = Field(description="Status of its answer, null when there was none")
    body: str = Field(description="Body of the response, at most its first 4,096 bytes")
    duration: float = Field(description="In seconds, real time")
    error: str | None = Field(description="Why it was no success")


class CallView(ResponseModel):
    """A callback as it is sent."""

    method: str
    headers: list[tuple[str, Text]]
    body: Text


class CallbackView(ResponseModel):
    """A callback: one thing that one receiver is told."""

    id: int
    account: str
    url: str
    kind: WebhookKind
    event: str
    transaction_id: str | None = Field(description="The message it is about, null where it is about a number alone")
    number: Text = Field(description="As compared")
    state: CallbackState
    created_at: datetime
    due_at: datetime | None = Field(description="When it is tried next, null once it is over")
    request: CallView
    attempts: list[AttemptView]
    replay_of: int | None = Field(description="The callback it repeats")


class CallbacksPage(Page):
    """Callbacks, newest first."""

    callbacks: list[CallbackView]


class CallbacksView(ResponseModel):
    """Callbacks in the order they go out."""

    callbacks: list[CallbackView]


class ConsentView(ResponseModel):
    """A number opted out or in."""

    cursor: int
    account: str
    number: Text
    at: datetime
    choice: ConsentChoice
    cause: Text


class ConsentsPage(Page):
    """Opt-outs and opt-ins, newest first."""

    consents: list[ConsentView]
