"""Accounts: read, change, delete and reset them."""

from __future__ import annotations

from collections.abc import Set
from typing import Annotated, Any, Final, NamedTuple

from pydantic import ConfigDict, Discriminator, Field, Tag
from typing_extensions import TypeAliasType

from mocksms.engine.account import Account, TestOutcome
from mocksms.engine.controls import AccountUpdate
from mocksms.engine.steps import Steps
from mocksms.inspection.clock import ClockView, clock_view
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.errors import AccountRequired, UnknownAccount
from mocksms.inspection.models import Label, Name, Page, PageQuery, RequestModel, without_defaults
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.phones import LIST_NAMES
from mocksms.scenario.schema import NO_DELAY, CallbackModel
from mocksms.scenario.values import BoundedDuration
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.schemas.types import ABOUT_PAUSED, Credit, DurationText, ListedNumber, WebhookList
from mocksms.sms.message import CallbackPolicy
from mocksms.sms.webhook import Webhook, WebhookKind
from mocksms.state.trace_models import AccountFailures, TracedFailure

MAX_LISTED_NUMBERS: Final = 100_000
ABOUT_CALLBACK: Final = "How its callbacks are delivered, where the rule of a message does not say it"
ABOUT_TEST_OUTCOME: Final = "How its test ended, null while it runs or if there is none; the pytest plugin sets it"
ABOUT_ASYNC_DELAY: Final = "How long messages of an async send stay queued; changes later sends only"


ABOUT_TEST_FAILURES: Final = (
    "The errors that failed its test, the first failure first, as a trace has them. A change of `test_outcome` removes "
    "them"
)

_SET_APART: Final = frozenset({"credit", "test_outcome", "test_failures"})
"""Fields of an account that are not set with the others."""


class ListChange(RequestModel):
    """Numbers to add to a list and to remove from it."""

    add: list[ListedNumber] = Field(default_factory=list, max_length=MAX_LISTED_NUMBERS, description="Numbers to add")
    remove: list[ListedNumber] = Field(
        default_factory=list, max_length=MAX_LISTED_NUMBERS, description="Numbers to remove"
    )


def _form_of_list(raw: object) -> str:
    return "change" if isinstance(raw, dict | ListChange) else "list"


NumberList = TypeAliasType(
    "NumberList",
    Annotated[list[ListedNumber], Field(max_length=MAX_LISTED_NUMBERS, description="A whole list of numbers")],
)
"""A whole list of numbers."""

NumbersOrChange = TypeAliasType(
    "NumbersOrChange",
    Annotated[Annotated[NumberList, Tag("list")] | Annotated[ListChange, Tag("change")], Discriminator(_form_of_list)],
)
"""A whole list of numbers, or the numbers to add and remove."""


ABOUT_WEBHOOKS: Final = (
    "Webhooks that get its callbacks. A paused one gets none: they stay pending, do not count as due in any wait or "
    "advance, and follow in their order once it is resumed. Removing it drops them"
)


