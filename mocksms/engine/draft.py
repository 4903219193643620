"""New messages: what all messages of one send have in common, worked out once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from mocksms.engine.account import Account
from mocksms.sms import lifecycle
from mocksms.sms.message import History, Message, Recipient, Submission
from mocksms.sms.numbers import PhoneNumber
from mocksms.sms.segments import count_segments
from mocksms.sms.text import Links, Template

TOKEN_LENGTH: Final = 12
"""Hex digits of the transaction id that stand for a message in its links."""


class Drafter:
    """Makes the messages of one send."""

    def __init__(
        self, account: Account, submission: Submission, template: Template, base_url: str, request: int
    ) -> None:
        self.submission = submission
        self.now = account.clock.now()
        self.born = lifecycle.begin(self.now, "accepted")
        self._account = account
        self._template = template
        self._links = Links(base_url, "0" * TOKEN_LENGTH)
        self._request = request
        self._counted: dict[int, int] = {}

    def draft(
        self,
        recipient: Recipient,
        number: PhoneNumber,
        due_at: datetime,
        segments: int,
        history: History,
        decided_by: str | None = None,
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
        )

    def segments(self, recipient: Recipient) -> int:
        """Return what the text for a recipient takes.

        A stand-in token measures as well as the real one, which has the same length: so texts differ by fields only.
        """
        text = id(recipient.fields) if self._template.placeholders else 0
        count = self._counted.get(text)
        if count is None:
            shown = self._template.shown(recipient.fields, self._links)
            count = self._counted[text] = count_segments(shown).count
        return count
