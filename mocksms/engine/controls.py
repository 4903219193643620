"""What a tester does by hand to a message or an account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import chain

from mocksms.engine.account import Account, Reply
from mocksms.engine.clock import Clock
from mocksms.engine.engine import Engine, ManualChange
from mocksms.engine.messages import MessageQuery
from mocksms.engine.rules import ActiveScenario, Rule
from mocksms.errors import ClockMovedBack, ClockOutOfRange, NoLink
from mocksms.sms.instants import MAX_INSTANT
from mocksms.sms.message import Message, State, Status
from mocksms.sms.replies import ConsentChoice
from mocksms.sms.text import filled, links_in
from mocksms.sms.webhook import Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUpdate:
    """What is to change in an account, by its names there; None leaves a thing as it is. Numbers are digits."""

    sender: str | None = None
    force_unsubscribe_link: bool | None = None
    webhooks: tuple[Webhook, ...] | None = None
    gateway: bool | None = None
    rest_right: bool | None = None
    unsubscribed: set[str] | None = None
    bounced: set[str] | None = None
    kosher: set[str] | None = None


class Controls:
    """Steers an engine by hand. Every call first lets happen what is due."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cancel(self, account: Account, transaction_id: str) -> Message:
        """Cancel a queued message.

        Raises:
            MessageNotFound: the account has none with this id.
            IllegalStep: it is not queued any more.
        """
        return self._drive(account, transaction_id, State.CANCELLED, "cancelled manually")

    def send(self, account: Account, transaction_id: str) -> Message:
        """Send a queued message now, whatever it waits for; the credit is charged as far as it goes.

        Raises:
            MessageNotFound: the account has none with this id.
            IllegalStep: it is not queued any more.
        """
        return self._drive(account, transaction_id, State.SENT, "sent manually")

    def bounce(self, account: Account, transaction_id: str) -> Message:
        """Let a queued or sent message bounce.

        Raises:
            MessageNotFound: the account has none with this id.
            IllegalStep: it has ended otherwise.
        """
        return self._drive(account, transaction_id, State.BOUNCED, "bounced manually")

    def click(self, account: Account, transaction_id: str, url: str | None = None) -> Message:
        """Let the recipient of a sent message open a link of its content, the first unless told otherwise.

        The link is given as the content has it or as the phone shows it.

        Raises:
            MessageNotFound: the account has none with this id.
            NoLink: the phone does not show such a link.
        """
        message = self._find(account, transaction_id)
        links = links_in(filled(message)) if message.state is State.SENT else []
        pairs = zip(links_in(self._engine.text_of(message)), links, strict=False)
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
        self.opt_out(account, message, "unsubscribed manually")
        return message

    def opt_out(self, account: Account, message: Message, cause: str) -> None:
        """Opt the recipient of a message out."""
        now = account.clock.now()
        self._engine.recipients.set_consent(account, message.digits, ConsentChoice.OUT, now, cause, message)
        self._engine.emit(account, ManualChange.ACCOUNT)

    def reply(self, account: Account, mobile_number: str, text: str) -> Reply:
        """Let a phone send an SMS; words of opting out or in count if the message it replies to allowed replies.

        That is the latest it got, or the latest that was meant for it if it got none.
        """
        self._engine.apply_due(account)
        digits = self._engine.parse(mobile_number).digits
        sent, meant = MessageQuery(digits=digits, status=Status.SENT), MessageQuery(digits=digits)
        message = next(chain(account.messages.newest_first(sent), account.messages.newest_first(meant)), None)
        return self._engine.recipients.reply(account, digits, text, account.clock.now(), message)

    def update_account(self, account: Account, update_account: AccountUpdate) -> None:
        """Change an account."""
        self._engine.apply_due(account)
        if update_account.unsubscribed is not None:
            self._record_consents(account, update_account.unsubscribed, "changed manually")
        for option in fields(update_account):
            value = getattr(update_account, option.name)
            if value is not None:
                setattr(account, option.name, value)
        self._engine.emit(account, ManualChange.ACCOUNT)

    def _record_consents(self, account: Account, unsubscribed: set[str], cause: str) -> None:
        """Enter into the ledger who opts out or in where the list becomes another."""
        now, set_consent = account.clock.now(), self._engine.recipients.set_consent
        for digits in sorted(unsubscribed - account.unsubscribed):
            set_consent(account, digits, ConsentChoice.OUT, now, cause)
        for digits in sorted(account.unsubscribed - unsubscribed):
            set_consent(account, digits, ConsentChoice.IN, now, cause)

    def set_credit(self, account: Account, credit: int | None) -> None:
        """Set the credit in segments (None: no limit) and send what waited for it, oldest first."""
        self._engine.apply_due(account)
        account.credit = credit
        self._engine.emit(account, ManualChange.ACCOUNT)
        self._send_waiting(account)

    def _send_waiting(self, account: Account) -> None:
        for sequence in tuple(account.waiting):
            message = account.messages.at(sequence)
            if message is None:
                account.waiting.pop(sequence, None)
            elif account.can_pay(message.segments):
                self._engine.reevaluate(account, message)
            else:
                return

    def activate_scenario(self, account: Account | None, scenario: ActiveScenario) -> None:
        """Put a script in force, on one account or on all there are and will be; nothing that was sent is lost."""
        if account is None:
            self._engine.accounts.scenario = scenario
        for each in tuple(self._engine.accounts) if account is None else (account,):
            self._engine.apply_due(each)
            if "unsubscribed" in scenario.state:
                self._record_consents(each, scenario.state["unsubscribed"], ", ".join(scenario.names))
            each.apply_scenario(scenario)
            if "credit" in scenario.state:
                self._send_waiting(each)
        self._engine.emit(account, ManualChange.SCENARIO)

    def replace_scenario(self, before: ActiveScenario, scenario: ActiveScenario) -> None:
        """Put a script in the place of another, wherever that is in force; what accounts are by now stays."""
        accounts = self._engine.accounts
        accounts.initial_scenario = scenario
        if accounts.scenario is before:
            accounts.scenario = scenario
        for account in accounts:
            if account.scenario is before:
                self._engine.apply_due(account)
                account.activate(scenario)
        self._engine.emit(None, ManualChange.SCENARIO)

    def set_fault(self, account: Account | None, rule: Rule, lasts: timedelta) -> int:
        """Put the rule of a fault before all others, on one account or on all there are and will be; return its id."""
        name = self._engine.accounts.numbering.take()
        self._remove_expired(account)
        if account is None:
            base = self._engine.accounts
            base.faults[name] = (rule, _later(base.clock.now(), lasts))
        for each in tuple(self._engine.accounts) if account is None else (account,):
            each.faults.add(rule, _later(each.clock.now(), lasts), name)
        self._engine.emit(account, ManualChange.FAULTS)
        return name

    def clear_faults(self, account: Account | None, name: int | None = None) -> int:
        """Take out the fault with an id, or all, of one account or of all; return how many went."""
        gone = set[int]()
        self._remove_expired(account)
        for each in tuple(self._engine.accounts) if account is None else (account,):
            gone |= each.faults.remove(name)
        if account is None:
            standing = self._engine.accounts.faults
            named = tuple(standing) if name is None else (name,)
            gone |= {each for each in named if standing.pop(each, None)}
        self._engine.emit(account, ManualChange.FAULTS)
        return len(gone)

    def _remove_expired(self, account: Account | None) -> None:
        """Take out the faults whose time is over."""
        base = self._engine.accounts
        if account is None:
            now = base.clock.now()
            base.faults = {name: standing for name, standing in base.faults.items() if standing[1] > now}
        for each in tuple(base) if account is None else (account,):
            each.faults.remove_expired(each.clock.now())

    def delete(self, account: Account, messages: Iterable[Message]) -> None:
        """Take messages of an account out, given newest first."""
        account.messages.delete(messages)
        self._engine.emit(account, ManualChange.DELETED)

    def delete_all(self, account: Account) -> None:
        """Take all messages of an account out."""
        account.messages.clear()
        self._engine.emit(account, ManualChange.DELETED)

    def reset(self, account: Account | None) -> None:
        """Forget an account with all it holds, or everything; what a key then does begins anew."""
        if account is None:
            self._engine.accounts.delete_all()
        else:
            self._engine.accounts.delete(account)
        self._engine.emit(account, ManualChange.RESET)

    def freeze(self, account: Account | None) -> None:
        """Let time stand still."""
        self._apply_due(account)
        clocks = self._clocks(account)
        real = clocks[0].real()
        for clock in clocks:
            clock.freeze(real)
        self._engine.emit(account, ManualChange.CLOCK)

    def resume(self, account: Account | None) -> None:
        """Let time run on from where it stands."""
        for clock in self._clocks(account):
            clock.resume()
        self._engine.emit(account, ManualChange.CLOCK)

    def advance_by(self, account: Account | None, duration: timedelta) -> None:
        """Move time forward and apply all that becomes due by that, in time order.

        Raises:
            ClockOutOfRange: that would be too far.
        """
        clocks = self._clocks(account)
        if duration > MAX_INSTANT - max(clock.now() for clock in clocks):
            raise ClockOutOfRange(MAX_INSTANT)
        for clock in clocks:
            clock.move_to(clock.now() + duration)
        self._moved(account)

    def advance_to(self, account: Account | None, instant: datetime) -> None:
        """Move time forward to an instant and apply all that becomes due by that, in time order.

        Raises:
            ClockMovedBack: the instant has passed.
            ClockOutOfRange: it is too far.
        """
        if instant > MAX_INSTANT:
            raise ClockOutOfRange(MAX_INSTANT)
        clocks = self._clocks(account)
        latest = max(clock.now() for clock in clocks)
        if instant < latest:
            raise ClockMovedBack(latest, instant)
        for clock in clocks:
            clock.move_to(instant)
        self._moved(account)

    def _drive(self, account: Account, transaction_id: str, state: State, words: str) -> Message:
        message = self._find(account, transaction_id)
        by_hand = message._replace(decided_by=words)
        return self._engine.step(account, by_hand, state, account.clock.now(), words)

    def _find(self, account: Account, transaction_id: str) -> Message:
        self._engine.apply_due(account)
        return self._engine.find(account, transaction_id)

    def _moved(self, account: Account | None) -> None:
        self._apply_due(account)
        self._engine.outbox.check_due()
        self._engine.emit(account, ManualChange.CLOCK)

    def _apply_due(self, account: Account | None) -> None:
        for each in tuple(self._engine.accounts) if account is None else (account,):
            self._engine.apply_due(each)

    def _clocks(self, account: Account | None) -> list[Clock]:
        if account is not None:
            return [account.clock]
        return [self._engine.accounts.clock, *(each.clock for each in self._engine.accounts)]


def _later(now: datetime, lasts: timedelta) -> datetime:
    return now + min(lasts, MAX_INSTANT - now)
