"""Pauses of the garbage collector, for work that makes many objects and little garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused(*, hides: bool = False) -> Iterator[None]:
    """Pause the garbage collector: it would visit all new objects again and again, and hold up all threads.

    With `hides`, it never visits what exists at the end, such as the modules of a program that starts.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if hides:
            gc.freeze()
        if was_enabled:
            gc.enable()
