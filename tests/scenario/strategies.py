"""Scenarios of every kind, for laws."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from mocksms.engine.rules import ApiOperation
from mocksms.scenario.lint import unreachable_rules
from mocksms.scenario.schema import (
    AccountModel,
    ClickModel,
    FaultModel,
    Match,
    ReplyModel,
    RuleModel,
    Scenario,
    StepModel,
)
from mocksms.sms.lifecycle import following
from mocksms.sms.message import AnyState, FreeState, State

NUMBERS = ("972-54-1111111", "+972 52 2222222", "972-58-32XXXXX", "0541111111")
WILD_NUMBERS = (*NUMBERS, "972-52-*", "*11", "*5*1*", "regex:^97254", "*")
EVER = timedelta(days=3650)
LOOSE_KINDS = ("unauthorized", "truncated", "malformed", "empty", "reset_before_accept", "reset_after_accept")

spans = st.timedeltas(timedelta(), EVER) | st.timedeltas(timedelta(), timedelta(minutes=2))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
wilds = names.filter(lambda text: not text.startswith("regex:")) | st.sampled_from(["otp", "a*b", r"regex:code \d{6}"])
counts = st.integers(1, 10**9)


def _maybe(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return some of the named values, often none."""
    return st.fixed_dictionaries({}, optional=strategies)


matches = _maybe(
    to=st.sampled_from(WILD_NUMBERS),
    content=wilds,
    tag=wilds,
    sender=wilds,
    charset=wilds,
    is_async=st.booleans(),
    segments=st.integers(1, 999) | st.sampled_from(["2", ">=2", "< 3"]),
    nth=counts,
).map(lambda wishes: Match(**wishes))

limits = _maybe(times=counts, every=counts, probability=st.floats(0, 1, exclude_min=True))
replies = st.builds(ReplyModel, text=texts, after=spans)
replies_or_one = replies | st.lists(replies, min_size=1, max_size=3)
reactions = _maybe(reply=replies_or_one, click=st.builds(ClickModel, after=spans))


FREE_STATES = (FreeState("scheduled"), FreeState("rejected", "night"))


@st.composite
def lives(draw: st.DrawFn) -> list[StepModel]:
    """A life of one or more legal steps."""
    steps: list[StepModel] = []
    state: AnyState = State.QUEUED
    while following(state) and (not steps or draw(st.booleans())):
        state = draw(st.sampled_from(following(state)) | st.sampled_from(FREE_STATES))
        steps.append(StepModel(outcome=state, after=draw(spans)))
    return steps


bodies: st.SearchStrategy[Any] = texts | st.dictionaries(texts, st.integers() | st.lists(texts, max_size=2), max_size=2)
details = _maybe(
    content_type=st.just("text/html; charset=utf-8"),
    headers=st.dictionaries(st.sampled_from(["X-Id", "ETag"]), st.sampled_from(["a b", '"']), min_size=1),
    accept=st.just(True),
    retry_after=spans,
)


@st.composite
def faults(draw: st.DrawFn) -> FaultModel:
    """A fault of any kind."""
    kind: Any = draw(st.sampled_from(["status", "rate_limit", "delay", "dribble", *LOOSE_KINDS]))
    if kind == "status":
        return FaultModel(kind=kind, status=draw(st.integers(305, 599)), body=draw(bodies), **draw(details))
    if kind == "rate_limit":
        return FaultModel(kind=kind, limit=draw(counts), per=draw(spans.filter(bool)))
    if kind in ("delay", "dribble"):
        return FaultModel(kind=kind, duration=draw(spans | st.lists(spans, min_size=2, max_size=2).map(sorted)))
    return FaultModel(kind=kind)


@st.composite
def rules(draw: st.DrawFn) -> RuleModel:
    """A rule that says any one of the things rules can say."""
    says: dict[str, Any] = {"match": draw(matches), **draw(limits), **draw(_maybe(name=names))}
    delay = draw(_maybe(delay=spans))
    match draw(st.sampled_from(["outcome", "steps", "pass_through", "fault", "read", "reaction"])):
        case "outcome":
            outcome = draw(st.sampled_from(State))
            ends = {} if outcome is State.QUEUED else delay
            says |= {"outcome": outcome, **ends, **(draw(reactions) if outcome is State.SENT else {})}
        case "steps":
            steps = draw(lives())
            says |= {"steps": steps, **(draw(reactions) if steps[-1].outcome is State.SENT else {})}
        case "pass_through":
            says |= {"pass_through": True, **delay, **draw(reactions)}
        case "fault":
            says |= {"fault": draw(faults())}
        case "read":
            operation = draw(st.sampled_from([ApiOperation.INFO, ApiOperation.SEARCH]))
            says |= {"match": Match(operation=operation), "fault": draw(faults())}
        case _:
            says |= {"click": ClickModel(after=draw(spans)), **delay, **draw(reactions)}
    return RuleModel(**says)


accounts = _maybe(
    credit=st.integers(0, 10**12) | st.just("unlimited"),
    sender=names,
    gateway=st.booleans(),
    rest_right=st.booleans(),
    unsubscribed=st.lists(st.sampled_from(NUMBERS), max_size=3),
    bounced=st.lists(st.sampled_from(NUMBERS), max_size=3),
    kosher=st.lists(st.sampled_from(NUMBERS), max_size=3),
).map(lambda begins: AccountModel(**begins))


def _reached(scenario: Scenario) -> Scenario:
    """Return a scenario without the rules that nothing would ever reach."""
    idle = {issue.path[1] for issue in unreachable_rules(scenario)}
    return scenario.model_copy(update={"rule": [rule for place, rule in enumerate(scenario.rule) if place not in idle]})


scenarios = st.builds(Scenario, about=texts, account=st.none() | accounts, rule=st.lists(rules(), max_size=5)).map(
    _reached
)
"""Scenarios that a file can have: every rule of them can be used."""
