"""Rows of accounts and scenarios, and the state of the mock beside its accounts."""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from mocksms.engine.account import MAX_LABEL_LENGTH, TestOutcome
from mocksms.engine.clock import ClockReading
from mocksms.engine.counted_rule import RandomState, RuleState
from mocksms.engine.keys import MAX_KEY_LENGTH
from mocksms.engine.rules import ActiveScenario, combine
from mocksms.scenario.compiler import compile_scenario
from mocksms.scenario.schema import FaultBody, Scenario
from mocksms.schemas.types import Credit
from mocksms.settings import Settings
from mocksms.state.callback_rows import MAX_WEBHOOKS, CallbackPolicyData, WebhookData
from mocksms.state.rows import (
    AccountId,
    OwnText,
    RecordNumber,
    RecordNumberOrNone,
    RowCount,
    RowInstant,
    RowModel,
    RowSeconds,
    RowSize,
)
from mocksms.state.trace_models import AccountFailures

ATTRIBUTES: Final = (
    "label",
    "test_outcome",
    "test_failures",
    "seed",
    "generation",
    "credit",
    "gateway",
    "rest_right",
    "sender",
    "force_unsubscribe_link",
    "own_scenario_size",
    "used_at",
)
"""Attributes of an account that its row has as they are."""

LISTS: Final = ("unsubscribed", "bounced", "kosher")
"""Attributes of an account that are lists of numbers."""

MAX_SIZE_CLASS: Final = 62
"""The class of the largest share of the memory budget."""

RANDOM_WORDS: Final = struct.Struct("<625I")
"""The state of the Mersenne Twister: 624 words, and how many of them are used."""

ListedDigits = Annotated[str, Field(max_length=100)]


def _random_state(raw: object) -> RandomState:
    if not isinstance(raw, str) or len(raw) > 2 * RANDOM_WORDS.size:
        raise ValueError("must be the state of a random generator in Base64")
    try:
        *words, place = RANDOM_WORDS.unpack(b64decode(raw, validate=True))
    except struct.error:
        raise ValueError(f"must have {RANDOM_WORDS.size} bytes") from None
    if place > len(words) or not (any(words[1:]) or words[0] >> 31):
        raise ValueError("is no state of a random generator")  # from one of zeros, all numbers are 0
    return (3, (*words, place), None)


RandomText = Annotated[RandomState, PlainValidator(_random_state), WithJsonSchema({"type": "string"})]


def written_random(state: RandomState | None) -> str | None:
    """Return the state of a random generator as in a row."""
    return None if state is None else b64encode(RANDOM_WORDS.pack(*state[1])).decode()


class ClockData(RowModel):
    """A clock: its time, the real time at that moment, and whether it is frozen."""

    now: RowInstant
    real: RowInstant
    is_frozen: bool

    def reading(self) -> ClockReading:
        """Return the reading."""
        return ClockReading(self.now, self.real, self.is_frozen)


class NumbersData(RowModel):
    """A list of numbers: its own ones, some that are shared, or those of an earlier account."""

    is_own: bool
    numbers: list[ListedDigits] | None
    same_as: AccountId | None

    @model_validator(mode="after")
    def _has_one(self) -> NumbersData:
        if (self.numbers is None) == (self.same_as is None) or (self.is_own and self.numbers is None):
            raise ValueError("must have either numbers or the account that has the same")
        return self


class EvictedData(RowModel):
    """How many records were evicted, and the highest number among them."""

    count: RowCount
    up_to: RecordNumberOrNone


class EvictedRecordsData(RowModel):
    """The evicted records of an account."""

    messages: EvictedData
    requests: EvictedData
    replies: EvictedData
    consents: EvictedData
    callbacks: EvictedData


class CountersData(RowModel):
    """The counters of a rule."""

    matched: RowCount
    applied: RowCount
    timed_out: bool
    random: RandomText | None
    request_times: list[RowInstant]

    def state(self) -> RuleState:
        """Return the counters as the engine has them."""
        return RuleState(self.matched, self.applied, self.timed_out, self.random, tuple(self.request_times))


class RuleData(CountersData):
    """The counters of a rule by its position in the scenario."""

    position: Annotated[int, Field(ge=0, le=10**6)]


class ManualFaultData(CountersData):
    """A manual fault with its counters; `added` counts those that were set in the account before it."""

    id: RecordNumber
    until: RowInstant
    added: RowCount
    fault: dict[str, Any]


