from __future__ import annotations

from weakref import WeakSet

import pytest

from mocksms.connections import forks


def test_child_closes_the_sockets_of_its_parent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a child does, done here; tests/testing/test_server.py has real children."""
    closed: list[str] = []

    class Owner:
        def __init__(self, name: str) -> None:
            self.name = name

        def close_copies(self) -> None:
            closed.append(self.name)

    monkeypatch.setattr(forks, "_OWNERS", WeakSet())
    kept, dropped = Owner("kept"), Owner("dropped")
    forks.close_in_children(kept)
    forks.close_in_children(dropped)
    del dropped
    forks._close_copies()
    forks._close_copies()
    assert closed == ["kept"]
