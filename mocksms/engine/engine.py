"""Engine: accepts sends, and processes messages on the clock of their account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from mocksms.engine.account import Account, Consent, Reply, fresh_seed
from mocksms.engine.accounts import Accounts
from mocksms.engine.agenda import DecideAction, DueAction, StepAction
from mocksms.engine.callbacks import Callback
from mocksms.engine.clock import system_time
from mocksms.engine.decisions import Decisions
from mocksms.engine.drafts import Drafter, facts_of, text_policy
from mocksms.engine.facts import MessageFacts
from mocksms.engine.holds import Holds
from mocksms.engine.journal import RecordedRequest, malformed_request
from mocksms.engine.messages import token_of
from mocksms.engine.outbox import Outbox
from mocksms.engine.recipients import Recipients
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, ApiOperation, RefusedByFault, TriggeredFault
from mocksms.engine.scheduling import SCHEDULED, Schedule
from mocksms.engine.state_names import free_states_of
from mocksms.engine.steps import Steps, finish
from mocksms.errors import MessageNotFound
from mocksms.settings import Settings
from mocksms.sms import lifecycle
from mocksms.sms.message import AnyState, FreeState, Message, Recipient, ReplyReaction, State, Submission, Timeline
from mocksms.sms.numbers import PhoneNumber
from mocksms.sms.opt_out_words import OptOutWords
from mocksms.sms.outcomes import AT_ONCE, Outcome
from mocksms.sms.text import ShownText, Template


class ManualChange(StrEnum):
    """What a tester changed manually."""

    ACCOUNT = "account"
    CLOCK = "clock"
    DELETED = "deleted"
    RESET = "reset"
    SCENARIO = "scenario"
    FAULTS = "faults"


EngineEvent = Message | RecordedRequest | Reply | Consent | Callback | ManualChange
"""A new or changed message, a request, a reply, an opt-out or opt-in, a new or changed callback, or a manual change."""

Listener = Callable[[Account | None, EngineEvent], None]
"""Receives the events of all accounts; the account is None for requests without one and changes of all."""


class Accepted(NamedTuple):
    """The messages of a send in the order of its recipients, as in its response, and the fault it triggered."""

    messages: tuple[Message, ...]
    triggered: TriggeredFault | None


class Engine:
    """The state and behaviour of one mock. Not thread-safe: one loop, one engine.

    Args:
        settings: the options.
        time: returns real time.
        url: where the mock listens; links in texts start with it unless `public_url` is set.
        scenario: active in every new account.
    """

    def __init__(
        self,
        settings: Settings,
        time: Callable[[], datetime] = system_time,
        url: str = "http://127.0.0.1:8972",
        scenario: ActiveScenario = NO_SCENARIO,
    ) -> None:
        self.settings = settings
        self.decisions = Decisions(settings)
        self._schedule = Schedule(settings)
        self.listeners: list[Listener] = []
        self.accounts = Accounts(settings, time, settings.seed or fresh_seed(), scenario)
        self.outbox = Outbox(settings, self.accounts, self.emit)
        self.holds = Holds(lambda account: self.emit(account, ManualChange.FAULTS))
        words = OptOutWords(settings.opt_out_word, settings.opt_in_word)
        self.recipients = Recipients(words, self.accounts.numbering, self.outbox, self.emit, settings.untracked_clicks)
        self.text_policy = text_policy(settings, url, words.first_opt_out)
        self._with_due: dict[Account, None] = {}

    def account(self, key: str) -> Account:
        """Return the account of an API key, created on first use, after applying what is due."""
        account = self.accounts.get(key)
        self.apply_due(account)
        return account

    def use(self, account: Account) -> Account:
        """Return a stored account, as `account` does."""
        self.accounts.use(account)
        self.apply_due(account)
        return account

    @property
    def accounts_with_due(self) -> list[Account]:
        """The accounts with planned actions, in the order in which they are looked at."""
        return [account for account in self._with_due if self.accounts.holds(account)]

    @property
    def seed(self) -> str:
        """The seed of all that is random."""
        return self.accounts.seed

    @property
    def cursor(self) -> int:
        """The number of the latest record; later ones have higher numbers."""
        return self.accounts.numbering.latest

    def free_states(self, account: Account | None) -> Iterator[FreeState]:
        """Iterate over the free states that messages of an account, or of all accounts for None, can have."""
        if self.settings.scheduled_status != "queued":
            yield SCHEDULED
        if account is None:
            yield from self.accounts.scenario.free_states
        yield from free_states_of(self.accounts if account is None else (account,))

    def text_of(self, message: Message) -> str:
        """Return the text of a message as the phone shows it."""
        return str(self.shown_text(message))

    def shown_text(self, message: Message) -> ShownText:
        """Return the text of a message as the phone shows it, with what counts for segments."""
        token = token_of(message.transaction_id)
        return Template(message.submission).shown(message.fields, self.text_policy, token)

    def tick(self) -> None:
        """Apply what is due in all accounts, without a pause."""
        finish(self.tick_in_steps())

    def tick_in_steps(self) -> Steps[None]:
        """Apply what is due in all accounts."""
        for account in tuple(self._with_due):
            if self.accounts.holds(account):
                yield from self.catch_up(account)
            else:
                self._with_due.pop(account, None)

    def apply_due(self, account: Account) -> None:
        """Apply what is due in an account, in time order, without a pause."""
        if not account.agenda.is_empty:
            finish(self.catch_up(account))

    def catch_up(self, account: Account) -> Steps[None]:
        """Apply what is due in an account, in time order."""
        if account.agenda.is_empty:
            return
        now = account.clock.now()
        while due := account.agenda.next_due(now):
            message = account.messages.at(due.sequence)
            if message is not None:
                self._apply_action(account, message, due)
                yield
        self.track_due(account)

    def track_due(self, account: Account) -> None:
        """Include an account in `tick` while it has planned actions."""
        if account.agenda.is_empty:
            self._with_due.pop(account, None)
        else:
            self._with_due[account] = None

    def submit(
        self, account: Account, submission: Submission, recipients: Sequence[Recipient], request: int = 0
    ) -> Accepted:
        """Accept a send without a pause: create one message for each recipient.

        Raises: as `submit_in_steps` does.
        """
        return finish(self.submit_in_steps(account, submission, recipients, request))

    def submit_in_steps(
        self, account: Account, submission: Submission, recipients: Sequence[Recipient], request: int = 0
    ) -> Steps[Accepted]:
        """Accept a send: create one message for each recipient.

        All is checked before the first message is stored. If the account is deleted during a pause, the send ends as if
        it had come before.

        Raises:
            UnknownMagicCode: a recipient is a magic number with an unknown code.
            RefusedByFault: a rule or a magic number triggers a fault that accepts nothing.
            TextTooLong: a text is longer than the longest SMS.
            SendTooLarge: the texts are too long together.
            InvalidRequest: `send_at` is later than an option allows.
            CreditRequired: an option makes scheduling require credit, and the account has none.
        """
        if account.force_unsubscribe_link and not submission.unsubscribe_link:
            submission = submission._replace(unsubscribe_link=True)
        parse, template = self.settings.parse_number, Template(submission)
        parsed: list[PhoneNumber] = []
        for recipient in recipients:
            if parsed:
                yield
            parsed.append(parse(recipient.mobile_number))
        codes = self.decisions.magic_codes(parsed, recipients)
        template.check(recipients)
        if submission.send_at is not None:
            self._schedule.check(account, submission)
        drafter = Drafter(account, submission, template, self.text_policy, request, len(recipients))
        triggered = None
        if account.has_faults(ApiOperation.SEND):
            facts = yield from drafter.all_facts(recipients, parsed)
            triggered = yield from self.trigger_rule_fault(account, ApiOperation.SEND, facts)
        # A rule takes precedence over a magic number, for faults as for outcomes.
        triggered = triggered or self.decisions.trigger_magic_fault(codes)
        due_at = self._schedule.due_at(account, submission, len(recipients), drafter.now)
        accept = self._accept_now
        if due_at is not None:
            timeline = self._schedule.initial_timeline(submission, len(recipients), drafter.now)
            accept = partial(self._accept_for_later, due_at, timeline)
        messages: list[Message] = []
        for recipient, number in zip(recipients, parsed, strict=True):
            if messages:
                yield
            messages.append(accept(account, drafter, recipient, number))
        if not account.agenda.is_empty:
            yield from self.catch_up(account)
        return Accepted(tuple(messages), triggered)

    def trigger_rule_fault(
        self, account: Account, operation: ApiOperation, messages: Sequence[MessageFacts] = ()
    ) -> Steps[TriggeredFault | None]:
        """Return the fault that a rule triggers for a request and its messages, None if there is none.

        Raises:
            RefusedByFault: the fault accepts nothing.
        """
        triggered = yield from account.take_fault(operation, messages)
        if triggered is not None and not triggered.fault.accepts:
            raise RefusedByFault(triggered)
        return triggered

    def find(self, account: Account, transaction_id: str) -> Message:
        """Return a message of an account.

        Raises:
            MessageNotFound: the account has none with this id.
        """
        message = account.messages.get(transaction_id)
        if message is None:
            raise MessageNotFound(transaction_id)
        return message

    def record_request(self, account: Account | None, request: RecordedRequest) -> None:
        """Add a request to the journal of its account, or to that of requests without one."""
        journal = self.accounts.unattributed if account is None else account.journal
        journal.add(request.number, request)
        self.emit(account, request)

    def record_malformed_request(self, raw: bytes, why: str, status: int = 400) -> None:
        """Record bytes that are not an HTTP request, and the response to them."""
        accounts = self.accounts
        self.record_request(None, malformed_request(accounts.numbering.take(), accounts.clock.now(), raw, why, status))

    def step(self, account: Account, message: Message, state: AnyState, at: datetime, cause: str) -> Message:
        """Move a message to its next state, with the effects on its account.

        Raises:
            IllegalStep: this step is not allowed.
        """
        timeline = lifecycle.step(message.timeline, state, at - message.created_at, cause)
        stepped = account.messages.replace(message._replace(timeline=timeline))
        self._after_transition(account, stepped, message.timeline)
        return stepped

    def decide_after_credit(self, account: Account, message: Message) -> None:
        """Decide a message that waited for credit by the default rules."""
        number = self.settings.parse_number(message.mobile_number)
        outcome = self.decisions.decide_by_default(account, number, message.segments, self.decisions.rules_after_credit)
        self._apply_outcome(account, message, outcome, account.clock.now())

    def emit(self, account: Account | None, event: EngineEvent) -> None:
        """Pass an event to all listeners."""
        for listener in self.listeners:
            listener(account, event)

    def _outcome(
        self, account: Account, number: PhoneNumber, segments: int, facts: Callable[[], MessageFacts]
    ) -> Outcome:
        """Decide about a message that is processed: by scenario rule, magic number, or default rules."""
        if account.rules.is_empty and account.faults.is_empty:
            return self.decisions.decide(account, number, segments)
        message = facts()
        outcome = account.rules.take_outcome(message, account.clock.now())
        if outcome is None:
            outcome = self.decisions.decide(account, number, segments)
        elif outcome.pass_through_after == AT_ONCE:
            outcome = self._passed_through(account, number, segments, outcome)
        if message.remarks:
            outcome = replace(outcome, decided_by=message.with_remarks(outcome.decided_by))
        return outcome

    def _passed_through(self, account: Account, number: PhoneNumber, segments: int, by_rule: Outcome) -> Outcome:
        """Return the outcome without a rule that passes the message through, plus the reactions of the rule."""
        outcome = self.decisions.decide(account, number, segments)
        return Outcome(
            steps=outcome.steps,
            decided_by=f"{outcome.decided_by}; passed through by {by_rule.decided_by}",
            reactions=(*outcome.reactions, *by_rule.reactions),
            callback_policy=by_rule.callback_policy,
        )

    def _accept_for_later(
        self,
        due_at: datetime,
        timeline: Timeline,
        account: Account,
        drafter: Drafter,
        recipient: Recipient,
        number: PhoneNumber,
    ) -> Message:
        """Store a new message, and plan its processing."""
        message = drafter.draft(recipient, number, due_at, drafter.segments(recipient), timeline)
        account.messages.add(message)
        account.agenda.plan(due_at, message.sequence, DecideAction())
        self.emit(account, message)
        return message

    def _accept_now(self, account: Account, drafter: Drafter, recipient: Recipient, number: PhoneNumber) -> Message:
        """Store a new message that is processed at once."""
        now = drafter.now
        segments = drafter.segments(recipient)
        outcome = self._outcome(account, number, segments, partial(drafter.facts, recipient, number))
        timeline = lifecycle.decide_at_once(outcome.steps, outcome.decided_by)
        message = drafter.draft(recipient, number, now, segments, timeline, outcome)
        account.messages.add(message)
        account.agenda.plan_outcome(message.sequence, outcome, now)
        self._after_transition(account, message, lifecycle.ACCEPTED)
        return message

    def _apply_outcome(self, account: Account, message: Message, outcome: Outcome, at: datetime) -> None:
        """Apply an outcome to a stored message."""
        after = at - message.created_at
        timeline = lifecycle.decide(message.timeline, outcome.steps, outcome.decided_by, after)
        changed = message._replace(
            timeline=timeline,
            decided_by=outcome.decided_by,
            callback_policy=outcome.callback_policy or message.callback_policy,
            reactions=outcome.reactions or message.reactions,
        )
        changed = account.messages.replace(changed)
        account.agenda.plan_outcome(message.sequence, outcome, at)
        self._after_transition(account, changed, message.timeline)

    def _apply_action(self, account: Account, message: Message, due: DueAction) -> None:
        match due.action:
            case DecideAction(by_rule=by_rule):
                if len(message.timeline) == 1:
                    number, segments = self.settings.parse_number(message.mobile_number), message.segments
                    outcome = (
                        self._outcome(account, number, segments, partial(facts_of, account, message))
                        if by_rule is None
                        else self._passed_through(account, number, segments, by_rule)
                    )
                    self._apply_outcome(account, message, outcome, due.at)
            case StepAction(state=state, decided_by=decided_by):
                if lifecycle.allows(message.state, state):
                    self.step(account, message._replace(decided_by=decided_by), state, due.at, decided_by)
            case _ if not message.is_on_phone:
                return
            case ReplyReaction(text=text, opts_out=opts_out):
                why = message.decided_by or "" if opts_out else ""
                self.recipients.reply(account, message.digits, text, due.at, message, why)
            case _:
                self.recipients.open_first_link(account, message, due.at)

    def _after_transition(self, account: Account, message: Message, before: Timeline) -> None:
        """Apply the effects of the steps since a timeline: credit, reactions of the recipient, callbacks."""
        if before[-1].state is State.NO_CREDIT:
            account.waiting_for_credit.pop(message.sequence, None)
        sent = lifecycle.first_sent(message.timeline)
        for step in message.timeline[len(before) :]:
            if step is sent:
                account.charge(message.segments)
                if message.reactions:
                    account.agenda.plan_reactions(message, message.created_at + step.after)
                    self.track_due(account)
            elif step.state is State.NO_CREDIT:
                account.wait_for_credit(message.sequence)
        self.emit(account, message)
        if account.webhooks:
            self.outbox.notify_steps(account, message, before)
