"""The parts of a text for the search for codes: numbers by their form, words and signs by what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from mocksms.sms.code_words import ABBREVIATIONS, ANNOUNCING, PHRASAL, VERBS, Kind, kind_of

MAX_SEARCH_LENGTH: Final = 2000
"""Characters of a text that are searched for codes."""

_PARTS: Final = r"""(?P<other>
      (?i:https?://|www\.)\S{1,2000}
    | [\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}
    | (?i:[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,3}\.[a-z]{2,12}/\S{1,2000})
    | (?<![\w*])[*xX•.…]{2,8}+(?:[ -]?[*xX•]{2,8}){0,4}(?:[0-9]{2,6}|[ -][0-9]{2,4})(?![\w*])
    | (?<![\w*])\*[0-9]{3,6}(?![\w*])
    | (?<![\w*-])[0-9]{3,6}\*(?![\w*])
    | (?<!\w)(?=(?:[ ()+-]{0,2}[0-9]){9})
      (?:\+[0-9]{1,12}|\(?0[0-9]{0,3}|972|1[ -][78]00)\)?(?:[ ()-]{1,2}[0-9]{2,7}){1,5}(?!\w)
    | (?<!\w)\+[0-9]{7,15}(?!\w)
    | (?<!\w)[0-9]{3,4}(?:[ ][0-9]{3,4}){2,4}(?!\w)
    | (?<=\s)[A-Za-z0-9+/]{11}(?=\s{0,3}\Z) )
  | ^(?P<origin>@[a-z0-9.-]{3,253})(?=[ ]\#\w)
  | (?P<grouped>(?<![\w+])(?<![a-zA-Z0-9][-])(?<!\d[ .,:/])(?:
        [0-9]{3}[ \xa0\u2009\u202f][0-9]{3} | [0-9]{4}[ \xa0\u2009\u202f][0-9]{4}
      | [0-9]{3}[ ][0-9]{4} | [0-9]{4}[ ][0-9]{3}
      | [0-9]{2}(?:[ ][0-9]{2}){1,3} | [0-9](?:[ -][0-9]){3,7})(?![\w-]|[.,:/ ][0-9]))
  | (?P<run>[^\W_]+(?:(?:[-\u2010-\u2013'’"״׳]|(?<=[0-9])[.,:/](?=[0-9]))[^\W_]+)*
      (?:(?<=[א-ת])/[א-ת]{1,2}(?![^\W_]))?)
  | (?P<end>[.!?…]{1,8}+(?=\s{0,8}\Z|\s{1,8}[^a-z\s]))
  | (?P<line>\n)
  | (?P<sign>->|=>|[^\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff])"""
"""Forms that are no codes (links, masked and phone numbers, hashes of apps), then numbers, words and signs.

Every repetition is bounded or eats a whole run, so that the time is linear. No group is repeated possessively: Python
before 3.11.5 matches those wrongly.
"""

_PREFIXED: Final = re.compile(r"(?P<prefix>[^\W\d_]+)(?P<hyphen>[-\u2010-\u2013]?)(?P<code>[0-9]{4,8})")
_VENDOR_PREFIX: Final = re.compile(r"(?!X)[A-Z]{1,2}")
_FORMS: Final = re.compile(
    r"""[0-9]{4,8} | [0-9]{2}(?:[-\u2010-\u2013][0-9]{2}){1,3}
      | [0-9]{3}[-\u2010-\u2013][0-9]{3} | [0-9]{4}[-\u2010-\u2013][0-9]{4}
      | [A-Z0-9]{4}-[A-Z0-9]{4} | [A-Z0-9]{3}-[A-Z0-9]{3} | (?=[A-Za-z]*[0-9])[A-Za-z0-9]{4,8}""",
    re.VERBOSE,
)
_MASKED: Final = re.compile(r"[0-9]*[xX]+[0-9]+[xX]*")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text: what it says, where it starts, and how it is written."""

    kind: Kind
    start: int
    text: str


@cache
def _pattern() -> re.Pattern[str]:
    """Return the compiled forms; that takes 15 ms, so not at the start of a mock."""
    return re.compile(_PARTS, re.VERBOSE | re.MULTILINE)


def split(text: str) -> Iterator[Part]:
    """Split a text into parts, until it ends or `MAX_SEARCH_LENGTH` is reached."""
    previous = Part(Kind.LINE_END, 0, "")
    for found in _pattern().finditer(text, 0, MAX_SEARCH_LENGTH):
        if found.end() == MAX_SEARCH_LENGTH < len(text):
            return
        for part in _classified(found, previous):
            yield part
            previous = part


def _classified(found: re.Match[str], previous: Part) -> Iterator[Part]:
    written, start = found[0], found.start()
    match found.lastgroup:
        case "other":
            yield Part(Kind.OTHER, start, written)
        case "origin":
            yield Part(Kind.ORIGIN, start, written)
        case "grouped":
            yield Part(Kind.CANDIDATE, start, written)
        case "line":
            yield Part(Kind.LINE_END, start, written)
        case "end":
            is_short = previous.text.lower() in ABBREVIATIONS
            yield Part(Kind.QUOTE if is_short else Kind.SENTENCE_END, start, written)
        case "run" if any(map(str.isdigit, written)) and written.lower() != "2fa":
            yield from _number(written, start)
        case "run" if written.lower() in ("in", "on", "up", "out") and previous.text.lower() in PHRASAL:
            yield Part(previous.kind if previous.kind in VERBS else Kind.PURPOSE, start, written)
        case _:
            yield Part(kind_of(written), start, written)


def _number(written: str, start: int) -> Iterator[Part]:
    """Yield a word with a number in it; the code of "G-481516" or "OTP-481516" is what follows the prefix."""
    if prefixed := _PREFIXED.fullmatch(written):
        prefix = prefixed["prefix"]
        announces = kind_of(prefix) in ANNOUNCING
        if announces:
            yield Part(kind_of(prefix), start, prefix)
        if announces or (prefixed["hyphen"] and _VENDOR_PREFIX.fullmatch(prefix)):
            yield Part(Kind.CANDIDATE, start + prefixed.start("code"), prefixed["code"])
            return
    is_code = _FORMS.fullmatch(written) and not _MASKED.fullmatch(written) and not _has_unit(written)
    yield Part(Kind.CANDIDATE if is_code else Kind.OTHER, start, written)


def _has_unit(written: str) -> bool:
    """Whether a number ends with its unit: "30min"."""
    return written[0].isdigit() and kind_of(written.lstrip("0123456789")) in (Kind.UNIT, Kind.CURRENCY)
