"""The mock that is the first process of a container: its options on the command line, and signals before it serves."""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path
from typing import Final

FIRST: Final = 1
"""The id of the first process of a container."""

COMMAND_LINE: Final = Path(f"/proc/{FIRST}/cmdline")


def exit_on_sigterm() -> None:
    """Exit on SIGTERM, if this is the first process of a container: without a handler, it ignores SIGTERM."""
    if os.getpid() == FIRST:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


def address_on_command_line() -> dict[str, str]:
    """Return host and port from the command line of the first process, as far as it is a mock and has them."""
    try:
        words = COMMAND_LINE.read_bytes().decode(errors="replace").split("\0")
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
