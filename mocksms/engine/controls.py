"""What a tester does by hand to a message or an account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import chain

from mocksms.engine.account import Account, InboundSms
from mocksms.engine.clock import LATEST
from mocksms.engine.engine import Change, Engine
from mocksms.engine.messages import Query
from mocksms.engine.rules import Rule
from mocksms.engine.script import Script
from mocksms.errors import NoLink
from mocksms.sms.message import Message, State, Status
from mocksms.sms.replies import Choice
from mocksms.sms.text import filled, links_in
from mocksms.sms.webhook import Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What is to change in an account, by its names there; None leaves a thing as it is. Numbers are digits."""

    sender: str | None = None
    force_unsubscribe_link: bool | None = None
    webhooks: tuple[Webhook, ...] | None = None
    gateway: bool | None = None
    rest_right: bool | None = None
    unsubscribed: set[str] | None = None
    bounced: set[str] | None = None
    kosher: set[str] | None = None


class Steering:
    """Steers an engine by hand. Every call first lets happen what is due."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cancel(self, account: Account, transaction_id: str) -> Message:
        """Cancel a queued message.

        Raises:
            MessageNotFound: the account has none with this id.
            IllegalStep: it is not queued any more.
        """
        return self._drive(account, transaction_id, State.CANCELLED, "cancelled by hand")

    def send(self, account: Account, transaction_id: str) -> Message:
        """Send a queued message now, whatever it waits for; the credit is charged as far as it goes.

        Raises:
            MessageNotFound: the account has none with this id.
            IllegalStep: it is not queued any more.
        """
        return self._drive(account, transaction_id, State.SENT, "sent by hand")

    def bounce(self, account: Account, transaction_id: str) -> Message:
        """Let a queued or sent message bounce.

        Raises:
            MessageNotFound: the account has none with this id.
            IllegalStep: it has ended otherwise.
        """
        return self._drive(account, transaction_id, State.BOUNCED, "bounced by hand")

    def click(self, account: Account, transaction_id: str, url: str | None = None) -> Message:
        """Let the recipient of a sent message open a link of its content, the first unless told otherwise.

        The link is given as the content has it or as the phone shows it.

        Raises:
            MessageNotFound: the account has none with this id.
            NoLink: the phone does not show such a link.
        """
        message = self._find(account, transaction_id)
        links = links_in(filled(message)) if message.state is State.SENT else []
        pairs = zip(links_in(self._engine.shown(message)), links, strict=False)
        for number, (shown, link) in enumerate(pairs, 1):
            if url in (None, shown, link):
                return self._engine.recipients.click(account, message, number, link, account.clock.now())
        raise NoLink(url, links, message.state)

    def unsubscribe(self, account: Account, transaction_id: str) -> Message:
        """Opt the recipient of a message out, as its unsubscribe page would.

        Raises:
            MessageNotFound: the account has none with this id.
        """
        message = self._find(account, transaction_id)
        self.opt_out(account, message, "unsubscribed by hand")
        return message

    def opt_out(self, account: Account, message: Message, cause: str) -> None:
        """Opt the recipient of a message out."""
        now = account.clock.now()
        self._engine.recipients.choose(account, message.digits, Choice.OUT, now, cause, message)
        self._engine.tell(account, Change.ACCOUNT)

    def reply(self, account: Account, mobile_number: str, text: str) -> InboundSms:
        """Let a phone send an SMS; words of opting out or in count if the message it replies to allowed replies.

        That is the latest it got, or the latest that was meant for it if it got none.
        """
        self._engine.catch_up(account)
        digits = self._engine.parse(mobile_number).digits
        sent, meant = Query(digits=digits, status=Status.SENT), Query(digits=digits)
        message = next(chain(account.messages.newest_first(sent), account.messages.newest_first(meant)), None)
        return self._engine.recipients.reply(account, digits, text, account.clock.now(), message)

    def change(self, account: Account, change: AccountChange) -> None:
        """Change an account."""
        self._engine.catch_up(account)
        if change.unsubscribed is not None:
            self._note_choices(account, change.unsubscribed, "changed by hand")
        for option in fields(change):
            value = getattr(change, option.name)
            if value is not None:
                setattr(account, option.name, value)
        self._engine.tell(account, Change.ACCOUNT)

    def _note_choices(self, account: Account, unsubscribed: set[str], cause: str) -> None:
        """Enter into the ledger who opts out or in where the list becomes another."""
        now, choose = account.clock.now(), self._engine.recipients.choose
        for digits in sorted(unsubscribed - account.unsubscribed):
            choose(account, digits, Choice.OUT, now, cause)
        for digits in sorted(account.unsubscribed - unsubscribed):
            choose(account, digits, Choice.IN, now, cause)

    def set_credit(self, account: Account, credit: int | None) -> None:
        """Set the credit in segments (None: no limit) and send what waited for it, oldest first."""
        self._engine.catch_up(account)
        account.credit = credit
        self._engine.tell(account, Change.ACCOUNT)
        self._send_waiting(account)

    def _send_waiting(self, account: Account) -> None:
        for sequence in tuple(account.waiting):
            message = account.messages.at(sequence)
            if message is None:
                account.waiting.pop(sequence, None)
            elif account.can_pay(message.segments):
                self._engine.follow_nature(account, message)
            else:
                return

    def play(self, account: Account | None, script: Script) -> None:
        """Put a script in force, on one account or on all there are and will be; nothing that was sent is lost."""
        if account is None:
            self._engine.accounts.script = script
        for each in tuple(self._engine.accounts) if account is None else (account,):
            self._engine.catch_up(each)
            if "unsubscribed" in script.state:
                self._note_choices(each, script.state["unsubscribed"], ", ".join(script.names))
            each.begin(script)
            if "credit" in script.state:
                self._send_waiting(each)
        self._engine.tell(account, Change.SCENARIO)

    def reload(self, before: Script, script: Script) -> None:
        """Put a script in the place of another, wherever that is in force; what accounts are by now stays."""
        accounts = self._engine.accounts
        accounts.first_script = script
        if accounts.script is before:
            accounts.script = script
        for account in accounts:
            if account.script is before:
                self._engine.catch_up(account)
                account.play(script)
        self._engine.tell(None, Change.SCENARIO)

    def set_fault(self, account: Account | None, rule: Rule, lasts: timedelta) -> int:
        """Put the rule of a fault before all others, on one account or on all there are and will be; return its id."""
        name = self._engine.accounts.numbering.take()
        self._forget_over(account)
        if account is None:
            base = self._engine.accounts
            base.faults[name] = (rule, _later(base.clock.now(), lasts))
        for each in tuple(self._engine.accounts) if account is None else (account,):
            each.faults.add(rule, _later(each.clock.now(), lasts), name)
        self._engine.tell(account, Change.FAULTS)
        return name

    def clear_faults(self, account: Account | None, name: int | None = None) -> int:
        """Take out the fault with an id, or all, of one account or of all; return how many went."""
        gone = set[int]()
        self._forget_over(account)
        for each in tuple(self._engine.accounts) if account is None else (account,):
            gone |= each.faults.remove(name)
        if account is None:
            standing = self._engine.accounts.faults
            named = tuple(standing) if name is None else (name,)
            gone |= {each for each in named if standing.pop(each, None)}
        self._engine.tell(account, Change.FAULTS)
        return len(gone)

    def _forget_over(self, account: Account | None) -> None:
        """Take out the faults whose time is over."""
        base = self._engine.accounts
        if account is None:
            now = base.clock.now()
            base.faults = {name: standing for name, standing in base.faults.items() if standing[1] > now}
        for each in tuple(base) if account is None else (account,):
            each.faults.forget_over(each.clock.now())

    def delete(self, account: Account, messages: Iterable[Message]) -> None:
        """Take messages of an account out, given newest first."""
        account.messages.delete(messages)
        self._engine.tell(account, Change.DELETED)

    def delete_all(self, account: Account) -> None:
        """Take all messages of an account out."""
        account.messages.clear()
        self._engine.tell(account, Change.DELETED)

    def reset(self, account: Account | None) -> None:
        """Forget an account with all it holds, or everything; what a key then does begins anew."""
        if account is None:
            self._engine.accounts.forget_all()
        else:
            self._engine.accounts.forget(account)
        self._engine.tell(account, Change.RESET)

    def _drive(self, account: Account, transaction_id: str, state: State, words: str) -> Message:
        message = self._find(account, transaction_id)
        by_hand = message._replace(decided_by=words)
        return self._engine.step(account, by_hand, state, account.clock.now(), words)

    def _find(self, account: Account, transaction_id: str) -> Message:
        self._engine.catch_up(account)
        return self._engine.find(account, transaction_id)


def _later(now: datetime, lasts: timedelta) -> datetime:
    return now + min(lasts, LATEST - now)
