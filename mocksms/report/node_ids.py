"""Node ids of tests as people read them."""

from __future__ import annotations

import re
import sys
from typing import Final

_ESCAPE: Final = re.compile(r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")


def with_letters(nodeid: str) -> str:
    """Return a node id with letters in place of their escapes: pytest escapes all but ASCII in ids of parameters.

    Other characters stay escaped.
    """
    return _ESCAPE.sub(_letter, nodeid)


def _letter(escape: re.Match[str]) -> str:
    code = int(escape[1] or escape[2] or escape[3] or "0", 16)
    return chr(code) if code <= sys.maxunicode and chr(code).isalpha() else escape[0]
