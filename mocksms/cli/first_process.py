"""The mock that is the first process of a container: its options on the command line, and signals before it serves."""

from __future__ import annotations

import os
import signal
from typing import Final

FIRST: Final = 1
"""The id of the first process of a container."""

COMMAND_LINE: Final = f"/proc/{FIRST}/cmdline"


def exit_on_sigterm() -> None:
    """Exit on SIGTERM, if this is the first process of a container: without a handler, it ignores SIGTERM.

    The image starts with SIGTERM blocked, so that a signal before this call waits for it. Other containers lose it:
    hence this module imports as little as possible.
    """
    if os.getpid() == FIRST:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def address_on_command_line() -> dict[str, str]:
    """Return host and port from the command line of the first process, as far as it is a mock and has them."""
    import argparse
    from pathlib import Path

    try:
        words = Path(COMMAND_LINE).read_bytes().decode(errors="replace").split("\0")
    except OSError:  # no Linux, or the process of another user
        return {}
    names = [Path(word).name for word in words]
    if "mocksms" not in names:
        return {}
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for name in ("host", "port"):
        parser.add_argument(f"--{name}")
    try:
        found, _ = parser.parse_known_args(words[names.index("mocksms") + 1 :])
    except argparse.ArgumentError:  # a flag without its value: the mock has refused it too
        return {}
    return {name: value for name, value in vars(found).items() if value}
