"""New messages: what all messages of one send have in common, worked out once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from mocksms.engine.account import Account
from mocksms.engine.messages import TOKEN_LENGTH
from mocksms.engine.patterns import RegexBudget
from mocksms.engine.rules import Subject
from mocksms.sms import lifecycle
from mocksms.sms.message import DEFAULT_POLICY, CallbackPolicy, History, Message, Recipient, Submission
from mocksms.sms.numbers import PhoneNumber
from mocksms.sms.segments import count_segments
from mocksms.sms.text import Links, Template, filled


class Drafter:
    """Makes the messages of one send."""

    def __init__(
        self, account: Account, submission: Submission, template: Template, links: Links, request: int
    ) -> None:
        self.submission = submission
        self.now = account.clock.now()
        self.initial_history = lifecycle.begin(self.now, "accepted")
        self._account = account
        self._template = template
        self._links = links._replace(token="0" * TOKEN_LENGTH)
        self._request = request
        self._counted: dict[int, int] = {}
        self._texts: dict[int, str] = {}
        self._budget = RegexBudget()

    def draft(
        self,
        recipient: Recipient,
        number: PhoneNumber,
        due_at: datetime,
        segments: int,
        history: History,
        decided_by: str | None = None,
        callback_policy: CallbackPolicy = DEFAULT_POLICY,
    ) -> Message:
        """Return the message for a recipient, under the next number."""
        account = self._account
        return Message(
            transaction_id=account.new_transaction_id(),
            sequence=account.numbering.take(),
            mobile_number=recipient.mobile_number,
            digits=number.digits,
            sender=self.submission.sender or account.sender,
            fields=recipient.fields,
            submission=self.submission,
            segments=segments,
            request=self._request,
            created_at=self.now,
            due_at=due_at,
            history=history,
            decided_by=decided_by,
            callback_policy=callback_policy,
        )

    def subjects(self, recipients: Iterable[Recipient], parsed: Iterable[PhoneNumber]) -> list[Subject]:
        """Return the messages for all recipients as rules look at them before any is kept."""
        before: Counter[str] = Counter()
        subjects: list[Subject] = []
        for recipient, number in zip(recipients, parsed, strict=True):
            subjects.append(self.subject(recipient, number, before[number.digits]))
            before[number.digits] += 1
        return subjects

    def subject(self, recipient: Recipient, number: PhoneNumber, before: int = 0) -> Subject:
        """Return the message for a recipient as rules look at it when those kept and so many `before` it are there."""
        submission, account = self.submission, self._account
        return Subject(
            mobile_number=recipient.mobile_number,
            digits=number.digits,
            content=self._filled(recipient),
            sender=submission.sender or account.sender,
            tags=submission.tags,
            charset=submission.charset,
            wants_async=submission.wants_async,
            nth=account.messages.nth(number.digits, account.numbering.latest + 1) + before,
            count_segments=partial(self.segments, recipient),
            budget=self._budget,
        )

    def _filled(self, recipient: Recipient) -> str:
        """Return the content for a recipient; recipients of like texts share one, however many they are."""
        text = id(recipient.fields)
        if text not in self._texts:
            self._texts[text] = self._template.fill(recipient.fields)
        return self._texts[text]

    def segments(self, recipient: Recipient) -> int:
        """Return what the text for a recipient takes.

        A stand-in token measures as well as the real one, which has the same length: so texts differ by fields only.
        """
        text = id(recipient.fields) if self._template.placeholders else 0
        count = self._counted.get(text)
        if count is None:
            shown = self._template.text(recipient.fields, self._links)
            count = self._counted[text] = count_segments(shown).count
        return count


def subject_of(account: Account, message: Message) -> Subject:
    """Return a message that is kept as rules look at it."""
    submission = message.submission
    return Subject(
        mobile_number=message.mobile_number,
        digits=message.digits,
        content=filled(message),
        sender=message.sender,
        tags=submission.tags,
        charset=submission.charset,
        wants_async=submission.wants_async,
        nth=account.messages.nth(message.digits, message.sequence),
        count_segments=lambda: message.segments,
    )
