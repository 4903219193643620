"""Probes that send and read what they sent; all of them to numbers that no phone can have.

Such a number is one digit short, like that of the guide's fourth example. The only exception are masked numbers such as
972-54-XXXXXXX: X is no digit, and a service that drops it is left with 97254, too short for any phone.
"""

from __future__ import annotations

from typing import Any, Final

from mocksms.compare.model import Probe
from mocksms.compare.places import ROW_PLACES, SEND_PLACES, Places, error_places
from mocksms.compare.requests import INFO, SHORT, Values, get, id_of, post, send
from mocksms.sms.text import MAX_TEXT_LENGTH

SHORT_NUMBERS: Final = tuple(f"972-54-1111{index:02}" for index in range(11))
"""Numbers that no phone can have: 972 and 8 more digits that start with 54."""


def send_probe(
    name: str, about: str, places: Places, *numbers: Any, outside: Values | None = None, **message: Any
) -> Probe:
    """Return a probe that sends a message."""
    return Probe(f"send.{name}", about, {**SEND_PLACES, **places}, send(*numbers, outside=outside, **message))


def row_probe(name: str, about: str, places: Places, index: int = 0, sent: str = "") -> Probe:
    """Return a probe that reads a message of the send of the same name."""
    sent = f"send.{sent or name}"
    return Probe(f"info.{name}", about, {**ROW_PLACES, **places}, get(INFO, transaction_id=id_of(sent, index)), (sent,))


FLAGS: Final[dict[str, Any]] = {
    "unsubscribe_text": "Unsubscribe: ",
    "add_unsubscribe_link": True,
    "add_unsubscribe_sms_reply": True,
    "track_clicks": True,
    "tags": ["WORD", "compare"],
}

DEFAULT: Final = dict.fromkeys(("body[].status", "body[].reject_reason null"), "send.sync")
"""What a send without `async` shows."""

_LIMIT: Final = dict.fromkeys(("body[].status", "body[].reject_reason null"), "send.sync-limit")

SIMPLE: Final = (
    send_probe("sync", "a send without async", {"status": "path.send", **DEFAULT}, outside={}),
    send_probe("async", "a send with async", {"body[].status": "send.async"}, outside={"async": True}),
    row_probe(
        "async",
        "the first read of an async send",
        {f"body.{name}": "send.async-delay" for name in ("state", "status", "reject_reason", "reject_reason null")},
    ),
    row_probe("sync", "a read of a send without async", {}),
    send_probe(
        "flags", "a send with every flag", {"status": "body.fields"}, content="Hi WORD www.example.com", **FLAGS
    ),
    row_probe("flags", "a read of a send with every flag", {}),
    send_probe("eleven", "a send to 11 recipients", {"status": "body.recipients", **_LIMIT}, *SHORT_NUMBERS),
    send_probe("twice", "a send with one recipient twice", {"status": "body.recipients"}, SHORT, SHORT),
    send_probe(
        "other-numbers",
        "a send to what is no number",
        dict.fromkeys(("status", "body[].status", "body[].reject_reason null"), "number.form"),
        *("", "abc", "+972 54 11 11", "972-54-1"),
    ),
    send_probe(
        "masked",
        "a send to masked numbers, as in the guide's examples",
        {
            "status": "number.masked",
            "body[].status": "number.masked",
            "body[].reject_reason null": "number.masked",
        },
        *("972-54-XXXXXXX", "972-54-xxxxxxx", "972-58-32XXXXX"),
    ),
)

SENDER: Final = "mocksms"

_FROM: Final[dict[str, Any]] = {"from": SENDER}

VALUES: Final = (
    send_probe("sender", "a send with sender_id", {"status": "body.sender"}, sender_id=SENDER),
    row_probe("sender", "a read of a send with sender_id", {"body.sender": "body.sender"}),
    send_probe("sender-alias", "a send with sender", {"status": "body.sender-aliases"}, sender=SENDER),
    row_probe("sender-alias", "a read of a send with sender", {"body.sender": "body.sender-aliases"}),
    send_probe("from", "a send with from", {"status": "body.sender-aliases"}, **_FROM),
    row_probe("from", "a read of a send with from", {"body.sender": "body.sender-aliases"}),
    send_probe("charset", "a send with another charset", {"status": "body.charset"}, charset="windows-1255"),
    Probe(
        "send.hebrew",
        "a send of a Hebrew text without charset",
        {**SEND_PLACES, "status": "body.charset-missing"},
        post('{"message": {"content": "שלום WORD", "to": [{"mobile_number": "SHORT"}]}, "async": false}'),
    ),
    send_probe("long-tag", "a send with a tag of 1,001 characters", {"status": "body.long-values"}, tags=["x" * 1_001]),
    row_probe("long-tag", "a read of a send with a long tag", {"body.tags": "body.long-values"}),
    Probe(
        "send.long-text",
        "a send with a text of 39,016 characters",
        error_places("body.longest"),
        send(content="x" * (MAX_TEXT_LENGTH + 1)),
    ),
    Probe(
        "send.number-spelling",
        "a send with numbers where texts belong",
        {**SEND_PLACES, "status": "body.number-spelling", "body[].mobile_number": "body.number-spelling"},
        post('{"message": {"content": 12.50, "to": [{"mobile_number": 97254111111}]}, "async": false}'),
    ),
    row_probe("number-spelling", "a read of it", {"body.content": "body.number-spelling"}),
)

_VARIABLES: Final = {
    "placeholders": (0, "field1", SHORT_NUMBERS[0], "string"),
    "placeholder-hashes": (1, "#field1#", SHORT_NUMBERS[1], "string"),
    "placeholder-number": (2, "field1", SHORT_NUMBERS[2].replace("-", ""), "string"),
    "placeholder-type": (3, "field1", SHORT_NUMBERS[3], "number"),
    "placeholder-without-value": (4, "field2", SHORT_NUMBERS[4], "string"),
}

PLACEHOLDERS: Final = (
    send_probe(
        "placeholders",
        "a send with placeholders",
        {"status": "body.placeholder-without-value"},
        *SHORT_NUMBERS[:5],
        content="Hi #field1#",
        field_vars=[
            {"rcpt": number, "fields": [{"name": name, "content": "Dana", "type": kind}]}
            for _, name, number, kind in _VARIABLES.values()
        ],
    ),
    *(
        row_probe(name, "a read of one of its messages", {"body.content": f"body.{name}"}, index, "placeholders")
        for name, (index, *_) in _VARIABLES.items()
    ),
)
