"""An account: everything that belongs to one API key."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from itertools import count
from random import Random, SystemRandom
from typing import Final, NamedTuple

from mocksms.engine.callbacks import Callback, CallbackQueue
from mocksms.engine.clock import Clock
from mocksms.engine.consents import ConsentLog
from mocksms.engine.journal import Journal
from mocksms.engine.logs import IndexedLog, Numbering
from mocksms.engine.messages import MessageStore
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, Rulebook
from mocksms.settings import Settings
from mocksms.sms import numbers
from mocksms.sms.message import State
from mocksms.sms.outcomes import Outcome, Reaction
from mocksms.sms.webhook import Webhook

MAX_KEY_LENGTH: Final = 256
"""Characters an API key may have."""

MAX_STALE_ACTIONS: Final = 1_000
MAX_ACTIONS_PER_MESSAGE: Final = 4
"""Entries of evicted messages are dropped once there are more than this, and never more than so many per message."""


class DecideAction(NamedTuple):
    """The vendor takes a queued message up and decides about it."""


class ReleaseAction(NamedTuple):
    """A queued message that was held by a rule is decided about as if nothing was ordered."""

    held: Outcome


class StepAction(NamedTuple):
    """A message takes a step that was ordered for it, in the words of who did."""

    state: State
    decided_by: str


Action = DecideAction | ReleaseAction | StepAction | Reaction
"""Something that happens to a message."""


class DueAction(NamedTuple):
    """Something that happens to the message `sequence` at an instant; `order` keeps ties in the order they were set."""

    at: datetime
    order: int
    sequence: int
    action: Action


class Reply(NamedTuple):
    """An SMS from a phone: when, from which number (digits), its text, and what it brought about in words."""

    number: int
    at: datetime
    digits: str
    text: str
    effect: str = ""


class ReplyLog(IndexedLog[Reply]):
    """What phones sent, by their numbers as compared, at most `limit` SMS; beyond it the oldest are evicted."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit, lambda sms: sms.digits)


class Account:
    """State of one API key. Holds; the engine acts.

    `id` names it where the key itself must not be shown. `credit` is in segments, None without limit. `waiting` are
    the sequences of messages out of credit, oldest first. `faults` go before `rules`, which are those of `scenario`.
    `generation` makes its ids others than those of the accounts its key had before. `webhooks` are called when
    something happens, by `callbacks`. `tokens` are the keys of all accounts by the tokens of messages in links.
    """

    def __init__(
        self,
        key: str,
        settings: Settings,
        clock: Clock,
        seed: str,
        numbering: Numbering,
        generation: int = 0,
        tokens: dict[str, str] | None = None,
    ) -> None:
        self.key = key
        self.id = account_id(key)
        self.clock = clock
        self.numbering = numbering
        self.credit = settings.credit
        self.gateway = settings.gateway
        self.rest_right = settings.rest_right
        self.sender = settings.sender
        self.force_unsubscribe_link = settings.force_unsubscribe_link
        self.webhooks: tuple[Webhook, ...] = settings.webhook + settings.automation_webhook
        self.unsubscribed = digits_of(settings.unsubscribed, settings)
        self.bounced = digits_of(settings.bounced, settings)
        self.kosher = digits_of(settings.kosher, settings)
        self.messages = MessageStore(settings.max_messages, key, tokens)
        self.journal = Journal(settings.max_requests)
        self.replies = ReplyLog(settings.max_messages)
        self.consents = ConsentLog(settings.max_consents)
        self.callbacks = CallbackQueue(settings.max_callbacks)
        self.waiting: dict[int, None] = {}
        self._agenda: list[DueAction] = []
        self._order = count()
        self._random = Random(f"{seed}\n{generation}\n{key}" if generation else f"{seed}\n{key}")
        self._seed = f"{seed}\n{key}"
        self._replays = Random(f"{self._seed}\nreplays")
        self.faults = Rulebook(seed=f"{self._seed}\nfaults")
        self.activate(NO_SCENARIO)

    def activate(self, scenario: ActiveScenario) -> None:
        """Live by the rules of a script from here on, every one of them unused."""
        self.scenario = scenario
        self.rules = Rulebook(scenario.rules, f"{self._seed}\nrules")

    def apply_scenario(self, scenario: ActiveScenario) -> None:
        """Begin with what a script says of accounts, and live by its rules."""
        self.activate(scenario)
        for name, value in scenario.state.items():
            setattr(self, name, set(value) if isinstance(value, set) else value)

    @property
    def idle(self) -> bool:
        """Whether nothing is on the agenda."""
        return not self._agenda

    @property
    def next_at(self) -> datetime | None:
        """When the next action on the agenda is due, None when there is none."""
        return self._agenda[0].at if self._agenda else None

    def new_transaction_id(self) -> str:
        """Return an id as the vendor writes them: 32 lower-case hex digits, never one that is in use here."""
        while True:
            candidate = self._random.randbytes(16).hex()
            if not self.messages.uses_token_of(candidate):
                return candidate

    def shuffle(self, listed: list[Callback]) -> None:
        """Put callbacks into an order that depends on nothing but the seed."""
        self._replays.shuffle(listed)

    def can_pay(self, segments: int) -> bool:
        """Return whether the credit covers that many segments."""
        return self.credit is None or self.credit >= segments

    def charge(self, segments: int) -> None:
        """Take segments off the credit; never below zero."""
        if self.credit is not None:
            self.credit = max(0, self.credit - segments)

    def plan(self, at: datetime, sequence: int, action: Action) -> None:
        """Put an action for a message on the agenda."""
        if len(self._agenda) > MAX_STALE_ACTIONS + MAX_ACTIONS_PER_MESSAGE * len(self.messages):
            self._forget_evicted()
        heapq.heappush(self._agenda, DueAction(at, next(self._order), sequence, action))

    def next_due(self, now: datetime) -> DueAction | None:
        """Take the earliest action off the agenda that is due, None when nothing is."""
        if self._agenda and self._agenda[0].at <= now:
            return heapq.heappop(self._agenda)
        return None

    def next_step_at(self, sequence: int) -> datetime | None:
        """Return when something is next due for a message, None when nothing is planned."""
        return min((due.at for due in self._agenda if due.sequence == sequence), default=None)

    def wait_for_credit(self, sequence: int) -> None:
        """Note that a message waits for credit."""
        if len(self.waiting) > MAX_STALE_ACTIONS + len(self.messages):
            self._forget_evicted()
        self.waiting[sequence] = None

    def _forget_evicted(self) -> None:
        """Drop what was meant for messages that are gone, so that neither list outgrows the messages for long."""
        self._agenda = [due for due in self._agenda if self.messages.at(due.sequence) is not None]
        heapq.heapify(self._agenda)
        self.waiting = {sequence: None for sequence in self.waiting if self.messages.at(sequence) is not None}


def account_id(key: str) -> str:
    """Return the name of an API key's account: 12 hex digits that do not tell the key."""
    return sha256(key.encode()).hexdigest()[:12]


def digits_of(listed: Iterable[str], settings: Settings) -> set[str]:
    """Return numbers as they are compared."""
    return {numbers.parse(number, accept_local=settings.accept_local_numbers).digits for number in listed}


def fresh_seed() -> str:
    """Return a seed nobody knows beforehand."""
    return f"{SystemRandom().getrandbits(32):08x}"