class AccountPatch(RequestModel):
    """Changes of an account; fields that are left out keep their value."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    credit: Credit | None = Field(
        default=None, description="Segments it can send, null for no limit; messages that wait for credit are sent"
    )
    label: Label = Field(default="", description="What it is for, such as the name of a test; empty for no label")
    test_outcome: TestOutcome | None = Field(default=None, description=ABOUT_TEST_OUTCOME)
    test_failures: AccountFailures = Field(default=[], description=ABOUT_TEST_FAILURES)
    sender: Name = Field(default="", description="Sender of messages that name none")
    gateway: bool = Field(default=True, description="Whether it has an SMS gateway")
    rest_right: bool = Field(default=True, description="Whether it may use the REST API")
    unsubscribed: NumbersOrChange = Field(default=[], description="Numbers that opted out")
    bounced: NumbersOrChange = Field(default=[], description="Numbers on the bounce list")
    kosher: NumbersOrChange = Field(default=[], description="Kosher numbers, in addition to the prefixes")
    force_unsubscribe_link: bool = Field(
        default=False, description="Whether to append the unsubscribe link, even if a send turns it off"
    )
    async_delay: BoundedDuration = Field(default=NO_DELAY, description=ABOUT_ASYNC_DELAY)
    callback: CallbackModel = Field(default_factory=CallbackModel, description=ABOUT_CALLBACK)
    webhooks: WebhookList = Field(default=[], description=ABOUT_WEBHOOKS)


class CallbackPolicyView(ResponseModel):
    """How callbacks are delivered."""

    drop: bool = Field(description="Whether none are sent")
    delay: DurationText = Field(description="Delay of every callback")
    times: int = Field(description="Number of times each callback is sent")
    reversed: bool = Field(description="Whether every second callback to a webhook overtakes the one before it")


class WebhookView(ResponseModel):
    """A webhook."""

    url: str = Field(description="The URL that is called")
    kind: WebhookKind = Field(description="What the callbacks look like")
    events: list[str] | None = Field(description="Only these events; null for the default ones")
    paused: bool = Field(description=ABOUT_PAUSED)


class AccountView(ResponseModel):
    """An account."""

    id: str = Field(description="The id; `?account=` takes it as well as the key")
    key: str = Field(description="The API key, shortened")
    label: Text = Field(description="What it is for; the pytest plugin sets the node id of the test")
    test_outcome: TestOutcome | None = Field(description=ABOUT_TEST_OUTCOME)
    credit: int | None = Field(description="Segments it can send, null for no limit")
    sender: str = Field(description="Sender of messages that name none")
    gateway: bool = Field(description="Whether it has an SMS gateway")
    rest_right: bool = Field(description="Whether it may use the REST API")
    unsubscribed: list[str] = Field(description="Numbers that opted out")
    bounced: list[str] = Field(description="Numbers on the bounce list")
    kosher: list[str] = Field(description="Kosher numbers, in addition to the prefixes")
    force_unsubscribe_link: bool = Field(
        description="Whether every text gets the unsubscribe link, even if the request says otherwise"
    )
    async_delay: DurationText = Field(description=ABOUT_ASYNC_DELAY)
    callback: CallbackPolicyView = Field(description=ABOUT_CALLBACK)
    webhooks: list[WebhookView] = Field(description="Webhooks that get its callbacks")
    messages: int = Field(description="Number of its messages, without those evicted")
    newest: int | None = Field(description="The cursor of its newest message, null without messages")
    evicted: int = Field(description="Number of its messages that were evicted")
    waiting_for_credit: int = Field(description="Number of queued messages that wait for credit")
    memory: int = Field(description="Bytes of all that is kept for it, estimated")
    cursor: int = Field(description="The cursor of its last use, 0 before its first use")
    clock: ClockView = Field(description="Its clock")


class AccountDetails(AccountView):
    """An account, and why its test failed."""

    test_failures: list[TracedFailure] = Field(description=ABOUT_TEST_FAILURES)


class AccountsPage(Page):
    """Accounts, the latest used first."""

    accounts: list[AccountView] = Field(description="The accounts on this page")


class ResetView(ResponseModel):
    """What was reset: the id of an account, or `everything`."""

    reset: str = Field(description="The id of the account, or `everything`")


def list_accounts(context: Context, call: InspectionCall) -> Steps[AccountsPage]:
    """List the accounts, the latest used first.

    The first use of a key creates its account; reading creates none.
    """
    query, accounts = call.query, context.engine.accounts

    def view(account: Account) -> AccountView:
        context.engine.apply_due(account)
        return account_view(account)

    total = None if query.since else len(accounts)
    views, totals = yield from context.paginate(query, accounts.latest_first, view, (), total=total)
    totals["evicted"] = accounts.evicted().accounts
    return AccountsPage(accounts=views, **totals)


def read_account(_: Context, call: InspectionCall) -> AccountDetails:
    """Read an account; a key that was not used yet shows a new account.

    Reading creates no account.
    """
    return account_details(call.scope.peek())


def change_account(context: Context, call: InspectionCall) -> Steps[AccountDetails]:
    """Change an account.

    Fields that are left out keep their value. A list of numbers is replaced as a whole, or changed by what to add
    and remove.
    """
    patch: AccountPatch = call.body
    account = call.scope.account()
    changes: dict[str, Any] = {name: getattr(patch, name) for name in patch.model_fields_set - _SET_APART}
    digits: dict[str, DigitsChange] = {}
    for name in LIST_NAMES:
        if name in changes:
            digits[name] = yield from _digits(context, changes[name])
    # No pause between reading a list and changing it.
    changes |= {name: change.apply(getattr(account, name)) for name, change in digits.items()}
    if "callback" in changes:
        changes["callback_policy"] = changes.pop("callback").policy()
    if "webhooks" in changes:
        changes["webhooks"] = tuple(webhook.webhook() for webhook in patch.webhooks)
    if changes:
        yield from context.controls.update_account_in_steps(account, AccountUpdate(**changes))
    if patch.model_fields_set & {"test_outcome", "test_failures"}:
        outcome = patch.test_outcome if "test_outcome" in patch.model_fields_set else account.test_outcome
        context.controls.set_test_result(account, outcome, patch.test_failures)
    if "credit" in patch.model_fields_set:
        yield from context.controls.set_credit_in_steps(account, patch.credit)
    return account_details(account)


def delete_account(context: Context, call: InspectionCall) -> Steps[ResetView]:
    """Delete an account with everything in it.

    Its messages, replies, callbacks, requests, settings, scenario and faults are removed. The next use of its key
    creates a new account with the values of the options.
    """
    account = call.scope.peek()
    yield from context.controls.reset_in_steps(account)
    return ResetView(reset=account.id)


def reset(context: Context, call: InspectionCall) -> Steps[ResetView]:
    """Reset an account, or everything; cursors stay valid.

    Everything that was recorded or set manually is removed. Records that come later have higher cursors than those
    before.
    """
    account = None if call.scope.name is None else call.scope.peek()
    yield from context.controls.reset_in_steps(account)
    return ResetView(reset=account.id if account else "everything")


class DigitsChange(NamedTuple):
    """Normalised numbers to add to a list and to remove from it; a whole list takes the place of the present one."""

    add: set[str]
    remove: set[str]
    is_whole: bool

    def apply(self, numbers: Set[str]) -> set[str]:
        """Return a list of numbers with the change."""
        return self.add if self.is_whole else {*numbers, *self.add} - self.remove


def _digits(context: Context, change: list[str] | ListChange) -> Steps[DigitsChange]:
    parts = (change.add, change.remove) if isinstance(change, ListChange) else (change, [])
    parsed: list[set[str]] = []
    for numbers in parts:
        digits = set[str]()
        for number in numbers:
            digits.add(context.engine.settings.parse_number(number).digits)
            yield
        parsed.append(digits)
    add, remove = parsed
    return DigitsChange(add, remove, not isinstance(change, ListChange))


def account_view(account: Account) -> AccountView:
    """Return an account with its settings."""
    return AccountView(
        id=account.id,
        key=account.shown_key,
        label=account.label,
        test_outcome=account.test_outcome,
        credit=account.credit,
        sender=account.sender,
        gateway=account.gateway,
        rest_right=account.rest_right,
        unsubscribed=sorted(account.unsubscribed),
        bounced=sorted(account.bounced),
        kosher=sorted(account.kosher),
        force_unsubscribe_link=account.force_unsubscribe_link,
        async_delay=account.async_delay,
        callback=_policy_view(account.callback_policy),
        webhooks=[webhook_view(account, webhook) for webhook in account.webhooks],
        messages=len(account.messages),
        newest=account.messages.newest,
        evicted=account.messages.evicted,
        waiting_for_credit=len(account.waiting_for_credit),
        memory=account.share.used,
        cursor=account.used_at,
        clock=clock_view(account.clock, account),
    )


def account_details(account: Account) -> AccountDetails:
    """Return an account as the inspection API shows it, with the failures of its test."""
    values = {**dict(account_view(account)), "test_failures": account.test_failures}
    return AccountDetails.model_validate(values)


def _policy_view(policy: CallbackPolicy) -> CallbackPolicyView:
    drop, times = not policy.times, policy.times or 1
    return CallbackPolicyView(drop=drop, delay=policy.delay, times=times, reversed=policy.is_reversed)


def webhook_view(account: Account, webhook: Webhook) -> WebhookView:
    """Return a webhook of an account."""
    events = None if webhook.events is None else list(webhook.events)
    paused = webhook.url in account.callbacks.paused
    return WebhookView(url=webhook.url, kind=webhook.kind, events=events, paused=paused)


_FAILURE: Final = {
    "when": "call",
    "type": "AssertionError",
    "text": "assert '481516' == '481517'",
    "explanation": None,
    "comparisons": [
        {
            "field": "code",
            "expected": "481517",
            "actual": "481516",
            "matches": False,
            "differs_at": None,
            "missing": None,
        }
    ],
}
"""Why a test failed, in the examples."""

_ONE_ACCOUNT: Final = (AccountRequired, UnknownAccount)

ENDPOINTS: Final = (
    endpoint("GET", "account", read_account, returns=AccountDetails, raises=_ONE_ACCOUNT),
    endpoint(
        "PATCH",
        "account",
        change_account,
        returns=AccountDetails,
        body=AccountPatch,
        examples={
            "top up": {"credit": 100},
            "opt out": {"unsubscribed": {"add": ["972-54-1111111"]}},
            "no gateway": {"gateway": False},
            "queued at the first reads": {"async_delay": "5s"},
            "webhook": {"webhooks": ["http://127.0.0.1:8000/hooks"]},
            "every callback twice": {"callback": {"times": 2}},
            "failed test": {"test_outcome": "failed", "test_failures": [_FAILURE]},
        },
        raises=_ONE_ACCOUNT,
    ),
    endpoint("DELETE", "account", delete_account, returns=ResetView, raises=_ONE_ACCOUNT),
    endpoint("GET", "accounts", list_accounts, returns=AccountsPage, query=PageQuery),
    endpoint("POST", "reset", reset, returns=ResetView, raises=[UnknownAccount]),
)
