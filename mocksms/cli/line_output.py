"""Output of a running mock: lines for standard output, without a wait for their reader."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from contextlib import suppress
from typing import Final

from mocksms.cli.output import MAX_ENCODED, PIPE_BYTES, SideOutput, echo_safe, takes_output, warn
from mocksms.cli.terminal import PAINT_CODES

MAX_WAITING: Final = 1_000_000
"""Characters that wait for a reader of standard output."""

RETRY_SECONDS: Final = 0.1
"""Seconds between two attempts to write what waits."""


class LineOutput:
    """Writes the lines of a running mock, which must be safe to print, and never waits for the reader of its output.

    A pipe without a reader takes 64 KB, and the next write would stop the mock. So lines wait here while the pipe is
    full. Beyond a limit the oldest are dropped, with a warning.
    """

    def __init__(self, log_format: str = "lines") -> None:
        self._log_format = log_format
        self._write = SideOutput(log_format, echo_safe)
        self._waiting: deque[tuple[str, int]] = deque()
        self._size = 0
        self._retry: asyncio.TimerHandle | None = None
        self._has_warned = False

    def __call__(self, text: str) -> None:
        """Write lines as far as their reader takes them. Only an event loop tries again with the others."""
        for line in text.splitlines(keepends=True):
            if (size := _encoded_size(line)) <= PIPE_BYTES:
                self._waiting.append((line, size))
            else:
                line = PAINT_CODES.sub("", line)  # no part may end within an escape sequence
                length = max(1, PIPE_BYTES // MAX_ENCODED)
                parts = (line[start : start + length] for start in range(0, len(line), length))
                self._waiting += ((part, _encoded_size(part)) for part in parts)
            self._size += len(line)
        self._flush()
        while self._size > MAX_WAITING:
            self._size -= len(self._waiting.popleft()[0])
            if not self._has_warned:
                self._has_warned = True
                warn("Standard output is not read; its oldest lines are dropped.", self._log_format)

    def _flush(self) -> None:
        while self._waiting and takes_output(sys.stdout):
            self._write(self._next_chunk())
        if not self._waiting:
            self._has_warned = False
        elif self._retry is None:
            with suppress(RuntimeError):  # no loop: the mock has stopped, and does not wait for the reader
                self._retry = asyncio.get_running_loop().call_later(RETRY_SECONDS, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        self._flush()

    def _next_chunk(self) -> str:
        """Remove and return some text that a pipe takes at once."""
        lines, size = list[str](), 0
        while self._waiting and (size := size + self._waiting[0][1]) <= PIPE_BYTES:
            lines.append(self._waiting.popleft()[0])
        chunk = "".join(lines)
        self._size -= len(chunk)
        return chunk


def _encoded_size(text: str) -> int:
    return len(text.encode(getattr(sys.stdout, "encoding", None) or "utf-8", "backslashreplace"))
