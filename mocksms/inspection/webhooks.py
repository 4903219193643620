"""Webhooks of all accounts, with what came of their callbacks."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from mocksms.engine.account import Account
from mocksms.engine.deliveries import MAX_RECENT, DeliveryCounts
from mocksms.engine.steps import STEP_SIZE, Steps
from mocksms.inspection.accounts import WebhookView, webhook_view
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.models import MAX_ROWS, AccountQuery
from mocksms.inspection.parameters import InspectionCall
from mocksms.schemas.responses import ResponseModel
from mocksms.schemas.types import whole
from mocksms.sms.webhook import Webhook, WebhookKind


class WebhooksQuery(AccountQuery):
    """The account, and how many webhooks."""

    limit: Annotated[int, Field(ge=1, le=MAX_ROWS), BeforeValidator(whole)] = Field(
        default=100, description="Webhooks in the response at most"
    )


class CallbackCounts(ResponseModel):
    """Numbers of callbacks."""

    pending: int = Field(description="Callbacks that wait for their first attempt")
    retrying: int = Field(description="Callbacks whose last attempt failed, and that are tried again")
    delivered: int = Field(description="Callbacks that got a successful response")
    failed: int = Field(description="Callbacks that are not tried again")
    failed_unrepeated: int = Field(description="Failed callbacks that no later one repeats")
    dropped: int = Field(description="Callbacks that were dropped")


class AccountWebhookView(WebhookView):
    """A webhook of an account, with what came of the callbacks of its URL and kind."""

    account: str = Field(description="Id of the account")
    counts: CallbackCounts = Field(description="Its callbacks by state")
    recent: list[bool] = Field(
        description=f"Whether the last attempt succeeded, for the last {MAX_RECENT} callbacks with one, oldest first"
    )


class WebhooksView(ResponseModel):
    """Webhooks, those of the account that was used last first."""

    webhooks: list[AccountWebhookView] = Field(description="The webhooks by account")
    total: int = Field(description="Number of all webhooks")
    counts: CallbackCounts = Field(description="Of all callbacks, also those whose webhook was removed")


def list_webhooks(_: Context, call: InspectionCall) -> Steps[WebhooksView]:
    """List the webhooks of the accounts, with what came of their callbacks.

    Callbacks of a webhook that was removed count only in the total `counts`.
    """
    query: WebhooksQuery = call.query
    views: list[AccountWebhookView] = []
    total, all_counts = 0, DeliveryCounts()
    for account in call.scope.accounts:
        by_receiver = yield from _count(account)
        all_counts.merge(by_receiver.values())
        total += len(account.webhooks)
        for webhook in account.webhooks[: query.limit - len(views)]:
            views.append(_view(account, webhook, by_receiver.get((webhook.url, webhook.kind), DeliveryCounts())))
        yield
    return WebhooksView(webhooks=views, total=total, counts=_counts_view(all_counts))


def _count(account: Account) -> Steps[dict[tuple[str, WebhookKind], DeliveryCounts]]:
    """Count the callbacks of an account by URL and kind."""
    by_receiver: dict[tuple[str, WebhookKind], DeliveryCounts] = {}
    repeated = set[int | None]()
    for place, callback in enumerate(account.callbacks.newest_first(), 1):
        repeated.add(callback.replay_of)
        key = callback.webhook.url, callback.webhook.kind
        counts = by_receiver.get(key) or by_receiver.setdefault(key, DeliveryCounts())
        counts.add(callback, is_repeated=callback.number in repeated)
        if not place % STEP_SIZE:
            yield
    return by_receiver


def _view(account: Account, webhook: Webhook, counts: DeliveryCounts) -> AccountWebhookView:
    return AccountWebhookView(
        **webhook_view(account, webhook).model_dump(),
        account=account.id,
        counts=_counts_view(counts),
        recent=counts.recent[::-1],
    )


def _counts_view(counts: DeliveryCounts) -> CallbackCounts:
    by_name = {delivery.value: count for delivery, count in counts.counts.items()}
    return CallbackCounts(**by_name, failed_unrepeated=counts.unrepeated)


ENDPOINTS: Final = (endpoint("GET", "webhooks", list_webhooks, returns=WebhooksView, query=WebhooksQuery),)
