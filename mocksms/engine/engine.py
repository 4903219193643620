"""The engine: accepts sends, lets messages live on their account's clock, and answers what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Final, NamedTuple

from mocksms.engine.account import Account, DecideAction, DueAction, ReleaseAction, Reply, StepAction, fresh_seed
from mocksms.engine.accounts import Accounts
from mocksms.engine.callbacks import Callback
from mocksms.engine.clock import system_time
from mocksms.engine.consents import Consent
from mocksms.engine.decisions import RULES_AFTER_CREDIT, Decisions
from mocksms.engine.drafts import Drafter, subject_of
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.messages import MessageQuery, token_of
from mocksms.engine.outbox import Outbox
from mocksms.engine.recipients import Recipients
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, ApiOperation, FaultTriggered, Subject, TriggeredFault
from mocksms.errors import MALFORMED_HTTP, MessageNotFound, UnknownMagicCode
from mocksms.settings import Settings
from mocksms.sms import lifecycle, numbers
from mocksms.sms.message import DEFAULT_POLICY, History, Message, Recipient, State, Submission
from mocksms.sms.numbers import PhoneNumber
from mocksms.sms.outcomes import AT_ONCE, Fault, Outcome, ReplyReaction
from mocksms.sms.replies import OptOutWords
from mocksms.sms.text import Links, Template, filled, links_in

MAX_MALFORMED_LINE: Final = 1_000
"""Bytes of a malformed request's first line that are kept."""


class ManualChange(StrEnum):
    """What a tester changed manually."""

    ACCOUNT = "account"
    CLOCK = "clock"
    DELETED = "deleted"
    RESET = "reset"
    SCENARIO = "scenario"
    FAULTS = "faults"


EngineEvent = Message | RecordedRequest | Reply | Consent | Callback | ManualChange
"""A message that was accepted or has taken a step, an exchange, an SMS from a phone, an opt-out or opt-in, a callback
that was planned, tried or is over, or a change by hand."""

Listener = Callable[[Account | None, EngineEvent], None]
"""Hears the news of every account; None stands for exchanges without one and changes of all."""


class Accepted(NamedTuple):
    """The messages of a send in the order of its recipients, as at the moment of the answer, and a fault to show."""

    messages: tuple[Message, ...]
    triggered: TriggeredFault | None


