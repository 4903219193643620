"""Deviation of a request that mocksms accepts, unless the option `strict` is on (own, body.strict)."""

from __future__ import annotations

from typing import NamedTuple


class Deviation(NamedTuple):
    """What is not as the real service expects: its path, and `note`, which says what mocksms makes of it.

    `refusal` says what is wrong where the request is refused; empty if `note` fits there too.
    """

    path: str
    note: str
    refusal: str = ""
