"""Segments of a text: encoding (GSM 03.38 or UCS-2) and count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final

GSM_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The GSM 03.38 default alphabet without its escape code: one septet each."""

GSM_EXTENSION: Final = "\f^{}\\[~]|€"
"""The GSM 03.38 extension table: two septets each, never split between segments."""

_OUTSIDE_GSM = re.compile(f"[^{re.escape(GSM_BASIC + GSM_EXTENSION)}]")
_EXTENSION = re.compile(f"[{re.escape(GSM_EXTENSION)}]")
_ESCAPE = "\x1b"


class Encoding(StrEnum):
    """The two encodings of an SMS."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"

    @property
    def sizes(self) -> tuple[int, int]:
        """Units in a single segment, and in each segment of a longer text (a header takes the rest)."""
        return (160, 153) if self is Encoding.GSM7 else (70, 67)


@dataclass(frozen=True, slots=True)
class ForcedBy:
    """The first character that does not exist in GSM 03.38, and its index in the text."""

    character: str
    index: int


@dataclass(frozen=True, slots=True)
class Segments:
    """Encoding and size of a text: `units` are septets in GSM-7 and UTF-16 code units in UCS-2."""

    encoding: Encoding
    count: int
    units: int
    forced_by: ForcedBy | None = None


@lru_cache(maxsize=64)
def count_segments(text: str) -> Segments:
    """Count the segments of a text; an empty text has one.

    An extension character and a surrogate pair are never split between two segments. Cached, since one text often
    goes to many recipients.
    """
    outside = _OUTSIDE_GSM.search(text)
    if outside is None:
        septets = _as_septets(text)
        return Segments(Encoding.GSM7, _count(septets, Encoding.GSM7), len(septets))
    units = _as_code_units(text)
    return Segments(Encoding.UCS2, _count(units, Encoding.UCS2), len(units), ForcedBy(outside[0], outside.start()))


def outside_gsm(text: str) -> str | None:
    """Return the first character of a text that GSM 03.38 does not have, None if it has all."""
    outside = _OUTSIDE_GSM.search(text)
    return outside and outside[0]


def replace_outside_gsm(text: str) -> str:
    """Return a text with `?` for each character that GSM 03.38 does not have."""
    return _OUTSIDE_GSM.sub("?", text)


def utf16_length(text: str) -> int:
    """Return the length of a text in UTF-16 code units, as JavaScript, Java and C# count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_segments(text: str) -> list[str]:
    """Split a text into the parts of its segments."""
    segments = count_segments(text)
    if segments.count == 1:
        return [text]
    is_wide = segments.encoding is Encoding.UCS2
    units = _as_code_units(text) if is_wide else _as_septets(text)
    starts = [*_starts(units, segments.encoding), len(units)]
    parts = (units[start:end] for start, end in pairwise(starts))
    return [_as_characters(part) if is_wide else part.replace(_ESCAPE, "") for part in parts]


def _as_septets(text: str) -> str:
    """Put the escape code before each extension character, so that every character is one septet."""
    return _EXTENSION.sub(lambda found: _ESCAPE + found[0], text)


def _as_characters(units: str) -> str:
    """Undo `_as_code_units`."""
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _as_code_units(text: str) -> str:
    """Replace each character beyond the BMP by its two surrogates, so that every character is one unit."""
    if max(text) < "\U00010000":
        return text
    raw = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(low | high << 8) for low, high in zip(raw[::2], raw[1::2], strict=True))


def _count(units: str, encoding: Encoding) -> int:
    return 1 if len(units) <= encoding.sizes[0] else sum(1 for _ in _starts(units, encoding))


def _starts(units: str, encoding: Encoding) -> Iterator[int]:
    """Iterate over the start of each segment of a text that needs several."""
    size, start = encoding.sizes[1], 0
    while start < len(units):
        yield start
        start += size
        if start < len(units) and _opens_a_pair(units[start - 1], encoding):
            start -= 1


def _opens_a_pair(unit: str, encoding: Encoding) -> bool:
    return unit == _ESCAPE if encoding is Encoding.GSM7 else "\ud800" <= unit <= "\udbff"
