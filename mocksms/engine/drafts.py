"""Drafts: creates the messages of one send request, and computes what they share once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cached_property, partial
from typing import Final

from mocksms.engine.account import Account
from mocksms.engine.facts import MessageFacts
from mocksms.engine.messages import initial_size, size_of_fields
from mocksms.engine.patterns import SEND_TIMEOUT, TEXT_TIMEOUT, RegexBudget
from mocksms.engine.steps import Steps
from mocksms.settings import Settings
from mocksms.sms.message import Message, Recipient, Submission, Timeline
from mocksms.sms.numbers import PhoneNumber
from mocksms.sms.outcomes import Outcome
from mocksms.sms.segments import count_segments
from mocksms.sms.sizes import shared_size
from mocksms.sms.surrogates import well_formed
from mocksms.sms.text import Template, TextPolicy, content_of

UNDECIDED: Final = Outcome(steps=(), decided_by="")
"""The outcome of a message that is processed later."""


class Drafter:
    """Creates the messages of one send, `count` of them."""

    def __init__(
        self,
        account: Account,
        submission: Submission,
        template: Template,
        policy: TextPolicy,
        request: int,
        count: int = 1,
    ) -> None:
        self.submission = submission
        self.now = account.clock.now()
        self._account = account
        self._template = template
        self._policy = policy
        self._request = request
        self._initial_size = initial_size(submission, count)
        self._counted: dict[int, int] = {}

    def draft(
        self,
        recipient: Recipient,
        number: PhoneNumber,
        due_at: datetime,
        segments: int,
        timeline: Timeline,
        outcome: Outcome = UNDECIDED,
    ) -> Message:
        """Create the message to a recipient, with the next number."""
        account = self._account
        mobile_number, fields = recipient
        size = self._initial_size + len(mobile_number)
        if fields:
            size += size_of_fields(fields)
        return Message(
            account.new_transaction_id(),
            account.numbering.take(),
            mobile_number,
            number.digits,
            self.submission.sender or account.sender,
            fields,
            self.submission,
            segments,
            self._request,
            self.now,
            due_at,
            timeline,
            outcome.decided_by or None,
            (),
            outcome.callback_policy,
            outcome.reactions,
            shared_size(size),
        )

    def all_facts(self, recipients: Iterable[Recipient], parsed: Iterable[PhoneNumber]) -> Steps[list[MessageFacts]]:
        """Return what rules match on for the messages to all recipients, before any is stored."""
        return self._facts.of_all(recipients, parsed)

    def facts(self, recipient: Recipient, number: PhoneNumber) -> MessageFacts:
        """Return what rules match on for the next message, the one to a recipient."""
        return self._facts.of_next(recipient, number)

    @cached_property
    def _facts(self) -> SendFacts:
        """Created when needed: most sends have no rules to match."""
        return SendFacts(self._account, self.submission, self._template, self.segments)

    def segments(self, recipient: Recipient) -> int:
        """Return the number of segments of the text for a recipient; texts differ by fields only."""
        key = id(recipient.fields) if self._template.placeholders else 0
        count = self._counted.get(key)
        if count is None:
            count = self._counted[key] = count_segments(self._template.counted(recipient.fields, self._policy)).count
        return count


class SendFacts:
    """What rules match on for the messages of one send. `segments` counts those of the text for a recipient."""

    def __init__(
        self, account: Account, submission: Submission, template: Template, segments: Callable[[Recipient], int]
    ) -> None:
        self._account = account
        self._submission = submission
        self._template = template
        self._segments = segments
        self._sender = well_formed(submission.sender or "")
        self._tags = tuple(map(well_formed, submission.tags))
        self._charset = well_formed(submission.charset)
        self._texts: dict[int, str] = {}
        self._budget = RegexBudget(TEXT_TIMEOUT, SEND_TIMEOUT)
        self._fault_budget = RegexBudget(TEXT_TIMEOUT)
        self._fault_remarks: dict[str, None] = {}
        self._remarks: dict[int, dict[str, None]] = {}

    def of_all(self, recipients: Iterable[Recipient], parsed: Iterable[PhoneNumber]) -> Steps[list[MessageFacts]]:
        """Return what rules match on for the messages to all recipients, before any is stored."""
        before: Counter[str] = Counter()
        all_facts: list[MessageFacts] = []
        for recipient, number in zip(recipients, parsed, strict=True):
            nth = before[number.digits]
            all_facts.append(self._facts(recipient, number, self._fault_budget, self._fault_remarks, nth))
            before[number.digits] += 1
            yield
        return all_facts

    def of_next(self, recipient: Recipient, number: PhoneNumber) -> MessageFacts:
        """Return what rules match on for the next message, the one to a recipient."""
        self._budget.refill()
        remarks = self._remarks.setdefault(id(recipient.fields), {**self._fault_remarks})
        return self._facts(recipient, number, self._budget, remarks)

    def _facts(
        self, recipient: Recipient, number: PhoneNumber, budget: RegexBudget, remarks: dict[str, None], before: int = 0
    ) -> MessageFacts:
        """Return what rules match on for the message to a recipient, with `before` more messages to its number."""
        submission, account = self._submission, self._account
        return MessageFacts(
            mobile_number=recipient.mobile_number,
            digits=number.digits,
            content=self._filled(recipient),
            sender=self._sender or account.sender,
            tags=self._tags,
            charset=self._charset,
            wants_async=submission.wants_async,
            nth=account.messages.nth(number.digits, account.numbering.latest + 1) + before,
            count_segments=partial(self._segments, recipient),
            budget=budget,
            remarks=remarks,
        )

    def _filled(self, recipient: Recipient) -> str:
        """Return the content for a recipient as it is shown; recipients with the same fields share one string."""
        key = id(recipient.fields)
        if key not in self._texts:
            self._texts[key] = well_formed(self._template.fill(recipient.fields))
        return self._texts[key]


def facts_of(account: Account, message: Message) -> MessageFacts:
    """Return what rules match on for a stored message."""
    submission = message.submission
    return MessageFacts(
        mobile_number=message.mobile_number,
        digits=message.digits,
        content=well_formed(content_of(message)),
        sender=well_formed(message.sender),
        tags=tuple(map(well_formed, submission.tags)),
        charset=well_formed(submission.charset),
        wants_async=submission.wants_async,
        nth=account.messages.nth(message.digits, message.sequence),
        count_segments=lambda: message.segments,
    )


def text_policy(settings: Settings, url: str, opt_out_word: str) -> TextPolicy:
    """Return what the provider does to the texts of a mock that listens at a URL."""
    return TextPolicy(
        settings.public_url or url,
        opt_out_word,
        link_length=settings.link_length,
        needs_charset=settings.text_without_charset == "question-marks",
    )
