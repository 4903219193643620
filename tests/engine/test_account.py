from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest

from mocksms.engine.account import Account, Reply, fresh_seed
from mocksms.engine.clock import Clock
from mocksms.engine.keys import AccountKey
from mocksms.engine.logs import Numbering
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.rules import NO_SCENARIO
from mocksms.engine.steps import finish
from mocksms.settings import Settings
from mocksms.sms.message import State
from tests.engine.support import World, a_message, a_rule, a_scenario
from tests.support import KEY, NOON, NUMBER, ManualClock


def account(key: str = KEY, seed: str = "tests", **options: Any) -> Account:
    return Account(AccountKey.of(key), Settings(**options), Clock(ManualClock()), seed, Numbering())


def test_new_account_has_the_values_of_the_settings() -> None:
    made = account(
        credit=7, gateway=False, rest_right=False, sender="Shop", unsubscribed=("1",), bounced=("2",), kosher=("3",)
    )
    assert (made.credit, made.gateway, made.rest_right, made.sender) == (7, False, False, "Shop")
    assert (made.unsubscribed, made.bounced, made.kosher) == ({"1"}, {"2"}, {"3"})
    assert made.agenda.is_empty
    assert not made.waiting_for_credit
    assert len(made.replies) == 0


@pytest.mark.ledger("number.local")
@pytest.mark.parametrize(
    ("accepted", "digits"), [(True, "972541111111"), (False, "0541111111")], ids=["accepted", "not accepted"]
)
@pytest.mark.parametrize("listed", ["unsubscribed", "bounced", "kosher"])
def test_accepted_local_number_in_a_list_gets_the_country_code(listed: str, accepted: bool, digits: str) -> None:
    options: dict[str, Any] = {listed: ("054-1111111", "+1 202 555 0123")}
    made = account(accept_local_numbers=accepted, **options)
    assert getattr(made, listed) == {digits, "12025550123"}


def test_accounts_do_not_share_number_lists() -> None:
    settings = Settings(unsubscribed=("1",))
    one, other = (Account(AccountKey.of(key), settings, Clock(ManualClock()), "tests", Numbering()) for key in "ab")
    one.opt_out("2")
    assert other.unsubscribed == {"1"}


@pytest.mark.ledger("send.transaction-id")
def test_transaction_id_is_32_lower_case_hex_digits() -> None:
    made = account()
    ids = [made.new_transaction_id() for _ in range(100)]
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    assert len(set(ids)) == 100


@pytest.mark.parametrize(
    ("other", "same"),
    [(account(), True), (account(seed="others"), False), (account(key="other"), False)],
    ids=["same key and seed", "other seed", "other key"],
)
def test_seed_and_key_determine_transaction_ids(other: Account, same: bool) -> None:
    assert (account().new_transaction_id() == other.new_transaction_id()) is same


class Stammering(Random):
    """Chance that says everything twice."""

    def __init__(self) -> None:
        super().__init__(0)
        self._said = b""

    def randbytes(self, n: int) -> bytes:
        said, self._said = self._said, b""
        if not said:
            said = self._said = super().randbytes(n)
        return said


def test_transaction_id_in_use_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setattr(world.account, "_random", Stammering())
    accepted = world.submit(*["972-54-1111111"] * 3)
    assert len({message.transaction_id for message in accepted.messages}) == 3


@pytest.mark.parametrize(
    ("credit", "segments", "covered", "left"),
    [(None, 10**9, True, None), (3, 3, True, 0), (3, 4, False, 0), (0, 1, False, 0), (5, 2, True, 3)],
    ids=["no limit", "just enough", "one short", "none", "some left"],
)
def test_credit_never_falls_below_zero(credit: int | None, segments: int, covered: bool, left: int | None) -> None:
    made = account(credit=credit)
    assert made.can_pay(segments) is covered
    made.charge(segments)
    assert made.credit == left


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("mocksms.engine.account.MAX_STALE_WAITING", 10)
    return 10


def test_evicted_messages_do_not_wait_for_credit(slack: int) -> None:
    world = World(credit=0, max_messages=2)
    longest = 0
    for _ in range(100):
        world.submit()
        longest = max(longest, len(world.account.waiting_for_credit))
    assert longest == slack + 2 + 1
    world.controls.set_credit(world.account, 5)
    assert not world.account.waiting_for_credit
    assert world.account.credit == 3


def test_messages_that_wait_keep_their_order_when_others_are_removed(slack: int) -> None:
    made = account(max_messages=4)
    for sequence in range(1, slack + 6):
        made.messages.add(a_message(sequence))
        made.wait_for_credit(sequence)
    made.messages.add(a_message(slack + 6))
    made.wait_for_credit(slack + 6)
    assert list(made.waiting_for_credit) == [slack + 3, slack + 4, slack + 5, slack + 6]


