"""Which behaviour of the ledger each part of a response shows, for the three kinds of responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mocksms.compare.normalise import ORDER, OWN_MESSAGES

Places = Mapping[str, str]
"""Ids of the ledger by place, as the `behaviours` of a probe."""

SEND_PLACES: Final[Places] = {
    "status": "send.refused-200",
    "type": "response.headers",
    "body": "send.response",
    "body size": "body.recipients",
    "body[].mobile_number": "send.echo",
    "body[].status": "status.invalid",
    "body[].reject_reason": "status.spelling",
    "body[].reject_reason null": "send.null-reason",
    "body[].reject_reason left out": "send.null-reason",
    "body[].transaction_id": "send.transaction-id",
}
"""The response to a send to numbers that no phone can have."""

ROW_PLACES: Final[Places] = {
    "status": "path.reads",
    "type": "response.headers",
    "body": "row.fields",
    "body.transaction_id": "info.id",
    "body.send_at": "row.dates",
    "body.sender": "body.default-sender",
    "body.content": "row.content",
    "body.state": "row.state",
    "body.state name": "row.state",
    "body.status": "row.status",
    "body.status name": "row.status",
    "body.reject_reason": "status.spelling",
    "body.reject_reason left out": "send.null-reason",
}
"""The response of `info`."""

ROWS_PLACES: Final[Places] = {
    **{place.replace("body", "body[]"): id_ for place, id_ in ROW_PLACES.items() if place.startswith("body")},
    "status": "path.reads",
    "type": "response.headers",
    "body": "search.rows",
    "body size": "search.rows",
    ORDER: "search.rows",
    "body[].transaction_id": "search.rows",
}
"""The response of `search`."""


def search_places(id_: str, place: str = OWN_MESSAGES) -> Places:
    """Return the places of a search about one parameter: which messages it finds, or its `count` of rows."""
    return {"status": id_, "type": "response.headers", "body": id_, place: id_, ORDER: "search.rows"}


def error_places(id_: str, status: str | None = None) -> Places:
    """Return the places of an error, all of one behaviour; its status may show another one."""
    return {"status": status or id_, "type": "response.headers", "body": id_}


def status_places(id_: str) -> Places:
    """Return the places of a search whose status alone shows a behaviour."""
    return {**search_places("search.rows"), "status": id_}
