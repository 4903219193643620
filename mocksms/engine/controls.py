"""Controls: manual changes of messages, accounts, scenarios, faults and time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from mocksms.engine.account import Account, Reply, StoredFailure, TestOutcome
from mocksms.engine.advance import Advance
from mocksms.engine.clock import Clock
from mocksms.engine.engine import Engine, ManualChange
from mocksms.engine.next_events import message_for_reply
from mocksms.engine.rules import ActiveScenario, Rule
from mocksms.engine.steps import Steps, finish
from mocksms.errors import ClockMovedBack, ClockOutOfRange, NoLink
from mocksms.sms.message import CallbackPolicy, Message, State
from mocksms.sms.opt_out_words import ConsentChoice
from mocksms.sms.text import content_of, links_in
from mocksms.sms.times import MAX_INSTANT, MIN_INSTANT
from mocksms.sms.webhook import Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUpdate:
    """New values for attributes of Account; None leaves one unchanged. Phone numbers are digits."""

    label: str | None = None
    sender: str | None = None
    force_unsubscribe_link: bool | None = None
    async_delay: timedelta | None = None
    callback_policy: CallbackPolicy | None = None
    webhooks: tuple[Webhook, ...] | None = None
    gateway: bool | None = None
    rest_right: bool | None = None
    unsubscribed: set[str] | None = None
    bounced: set[str] | None = None
    kosher: set[str] | None = None


class Controls:
    """Manual control of an engine. Methods for one message or account first apply what is due there."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._advances: list[Advance] = []

    def cancel(self, account: Account, transaction_id: str) -> Message:
        """Cancel a queued message.

        Raises:
            MessageNotFound: the account has none with this id.
            IllegalStep: it is no longer queued.
        """
        return self._step(account, transaction_id, State.CANCELLED, "cancelled manually")

    def send(self, account: Account, transaction_id: str) -> Message:
        """Send a queued message now, also one that waits for credit or time; the credit falls to zero at most.

        Raises:
            MessageNotFound: the account has none with this id.
            IllegalStep: it is no longer queued.
        """
        return self._step(account, transaction_id, State.SENT, "sent manually")

    def bounce(self, account: Account, transaction_id: str) -> Message:
        """Bounce a queued or sent message.

        Raises:
            MessageNotFound: the account has none with this id.
            IllegalStep: it has another final state.
        """
        return self._step(account, transaction_id, State.BOUNCED, "bounced manually")

    def click(self, account: Account, transaction_id: str, url: str | None = None) -> Message:
        """Click a link of a sent message, as in its content or in its text; the first by default.

        Raises:
            MessageNotFound: the account has none with this id.
            NoLink: the message has no such link, is not sent, or has no links that count clicks.
        """
        message = self._find(account, transaction_id)
        links = links_in(content_of(message)) if message.is_on_phone else []
        pairs = zip(links_in(self._engine.text_of(message)), links, strict=False)
        for number, (tracked, link) in enumerate(pairs, 1):
            if url in (None, tracked, link):
                if not self._engine.recipients.counts_clicks(message):
                    raise NoLink(url, links, message.state, tracked=False)
                return self._engine.recipients.click(account, message, number, link, account.clock.now())
        raise NoLink(url, links, message.state)

    def unsubscribe(self, account: Account, transaction_id: str) -> Message:
        """Opt the recipient of a message out, as the unsubscribe page does.

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
        """Add an SMS from a phone. It can opt out or in if the message that it replies to allows replies."""
        self._engine.apply_due(account)
        digits = self._engine.settings.parse_number(mobile_number).digits
        message = message_for_reply(account, digits)
        return self._engine.recipients.reply(account, digits, text, account.clock.now(), message)

    def update_account(self, account: Account, update: AccountUpdate) -> None:
        """Change an account, without a pause."""
        finish(self.update_account_in_steps(account, update))

    def update_account_in_steps(self, account: Account, update: AccountUpdate) -> Steps[None]:
        """Change an account."""
        self._engine.apply_due(account)
        for attribute in fields(update):
            value = getattr(update, attribute.name)
            if value is not None and attribute.name != "unsubscribed":
                setattr(account, attribute.name, value)
        yield from self._engine.outbox.follow_webhooks(account)
        account.count_settings()
        if update.unsubscribed is not None:
            yield from self._set_unsubscribed(account, update.unsubscribed, "changed manually")
        self._engine.emit(account, ManualChange.ACCOUNT)

    def set_test_result(self, account: Account, outcome: TestOutcome | None, failures: Sequence[StoredFailure]) -> None:
        """Set how the test of an account ended, None if it has not, and the errors that failed it."""
        account.test_outcome, account.test_failures = outcome, failures
        account.count_settings()
        self._engine.emit(account, ManualChange.ACCOUNT)

    def _set_unsubscribed(self, account: Account, unsubscribed: Set[str], cause: str) -> Steps[None]:
        """Change the list of opted-out numbers, and record the opt-outs and opt-ins that this causes."""
        now, set_consent = account.clock.now(), self._engine.recipients.set_consent
        added, removed = sorted(unsubscribed - account.unsubscribed), sorted(account.unsubscribed - unsubscribed)
        for digits in added:
            set_consent(account, digits, ConsentChoice.OUT, now, cause)
            yield
        for digits in removed:
            set_consent(account, digits, ConsentChoice.IN, now, cause)
            yield

    def set_credit(self, account: Account, credit: int | None) -> None:
        """Set the credit without a pause."""
        finish(self.set_credit_in_steps(account, credit))

    def set_credit_in_steps(self, account: Account, credit: int | None) -> Steps[None]:
        """Set the credit in segments (None: no limit) and send what waited for it, oldest first."""
        self._engine.apply_due(account)
        account.credit = credit
        self._engine.emit(account, ManualChange.ACCOUNT)
        yield from self._send_waiting(account)

    def _send_waiting(self, account: Account) -> Steps[None]:
        for sequence in tuple(account.waiting_for_credit):
            message = account.messages.at(sequence)
            if message is None:
                account.waiting_for_credit.pop(sequence, None)
            elif not account.can_pay(message.segments):
                return
            elif sequence in account.waiting_for_credit:
                self._engine.decide_after_credit(account, message)
                yield

    def activate_scenario(self, account: Account | None, scenario: ActiveScenario) -> None:
        """Activate a scenario without a pause."""
        finish(self.activate_scenario_in_steps(account, scenario))

    def activate_scenario_in_steps(self, account: Account | None, scenario: ActiveScenario) -> Steps[None]:
        """Activate a scenario on one account, or on all current and future ones.

        Messages and scenarios in front stay.
        """
        accounts = self._engine.accounts
        if account is None:
            accounts.scenario = scenario
        for each in self._accounts(account):
            if account is None and accounts.scenario is not scenario:
                return  # another one was activated during a pause
            yield from self._apply_scenario(each, scenario, is_own=account is not None)
        self._engine.emit(account, ManualChange.SCENARIO)

    def activate_in_front(self, account: Account, scenario: ActiveScenario) -> Steps[None]:
        """Activate a scenario in front of the active one, which stays; so does this one when another is activated."""
        yield from self._apply_scenario(account, scenario, is_own=True, in_front=True)
        self._engine.emit(account, ManualChange.SCENARIO)

    def _apply_scenario(
        self, account: Account, scenario: ActiveScenario, *, is_own: bool, in_front: bool = False
    ) -> Steps[None]:
        self._engine.apply_due(account)
        before = account.unsubscribed
        account.apply_scenario(scenario, is_own=is_own, in_front=in_front)
        yield from self._engine.outbox.follow_webhooks(account)
        if "unsubscribed" in scenario.account_values:
            shared, account.unsubscribed = account.unsubscribed, before  # it changes number by number, with records
            yield from self._set_unsubscribed(account, shared, ", ".join(scenario.names))
            if account.unsubscribed == shared:
                account.unsubscribed = shared
        account.count_settings()
        if "credit" in scenario.account_values:
            yield from self._send_waiting(account)
        yield

    def replace_scenario(self, before: ActiveScenario, scenario: ActiveScenario) -> None:
        """Replace a scenario wherever it is active; account values and scenarios in front stay."""
        accounts = self._engine.accounts
        accounts.initial_scenario = scenario
        if accounts.scenario is before:
            accounts.scenario = scenario
        for account in accounts:
            if account.scenario.behind is before:
                self._engine.apply_due(account)
                account.activate(scenario)
                account.count_settings()
        self._engine.emit(None, ManualChange.SCENARIO)

    def set_fault(self, account: Account | None, rule: Rule, duration: timedelta) -> int:
        """Set a fault on one account, or on all current and future ones, before all rules; return its id."""
        accounts = self._engine.accounts
        fault_id = accounts.numbering.take()
        self._remove_expired_faults(account)
        if account is None:
            accounts.faults[fault_id] = (rule, _later(accounts.clock.now(), duration))
        for each in self._accounts(account):
            each.faults.add(rule, _later(each.clock.now(), duration), fault_id)
            each.count_settings()
        self._engine.emit(account, ManualChange.FAULTS)
        return fault_id

    def clear_faults(self, account: Account | None, fault_id: int | None = None) -> int:
        """Remove the fault with an id, or all, from one account or from all; return how many were removed.

        The requests that they hold are released.
        """
        self._engine.holds.release(account, fault_id)
        removed = set[int]()
        self._remove_expired_faults(account)
        for each in self._accounts(account):
            removed |= each.faults.remove(fault_id)
            each.count_settings()
        if account is None:
            for_new_accounts = self._engine.accounts.faults
            selected = tuple(for_new_accounts) if fault_id is None else (fault_id,)
            removed |= {each for each in selected if for_new_accounts.pop(each, None)}
        self._engine.emit(account, ManualChange.FAULTS)
        return len(removed)

    def _remove_expired_faults(self, account: Account | None) -> None:
        accounts = self._engine.accounts
        if account is None:
            now = accounts.clock.now()
            accounts.faults = {fault_id: fault for fault_id, fault in accounts.faults.items() if fault[1] > now}
        for each in self._accounts(account):
            each.faults.remove_expired(each.clock.now())

    def delete(self, account: Account, messages: Iterable[Message]) -> Steps[int]:
        """Delete messages of an account, passed newest first, and return how many were still there.

        What is planned for them does not happen. Their requests and callbacks stay, and so does what they cost.
        """
        deleted = yield from account.messages.delete(messages)
        if deleted:
            self._end_deletion(account)
        return deleted

    def delete_all(self, account: Account) -> None:
        """Delete all messages of an account."""
        if len(account.messages):
            account.messages.clear()
            self._end_deletion(account)

    def _end_deletion(self, account: Account) -> None:
        account.drop_plans_of_deleted()
        self._engine.track_due(account)
        self._engine.emit(account, ManualChange.DELETED)

    def delete_replies(self, account: Account, replies: Iterable[Reply]) -> Steps[int]:
        """Delete replies of an account, passed newest first, and return how many were still there.

        Opt-outs and opt-ins stay.
        """
        deleted = yield from account.replies.delete(reply.number for reply in replies)
        if deleted:
            self._engine.emit(account, ManualChange.DELETED)
        return deleted

    def reset(self, account: Account | None) -> None:
        """Delete an account with all its records, or everything, without a pause."""
        finish(self.reset_in_steps(account))

    def reset_in_steps(self, account: Account | None) -> Steps[None]:
        """Delete an account with all its records, or everything."""
        accounts = self._engine.accounts
        if account is None:
            deleted = accounts.delete_all()
        else:
            accounts.delete(account)
            deleted = [account]
        self._engine.holds.release(account)
        self._engine.emit(account, ManualChange.RESET)
        for each in deleted:
            yield from each.free()

    def freeze(self, account: Account | None, latest: datetime = MAX_INSTANT) -> None:
        """Apply what is due, and freeze time; clocks that are later than `latest` are set back to it.

        What is planned for a time stays planned for that time.
        """
        self._apply_due(account)
        clocks = self._clocks(account)
        real = clocks[0].real()
        for clock in clocks:
            clock.freeze(real)
            clock.set_back(latest)
        self._engine.emit(account, ManualChange.CLOCK)

    def resume(self, account: Account | None) -> None:
        """Resume time from the instant at which it is frozen."""
        for clock in self._clocks(account):
            clock.resume()
        self._engine.emit(account, ManualChange.CLOCK)

    def advance_by(self, account: Account | None, duration: timedelta) -> Advance:
        """Begin to advance time by a duration, where no other advance runs.

        Raises:
            ClockOutOfRange: the new time is too late.
        """
        if duration > MAX_INSTANT - max(clock.now() for clock in self._clocks(account)):
            raise ClockOutOfRange(MIN_INSTANT, MAX_INSTANT)
        return self._advance(account, duration)

    def advance_to(self, account: Account | None, instant: datetime) -> Advance:
        """Begin to advance time to an instant, where no other advance runs.

        Raises:
            ClockMovedBack: the instant is in the past.
            ClockOutOfRange: a clock cannot be set to it.
        """
        latest = max(clock.now() for clock in self._clocks(account))
        if instant < latest:
            raise ClockMovedBack(latest, instant)
        check_in_range(instant)
        return self._advance(account, instant)

    def running_advance(self, account: Account | None) -> Advance | None:
        """Return the advance of a clock of this account, or of all accounts, that has not ended, None if none runs."""
        running = (each for each in self._advances if account in (None, each.account) or each.account is None)
        return next(running, None)

    def _advance(self, account: Account | None, target: timedelta | datetime) -> Advance:
        advance = Advance(self._engine, account, target, self._end_advance)
        self._advances.append(advance)
        return advance

    def _end_advance(self, advance: Advance) -> None:
        self._advances.remove(advance)
        self._engine.emit(advance.account, ManualChange.CLOCK)

    def _step(self, account: Account, transaction_id: str, state: State, cause: str) -> Message:
        message = self._find(account, transaction_id)._replace(decided_by=cause)
        return self._engine.step(account, message, state, account.clock.now(), cause)

    def _find(self, account: Account, transaction_id: str) -> Message:
        self._engine.apply_due(account)
        return self._engine.find(account, transaction_id)

    def _apply_due(self, account: Account | None) -> None:
        for each in self._accounts(account):
            self._engine.apply_due(each)

    def _accounts(self, account: Account | None) -> tuple[Account, ...]:
        return tuple(self._engine.accounts) if account is None else (account,)

    def _clocks(self, account: Account | None) -> list[Clock]:
        if account is not None:
            return [account.clock]
        return [self._engine.accounts.clock, *(each.clock for each in self._engine.accounts)]


def check_in_range(instant: datetime) -> None:
    """Refuse an instant that a clock cannot be set to.

    Raises:
        ClockOutOfRange: it is too early or too late.
    """
    if not MIN_INSTANT <= instant <= MAX_INSTANT:
        raise ClockOutOfRange(MIN_INSTANT, MAX_INSTANT)


def _later(now: datetime, duration: timedelta) -> datetime:
    return now + min(duration, MAX_INSTANT - now)
