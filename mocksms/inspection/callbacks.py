"""Callbacks: list them with their attempts, and repeat them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Final

from pydantic import AwareDatetime, BeforeValidator, Field

from mocksms.engine.account import Account
from mocksms.engine.callbacks import Attempt, Callback, CallbackState
from mocksms.engine.logs import parse_record_number
from mocksms.engine.outbox import ReplayOrder
from mocksms.engine.steps import Steps
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.errors import InvalidParameters, RecordNotFound
from mocksms.inspection.models import AccountQuery, Name, Page, PageQuery, RequestModel, TextField
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.scope import LATEST, AccountScope
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.schemas.types import whole
from mocksms.settings import Settings
from mocksms.sms.webhook import WebhookKind
from mocksms.webhooks.payloads import callback_request

MAX_REPLAYED: Final = 10_000
"""Callbacks that one request may repeat: meanwhile the mock handles no other request."""

NUMBER_LIKE: Final = re.compile(r"[0-9+\-. ()]+")
"""What may be a part of a phone number in any spelling."""


class CallbacksQuery(AccountQuery, PageQuery):
    """Filters for callbacks."""

    message: Name | None = Field(default=None, description="Id of the message they are about")
    state: CallbackState | None = Field(default=None, description="State of the callback")
    event: Name | None = Field(default=None, description="The vendor's event, such as `send`")
    kind: WebhookKind | None = Field(default=None, description="Kind of the webhook")
    url: TextField | None = Field(default=None, description="Part of the URL of the webhook")
    search: TextField | None = Field(
        default=None, description="Part of the URL, event, number or message id, in any case; numbers in any spelling"
    )


class ReplayBody(RequestModel):
    """How to repeat the callbacks of a message."""

    order: ReplayOrder = Field(
        default="same", description="Order of the callbacks; the seed alone decides the shuffled order"
    )
    times: Annotated[int, Field(ge=1, le=100), BeforeValidator(whole)] = Field(
        default=1, description="How many times to repeat each callback: in a row, or mixed when shuffled"
    )


class AttemptView(ResponseModel):
    """One attempt to deliver a callback."""

    at: AwareDatetime = Field(description="On the account's clock")
    status: int | None = Field(description="Status of the response, null without a response")
    body: str = Field(description="Body of the response, at most its first 4,096 bytes")
    duration: float = Field(description="In seconds, real time")
    error: str | None = Field(description="Why the attempt failed")


class CallbackRequestView(ResponseModel):
    """The HTTP request of a callback."""

    method: str = Field(description="The HTTP method")
    headers: list[tuple[str, Text]] = Field(description="The headers in order")
    body: Text = Field(description="The body")


class CallbackView(ResponseModel):
    """A callback: one event, sent to one webhook."""

    id: int = Field(description="The id")
    account: str = Field(description="Id of the account")
    url: str = Field(description="The URL that is called")
    kind: WebhookKind = Field(description="What the request looks like")
    event: str = Field(description="Name of the event, such as `send`")
    transaction_id: str | None = Field(description="Id of the message, null for an event of a number alone")
    mobile_number: Text = Field(description="As the application sent it; for an event of a number alone the number")
    number: Text = Field(description="The normalised phone number")
    state: CallbackState = Field(description="`pending` as long as an attempt follows, `failed` once none is left")
    created_at: AwareDatetime = Field(description="When the event happened, on the account's clock")
    due_at: AwareDatetime | None = Field(description="When the next attempt is due, null once there is none")
    request: CallbackRequestView = Field(description="The request, the same in each attempt")
    attempts: list[AttemptView] = Field(description="The attempts so far, the first one first")
    replay_of: int | None = Field(description="Id of the callback that this one repeats")
    paused: bool = Field(description="Whether it waits until its webhook is resumed")
    waits_for: int | None = Field(description="Id of the callback that has to be delivered or fail before it is due")


class CallbacksPage(Page):
    """Callbacks, newest first."""

    callbacks: list[CallbackView] = Field(description="The callbacks on this page")


class CallbacksView(ResponseModel):
    """The new callbacks, in the order they are sent."""

    callbacks: list[CallbackView] = Field(description="The new callbacks")


class ReplayedView(ResponseModel):
    """How many callbacks are repeated."""

    replayed: int = Field(description="Number of repeated callbacks")


def list_callbacks(context: Context, call: InspectionCall) -> Steps[CallbacksPage]:
    """List callbacks with every attempt, newest first.

    With the status, the error and the duration of each attempt.
    """
    return callbacks_page(context, call.scope, call.query)


def callbacks_page(context: Context, scope: AccountScope, query: CallbacksQuery) -> Steps[CallbacksPage]:
    """Return a page of callbacks, newest first."""
    message = None if query.message is None else query.message.lower().replace("-", "")
    matches = _filter(query)
    views, totals = yield from context.paginate(
        query,
        lambda after, before: scope.callbacks(after, message, before),
        lambda owned: _view(context, *owned),
        (account.callbacks for account in scope.accounts),
        lambda owned: matches(owned[1]),
    )
    return CallbacksPage(callbacks=views, **totals)


def read_callback(context: Context, call: InspectionCall) -> CallbackView:
    """Read a callback.

    With its body and headers as sent, and every attempt.
    """
    return _view(context, *_find(call))


def replay_callback(context: Context, call: InspectionCall) -> CallbackView:
    """Repeat a callback.

    The repeated callback is a new record; its `replay_of` is the id of the one that it repeats.
    """
    account, callback = _find(call)
    (repeated,) = context.engine.outbox.replay(account, [callback], "same", 1)
    return _view(context, account, repeated)


def drop_callback(context: Context, call: InspectionCall) -> CallbackView:
    """Drop a pending callback.

    No further attempt follows. A callback that is not pending stays as it is.
    """
    account, callback = _find(call)
    return _view(context, account, context.engine.outbox.drop(account, callback))


def replay_failed(context: Context, call: InspectionCall) -> Steps[ReplayedView]:
    """Repeat the failed callbacks that no later one repeats, oldest first.

    One request repeats at most 10,000 of an account: meanwhile the mock handles no other request.
    """
    replayed = 0
    for account in call.scope.accounts:
        callbacks = account.callbacks.records
        repeated = {each.replay_of for each in callbacks}
        failed = [each for each in callbacks if each.state is CallbackState.FAILED and each.number not in repeated]
        replayed += len(context.engine.outbox.replay(account, failed[:MAX_REPLAYED], "same", 1))
        yield
    return ReplayedView(replayed=replayed)


def replay_history(context: Context, call: InspectionCall) -> Steps[CallbacksView]:
    """Repeat all callbacks of a message, in another order or several times.

    Receivers must cope with callbacks that come twice or in another order; this tries it. Callbacks that are
    repeats themselves are left out.
    """
    account, message = call.scope.find(call.id)
    callbacks = [each for each in account.callbacks.of(message.transaction_id) if not each.replay_of]
    times: int = call.body.times
    if len(callbacks) * times > MAX_REPLAYED:
        text = f"is {times}, and the message has {len(callbacks)} callbacks: one request repeats at most"
        raise InvalidParameters({"times": [f"{text} {MAX_REPLAYED:,}"]})
    repeated = context.engine.outbox.replay(account, reversed(callbacks), call.body.order, times)
    views: list[CallbackView] = []
    for callback in repeated:
        views.append(_view(context, account, callback))
        yield
    return CallbacksView(callbacks=views)


def _filter(query: CallbacksQuery) -> Callable[[Callback], bool]:
    """Return whether a callback matches a query, its message aside."""
    words = (query.search or "").lower()
    digits = re.sub(r"[^0-9]", "", words).lstrip("0") if NUMBER_LIKE.fullmatch(words) else ""

    def matches(callback: Callback) -> bool:
        webhook, details = callback.webhook, callback.details
        if query.state not in (None, callback.state) or query.event not in (None, callback.event):
            return False
        if query.kind not in (None, webhook.kind) or (query.url or "") not in webhook.url:
            return False
        text = f"{webhook.url} {callback.event} {details.transaction_id} {details.digits}".lower()
        return words in text or bool(digits and digits in details.digits)

    return matches


def _find(call: InspectionCall) -> tuple[Account, Callback]:
    """Return the callback that a path names, with its account.

    Raises:
        RecordNotFound: there is none.
    """
    number = parse_record_number(call.id) or 0
    for account in call.scope.accounts:
        if callback := account.callbacks.get(number):
            return account, callback
    raise RecordNotFound("callback", call.id)


def _view(context: Context, account: Account, callback: Callback) -> CallbackView:
    is_pending = callback.state is CallbackState.PENDING
    first = account.callbacks.first_of(callback.ordering_key) if is_pending else None
    return CallbackView(
        id=callback.number,
        account=account.id,
        url=callback.webhook.url,
        kind=callback.webhook.kind,
        event=callback.event,
        transaction_id=callback.details.transaction_id,
        mobile_number=callback.details.mobile_number,
        number=callback.details.digits,
        state=callback.state,
        created_at=callback.created_at,
        due_at=callback.due_at,
        request=_request_view(callback, context.engine.settings),
        attempts=[_attempt_view(attempt) for attempt in callback.attempts],
        replay_of=callback.replay_of,
        paused=is_pending and callback.webhook.url in account.callbacks.paused,
        waits_for=None if first is None or first.number == callback.number else first.number,
    )


def _request_view(callback: Callback, settings: Settings) -> CallbackRequestView:
    request = callback_request(callback, settings)
    return CallbackRequestView(method=request.method, headers=list(request.headers), body=request.body.decode())


def _attempt_view(attempt: Attempt) -> AttemptView:
    return AttemptView(
        at=attempt.at,
        status=attempt.status,
        body=attempt.body.decode(errors="replace"),
        duration=attempt.duration,
        error=attempt.error,
    )


ENDPOINTS: Final = (
    endpoint("GET", "callbacks", list_callbacks, returns=CallbacksPage, query=CallbacksQuery),
    endpoint("POST", "callbacks/failed/replay", replay_failed, returns=ReplayedView),
    endpoint("GET", "callbacks/{id}", read_callback, returns=CallbackView),
    endpoint("POST", "callbacks/{id}/replay", replay_callback, returns=CallbackView),
    endpoint("POST", "callbacks/{id}/drop", drop_callback, returns=CallbackView),
    endpoint(
        "POST",
        "messages/{id}/callbacks/replay",
        replay_history,
        returns=CallbacksView,
        path_example=LATEST,
        body=ReplayBody,
        body_required=False,
        examples={"twice, out of order": {"order": "shuffled", "times": 2}},
    ),
)
