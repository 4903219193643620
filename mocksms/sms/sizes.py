"""Sizes: bytes as people write them, texts in memory, and the length of links in texts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

MIN_MEMORY: Final = 2**24
"""Least bytes of all that a mock keeps: several times the largest record, which is about 1 MiB."""

MAX_MEMORY: Final = 2**50

TEXT_SIZE: Final = 60
"""Bytes of a text without its characters."""

LINK_LENGTH: Final = len("https://app.inwise.com/u/0123456789ab")
"""Characters that a link of the provider counts as: one on a host of the vendor (own, credit.link-length)."""

SIZE_SYNTAX: Final = "a size such as 512MiB, 1GiB, 500MB or plain bytes"

_SIZE: Final = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) ?([a-z]*)", re.ASCII | re.IGNORECASE)
_UNITS: Final = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "k": 2**10,
    "m": 2**20,
    "g": 2**30,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
"""Units of 1024 (KiB, Ki as in Kubernetes, k as in Docker) and of 1000 (KB)."""


def parse_size(raw: object) -> int:
    """Parse a size into bytes: `512MiB`, `512Mi`, `512m`, `500MB`, or a number of bytes.

    Raises:
        ValueError: it is not a size.
    """
    if type(raw) is int:
        return raw
    found = _SIZE.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if found is None or found[2].lower() not in _UNITS:
        raise ValueError(SIZE_SYNTAX)
    return int(float(found[1]) * _UNITS[found[2].lower()])


def parse_memory(raw: object) -> int:
    """Parse the bytes that a mock may keep.

    Raises:
        ValueError: it is not a size, or too small or large.
    """
    size = parse_size(raw)
    if not MIN_MEMORY <= size <= MAX_MEMORY:
        raise ValueError(f"a size from {format_size(MIN_MEMORY)} to {format_size(MAX_MEMORY)}, such as 512MiB")
    return size


def format_size(size: int) -> str:
    """Return a size in bytes as people write it: 512MiB, 1.5GiB, 20KiB, 17B."""
    for unit, factor in (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= factor:
            return f"{round(size / factor, 1):g}{unit}"
    return f"{size}B"


@lru_cache(maxsize=4096)
def shared_size(size: int) -> int:
    """Return a size of a record, as one object with equal ones: it takes 32 bytes, and most records have few sizes."""
    return size


def text_size(text: str) -> int:
    """Return the bytes that a text takes in memory, about.

    The same at any time: `sys.getsizeof` also counts the UTF-8 form, which a text has once it was written.
    """
    return TEXT_SIZE + (len(text) if text.isascii() else 2 * len(text))
