"""Journal: the requests to the emulated API with their responses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple
from urllib.parse import unquote

from mocksms.engine.budget import Share
from mocksms.engine.keys import shorten_key
from mocksms.engine.logs import BoundedLog
from mocksms.engine.rules import ApiOperation, TriggeredFault
from mocksms.errors import MALFORMED_HTTP
from mocksms.settings import API_PREFIX
from mocksms.sms.sizes import text_size

MAX_RECORDED_BODY: Final = 65_536
"""Bytes of a request or response body that are kept."""

MAX_RECORDED_TARGET: Final = 8_192
"""Bytes of path and query that are kept."""

REQUEST_SIZE: Final = 700
"""Bytes of a recorded request, without what its client and the mock wrote."""

MESSAGE_NUMBER_SIZE: Final = 40
WARNING_SIZE: Final = 80

MAX_MALFORMED_LINE: Final = 1_000
"""Bytes of the first line of a malformed request that are kept."""


class RequestWarning(NamedTuple):
    """An accepted deviation from strict JSON or from the known fields: its path, and what is wrong."""

    path: str
    note: str


class Handling(NamedTuple):
    """How the mock handled a request.

    `operation` is None if the request reached none. `status` is None if the connection was reset. `response_headers`
    are those besides type and length. `refusal` is the code of the error that refused it, None if it was accepted.
    `note` says why it was refused or how a `fault` changed its response.
    """

    operation: ApiOperation | None
    status: int | None
    response_headers: tuple[tuple[bytes, bytes], ...] = ()
    refusal: str | None = None
    note: str = ""
    fault: TriggeredFault | None = None
    warnings: tuple[RequestWarning, ...] = ()


shared_handling: Final = lru_cache(maxsize=64)(Handling)
"""Returns a handling, as one object with equal ones: most requests are handled alike, and this keeps records small."""


class RecordedRequest(NamedTuple):
    """One HTTP request to the emulated API with its response.

    `number` comes from the numbering of all records; `messages` are those of the messages that it created.
    `target` is path and query as sent, at most MAX_RECORDED_TARGET bytes. `headers` are the header lines as sent, with
    the API key shortened. `body` and `response_body` hold at most MAX_RECORDED_BODY bytes of `body_size` and
    `response_size`. `duration` is in seconds. `size` are the bytes that it takes, about.
    """

    number: int
    at: datetime
    method: str
    target: str
    headers: bytes
    body: bytes
    body_size: int
    response_body: bytes
    response_size: int
    duration: float
    handling: Handling
    messages: tuple[int, ...] = ()
    size: int = 0

    @property
    def operation(self) -> ApiOperation | None:
        """The operation that it reached."""
        return self.handling.operation

    @property
    def status(self) -> int | None:
        """The status of its response."""
        return self.handling.status

    @property
    def response_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The headers of its response besides type and length."""
        return self.handling.response_headers

    @property
    def refusal(self) -> str | None:
        """The code of the error that refused it."""
        return self.handling.refusal

    @property
    def note(self) -> str:
        """Why it was refused, or how a fault changed its response."""
        return self.handling.note

    @property
    def fault(self) -> TriggeredFault | None:
        """The fault that changed its response."""
        return self.handling.fault

    @property
    def warnings(self) -> tuple[RequestWarning, ...]:
        """Its accepted deviations."""
        return self.handling.warnings

    @property
    def lacks_prefix(self) -> bool:
        """Whether it called an operation without the prefix that the vendor's address has (own, path.prefix)."""
        path = unquote(self.target.partition("?")[0]).lower()
        return self.operation is not None and not path.startswith(API_PREFIX)


class Journal(BoundedLog[RecordedRequest]):
    """The requests of one account, at most `limit`; beyond it the oldest are evicted."""

    def __init__(self, limit: int, share: Share | None = None) -> None:
        super().__init__(limit, attrgetter("size"), share)


def size_of_handling(messages: Sequence[int], warnings: Iterable[RequestWarning], note: str) -> int:
    """Return the bytes of what the mock records about a request, besides what client and mock sent."""
    size = MESSAGE_NUMBER_SIZE * len(messages) + text_size(note)
    for warning in warnings:
        size += WARNING_SIZE + text_size(warning.note) + text_size(warning.path)
    return size


def malformed_request(number: int, at: datetime, raw: bytes, why: str, status: int) -> RecordedRequest:
    """Return the record of bytes that are not HTTP: only the first line, since others may contain an API key."""
    first_line = raw.partition(b"\n")[0].strip()[:MAX_MALFORMED_LINE].decode("latin-1")
    method, _, target = first_line.partition(" ")
    response_body, note = why.encode(), f"malformed HTTP: {why}"
    return RecordedRequest(
        number=number,
        at=at,
        method=method,
        target=target,
        headers=b"",
        body=b"",
        body_size=0,
        response_body=response_body,
        response_size=len(response_body),
        duration=0.0,
        handling=Handling(None, status, refusal=MALFORMED_HTTP, note=note),
        size=REQUEST_SIZE + len(first_line) + len(response_body) + text_size(note),
    )


@lru_cache(maxsize=64)
def header_lines(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """Return header lines for the journal, with the API key shortened.

    Cached: a client sends the same headers with each request, and the journal then keeps one copy.
    """
    return b"\r\n".join(
        name + b": " + (shorten_key(value.decode("latin-1")).encode() if name in _SECRET_HEADERS else value)
        for name, value in headers
    )


_SECRET_HEADERS: Final = frozenset({b"x-api-key", b"authorization", b"cookie"})
