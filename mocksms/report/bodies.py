"""Bodies of requests and responses for people: JSON is indented."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

MAX_DEPTH: Final = 50
"""Levels of JSON that are indented; deeper JSON stays as it is."""

_INDENT: Final = "  "
_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def indented(body: str) -> str:
    """Return JSON with one value to a line. Numbers, repeated names and their order stay; any other text too."""
    try:
        is_nested = isinstance(json.loads(body), dict | list)
    except (ValueError, RecursionError):
        return body
    tokens = _TOKEN.findall(body)
    return "".join(_written(tokens)) if is_nested and _depth(tokens) <= MAX_DEPTH else body


def _written(tokens: list[str]) -> Iterator[str]:
    depth = 0
    before = ":"
    for token in tokens:
        closes = token in "]}"
        depth -= closes
        is_empty = closes and before in "[{"
        if not is_empty and (closes or before in "[{,"):
            yield f"\n{_INDENT * depth}"
        yield ": " if token == ":" else _readable(token) if token[0] == '"' else token
        depth += token in "[{"
        before = token


def _depth(tokens: list[str]) -> int:
    depth = deepest = 0
    for token in tokens:
        depth += (token in "[{") - (token in "]}")
        deepest = max(depth, deepest)
    return deepest


def _readable(string: str) -> str:
    r"""Return a string of JSON with its letters in place of escapes such as `\u05e9`."""
    if "\\u" not in string:
        return string
    readable = json.dumps(json.loads(string), ensure_ascii=False)
    return string if any(0xD800 <= ord(each) <= 0xDFFF for each in readable) else readable
