"""Consent log of one account: every opt-out and opt-in, with its time and cause."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from mocksms.engine.logs import IndexedLog
from mocksms.sms.replies import ConsentChoice


class Consent(NamedTuple):
    """An opt-out or opt-in of a number. `number` is the record number, `digits` the phone, `cause` a text."""

    number: int
    digits: str
    at: datetime
    choice: ConsentChoice
    cause: str


class ConsentLog(IndexedLog[Consent]):
    """Opt-outs and opt-ins in order, at most `limit`; beyond it the oldest are evicted.

    Numbers that are opted out from the start, by options or a scenario, have no record.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit, lambda consent: consent.digits)
