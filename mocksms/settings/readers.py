"""What options accept: functions that read a text or a Python value, and say in a `ValueError` what is expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from os import PathLike
from typing import Final, TypeVar

from mocksms.errors import did_you_mean
from mocksms.settings.addresses import mock_url
from mocksms.sms import numbers
from mocksms.sms.display import has_credentials
from mocksms.sms.durations import parse_duration
from mocksms.sms.webhook import Webhook, WebhookKind, checked_events, checked_url, parse_webhook

T = TypeVar("T")

_FLAGS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)


def text(raw: object) -> str:
    """Read a text; a whole number and a path count as texts."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | PathLike):
        raise ValueError("a text")
    return str(raw)


def host(raw: object) -> str:
    """Read an address or a host name to listen on."""
    if not (host := text(raw).strip()):
        raise ValueError("an address or a host name, such as 127.0.0.1")
    return host


def optional(read: Callable[[object], T]) -> Callable[[object], T | None]:
    """Return a reader that reads None from an empty text."""
    return lambda raw: None if raw is None or raw == "" else read(raw)


def flag(raw: object) -> bool:
    """Read true or false, also written yes or no, on or off, 1 or 0."""
    if (flag := _FLAGS.get(str(raw).strip().lower())) is None:
        raise ValueError("true or false")
    return flag


def whole_number(low: int, high: int) -> Callable[[object], int]:
    """Return a reader of whole numbers from `low` to `high`."""

    def read(raw: object) -> int:
        if isinstance(raw, str) and re.fullmatch(r"\d{1,15}", raw.strip(), re.ASCII):
            raw = int(raw)
        if type(raw) is not int or not low <= raw <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return raw

    return read


def one_of(*choices: str) -> Callable[[object], str]:
    """Return a reader of some texts, which suggests the nearest one."""

    def read(raw: object) -> str:
        if not isinstance(raw, str) or raw not in choices:
            hint = did_you_mean(str(raw), choices)
            raise ValueError(f"one of {', '.join(choices)}" + (f" ({hint})" if hint else ""))
        return raw

    return read


def _items(raw: object) -> tuple[object, ...]:
    """Return the items of a list; those of a text are separated by commas, and anything else is one item."""
    if isinstance(raw, str):
        return tuple(part for part in map(str.strip, raw.split(",")) if part)
    if isinstance(raw, list | tuple | set | frozenset) and not isinstance(raw, Webhook):
        return tuple(raw)
    return () if raw is None else (raw,)


def list_of(read: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    """Return a reader of lists; a text has its items between commas."""
    return lambda raw: tuple(map(read, _items(raw)))


texts: Final = list_of(text)


def one_number_of(*choices: int) -> Callable[[object], int]:
    """Return a reader of some whole numbers."""
    read = one_of(*map(str, choices))
    return lambda raw: int(read(str(raw) if type(raw) is int else raw))


def phone_numbers(raw: object) -> tuple[str, ...]:
    """Read a list of phone numbers, each as its digits; X counts as a digit of its own."""
    digits = tuple(map(numbers.digits_of, texts(raw)))
    if not all(re.fullmatch(r"[0-9X]+", each, re.ASCII) for each in digits):
        raise ValueError("phone numbers separated by commas, such as 972-54-1111111")
    return digits


def magic_prefix(raw: object) -> str:
    """Read the digits before the code of a magic number."""
    digits = numbers.digits_of(text(raw))
    if not re.fullmatch(r"[0-9]{4,11}", digits, re.ASCII):
        raise ValueError("4 to 11 digits such as 97250000; a magic number has four more")
    return digits


def url(raw: object) -> str:
    """Read an HTTP URL without user name and password."""
    if isinstance(raw, str) and has_credentials(raw):
        raise ValueError("an address without user name and password, such as http://192.168.1.20:8972")
    if not isinstance(raw, str) or not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", raw):
        raise ValueError("an address such as http://192.168.1.20:8972")
    return raw.rstrip("/")


optional_text: Final = optional(text)
optional_url: Final = optional(url)
optional_mock_url: Final = optional(lambda raw: mock_url(url(raw)))


def words(raw: object) -> tuple[str, ...]:
    """Read a list of at least one word."""
    if not (words := texts(raw)):
        raise ValueError("words separated by commas, such as STOP,QUIT")
    return words


def webhooks(kind: WebhookKind) -> Callable[[object], tuple[Webhook, ...]]:
    """Return a reader of lists of webhooks."""

    def read(item: object) -> Webhook:
        if not isinstance(item, Webhook):
            return parse_webhook(text(item), kind)
        return Webhook(checked_url(item.url), kind, checked_events(item.events, kind) if item.events else None)

    return list_of(read)


def positive_duration(raw: object) -> timedelta:
    """Read a duration that is longer than 0."""
    if not (length := parse_duration(raw)):
        raise ValueError("longer than 0, such as 1ms")
    return length
