"""Actions of recipients: they reply, open links, opt out and in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mocksms.engine.account import Account, Consent, Reply
from mocksms.engine.callbacks import TriggerDetails
from mocksms.engine.logs import Numbering
from mocksms.engine.outbox import Outbox, details_of
from mocksms.sms.message import Click, Message
from mocksms.sms.opt_out_words import ConsentChoice, OptOutWords
from mocksms.sms.text import content_of, links_in
from mocksms.sms.webhook import WebhookTrigger

_EFFECTS = {ConsentChoice.OUT: "opted out", ConsentChoice.IN: "opted in"}


class Recipients:
    """Records what recipients do and creates the callbacks for it.

    Args:
        words: replies that opt out and in.
        numbering: gives records their numbers.
        outbox: creates callbacks.
        emit: calls the listeners of the engine.
        untracked_clicks: whether clicks on links of sends without `track_clicks` count.
    """

    def __init__(
        self,
        words: OptOutWords,
        numbering: Numbering,
        outbox: Outbox,
        emit: Callable[[Account, Message | Reply | Consent], None],
        untracked_clicks: bool = False,
    ) -> None:
        self.words = words
        self._numbering = numbering
        self._outbox = outbox
        self._emit = emit
        self._untracked_clicks = untracked_clicks

    def reply(
        self,
        account: Account,
        digits: str,
        text: str,
        at: datetime,
        message: Message | None = None,
        opts_out: str = "",
    ) -> Reply:
        """Record an SMS from a phone; it can opt the number out or in if the message allows replies.

        Args:
            account: the receiving account.
            digits: the number of the phone.
            text: the text of the SMS.
            at: the time.
            message: the message it replies to, if any.
            opts_out: the cause, if it opts out regardless of its text.
        """
        choice, reason = self._choice(text, message)
        if opts_out:
            choice, reason = ConsentChoice.OUT, ""
        if choice is not None and (choice is ConsentChoice.OUT) is (digits in account.unsubscribed):
            reason = f"the phone is already {_EFFECTS[choice]}"
        effect = _EFFECTS[choice] if choice is not None and not reason else ""
        replied_to = message.transaction_id if message else None
        inbound = Reply(self._numbering.take(), at, digits, text, effect, reason, replied_to)
        account.replies.add(inbound.number, inbound)
        self._emit(account, inbound)
        self._notify(account, digits, message, WebhookTrigger.REPLIED, at, text=text)
        if choice is not None:
            cause = opts_out or f"reply {text!r}"
            self.set_consent(account, digits, choice, at, cause, message, inbound.number)
        return inbound

    def _choice(self, text: str, message: Message | None) -> tuple[ConsentChoice | None, str]:
        """Return whether a reply to a message opts out or in; if neither, the reason."""
        choice = self.words.choice(text)
        if choice is None:
            out, into = ", ".join(self.words.out), ", ".join(self.words.into)
            return None, f"it is not a word that opts out ({out}) or in ({into})"
        if message is None:
            return None, "this account has no message to the phone"
        if not message.submission.unsubscribe_reply:
            return None, "the latest message to the phone did not offer it (add_unsubscribe_sms_reply)"
        return choice, ""

    def counts_clicks(self, message: Message) -> bool:
        """Whether a click on a link of a message counts: its links lead to the vendor (inferred, click.untracked)."""
        return message.submission.track_clicks or self._untracked_clicks

    def open_first_link(self, account: Account, message: Message, at: datetime) -> None:
        """Record a click on the first link of a message, or in its history why there is none."""
        links = links_in(content_of(message))
        if links and self.counts_clicks(message):
            self.click(account, message, 1, links[0], at)
            return
        why = "the send has no track_clicks" if links else "the content has no link"
        latest = message.timeline[-1]
        noted = latest._replace(cause=f"{latest.cause}; click not counted: {why}")
        self._emit(account, account.messages.replace(message._replace(timeline=(*message.timeline[:-1], noted))))

    def click(self, account: Account, message: Message, link: int, url: str, at: datetime) -> Message:
        """Record that the recipient opened a link; `link` is its position in the content, from 1."""
        clicked = account.messages.replace(message._replace(clicks=(*message.clicks, Click(at, url))))
        self._emit(account, clicked)
        self._notify(account, message.digits, message, WebhookTrigger.CLICKED, at, link=link, url=url)
        return clicked

    def set_consent(
        self,
        account: Account,
        digits: str,
        choice: ConsentChoice,
        at: datetime,
        cause: str,
        message: Message | None = None,
        reply: int = 0,
    ) -> None:
        """Opt a number out or in, and record the consent with its cause; `reply` is the number of a reply."""
        if choice is ConsentChoice.OUT:
            account.opt_out(digits)
        else:
            account.opt_in(digits)
        transaction_id = message.transaction_id if message else None
        consent = Consent(self._numbering.take(), digits, at, choice, cause, transaction_id, reply)
        account.consents.add(consent.number, consent)
        self._emit(account, consent)
        if choice is ConsentChoice.OUT:
            self._notify(account, digits, message, WebhookTrigger.OPTED_OUT, at)

    def _notify(
        self, account: Account, digits: str, message: Message | None, trigger: WebhookTrigger, at: datetime, **more: Any
    ) -> None:
        """Create the callbacks for an action, about a message or about a number."""
        if message is None:
            details, callback_policy = TriggerDetails(at, trigger, digits, digits, None), None
        else:
            details, callback_policy = details_of(message, trigger, at), message.callback_policy
        self._outbox.notify(account, details._replace(**more), callback_policy)
