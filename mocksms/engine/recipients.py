"""What recipients do: they reply, open links, opt out and in; and who hears of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mocksms.engine.account import Account, InboundSms
from mocksms.engine.bounded import Numbering
from mocksms.engine.callbacks import Report
from mocksms.engine.consents import Consent
from mocksms.engine.outbox import Outbox, report_of
from mocksms.sms.message import USUAL, Click, Message
from mocksms.sms.replies import Choice, Words
from mocksms.webhooks import Happening

_EFFECTS = {Choice.OUT: "opted out", Choice.IN: "opted in"}


class Recipients:
    """Those to whom messages go.

    Args:
        words: the replies that opt out and in.
        numbering: of all that is kept.
        outbox: tells receivers.
        tell: tells the listeners of the engine.
    """

    def __init__(
        self,
        words: Words,
        numbering: Numbering,
        outbox: Outbox,
        tell: Callable[[Account, Message | InboundSms | Consent], None],
    ) -> None:
        self.words = words
        self._numbering = numbering
        self._outbox = outbox
        self._tell = tell

    def choice(self, message: Message | None, text: str) -> Choice | None:
        """Return what a reply to a message chooses: nothing, unless the message allowed replies."""
        return self.words.choice(text) if message is not None and message.submission.unsubscribe_reply else None

    def reply(
        self,
        account: Account,
        digits: str,
        text: str,
        at: datetime,
        message: Message | None = None,
        opts_out: str = "",
    ) -> InboundSms:
        """Take an SMS in from a phone, by which its owner may opt out or in.

        Args:
            account: to whom.
            digits: from which number.
            text: what it says.
            at: when.
            message: the one it replies to, if any.
            opts_out: why it opts out whatever it says, if it does.
        """
        choice = Choice.OUT if opts_out else self.choice(message, text)
        inbound = InboundSms(self._numbering.take(), at, digits, text, _EFFECTS[choice] if choice else "")
        account.inbound.add(inbound.number, inbound)
        self._tell(account, inbound)
        if account.webhooks:
            report = report_of(message, Happening.REPLIED, at) if message else _report(digits, Happening.REPLIED, at)
            telling = message.telling if message else USUAL
            self._outbox.report(account, report._replace(text=text), telling)
        if choice is not None:
            self.choose(account, digits, choice, at, opts_out or f"reply {text!r}", message)
        return inbound

    def click(self, account: Account, message: Message, link: int, url: str, at: datetime) -> Message:
        """Note that the recipient opened a link, the one with that number in the content, counted from 1."""
        clicked = message._replace(clicks=(*message.clicks, Click(at, url)))
        account.messages.replace(clicked)
        self._tell(account, clicked)
        if account.webhooks:
            report = report_of(message, Happening.CLICKED, at)._replace(link=link, url=url)
            self._outbox.report(account, report, message.telling)
        return clicked

    def choose(
        self,
        account: Account,
        digits: str,
        choice: Choice,
        at: datetime,
        cause: str,
        message: Message | None = None,
    ) -> None:
        """Let a number opt out or in, and enter that into the ledger."""
        if choice is Choice.OUT:
            account.unsubscribed.add(digits)
        else:
            account.unsubscribed.discard(digits)
        consent = Consent(self._numbering.take(), digits, at, choice, cause)
        account.consents.add(consent.number, consent)
        self._tell(account, consent)
        if account.webhooks and choice is Choice.OUT:
            if message is None:
                self._outbox.report(account, _report(digits, Happening.OPTED_OUT, at))
            else:
                self._outbox.report(account, report_of(message, Happening.OPTED_OUT, at), message.telling)


def _report(digits: str, happening: Happening, at: datetime) -> Report:
    return Report(at=at, happening=happening, mobile_number=digits, digits=digits, transaction_id=None)
