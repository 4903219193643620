"""Plain sends: bodies of strict JSON in which each name and type is the guide's, as most are.

They are read without the model, which takes four times as long, but says what is wrong with others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, Final

from mocksms.provider.binding import MAX_FAST_OBJECTS, NAME
from mocksms.provider.send import OPTIONAL_MEMBERS
from mocksms.sms.message import Recipient
from mocksms.sms.numbers import MAX_NUMBER_LENGTH
from mocksms.sms.times import parse_instant

_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_KINDS: Final[Mapping[str, type]] = {"message": dict, "async": bool, "send_at": str}
_KINDS_IN_MESSAGE: Final[Mapping[str, type]] = {
    "content": str,
    "to": list,
    **{name: type(default) for name, default in OPTIONAL_MEMBERS.items()},
}

_read: Final = json.JSONDecoder().raw_decode


PlainSend = tuple[Mapping[str, Any], list[Recipient], bool, datetime | None]
"""A plain send: the members of its message that its body has, by JSON name; its recipients, `async` and `send_at`."""


def read_plain(raw: bytes, zone: tzinfo) -> PlainSend | None:
    """Return a plain send, None for any other body, such as one with placeholder values.

    A `send_at` without an offset is in the time zone.
    """
    if (b"\\" in raw and _SURROGATE.search(raw)) or raw.count(b"{") > MAX_FAST_OBJECTS:
        return None
    try:
        text = raw.strip(b" \t\r\n").decode()
        body, end = _read(text)
        send_at = parse_instant(body["send_at"], zone) if "send_at" in body else None
        message = body["message"]
        recipients = [_recipient(to["mobile_number"]) for to in message["to"]]
        is_plain = (
            end == len(text)
            and _fits(body, _KINDS)
            and _fits(message, _KINDS_IN_MESSAGE)
            and recipients
            and message["content"].strip()
            and ("tags" not in message or set(map(type, message["tags"])) <= {str})
            # There are more where a name is repeated, and where a recipient has another one.
            and _has_names(raw, len(body) + len(message) + len(recipients))
        )
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return (message, recipients, body.get("async", False), send_at) if is_plain else None


def _fits(members: Mapping[str, object], kinds: Mapping[str, type]) -> bool:
    """Whether an object has no other members than these, each of its type."""
    for name, member in members.items():  # noqa: SIM110 - a generator takes three times as long
        if type(member) is not kinds.get(name):
            return False
    return True


def _has_names(raw: bytes, count: int) -> bool:
    """Whether the objects of a body, which have `count` different names or more, have no more; each has its colon."""
    return raw.count(b":") == count or len(NAME.findall(raw)) == count


def _recipient(mobile_number: object) -> Recipient:
    """Return the recipient with a number.

    Raises:
        TypeError: the number is not a string.
    """
    if not isinstance(mobile_number, str):
        raise TypeError
    return _shared(mobile_number) if len(mobile_number) <= MAX_NUMBER_LENGTH else Recipient(mobile_number)


_shared: Final = lru_cache(maxsize=4096)(Recipient)
"""Cached, since many messages go to one number, which is then kept once."""
