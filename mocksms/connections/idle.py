"""Idle connections, which are closed when file descriptors run out."""

from __future__ import annotations

import selectors
from typing import Any, Final, Protocol

# Those of the system's own selectors need a file descriptor, and there may be none left.
_Selector: Final = getattr(selectors, "PollSelector", selectors.SelectSelector)


class IdleConnection(Protocol):
    """A connection without a request."""

    def has_input(self) -> bool:
        """Whether the client has sent something, or has closed the connection."""

    def close_idle(self) -> None:
        """Close it."""


class IdleConnections:
    """The connections without a request, the longest idle first."""

    def __init__(self) -> None:
        self._connections: dict[IdleConnection, None] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def add(self, connection: IdleConnection) -> None:
        """Add a connection as the one that became idle last."""
        self._connections[connection] = None

    def discard(self, connection: IdleConnection) -> None:
        """Remove a connection, if it is there."""
        self._connections.pop(connection, None)

    def close_longest(self) -> bool:
        """Close the longest idle connection that has nothing to read; return False if there is none."""
        longest = next((each for each in self._connections if not each.has_input()), None)
        if longest is None:
            return False
        self.discard(longest)
        longest.close_idle()
        return True


def has_input(connection: Any) -> bool:
    """Whether a connection, which has a file descriptor, has something to read or was closed by its peer."""
    with _Selector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        return bool(selector.select(0))
