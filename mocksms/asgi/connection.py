"""The connection of a request, as a server passes it to the applications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

CONNECTION: Final = "mocksms.connection"
"""The ASGI extension in which a server passes the ClientConnection."""

COMPLETE_BODY: Final = "mocksms.body"
"""The entry of a scope with the body of a request, in bytes, if the server had all of it before the request started.

An application that takes it from there need not wait for it. The events of the request are the same as without it.
"""

COMPLETE_RESPONSE: Final = "mocksms.response"
"""The ASGI extension of a server that takes a complete response as one event, and the type of that event.

The event has `status`, `headers` and `body`, as the two events of HTTP have them. The headers must be valid; those
about the connection and the transfer are the server's.
"""


class ClientConnection(Protocol):
    """The TCP connection of a request."""

    async def flush(self) -> None:
        """Wait until all that was written is sent, or can no longer be sent."""

    def close(self) -> None:
        """Close it after what was written is sent."""

    def try_write_chunk(self, chunk: bytes) -> bool:
        """Do as `write_chunk` if the client has read enough already; return whether it has."""

    async def write_chunk(self, chunk: bytes) -> None:
        """Write a chunk of a body without length, as `chunk_of` returns it, once the client has read enough."""

    def finish(self, last: bytes) -> None:
        """Write the last bytes of a body without length, without waiting for a slow reader, and close."""

    def reset(self) -> None:
        """Reset it (TCP RST)."""


def chunk_of(body: bytes) -> bytes:
    """Return a part of a body without length as it is written; many connections can then write one object."""
    return b"%x\r\n%b\r\n" % (len(body), body)


def connection_of(scope: Mapping[str, Any]) -> ClientConnection:
    """Return the connection of a request.

    Raises:
        ConnectionResetError: there is none, as in a test without a socket.
    """
    connection: ClientConnection | None = scope.get("extensions", {}).get(CONNECTION)
    if connection is None:
        raise ConnectionResetError("the connection should be reset or closed, but this request has no socket")
    return connection
