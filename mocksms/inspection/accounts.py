"""Accounts: read, change and forget them, and let phones reply to them."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from mocksms.engine.account import Account, digits_of
from mocksms.engine.controls import AccountUpdate
from mocksms.inspection.answers import answer
from mocksms.inspection.asked import AccountPatch, AccountQuery, InboundBody, ListChange, PhonesQuery
from mocksms.inspection.context import BASE, NOT_FOUND, REFUSED, STALE, Context, Endpoint, newest, room_made
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.shown import AccountsView, AccountView, InboundPage, InboundView, Reset
from mocksms.inspection.views import account_view, inbound_view
from mocksms.schemas.openapi import Operation, ResponseSpec

TAG: Final = "Accounts"
LISTS: Final = ("unsubscribed", "bounced", "kosher")


def list_accounts(_: Context, ask: InspectionCall) -> Response:
    """Answer with all accounts."""
    return answer(AccountsView(accounts=[account_view(account) for account in ask.scope.accounts]))


def read_account(_: Context, ask: InspectionCall) -> Response:
    """Answer with an account, as it would begin if it was not used yet."""
    return answer(account_view(ask.scope.peek()))


def change_account(desk: Context, ask: InspectionCall) -> Response:
    """Change an account."""
    patch: AccountPatch = ask.body
    account = ask.scope.account()
    given = {name: getattr(patch, name) for name in patch.model_fields_set - {"credit"}}
    changes: dict[str, Any] = {
        name: _new_list(desk, account, name, value) if name in LISTS else value for name, value in given.items()
    }
    if "webhooks" in changes:
        changes["webhooks"] = tuple(receiver.webhook() for receiver in patch.webhooks)
    if changes:
        desk.controls.update_account(account, AccountUpdate(**changes))
    if "credit" in patch.model_fields_set:
        desk.controls.set_credit(account, patch.credit)
    return answer(account_view(account))


def delete_account(desk: Context, ask: InspectionCall) -> Response:
    """Forget an account."""
    account = ask.scope.peek()
    desk.controls.reset(account)
    return answer(Reset(reset=account.id))


def reset(desk: Context, ask: InspectionCall) -> Response:
    """Forget an account, or everything."""
    account = None if ask.scope.name is None else ask.scope.peek()
    desk.controls.reset(account)
    return answer(Reset(reset=account.id if account else "everything"))


def receive_sms(desk: Context, ask: InspectionCall) -> Response:
    """Take an SMS in from a phone."""
    account = ask.scope.account()
    return answer(inbound_view(account, desk.controls.reply(account, ask.body.from_, ask.body.text)))


def list_inbound(desk: Context, ask: InspectionCall) -> Response:
    """Answer with the newest replies."""
    query: PhonesQuery = ask.query
    after = query.since or 0
    digits = None if query.number is None else desk.digits(query.number)
    found, total = newest(lambda before: ask.scope.inbound(after, before, digits), query)
    page = InboundPage(
        replies=[inbound_view(account, sms) for account, sms in found],
        cursor=desk.engine.cursor,
        total=total,
        **room_made((account.replies for account in ask.scope.accounts), after),
    )
    return answer(page)


def _new_list(desk: Context, account: Account, name: str, wanted: list[str] | ListChange) -> set[str]:
    settings = desk.engine.settings
    listed: set[str] = getattr(account, name)
    if isinstance(wanted, ListChange):
        return (listed | digits_of(wanted.add, settings)) - digits_of(wanted.remove, settings)
    return digits_of(wanted, settings)


def _of_one(name: str, method: str, summary: str, replies: dict[int, ResponseSpec], **more: Any) -> Operation:
    return Operation(
        id=name,
        method=method,
        path=f"{BASE}/account",
        tag=TAG,
        summary=summary,
        key="chooses",
        query=AccountQuery,
        replies={**replies, 400: REFUSED, 404: NOT_FOUND},
        **more,
    )


_ACCOUNT: Final = ResponseSpec(about="The account", shape=AccountView)

ROOMS: Final = (
    Endpoint(_of_one("read_account", "GET", "Read an account", {200: _ACCOUNT}), read_account),
    Endpoint(
        _of_one(
            "change_account",
            "PATCH",
            "Change an account: a top-up sends what waited for credit",
            {200: _ACCOUNT},
            body=AccountPatch,
            examples={
                "top up": {"credit": 100},
                "opt out": {"unsubscribed": {"add": ["972-54-1111111"]}},
                "no gateway": {"gateway": False},
                "receiver": {"webhooks": ["http://127.0.0.1:8000/hooks"]},
            },
        ),
        change_account,
    ),
    Endpoint(
        _of_one(
            "delete_account", "DELETE", "Forget an account", {200: ResponseSpec(about="It is forgotten", shape=Reset)}
        ),
        delete_account,
    ),
    Endpoint(
        Operation(
            id="list_accounts",
            method="GET",
            path=f"{BASE}/accounts",
            tag=TAG,
            summary="List all accounts, the latest used first",
            replies={200: ResponseSpec(about="The accounts", shape=AccountsView)},
        ),
        list_accounts,
    ),
    Endpoint(
        Operation(
            id="reset",
            method="POST",
            path=f"{BASE}/reset",
            tag=TAG,
            summary="Forget an account, or everything: cursors stay good",
            key="chooses",
            query=AccountQuery,
            replies={200: ResponseSpec(about="It is forgotten", shape=Reset), 400: REFUSED},
        ),
        reset,
    ),
    Endpoint(
        Operation(
            id="list_inbound",
            method="GET",
            path=f"{BASE}/inbound",
            tag=TAG,
            summary="List what phones replied, newest first",
            key="chooses",
            query=PhonesQuery,
            replies={200: ResponseSpec(about="The replies", shape=InboundPage), 400: REFUSED, 409: STALE},
        ),
        list_inbound,
    ),
    Endpoint(
        Operation(
            id="receive_sms",
            method="POST",
            path=f"{BASE}/inbound",
            tag=TAG,
            summary="Let a phone reply",
            key="chooses",
            query=AccountQuery,
            body=InboundBody,
            examples={"opt out": {"from": "972-54-1111111", "text": "STOP"}},
            replies={
                200: ResponseSpec(about="The reply", shape=InboundView),
                400: REFUSED,
                404: NOT_FOUND,
            },
        ),
        receive_sms,
    ),
)
"""The operations on accounts."""
