from __future__ import annotations

import socket

from mocksms.connections.idle import IdleConnections, has_input


class Connection:
    """A connection that records whether it was closed."""

    def __init__(self, has_input: bool = False) -> None:
        self.closed = False
        self._has_input = has_input

    def has_input(self) -> bool:
        return self._has_input

    def close_idle(self) -> None:
        self.closed = True


def test_longest_idle_connection_is_closed_first() -> None:
    idle = IdleConnections()
    first, second, third = Connection(), Connection(), Connection()
    for connection in (first, second, third):
        idle.add(connection)
    idle.discard(first)
    idle.add(first)
    idle.discard(third)
    idle.discard(third)
    assert idle.close_longest()
    assert (first.closed, second.closed, third.closed) == (False, True, False)
    assert idle.close_longest()
    assert first.closed
    assert not idle.close_longest()


def test_connection_with_a_request_that_is_not_read_yet_is_not_idle() -> None:
    idle = IdleConnections()
    busy, other = Connection(has_input=True), Connection()
    idle.add(busy)
    assert not idle.close_longest()
    idle.add(other)
    assert idle.close_longest()
    assert (busy.closed, other.closed) == (False, True)


def test_input_is_bytes_or_the_end() -> None:
    here, there = socket.socketpair()
    with here:
        assert not has_input(here)
        with there:
            there.sendall(b"x")
            assert has_input(here)
            here.recv(1)
            assert not has_input(here)
        assert has_input(here)
