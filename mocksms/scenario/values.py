"""Types of the values in a scenario: outcomes, patterns, durations, counts. Their errors say what is expected."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    Tag,
    WithJsonSchema,
)
from typing_extensions import TypeAliasType

from mocksms.engine.patterns import MAX_PATTERN_LENGTH, Pattern
from mocksms.errors import did_you_mean, escape
from mocksms.schemas.types import MAX_COUNT, Credit, Duration, whole
from mocksms.sms import numbers
from mocksms.sms.durations import MAX_DURATION
from mocksms.sms.message import AnyState, FreeState, State

REGEX: Final = "regex:"
MAX_SEGMENTS: Final = 999
UNLIMITED: Final = "unlimited"
MAX_BODY_LENGTH: Final = 65_536
"""Characters of the body of a canned response."""

MAX_HEADERS: Final = 50
MAX_HEADER_NAME_LENGTH: Final = 100
MAX_HEADER_LENGTH: Final = 2_000
HEADER_NAME: Final = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
HEADER_VALUE: Final = r"^[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?$"
SERVER_HEADERS: Final = frozenset(
    {
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-content-type-options",
    }
)
"""Headers in lower case that say where a response ends, that belong to the connection, or that every response has."""

MEDIA_TYPE: Final = r"^[\x21-\x7e]+/[\x20-\x7e]+$"

MAX_STATE_LENGTH: Final = 100
"""Characters of a status or reason that the guide does not have."""

STATUS_NAME: Final = r"^[^\s/]([^/]*[^\s/])?$"
"""A status: no blank at its ends, and no slash, which separates it from its reason."""

REASON_NAME: Final = r"^\S(.*\S)?$"

_EXAMPLE: Final = '{ status = "rejected", reason = "frequency_limit" }'

STATES: Final = {str(state): state for state in State}
_SHORT: Final = {"invalid": State.INVALID, "exception": State.EXCEPTION}
_READS: Final = {f"{state.status}/{state.reason_in_reads}": state for state in State if state.reason}
OF_REASONS: Final = {pair.partition("/")[2]: state for pair, state in {**_READS, **STATES}.items() if state.reason}
"""The states by their reason, in either spelling."""

SEGMENTS: Final = (
    r"^(>=?\s*[0-9]{1,3}"
    r"|(<=\s*)?(0?0?[1-9]|0?[1-9][0-9]|[1-9][0-9]{2})"
    r"|<\s*(0?0?[2-9]|0?[1-9][0-9]|[1-9][0-9]{2}))$"
)
"""A comparison with a number of segments that at least one SMS can have; the lowest number is 1."""

_SEPARATED: Final = re.compile(r"\\(.)|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?[\w-]*|(?:^|(?<=[\^(|]))(\+)|([- ])", re.DOTALL)
"""A separator in a regular expression (the groups), or something that only looks like one."""


def _state(raw: object) -> AnyState:
    if isinstance(raw, State | FreeState):
        return raw
    if isinstance(raw, Mapping):
        return _state_of_table(raw)
    states = {**_READS, **_SHORT, **STATES}
    if isinstance(raw, str) and raw in states:
        return states[raw]
    if not isinstance(raw, str):
        raise ValueError(f"must be one of {', '.join(STATES)}, or a table such as {_EXAMPLE}")
    status, _, reason = raw.partition("/")
    is_table = _is_name(status, STATUS_NAME) and _is_name(reason or status, REASON_NAME)
    table = _table(status, reason) if is_table else _EXAMPLE
    right = next((pair for pair in states if reason and pair.partition("/")[2] == reason), None)
    if right:
        wrong = f"{reason} is a reason of {right.partition('/')[0]}, not of {status}"
        raise ValueError(f"{wrong} (or write {table}); did you mean {right}?")
    choices = f"must be one of {', '.join(STATES)}, or a table such as {table}"
    near = difflib.get_close_matches(raw, states, 1, 0.5)
    raise ValueError(f"{choices}; did you mean {states[near[0]]}?" if near else choices)


def _state_of_table(table: Mapping[str, object]) -> AnyState:
    """Return the state in a table of status and reason; it may be any, so that a typing error is not found."""
    for name in table:
        if name not in ("status", "reason"):
            hint = did_you_mean(str(name), ("status", "reason"), f"write {_EXAMPLE}")
            raise ValueError(f"an outcome has status and reason, not {escape(str(name))[:MAX_STATE_LENGTH]}; {hint}")
    status, reason = table.get("status"), table.get("reason")
    if status is None:
        raise ValueError(f"an outcome needs a status, such as {_EXAMPLE}")
    if not _is_name(status, STATUS_NAME):
        raise ValueError(f"status must be 1 to {MAX_STATE_LENGTH} characters without slash, such as in {_EXAMPLE}")
    if reason is not None and not _is_name(reason, REASON_NAME):
        raise ValueError(f"reason must be 1 to {MAX_STATE_LENGTH} characters, such as in {_EXAMPLE}")
    free = FreeState(str(status), None if reason is None else str(reason))
    return {**_READS, **STATES}.get(str(free), free)


def _is_name(raw: object, pattern: str) -> bool:
    if not isinstance(raw, str) or len(raw) > MAX_STATE_LENGTH:
        return False
    return raw.isprintable() and re.fullmatch(pattern, raw) is not None


def _table(status: str, reason: str) -> str:
    return f'{{ status = "{status}", reason = "{reason}" }}' if reason else f'{{ status = "{status}" }}'


def _written(state: AnyState) -> str | dict[str, str]:
    if isinstance(state, State):
        return str(state)
    return {name: text for name, text in state._asdict().items() if text is not None}


def is_regex(raw: str) -> bool:
    """Whether a text is a regular expression."""
    return raw.startswith(REGEX)


def _pattern(raw: str) -> str:
    if is_regex(raw):
        Pattern(raw.removeprefix(REGEX))
    return raw


def digits_only(raw: str) -> str:
    """Refuse a regular expression that matches no number, since numbers are compared without separators."""
    if is_regex(raw):
        for found in _SEPARATED.finditer(raw.removeprefix(REGEX)):
            written = next(filter(None, found.groups()), "")
            if written and ord(written) in numbers.SEPARATORS:
                raise ValueError(f'has "{written}", but numbers are compared by digits only; remove it')
    return raw


def _segments(raw: object) -> object:
    count = whole(raw)
    is_count = isinstance(count, int) and not isinstance(count, bool) and 0 < count <= MAX_SEGMENTS
    if is_count or (isinstance(raw, str) and re.fullmatch(SEGMENTS, raw.strip())):
        return count
    raise ValueError(f'must be a number of segments from 1 to {MAX_SEGMENTS}, such as 2, ">=2" or "<3"')


def media_type(raw: str) -> str:
    """Refuse a text that is no media type."""
    if not re.fullmatch(MEDIA_TYPE, raw):
        raise ValueError("must be a media type such as text/html; charset=utf-8")
    return raw


def _body(raw: object) -> object:
    """Refuse a response body that is neither text nor JSON, or too long."""
    try:
        text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except (TypeError, ValueError):
        raise ValueError("must be text or JSON, which has no dates, no infinite numbers and no NaN") from None
    if len(text) > MAX_BODY_LENGTH:
        raise ValueError(f"has {len(text)} characters as JSON or text, but must have at most {MAX_BODY_LENGTH}")
    return raw


def _headers(raw: dict[str, str]) -> dict[str, str]:
    """Refuse headers that HTTP does not allow, that the server sets, or that would change where the response ends."""
    names = [name.lower() for name in raw]
    for name, value in raw.items():
        if not re.fullmatch(HEADER_NAME, name) or len(name) > MAX_HEADER_NAME_LENGTH:
            raise ValueError(f"'{escape(name)[:MAX_HEADER_NAME_LENGTH]}' is no header name, such as X-Request-Id")
        if name.lower() in SERVER_HEADERS:
            raise ValueError(f"{name} is set by the server; remove it")
        if not re.fullmatch(HEADER_VALUE, value) or len(value) > MAX_HEADER_LENGTH:
            expected = f"1 to {MAX_HEADER_LENGTH} characters of ASCII without line breaks, and no blank at its ends"
            raise ValueError(f"{name} must have {expected}")
        if names.count(name.lower()) > 1:
            raise ValueError(f"{name} is there twice")
    return raw


def _allowance(raw: object) -> object:
    if isinstance(raw, str) and raw != UNLIMITED:
        raise ValueError(f'must be a whole number, without quotes, or "{UNLIMITED}"')
    return raw


def _bounded(length: timedelta) -> timedelta:
    if length > MAX_DURATION:
        raise ValueError("must be at most 3650d")
    return length


def form_of(value: object) -> str:
    """Return the tag of a value: many for a list, else one."""
    return "many" if isinstance(value, list) else "one"


def _shortest_and_longest(raw: object) -> object:
    """Refuse a list of durations that is no range."""
    if isinstance(raw, list) and len(raw) != 2:
        raise ValueError('must be one duration, or the shortest and the longest, such as ["1s", "5s"]')
    return raw


def _credit_tag(value: object) -> str:
    return "word" if isinstance(value, str) else "one"


_DAYS: Final = "[0-9]{1,3}|[12][0-9]{3}|3[0-5][0-9]{2}|36[0-4][0-9]"
DURATION: Final = (
    rf"^([0-9]{{1,8}}(\.[0-9]+)?(ms|s)?|[0-9]{{1,6}}(\.[0-9]+)?m|[0-9]{{1,4}}(\.[0-9]+)?h|({_DAYS})(\.[0-9]+)?d|3650d)$"
)
"""A text of a duration of at most 3650 days, each unit with as many digits as are certainly below."""

BoundedDuration = TypeAliasType(
    "BoundedDuration",
    Annotated[
        Duration,
        AfterValidator(_bounded),
        WithJsonSchema(
            {
                "description": "A duration, or seconds, of at most 3650 days",
                "anyOf": [
                    {"type": "number", "minimum": 0, "maximum": MAX_DURATION.total_seconds()},
                    {"type": "string", "pattern": DURATION},
                ],
                "examples": ["90s", "2h", "3d", 1.5],
            }
        ),
    ],
)
"""A duration of at most 3650 days."""

DurationRange = TypeAliasType(
    "DurationRange",
    Annotated[
        list[BoundedDuration], Field(min_length=2, max_length=2, description="The shortest duration and the longest")
    ],
)
"""The shortest duration and the longest."""

FaultDuration = Annotated[
    Annotated[BoundedDuration, Tag("one")] | Annotated[DurationRange, Tag("many")],
    Discriminator(form_of),
    BeforeValidator(_shortest_and_longest),
]
"""A duration, or the shortest and the longest."""

_STATUS_SCHEMA: Final = {"type": "string", "maxLength": MAX_STATE_LENGTH, "pattern": STATUS_NAME}
_REASON_SCHEMA: Final = {"type": "string", "maxLength": MAX_STATE_LENGTH, "pattern": REASON_NAME}

OutcomeName = Annotated[
    AnyState,
    PlainValidator(_state),
    PlainSerializer(_written),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": [*STATES, *_SHORT]},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["status"],
                    "properties": {"status": _STATUS_SCHEMA, "reason": _REASON_SCHEMA},
                },
            ]
        }
    ),
]
"""A status, with its reason after a slash: `sent`, `rejected/bounced`; or a table with any status and reason."""

TextPattern = Annotated[str, Field(min_length=1, max_length=MAX_PATTERN_LENGTH), AfterValidator(_pattern)]
"""A plain text, or a regular expression after `regex:`."""

NumberText = Annotated[TextPattern, AfterValidator(digits_only)]
"""A number, a number with `*` for any digits, or a regular expression after `regex:`."""

SegmentComparison = Annotated[
    int | str,
    BeforeValidator(_segments),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MAX_SEGMENTS},
                {"type": "string", "pattern": SEGMENTS},
            ]
        }
    ),
]
"""A number of segments or a comparison: `2`, `">=2"`."""

Times = Annotated[int, Field(ge=1, le=MAX_COUNT), BeforeValidator(whole)]

ResponseStatus = Annotated[int, Field(ge=200, le=599), BeforeValidator(whole)]

ResponseBody = Annotated[
    Annotated[JsonValue, PlainValidator(_body)] | None, WithJsonSchema({"maxLength": MAX_BODY_LENGTH})
]
"""The body of a canned response: a text as it is, or JSON; none without one."""

HeaderTable = Annotated[
    dict[str, str],
    Field(max_length=MAX_HEADERS),
    AfterValidator(_headers),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": MAX_HEADERS,
            "propertyNames": {"pattern": HEADER_NAME, "maxLength": MAX_HEADER_NAME_LENGTH},
            "additionalProperties": {"type": "string", "pattern": HEADER_VALUE, "maxLength": MAX_HEADER_LENGTH},
        }
    ),
]
"""Headers of a canned response, each with its value."""

RuleCredit = Annotated[
    Annotated[Credit, Tag("one")] | Annotated[Literal["unlimited"], Tag("word")],
    Discriminator(_credit_tag),
    BeforeValidator(_allowance),
]
"""Credit in segments, or unlimited."""
