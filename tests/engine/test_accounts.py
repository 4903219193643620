from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mocksms.engine.account import Account
from mocksms.engine.accounts import Accounts, Totals
from mocksms.engine.bounded import Numbering
from mocksms.engine.engine import Engine
from mocksms.engine.journal import Journal
from mocksms.settings import Settings
from mocksms.sms.message import Recipient, Submission
from tests.engine.support import SECOND, a_message, an_exchange, hear
from tests.support import NOON, NUMBER, HandClock


def accounts(clock: HandClock | None = None, seed: str = "tests", **options: Any) -> Accounts:
    return Accounts(Settings(**options), clock or HandClock(), seed)


def keys(of: Accounts) -> list[str]:
    return [account.key for account in of]


def note(journal: Journal, times: int, numbering: Numbering) -> None:
    for _ in range(times):
        exchange = an_exchange(numbering.take())
        journal.add(exchange.number, exchange)


def fill(account: Account, messages: int, requests: int) -> None:
    for _ in range(messages):
        account.messages.add(a_message(account.numbering.take()))
    note(account.journal, requests, account.numbering)


def test_account_is_made_on_first_use() -> None:
    made = accounts(credit=7)
    assert keys(made) == []
    assert len(made) == 0
    account = made.get("shop")
    assert made.get("shop") is account
    assert (account.key, account.credit) == ("shop", 7)
    assert keys(made) == ["shop"]


def test_accounts_take_their_time_from_one_source_but_move_apart() -> None:
    clock = HandClock()
    made = accounts(clock)
    made.get("a").clock.move_to(NOON + 60 * SECOND)
    clock.advance(1)
    assert [account.clock.now() for account in (made.get("a"), made.get("b"))] == [NOON + 61 * SECOND, NOON + SECOND]


def test_accounts_come_the_longest_unused_first() -> None:
    made = accounts()
    for key in "abca":
        made.get(key)
    assert keys(made) == ["b", "c", "a"]


def test_longest_unused_account_makes_room_for_another() -> None:
    made = accounts(max_accounts=2)
    first, second = made.get("1"), made.get("2")
    assert made.get("1") is first
    made.get("3")
    assert keys(made) == ["1", "3"]
    assert len(made) == 2
    assert made.evicted().accounts == 1
    assert made.get("2") is not second
    assert keys(made) == ["3", "2"]
    assert made.evicted().accounts == 2


def test_one_account_is_kept_where_only_one_may_be() -> None:
    made = accounts(max_accounts=1)
    for key in "aab":
        made.get(key)
    assert keys(made) == ["b"]
    assert made.evicted().accounts == 1


@pytest.mark.ledger("send.transaction-id")
def test_ids_of_an_account_are_new_every_time_it_comes_back() -> None:
    made = accounts(max_accounts=1)
    ids = [made.get(key).new_transaction_id() for key in "abababab"]
    assert len(set(ids)) == len(ids)


def test_ids_follow_from_seed_and_calls__evictions_too() -> None:
    def ids(seed: str) -> list[str]:
        made = accounts(seed=seed, max_accounts=2)
        return [made.get(key).new_transaction_id() for key in "abcab"]

    assert ids("tests") == ids("tests")
    assert not set(ids("tests")) & set(ids("others"))


def test_kept_counts_what_every_account_holds_and_the_exchanges_of_strangers() -> None:
    made = accounts()
    assert made.kept() == Totals(0, 0, 0)
    fill(made.get("a"), messages=2, requests=3)
    fill(made.get("b"), messages=1, requests=4)
    note(made.strangers, 5, made.numbering)
    assert made.kept() == Totals(accounts=2, messages=3, requests=12)
    assert made.evicted() == Totals(0, 0, 0)


def test_evicted_counts_what_made_room_within_accounts_and_among_strangers() -> None:
    made = accounts(max_messages=1, max_requests=2)
    fill(made.get("a"), messages=3, requests=4)
    note(made.strangers, 7, made.numbering)
    assert made.kept() == Totals(accounts=1, messages=1, requests=4)
    assert made.evicted() == Totals(accounts=0, messages=2, requests=7)


def test_evicted_account_takes_along_all_it_ever_had() -> None:
    made = accounts(max_accounts=1, max_messages=1, max_requests=2)
    fill(made.get("a"), messages=3, requests=4)
    fill(made.get("b"), messages=2, requests=1)
    assert made.kept() == Totals(accounts=1, messages=1, requests=1)
    assert made.evicted() == Totals(accounts=1, messages=4, requests=4)


def test_evicted_account_is_not_looked_after_any_more() -> None:
    clock = HandClock()
    engine = Engine(Settings(max_accounts=1, seed="s"), clock)
    heard = hear(engine)
    later = Submission(content="later", send_at=NOON + timedelta(days=1))
    engine.submit(engine.account("gone"), later, [Recipient(NUMBER)])
    engine.submit(engine.account("kept"), later, [Recipient(NUMBER)])
    engine.tick()
    clock.advance(2 * 86_400)
    engine.tick()
    told = [f"{account.key} {message.state}" for account, message in heard]
    assert told == ["gone queued", "kept queued", "kept sent"]


def test_key_that_looks_like_a_generation_draws_ids_of_its_own() -> None:
    first = Accounts(Settings(), HandClock(), "s").get("1/x").new_transaction_id()
    accounts = Accounts(Settings(max_accounts=1), HandClock(), "s")
    accounts.get("a")
    accounts.get("b")
    assert accounts.get("x").new_transaction_id() != first
