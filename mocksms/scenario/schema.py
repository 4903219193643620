"""Schema of scenarios, for files and JSON bodies, with validation and descriptions for users."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from typing_extensions import TypeAliasType

from mocksms.engine.rules import ApiOperation
from mocksms.scenario.values import (
    MEDIA_TYPE,
    BoundedDuration,
    FaultDuration,
    HeaderTable,
    NumberText,
    OutcomeName,
    ResponseBody,
    ResponseStatus,
    RuleCredit,
    SegmentComparison,
    TextPattern,
    Times,
    form_of,
    media_type,
)
from mocksms.schemas.components import PlainSchema
from mocksms.schemas.types import ListedNumber, WebhookList, whole
from mocksms.sms.durations import format_duration
from mocksms.sms.lifecycle import allows, following
from mocksms.sms.message import AnyState, CallbackPolicy, FreeState, State, Status, is_on_phone
from mocksms.sms.outcomes import BODILESS, ManualFaultName

MAX_RULES: Final = 10_000
MAX_STEPS: Final = 20
MAX_REPLY_LENGTH: Final = 10_000
NO_DELAY: Final = timedelta()
NO_ERROR: Final = range(200, 400)


class ScenarioTable(BaseModel):
    """A table of a scenario: unknown names are refused, and no value is converted to another type."""

    # Built on first use: most runs use few of these models, and a mock should start fast.
    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, strict=True, populate_by_name=True)

    def _present(self, names: Iterable[str]) -> list[str]:
        """Return the names that have a value."""
        return [name for name in names if getattr(self, name) is not None]


class Match(ScenarioTable):
    """Conditions a message must fulfil, all of them. Without conditions every message matches."""

    to: NumberText | None = Field(
        default=None, description="Recipient number, compared by digits; * stands for any digits"
    )
    content: TextPattern | None = Field(default=None, description="Part of the content with placeholders filled")
    tag: TextPattern | None = Field(default=None, description="One of the tags")
    sender: TextPattern | None = Field(default=None, description="Sender")
    charset: TextPattern | None = Field(default=None, description="Requested charset, empty if there is none")
    is_async: bool | None = Field(default=None, alias="async", description="Whether the send requests async mode")
    segments: SegmentComparison | None = Field(default=None, description="Number of segments")
    nth: Times | None = Field(
        default=None, description="The nth message to its number; deleted and evicted messages do not count"
    )
    operation: ApiOperation | None = Field(
        default=None, strict=False, description="For a fault: the operation that fails; send by default"
    )

    @model_validator(mode="after")
    def _check_operation(self) -> Match:
        if self.operation not in (None, ApiOperation.SEND):
            present = [name for name in self._present(Match.model_fields) if name != "operation"]
            if present:
                name = Match.model_fields[present[0]].alias or present[0]
                raise ValueError(f"operation {self.operation} has no message to match by {name}; remove {name}")
        return self


class StepModel(ScenarioTable):
    """The next state of a message, `after` the previous step, or after the default rules would decide about it."""

    outcome: OutcomeName = Field(description="The state that the message reaches")
    after: BoundedDuration = Field(default=NO_DELAY, description="How long after the previous step")


class ReplyModel(ScenarioTable):
    """The recipient replies, `after` the message was sent."""

    text: Annotated[str, Field(max_length=MAX_REPLY_LENGTH)] = Field(description="What the recipient writes")
    after: BoundedDuration = Field(default=timedelta(seconds=1), description="How long after the message was sent")


class ClickModel(ScenarioTable):
    """The recipient opens the first link, `after` the message was sent."""

    after: BoundedDuration = Field(default=timedelta(seconds=1), description="How long after the message was sent")


_FIELDS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "status": (("status",), ("body", "content_type", "headers", "accept", "retry_after")),
    "rate_limit": (("limit", "per"), ()),
    "delay": (("duration",), ()),
    "dribble": (("duration",), ()),
    "hold": ((), ("duration",)),
}
"""The required and the optional fields of each kind of fault."""

_EXAMPLES: Final = {"status": "status = 503", "limit": "limit = 5", "per": 'per = "1m"', "duration": 'duration = "2s"'}


class CallbackModel(ScenarioTable):
    """How callbacks are delivered: late, more than once, in another order, or never."""

    drop: bool = Field(default=False, description="Send no callbacks")
    delay: BoundedDuration = Field(default=NO_DELAY, description="Delay of every callback")
    times: Annotated[int, Field(ge=1, le=100), BeforeValidator(whole)] = Field(
        default=1, description="Number of times each callback is sent"
    )
    reversed: bool = Field(
        default=False, description="Every other callback to a webhook waits 300 ms, so that the next one overtakes it"
    )

    @model_validator(mode="after")
    def _check_drop(self) -> CallbackModel:
        if self.drop:
            for name, field in CallbackModel.model_fields.items():
                if name != "drop" and getattr(self, name) != field.default:
                    raise ValueError(f"drop sends no callbacks, so {name} has no effect; remove one of them")
        return self

    def policy(self) -> CallbackPolicy:
        """Return the policy."""
        return CallbackPolicy(self.delay, 0 if self.drop else self.times, self.reversed)

    @classmethod
    def of(cls, policy: CallbackPolicy) -> CallbackModel:
        """Return a policy as in a scenario."""
        return cls(drop=not policy.times, delay=policy.delay, times=policy.times or 1, reversed=policy.is_reversed)


class FaultModel(ScenarioTable):
    """How the request fails."""

    kind: ManualFaultName = Field(description="What goes wrong; `hold` is no fault of a rule")
    status: ResponseStatus | None = Field(default=None, description="HTTP status, 200 to 599")
    body: ResponseBody = Field(
        default=None, description="Response body, as text or JSON; by default the error of this status"
    )
    content_type: Annotated[str, Field(max_length=100), AfterValidator(media_type)] | None = Field(
        default=None,
        description="Content type of that body; JSON by default",
        json_schema_extra={"pattern": MEDIA_TYPE},
    )
    headers: HeaderTable | None = Field(default=None, description="More response headers, by name")
    accept: Literal[True] | None = Field(default=None, description="The send is accepted, whatever the response says")
    retry_after: BoundedDuration | None = Field(default=None, description="Retry-After header, in whole seconds")
    duration: FaultDuration | None = Field(default=None, description="Duration, or [shortest, longest]")
    limit: Times | None = Field(default=None, description="Requests allowed in each window")
    per: BoundedDuration | None = Field(default=None, description="Length of the window")

    @model_validator(mode="after")
    def _check_fields(self) -> FaultModel:
        required, optional = _FIELDS.get(self.kind, ((), ()))
        present = [name for name in self._present(FaultModel.model_fields) if name != "kind"]
        missing = [name for name in required if name not in present]
        if missing:
            examples = ", ".join(_EXAMPLES[name] for name in missing)
            raise ValueError(f"kind {self.kind} needs {' and '.join(missing)}, such as {examples}")
        for name in present:
            if name not in required + optional:
                kinds = [kind for kind, fields in _FIELDS.items() if name in fields[0] + fields[1]]
                listed = " or ".join(filter(None, (", ".join(kinds[:-1]), kinds[-1])))
                raise ValueError(f"{name} belongs to kind {listed}, not to {self.kind}")
        if isinstance(self.duration, list) and self.duration[0] > self.duration[1]:
            raise ValueError("duration must be [shortest, longest]; the first is longer than the second")
        if self.per is not None and not self.per:
            raise ValueError("per must be longer than 0")
        self._check_response()
        return self

    def _check_response(self) -> None:
        if self.status in NO_ERROR and self.status not in BODILESS and self.body is None and not self.headers:
            raise ValueError(
                f'status {self.status} is no error and needs a body, such as body = "" or body = {{ id = 1 }}'
            )
        if self.status in BODILESS and (self.body is not None or self.content_type is not None):
            raise ValueError(f"a response with status {self.status} has no body; remove body and content_type")
        names = {name.lower() for name in self.headers or ()}
        for key, name in (("content_type", "content-type"), ("retry_after", "retry-after")):
            if getattr(self, key) is not None and name in names:
                raise ValueError(f"has both {key} and the header {name}; remove one of them")
        if self.status in BODILESS and "content-type" in names:
            raise ValueError(f"a response with status {self.status} has no body; remove the header content-type")

    @property
    def body_text(self) -> str | None:
        """The body as it is sent."""
        if self.body is None or isinstance(self.body, str):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":"))


def sent_for(steps: Iterable[StepModel]) -> timedelta | None:
    """Return how long a message with these steps can be read on the phone, None if for good or never."""
    states: list[AnyState] = []
    length = NO_DELAY
    for step in steps:
        was_on_phone = is_on_phone(states)
        states.append(step.outcome)
        length += step.after if was_on_phone else NO_DELAY
        if was_on_phone and not is_on_phone(states):
            return length
    return None


def _steps(steps: list[StepModel]) -> list[StepModel]:
    state: AnyState = State.QUEUED
    for position, step in enumerate(steps, 1):
        if not allows(state, step.outcome):
            allowed = ", ".join(map(str, following(state)))
            hint = f"allowed next: {allowed}" if allowed else "this state is final"
            raise ValueError(f"step {position} changes a message from {state} to {step.outcome}; {hint}")
        state = step.outcome
    return steps


def _no_hold(fault: FaultModel) -> FaultModel:
    if fault.kind == "hold":
        raise ValueError("kind hold lasts until a test releases it, so no rule can have it; use kind delay")
    return fault


ReplyList = TypeAliasType(
    "ReplyList", Annotated[list[ReplyModel], Field(min_length=1, max_length=MAX_STEPS, description="Several replies")]
)
"""Several replies."""

Replies = Annotated[Annotated[ReplyModel, Tag("one")] | Annotated[ReplyList, Tag("many")], Discriminator(form_of)]
"""A reply, or several."""


class Limits(ScenarioTable):
    """Which messages or requests a rule matches, and how often it is applied."""

    match: Match = Field(default=Match(), description="Which messages or requests")
    times: Times | None = Field(default=None, description="Apply only to the first n matches")
    every: Times = Field(default=1, description="Apply only to every nth match")
    probability: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="Probability that it is applied to a match; repeatable with a seed"
    )


class RuleModel(Limits):
    """A rule: which messages it matches, and one of outcome, steps, pass_through and fault."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="Name in reports"
    )
    outcome: OutcomeName | None = Field(default=None, description="Final state of the message")
    steps: Annotated[list[StepModel], Field(min_length=1, max_length=MAX_STEPS), AfterValidator(_steps)] | None = Field(
        default=None, description="States of the message, step by step"
    )
    pass_through: Literal[True] | None = Field(
        default=None, description="No later rule applies; the default rules decide"
    )
    delay: BoundedDuration | None = Field(
        default=None, description="With outcome or pass_through: time the message stays queued before"
    )
    reply: Replies | None = Field(default=None, description="Replies of the recipient")
    click: ClickModel | None = Field(
        default=None, description="The recipient opens the first link; it counts with track_clicks"
    )
    callback: CallbackModel | None = Field(default=None, description="How callbacks are delivered")
    fault: Annotated[FaultModel, AfterValidator(_no_hold)] | None = Field(
        default=None, description="How the request fails"
    )

    @model_validator(mode="after")
    def _check_effect(self) -> RuleModel:
        effects = self._present(("outcome", "steps", "pass_through", "fault"))
        reactions = self._present(("reply", "click", "callback"))
        if len(effects) > 1:
            raise ValueError(f"has both {' and '.join(effects)}; split it into two rules")
        if not effects and not reactions:
            raise ValueError("has no effect; add one of outcome, steps, pass_through, fault, reply, click, callback")
        if self.fault and reactions:
            raise ValueError(f"{reactions[0]} applies to a message, fault to a request; split it into two rules")
        if self.delay is not None and (self.fault or self.steps):
            other = "duration of the fault" if self.fault else "after of a step"
            raise ValueError(f"delay needs outcome or pass_through; here use the {other}")
        if self.delay is not None and self.outcome is State.QUEUED:
            raise ValueError("delay ends when the message leaves queued; with outcome queued it never does")
        if self.match.operation not in (None, ApiOperation.SEND) and self.fault is None:
            raise ValueError(f"operation {self.match.operation} creates no message; only a fault can apply to it")
        if reactions and reactions != ["callback"] and not any(state.status == Status.SENT for state in self.states()):
            raise ValueError(f"{reactions[0]} never happens: the message is never sent")
        return self

    @model_validator(mode="after")
    def _check_reactions(self) -> RuleModel:
        limit = sent_for(self.steps or ())
        for name, reaction in [*(("reply", reply) for reply in self.replies), ("click", self.click)]:
            if limit is not None and reaction is not None and reaction.after >= limit:
                fails = f"the message fails {format_duration(limit)} after it was sent"
                raise ValueError(f"{name} after {format_duration(reaction.after)} never happens: {fails}")
        return self

    @property
    def replies(self) -> list[ReplyModel]:
        """The replies of the recipient."""
        return [self.reply] if isinstance(self.reply, ReplyModel) else self.reply or []

    @property
    def free_states(self) -> list[FreeState]:
        """The states of the rule that the guide does not have, each once."""
        states = [self.outcome, *(step.outcome for step in self.steps or ())]
        return [*dict.fromkeys(state for state in states if isinstance(state, FreeState))]

    def states(self) -> set[AnyState]:
        """Return the states this rule can bring a message to."""
        if self.steps is not None:
            return {step.outcome for step in self.steps}
        return set(State) if self.outcome is None else {self.outcome}