class Engine:
    """What happens in one mock. Not thread-safe: one loop, one engine.

    Args:
        settings: what every account starts with, and the rules.
        time: where real time comes from.
        url: where the mock listens; the links in its texts lead there unless a public address is set.
        script: what every account begins with, and the rules it lives by.
    """

    def __init__(
        self,
        settings: Settings,
        time: Callable[[], datetime] = system_time,
        url: str = "http://127.0.0.1:8972",
        scenario: ActiveScenario = NO_SCENARIO,
    ) -> None:
        self.settings = settings
        self.seed = settings.seed or fresh_seed()
        self.decisions = Decisions(settings)
        self.listeners: list[Listener] = []
        self.link_base = settings.public_url or url
        self.accounts = Accounts(settings, time, self.seed, scenario)
        self.outbox = Outbox(settings, self.accounts, self.emit)
        words = OptOutWords(settings.opt_out_word, settings.opt_in_word)
        self.recipients = Recipients(words, self.accounts.numbering, self.outbox, self.emit)
        self._with_due: dict[Account, None] = {}

    def account(self, key: str) -> Account:
        """Return the account of an API key, made on first use and brought up to date."""
        account = self.accounts.get(key)
        self.apply_due(account)
        return account

    @property
    def cursor(self) -> int:
        """The number of the latest message or exchange: what comes later has a higher one."""
        return self.accounts.numbering.latest

    def text_of(self, message: Message) -> str:
        """Return the text of a message as the phone shows it."""
        return Template(message.submission).text(message.fields, self._links(token_of(message.transaction_id)))

    def _links(self, token: str = "") -> Links:
        return Links(self.link_base, token, self.recipients.words.first_opt_out)

    def tick(self) -> None:
        """Apply what has become due in any account."""
        for account in tuple(self._with_due):
            if self.accounts.holds(account):
                self.apply_due(account)
            else:
                del self._with_due[account]

    def apply_due(self, account: Account) -> None:
        """Apply everything that has become due in an account, in time order."""
        if account.idle:
            return
        now = account.clock.now()
        while due := account.next_due(now):
            message = account.messages.at(due.sequence)
            if message is not None:
                self._apply_action(account, message, due)
        self._track_due(account)

    def _track_due(self, account: Account) -> None:
        """Let the ticker look after an account for as long as it has something on its agenda."""
        if account.idle:
            self._with_due.pop(account, None)
        else:
            self._with_due[account] = None

    def submit(
        self, account: Account, submission: Submission, recipients: Sequence[Recipient], request: int = 0
    ) -> Accepted:
        """Accept a send: one message for each recipient.

        Raises:
            UnknownMagicCode: a recipient is in the magic block but names no outcome.
            FaultTriggered: a recipient orders an answer that accepts nothing.
            TextTooLong: the text for a recipient is longer than the longest SMS.
            SendTooLarge: the texts of all recipients are too much to work on.
        """
        if account.force_unsubscribe_link and not submission.unsubscribe_link:
            submission = submission._replace(unsubscribe_link=True)
        parsed = [self.parse(recipient.mobile_number) for recipient in recipients]
        codes = self._codes(parsed, recipients)
        template = Template(submission)
        template.check(recipients)
        drafter = Drafter(account, submission, template, self._links(), request)
        triggered = self._ruled_fault(account, drafter, recipients, parsed) or self._magic_fault(codes)
        accept = self._accept_for_later if self._waits(submission, drafter.now) else self._accept_now
        messages = tuple(
            accept(account, drafter, recipient, number) for recipient, number in zip(recipients, parsed, strict=True)
        )
        self.apply_due(account)
        return Accepted(messages, triggered)

    def read_fault(self, account: Account, call: ApiOperation) -> TriggeredFault | None:
        """Return the fault a rule orders for a call that sends nothing.

        Raises:
            FaultTriggered: the fault leaves nothing to be read.
        """
        return self._fault_of(account, call, ())

    def find(self, account: Account, transaction_id: str) -> Message:
        """Return a message of an account.

        Raises:
            MessageNotFound: the account has none with this id.
        """
        message = account.messages.get(transaction_id)
        if message is None:
            raise MessageNotFound(transaction_id)
        return message

    def search(self, account: Account, query: MessageQuery, limit: int) -> list[Message]:
        """Return the newest `limit` messages of an account that match, newest first."""
        return account.messages.search(query, limit)

    def record_request(self, account: Account | None, exchange: RecordedRequest) -> None:
        """Enter an exchange into the journal of its account, or of those without one."""
        journal = self.accounts.unattributed if account is None else account.journal
        journal.add(exchange.number, exchange)
        self.emit(account, exchange)

    def record_malformed_request(self, raw: bytes, why: str) -> None:
        """Enter bytes that were no HTTP request, by their first line: further ones may hold a key."""
        first_line = raw.partition(b"\n")[0].strip()[:MAX_MALFORMED_LINE].decode("latin-1")
        method, _, target = first_line.partition(" ")
        exchange = RecordedRequest(
            number=self.accounts.numbering.take(),
            at=self.accounts.clock.now(),
            method=method,
            target=target,
            headers=b"",
            body=b"",
            body_size=0,
            status=400,
            response_body=why.encode(),
            response_size=len(why),
            response_headers=(),
            duration=0.0,
            note=f"malformed HTTP: {why}",
            refusal=MALFORMED_HTTP,
        )
        self.record_request(None, exchange)

    def step(self, account: Account, message: Message, state: State, at: datetime, cause: str) -> Message:
        """Let a message take one step, and what that means for its account happen.

        Raises:
            IllegalStep: its life does not allow it.
        """
        stepped = message._replace(history=lifecycle.step(message.history, state, at, cause))
        account.messages.replace(stepped)
        self._after_transition(account, stepped, message.history)
        return stepped

    def reevaluate(self, account: Account, message: Message) -> None:
        """Let a message that waited go the way of natural causes."""
        number = self.parse(message.mobile_number)
        outcome = self.decisions.decide_by_default(account, number, message.segments, RULES_AFTER_CREDIT)
        self._apply_outcome(account, message, outcome, account.clock.now())

    def emit(self, account: Account | None, news: EngineEvent) -> None:
        """Tell the listeners what has happened."""
        for listener in self.listeners:
            listener(account, news)

    def parse(self, mobile_number: str) -> PhoneNumber:
        """Read a number by this mock's settings."""
        return numbers.parse(mobile_number, accept_local=self.settings.accept_local_numbers)

    def _ruled_fault(
        self, account: Account, drafter: Drafter, recipients: Sequence[Recipient], parsed: Sequence[PhoneNumber]
    ) -> TriggeredFault | None:
        """Return the fault that a rule orders for a send and that lets it through."""
        if not account.rules and not account.faults:
            return None
        return self._fault_of(account, ApiOperation.SEND, drafter.subjects(recipients, parsed))

    def _fault_of(self, account: Account, call: ApiOperation, subjects: Sequence[Subject]) -> TriggeredFault | None:
        now = account.clock.now()
        triggered = account.faults.fault_of(call, subjects, now) or account.rules.fault_of(call, subjects, now)
        if triggered and not triggered.fault.accepts:
            raise FaultTriggered(triggered)
        return triggered

    def _codes(self, parsed: Sequence[PhoneNumber], recipients: Sequence[Recipient]) -> list[tuple[str, str]]:
        """Return the codes of the magic numbers among the recipients, each with its number.

        Raises:
            UnknownMagicCode: one is not in the catalogue.
        """
        catalogue = self.decisions.catalogue
        codes: list[tuple[str, str]] = []
        for index, number in enumerate(parsed):
            code = catalogue.code(number.digits)
            if code is not None:
                mobile_number = recipients[index].mobile_number
                if code not in catalogue.rows:
                    raise UnknownMagicCode(index, mobile_number, code, catalogue.rows)
                codes.append((code, mobile_number))
        return codes

    def _magic_fault(self, codes: Iterable[tuple[str, str]]) -> TriggeredFault | None:
        """Return the first fault among some magic numbers that lets the send through."""
        passing: TriggeredFault | None = None
        for code, mobile_number in codes:
            effect = self.decisions.catalogue.rows[code].effect
            if isinstance(effect, Fault):
                triggered = TriggeredFault(effect, f"magic number {code}", mobile_number)
                if not effect.accepts:
                    raise FaultTriggered(triggered)
                passing = passing or triggered
        return passing

    def _outcome(self, account: Account, number: PhoneNumber, segments: int, subject: Callable[[], Subject]) -> Outcome:
        """Return what becomes of a message that is taken up: what a rule orders, else what the mock decides."""
        ordered = account.rules.outcome_of(subject(), account.clock.now()) if account.rules else None
        if ordered is None or (ordered.release_after is not None and not ordered.release_after):
            natural = self.decisions.decide(account, number, segments)
            return natural if ordered is None else _released(natural, ordered)
        return ordered

    def _waits(self, submission: Submission, now: datetime) -> bool:
        return submission.wants_async or (submission.send_at is not None and submission.send_at > now)

    def _accept_for_later(
        self, account: Account, drafter: Drafter, recipient: Recipient, number: PhoneNumber
    ) -> Message:
        """Keep a new message and let it be taken up when its time has come."""
        send_at = drafter.submission.send_at
        is_scheduled = send_at is not None and send_at > drafter.now
        due_at = send_at if send_at and is_scheduled else drafter.now + self.settings.async_delay
        message = drafter.draft(recipient, number, due_at, drafter.segments(recipient), drafter.initial_history)
        account.messages.add(message)
        account.plan(due_at, message.sequence, DecideAction())
        self.emit(account, message)
        return message

    def _accept_now(self, account: Account, drafter: Drafter, recipient: Recipient, number: PhoneNumber) -> Message:
        """Decide about a new message at once and keep it."""
        now = drafter.now
        segments = drafter.segments(recipient)
        outcome = self._outcome(account, number, segments, partial(drafter.subject, recipient, number))
        history = _immediate_history(drafter.initial_history, outcome, now)
        message = drafter.draft(recipient, number, now, segments, history, outcome.decided_by, outcome.callback_policy)
        account.messages.add(message)
        _plan_later_steps(account, message.sequence, outcome, now)
        self._after_transition(account, message, drafter.initial_history)
        return message

    def _apply_outcome(self, account: Account, message: Message, outcome: Outcome, at: datetime) -> None:
        """Let a message that is already kept go the way of an outcome."""
        history = _immediate_history(message.history, outcome, at)
        callback_policy = (
            message.callback_policy if outcome.callback_policy == DEFAULT_POLICY else outcome.callback_policy
        )
        followed = message._replace(history=history, decided_by=outcome.decided_by, callback_policy=callback_policy)
        account.messages.replace(followed)
        _plan_later_steps(account, message.sequence, outcome, at)
        self._after_transition(account, followed, message.history)

    def _apply_action(self, account: Account, message: Message, due: DueAction) -> None:
        match due.action:
            case DecideAction():
                if message.state is State.QUEUED:
                    number, subject = self.parse(message.mobile_number), partial(subject_of, account, message)
                    self._apply_outcome(
                        account, message, self._outcome(account, number, message.segments, subject), due.at
                    )
            case ReleaseAction(held=held):
                if message.state is State.QUEUED:
                    number = self.parse(message.mobile_number)
                    natural = self.decisions.decide(account, number, message.segments)
                    self._apply_outcome(account, message, _released(natural, held), due.at)
            case StepAction(state=state, decided_by=decided_by):
                if state in lifecycle.NEXT[message.state]:
                    self.step(account, message._replace(decided_by=decided_by), state, due.at, decided_by)
            case _ if message.state is not State.SENT:
                return
            case ReplyReaction(text=text, opts_out=opts_out):
                why = message.decided_by or "" if opts_out else ""
                self.recipients.reply(account, message.digits, text, due.at, message, why)
            case _:
                for url in links_in(filled(message))[:1]:
                    self.recipients.click(account, message, 1, url, due.at)

    def _after_transition(self, account: Account, message: Message, known: History) -> None:
        """Settle what the steps beyond the known ones mean for the account, and tell the listeners."""
        if known[-1].state is State.NO_CREDIT:
            account.waiting.pop(message.sequence, None)
        for event in message.history[len(known) :]:
            if event.state is State.SENT:
                account.charge(message.segments)
            elif event.state is State.NO_CREDIT:
                account.wait_for_credit(message.sequence)
        self.emit(account, message)
        if account.webhooks:
            self.outbox.notify_steps(account, message, known)