def test_replies_have_the_limit_of_messages() -> None:
    made = account(max_messages=2)
    for number, text in enumerate("abc", 1):
        made.replies.add(number, Reply(number, NOON, "1", text))
    assert [sms.text for sms in made.replies.newest_first()] == ["c", "b"]


def test_replies_are_found_by_phone_until_they_are_evicted() -> None:
    made = account(max_messages=3)
    for number, digits in enumerate("1212", 1):
        made.replies.add(number, Reply(number, NOON, digits, f"{number}"))
    assert [sms.text for sms in made.replies.of("2")] == ["4", "2"]
    assert [sms.text for sms in made.replies.of("2", before=4)] == ["2"]
    assert [sms.text for sms in made.replies.of("1")] == ["3"]
    assert [sms.text for sms in made.replies.of("1", after=3)] == []
    made.replies.add(5, Reply(5, NOON, "3", "5"))
    made.replies.add(6, Reply(6, NOON, "3", "6"))
    assert list(made.replies.index.latest_of_each()) == [(6, "3"), (4, "2")]


def test_messages_and_requests_have_their_limits() -> None:
    made = account(max_messages=1)
    made.messages.add(a_message(1))
    made.messages.add(a_message(2))
    assert (len(made.messages), made.messages.evicted) == (1, 1)


def test_fresh_seeds_are_eight_hex_digits_and_differ() -> None:
    seeds = {fresh_seed() for _ in range(10)}
    assert all(re.fullmatch("[0-9a-f]{8}", seed) for seed in seeds)
    assert len(seeds) > 1


def test_new_account_has_no_rules_and_faults() -> None:
    made = account()
    assert made.scenario is NO_SCENARIO
    assert not made.rules
    assert not made.faults


def test_scenario_sets_only_the_account_values_that_it_has() -> None:
    made = account(credit=7, sender="Shop", bounced=("1",), kosher=("3",))
    scenario = a_scenario(a_rule("rule"), credit=None, gateway=False, bounced={"2"})
    made.apply_scenario(scenario)
    assert (made.credit, made.gateway, made.bounced) == (None, False, {"2"})
    assert (made.sender, made.rest_right, made.kosher, made.unsubscribed) == ("Shop", True, {"3"}, set())
    assert made.scenario is scenario
    assert [live.rule for live in made.rules.rules] == [*scenario.rules]


def test_account_does_not_change_the_lists_of_its_scenario() -> None:
    scenario = a_scenario(unsubscribed={"1"})
    one, other = account("a"), account("b")
    for made in (one, other):
        made.apply_scenario(scenario)
    one.opt_out("2")
    assert other.unsubscribed == scenario.account_values["unsubscribed"] == {"1"}


def test_activated_scenario_has_counters_at_zero_and_keeps_account_values() -> None:
    world = World(a_scenario(a_rule("rule", times=1), credit=5))
    assert world.send().state is State.BOUNCED
    assert world.send().state is State.SENT
    assert world.account.credit == 4
    world.account.activate(world.account.scenario)
    assert world.send().state is State.BOUNCED
    assert world.account.credit == 4


def test_random_rules_of_an_account_do_not_depend_on_its_generation() -> None:
    def drawn(key: str, generation: int) -> list[bool]:
        made = Account(AccountKey.of(key), Settings(), Clock(ManualClock()), "tests", Numbering(), generation)
        made.activate(a_scenario(a_rule("rule", probability=0.5)))
        return [made.rules.rules[0].count_match() for _ in range(50)]

    assert drawn("a", 0) == drawn("a", 3)
    assert drawn("a", 0) != drawn("b", 0)


def test_generations_of_an_account_have_different_ids() -> None:
    ids = [
        Account(AccountKey.of(KEY), Settings(), Clock(ManualClock()), "tests", Numbering(), each).new_transaction_id()
        for each in (0, 1, 2)
    ]
    assert len(set(ids)) == 3


def test_copy_keeps_what_was_stored() -> None:
    world = World()
    message = world.send(unsubscribe_reply=True)
    world.controls.reply(world.account, NUMBER, "Hello")
    stored = world.account.copy()
    world.send()
    world.controls.reply(world.account, NUMBER, "STOP")
    world.controls.delete_all(world.account)
    assert finish(stored.messages.search(MessageQuery(), 10)) == [message]
    assert stored.messages.nth(message.digits, message.sequence) == 1
    assert [reply.text for reply in stored.replies.newest_first()] == ["Hello"]
    assert not len(stored.journal)
