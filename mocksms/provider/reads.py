"""The parameters of `info` and `search`, and the row they return.

Nearly all of it is inferred, from a public back-office that shows e-mails and from Mandrill's API, or our own;
`fidelity.toml` says which.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Annotated, Any, Final, NotRequired
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from typing_extensions import TypedDict

from mocksms.engine.message_query import MessageQuery
from mocksms.engine.state_names import StateNames
from mocksms.errors import InvalidRequest
from mocksms.provider.responses import error_spec, operation
from mocksms.provider.send import BEFORE_9000, ReasonNames
from mocksms.provider.shorten import MAX_VALUE_LENGTH
from mocksms.schemas.openapi import ResponseSpec
from mocksms.settings import Settings
from mocksms.sms.message import Message, Reason, State, Status
from mocksms.sms.text import content_of
from mocksms.sms.times import ZONES, parse_instant

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000
MAX_PARAMETERS: Final = 200

_STATES: Final = {State.BOUNCED: "bounced", State.CANCELLED: "cancelled"}
"""States with their own value of the field `state`; for the others it repeats the status (inferred, row.state)."""

_CONDITIONS: Final[dict[str, dict[str, Any]]] = (
    {status.value: {"status": status} for status in Status}
    | {name: {"reject_reason": state.reason} for state, name in _STATES.items()}
    | {reason.in_reads: {"reject_reason": reason} for reason in Reason if reason.in_reads not in [*Status]}
    | {reason.value: {"reject_reason": reason} for reason in Reason if reason.value not in [*Status]}
)
"""The conditions of a query by what `status` may be: any word of a row's status, state and reject reason."""


def _condition(word: str, names: StateNames) -> dict[str, Any] | None:
    """Return the condition of a word, None for an unknown one; rules write statuses and reasons of their own."""
    if word in _CONDITIONS:
        return _CONDITIONS[word]
    if names.has_status(word):
        return {"status": word}
    return {"reject_reason": word} if names.has_reason(word) else None


_LOST_PLUS = re.compile(r"(\d\d:\d\d\S*) (\d\d:\d\d)$", re.ASCII)
"""An offset whose plus sign, not encoded in the query, has become a space."""

Parameters = Mapping[str, Sequence[str]]
"""The values of each parameter in order, without blank ones, by its name in lower case."""


LISTS: Final = frozenset({"tags", "senders"})
"""Parameters of which all values count; of others the last counts."""

_NOT_BLANK: Final = r"\S"
_MOMENT: Final[dict[str, JsonValue]] = {"format": "date-time", "pattern": BEFORE_9000}


class InfoParams(BaseModel):
    """The parameters of `info`; names in any case."""

    model_config = ConfigDict(defer_build=True)

    transaction_id: str = Field(min_length=1, description="32 hex digits; dashes are ignored", pattern=_NOT_BLANK)
    id: str = Field("", description="Another name of transaction_id")


class SearchParams(BaseModel):
    """The parameters of `search`; names in any case. Without a parameter, its field is not filtered."""

    model_config = ConfigDict(defer_build=True)

    transaction_id: str = Field("", description="The one message with this id")
    mobile_number: str = Field("", description="The recipient, compared by its digits")
    status: str = Field(
        "",
        description="The status, state or reject reason in rows, in either spelling",
        json_schema_extra={"enum": ["", *_CONDITIONS]},
    )
    tags: str = Field("", description="Any of these, separated by commas")
    query: str = Field("", description="Part of the content, in any case; * matches all")
    senders: str = Field("", description="Any of these, separated by commas")
    date_from: str = Field(
        "", description="Earliest send_at; without an offset in the zone `read_zone`", json_schema_extra=_MOMENT
    )
    date_to: str = Field(
        "", description="Latest send_at; without an offset in the zone `read_zone`", json_schema_extra=_MOMENT
    )
    limit: str = Field(
        "",
        description="Maximum of rows to return",
        json_schema_extra={"type": "integer", "default": DEFAULT_LIMIT, "minimum": 1, "maximum": MAX_LIMIT},
    )


class ClickRow(TypedDict):
    """One click on a link of the message."""

    time_stamp: Annotated[str, Field(description="When the link was opened, in the zone `read_zone`")]
    url: Annotated[str, Field(description="The link that was opened")]


class MessageRow(TypedDict):
    """A message in the responses of the reads."""

    transaction_id: Annotated[str, Field(description="The id, 32 hex digits")]
    send_at: Annotated[str, Field(description="When it was or will be sent, in the zone `read_zone`")]
    sender: Annotated[str, Field(description="The sender")]
    mobile_number: Annotated[str, Field(description="The number as sent")]
    content: Annotated[str, Field(description="The text as sent, placeholders filled")]
    tags: Annotated[Sequence[str], Field(description="The tags, in order")]
    clicks: Annotated[int, Field(description="Number of clicks on its links")]
    clicks_details: Annotated[list[ClickRow], Field(description="The clicks, the first one first")]
    state: NotRequired[Annotated[str, Field(description="The status, or `bounced` or `cancelled`")]]
    status: NotRequired[Annotated[str, Field(description="The status")]]
    reject_reason: Annotated[str | None, Field(description="The reason of the status, null for none")]


