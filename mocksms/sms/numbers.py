"""Phone numbers as the vendor reads them: separators dropped, Israeli mobiles by form, letters refused."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

SEPARATORS: Final = str.maketrans("", "", "+-. ()[]")
MAX_NUMBER_LENGTH: Final = 40
"""Characters beyond which a number is not even looked at; E.164 has 15 digits."""

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
"""Prefixes of lines that take calls only (documented by operators; 972-58-32 by the vendor's guide)."""

MAGIC_PREFIX: Final = "97250000"
"""Where the block of magic numbers starts; four digits follow. Accepted by number validators, not known to be given
to anybody."""

_DIGITS = re.compile(r"[0-9X]+", re.ASCII)
_ISRAELI_MOBILE = re.compile(r"9725[0-689][0-9X]{7}", re.ASCII)
_LOCAL_MOBILE = re.compile(r"0(5[0-689][0-9X]{7})", re.ASCII)


class NumberForm(StrEnum):
    """What a number looks like."""

    ISRAELI_MOBILE = "an Israeli mobile number"
    FOREIGN = "a number of another country"
    MALFORMED = "not a number an SMS can be sent to"


class PhoneNumber(NamedTuple):
    """A number as read: the `digits` to compare on, its `form`, and for a malformed one the `fault` in words."""

    digits: str
    form: NumberForm
    fault: str = ""


def digits_of(raw: str) -> str:
    """Return the number without separators, `X` for a masked digit in upper case; letters stay as they are."""
    return raw[:MAX_NUMBER_LENGTH].translate(SEPARATORS).upper()


def parse(raw: str, *, accept_local: bool = False) -> PhoneNumber:
    """Read a number as sent.

    `X` stands for any digit, as the vendor's guide masks numbers. A local `05...` number is malformed unless
    `accept_local`, which then compares it as `9725...`. A foreign number is only told apart here, not judged.
    """
    digits = digits_of(raw)
    if accept_local and (local := _LOCAL_MOBILE.fullmatch(digits)):
        digits = "972" + local[1]
    if len(raw) <= MAX_NUMBER_LENGTH and _ISRAELI_MOBILE.fullmatch(digits):
        return PhoneNumber(digits, NumberForm.ISRAELI_MOBILE)
    fault = _fault(raw, digits)
    return PhoneNumber(digits, NumberForm.MALFORMED if fault else NumberForm.FOREIGN, fault)


def _fault(raw: str, digits: str) -> str:
    if len(raw) > MAX_NUMBER_LENGTH:
        return f"{len(raw)} characters long"
    if not digits:
        return "no digits in it"
    if not _DIGITS.fullmatch(digits):
        return "a character that is neither digit nor separator"
    if digits.startswith("972"):
        return f"{len(digits)} digits that are no Israeli mobile number, which is 9725 and 8 more"
    if digits.startswith("0"):
        return "a local number without country code"
    return ""
