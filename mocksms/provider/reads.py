"""The two reads: what they ask for, and the row they answer with.

Their parameters and row are inferred from an observed back-office and from the API this one was modelled on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from pydantic import BaseModel, Field, JsonValue
from typing_extensions import TypedDict

from mocksms.engine.messages import MessageQuery
from mocksms.errors import InvalidRequest
from mocksms.provider.send import BEFORE_9000, ReasonNames, to_json
from mocksms.settings import Settings
from mocksms.sms import numbers
from mocksms.sms.instants import ISRAEL, parse_instant
from mocksms.sms.message import Message, State, Status
from mocksms.sms.text import filled

DEFAULT_LIMIT: Final = 100
HIGHEST_LIMIT: Final = 1000
MOST_PARAMETERS: Final = 200

_STATUSES: Final = {status.value: status for status in Status}
_STATES: Final = {State.BOUNCED: "bounced", State.CANCELLED: "cancelled"}
"""States that have a word of their own in `state` (observed); the others repeat the status."""

_LOST_PLUS = re.compile(r"(\d\d:\d\d\S*) (\d\d:\d\d)$", re.ASCII)
"""An offset whose plus sign, not encoded in the query, has become a space."""

Parameters = Mapping[str, Sequence[str]]
"""The values of each parameter in order, by its name in lower case."""


_NOT_BLANK: Final = r"\S"
_MOMENT: Final[dict[str, JsonValue]] = {"format": "date-time", "pattern": BEFORE_9000}


class InfoParams(BaseModel):
    """What `info` is asked with; names count in any case."""

    transaction_id: str = Field(min_length=1, description="32 hex digits, dashes let pass", pattern=_NOT_BLANK)
    id: str = Field("", description="Another name of transaction_id, which may stand in its place")


class SearchParams(BaseModel):
    """What `search` is asked with; names count in any case, and what is left out does not narrow the search."""

    transaction_id: str = Field("", description="The one message with this id")
    mobile_number: str = Field("", description="The recipient, compared on digits")
    status: str = Field("", json_schema_extra={"enum": ["", *Status]})
    tags: str = Field("", description="Any of these, separated by commas")
    query: str = Field("", description="Words in the content, in any case; * for all")
    senders: str = Field("", description="Any of these, separated by commas")
    date_from: str = Field("", description="Not sent before; without an offset Israel time", json_schema_extra=_MOMENT)
    date_to: str = Field("", description="Not sent after; without an offset Israel time", json_schema_extra=_MOMENT)
    limit: str = Field(
        "",
        description=f"Rows at most, {DEFAULT_LIMIT} unless told otherwise",
        json_schema_extra={"type": "integer", "minimum": 1, "maximum": HIGHEST_LIMIT},
    )


class ClickRow(TypedDict):
    """One click on a link of the message."""

    time_stamp: str
    url: str


class MessageRow(TypedDict):
    """A message as the reads show it."""

    transaction_id: str
    send_at: str
    sender: str
    mobile_number: str
    content: str
    tags: Sequence[str]
    clicks: int
    clicks_details: list[ClickRow]
    state: str
    status: str
    reject_reason: str | None


def parameters(query: bytes) -> Parameters:
    """Return the parameters of a query string by lower-case name, each with its values in order.

    Raises:
        InvalidRequest: there are too many.
    """
    try:
        pairs = parse_qsl(query.decode("latin-1"), max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise InvalidRequest({"query": [f"More than {MOST_PARAMETERS} parameters."]}) from error
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), []).append(value)
    return found


def asked_id(given: Parameters) -> str:
    """Return the id `info` asks for: `transaction_id` or its alias `id`, as 32 lower-case hex digits.

    Raises:
        InvalidRequest: there is none.
    """
    for name in InfoParams.model_fields:
        if name in given:
            return _bare_id(given[name][-1])
    raise InvalidRequest({"transaction_id": ["The transaction_id field is required."]})


def asked_search(given: Parameters, settings: Settings) -> tuple[MessageQuery, int]:
    """Return what `search` asks for, and how many rows at most.

    Raises:
        InvalidRequest: a value does not fit; names each parameter.
    """
    faults: dict[str, list[str]] = {}
    params = SearchParams(**{name: given[name][-1].strip() for name in SearchParams.model_fields if name in given})
    number, word, text = params.mobile_number, params.status, params.query
    if word and word not in _STATUSES:
        faults["status"] = [f"Could not convert '{word}' to a status; expected one of {', '.join(Status)}."]
    query = MessageQuery(
        transaction_id=_bare_id(params.transaction_id) or None,
        digits=numbers.parse(number, accept_local=settings.accept_local_numbers).digits if number else None,
        status=_STATUSES.get(word),
        tags=_listed(given, "tags"),
        senders=_listed(given, "senders"),
        text="" if text == "*" else text.casefold(),
        since=_moment(params.date_from, "date_from", faults),
        until=_moment(params.date_to, "date_to", faults),
    )
    limit = _limit(params.limit, faults)
    if faults:
        raise InvalidRequest(faults)
    return query, limit


def row(message: Message, spelling: ReasonNames) -> MessageRow:
    """Return a message as the reads show it, in the order of Row."""
    state = message.state
    return {
        "transaction_id": message.transaction_id,
        "send_at": _local(message.due_at),
        "sender": message.sender,
        "mobile_number": message.mobile_number,
        "content": filled(message),
        "tags": message.submission.tags,
        "clicks": len(message.clicks),
        "clicks_details": [{"time_stamp": _local(click.at), "url": click.url} for click in message.clicks],
        "state": _STATES.get(state, state.status),
        "status": state.status,
        "reject_reason": spelling.in_reads[state],
    }


def rows(messages: Sequence[Message], spelling: ReasonNames) -> bytes:
    """Return the answer to a search."""
    return to_json([row(message, spelling) for message in messages])


def _local(moment: datetime) -> str:
    return moment.astimezone(ISRAEL).isoformat(sep=" ", timespec="seconds")


def _bare_id(raw: str) -> str:
    return raw.strip().lower().replace("-", "")


def _listed(given: Parameters, name: str) -> tuple[str, ...]:
    return tuple(part.strip() for value in given.get(name, ()) for part in value.split(",") if part.strip())


def _moment(raw: str, name: str, faults: dict[str, list[str]]) -> datetime | None:
    if not raw:
        return None
    try:
        return parse_instant(_LOST_PLUS.sub(r"\1+\2", raw))
    except ValueError:
        faults[name] = [f"Could not convert '{raw}' to DateTime."]
        return None


def _limit(raw: str, faults: dict[str, list[str]]) -> int:
    if not raw:
        return DEFAULT_LIMIT
    if raw.isascii() and raw.isdecimal() and len(raw) < 10 and 1 <= int(raw) <= HIGHEST_LIMIT:
        return int(raw)
    faults["limit"] = [f"The field limit must be between 1 and {HIGHEST_LIMIT}."]
    return DEFAULT_LIMIT