INFO: Final = operation(
    "info",
    "GET",
    "Get one message",
    {
        200: ResponseSpec(about="The message", model=MessageRow),
        404: error_spec("The account has no message with this id", "MessageNotFound"),
    },
    query=InfoParams,
    about="Only messages of the account of the key.",
)
SEARCH: Final = operation(
    "search",
    "GET",
    "Search messages, newest first",
    {200: ResponseSpec(about="The messages", model=list[MessageRow])},
    query=SearchParams,
    about="A message must fit all parameters; names of parameters are read in any case.",
)
"""The operations, as the OpenAPI document describes them."""


def query_parameters(query: bytes) -> Parameters:
    """Return the parameters of a query string by lower-case name, each with its values in order.

    Raises:
        InvalidRequest: there are too many.
    """
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        raise InvalidRequest({"query": [f"More than {MAX_PARAMETERS} parameters."]}) from error
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        values = found.setdefault(name.lower(), [])
        if value:
            values.append(value)
    return found


def read_id(parameters: Parameters) -> str:
    """Return the id in a request to `info`: `transaction_id` or its alias `id`, in lower case without dashes.

    Raises:
        InvalidRequest: there is no id.
    """
    for name in InfoParams.model_fields:
        if parameters.get(name):
            return _bare_id(parameters[name][-1])
    raise InvalidRequest({"transaction_id": ["The transaction_id field is required."]})


def read_search(
    parameters: Parameters, settings: Settings, names: StateNames | None = None
) -> tuple[MessageQuery, int]:
    """Return the filter of a request to `search` and its limit of rows.

    Raises:
        InvalidRequest: a value does not fit; names each parameter.
    """
    faults: dict[str, list[str]] = {}
    zone = ZONES[settings.read_zone]
    given = {name: parameters[name][-1].strip() for name in SearchParams.model_fields if parameters.get(name)}
    params = SearchParams(**given)
    number, word, text = params.mobile_number, params.status, params.query
    names = names or StateNames()
    condition = _condition(word, names) if word else {}
    if condition is None:
        words = ", ".join(dict.fromkeys([*_CONDITIONS, *names.statuses, *names.reasons]))
        faults["status"] = [f"Could not convert '{word}' to a status; expected one of {words}."]
    query = MessageQuery(
        transaction_id=_bare_id(params.transaction_id) or None,
        digits=settings.parse_number(number).digits if number else None,
        **(condition or {}),
        tags=_values(parameters, "tags"),
        senders=_values(parameters, "senders"),
        words="" if text == "*" else text.casefold(),
        since=_moment(params.date_from, zone, "date_from", faults),
        until=_moment(params.date_to, zone, "date_to", faults),
    )
    limit = _limit(params.limit, faults)
    if faults:
        raise InvalidRequest(faults)
    return query, limit


def message_row(message: Message, reasons: ReasonNames, settings: Settings) -> MessageRow:
    """Return the row of a message, its fields in the order of Mandrill's (inferred, row.fields)."""
    state, zone = message.state, ZONES[settings.read_zone]
    row: MessageRow = {
        "transaction_id": message.transaction_id,
        "send_at": _local(message.due_at, zone),
        "sender": message.sender,
        "mobile_number": message.mobile_number,
        "content": content_of(message),
        "tags": message.submission.tags,
        "clicks": len(message.clicks),
        "clicks_details": [{"time_stamp": _local(click.at, zone), "url": click.url} for click in message.clicks],
        "state": _STATES.get(state, state.status) if isinstance(state, State) else state.status,
        "status": state.status,
        "reject_reason": reasons.in_reads(state),
    }
    if settings.row_status_key == "state":
        del row["status"]
    elif settings.row_status_key == "status":
        del row["state"]
    return row


def _local(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def _bare_id(raw: str) -> str:
    return raw.strip().lower().replace("-", "")


def _values(parameters: Parameters, name: str) -> tuple[str, ...]:
    """Return the values of a parameter, long ones shortened as those of a send are."""
    parts = (part.strip()[:MAX_VALUE_LENGTH] for value in parameters.get(name, ()) for part in value.split(","))
    return tuple(filter(None, parts))


def _moment(raw: str, zone: tzinfo, name: str, faults: dict[str, list[str]]) -> datetime | None:
    if not raw:
        return None
    try:
        return parse_instant(_LOST_PLUS.sub(r"\1+\2", raw), zone)
    except ValueError:
        faults[name] = [f"Could not convert '{raw}' to DateTime."]
        return None


def _limit(raw: str, faults: dict[str, list[str]]) -> int:
    if not raw:
        return DEFAULT_LIMIT
    if raw.isascii() and raw.isdecimal() and len(raw) < 10 and 1 <= int(raw) <= MAX_LIMIT:
        return int(raw)
    faults["limit"] = [f"The field limit must be between 1 and {MAX_LIMIT}."]
    return DEFAULT_LIMIT
