"""What can happen next to a message, each with the request that makes it happen."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import AwareDatetime, Field, ValidationError

from mocksms.engine.account import Account
from mocksms.engine.next_events import NextEvent, NextKind, next_events
from mocksms.inspection.context import BASE, Context, endpoint
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.phones import ReplyBody
from mocksms.inspection.scope import LATEST
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.sms.message import Message
from mocksms.sms.times import MAX_INSTANT


class CallView(ResponseModel):
    """A request to this API."""

    method: str = Field(description="The HTTP method")
    path: str = Field(description="With the account in the query")
    body: dict[str, Text | int | None] | None = Field(description="As JSON, null for none")


class NextEventView(ResponseModel):
    """Something that can happen to a message, and the request that makes it happen."""

    kind: NextKind = Field(description="What happens")
    at: AwareDatetime | None = Field(description="When it happens by itself, null for what only a tester does")
    status: str | None = Field(description="Status of the message after it, null where rules decide at that time")
    reject_reason: str | None = Field(description="Reason of the status after it, null for none")
    text: Text = Field(description="Text of a reply (a tester can choose any), link of a click, or cause of a step")
    call: CallView = Field(description="The request that makes it happen now")


class NextView(ResponseModel):
    """What can happen next to a message."""

    transaction_id: str = Field(description="Id of the message")
    account: str = Field(description="Id of its account")
    status: str = Field(description="Its status")
    reject_reason: str | None = Field(description="The reason of the status, null for none")
    next: list[NextEventView] = Field(description="What is planned in the order of time, then what a tester can do")


def next_of_message(context: Context, call: InspectionCall) -> NextView:
    """Read what can happen next to a message, and how to make it happen.

    First what happens by itself: steps, replies and clicks, each with its time, to which the clock advances. `decision`
    is the time at which rules decide. Then what a tester can do: give the `credit` that the message waits for,
    `cancel`, `send`, `bounce`, `unsubscribe`, `click` or `reply`.
    """
    account, message = call.scope.find(call.id)
    found = ((event, _call(event, account, message)) for event in next_events(context.engine, account, message))
    return NextView(
        transaction_id=message.transaction_id,
        account=account.id,
        status=message.state.status,
        reject_reason=message.state.reason,
        next=[_view(event, request) for event, request in found if request],
    )


def _view(event: NextEvent, call: CallView) -> NextEventView:
    return NextEventView(
        kind=event.kind,
        at=event.at,
        status=event.state.status if event.state else None,
        reject_reason=event.state.reason if event.state else None,
        text=event.text,
        call=call,
    )


def _call(event: NextEvent, account: Account, message: Message) -> CallView | None:
    """Return the request that makes an event happen, None if there is none: its time or a number is out of range."""
    controls = f"messages/{message.transaction_id}"
    if event.at is not None:
        return skip_to(event.at, account)
    match event.kind:
        case NextKind.CREDIT:
            return _request("PATCH", "account", account, credit=event.credit)
        case NextKind.REPLY:
            reply = {"from": message.digits, "text": event.text}
            return _request("POST", "inbound", account, **reply) if _can_reply(reply) else None
        case NextKind.CLICK:
            return _request("POST", f"{controls}/click", account, url=event.text)
        case _:
            return _request("POST", f"{controls}/{event.kind}", account)


def skip_to(at: datetime, account: Account) -> CallView | None:
    """Return the request that advances the clock of an account to a time, None if that is out of range."""
    return _request("POST", "clock/advance", account, to=at.isoformat()) if at <= MAX_INSTANT else None


def _request(method: str, path: str, account: Account, **body: str | int | None) -> CallView:
    return CallView(method=method, path=f"{BASE}/{path}?account={account.id}", body=body or None)


def _can_reply(body: dict[str, str]) -> bool:
    """Whether a number is one that a reply can come from."""
    try:
        ReplyBody.model_validate(body)
    except ValidationError:
        return False
    return True


ENDPOINTS: Final = (endpoint("GET", "messages/{id}/next", next_of_message, returns=NextView, path_example=LATEST),)
