"""The consent ledger of one account: every opt-out and opt-in, with its time and its cause."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from mocksms.engine.logs import IndexedLog
from mocksms.sms.replies import ConsentChoice


class Consent(NamedTuple):
    """A number opted out or in: its place among all a mock keeps, the digits, when, which, and why in words."""

    number: int
    digits: str
    at: datetime
    choice: ConsentChoice
    cause: str


class ConsentLog(IndexedLog[Consent]):
    """The choices of recipients in the order they were made, at most `limit`; beyond it the oldest are evicted.

    Who has opted out from the start, by options or a scenario, has chosen nothing here.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit, lambda consent: consent.digits)
