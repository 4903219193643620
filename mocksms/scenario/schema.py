"""What a scenario can say, checked in one place and described for users. A file and a JSON body are read alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
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

from mocksms.engine.rules import ApiOperation
from mocksms.scenario.values import (
    MEDIA_TYPE,
    BoundedDuration,
    ErrorStatus,
    OutcomeName,
    RuleCredit,
    SegmentComparison,
    TextPattern,
    Times,
    digits_only,
    form_of,
    media_type,
    shortest_and_longest,
)
from mocksms.schemas.types import ListedNumber, WebhookList, format_duration, whole
from mocksms.sms.lifecycle import NEXT
from mocksms.sms.message import State

MAX_RULES: Final = 10_000
MAX_STEPS: Final = 20
MAX_REPLY_LENGTH: Final = 10_000
NOTHING: Final = timedelta()


class ScenarioTable(BaseModel):
    """A part of a scenario: unknown names are refused, and no value is taken for one of another kind."""

    # Deferred, since most runs use few of these, and a mock is to start at once.
    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Match(ScenarioTable):
    """For which messages; everything given must hold. Nothing given: for all."""

    to: Annotated[TextPattern, AfterValidator(digits_only)] | None = Field(
        default=None, description="The recipient's number, compared on digits"
    )
    content: TextPattern | None = Field(
        default=None, description="Part of the content, placeholders filled; * makes it whole"
    )
    tag: TextPattern | None = Field(default=None, description="One of the tags")
    sender: TextPattern | None = Field(default=None, description="The sender")
    charset: TextPattern | None = Field(default=None, description="The charset asked for")
    is_async: bool | None = Field(default=None, alias="async", description="Whether async mode is asked for")
    segments: SegmentComparison | None = Field(default=None, description="How many segments it takes")
    nth: Times | None = Field(default=None, description="Whether it is the nth message to its number, kept ones count")
    operation: ApiOperation | None = Field(
        default=None, strict=False, description="For a fault: which operation fails, send unless given"
    )

    @model_validator(mode="after")
    def _fits_its_operation(self) -> Match:
        if self.operation not in (None, ApiOperation.SEND):
            given = [name for name in Match.model_fields if name != "operation" and getattr(self, name) is not None]
            named = [Match.model_fields[name].alias or name for name in given]
            if named:
                raise ValueError(f"operation {self.operation} has no message with a {named[0]}; remove {named[0]}")
        return self


class StepModel(ScenarioTable):
    """Where the message is next, that long after the step before, or after it is taken up."""

    outcome: OutcomeName
    after: BoundedDuration = NOTHING


class ReplyModel(ScenarioTable):
    """The recipient answers, that long after the message was sent."""

    text: Annotated[str, Field(max_length=MAX_REPLY_LENGTH)]
    after: BoundedDuration = timedelta(seconds=1)


class ClickModel(ScenarioTable):
    """The recipient opens the first link, that long after the message was sent."""

    after: BoundedDuration = timedelta(seconds=1)


FaultName = Literal[
    "status",
    "unauthorized",
    "rate_limit",
    "delay",
    "dribble",
    "truncated",
    "malformed",
    "empty",
    "reset_before_accept",
    "reset_after_accept",
]

_FIELDS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "status": (("status",), ("body", "content_type", "retry_after")),
    "rate_limit": (("limit", "per"), ()),
    "delay": (("duration",), ()),
    "dribble": (("duration",), ()),
}
"""What each kind of fault needs, and what it may have."""

_EXAMPLES: Final = {"status": "status = 503", "limit": "limit = 5", "per": 'per = "1m"', "duration": 'duration = "2s"'}

FaultDuration = Annotated[
    Annotated[BoundedDuration, Tag("one")]
    | Annotated[list[BoundedDuration], Field(min_length=2, max_length=2), Tag("many")],
    Discriminator(form_of),
    BeforeValidator(shortest_and_longest),
]
"""A length of time, or the shortest and the longest."""


class CallbackModel(ScenarioTable):
    """How receivers hear of the message: late, more than once, or never."""

    drop: bool = Field(default=False, description="They never hear of it")
    delay: BoundedDuration = Field(default=NOTHING, description="They hear of everything that much later")
    times: Annotated[int, Field(ge=1, le=100), BeforeValidator(whole)] = Field(
        default=1, description="They hear of everything so many times"
    )


class FaultModel(ScenarioTable):
    """How the call goes wrong."""

    kind: FaultName = Field(description="What goes wrong")
    status: ErrorStatus | None = Field(default=None, description="HTTP status, 400 to 599")
    body: Annotated[str, Field(max_length=MAX_REPLY_LENGTH)] | None = Field(
        default=None, description="Body of the answer; the vendor's unless given"
    )
    content_type: Annotated[str, Field(max_length=100), AfterValidator(media_type)] | None = Field(
        default=None, description="Type of that body; JSON unless given", json_schema_extra={"pattern": MEDIA_TYPE}
    )
    retry_after: BoundedDuration | None = Field(default=None, description="When to come back, in whole seconds")
    duration: FaultDuration | None = Field(default=None, description="How long, or [shortest, longest]")
    limit: Times | None = Field(default=None, description="So many calls in each window")
    per: BoundedDuration | None = Field(default=None, description="Length of the window")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> FaultModel:
        needed, possible = _FIELDS.get(self.kind, ((), ()))
        given = [name for name in FaultModel.model_fields if name != "kind" and getattr(self, name) is not None]
        missing = [name for name in needed if name not in given]
        if missing:
            examples = ", ".join(_EXAMPLES[name] for name in missing)
            raise ValueError(f"kind {self.kind} needs {' and '.join(missing)}, such as {examples}")
        for name in given:
            if name not in needed + possible:
                kinds = [kind for kind, (needs, may) in _FIELDS.items() if name in needs + may]
                raise ValueError(f"{name} belongs to kind {' or '.join(kinds)}, not to {self.kind}")
        if isinstance(self.duration, list) and self.duration[0] > self.duration[1]:
            raise ValueError("duration must be [shortest, longest], and the first is longer")
        if self.per is not None and not self.per:
            raise ValueError("per must be longer than 0")
        return self


def sent_for(steps: Iterable[StepModel]) -> timedelta | None:
    """Return how long a message that takes these steps stays sent, None where nothing ends that."""
    return next((following.after for step, following in pairwise(steps) if step.outcome is State.SENT), None)


def _steps(steps: list[StepModel]) -> list[StepModel]:
    state = State.QUEUED
    for place, step in enumerate(steps, 1):
        legal = [str(following) for following in NEXT[state]]
        if step.outcome not in NEXT[state]:
            can = f"can only become {', '.join(legal)}" if legal else "is at its end"
            raise ValueError(f"step {place} makes {step.outcome} of a message that is {state}; it {can}")
        state = step.outcome
    return steps


Replies = Annotated[
    Annotated[ReplyModel, Tag("one")]
    | Annotated[list[ReplyModel], Field(min_length=1, max_length=MAX_STEPS), Tag("many")],
    Discriminator(form_of),
]


class Limits(ScenarioTable):
    """For which, and how often, a rule is used."""

    match: Match = Field(default=Match(), description="For which messages")
    times: Times | None = Field(default=None, description="Only for the first so many")
    every: Times = Field(default=1, description="Only for every so many, the nth, the 2nth and so on")
    probability: Annotated[float, Field(gt=0, le=1)] = Field(default=1.0, description="How likely, under the seed")


class RuleModel(Limits):
    """What happens to which messages: one of outcome, steps, pass_through and fault."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(default=None, description="For reports")
    outcome: OutcomeName | None = Field(default=None, description="Where the message ends")
    steps: Annotated[list[StepModel], Field(min_length=1, max_length=MAX_STEPS), AfterValidator(_steps)] | None = Field(
        default=None, description="Its life, step by step"
    )
    pass_through: Literal[True] | None = Field(
        default=None, description="No later rule applies; the default rules decide"
    )
    delay: BoundedDuration | None = Field(
        default=None, description="With outcome or pass_through: only after it was queued so long"
    )
    reply: Replies | None = Field(default=None, description="What the recipient answers")
    click: ClickModel | None = Field(default=None, description="The recipient opens the first link")
    callback: CallbackModel | None = Field(default=None, description="How receivers hear of it")
    fault: FaultModel | None = Field(default=None, description="How the call goes wrong")

    @model_validator(mode="after")
    def _says_one_thing(self) -> RuleModel:
        ways = {"outcome": self.outcome, "steps": self.steps, "pass_through": self.pass_through, "fault": self.fault}
        given = [name for name, value in ways.items() if value is not None]
        reacts = [name for name in ("reply", "click", "callback") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"says both {' and '.join(given)}; make two rules of it")
        if not given and not reacts:
            raise ValueError(
                "does not say what happens; give it one of outcome, steps, pass_through, fault, reply, click, callback"
            )
        if self.fault and reacts:
            raise ValueError(f"{reacts[0]} belongs to a message, fault to a call; make two rules of it")
        if self.delay is not None and (self.fault or self.steps):
            other = "duration within the fault" if self.fault else "after within a step"
            raise ValueError(f"delay goes with outcome or pass_through; here it is the {other}")
        if self.delay is not None and self.outcome is State.QUEUED:
            raise ValueError("delay is until the message leaves queued; with outcome queued it never does")
        if self.match.operation not in (None, ApiOperation.SEND) and self.fault is None:
            raise ValueError(f"operation {self.match.operation} creates no message; only a fault can apply to it")
        if reacts and reacts != ["callback"] and State.SENT not in self.states():
            raise ValueError(f"{reacts[0]} never happens, since the message is never sent")
        return self

    @model_validator(mode="after")
    def _reacts_in_time(self) -> RuleModel:
        lasts = sent_for(self.steps or ())
        replies = [self.reply] if isinstance(self.reply, ReplyModel) else self.reply or []
        for name, reaction in [*(("reply", reply) for reply in replies), ("click", self.click)]:
            if lasts is not None and reaction is not None and reaction.after >= lasts:
                ends = f"the message bounces {format_duration(lasts)} after it was sent"
                raise ValueError(f"{name} after {format_duration(reaction.after)} never happens, since {ends}")
        return self

    def states(self) -> set[State]:
        """Return the states a message may be in by this rule."""
        if self.steps is not None:
            return {step.outcome for step in self.steps}
        return set(State) if self.outcome is None else {self.outcome}


