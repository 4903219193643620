"""The journal: every exchange with the emulated API, as it came and as it went."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from mocksms.engine.logs import BoundedLog
from mocksms.engine.rules import ApiOperation, TriggeredFault

MAX_RECORDED_BODY: Final = 65_536
"""Bytes of a request or answer body that an entry keeps."""


class RequestWarning(NamedTuple):
    """A deviation from the documented request that was let pass: where, and what it was."""

    path: str
    note: str


class RecordedRequest(NamedTuple):
    """One HTTP exchange with the emulated API.

    `number` is from the numbering shared with the messages, and lower than those of the messages it created, whose
    sequences are `messages`. `target` is path and query as sent. `headers` are the header lines as sent, with the API
    key shortened. `body` and `response_body` hold at most MAX_RECORDED_BODY bytes of `body_size` and `response_size`.
    `status` is None where the connection was reset. `response_headers` are those besides type and length. `duration`
    is in seconds. `note` says why it was refused or how its response was changed; `fault` is the fault that was
    applied to it. `operation` is the operation it called, None where it reached none. `refusal` is the code of why it
    was refused, as on the classes of `mocksms.errors`; None where it was not.
    """

    number: int
    at: datetime
    method: str
    target: str
    headers: bytes
    body: bytes
    body_size: int
    status: int | None
    response_body: bytes
    response_size: int
    response_headers: tuple[tuple[bytes, bytes], ...]
    duration: float
    messages: range = range(0)
    warnings: tuple[RequestWarning, ...] = ()
    note: str = ""
    fault: TriggeredFault | None = None
    operation: ApiOperation | None = None
    refusal: str | None = None


class Journal(BoundedLog[RecordedRequest]):
    """The exchanges of one account, at most `limit` of them; beyond it the oldest are evicted."""


def shorten_key(key: str) -> str:
    """Return an API key as it may be shown: enough to tell keys apart, too little to use one."""
    return f"{key[:4]}…" if len(key) > 6 else f"{key[:1]}…"


@lru_cache(maxsize=256)
def header_lines(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """Return header lines for the journal, the API key shortened.

    Cached because a client sends the same headers again and again: the journal then keeps one copy.
    """
    return b"\r\n".join(
        name + b": " + (shorten_key(value.decode("latin-1")).encode() if name in _SECRET else value)
        for name, value in headers
    )


_SECRET: Final = frozenset({b"x-api-key", b"authorization", b"cookie"})
