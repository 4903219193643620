"""What applications learn of their messages: the statuses in responses that they can read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from mocksms.errors import RequestRefused
from mocksms.provider.binding import read_send
from mocksms.provider.send import SendBody
from mocksms.sms.message import REASONS, Reason, State, Status
from mocksms.sms.outcomes import FaultKind

READABLE: Final = frozenset({None, FaultKind.DELAY, FaultKind.DRIBBLE, FaultKind.HOLD})
"""The faults after which an application can read the response."""

STATE_OF: Final = {state.reason: state for state in State if state.reason}
_STATUSES: Final = frozenset(map(str, Status))


class Observation(NamedTuple):
    """What an application learns of a message: the record number, the message, its status and its reason."""

    number: int
    transaction_id: str
    status: str
    reason: Reason | None = None

    @property
    def state(self) -> str:
        """Status and reason as `State` has them."""
        return f"{self.status}/{self.reason}" if self.reason else self.status


def observations_in(request: Mapping[str, Any]) -> Iterator[Observation]:
    """Iterate over the messages in the response to a request, as the inspection API lists it, if it can be read.

    Of a long response these are the messages in the part that is recorded.
    """
    if request["refusal"] is not None or request.get("fault") not in READABLE:
        return
    for row in _json_rows(request["response"]["body"]):
        status, reason = str(row.get("status", row.get("state"))), REASONS.get(row["reject_reason"] or "")
        if status not in _STATUSES and reason is not None:  # a row of info can have the state alone
            status = str(STATE_OF[reason].status)
        yield Observation(request["id"], row["transaction_id"], status, reason)


def _json_rows(text: str) -> Iterator[Any]:
    decoder, place = json.JSONDecoder(), 1 if text.startswith("[") else 0
    while place < len(text) and text[place] != "]":
        try:
            row, end = decoder.raw_decode(text, place)
        except ValueError:
            return
        yield row
        place = end + 1


def sent_body(text: str) -> SendBody | None:
    """Return the body of a send, None if it is longer than what is recorded or not in UTF-8."""
    try:
        return read_send(text.encode(errors="replace"), "utf-8")[0]
    except RequestRefused:
        return None
