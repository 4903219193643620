"""Event loops of asyncio and trio in the present thread. It imports neither."""

from __future__ import annotations

import sys
from typing import Any


def runs_event_loop() -> bool:
    """Whether this thread runs an event loop of asyncio or trio, which a blocking request stops."""
    asyncio: Any = sys.modules.get("asyncio")
    return runs_trio() or (asyncio is not None and asyncio._get_running_loop() is not None)


def runs_trio() -> bool:
    """Whether this thread runs an event loop of trio."""
    trio: Any = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_run())
