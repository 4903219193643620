"""What an application claims to its caller about a message: success, failure, or that it is sent later."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from enum import Enum, StrEnum
from http import HTTPStatus
from types import FrameType
from typing import Any, Final

MAX_ITEMS: Final = 50
"""Items of a collection that are looked at."""

LAST_DIGITS: Final = 8
"""Digits that the notations of a phone number have in common: with and without the prefix of its country."""

HTTP_STATUSES: Final = ("status_code", "status", "status_int")
EXIT_STATUSES: Final = ("returncode", "exit_code")

_NUMBER: Final = re.compile(r"\d[\d ().-]{6,20}\d")
_FAILURE: Final = re.compile(
    r"fail|error|reject|refus|invalid|not.?sent|unsent|undeliver|bounce|exception|unavailable|denied", re.IGNORECASE
)
_REASON: Final = re.compile(
    r"kosher.number|cancelled.by.user|insufficient.funds|no.credit|no.available.gateways|^unsubscribed?$", re.IGNORECASE
)
"""Reject reasons of the provider that have no word of a failure in them; texts of an SMS can say `unsubscribe`."""
_LATER: Final = re.compile(r"queue|pending|later|retr|schedul|waiting|defer", re.IGNORECASE)
_SUCCESS_NAME: Final = re.compile(r"^(is_)?(ok|success\w*|succeeded|sent|delivered|accepted|confirmed)$", re.IGNORECASE)
_FAILURE_NAME: Final = re.compile(r"error|exception|fail|problem", re.IGNORECASE)


class Claim(StrEnum):
    """What a value says about a message. None says nothing."""

    NOTHING = "nothing"
    SUCCESS = "success"
    FAILURE = "failure"
    LATER = "later"


def claim_of(value: object) -> Claim:
    """Return what a value says: True, an object or a response with 200 say success, unless something in it does not."""
    if value is None:
        return Claim.NOTHING
    with suppress(Exception):  # the value can be anything
        said = set(_claims(value, depth=2))
        for claim in (Claim.FAILURE, Claim.LATER):
            if claim in said:
                return claim
        return Claim.SUCCESS if value else Claim.FAILURE
    return Claim.SUCCESS


def _claims(value: Any, depth: int) -> Iterator[Claim]:
    """Iterate over what a value and its parts say, as far as they say anything else than success."""
    if isinstance(value, Enum):
        value = value.value if isinstance(value.value, str) else value.name
    if value is False or isinstance(value, BaseException):
        yield Claim.FAILURE
    elif isinstance(value, str):
        yield from _claims_of_text(value)
    elif depth and isinstance(value, Mapping):
        yield from claims_of_fields(value.items(), depth)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for each in list(value)[:MAX_ITEMS]:
            if isinstance(value, tuple) and type(each) is int and each in range(400, 600):
                yield Claim.FAILURE  # the body and the status of a response
            yield from _claims(each, depth - 1)
    elif depth and not isinstance(value, bytes | int | float):
        yield from _claims_of_object(value, depth)


def _claims_of_text(text: str) -> Iterator[Claim]:
    if _FAILURE.search(text) or _REASON.search(text):
        yield Claim.FAILURE
    if _LATER.search(text):
        yield Claim.LATER


def _claims_of_object(value: Any, depth: int) -> Iterator[Claim]:
    for name in EXIT_STATUSES:
        if type(status := getattr(value, name, None)) is int and status:
            yield Claim.FAILURE
    for name in HTTP_STATUSES:
        if isinstance(status := getattr(value, name, None), int) and status in range(100, 600):
            if status >= HTTPStatus.BAD_REQUEST:
                yield Claim.FAILURE
            if status == HTTPStatus.ACCEPTED:
                yield Claim.LATER
            if isinstance(text := getattr(value, "text", None), str):
                with suppress(ValueError):
                    yield from _claims(json.loads(text), depth)
            return
    names = [*getattr(value, "__dict__", ()), *getattr(type(value), "__slots__", ())]
    yield from claims_of_fields(((name, getattr(value, name, None)) for name in names), depth)


def claims_of_fields(fields: Iterable[tuple[Any, Any]], depth: int) -> Iterator[Claim]:
    """Iterate over what named values say, as far as they say anything else than success."""
    for name, value in list(fields)[:MAX_ITEMS]:
        if value is False:
            if _SUCCESS_NAME.search(str(name)):
                yield Claim.FAILURE
        elif value and _FAILURE_NAME.search(str(name)):
            yield Claim.FAILURE
        elif value is not None:
            yield from _claims(value, depth - 1)


def arguments_of(frame: FrameType) -> list[Any]:
    """Return the arguments of a function that begins."""
    names = frame.f_code.co_varnames[: frame.f_code.co_argcount + frame.f_code.co_kwonlyargcount + 2]
    return [frame.f_locals.get(name) for name in names]


def numbers_in(frame: FrameType) -> frozenset[str]:
    """Return the last digits of the phone numbers among the arguments of a function."""
    found: set[str] = set()
    with suppress(Exception):  # the arguments can be anything
        for argument in arguments_of(frame):
            for text in _texts(argument, depth=5):
                found.update(last_digits(number) for number in _NUMBER.findall(text))
    return frozenset(found)


def last_digits(number: str) -> str:
    """Return the digits that the notations of a phone number have in common."""
    return "".join(filter(str.isdecimal, number))[-LAST_DIGITS:]


def _texts(value: Any, depth: int) -> Iterator[str]:
    """Iterate over the texts in an argument: in collections, and in the attributes of an object itself."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode(errors="replace")
    elif depth and isinstance(value, Mapping):
        for each in list(value.values())[:MAX_ITEMS]:
            yield from _texts(each, depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for each in list(value)[:MAX_ITEMS]:
            yield from _texts(each, depth - 1)
    elif depth:
        attributes = getattr(value, "__dict__", {})
        yield from (each for each in list(attributes.values())[:MAX_ITEMS] if isinstance(each, str))
