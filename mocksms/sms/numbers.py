"""Phone numbers: form of Israeli mobiles, separators, masked digits (inferred, number.form, number.separators)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from mocksms.errors import escape
from mocksms.sms.surrogates import well_formed

SEPARATORS: Final = str.maketrans("", "", "+-. ()[]")
MAX_NUMBER_LENGTH: Final = 40
"""Characters; a longer number is malformed. E.164 has 15 digits."""

KOSHER_PREFIXES: Final = (
    "9725041",
    "9725271",
    "9725276",
    "9725331",
    "9725341",
    "9725484",
    "9725485",
    "9725567",
    "9725832",
)
"""Prefixes of lines that take calls only: the last by the vendor's guide (documented, number.kosher-guide), the others
by public sources (inferred, number.kosher-prefix)."""

MAGIC_PREFIX: Final = "97250000"
"""The start of all magic numbers; four digits follow. Number validators accept them, and no operator is known to use
them."""

MASKED: Final = "X"
"""What masks a digit in the guide's samples, in the normalised form of a number."""

WILDCARD: Final = "*"
"""What stands for any characters where a number is looked for."""

ORDINARY_PREFIX: Final = "97254100"
"""The start of a block of numbers for tests: 972-54-1000000 to 972-54-1009999, neither kosher nor magic."""

ORDINARY_NUMBERS: Final = 10_000

MAX_NAMED: Final = 3
"""Wrong characters that the problem of a number names."""

_DIGITS = re.compile(r"[0-9X]+", re.ASCII)
_ISRAELI_MOBILE = re.compile(r"9725[0-689][0-9X]{7}", re.ASCII)
_LOCAL_MOBILE = re.compile(r"0(5[0-689][0-9X]{7})", re.ASCII)


class NumberForm(StrEnum):
    """The form of a number."""

    ISRAELI_MOBILE = "an Israeli mobile number"
    FOREIGN = "a number of another country"
    MALFORMED = "not a number an SMS can be sent to"


class PhoneNumber(NamedTuple):
    """A parsed number: the `digits` to compare on, its `form`, and the `problem` of a malformed one."""

    digits: str
    form: NumberForm
    problem: str = ""


def digits_of(raw: str) -> str:
    """Return a number without separators and in upper case; `X` is a masked digit, other letters stay."""
    return well_formed(raw[:MAX_NUMBER_LENGTH]).translate(SEPARATORS).upper()


def parse(raw: str, *, accept_local: bool = False) -> PhoneNumber:
    """Parse a number as sent.

    `X` counts as a digit, in either case (own, number.masked). A local `05...` number is malformed; with `accept_local`
    it becomes `9725...`. Whether a foreign number can exist is not checked here.
    """
    return _parse_short(raw, accept_local) if len(raw) <= MAX_NUMBER_LENGTH else _parse(raw, accept_local)


def _parse(raw: str, accept_local: bool) -> PhoneNumber:
    digits = digits_of(raw)
    if accept_local and (local := _LOCAL_MOBILE.fullmatch(digits)):
        digits = "972" + local[1]
    if len(raw) <= MAX_NUMBER_LENGTH and _ISRAELI_MOBILE.fullmatch(digits):
        return PhoneNumber(digits, NumberForm.ISRAELI_MOBILE)
    problem = _problem(raw, digits)
    return PhoneNumber(digits, NumberForm.MALFORMED if problem else NumberForm.FOREIGN, problem)


_parse_short: Final = lru_cache(maxsize=4096)(_parse)
"""Cached, since many messages go to one number, which is then kept once."""


def has_masked_digits(number: PhoneNumber) -> bool:
    """Whether a number that counts as one has masked digits, which no phone has."""
    return MASKED in number.digits and number.form is not NumberForm.MALFORMED


def masked_note(raw: str) -> str:
    """Return what is wrong with a number that has masked digits."""
    return f"{raw!r} has masked digits, as in the guide's samples: no phone has this number"


class NumberPattern(NamedTuple):
    """A normalised number in which each `*` stands for any characters, also none; `pieces` are what is between them."""

    pieces: tuple[str, ...]

    def matches(self, digits: str) -> bool:
        """Whether a normalised number has the pieces in this order, the first at its beginning, the last at its end."""
        first, *middle, last = self.pieces
        if len(digits) < len(first) + len(last) or not digits.startswith(first) or not digits.endswith(last):
            return False
        position, end = len(first), len(digits) - len(last)
        for piece in middle:
            found = digits.find(piece, position, end)
            if found < 0:
                return False
            position = found + len(piece)
        return True


def parse_pattern(raw: str, *, accept_local: bool = False) -> NumberPattern | None:
    """Parse a number with `*` in it; return None for one without. With `accept_local`, `05...*` becomes `9725...*`."""
    if WILDCARD not in raw:
        return None
    digits = digits_of(raw)
    if accept_local and digits.startswith("05"):
        digits = "972" + digits[1:]
    return NumberPattern(tuple(digits.split(WILDCARD)))


def ordinary_number(lane: int) -> str:
    """Return a number about which only lists, credit and scenarios decide; `lane` is 0 to 9,999."""
    return f"{ORDINARY_PREFIX[:3]}-{ORDINARY_PREFIX[3:5]}-{ORDINARY_PREFIX[5:]}{lane:04}"


def _problem(raw: str, digits: str) -> str:
    if len(raw) > MAX_NUMBER_LENGTH:
        return f"{len(raw)} characters long"
    if not digits:
        return "no digits in it"
    if not _DIGITS.fullmatch(digits):
        return _describe_wrong(dict.fromkeys(each for each in raw if not _DIGITS.fullmatch(digits_of(each) or "0")))
    if digits.startswith("9720"):
        return "a 0 after the country code 972; leave it out"
    if digits.startswith("972"):
        return f"{len(digits)} digits, but an Israeli mobile number is 9725 and 8 more digits"
    if digits.startswith("00"):
        return "00, as dialled for calls abroad, before the country code; leave it out"
    if digits.startswith("0") and _ISRAELI_MOBILE.fullmatch(digits[1:]):
        return "a 0 before the country code; leave it out"
    if digits.startswith("0"):
        return "a local number without country code"
    return ""


def _describe_wrong(characters: Collection[str]) -> str:
    """Return which characters are wrong, so that a reader sees those that look like a separator or like nothing."""
    named = [*map(_name, characters)][:MAX_NAMED]
    more = f" and {len(characters) - MAX_NAMED} more" if len(characters) > MAX_NAMED else ""
    verb = "are neither digits nor separators" if len(characters) > 1 else "is neither digit nor separator"
    return f"{', '.join(named)}{more} {verb}"


def _name(character: str) -> str:
    if character.isascii() and character.isprintable():
        return f'"{character}"'
    name = unicodedata.name(character, escape(character))
    return f"U+{ord(character):04X} {name}{'' if character.isprintable() else ' (invisible)'}"
