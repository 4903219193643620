"""Conditions: what makes a mock behave in another way than by default, for a first look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from pydantic import AwareDatetime, Field

from mocksms.engine.account import Account
from mocksms.engine.callbacks import Callback
from mocksms.engine.steps import Steps
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.scenarios import FaultView, faults_view
from mocksms.schemas.responses import ResponseModel, Text

LATEST_CALLBACKS: Final = 50
"""Callbacks of an account that are looked at."""


class FrozenClockView(ResponseModel):
    """The clocks that are frozen."""

    at: AwareDatetime = Field(description="The time they show; of several, that of the account used last")
    account: str | None = Field(description="Id of the account used last, null if there is none")
    accounts: int = Field(description="Number of accounts whose clock is frozen")
    all: bool = Field(description="Whether no clock runs, that of new accounts included")


class ScenarioConditionView(ResponseModel):
    """An active scenario."""

    names: list[Text] = Field(description="The scenarios that its rules come from")
    account: str | None = Field(description="Id of the account that has it, null if several or new ones have it")
    applied: int = Field(description="How often its rules were applied")


class FailingWebhookView(ResponseModel):
    """A webhook whose latest attempted callback failed."""

    account: str = Field(description="Id of the account")
    url: str = Field(description="URL of the webhook")
    failed: int = Field(description=f"How many of the latest {LATEST_CALLBACKS} callbacks of the account failed at it")
    latest: int = Field(description="Id of the latest of them")
    status: int | None = Field(description="Status of its response, null without a response")
    error: str | None = Field(description="Why it failed")


class ConditionsView(ResponseModel):
    """What makes the mock behave in another way than by default."""

    frozen: FrozenClockView | None = Field(description="The frozen clock, null if none is frozen")
    faults: list[FaultView] = Field(description="The faults that were set manually and have not ended, newest first")
    scenarios: list[ScenarioConditionView] = Field(description="The active scenarios")
    failing: list[FailingWebhookView] = Field(description="The webhooks that fail")


def read_conditions(context: Context, call: InspectionCall) -> Steps[ConditionsView]:
    """Read what makes the mock behave in another way than by default.

    Frozen clocks, active scenarios, faults set manually, and webhooks at which callbacks fail.
    """
    accounts = call.scope.accounts
    failing: list[FailingWebhookView] = []
    having: dict[tuple[str, ...], list[str | None]] = {}
    applied = Counter[tuple[str, ...]]()
    if call.scope.name is None:
        having[context.engine.accounts.scenario.names] = [None]
    for account in accounts:
        failing += _failing_webhooks(account)
        names = account.scenario.names
        having.setdefault(names, []).append(account.id)
        applied[names] += account.rules.applied
        yield
    return ConditionsView(
        frozen=_frozen(context, call, accounts),
        faults=faults_view(context, call.scope).faults,
        scenarios=[
            ScenarioConditionView(names=[*names], account=ids[0] if len(ids) == 1 else None, applied=applied[names])
            for names, ids in having.items()
            if names
        ],
        failing=failing,
    )


def _frozen(context: Context, call: InspectionCall, accounts: list[Account]) -> FrozenClockView | None:
    """Return which clocks are frozen; the first account is the one used last."""
    frozen = [account for account in accounts if account.clock.frozen]
    others = context.engine.accounts.clock
    counts_others = call.scope.name is None
    if not frozen and not (counts_others and others.frozen):
        return None
    return FrozenClockView(
        at=(frozen[0].clock if frozen else others).now(),
        account=frozen[0].id if frozen else None,
        accounts=len(frozen),
        all=len(frozen) == len(accounts) and (others.frozen or not counts_others),
    )


def _failing_webhooks(account: Account) -> Iterator[FailingWebhookView]:
    attempted = [each for each in islice(account.callbacks.newest_first(), LATEST_CALLBACKS) if each.attempts]
    for url in dict.fromkeys(each.webhook.url for each in attempted):
        callbacks = sorted((each for each in attempted if each.webhook.url == url), key=_attempted_at)
        latest = callbacks[-1].attempts[-1]
        if not latest.is_success:
            yield FailingWebhookView(
                account=account.id,
                url=url,
                failed=sum(not each.attempts[-1].is_success for each in callbacks),
                latest=callbacks[-1].number,
                status=latest.status,
                error=latest.error,
            )


def _attempted_at(callback: Callback) -> tuple[datetime, int]:
    return callback.attempts[-1].at, callback.number


ENDPOINTS: Final = (endpoint("GET", "conditions", read_conditions, returns=ConditionsView),)
