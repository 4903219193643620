from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mocksms.engine.account import Account
from mocksms.engine.accounts import Accounts, Totals
from mocksms.engine.clock import Clock
from mocksms.engine.engine import Engine
from mocksms.engine.journal import Journal
from mocksms.engine.keys import AccountKey
from mocksms.engine.logs import Numbering
from mocksms.engine.messages import token_of
from mocksms.settings import Settings
from mocksms.sms.message import Recipient, Submission
from tests.engine.support import SECOND, World, a_message, a_request, a_rule, a_scenario, emitted_messages
from tests.support import NOON, NUMBER, ManualClock


def accounts(clock: ManualClock | None = None, seed: str = "tests", **options: Any) -> Accounts:
    return Accounts(Settings(**options), clock or ManualClock(), seed)


def keys(of: Accounts) -> list[str | None]:
    return [account.key for account in of]


def note(journal: Journal, times: int, numbering: Numbering) -> None:
    for _ in range(times):
        request = a_request(numbering.take())
        journal.add(request.number, request)


def fill(account: Account, messages: int, requests: int) -> None:
    for _ in range(messages):
        account.messages.add(a_message(account.numbering.take()))
    note(account.journal, requests, account.numbering)


def test_account_is_created_on_first_use() -> None:
    made = accounts(credit=7)
    assert keys(made) == []
    assert len(made) == 0
    account = made.get("shop")
    assert made.get("shop") is account
    assert (account.key, account.credit) == ("shop", 7)
    assert keys(made) == ["shop"]


def test_accounts_have_one_source_of_time_but_separate_clocks() -> None:
    clock = ManualClock()
    made = accounts(clock)
    made.get("a").clock.move_to(NOON + 60 * SECOND)
    clock.advance(1)
    assert [account.clock.now() for account in (made.get("a"), made.get("b"))] == [NOON + 61 * SECOND, NOON + SECOND]


def test_least_recently_used_account_comes_first() -> None:
    made = accounts()
    for key in "abca":
        made.get(key)
    assert keys(made) == ["b", "c", "a"]


def test_least_recently_used_account_is_evicted() -> None:
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


def test_limit_of_one_account_keeps_the_latest() -> None:
    made = accounts(max_accounts=1)
    for key in "aab":
        made.get(key)
    assert keys(made) == ["b"]
    assert made.evicted().accounts == 1


@pytest.mark.ledger("send.transaction-id")
def test_account_created_again_has_new_ids() -> None:
    made = accounts(max_accounts=1)
    ids = [made.get(key).new_transaction_id() for key in "abababab"]
    assert len(set(ids)) == len(ids)


def test_seed_determines_ids_also_after_evictions() -> None:
    def ids(seed: str) -> list[str]:
        made = accounts(seed=seed, max_accounts=2)
        return [made.get(key).new_transaction_id() for key in "abcab"]

    assert ids("tests") == ids("tests")
    assert not set(ids("tests")) & set(ids("others"))


def test_totals_count_all_accounts_and_requests_without_account() -> None:
    made = accounts()
    assert made.totals() == Totals(0, 0, 0)
    fill(made.get("a"), messages=2, requests=3)
    fill(made.get("b"), messages=1, requests=4)
    note(made.unattributed, 5, made.numbering)
    assert made.totals() == Totals(accounts=2, messages=3, requests=12)
    assert made.evicted() == Totals(0, 0, 0)


def test_evicted_totals_count_all_accounts_and_requests_without_account() -> None:
    made = accounts(max_messages=1, max_requests=2)
    fill(made.get("a"), messages=3, requests=4)
    note(made.unattributed, 7, made.numbering)
    assert made.totals() == Totals(accounts=1, messages=1, requests=4)
    assert made.evicted() == Totals(accounts=0, messages=2, requests=7)


def test_records_of_an_evicted_account_count_as_evicted() -> None:
    made = accounts(max_accounts=1, max_messages=1, max_requests=2)
    fill(made.get("a"), messages=3, requests=4)
    fill(made.get("b"), messages=2, requests=1)
    assert made.totals() == Totals(accounts=1, messages=1, requests=1)
    assert made.evicted() == Totals(accounts=1, messages=4, requests=4)


