"""Builder of accounts from the records of a snapshot."""

from __future__ import annotations

from typing import Any, Final

from mocksms.engine.account import Account, NumberLists, RandomStates
from mocksms.engine.callbacks import Callback, OrderingKey, ScheduledKey
from mocksms.engine.clock import Clock
from mocksms.engine.counted_rule import ManualFault, ManualFaults, RuleState
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.keys import AccountKey
from mocksms.engine.logs import BoundedLog, Numbering
from mocksms.engine.rules import Rule
from mocksms.settings import Settings, flag_name
from mocksms.sms.message import Message
from mocksms.state.account_rows import ATTRIBUTES, LISTS, AccountData, EvictedData, ManualFaultData
from mocksms.state.archive import ACCOUNTS
from mocksms.state.errors import InvalidSnapshot, counted
from mocksms.state.loading import AccountRecords

NO_NUMBERS: Final = NumberLists(frozenset(), frozenset(), frozenset())
"""Lists that are replaced at once: making those of the options takes long."""


def build(records: AccountRecords, settings: Settings, shift: int) -> Account:
    """Return the account of some records, whose numbers become higher by `shift`.

    Raises:
        InvalidSnapshot: it is not as a mock writes it.
    """
    try:
        return _Builder(records, settings, shift).account
    except ValueError as error:
        raise InvalidSnapshot(str(error), ACCOUNTS, records.row) from error


class _Builder:
    """Builds one account."""

    def __init__(self, records: AccountRecords, settings: Settings, shift: int) -> None:
        self._shift = shift
        data = records.data
        key = AccountKey(data.digest, data.shown_key, data.key)
        self.account = Account(key, settings, Clock(), data.seed, Numbering(), data.generation, NO_NUMBERS)
        self._set_attributes(data, records)
        self._set_rules(data, records)
        self._add_records(data, records)
        self._set_evicted(data)
        self.account.count_settings()

    def _moved(self, number: int) -> int:
        return number + self._shift if number else 0

    def _set_attributes(self, data: AccountData, records: AccountRecords) -> None:
        account = self.account
        for name in ATTRIBUTES:
            setattr(account, name, getattr(data, name))
        for name in LISTS:
            setattr(account, name, records.lists[name])
        account.used_at = self._moved(data.used_at)
        account.async_delay = data.async_delay
        account.callback_policy = data.callback_policy.policy()
        account.callbacks.to_overtake = {*data.to_overtake}
        account.webhooks = tuple(webhook.webhook() for webhook in data.webhooks)
        account.callbacks.paused = account.paused_urls
        account.restore_random(RandomStates(data.ids_random, data.replays_random))
        account.waiting_for_credit = {self._moved(message): None for message in data.waiting_for_credit}

    def _set_rules(self, data: AccountData, records: AccountRecords) -> None:
        account, rules = self.account, records.scenario.rules
        account.activate(records.scenario)
        counters: dict[int, RuleState] = {}
        for row in data.rules:
            if row.position >= len(rules) or row.position in counters:
                raise ValueError(f"rules must be of its scenario, each once; got position {row.position}")
            counters[row.position] = _checked(row.state(), rules[row.position])
        account.rules.restore_counters(counters)
        active = [self._fault(row, rule) for row, rule in zip(data.faults, records.faults, strict=True)]
        ended = [self._fault(row, rule) for row, rule in zip(data.ended_faults, records.ended_faults, strict=True)]
        account.faults.restore_manual_faults(ManualFaults(tuple(active), tuple(ended), data.faults_added))

    def _fault(self, row: ManualFaultData, rule: Rule) -> ManualFault:
        return ManualFault(rule, self._moved(row.id), row.until, row.added, _checked(row.state(), rule))

    def _add_records(self, data: AccountData, records: AccountRecords) -> None:
        account, moved = self.account, self._moved
        messages, requests, callbacks = records.messages, records.requests, records.callbacks
        replies, consents = records.replies, records.consents
        if self._shift:
            messages = [self._moved_message(message) for message in messages]
            requests = [self._moved_request(request) for request in requests]
            replies = [reply._replace(number=moved(reply.number)) for reply in replies]
            consents = [each._replace(number=moved(each.number), reply=moved(each.reply)) for each in consents]
            callbacks = [self._moved_callback(callback) for callback in callbacks]
        for message in messages:
            account.messages.add(message)
        for request in requests:
            account.journal.add(request.number, request)
        for reply in replies:
            account.replies.add(reply.number, reply)
        for consent in consents:
            account.consents.add(consent.number, consent)
        for callback in callbacks:
            account.callbacks.store(callback)
        stale = (ScheduledKey(row.at, row.place, OrderingKey(row.url, row.queue)) for row in data.schedule)
        account.callbacks.restore_schedule((*records.scheduled, *stale))
        account.agenda.restore((due.at, moved(due.sequence), due.action) for due in records.planned)

    def _set_evicted(self, data: AccountData) -> None:
        account, evicted = self.account, data.evicted
        self._set_evicted_of(account.messages.log, evicted.messages, "max_messages")
        self._set_evicted_of(account.journal, evicted.requests, "max_requests")
        self._set_evicted_of(account.replies, evicted.replies, "max_messages")
        self._set_evicted_of(account.consents, evicted.consents, "max_consents")
        self._set_evicted_of(account.callbacks, evicted.callbacks, "max_callbacks")

    def _set_evicted_of(self, log: BoundedLog[Any], row: EvictedData, option: str) -> None:
        if log.evicted:
            raise ValueError(
                f"has more than {counted(len(log), 'record')} of a kind; a higher {flag_name(option)} allows more"
            )
        log.restore_evicted(row.count, self._moved(row.up_to))

    def _moved_message(self, message: Message) -> Message:
        moved = self._moved
        return message._replace(sequence=moved(message.sequence), request=moved(message.request))

    def _moved_request(self, request: RecordedRequest) -> RecordedRequest:
        moved = self._moved
        handling = request.handling
        if (fault := handling.fault) is not None:
            handling = handling._replace(fault=fault._replace(fault_id=moved(fault.fault_id)))
        return request._replace(
            number=moved(request.number), messages=tuple(map(moved, request.messages)), handling=handling
        )

    def _moved_callback(self, callback: Callback) -> Callback:
        moved, details = self._moved, callback.details
        return callback._replace(
            number=moved(callback.number),
            details=details._replace(request=moved(details.request)),
            replay_of=callback.replay_of and moved(callback.replay_of),
        )


def _checked(state: RuleState, rule: Rule) -> RuleState:
    """Return the counters of a rule.

    Raises:
        ValueError: they cannot be those of this rule.
    """
    if not state.applied <= (state.matched if rule.times is None else min(state.matched, rule.times)):
        raise ValueError(f"{rule.label} cannot have matched {state.matched} times and be applied {state.applied} times")
    return state
