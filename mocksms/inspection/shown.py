"""What the inspection API answers, described for its users."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mocksms.engine.rules import ApiOperation
from mocksms.sms.message import Reason, Status
from mocksms.sms.webhook import WebhookKind


def _well_formed(text: object) -> object:
    """Put the replacement character for lone surrogates, which an application can send but UTF-8 cannot carry."""
    if isinstance(text, str) and not text.isascii():
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


Text = Annotated[str, BeforeValidator(_well_formed)]
"""A text that comes from an application."""


class ResponseModel(BaseModel):
    """What is written."""

    # Deferred, since most runs use few of these, and a mock is to start at once.
    model_config = ConfigDict(defer_build=True, frozen=True)


class ForcedByView(ResponseModel):
    """The first character that GSM 03.38 does not have."""

    character: Text
    index: int


class SegmentsView(ResponseModel):
    """What the text takes on the air."""

    encoding: str
    count: int
    characters: int = Field(description="Characters of the text")
    boundaries: list[int] = Field(description="Where in the text each further segment begins")
    units: int = Field(description="Septets in GSM-7, UTF-16 code units in UCS-2")
    forced_by: ForcedByView | None


class CodeView(ResponseModel):
    """What may be a one-time code."""

    code: str
    index: int = Field(description="Where it begins in the text")
    length: int
    announced: bool = Field(description="Whether the text calls it a code")


class StepView(ResponseModel):
    """A step in a message's life."""

    at: datetime
    status: Status
    reject_reason: Reason | None
    cause: str


class ClickView(ResponseModel):
    """A link the recipient opened."""

    at: datetime
    url: Text


class WarningView(ResponseModel):
    """Something the real service lets pass, too: where it was, and what."""

    path: Text
    note: Text


class MessageView(ResponseModel):
    """One SMS to one recipient. Times are UTC; reasons are spelt as in send answers."""

    transaction_id: str
    cursor: int = Field(description="The cursor just at this message")
    account: str = Field(description="Id of its account")
    mobile_number: Text = Field(description="As sent")
    number: Text = Field(description="As compared")
    sender: Text
    content: Text = Field(description="As sent, placeholders filled")
    text: Text = Field(description="As the phone shows it")
    tags: list[Text]
    status: Status
    reject_reason: Reason | None
    reject_reason_in_reads: str | None = Field(description="The same as info and search spell it")
    decided_by: str | None = Field(description="What chose its end, null until then")
    segments: SegmentsView
    codes: list[CodeView] = Field(description="The best candidate first")
    links: list[Text] = Field(description="Those the phone shows")
    clicks: int
    clicks_details: list[ClickView]
    history: list[StepView]
    request_id: int | None
    warnings: list[WarningView]
    created_at: datetime
    scheduled_at: datetime | None


class Page(ResponseModel):
    """How much there is beyond what is shown."""

    cursor: int = Field(description="Give it as since to see only what comes after this answer")
    total: int = Field(description="How many match, on this page or another")
    evicted: int = Field(description="How many have gone to make room")
    incomplete: bool = Field(description="Whether some that came after since may be among those")


class MessagesPage(Page):
    """Messages, newest first."""

    messages: list[MessageView]


class CodesView(ResponseModel):
    """The one-time codes of a message, the best candidate first."""

    codes: list[CodeView]


class Deleted(ResponseModel):
    """How many messages were deleted."""

    deleted: int


class AnswerView(ResponseModel):
    """What went back; status null where the connection was reset instead."""

    status: int | None
    headers: list[tuple[str, str]] = Field(description="Those beside length")
    body: str
    size: int = Field(description="Bytes of the body; beyond 65,536 it is shown cut")


class RequestView(ResponseModel):
    """One exchange with the emulated API."""

    id: int
    account: str | None
    at: datetime
    method: str
    target: str = Field(description="Path and query as sent")
    headers: list[tuple[str, str]] = Field(description="As sent, secrets shortened")
    body: str = Field(description="As sent, read as UTF-8")
    size: int = Field(description="Bytes of the body; beyond 65,536 it is shown cut")
    response: AnswerView
    duration: float = Field(description="In seconds")
    operation: ApiOperation | None = Field(description="The operation that was called, null if none")
    refusal: str | None = Field(description="Code of the error if the request was refused, such as unauthorized")
    note: Text = Field(description="Why it was refused, or what was done to its answer")
    fault_decided_by: Text | None = Field(description="Rule or magic number that caused the fault, null for none")
    warnings: list[WarningView]
    messages: list[str] = Field(description="Ids of the messages it made, without those evicted since")


class RequestsPage(Page):
    """Exchanges, newest first."""

    requests: list[RequestView]


class InboundView(ResponseModel):
    """An SMS from a phone."""

    cursor: int
    account: str
    at: datetime
    number: Text
    text: Text
    effect: str = Field(description="What it brought about")


class InboundPage(Page):
    """Replies, newest first."""

    replies: list[InboundView]


class ClockView(ResponseModel):
    """Time."""

    now: datetime
    frozen: bool
    next_due: datetime | None = Field(description="When the next step or callback is due")


class WebhookView(ResponseModel):
    """A receiver of callbacks."""

    url: str
    kind: WebhookKind
    events: list[str] | None = Field(description="Only these; null is the usual ones")


class AccountView(ResponseModel):
    """An account."""

    id: str
    key: str = Field(description="Shortened")
    credit: int | None = Field(description="Segments it can send, null for no limit")
    sender: str
    gateway: bool
    rest_right: bool
    unsubscribed: list[str]
    bounced: list[str]
    kosher: list[str]
    force_unsubscribe_link: bool
    webhooks: list[WebhookView]
    messages: int
    newest: int | None = Field(description="The cursor at its newest message, null when it has none")
    evicted: int
    waiting_for_credit: int
    clock: ClockView


class AccountsView(ResponseModel):
    """All accounts, the latest used first."""

    accounts: list[AccountView]


class Counts(ResponseModel):
    """How many."""

    accounts: int
    messages: int
    requests: int


class HealthView(Counts):
    """How the mock is."""

    status: Literal["ready"]
    version: str
    uptime: float = Field(description="Seconds")
    cursor: int
    evicted: Counts


class NumberView(ResponseModel):
    """A magic number."""

    code: str
    name: str
    number: str
    outcome: str
    http_fault: bool


class NumbersView(ResponseModel):
    """The magic numbers."""

    prefix: str
    format: str
    numbers: list[NumberView]


class BehaviourView(ResponseModel):
    """A behaviour of the emulated API, and on what evidence."""

    id: str
    does: str
    evidence: str
    source: str
    setting: str


class FidelityView(ResponseModel):
    """The ledger."""

    behaviours: list[BehaviourView]


class Reset(ResponseModel):
    """What was reset."""

    reset: str
