"""Requests of probes: sends to numbers that no phone can have, and reads of what was sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from mocksms.compare.model import ProbeContext, ProbeRequest, ResultMissing
from mocksms.compare.normalise import id_in, json_of

SEND: Final = "/transactional/sms/send"
INFO: Final = "/transactional/sms/info"
SEARCH: Final = "/transactional/sms/search"

SHORT: Final = "972-54-111111"
"""The number of the guide's fourth example. It has one digit less than an Israeli mobile number."""

JSON: Final = (("Content-Type", "application/json"),)

RequestBuilder = Callable[[ProbeContext], ProbeRequest]
"""Returns the request of a probe."""

Values = Mapping[str, Any]
"""Members of a body or parameters of a query. A value that is a function is called with the context."""


def post(text: str | bytes, **more: Any) -> RequestBuilder:
    """Return the request of a send with this body; `WORD` and `SHORT` in a text are replaced."""

    def build(context: ProbeContext) -> ProbeRequest:
        body = text.replace("WORD", context.word).replace("SHORT", SHORT).encode() if isinstance(text, str) else text
        return ProbeRequest("POST", SEND, headers=JSON, body=body)._replace(**more)

    return build


def send(*numbers: Any, outside: Values | None = None, request: Values | None = None, **message: Any) -> RequestBuilder:
    """Return the request of a send to these numbers, by default one that no phone can have.

    Args:
        numbers: recipients.
        outside: members beside the message, by default `async` with false.
        request: fields of the request that differ.
        message: members of the message.
    """

    def build(context: ProbeContext) -> ProbeRequest:
        members = {
            "content": f"mocksms compare {context.word}",
            "charset": "unicode",
            "to": [{"mobile_number": number} for number in numbers or (SHORT,)],
            **_filled(message, context),
        }
        outer = _filled(dict({"async": False} if outside is None else outside), context)
        body = json.dumps({"message": members, **outer}, ensure_ascii=False)
        return ProbeRequest("POST", SEND, headers=JSON, body=body.encode())._replace(**(request or {}))

    return build


def get(path: str, _query: str = "", /, **parameters: Any) -> RequestBuilder:
    """Return the request of a read; a value that is a function is called with the context."""

    def build(context: ProbeContext) -> ProbeRequest:
        query = _filled(_query, context) or urlencode(_filled(parameters, context), errors="replace")
        return ProbeRequest("GET", f"{path}?{query}" if query else path)

    return build


def id_of(probe: str, index: int = 0, spelling: Callable[[str], str] = str) -> Callable[[ProbeContext], str]:
    """Return a function that returns the id of a message that a probe sent.

    Args:
        probe: the send.
        index: of the recipient.
        spelling: changes the id.
    """

    def find(context: ProbeContext) -> str:
        rows = json_of(context.results.get(probe))
        if isinstance(rows, list) and len(rows) > index and (id_ := str(id_in(rows[index]))):
            return spelling(id_)
        raise ResultMissing(f"it needs the transaction_id of recipient {index} from the response to {probe}")

    return find


def _filled(value: Any, context: ProbeContext) -> Any:
    """Return plain data in which functions are replaced by what they return, and WORD by the word of the run."""
    match value:
        case str():
            return value.replace("WORD", context.word) if "WORD" in value else value
        case dict():
            return {name: _filled(member, context) for name, member in value.items()}
        case list():
            return [_filled(member, context) for member in value]
    return value(context) if callable(value) else value
