"""Controls of a message: cancel, send, bounce, click or unsubscribe it manually."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from pydantic import Field

from mocksms.engine.account import Account
from mocksms.errors import IllegalStep, NoLink
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.messages import MessageView, message_view
from mocksms.inspection.models import RequestModel
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.scope import LATEST, OwnedMessage
from mocksms.sms.message import Message
from mocksms.sms.text import MAX_TEXT_LENGTH

MessageAction = Callable[[Account, str], Message]
"""One of the controls of a message, by its id."""


class ClickBody(RequestModel):
    """Which link to open."""

    url: Annotated[str, Field(min_length=1, max_length=MAX_TEXT_LENGTH)] | None = Field(
        default=None, description="A link of the message; without it the first one"
    )


def cancel_message(context: Context, call: InspectionCall) -> MessageView:
    """Cancel a queued message.

    As the sender does before a scheduled message is sent; it ends as rejected, cancelled_by_user.
    """
    return _act(context, call, context.controls.cancel)


def send_message(context: Context, call: InspectionCall) -> MessageView:
    """Send a queued message now.

    Also one that waits for credit or for its time; the credit falls to zero at most.
    """
    return _act(context, call, context.controls.send)


def bounce_message(context: Context, call: InspectionCall) -> MessageView:
    """Let a queued or sent message bounce.

    A message that was sent can bounce later, as when a phone cannot be reached.
    """
    return _act(context, call, context.controls.bounce)


def unsubscribe_message(context: Context, call: InspectionCall) -> MessageView:
    """Opt out the recipient of a message.

    As the page behind the unsubscribe link does: later messages to the number are rejected.
    """
    return _act(context, call, context.controls.unsubscribe)


def click_message(context: Context, call: InspectionCall) -> MessageView:
    """Let the recipient open a link of a send with track_clicks.

    The click counts in `info` and `search`, and webhooks that subscribe to clicks get a callback.
    """
    return _act(context, call, lambda account, name: context.controls.click(account, name, call.body.url))


def _act(context: Context, call: InspectionCall, action: MessageAction) -> MessageView:
    account, message = call.scope.find(call.id)
    return message_view(context, OwnedMessage(account, action(account, message.transaction_id)))


ENDPOINTS: Final = (
    endpoint(
        "POST", "messages/{id}/cancel", cancel_message, returns=MessageView, raises=[IllegalStep], path_example=LATEST
    ),
    endpoint(
        "POST", "messages/{id}/send", send_message, returns=MessageView, raises=[IllegalStep], path_example=LATEST
    ),
    endpoint(
        "POST", "messages/{id}/bounce", bounce_message, returns=MessageView, raises=[IllegalStep], path_example=LATEST
    ),
    endpoint("POST", "messages/{id}/unsubscribe", unsubscribe_message, returns=MessageView, path_example=LATEST),
    endpoint(
        "POST",
        "messages/{id}/click",
        click_message,
        returns=MessageView,
        body=ClickBody,
        body_required=False,
        examples={"the first": {}},
        raises=[NoLink],
        path_example=LATEST,
    ),
)
