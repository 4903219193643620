"""Scenarios and faults: activate them, read their counters, and record a scenario from past requests."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field
from starlette.responses import Response

from mocksms.engine.account import Account
from mocksms.engine.counted_rule import CountedRule
from mocksms.engine.logs import parse_record_number
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, FaultSpec, Rule
from mocksms.engine.steps import STEP_SIZE, Steps
from mocksms.errors import InvalidScenario, UnknownScenario
from mocksms.inspection.context import Context, endpoint, text_response
from mocksms.inspection.errors import AccountRequired, InvalidParameters, RecordNotFound, UnknownAccount
from mocksms.inspection.models import AccountQuery, Name
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.scope import AccountScope
from mocksms.scenario.compiler import compile_scenario, fault_rule
from mocksms.scenario.descriptions import describe_effect, describe_fault, describe_match
from mocksms.scenario.parser import check, read_file
from mocksms.scenario.recorder import record, to_toml
from mocksms.scenario.schema import FaultBody, Scenario
from mocksms.schemas.openapi import JSON, TEXT
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.settings import Settings

INLINE: Final = "the scenario"
"""Name of a scenario that a request brings."""

INLINE_FRONT: Final = "the scenario in front"
"""Name of one in front of another."""

IsInFront = Annotated[
    bool,
    Field(
        description="The scenario in front: its rules come before those of the active scenario, and it stays when "
        "another one is activated, until the account is reset. It belongs to one account"
    ),
]


class ScenarioQuery(AccountQuery):
    """Whose scenario, and which one."""

    name: Name | None = Field(default=None, description="Name of a scenario in the library; the body must be empty")
    front: IsInFront = False


class LayerQuery(AccountQuery):
    """Whose scenario, and which of two."""

    front: IsInFront = False


class RuleView(ResponseModel):
    """A rule of a scenario, with its counters."""

    label: Text = Field(description="Name of the rule, or what it matches and does")
    applies_to: Literal["message", "request"] = Field(description="What the rule decides about")
    matches: Text = Field(description="Which messages or requests it matches, in words")
    effect: Text = Field(description="What it does to them, in words")
    matched: int = Field(description="Number of messages or requests that matched")
    applied: int = Field(description="How many of these the rule decided about")
    left: int | None = Field(description="Uses left, null without a limit")
    timed_out: bool = Field(description="Whether its regular expression took too long: the rule matches no more")


class ScenarioView(ResponseModel):
    """The active scenario."""

    names: list[Text] = Field(description="The scenarios that the rules come from")
    rules: list[RuleView] = Field(description="Its rules, in order")
    unused: list[Text] = Field(description="Rules that were not applied yet")
    front: list[RuleView] = Field(description="Rules in front of these; they stay when another scenario is activated")


class ScenarioRow(ResponseModel):
    """A scenario in the library."""

    name: str = Field(description="The name, to activate it by")
    about: Text = Field(description="Its description")


class ScenariosView(ResponseModel):
    """The scenarios in the library."""

    scenarios: list[ScenarioRow] = Field(description="The scenarios by name")


class FaultView(ResponseModel):
    """A fault that was set manually."""

    id: int = Field(description="The id")
    account: str | None = Field(description="Id of the account, null for the faults of new accounts")
    fault: str = Field(description="What it does, in short")
    matches: Text = Field(description="Which requests it matches, in words")
    effect: Text = Field(description="What it does to them, in words")
    matched: int = Field(description="Number of requests that matched")
    applied: int = Field(description="How many of these it was applied to")
    left: int | None = Field(description="Uses left, null without a limit")
    until: AwareDatetime | None = Field(description="When it expires, null for never")
    waiting: list[int] = Field(description="Ids of the requests that it holds now, the longest waiting first")


class FaultsView(ResponseModel):
    """The faults that were set manually, newest first."""

    faults: list[FaultView] = Field(description="The faults that can still be applied, or that hold requests")
    ended: list[FaultView] = Field(
        description="Faults without uses left, then expired and cleared ones, the latest 100 of each account"
    )


class FaultSetView(ResponseModel):
    """The id of the new fault."""

    id: int = Field(description="The id, to clear it by")


class FaultsCleared(ResponseModel):
    """The number of cleared faults."""

    cleared: int = Field(description="Number of faults")


def read_scenario(context: Context, call: InspectionCall) -> Steps[ScenarioView]:
    """Read the active scenario with the counters of its rules.

    For all accounts, the counters are added up over those with the scenario of new accounts.
    """
    return scenario_view(context, call.scope)


async def put_scenario(context: Context, call: InspectionCall) -> ScenarioView:
    """Activate a scenario; it replaces the active one.

    The body is the scenario as JSON, with the keys of a scenario file; `name` chooses one of the library instead.
    Counters start at zero. Without an account, new and present accounts get it.
    """
    account = call.scope.account() if call.query.front else call.scope.one_or_all()
    is_short = call.query.name is None and len(call.body.rule) <= STEP_SIZE
    scenario = _compiled(context, call) if is_short else await context.slices.run_in_thread(_indexed, context, call)
    await context.slices.run(_activate(context, call, account, scenario))
    return await context.slices.run(scenario_view(context, call.scope))


def delete_scenario(context: Context, call: InspectionCall) -> Steps[ScenarioView]:
    """Deactivate the scenario.

    With `front` only the rules in front of the scenario are removed; otherwise they stay.
    """
    account = call.scope.account() if call.query.front else call.scope.one_or_all()
    yield from _activate(context, call, account, NO_SCENARIO)
    return (yield from scenario_view(context, call.scope))


def _activate(context: Context, call: InspectionCall, account: Account | None, scenario: ActiveScenario) -> Steps[None]:
    if call.query.front and account is not None:
        yield from context.controls.activate_in_front(account, scenario)
    else:
        yield from context.controls.activate_scenario_in_steps(account, scenario)


async def recorded_scenario(context: Context, call: InspectionCall) -> Response:
    """Record a scenario that replays what happened in an account.

    As plain text it is a scenario file.
    """
    account, settings = call.scope.peek().copy(), context.engine.settings
    return await context.slices.run_in_thread(_recorded, account, settings, as_text=call.as_text)


def _recorded(account: Account, settings: Settings, *, as_text: bool) -> Response:
    scenario = record(account, settings)
    if as_text:
        return text_response(to_toml(scenario).rstrip("\n"))
    return Response(scenario.model_dump_json(by_alias=True, exclude_defaults=True), media_type=JSON)


def list_scenarios(context: Context, _: InspectionCall) -> ScenariosView:
    """List the scenarios in the library.

    The bundled ones, and those in the folder of the option `scenario_folder`.
    """
    library = context.library
    return ScenariosView(scenarios=[ScenarioRow(name=each.name, about=library.about(each)) for each in library.all()])


def list_faults(context: Context, call: InspectionCall) -> FaultsView:
    """List the faults that were set manually, newest first.

    Those that have ended are listed apart: without uses left, expired or cleared. Each has how often it matched and was
    applied.
    """
    return faults_view(context, call.scope)


def faults_view(context: Context, scope: AccountScope) -> FaultsView:
    """Return the faults that were set manually, newest first."""
    active: list[FaultView] = []
    ended: list[FaultView] = []
    for account in scope.accounts:
        now = account.clock.now()
        for fault in account.faults.rules:
            view = _fault_view(context, fault, account)
            is_holding = bool(view.waiting) and not fault.is_expired(now)
            (active if fault.is_usable(now) or is_holding else ended).append(view)
        ended += [_fault_view(context, fault, account) for fault in account.faults.removed]
    if scope.name is None:
        active += _faults_of_new_accounts(context)
    return FaultsView(faults=active, ended=ended)


def set_fault(context: Context, call: InspectionCall) -> FaultSetView:
    """Set a fault; it takes precedence over all rules until it expires.

    `times` limits it to the first matches, `ttl` to a time. Without an account it is for new and present accounts.
    """
    body: FaultBody = call.body
    rule = fault_rule(body, context.engine.settings)
    return FaultSetView(id=context.controls.set_fault(call.scope.one_or_all(), rule, body.ttl))


def clear_faults(context: Context, call: InspectionCall) -> FaultsCleared:
    """Clear all faults that were set manually, and release the requests that they hold.

    Faults in rules of a scenario stay.
    """
    return FaultsCleared(cleared=context.controls.clear_faults(call.scope.one_or_all()))


def clear_fault(context: Context, call: InspectionCall) -> FaultsCleared:
    """Clear one fault, and release the requests that it holds.

    An unknown id is an error, so that a misspelled one is noticed.
    """
    number, account = parse_record_number(call.id), call.scope.one_or_all()
    is_holding = number is not None and context.engine.holds.waiting(account, number)
    cleared = 0 if number is None else context.controls.clear_faults(account, number)
    if not cleared and not is_holding:
        raise RecordNotFound("fault", call.id)
    return FaultsCleared(cleared=cleared)


def _faults_of_new_accounts(context: Context) -> list[FaultView]:
    accounts = context.engine.accounts
    faults = [CountedRule(rule, "", until, name) for name, (rule, until) in reversed(accounts.faults.items())]
    return [_fault_view(context, fault, None) for fault in faults if not fault.is_expired(accounts.clock.now())]


def _indexed(context: Context, call: InspectionCall) -> ActiveScenario:
    """Return the scenario of a request with its index, which takes long to make."""
    scenario = _compiled(context, call)
    _ = scenario.index
    return scenario


def _compiled(context: Context, call: InspectionCall) -> ActiveScenario:
    """Return the scenario of a request: one from the library by its name, or the one in the body."""
    name, body, settings = call.query.name, call.body, context.engine.settings
    has_body = bool(body.model_fields_set)
    if name is not None and has_body:
        raise InvalidParameters({"name": ["cannot be combined with a scenario in the body"]})
    if name is not None:
        return compile_scenario(read_file(context.library.path(name)), name, settings)
    if not has_body:
        text = "is empty; send a scenario or ?name= with the name of one, or deactivate the scenario by DELETE"
        raise InvalidParameters({"body": [text]})
    try:
        return compile_scenario(check(body, "body"), INLINE_FRONT if call.query.front else INLINE, settings)
    except InvalidScenario as error:
        raise InvalidParameters({issue.key: [issue.text] for issue in error.issues}) from error


def scenario_view(context: Context, scope: AccountScope) -> Steps[ScenarioView]:
    """Return the scenario of one account; or that of new accounts, counted over all accounts that have it."""
    front: list[RuleView] = []
    if scope.name is None:
        scenario = context.engine.accounts.scenario
        accounts = [account for account in scope.accounts if account.scenario.behind is scenario]
    else:
        accounts = [scope.peek()]
        scenario = accounts[0].scenario.behind
        for index, rule in enumerate(accounts[0].scenario.front.rules):
            front.append(_rule_view(rule, [accounts[0].rules.at(index)]))
            yield
    rules: list[RuleView] = []
    for index, rule in enumerate(scenario.rules):
        rules.append(_rule_view(rule, [each.rules.at(index + len(each.scenario.front.rules)) for each in accounts]))
        yield
    unused = [rule.label for rule in rules if not rule.applied]
    return ScenarioView(names=list(scenario.names), rules=rules, unused=unused, front=front)


def _rule_view(rule: Rule, counted: list[CountedRule]) -> RuleView:
    return RuleView(
        label=rule.label,
        applies_to="request" if isinstance(rule.effect, FaultSpec) else "message",
        matches=describe_match(rule.source),
        effect=describe_effect(rule.source),
        matched=sum(each.matched for each in counted),
        applied=sum(each.applied for each in counted),
        left=counted[0].left if len(counted) == 1 else rule.times,
        timed_out=any(each.timed_out for each in counted),
    )


def _fault_view(context: Context, fault: CountedRule, account: Account | None) -> FaultView:
    effect = fault.rule.effect
    return FaultView(
        id=fault.fault_id,
        account=account.id if account else None,
        fault=str(effect.fault) if isinstance(effect, FaultSpec) else "",
        matches=describe_match(fault.rule.source),
        effect=describe_fault(fault.rule.source.fault),
        matched=fault.matched,
        applied=fault.applied,
        left=fault.left,
        until=fault.until,
        waiting=context.engine.holds.waiting(account, fault.fault_id) if account else [],
    )


_SCENARIO_EXAMPLES: Final = {
    "outage": {
        "about": "The gateway is down for two sends.",
        "rule": [{"times": 2, "outcome": "exception/no-available-gateways"}],
    }
}
_FAULT_EXAMPLES: Final = {
    "down": {"fault": {"kind": "status", "status": 503, "retry_after": "2s"}, "times": 2},
    "response lost": {"fault": {"kind": "reset_after_accept"}, "times": 1, "match": {"tag": "otp"}},
    "hold": {"fault": {"kind": "hold"}, "times": 1},
    "rate limit": {"fault": {"kind": "rate_limit", "limit": 5, "per": "1m"}, "ttl": "1h"},
}

ENDPOINTS: Final = (
    endpoint("GET", "scenario", read_scenario, returns=ScenarioView, raises=[UnknownAccount]),
    endpoint(
        "PUT",
        "scenario",
        put_scenario,
        returns=ScenarioView,
        query=ScenarioQuery,
        body=Scenario,
        body_required=False,
        examples=_SCENARIO_EXAMPLES,
        raises=[UnknownAccount, AccountRequired, UnknownScenario, InvalidScenario],
    ),
    endpoint(
        "DELETE",
        "scenario",
        delete_scenario,
        returns=ScenarioView,
        query=LayerQuery,
        raises=[UnknownAccount, AccountRequired],
    ),
    endpoint(
        "GET",
        "scenario/recorded",
        recorded_scenario,
        returns=Scenario,
        media=(TEXT,),
        raises=[AccountRequired, UnknownAccount],
    ),
    endpoint("GET", "scenarios", list_scenarios, returns=ScenariosView, query=None),
    endpoint("GET", "faults", list_faults, returns=FaultsView),
    endpoint(
        "POST",
        "faults",
        set_fault,
        returns=FaultSetView,
        body=FaultBody,
        examples=_FAULT_EXAMPLES,
        raises=[UnknownAccount],
    ),
    endpoint("DELETE", "faults", clear_faults, returns=FaultsCleared, raises=[UnknownAccount]),
    endpoint("DELETE", "faults/{id}", clear_fault, returns=FaultsCleared, raises=[UnknownAccount]),
)
