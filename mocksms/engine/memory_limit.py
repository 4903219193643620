"""Default memory limit of a mock: a part of the memory of the machine or container."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Final

from mocksms.sms.sizes import MIN_MEMORY

MAX_DEFAULT_LIMIT: Final = 2**30

_CGROUPS: Final = Path("/proc/self/cgroup")
_MOUNT: Final = Path("/sys/fs/cgroup")


def default_limit() -> int:
    """Return the bytes that a mock keeps by default: a quarter of the machine or container, at most 1 GiB."""
    memory = min((_machine_memory(), *_container_limits()))
    return max(MIN_MEMORY, min(MAX_DEFAULT_LIMIT, memory // 4))


def _machine_memory() -> int:
    """Return the bytes of memory; on systems that do not say, enough for the largest default."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 4 * MAX_DEFAULT_LIMIT


def _container_limits() -> Iterator[int]:
    """Iterate over the limits of the control groups (version 1 or 2) of this process, and of those around them."""
    with suppress(OSError):
        for line in _CGROUPS.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                yield from _limits(_MOUNT, path, "memory.max")
            elif "memory" in controllers.split(","):
                yield from _limits(_MOUNT / "memory", path, "memory.limit_in_bytes")


def _limits(mount: Path, path: str, file: str) -> Iterator[int]:
    group = PurePosixPath(path)
    for folder in (group, *group.parents):
        # The path is as seen from outside the container; then only the mount itself exists.
        with suppress(OSError, ValueError):
            yield int((mount / folder.relative_to("/") / file).read_text())
