"""Numbers of other countries: could a number of this length exist there?"""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, ValidationResult


@lru_cache(maxsize=4096)
def is_possible(digits: str) -> bool:
    """Return whether digits with a country code have a length that country uses; `X` counts as a digit."""
    try:
        number = phonenumbers.parse("+" + digits.replace("X", "1"))
    except NumberParseException:
        return False
    return phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
