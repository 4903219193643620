"""What a door can do to the connection under an exchange, beyond what ASGI offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

CONNECTION: Final = "mocksms.connection"
"""The ASGI extension under which a server offers what a Connection can do."""


class Connection(Protocol):
    """The connection under an exchange."""

    def hold(self) -> None:
        """Keep what is written from here on until it is released."""

    def release(self) -> None:
        """Write what was held, in one piece."""

    async def left(self) -> None:
        """Wait until all that was written has left this process, or cannot leave any more."""

    def close(self) -> None:
        """End it in order, after what was written."""

    def finish(self, last: bytes) -> None:
        """End a body of unknown length with some last bytes, however slow its reader is, and then the connection."""

    def reset(self) -> None:
        """Tear it down with a TCP reset."""


def connection_of(scope: Mapping[str, Any]) -> Connection:
    """Return the connection under an exchange.

    Raises:
        ConnectionResetError: there is none, as in a test without a socket.
    """
    connection: Connection | None = scope.get("extensions", {}).get(CONNECTION)
    if connection is None:
        raise ConnectionResetError("this exchange was to end with its connection, and there is no socket under it")
    return connection
