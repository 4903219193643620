"""The engine compared with a simple model: sends, cancellations, credit and time, in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, invariant, multiple, rule

from mocksms.engine.account import Account
from mocksms.engine.controls import Controls
from mocksms.engine.engine import Engine
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.steps import finish
from mocksms.errors import IllegalStep, MessageNotFound, RequestRefused
from mocksms.settings import Settings
from mocksms.sms import lifecycle
from mocksms.sms.message import Message, Recipient, State, Submission
from tests.engine.support import a_request
from tests.support import NOON, NUMBER, ManualClock

KEYS: Final = ("shop", "bank")
CREDIT: Final = 2
ASYNC_DELAY: Final = 2
STOP: Final = "972-50-0000400"
LIFECYCLES: Final[dict[str, list[tuple[int, State]]]] = {
    "972-54-111111": [(0, State.INVALID)],
    "972-58-32XXXXX": [(0, State.KOSHER)],
    "972-50-0000000": [(0, State.SENT)],
    "972-50-0000100": [(5, State.SENT)],
    "972-50-0000200": [],
    STOP: [(0, State.SENT)],
    "972-50-0002000": [(0, State.UNSUBSCRIBED)],
    "972-50-0002300": [(0, State.SENT), (5, State.BOUNCED)],
    "972-50-0002400": [(5, State.CANCELLED)],
    "972-50-0003000": [(0, State.NO_CREDIT)],
    "972-50-0004100": [(0, State.NO_GATEWAY)],
    "972-50-0007100": [(0, State.SENT)],
}
"""States of a number and the seconds after which it enters them; any other number: sent if the credit covers it."""

TEXTS: Final = {"Hello": 1, "a" * 161: 2, "ש" * 135: 3}
"""Texts and their number of segments."""

keys = st.sampled_from(KEYS)
recipients = st.lists(st.just(NUMBER) | st.sampled_from([NUMBER, *LIFECYCLES]), min_size=1, max_size=3)
texts = st.sampled_from(sorted(TEXTS))
Wait = str | int | None
"""How a send waits: not at all (None), in the background ("async"), or for that many seconds."""

waits: st.SearchStrategy[Wait] = st.none() | st.just("async") | st.integers(-5, 20)

seconds = st.integers(0, 12)
credits_ = st.none() | st.integers(0, 6)


@dataclass
class Expected:
    number: str
    segments: int
    state: State = State.QUEUED


@dataclass
class Model:
    """The expected content of an account; times are seconds after noon."""

    credit: int | None = CREDIT
    ahead: int = 0
    messages: dict[str, Expected] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    agenda: list[tuple[int, int, str, State | str]] = field(default_factory=list)
    opted_out: set[str] = field(default_factory=set)
    requests: int = 0
    planned: int = 0

    def accept(self, transaction_id: str, number: str, segments: int, now: int, due: int | None) -> None:
        self.messages[transaction_id] = Expected(number, segments)
        if due is None:
            self.decide(transaction_id, now)
        else:
            self.plan(due, transaction_id, "decide")

    def plan(self, at: int, transaction_id: str, what: State | str) -> None:
        self.planned += 1
        self.agenda.append((at, self.planned, transaction_id, what))

    def apply_due(self, now: int) -> None:
        while due := sorted(entry[:3] for entry in self.agenda if entry[0] <= now):
            entry = next(entry for entry in self.agenda if entry[:3] == due[0])
            self.agenda.remove(entry)
            at, _, transaction_id, what = entry
            message = self.messages[transaction_id]
            if what == "decide" and message.state is State.QUEUED:
                self.decide(transaction_id, at)
            elif what == "stop" and message.state is State.SENT:
                self.opted_out.add(message.number)
            elif isinstance(what, State) and message.state in (State.QUEUED, State.SENT):
                self.enter(transaction_id, what)

    def decide(self, transaction_id: str, at: int) -> None:
        message = self.messages[transaction_id]
        if message.number in self.opted_out:
            self.enter(transaction_id, State.UNSUBSCRIBED)
            return
        if message.number not in LIFECYCLES:
            self.enter(transaction_id, State.SENT if self.covers(transaction_id) else State.NO_CREDIT)
            return
        for after, state in LIFECYCLES[message.number]:
            if after:
                self.plan(at + after, transaction_id, state)
            else:
                self.enter(transaction_id, state)
        if message.number == STOP:
            self.plan(at + 1, transaction_id, "stop")

    def enter(self, transaction_id: str, state: State) -> None:
        message = self.messages[transaction_id]
        message.state = state
        if transaction_id in self.waiting:
            self.waiting.remove(transaction_id)
        if state is State.NO_CREDIT:
            self.waiting.append(transaction_id)
        if state is State.SENT and self.credit is not None:
            self.credit = max(0, self.credit - message.segments)

    def set_credit(self, credit: int | None) -> None:
        self.credit = credit
        while self.waiting and self.covers(self.waiting[0]):
            self.enter(self.waiting[0], State.SENT)

    def covers(self, transaction_id: str) -> bool:
        return self.credit is None or self.credit >= self.messages[transaction_id].segments


class Engines(RuleBasedStateMachine):
    messages: Bundle[tuple[str, str]] = Bundle("messages")

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.engine = new_engine(self.clock)
        self.models = {key: Model() for key in KEYS}
        self.ends: dict[str, Message] = {}

    def now(self, model: Model) -> int:
        return round((self.clock.now - NOON).total_seconds()) + model.ahead

    def both(self, key: str) -> tuple[Account, Model]:
        model = self.models[key]
        model.apply_due(self.now(model))
        return self.engine.account(key), model

    @rule(target=messages, key=keys, to=recipients, text=texts, wait=waits)
    def send(self, key: str, to: list[str], text: str, wait: Wait) -> MultipleResults[tuple[str, str]]:
        account, model = self.both(key)
        sent = send(self.engine, account, to, text, wait)
        assert [message.mobile_number for message in sent] == to
        now = self.now(model)
        due: int | None = None
        if isinstance(wait, int) and wait > 0:
            due = now + wait
        elif wait == "async":
            due = now + ASYNC_DELAY
        for message in sent:
            model.accept(message.transaction_id, message.mobile_number, TEXTS[text], now, due)
            assert message.state is model.messages[message.transaction_id].state
        model.requests += 1
        return multiple(*((key, message.transaction_id) for message in sent))

    @rule(after=seconds)
    def wait(self, after: int) -> None:
        self.clock.advance(after)

    @rule(key=keys, after=seconds)
    def move_one_clock(self, key: str, after: int) -> None:
        account, model = self.both(key)
        account.clock.move_to(account.clock.now() + timedelta(seconds=after))
        model.ahead += after

    @rule(which=messages)
    def cancel(self, which: tuple[str, str]) -> None:
        key, transaction_id = which
        account, model = self.both(key)
        if model.messages[transaction_id].state in (State.QUEUED, State.NO_CREDIT):
            Controls(self.engine).cancel(account, transaction_id)
            model.enter(transaction_id, State.CANCELLED)
        else:
            with pytest.raises(IllegalStep):
                Controls(self.engine).cancel(account, transaction_id)

    @rule(key=keys, credit=credits_)
    def set_credit(self, key: str, credit: int | None) -> None:
        account, model = self.both(key)
        Controls(self.engine).set_credit(account, credit)
        model.set_credit(credit)

    @rule(which=messages, key=keys)
    def find_in_any_account(self, which: tuple[str, str], key: str) -> None:
        owner, transaction_id = which
        account, _ = self.both(key)
        if key == owner:
            assert self.engine.find(account, transaction_id).transaction_id == transaction_id
        else:
            with pytest.raises(MessageNotFound):
                self.engine.find(account, transaction_id)

    @rule(key=keys, to=recipients, refused=st.sampled_from(["972-50-0006300", "972-50-0009900"]))
    def send_refused(self, key: str, to: list[str], refused: str) -> None:
        account, _ = self.both(key)
        before = dump(self.engine)
        with pytest.raises(RequestRefused):
            send(self.engine, account, [*to, refused], "Hello", None)
        assert dump(self.engine) == before

    @rule(key=keys)
    def read(self, key: str) -> None:
        account, model = self.both(key)
        before = dump(self.engine)
        finish(account.messages.search(MessageQuery(words="hello"), 2))
        for transaction_id in model.messages:
            self.engine.find(account, transaction_id)
        assert dump(self.engine) == before

    @invariant()
    def accounts_equal_their_models(self) -> None:
        for key in KEYS:
            account, model = self.both(key)
            assert {message.transaction_id: message.state for message in messages_of(account)} == {
                transaction_id: expected.state for transaction_id, expected in model.messages.items()
            }
            assert account.credit == model.credit
            assert account.credit is None or account.credit >= 0
            assert len(account.waiting_for_credit) == len(model.waiting)
            assert len(account.unsubscribed) == len(model.opted_out)

    @invariant()
    def messages_are_numbered_and_requests_counted(self) -> None:
        for key in KEYS:
            account, model = self.both(key)
            sequences = [message.sequence for message in messages_of(account)]
            assert sequences == sorted(set(sequences))
            assert [message.transaction_id for message in messages_of(account)] == list(model.messages)
            assert len(account.journal) == model.requests
            numbers = [number for request in account.journal.newest_first() for number in request.messages]
            assert sorted(numbers) == sequences

    @invariant()
    def ids_are_unique_over_all_accounts(self) -> None:
        ids = [message.transaction_id for account in self.engine.accounts for message in messages_of(account)]
        assert len(set(ids)) == len(ids)

    @invariant()
    def every_step_is_legal_and_in_time_order(self) -> None:
        for account in self.engine.accounts:
            for message in messages_of(account):
                assert message.history[0].state is State.QUEUED
                for before, after in pairwise(message.history):
                    assert lifecycle.allows(before.state, after.state)
                    assert before.at <= after.at

    @invariant()
    def final_states_are_final(self) -> None:
        for account in self.engine.accounts:
            for message in messages_of(account):
                assert self.ends.get(message.transaction_id, message) == message
                if not lifecycle.following(message.state):
                    self.ends[message.transaction_id] = message


TestEngines = Engines.TestCase
TestEngines.settings = settings(TestEngines.settings, stateful_step_count=30)


def test_engine_agrees_with_the_model_after_one_of_each_operation() -> None:
    machine = Engines()
    for wait in (None, "async", 3):
        machine.send("shop", [NUMBER, *LIFECYCLES], "a" * 161, wait)
        machine.wait(1)
        machine.accounts_equal_their_models()
    machine.move_one_clock("shop", 4)
    machine.send_refused("shop", [NUMBER], "972-50-0006300")
    for transaction_id in list(machine.models["shop"].messages):
        machine.cancel(("shop", transaction_id))
        machine.find_in_any_account(("shop", transaction_id), "shop")
        machine.find_in_any_account(("shop", transaction_id), "bank")
    machine.send("bank", [NUMBER, NUMBER, NUMBER, STOP], "a" * 161, None)
    machine.send("bank", [STOP, NUMBER], "Hello", 3)
    machine.send("bank", [NUMBER], "ש" * 135, None)
    machine.send("bank", [NUMBER], "Hello", None)
    machine.wait(5)
    for credit in (3, 1, None):
        machine.set_credit("bank", credit)
        machine.accounts_equal_their_models()
        machine.read("bank")
    machine.accounts_equal_their_models()
    machine.messages_are_numbered_and_requests_counted()
    machine.ids_are_unique_over_all_accounts()
    for _ in range(2):
        machine.every_step_is_legal_and_in_time_order()
        machine.final_states_are_final()


Operation = Callable[[Engine, ManualClock], object]


def sending(key: str, to: list[str], text: str, wait: Wait) -> Operation:
    return lambda engine, _: send(engine, engine.account(key), to, text, wait)


def waiting(after: int) -> Operation:
    return lambda _, clock: clock.advance(after)


def setting_credit(key: str, credit: int | None) -> Operation:
    return lambda engine, _: Controls(engine).set_credit(engine.account(key), credit)


def cancelling(key: str) -> Operation:
    def cancel(engine: Engine, _: ManualClock) -> None:
        account = engine.account(key)
        for message in [message for message in messages_of(account) if message.state is State.QUEUED]:
            Controls(engine).cancel(account, message.transaction_id)

    return cancel


operations_ = st.lists(
    st.builds(sending, keys, recipients, texts, waits)
    | st.builds(waiting, seconds)
    | st.builds(setting_credit, keys, credits_)
    | st.builds(cancelling, keys),
    max_size=12,
)


@pytest.mark.ledger("send.transaction-id")
@given(operations_)
def test_same_seed_and_operations_give_the_same_state(operations: list[Operation]) -> None:
    assert state_after(operations) == state_after(operations)


def test_one_of_each_operation_gives_the_same_state() -> None:
    operations = [
        sending("shop", [NUMBER, "972-50-0000200"], "Hello", "async"),
        waiting(3),
        setting_credit("shop", 5),
        cancelling("shop"),
    ]
    assert state_after(operations) == state_after(operations)


def test_another_seed_gives_different_ids() -> None:
    operations = [sending("shop", [NUMBER], "Hello", None)]
    assert state_after(operations) != state_after(operations, seed="others")


def state_after(operations: list[Operation], seed: str = "tests") -> bytes:
    """Return the state of a new engine after some operations."""
    clock = ManualClock()
    engine = new_engine(clock, seed)
    for operation in operations:
        operation(engine, clock)
    return dump(engine)


def new_engine(clock: ManualClock, seed: str = "tests") -> Engine:
    return Engine(Settings(seed=seed, credit=CREDIT, async_delay=timedelta(seconds=ASYNC_DELAY)), clock)


def send(engine: Engine, account: Account, to: list[str], text: str, wait: Wait) -> tuple[Message, ...]:
    """Send, and record the request in the journal as the emulated API does."""
    now = account.clock.now()
    submission = Submission(
        text,
        unsubscribe_link=False,
        wants_async=wait == "async",
        send_at=now + timedelta(seconds=wait) if isinstance(wait, int) else None,
    )
    number = engine.accounts.numbering.take()
    messages = engine.submit(account, submission, [Recipient(each) for each in to], number).messages
    engine.record_request(account, a_request(number, tuple(message.sequence for message in messages)))
    return messages


def messages_of(account: Account) -> list[Message]:
    """Return the messages of an account, oldest first."""
    return finish(account.messages.search(MessageQuery(), 10**6))[::-1]


def dump(engine: Engine) -> bytes:
    """Return the whole state of an engine as text."""
    return repr([_account_state(account) for account in engine.accounts]).encode()


def _account_state(account: Account) -> list[object]:
    return [
        account.key,
        account.clock.now(),
        account.credit,
        sorted(account.unsubscribed),
        messages_of(account),
        list(account.replies.newest_first()),
        account.waiting_for_credit,
        account.agenda.actions,
        account._random.getstate(),
        list(account.journal.newest_first()),
    ]