def _positive(duration: timedelta) -> timedelta:
    if not duration:
        raise ValueError("must be longer than 0")
    return duration


class FaultBody(Limits):
    """A fault: for which requests, how often and for how long."""

    fault: FaultModel = Field(description="How the request fails")
    ttl: Annotated[BoundedDuration, AfterValidator(_positive)] = Field(
        default=timedelta(minutes=10), description="How long it is active, on the account's clock"
    )


class AccountModel(ScenarioTable):
    """Initial values of an account; those left out come from the options."""

    credit: RuleCredit | None = Field(default=None, description='Segments, or "unlimited"')
    sender: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="Sender of messages that name none"
    )
    gateway: bool | None = Field(default=None, description="Whether the account has an SMS gateway")
    rest_right: bool | None = Field(default=None, description="Whether the account may use the REST API")
    unsubscribed: list[ListedNumber] | None = Field(default=None, description="Numbers that opted out")
    bounced: list[ListedNumber] | None = Field(default=None, description="Numbers on the bounce list")
    kosher: list[ListedNumber] | None = Field(default=None, description="Numbers that cannot receive SMS")
    force_unsubscribe_link: bool | None = Field(
        default=None, description="Append the unsubscribe link to every message"
    )
    async_delay: BoundedDuration | None = Field(
        default=None, description="How long messages of an async send stay queued"
    )
    callback: CallbackModel | None = Field(
        default=None, description="How callbacks are delivered whose rule does not say it"
    )
    webhooks: WebhookList | None = Field(default=None, description="Webhooks, which receive callbacks")


class Scenario(ScenarioTable):
    """How the provider behaves: initial values of accounts, and rules, of which the first that matches is applied."""

    about: Annotated[str, Field(max_length=2000)] = Field(default="", description="Description in one or two sentences")
    account: AccountModel | None = Field(default=None, description="Settings of the account")
    rule: Annotated[list[RuleModel], Field(max_length=MAX_RULES)] = Field(default=[], description="The rules, in order")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files, for editors."""
    schema = Scenario.model_json_schema(by_alias=True, schema_generator=PlainSchema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "mocksms scenario"}