class NewAccountFaultData(RowModel):
    """A manual fault that new accounts get."""

    id: RecordNumber
    until: RowInstant
    fault: dict[str, Any]


class ScheduledKeyData(RowModel):
    """When the callbacks of a queue are due whose scheduled callback is not stored, since it was evicted."""

    at: RowInstant
    place: RowCount
    url: OwnText
    queue: OwnText


class AccountData(RowModel):
    """An account without its records. The least recently used account comes first."""

    id: AccountId
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    shown_key: Annotated[str, Field(max_length=100)]
    key: Annotated[str, Field(min_length=1, max_length=MAX_KEY_LENGTH)] | None
    label: Annotated[str, Field(max_length=MAX_LABEL_LENGTH)]
    test_outcome: TestOutcome | None
    test_failures: AccountFailures
    seed: OwnText
    generation: RowCount
    credit: Credit | None
    gateway: bool
    rest_right: bool
    sender: OwnText
    force_unsubscribe_link: bool
    async_delay: RowSeconds
    callback_policy: CallbackPolicyData
    to_overtake: Annotated[list[Annotated[int, Field(ge=0, le=MAX_WEBHOOKS)]], Field(max_length=MAX_WEBHOOKS)]
    webhooks: Annotated[list[WebhookData], Field(max_length=MAX_WEBHOOKS)]
    unsubscribed: NumbersData
    bounced: NumbersData
    kosher: NumbersData
    clock: ClockData
    scenario: Annotated[int, Field(ge=1)]
    own_scenario_size: RowSize
    rules: list[RuleData]
    faults: list[ManualFaultData]
    ended_faults: list[ManualFaultData]
    faults_added: RowCount
    ids_random: RandomText | None
    replays_random: RandomText | None
    evicted: EvictedRecordsData
    used_at: RecordNumberOrNone
    waiting_for_credit: list[RecordNumber]
    schedule: list[ScheduledKeyData]


class SourceData(RowModel):
    """A scenario with the name that its rules have it by."""

    name: OwnText
    scenario: dict[str, Any]


class ScenarioData(RowModel):
    """What is active together. `initial` marks what the options of the mock name.

    `behind` is an earlier scenario that this one is in front of.
    """

    scenario: Annotated[int, Field(ge=1)]
    behind: Annotated[int, Field(ge=1)] | None
    initial: bool
    sources: list[SourceData]

    def compiled(self, settings: Settings) -> ActiveScenario:
        """Return the scenario as rules.

        Raises:
            ValidationError: a source is no scenario.
        """
        return combine(
            compile_scenario(Scenario.model_validate(source.scenario), source.name, settings) for source in self.sources
        )


class EvictedTotalsData(RowModel):
    """What was evicted with evicted accounts."""

    accounts: RowCount
    messages: RowCount
    requests: RowCount


class TurnData(RowModel):
    """The place of an account among those that evict records in turn; null for requests without an account."""

    account: AccountId | None
    size_class: Annotated[int, Field(ge=0, le=MAX_SIZE_CLASS)]


class MockData(RowModel):
    """The state of a mock beside its accounts."""

    generation: RowCount
    evicted: EvictedTotalsData
    evicted_up_to: RecordNumberOrNone
    is_in_use: bool
    clock: ClockData
    scenario: Annotated[int, Field(ge=1)]
    faults: list[NewAccountFaultData]
    labels: dict[Annotated[str, Field(max_length=256)], Annotated[str, Field(max_length=MAX_LABEL_LENGTH)]]
    unattributed: EvictedData
    turns: list[TurnData]
    with_due: list[AccountId]
    with_callbacks: list[AccountId]


def clock_row(reading: ClockReading) -> dict[str, Any]:
    """Return a clock as in a row."""
    return reading._asdict()


def scenario_row(number: int, scenario: ActiveScenario, behind: int | None, *, initial: bool) -> dict[str, Any]:
    """Return the row of a scenario, with the number of the one behind it."""
    own = scenario if behind is None else scenario.front
    sources = [{"name": name, "scenario": _dumped(model)} for name, model in own.sources]
    return {"scenario": number, "behind": behind, "initial": initial, "sources": sources}


def counters_row(state: RuleState) -> dict[str, Any]:
    """Return the counters of a rule as in a row."""
    return {**state._asdict(), "random": written_random(state.random)}


def fault_source(body: FaultBody) -> Mapping[str, Any]:
    """Return the body of a manual fault as in a row."""
    return _dumped(body)


def _dumped(model: Scenario | FaultBody) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)
