"""Lone surrogates: halves of a character, such as of a cut emoji. JSON can carry them as escapes, UTF-8 cannot."""

from __future__ import annotations

import re
from typing import Final

REPLACEMENT: Final = "\ufffd"
"""What a lone surrogate is shown as."""

_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
"""An escape in JSON: a pair of surrogates, a lone one, or another."""


def well_formed(text: str) -> str:
    """Replace lone surrogates by U+FFFD, so that the text can be encoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def well_formed_json(raw: bytes) -> bytes:
    """Replace the escapes of lone surrogates in JSON by that of U+FFFD."""
    return _ESCAPE.sub(_replaced, raw) if b"\\" in raw else raw


def _replaced(escape: re.Match[bytes]) -> bytes:
    return escape[0] if escape["lone"] is None else rb"\ufffd"
