"""HTML elements. A text becomes a part of HTML only escaped; `Html` alone is put in as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape
from typing import Final

MAX_ESCAPES: Final = 500
"""Runs of invisible characters in one text that are marked; in a text with more they are only escaped."""

_VOID: Final = frozenset({"meta"})
"""Elements without an end tag."""

_INVISIBLE: Final = re.compile(
    "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"  # the flag of a region, which is visible
    "|(?P<run>[\\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]+)"
)
"""Runs of characters that act unseen: control characters but tab and line feed, bidi controls, lone surrogates."""

_RTL: Final = "[\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufefc]"

_RTL_RUNS: Final = re.compile(rf"({_RTL}+(?:(?:\"|[ ,.!?'\d-]*){_RTL}+)*)")
"""Parts of a text in Hebrew or Arabic, with punctuation and digits within them."""

_COLOURS: Final = re.compile(r"\x1b\[[\d;]*m")

_SHORT_ESCAPES: Final = {"\r": "\\r", "\0": "\\0"}


class Html(str):
    """Text that is HTML already. What is made of it by other means than `element` and `join` is plain text again."""

    __slots__ = ()


Child = str | int | Iterable["Child"] | None
"""What an element contains: texts, numbers, HTML, or several of these; None is nothing."""


def element(name: str, /, *children: Child, **attributes: str | None) -> Html:
    """Return an element. The name of an attribute ends with `_` where Python reserves it; None leaves one out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{unmarked(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>" + ("" if name in _VOID else f"{join(children)}</{name}>"))


def join(children: Child) -> Html:
    """Return HTML of what an element contains."""
    if isinstance(children, Html):
        return children
    if isinstance(children, str):
        return _text(children)
    if children is None:
        return Html()
    if isinstance(children, int):
        return Html(children)
    return Html("".join(map(join, children)))


def bdi(plain: str) -> Html:
    """Return a text of others whose direction does not affect what is around it."""
    return element("bdi", plain)


def isolated(plain: str) -> list[Child]:
    """Return a sentence in which parts in Hebrew or Arabic do not change the order of what is around them."""
    return [bdi(part) if index % 2 else part for index, part in enumerate(_RTL_RUNS.split(plain))]


def code(plain: str) -> Html:
    """Return a text of others in the type of code."""
    return element("code", plain)


def unmarked(plain: str) -> Html:
    """Return a text in which invisible characters are escaped, but not marked: for a title, which has no elements."""
    return Html(escape(_replace_invisible(plain, _escape_run)))


def without_colours(plain: str) -> str:
    """Return a text without the sequences that colour a terminal."""
    return _COLOURS.sub("", plain)


def _text(plain: str) -> Html:
    """Return a text as HTML, in which escapes of invisible characters stand out."""
    runs = sum(each["run"] is not None for each in _INVISIBLE.finditer(plain))
    if runs > MAX_ESCAPES:
        return unmarked(plain)
    safe = escape(plain, quote=False)
    return Html(_replace_invisible(safe, lambda run: f'<i class="escape">{_escape_run(run)}</i>') if runs else safe)


def _replace_invisible(plain: str, replace: Callable[[str], str]) -> str:
    return _INVISIBLE.sub(lambda found: found[0] if found["run"] is None else replace(found["run"]), plain)


def _escape_run(run: str) -> str:
    """Return characters as the web UI escapes them."""
    return "".join(_SHORT_ESCAPES.get(each) or _escape_character(ord(each)) for each in run)


def _escape_character(number: int) -> str:
    if number > 0xFFFF:
        return f"\\u{{{number:x}}}"
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
