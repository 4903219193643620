"""Loader of a snapshot: checks its rows and makes records of them, which belong to no mock yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, BinaryIO, Final, TypeVar

from pydantic import BaseModel, ValidationError

from mocksms.engine.account import Consent, Reply
from mocksms.engine.agenda import DueAction
from mocksms.engine.callbacks import Callback, ScheduledKey
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.keys import AccountKey
from mocksms.engine.memory_limit import default_limit
from mocksms.engine.messages import token_of
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, Rule, layered
from mocksms.scenario.compiler import fault_rule
from mocksms.scenario.schema import FaultBody, Scenario
from mocksms.schemas.validation import first_issue
from mocksms.settings import Settings, flag_name
from mocksms.sms.message import Message, Submission
from mocksms.sms.sizes import format_size
from mocksms.state.account_rows import LISTS, AccountData, MockData, ScenarioData
from mocksms.state.archive import (
    ACCOUNTS,
    ACTIONS,
    CALLBACKS,
    CONSENTS,
    MESSAGES,
    MOCK,
    REPLIES,
    REQUESTS,
    SCENARIOS,
    TRACE_ENTRIES,
    Manifest,
)
from mocksms.state.archive_reader import Archive, max_total_bytes
from mocksms.state.callback_rows import CallbackData
from mocksms.state.errors import InvalidSnapshot, counted
from mocksms.state.message_rows import ActionData, ConsentData, MessageData, ReplyData
from mocksms.state.request_rows import RequestData
from mocksms.state.rows import RowModel
from mocksms.state.weights import (
    weight_of_account,
    weight_of_action,
    weight_of_callback,
    weight_of_consent,
    weight_of_message,
    weight_of_reply,
    weight_of_request,
)

RowKind = TypeVar("RowKind", bound=RowModel)

LIMITED: Final = {
    MESSAGES: "max_messages",
    REQUESTS: "max_requests",
    REPLIES: "max_messages",
    CONSENTS: "max_consents",
    CALLBACKS: "max_callbacks",
}
"""The option that limits the records of an account, by their entry."""

MAX_WEIGHT: Final = 3
"""How many times the memory limit of a mock its records may weigh: what several records share counts for each."""

MAX_SHARED_HEADERS: Final = 64
"""Different headers of requests that are compared, so that equal ones are kept once."""


@dataclass(slots=True)
class AccountRecords:
    """The data of an account and its records, oldest first."""

    row: int
    data: AccountData
    scenario: ActiveScenario
    lists: dict[str, set[str] | frozenset[str]]
    faults: list[Rule]
    ended_faults: list[Rule]
    messages: list[Message] = field(default_factory=list)
    requests: list[RecordedRequest] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    scheduled: list[ScheduledKey] = field(default_factory=list)
    planned: list[DueAction] = field(default_factory=list)


@dataclass(slots=True)
class LoadedScenario:
    """A scenario of a snapshot; `is_initial` marks the one that the options of its mock name."""

    active: ActiveScenario
    is_initial: bool


@dataclass(slots=True)
class Contents:
    """Everything in a snapshot. `mock` and the rest of it is None for some accounts."""

    manifest: Manifest
    scenarios: dict[int, LoadedScenario] = field(default_factory=dict)
    accounts: dict[str, AccountRecords] = field(default_factory=dict)
    unattributed: list[RecordedRequest] = field(default_factory=list)
    mock: MockData | None = None
    new_account_faults: dict[int, tuple[Rule, datetime]] = field(default_factory=dict)


class Loader:
    """Reads the entries of a snapshot, in an order in which each row refers to earlier ones only."""

    def __init__(self, file: BinaryIO, settings: Settings) -> None:
        limit = settings.max_memory or default_limit()
        self._archive = Archive(file, max_total_bytes(limit))
        self._settings = settings
        self._shared_numbers: dict[frozenset[str], frozenset[str]] = {}
        self._records = set[int]()
        self._weight = 0
        self._max_weight = MAX_WEIGHT * limit
        self._contents = Contents(self._archive.manifest)

    def load(self) -> Contents:
        """Return everything.

        Raises:
            InvalidSnapshot: something is not as a mock writes it.
        """
        self._check_accounts()
        self._read(SCENARIOS, ScenarioData, self._add_scenario)
        self._read(ACCOUNTS, AccountData, self._add_account)
        self._check_rows()
        submissions: dict[tuple[str, int], Submission] = {}
        tokens = set[str]()
        self._read(MESSAGES, MessageData, lambda row: self._add_message(row, submissions, tokens))
        headers = lru_cache(MAX_SHARED_HEADERS)(lambda raw: raw)
        self._read(REQUESTS, RequestData, lambda row: self._add_request(row, headers))
        self._read(REPLIES, ReplyData, self._add_reply)
        self._read(CONSENTS, ConsentData, self._add_consent)
        self._read(CALLBACKS, CallbackData, self._add_callback)
        self._read(ACTIONS, ActionData, self._add_action)
        if MOCK in self._archive:
            self._add_mock()
        for entry in TRACE_ENTRIES:
            if entry in self._archive:
                self._archive.read(entry)  # damage in it is refused too
        return self._contents

    def _read(self, entry: str, model: type[RowKind], add: Callable[[Any], int]) -> None:
        latest: dict[str | None, int] = {}
        for row in self._archive.rows(entry):
            try:
                data = model.model_validate(row.value)
                record = getattr(data, "record", None)
                if record is not None:
                    self._check_record(record, latest, data.account)  # type: ignore[attr-defined]
                self._weight += add(data)
                self._check_weight()
            except ValidationError as error:
                raise InvalidSnapshot(_describe(model, error), entry, row.number) from error
            except ValueError as error:
                raise InvalidSnapshot(str(error), entry, row.number) from error

    def _check_accounts(self) -> None:
        """Refuse more accounts than the mock keeps, before they are read."""
        rows, most = self._archive.manifest.rows[ACCOUNTS], self._settings.max_accounts
        if rows > most:
            limit = f"this mock keeps at most {most}; a higher {flag_name('max_accounts')} allows more"
            raise InvalidSnapshot(f"has {counted(rows, 'row')}; {limit}", ACCOUNTS)

    def _check_rows(self) -> None:
        """Refuse more rows than the accounts can have, before they are read."""
        for entry, option in LIMITED.items():
            rows, owners = self._archive.manifest.rows[entry], len(self._contents.accounts)
            most = getattr(self._settings, option) * (owners + (entry == REQUESTS))  # some requests have no account
            if rows > most:
                limit = f"the accounts can have {most}; a higher {flag_name(option)} allows more"
                raise InvalidSnapshot(f"has {counted(rows, 'row')}; {limit}", entry)

    def _check_weight(self) -> None:
        """Refuse more than the mock could keep, whatever sizes the rows have."""
        if self._weight > self._max_weight:
            limit = format_size(self._max_weight)
            raise ValueError(f"its records up to this one take more than {limit}; a higher --max-memory allows more")

    def _check_record(self, record: int, latest: dict[str | None, int], account: str | None) -> None:
        """Refuse a record that is out of order, is not the only one with its number, or is later than the latest."""
        if record <= latest.get(account, 0):
            raise ValueError(f"record must be higher than {latest[account]}, that of the row before; got {record}")
        if record > self._contents.manifest.latest:
            raise ValueError(f"record must be at most {self._contents.manifest.latest}, the latest; got {record}")
        if record in self._records:
            raise ValueError(f"record must be the only one with its number; got {record} again")
        self._records.add(record)
        latest[account] = record

    def _of(self, row: Any) -> AccountRecords:
        found = self._contents.accounts.get(row.account)
        if found is None:
            raise ValueError(f"account must be one of {ACCOUNTS}; got {row.account!r}")
        return found

    def _scenario(self, number: int) -> ActiveScenario:
        found = self._contents.scenarios.get(number)
        if found is None:
            raise ValueError(f"scenario must be one of {SCENARIOS}; got {number}")
        return found.active

    def _add_scenario(self, row: ScenarioData) -> int:
        if row.scenario in self._contents.scenarios:
            raise ValueError(f"scenario must be the only one with its number; got {row.scenario} again")
        active = row.compiled(self._settings) if row.sources or row.initial else NO_SCENARIO
        if row.behind is not None:
            behind = self._scenario(row.behind)
            if behind.layers is not None:
                raise ValueError(f"behind must be a scenario with none behind it; got {row.behind}")
            active = layered(active, behind)
        _ = active.index  # takes long to make
        self._contents.scenarios[row.scenario] = LoadedScenario(active, row.initial)
        for value in active.account_values.values():
            if isinstance(value, frozenset):
                self._shared_numbers[value] = value
        return active.size

    def _add_account(self, row: AccountData) -> int:
        accounts = self._contents.accounts
        if row.id in accounts:
            raise ValueError(f"id must be the only one; got {row.id} again")
        key = AccountKey(row.digest, row.shown_key, row.key)
        if key.id != row.id or (row.key is not None and AccountKey.of(row.key).digest != row.digest):
            raise ValueError("id, digest and key must belong together")
        accounts[row.id] = AccountRecords(
            row=len(accounts) + 1,
            data=row,
            scenario=self._scenario(row.scenario),
            lists={name: self._numbers(name, row) for name in LISTS},
            faults=[self._fault(fault.fault) for fault in row.faults],
            ended_faults=[self._fault(fault.fault) for fault in row.ended_faults],
        )
        return weight_of_account(row)

    def _numbers(self, name: str, row: AccountData) -> set[str] | frozenset[str]:
        data = getattr(row, name)
        if data.same_as is not None:
            if data.same_as not in self._contents.accounts:
                raise ValueError(f"same_as must be an account before this one; got {data.same_as}")
            return frozenset(self._contents.accounts[data.same_as].lists[name])
        if data.is_own:
            return set(data.numbers)
        numbers = frozenset(data.numbers)
        return self._shared_numbers.setdefault(numbers, numbers)

    def _fault(self, body: dict[str, Any]) -> Rule:
        return fault_rule(FaultBody.model_validate(body), self._settings)

    def _add_message(self, row: MessageData, submissions: dict[tuple[str, int], Submission], tokens: set[str]) -> int:
        if (row.submission is None) == (row.submission_of is None):
            raise ValueError("must have either submission or submission_of")
        if row.submission is not None:
            submission = submissions[row.account, row.record] = row.submission.submission()
        else:
            found = submissions.get((row.account, row.submission_of or 0))
            if found is None:
                raise ValueError(f"submission_of must be a message before this one; got {row.submission_of}")
            submission = found
        token = token_of(row.transaction_id)
        if token in tokens:
            raise ValueError(f"transaction_id must begin as no other; got {row.transaction_id}")
        tokens.add(token)
        message = row.message(submission)
        self._of(row).messages.append(message)
        return max(message.size, weight_of_message(message, submission if row.submission is not None else None))

    def _add_request(self, row: RequestData, headers: Callable[[bytes], bytes]) -> int:
        requests = self._contents.unattributed if row.account is None else self._of(row).requests
        request = row.request(headers(row.headers))
        requests.append(request)
        return max(request.size, weight_of_request(request))

    def _add_reply(self, row: ReplyData) -> int:
        reply = row.reply()
        self._of(row).replies.append(reply)
        return weight_of_reply(reply)

    def _add_consent(self, row: ConsentData) -> int:
        consent = row.consent()
        self._of(row).consents.append(consent)
        return weight_of_consent(consent)

    def _add_callback(self, row: CallbackData) -> int:
        owner, callback = self._of(row), row.callback()
        owner.callbacks.append(callback)
        if row.scheduled is not None:
            owner.scheduled.append(ScheduledKey(row.scheduled.at, row.scheduled.place, callback.ordering_key))
        return weight_of_callback(callback)

    def _add_action(self, row: ActionData) -> int:
        planned = self._of(row).planned
        if planned and row.at < planned[-1].at:
            raise ValueError("at must not be earlier than in the row before")
        if row.message > self._contents.manifest.latest:
            raise ValueError(f"message must be at most {self._contents.manifest.latest}; got {row.message}")
        due = row.due(len(planned))
        planned.append(due)
        return weight_of_action(due)

    def _add_mock(self) -> None:
        try:
            mock = MockData.model_validate(self._archive.read_json(MOCK))
            self._scenario(mock.scenario)
            faults = {fault.id: (self._fault(fault.fault), fault.until) for fault in mock.faults}
            named = (*mock.with_due, *mock.with_callbacks, *(turn.account for turn in mock.turns if turn.account))
            for account in named:
                if account not in self._contents.accounts:
                    raise ValueError(f"{account} must be one of {ACCOUNTS}")
        except ValidationError as error:
            raise InvalidSnapshot(_describe(MockData, error), MOCK) from error
        except ValueError as error:
            raise InvalidSnapshot(str(error), MOCK) from error
        self._contents.mock, self._contents.new_account_faults = mock, faults


def _describe(model: type[RowModel], error: ValidationError) -> str:
    """Return the first issue of a row."""
    known: dict[str, type[BaseModel]] = {Scenario.__name__: Scenario, FaultBody.__name__: FaultBody}
    return " ".join(first_issue(known.get(error.title, model), error))