def test_evicted_account_is_not_processed() -> None:
    clock = ManualClock()
    engine = Engine(Settings(max_accounts=1, seed="s"), clock)
    messages = emitted_messages(engine)
    later = Submission(content="later", send_at=NOON + timedelta(days=1))
    engine.submit(engine.account("gone"), later, [Recipient(NUMBER)])
    engine.submit(engine.account("kept"), later, [Recipient(NUMBER)])
    engine.tick()
    clock.advance(2 * 86_400)
    engine.tick()
    steps = [f"{account.key} {message.state}" for account, message in messages]
    assert steps == ["gone queued", "kept queued", "kept sent"]


def test_key_that_looks_like_a_generation_has_its_own_ids() -> None:
    first = Accounts(Settings(), ManualClock(), "s").get("1/x").new_transaction_id()
    accounts = Accounts(Settings(max_accounts=1), ManualClock(), "s")
    accounts.get("a")
    accounts.get("b")
    assert accounts.get("x").new_transaction_id() != first


def test_renewed_ids_are_those_of_no_other_start() -> None:
    def ids(*, renewed: bool) -> set[str]:
        made = Accounts(Settings(), ManualClock(), "s")
        made.get("a").new_transaction_id()
        made.get("b")
        if renewed:
            made.renew_ids()
        return {made.get(key).new_transaction_id() for key in ("a", "b", "c")}

    assert ids(renewed=False) == ids(renewed=False)
    assert len(ids(renewed=False) | ids(renewed=True) | ids(renewed=True)) == 9


def test_each_account_gets_the_scenario_with_its_own_counters() -> None:
    scenario = a_scenario(a_rule("rule", times=1), credit=5)
    made = Accounts(Settings(), ManualClock(), "tests", scenario)
    one, other = made.get("a"), made.get("b")
    assert [account.credit for account in (one, other)] == [5, 5]
    one.charge(1)
    one.rules.rules[0].count_match()
    assert (other.credit, other.rules.rules[0].applied) == (5, 0)


def test_peek_returns_an_unused_account_without_storing_it() -> None:
    made = Accounts(Settings(), ManualClock(), "tests", a_scenario(credit=5))
    assert made.peek("a").credit == 5
    assert keys(made) == []


def test_new_accounts_get_the_active_scenario_until_a_reset() -> None:
    first, second = a_scenario(sender="first"), a_scenario(sender="second")
    made = Accounts(Settings(), ManualClock(), "tests", first)
    made.scenario = second
    assert made.get("a").sender == "second"
    made.delete(made.get("a"))
    assert made.get("a").sender == "second"
    made.delete_all()
    assert made.get("a").sender == "first"
    assert made.scenario is first


def test_new_accounts_get_the_faults_of_all_until_a_reset() -> None:
    made = accounts()
    made.faults.update({3: (a_rule("older"), NOON + SECOND), 5: (a_rule("newer"), NOON + 2 * SECOND)})
    faults = [(live.rule.label, live.fault_id, live.until) for live in made.get("a").faults.rules]
    assert faults == [("newer", 5, NOON + 2 * SECOND), ("older", 3, NOON + SECOND)]
    made.delete_all()
    assert made.faults == {}
    assert not made.get("a").faults


def test_tokens_of_deleted_and_evicted_accounts_are_unknown() -> None:
    world = World(max_accounts=1)
    message = world.send()
    token = token_of(message.transaction_id)
    assert world.engine.accounts.by_token(token) == (world.account, message)
    world.engine.account("another")
    assert world.engine.accounts.by_token(token) is None
    again = world.send()
    world.engine.accounts.delete(world.account)
    assert world.engine.accounts.by_token(token_of(again.transaction_id)) is None


def test_account_is_found_by_key_and_id_until_it_is_deleted() -> None:
    made = accounts()
    assert made.by_key("a") is None
    account = made.get("a")
    assert made.by_key("a") is made.by_id(account.id) is account
    made.delete(account)
    assert (made.by_key("a"), made.by_id(account.id)) == (None, None)


def detached(key: AccountKey, messages: int = 0, **options: Any) -> Account:
    account = Account(key, Settings(**options), Clock(), "tests", Numbering())
    fill(account, messages, 0)
    return account


