"""Why a text takes more segments than meant: the character that GSM 03.38 lacks, and what looks like it there."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

from mocksms.sms.display import line, quoted
from mocksms.sms.segments import GSM_BASIC, GSM_EXTENSION, Encoding, count_segments
from mocksms.testing.models import SmsMessage

LOOKALIKES: Final = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": "'",
    "\u2032": "'",
    "\u05f3": "'",
    "`": "'",
    "\u00b4": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u2033": '"',
    "\u05f4": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "\u05be": "-",
    "\u2022": "*",
    "\u00b7": ".",
    "\u2026": "...",
    "\u00d7": "x",
    "\t": " ",
    "\u00a0": " ",
    "\u2007": " ",
    "\u2009": " ",
    "\u202f": " ",
    "\u2028": "\n",
    "\u200b": "",
    "\u200d": "",
    "\u200e": "",
    "\u200f": "",
    "\u2060": "",
    "\ufe0f": "",
    "\ufeff": "",
}
"""Characters that editors and word processors put in, and what GSM 03.38 has in their place."""

_WORDS: Final = {" ": "a space", "\n": "a line break"}
_GSM: Final = frozenset(GSM_BASIC + GSM_EXTENSION)


def lookalike(character: str) -> str | None:
    """Return what looks like a character and is in GSM 03.38, None when there is nothing."""
    if character in _GSM:
        return character
    if character in LOOKALIKES:
        return LOOKALIKES[character]
    plain = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return plain if plain and plain != character and set(plain) <= _GSM else None


def explain_segments(message: SmsMessage, expected: int) -> Iterator[str]:
    """Iterate over the lines that explain why a message takes other than the expected segments."""
    segments = message.segments
    alone, each = Encoding(segments.encoding).sizes
    limit = alone if segments.count == 1 else each
    yield f"the SMS takes {segments.count} {'segment' if segments.count == 1 else 'segments'}, expected {expected}"
    yield line("text", quoted(message.text))
    yield line("takes", f"{segments.units} {_unit(segments.encoding)}, {limit} to a segment in {segments.encoding}")
    if segments.forced_by is not None:
        yield line("forced by", f"{_named(segments.forced_by)} at index {segments.forced_at}")
        yield from _remedy(message)
    content = count_segments(message.content)
    if content.count != segments.count:
        more = len(message.text) - len(message.content)
        yield line("without", f"the {more} characters the provider appends, the content alone takes {content.count}")


def _remedy(message: SmsMessage) -> Iterator[str]:
    forced_by = message.segments.forced_by or ""
    like = lookalike(forced_by)
    if like is None:
        yield line("instead", "nothing in GSM 03.38 looks like it")
        return
    plain = "".join(character if (other := lookalike(character)) is None else other for character in message.text)
    segments = count_segments(plain)
    what = f"use {_WORDS.get(like, like)}" if like else "leave it out"
    yield line("instead", f"{what}; with all look-alikes the text takes {segments.count} in {segments.encoding}")


def _named(character: str) -> str:
    name = unicodedata.name(character, "a character without a name")
    return f"{quoted(character)} (U+{ord(character):04X} {name})"


def _unit(encoding: str) -> str:
    return "septets" if encoding == Encoding.GSM7 else "UTF-16 code units"
