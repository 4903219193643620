"""The journal: every exchange with the emulated API, as it came and as it went."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from mocksms.engine.logs import BoundedLog
from mocksms.engine.rules import Faulted

KEPT_BODY: Final = 65_536
"""Bytes of a request or answer body that an entry keeps."""


class Leniency(NamedTuple):
    """A deviation from the documented request that was let pass: where, and what it was."""

    path: str
    note: str


class Exchange(NamedTuple):
    """One HTTP exchange.

    `number` is from the numbering it shares with the messages, and lower than those it made, whose sequences are
    `messages`. `target` is path and query as sent. `headers` are the header lines as sent but for the shortened key.
    `body` and `answer` hold at most KEPT_BODY bytes of `body_size` and `answer_size`. `status` is None where the
    connection was reset instead of answered. `answer_headers` are those beside type and length. `took` is in seconds.
    `note` says why it was refused or what was done to its answer, `faulted` by which fault that was ordered.
    """

    number: int
    at: datetime
    method: str
    target: str
    headers: bytes
    body: bytes
    body_size: int
    status: int | None
    answer: bytes
    answer_size: int
    answer_headers: tuple[tuple[bytes, bytes], ...]
    took: float
    messages: range = range(0)
    warnings: tuple[Leniency, ...] = ()
    note: str = ""
    faulted: Faulted | None = None


class Journal(BoundedLog[Exchange]):
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