def without_key(key: str) -> AccountKey:
    return AccountKey.of(key)._replace(value=None)


def test_account_without_its_key_is_found_by_key_and_gets_it_at_the_first_use() -> None:
    made = accounts()
    account = detached(without_key("shop-42"))
    made.install(account)
    assert made.by_key("shop-42") is made.peek("shop-42") is made.by_id(account.id) is account
    assert made.holds(account)
    assert keys(made) == [None]
    assert made.get("shop-42") is made.get("shop-42") is account
    assert (keys(made), account.shown_key) == (["shop-42"], "shop…")


def test_account_without_its_key_is_used_deleted_and_evicted() -> None:
    made = accounts(max_accounts=2)
    first, second = detached(without_key("first")), detached(without_key("second"))
    for account in (first, second):
        made.install(account)
    made.use(first)
    assert [*made] == [second, first]
    made.get("third")
    assert [*made.latest_first()] == [made.get("third"), first]
    made.delete(first)
    assert keys(made) == ["third"]
    assert made.get("first") is not first


def test_accounts_whose_digests_begin_alike_replace_each_other() -> None:
    made = accounts()
    forged = AccountKey.of("shop")
    forged = AccountKey(forged.id + "0" * 52, "forg…")
    account = detached(forged)
    made.install(account)
    assert made.by_key("shop") is None
    assert made.get("shop") is not account
    assert not made.holds(account)
    assert (keys(made), made.evicted().accounts) == (["shop"], 1)
    made.install(detached(forged))
    assert keys(made) == [None]


def test_installed_account_replaces_the_one_of_its_key_and_knows_the_key() -> None:
    made = accounts()
    before = made.get("shop-42")
    fill(before, 2, 1)
    account = detached(without_key("shop-42"), messages=3)
    made.install(account)
    assert (account.key, account.shown_key) == ("shop-42", "shop…")
    assert [*made] == [account]
    assert made.get("shop-42") is account
    assert not made.holds(before)
    assert made.totals() == Totals(1, 3, 0)
    assert made.budget.used == account.share.used + Journal(1).share.used


def test_installed_account_shares_numbers_and_real_time_and_its_links_work() -> None:
    clock = ManualClock()
    made = accounts(clock)
    account = detached(AccountKey.of("shop"), messages=3)
    made.install(account, latest=3)
    clock.advance(60)
    assert account.clock.now() == clock()
    assert (made.numbering.latest, account.used_at) == (3, 0)
    message = account.messages.at(3)
    assert message is not None
    token = token_of(message.transaction_id)
    assert made.by_token(token) == (account, message)
    assert account.numbering.take() == made.get("other").numbering.latest == 4
    account.messages.clear()
    assert made.by_token(token) is None


def test_token_of_two_messages_finds_the_first() -> None:
    made = accounts()
    other, account = made.get("other"), detached(AccountKey.of("shop"), messages=1)
    fill(other, 1, 0)
    made.install(account, latest=1)
    message = other.messages.at(1)
    assert message is not None
    for each in (account, other):
        assert made.by_token(token_of(message.transaction_id)) == (other, message)
        each.messages.clear()
    assert made.by_token(token_of(message.transaction_id)) is None


def test_installed_account_is_the_latest_used_one() -> None:
    made = accounts()
    made.numbering.take()
    made.get("other")
    account = detached(AccountKey.of("shop"))
    made.install(account)
    assert [*made.latest_first()] == [account, made.by_key("other")]
    cursor = made.numbering.latest
    assert [*made.latest_first(after=cursor - 1)] == [account]
    made.get("other")
    assert [*made.latest_first(after=cursor)] == [made.by_key("other")]
    later = detached(AccountKey.of("later"))
    later.used_at = 40
    made.install(later, latest=40)
    assert (later.used_at, made.numbering.latest) == (40, 40)


def test_installing_keeps_the_limits() -> None:
    made = accounts(max_accounts=1, max_memory=1_000_000)
    made.get("other")
    account = detached(AccountKey.of("shop"))
    for number in range(1, 5):
        account.messages.add(a_message(number)._replace(size=300_000))
    made.install(account)
    assert keys(made) == ["shop"]
    assert made.budget.used <= 1_000_000
    assert made.evicted().messages > 0