class AccountModel(ScenarioTable):
    """What an account begins with; what is not named is as the options say."""

    credit: RuleCredit | None = Field(default=None, description='Segments, or "unlimited"')
    sender: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="Sender of messages that name none"
    )
    gateway: bool | None = Field(default=None, description="Whether it has an SMS gateway")
    rest_right: bool | None = Field(default=None, description="Whether it may use the REST API")
    unsubscribed: list[ListedNumber] | None = Field(default=None, description="Numbers that have opted out")
    bounced: list[ListedNumber] | None = Field(default=None, description="Numbers on the bounce list")
    kosher: list[ListedNumber] | None = Field(default=None, description="Numbers that take no SMS")
    force_unsubscribe_link: bool | None = Field(default=None, description="Append the link whatever a send says")
    webhooks: WebhookList | None = Field(default=None, description="Receivers of its callbacks")


class Scenario(ScenarioTable):
    """How the provider behaves: what accounts begin with, and rules, of which the first that matches counts."""

    about: Annotated[str, Field(max_length=2000)] = Field(default="", description="The story in a sentence or two")
    account: AccountModel | None = None
    rule: Annotated[list[RuleModel], Field(max_length=MAX_RULES)] = Field(default=[], description="The rules, in order")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files, for editors."""
    schema = Scenario.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "mocksms scenario"}
