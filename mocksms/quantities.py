"""Quantities as people write them, in bodies and in files: lengths of time, phone numbers, counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from mocksms.settings import A_DURATION, seconds
from mocksms.sms import numbers

HIGHEST_CREDIT: Final = 10**12
BEYOND: Final = 1e13
"""Seconds that lead beyond any calendar."""


def _listed_number(raw: str) -> str:
    digits = numbers.digits_of(raw)
    if not digits.strip("X") or not set(digits) <= set("0123456789X"):
        raise ValueError("must be a phone number such as 972-54-1111111")
    return digits


def _length(raw: object) -> timedelta:
    if isinstance(raw, timedelta):
        return raw
    if isinstance(raw, int | float) and not isinstance(raw, bool) and raw >= 0:
        return timedelta(seconds=min(raw, BEYOND))
    if not isinstance(raw, str):
        raise ValueError(f"must be {A_DURATION}")
    try:
        return timedelta(seconds=min(seconds(raw), BEYOND))
    except ValueError as error:
        raise ValueError(f"must be {error}") from error


def whole(raw: object) -> object:
    """Return a number such as 2.0 as a whole one."""
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def in_words(length: timedelta) -> str:
    """Return a length of time as it is written: `90s`, `1.5s`, `250ms`."""
    microseconds = length // timedelta(microseconds=1)
    if microseconds % 1_000_000 and not microseconds % 1_000 and microseconds < 1_000_000:
        return f"{microseconds // 1_000}ms"
    return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06}".rstrip("0").rstrip(".") + "s"


Duration = Annotated[
    timedelta,
    BeforeValidator(_length),
    PlainSerializer(in_words),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)?(ms|s|m|h|d)?$"}],
            "examples": ["90s", "2h", "3d", 1.5],
        }
    ),
]
"""A length of time: `90s`, `2h`, `3d`, or seconds."""

ListedNumber = Annotated[
    str,
    Field(max_length=numbers.LONGEST),
    AfterValidator(_listed_number),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": numbers.LONGEST,
            "pattern": r"^[Xx+\-. ()\[\]]*[0-9][0-9Xx+\-. ()\[\]]*$",
            "examples": ["972-54-1111111"],
        }
    ),
]
"""A phone number in a list, read as it is compared."""

Count = Annotated[int, Field(ge=0), BeforeValidator(whole)]
"""How many; as JSON has it, 2.0 is a whole number."""

Credit = Annotated[int, Field(ge=0, le=HIGHEST_CREDIT), BeforeValidator(whole)]
"""Segments."""
