from __future__ import annotations

from mocksms.engine.consents import Consent, ConsentLog
from mocksms.sms.replies import ConsentChoice
from tests.support import NOON


def ledger_of(*digits: str, limit: int = 100) -> ConsentLog:
    ledger = ConsentLog(limit)
    for number, each in enumerate(digits, 1):
        ledger.add(number, Consent(number, each, NOON, ConsentChoice.OUT, "test"))
    return ledger


def numbers(ledger: ConsentLog, after: int = 0, digits: str | None = None) -> list[int]:
    return [consent.number for consent in ledger.of(digits, after)]


def test_consents_are_newest_first_of_all_or_of_one_number() -> None:
    ledger = ledger_of("1", "2", "1")
    assert numbers(ledger) == [3, 2, 1]
    assert numbers(ledger, after=1) == [3, 2]
    assert numbers(ledger, digits="1") == [3, 1]
    assert numbers(ledger, after=1, digits="1") == [3]
    assert numbers(ledger, digits="9") == []
    assert (len(ledger), ledger.evicted, ledger.evicted_up_to) == (3, 0, 0)


def test_oldest_consents_are_evicted() -> None:
    ledger = ledger_of("1", "2", "1", "2", limit=2)
    assert numbers(ledger) == [4, 3]
    assert numbers(ledger, digits="1") == [3]
    assert (len(ledger), ledger.evicted, ledger.evicted_up_to) == (2, 2, 2)
