"""Account: everything that is stored for one API key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from copy import copy
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from random import Random, SystemRandom
from typing import Final, Literal, NamedTuple, Protocol

from mocksms.engine.agenda import Agenda
from mocksms.engine.budget import Share
from mocksms.engine.callbacks import Callback, CallbackQueue
from mocksms.engine.clock import Clock
from mocksms.engine.counted_rule import RandomState
from mocksms.engine.facts import MessageFacts
from mocksms.engine.journal import Journal
from mocksms.engine.keys import AccountKey
from mocksms.engine.logs import IndexedLog, Numbering
from mocksms.engine.messages import MessageStore
from mocksms.engine.rulebook import Rulebook
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, ApiOperation, TriggeredFault, layered
from mocksms.engine.steps import Steps
from mocksms.settings import Settings
from mocksms.sms.message import DEFAULT_POLICY
from mocksms.sms.opt_out_words import ConsentChoice
from mocksms.sms.sizes import text_size
from mocksms.sms.webhook import Webhook

MAX_LABEL_LENGTH: Final = 500
"""Characters of the label of an account."""

TestOutcome = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed"]
"""How a test ended, in the words of pytest; `error` is one of its setup or teardown."""


class StoredFailure(Protocol):
    """An error that failed the test of an account."""

    @property
    def size(self) -> int:
        """The bytes that it takes, about."""


ACCOUNT_SIZE: Final = 9_000
"""Bytes of an account without records and without settings of its own."""

REPLY_SIZE: Final = 600
CONSENT_SIZE: Final = 400
LISTED_NUMBER_SIZE: Final = 130
WEBHOOK_SIZE: Final = 300
RULE_COUNTERS_SIZE: Final = 500
"""Bytes of the counters of a rule, which each account has."""

FAULT_SIZE: Final = 5_000

MAX_STALE_WAITING: Final = 1_000
"""Messages that wait for credit, beyond the number of stored ones, from which those that are evicted are removed."""


class RandomStates(NamedTuple):
    """The states of the random generators of an account, for ids and for replays; None for one that was not used."""

    ids: RandomState | None = None
    replays: RandomState | None = None


_DIGITS: Final = attrgetter("digits")


class Reply(NamedTuple):
    """An SMS from a phone: the number of the record, time, phone number (digits), text, and its effect as text.

    `reason` says why there is no effect; it is empty if there is one. `transaction_id` is that of the message it
    replies to, None if there is none.
    """

    number: int
    at: datetime
    digits: str
    text: str
    effect: str = ""
    reason: str = ""
    transaction_id: str | None = None


class Consent(NamedTuple):
    """An opt-out or opt-in of a number. `number` is the record number, `digits` the phone, `cause` a text.

    `transaction_id` is that of the message by which it came, None for a change of the account. `reply` is the record
    number of the reply that is its cause, 0 for none.

    Numbers that are opted out from the start, by options or a scenario, have no record.
    """

    number: int
    digits: str
    at: datetime
    choice: ConsentChoice
    cause: str
    transaction_id: str | None = None
    reply: int = 0


def _size_of_reply(reply: Reply) -> int:
    return REPLY_SIZE + text_size(reply.text)


def _size_of_consent(consent: Consent) -> int:
    return CONSENT_SIZE + text_size(consent.cause)


class NumberLists(NamedTuple):
    """The lists of numbers (digits) that accounts have from the start."""

    unsubscribed: frozenset[str]
    bounced: frozenset[str]
    kosher: frozenset[str]


def number_lists(settings: Settings) -> NumberLists:
    """Return the lists of numbers of the options."""
    listed = (settings.unsubscribed, settings.bounced, settings.kosher)
    return NumberLists(*(digits_of(numbers, settings) for numbers in listed))


class Account:
    """State of one API key; the engine acts on it.

    `digest`, the SHA-256 of the key in hex, and `id`, its beginning, identify it without revealing the key; `shown_key`
    is the shortened key. `key` is None where a snapshot without keys was restored and the key was not used since. All
    that is random derives from the digest. `label` says what it is for, such as the name of a test, and `test_outcome`
    how that test ended, None if it has not or if there is none; `test_failures` are the errors that failed it.
    `credit` is in segments, None without limit. `waiting_for_credit` has the sequences of messages without credit,
    oldest first. `faults` take precedence over `rules`, which are those of `scenario`. `generation` makes its
    transaction ids differ from those of accounts before with the same key. `share` counts what it keeps.
    `used_at` is the latest record number at its last use.
    """

    def __init__(
        self,
        key: AccountKey,
        settings: Settings,
        clock: Clock,
        seed: str,
        numbering: Numbering,
        generation: int = 0,
        lists: NumberLists | None = None,
    ) -> None:
        self.digest, self.shown_key, self.key = key
        self.id = key.id
        self.label = ""
        self.test_outcome: TestOutcome | None = None
        self.test_failures: Sequence[StoredFailure] = ()
        self.clock = clock
        self.numbering = numbering
        self.credit = settings.credit
        self.gateway = settings.gateway
        self.rest_right = settings.rest_right
        self.sender = settings.sender
        self.force_unsubscribe_link = settings.force_unsubscribe_link
        self.async_delay = settings.async_delay
        self.callback_policy = DEFAULT_POLICY
        self.webhooks: tuple[Webhook, ...] = settings.webhook + settings.automation_webhook
        # Frozen lists are shared by all accounts. An account has a set where it changes its own.
        self.unsubscribed: Set[str]
        self.bounced: Set[str]
        self.kosher: Set[str]
        self.unsubscribed, self.bounced, self.kosher = lists or number_lists(settings)
        self.used_at = 0
        self.share = Share()
        self.share.add(ACCOUNT_SIZE)
        self.messages = MessageStore(settings.max_messages, self.share)
        self.journal = Journal(settings.max_requests, self.share)
        self.replies: IndexedLog[Reply] = IndexedLog(settings.max_messages, _DIGITS, _size_of_reply, self.share)
        self.consents: IndexedLog[Consent] = IndexedLog(settings.max_consents, _DIGITS, _size_of_consent, self.share)
        self.callbacks = CallbackQueue(settings.max_callbacks, self.share)
        self.waiting_for_credit: dict[int, None] = {}
        self._settings_size = 0
        self.own_scenario_size = 0
        self.agenda = Agenda(self.messages)
        self.seed = seed
        self.generation = generation
        self._seed = f"{seed}\n{self.digest}"
        self.faults = Rulebook(seed=f"{self._seed}\nfaults")
        self._set_rules(NO_SCENARIO)

    @cached_property
    def _random(self) -> Random:
        """Makes the ids; created when needed, since that is slow."""
        generation = self.generation
        return Random(f"{self.seed}\n{generation}\n{self.digest}" if generation else self._seed)

    @cached_property
    def _replays(self) -> Random:
        return Random(f"{self._seed}\nreplays")

    @property
    def random_states(self) -> RandomStates:
        """The states of the random generators that were used."""
        used = (self.__dict__.get(name) for name in ("_random", "_replays"))
        return RandomStates(*(None if each is None else each.getstate() for each in used))

    def restore_random(self, states: RandomStates) -> None:
        """Set the states of the random generators."""
        if states.ids is not None:
            self._random.setstate(states.ids)
        if states.replays is not None:
            self._replays.setstate(states.replays)

    def renew_ids(self, generation: int) -> None:
        """Make later ids differ from those of other generations."""
        self.generation = generation
        self.__dict__.pop("_random", None)

    def activate(self, scenario: ActiveScenario, *, in_front: bool = False) -> None:
        """Activate the rules of a scenario, with counters at zero.

        They replace those in front, or all others; these keep their counters.
        """
        before, counters = self.scenario, self.rules.counters()
        ahead = len(before.front.rules)
        if in_front:
            self._set_rules(layered(scenario, before.behind))
            shift = len(scenario.rules) - ahead
            kept = {position + shift: state for position, state in counters.items() if position >= ahead}
        else:
            self._set_rules(layered(before.front, scenario))
            kept = {position: state for position, state in counters.items() if position < ahead}
        self.rules.restore_counters(kept)

    def _set_rules(self, scenario: ActiveScenario) -> None:
        self.scenario = scenario
        self.rules = Rulebook(scenario.rules, f"{self._seed}\nrules", scenario.index, len(scenario.front.rules))

    def has_faults(self, operation: ApiOperation) -> bool:
        """Whether a fault or rule can trigger a fault of an operation."""
        if self.faults.is_empty and self.rules.is_empty:
            return False
        return self.faults.has_faults(operation) or self.rules.has_faults(operation)

    def take_fault(self, operation: ApiOperation, messages: Sequence[MessageFacts]) -> Steps[TriggeredFault | None]:
        """Return the fault of a request: that of the first matching fault or rule; counts the match."""
        if self.faults.is_empty and self.rules.is_empty:
            return None
        now = self.clock.now()
        triggered = yield from self.faults.take_fault_in_steps(operation, messages, now)
        return triggered or (yield from self.rules.take_fault_in_steps(operation, messages, now))

    def copy(self) -> Account:
        """Return a copy with the records that are stored now, to be read while this account changes."""
        copied = copy(self)
        copied.messages, copied.journal, copied.replies = copy(self.messages), copy(self.journal), copy(self.replies)
        return copied

    def apply_scenario(self, scenario: ActiveScenario, *, is_own: bool = False, in_front: bool = False) -> None:
        """Set the account values of a scenario, and activate its rules as `activate` does.

        `is_own` says that no other account has the scenario.
        """
        own_size = self.own_scenario_size - self.scenario.front.size if in_front else scenario.size if is_own else 0
        self.activate(scenario, in_front=in_front)
        self.own_scenario_size = own_size + self.scenario.front.size
        for name in scenario.account_values:
            value = self.scenario.account_values[name]
            setattr(self, name, frozenset(value) if isinstance(value, set) else value)

    @property
    def paused_urls(self) -> frozenset[str]:
        """The URLs of paused webhooks."""
        return frozenset([webhook.url for webhook in self.webhooks if webhook.paused])

    def opt_out(self, digits: str) -> None:
        """Add a number to those that opted out."""
        self._change_unsubscribed(lambda numbers: numbers.add(digits))

    def opt_in(self, digits: str) -> None:
        """Remove a number from those that opted out."""
        self._change_unsubscribed(lambda numbers: numbers.discard(digits))

    def _change_unsubscribed(self, change: Callable[[set[str]], None]) -> None:
        numbers = self.unsubscribed
        if not isinstance(numbers, set):
            numbers = self.unsubscribed = set(numbers)
            self.count_settings()
        before = len(numbers)
        change(numbers)
        self._add_settings_size(LISTED_NUMBER_SIZE * (len(numbers) - before))

    def count_settings(self) -> None:
        """Count the bytes of the settings that the account does not share with others. Call it after each change."""
        lists = (self.unsubscribed, self.bounced, self.kosher)
        size = (
            LISTED_NUMBER_SIZE * sum(len(numbers) for numbers in lists if isinstance(numbers, set))
            + sum(WEBHOOK_SIZE + len(webhook.url) for webhook in self.webhooks)
            + RULE_COUNTERS_SIZE * len(self.rules)
            + FAULT_SIZE * (len(self.faults) + len(self.faults.removed))
            + self.faults.texts_size
            + self.own_scenario_size
            + sum(failure.size for failure in self.test_failures)
        )
        self._add_settings_size(size - self._settings_size)

    def _add_settings_size(self, size: int) -> None:
        self._settings_size += size
        self.share.add(size)

    def evict_oldest(self) -> bool:
        """Evict the oldest record of any kind; return whether there was one."""
        logs = (self.messages, self.journal, self.replies, self.consents, self.callbacks)
        oldest = min((log for log in logs if log.first), key=attrgetter("first"), default=None)
        if oldest is None:
            return False
        oldest.evict_oldest()
        return True

    def free(self) -> Steps[None]:
        """Free the memory of this deleted account."""
        for log in (self.messages, self.journal, self.replies, self.consents):
            yield from log.free()

    @property
    def next_due_at(self) -> datetime | None:
        """When the next planned action or callback is due, None if there is none."""
        return min(filter(None, (self.agenda.next_at, self.callbacks.next_at)), default=None)

    def new_transaction_id(self) -> str:
        """Return an unused id as the vendor writes them: 32 lower-case hex digits (observed, send.transaction-id)."""
        while True:
            candidate = self._random.randbytes(16).hex()
            if not self.messages.uses_token_of(candidate):
                return candidate

    def shuffle(self, listed: list[Callback]) -> None:
        """Shuffle callbacks; the seed determines the order."""
        self._replays.shuffle(listed)

    def can_pay(self, segments: int) -> bool:
        """Whether the credit is enough for some segments."""
        return self.credit is None or self.credit >= segments

    def charge(self, segments: int) -> None:
        """Subtract segments from the credit, down to zero."""
        if self.credit is not None:
            self.credit = max(0, self.credit - segments)

    def wait_for_credit(self, sequence: int) -> None:
        """Add a message to those that wait for credit."""
        if len(self.waiting_for_credit) > MAX_STALE_WAITING + len(self.messages):
            self._drop_stale_waiting()
        self.waiting_for_credit[sequence] = None

    def drop_plans_of_deleted(self) -> None:
        """Drop what is planned for messages that are no longer stored, and that they wait for credit."""
        self.agenda.drop_stale()
        self._drop_stale_waiting()

    def _drop_stale_waiting(self) -> None:
        stored = (each for each in self.waiting_for_credit if self.messages.at(each) is not None)
        self.waiting_for_credit = dict.fromkeys(stored)


def digits_of(listed: Iterable[str], settings: Settings) -> frozenset[str]:
    """Return the digits of numbers, for comparisons."""
    return frozenset(settings.parse_number(number).digits for number in listed)


def fresh_seed() -> str:
    """Return a random seed."""
    return f"{SystemRandom().getrandbits(32):08x}"


def fresh_generation() -> int:
    """Return a random generation, which no account had."""
    return SystemRandom().getrandbits(48)  # later ones are higher, and still exact numbers in any JSON