def _released(natural: Outcome, held: Outcome) -> Outcome:
    """Return an outcome that a rule let pass, with what that rule adds: reactions, by the time it is sent."""
    decided_by = f"{natural.decided_by}; {held.decided_by} let it pass"
    sent_at = next((step.after for step in natural.steps if step.state is State.SENT), AT_ONCE)
    added = [reaction._replace(after=sent_at + reaction.after) for reaction in held.reactions]
    reactions = (*natural.reactions, *added)
    return Outcome(
        steps=natural.steps, decided_by=decided_by, reactions=reactions, callback_policy=held.callback_policy
    )


def _immediate_history(history: History, outcome: Outcome, at: datetime) -> History:
    """Return a history with the steps of an outcome that are due at once."""
    for ordered in outcome.steps:
        if not ordered.after:
            history = lifecycle.step(history, ordered.state, at, outcome.decided_by)
    return history


def _plan_later_steps(account: Account, sequence: int, outcome: Outcome, at: datetime) -> None:
    """Plan the steps of an outcome that come later, and what the recipient does."""
    if outcome.release_after is not None:
        account.plan(at + outcome.release_after, sequence, ReleaseAction(outcome))
        return
    for ordered in outcome.steps:
        if ordered.after:
            account.plan(at + ordered.after, sequence, StepAction(ordered.state, outcome.decided_by))
    for reaction in outcome.reactions:
        account.plan(at + reaction.after, sequence, reaction)
