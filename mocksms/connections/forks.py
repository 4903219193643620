"""Forked processes: a child closes its copies of a mock's sockets.

A connection ends only when its last copy is closed. So a child of a test process, such as a worker of
`multiprocessing`, would keep connections open that the mock closes or resets.
"""

from __future__ import annotations

import os
from typing import Final, Protocol
from weakref import WeakSet


class SocketOwner(Protocol):
    """An object with sockets that only its own process may use."""

    def close_copies(self) -> None:
        """Close the sockets in a forked child, without effect on the parent process."""


_OWNERS: Final = WeakSet[SocketOwner]()


def close_in_children(owner: SocketOwner) -> None:
    """Let every forked child call `close_copies` of this owner once."""
    _OWNERS.add(owner)


def _close_copies() -> None:
    for owner in tuple(_OWNERS):
        owner.close_copies()
    _OWNERS.clear()


# Windows has no fork.
getattr(os, "register_at_fork", dict)(after_in_child=_close_copies)
