"""Unread phones: how many have something newer than what was read."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from mocksms.engine.steps import STEP_SIZE, Steps
from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.models import Cursor, RequestModel
from mocksms.inspection.parameters import InspectionCall
from mocksms.schemas.responses import ResponseModel


class ReadBody(RequestModel):
    """What was read; nothing by default."""

    up_to: Cursor = Field(default=0, description="The cursor up to which everything was read")
    accounts: dict[str, Cursor] = Field(
        default_factory=dict, description="The cursor up to which all phones of an account were read, by account id"
    )
    phones: dict[str, dict[str, Cursor]] = Field(
        default_factory=dict,
        description="The cursor up to which a phone was read, by account id and normalised number",
    )


class UnreadView(ResponseModel):
    """The number of unread phones."""

    unread: int = Field(description="Number of phones with an SMS in either direction that was not read")


def count_unread(_: Context, call: InspectionCall) -> Steps[UnreadView]:
    """Count the phones with something newer than what was read.

    The body says up to which cursor each phone was read. Nothing is changed.
    """
    read: ReadBody = call.body
    unread = 0
    for place, (account, digits, latest) in enumerate(call.scope.phones(read.up_to), 1):
        known = read.phones.get(account.id, {}).get(digits, 0)
        unread += latest > max(known, read.accounts.get(account.id, 0))
        if not place % STEP_SIZE:
            yield
    return UnreadView(unread=unread)


ENDPOINTS: Final = (
    endpoint(
        "POST",
        "phones/unread",
        count_unread,
        returns=UnreadView,
        body=ReadBody,
        body_required=False,
        examples={"some": {"up_to": 12, "phones": {"a28c0c350255": {"972541111111": 40}}}},
    ),
)
