"""Rows of a snapshot: their base model and the types of their values.

A row is one line of JSON. What is refused here is what a mock never writes and what would break one that reads it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, TypeAdapter, WithJsonSchema

from mocksms.scenario.values import STATES, OutcomeName
from mocksms.sms.message import AnyState, FreeState, State
from mocksms.sms.times import MAX_INSTANT, MIN_INSTANT

MAX_RECORD: Final = 2**53
"""The highest number of a record: JavaScript reads whole numbers up to this exactly."""

MAX_BYTES: Final = 2**53
"""More bytes than any memory has."""

MAX_COUNT: Final = 2**53
MAX_OWN_TEXT: Final = 2**20
"""Characters of a text that the mock wrote."""

MAX_TIME_LENGTH: Final = 40
MAX_SHARED_LENGTH: Final = 200

LATEST: Final = MAX_INSTANT + timedelta(days=365 * 200)
"""The latest time of a record or plan: clocks run on, and what is planned comes after their time."""

MAX_SECONDS: Final = timedelta(days=365 * 210).total_seconds()
"""The longest duration in a row: the steps of a rule can be ten years apart each."""

_TIME: Final = {"type": "string", "format": "date-time"}
_free_state: Final[TypeAdapter[AnyState]] = TypeAdapter(OutcomeName)


class RowModel(BaseModel):
    """A row, or a part of one: each field is required, unknown ones are refused, and no value is converted."""

    # Deferred, since most runs use no snapshot, and a mock must start fast.
    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, strict=True)


def _any_instant(raw: object) -> datetime:
    if type(raw) is not str or len(raw) > MAX_TIME_LENGTH:
        raise ValueError("must be a time in UTC such as 2030-01-31T12:00:00+00:00")
    return _parsed(raw)


@lru_cache(maxsize=256)
def _parsed(raw: str) -> datetime:
    """Return a time; equal ones in a row, such as of a message that was sent at once, are one object."""
    instant = datetime.fromisoformat(raw)
    if instant.tzinfo is not UTC:
        raise ValueError(f"must be a time in UTC such as 2030-01-31T12:00:00+00:00, not {raw}")
    return instant


def _instant(raw: object) -> datetime:
    instant = _any_instant(raw)
    if not MIN_INSTANT <= instant <= LATEST:
        raise ValueError(f"must be a time from {MIN_INSTANT.year} to {LATEST.year}, not {raw}")
    return instant


def _seconds(raw: object) -> timedelta:
    if type(raw) not in (int, float) or not 0 <= raw <= MAX_SECONDS:  # type: ignore[operator]
        raise ValueError(f"must be seconds from 0 to {MAX_SECONDS:.0f}")
    return timedelta(seconds=raw)  # type: ignore[arg-type]


def _bytes(raw: object) -> bytes:
    match raw:
        case str():
            return raw.encode()
        case {"base64": str(encoded), **others} if not others:
            return b64decode(encoded, validate=True)
    raise ValueError('must be a text, or {"base64": ...} for bytes that are not UTF-8')


def _state(raw: object) -> AnyState:
    if type(raw) is str and raw in STATES:
        return STATES[raw]
    match raw:
        case {"status": str(status), "reason": str() | None as reason, **others} if not others:
            state = _free(status, reason)
            if isinstance(state, FreeState):
                return state
    raise ValueError(f"must be one of {', '.join(STATES)}, or another status and reason as a table")


@lru_cache(maxsize=1_000)
def _free(status: str, reason: str | None) -> AnyState:
    return _free_state.validate_python({"status": status, "reason": reason})


def shared_text(text: str) -> str:
    """Return a text, as one object with the equal ones of other rows: most causes and senders are equal."""
    return _shared(text) if len(text) <= MAX_SHARED_LENGTH else text


@lru_cache(maxsize=1_000)
def _shared(text: str) -> str:
    return text


def written_bytes(raw: bytes) -> str | dict[str, str]:
    """Return bytes as in a row: as text if they are UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(raw).decode()}


def written_state(state: AnyState) -> str | dict[str, str | None]:
    """Return a state as in a row."""
    return str(state) if isinstance(state, State) else state._asdict()


RowInstant = Annotated[datetime, PlainValidator(_instant), WithJsonSchema(_TIME)]
"""A time that a clock can show, or that something is planned for."""

ClientInstant = Annotated[datetime, PlainValidator(_any_instant), WithJsonSchema(_TIME)]
"""A time that a client wrote."""

RowSeconds = Annotated[timedelta, PlainValidator(_seconds), WithJsonSchema({"type": "number"})]
"""A duration in seconds."""

RowBytes = Annotated[bytes, PlainValidator(_bytes), WithJsonSchema({"type": ["string", "object"]})]
"""Bytes: a text if they are UTF-8, else an object with Base64."""

StateName = Annotated[AnyState, PlainValidator(_state), WithJsonSchema({"type": ["string", "object"]})]
"""A state of the guide as a text, or another as an object."""

OwnText = Annotated[str, Field(max_length=MAX_OWN_TEXT)]
"""A text that the mock wrote: it has no lone surrogates."""

AppText = str
"""A text from an application: it can have lone surrogates, which no constraint of a model allows."""

AccountId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
RecordNumber = Annotated[int, Field(ge=1, le=MAX_RECORD)]
"""The number of a record in the order of all records of the mock."""

RecordNumberOrNone = Annotated[int, Field(ge=0, le=MAX_RECORD)]
"""The number of a record, 0 for none."""

RowCount = Annotated[int, Field(ge=0, le=MAX_COUNT)]
RowSize = Annotated[int, Field(ge=0, le=MAX_BYTES)]
"""Bytes."""

TransactionId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
MeasuredSeconds = Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]
"""Seconds that were measured."""
