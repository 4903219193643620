"""Scenarios and faults: put them in force, see which rules were used, and take what was lived through as a file."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from mocksms.engine.account import Account
from mocksms.engine.logs import parse_record_number
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, FaultSpec, RuleState
from mocksms.errors import InvalidScenario
from mocksms.inspection.answers import ErrorAnswer, answer, text_answer
from mocksms.inspection.asked import AccountQuery, FaultBody, ScriptQuery
from mocksms.inspection.context import BASE, NOT_FOUND, REFUSED, Context, Endpoint
from mocksms.inspection.errors import InvalidParameters, RecordNotFound
from mocksms.inspection.parameters import InspectionCall
from mocksms.inspection.played import (
    FaultsCleared,
    FaultSet,
    FaultsView,
    FaultView,
    RuleView,
    ScenariosView,
    ScenarioView,
)
from mocksms.inspection.played import ShelvedView as Shelved
from mocksms.scenario.compiler import compile_scenario, fault_rule
from mocksms.scenario.parser import check, read_file
from mocksms.scenario.recorder import recorded
from mocksms.scenario.schema import Scenario
from mocksms.scenario.writing import to_toml
from mocksms.schemas.openapi import TEXT, Operation, ResponseSpec

TAG: Final = "Scenarios"
INLINE: Final = "the scenario"
NEITHER: Final = "says nothing; give a scenario here or ?name= of one, and take what is in force out by DELETE"


def read_scenario(desk: Context, ask: InspectionCall) -> Response:
    """Answer with the scenario in force, and how often its rules were used."""
    return answer(_view(desk, ask))


def put_scenario(desk: Context, ask: InspectionCall) -> Response:
    """Put a scenario in force."""
    account = ask.scope.one_or_all()
    desk.controls.activate_scenario(account, _script(desk, ask))
    return answer(_view(desk, ask))


def delete_scenario(desk: Context, ask: InspectionCall) -> Response:
    """Take the scenario out of force."""
    desk.controls.activate_scenario(ask.scope.one_or_all(), NO_SCENARIO)
    return answer(_view(desk, ask))


def recorded_scenario(desk: Context, ask: InspectionCall) -> Response:
    """Answer with what an account lived through."""
    scenario = recorded(ask.scope.peek(), desk.engine.settings)
    if ask.as_text:
        return text_answer(to_toml(scenario).rstrip("\n"))
    return Response(scenario.model_dump_json(by_alias=True, exclude_defaults=True), media_type="application/json")


def list_scenarios(desk: Context, _: InspectionCall) -> Response:
    """Answer with the scenarios that can be called by name."""
    shelved = desk.library.all()
    return answer(
        ScenariosView(scenarios=[Shelved(name=each.name, about=desk.library.about(each)) for each in shelved])
    )


def list_faults(desk: Context, ask: InspectionCall) -> Response:
    """Answer with the faults that were set by hand, those that are over apart."""
    faults: list[FaultView] = []
    over: list[FaultView] = []
    for account in ask.scope.accounts:
        now = account.clock.now()
        for live in account.faults.rules:
            (over if live.is_expired(now) else faults).append(_fault_view(live, account.id))
        over += [_fault_view(live, account.id) for live in account.faults.removed]
    return answer(FaultsView(faults=[*faults, *([] if ask.scope.name else _standing(desk))], ended=over))


def set_fault(desk: Context, ask: InspectionCall) -> Response:
    """Set a fault, before all rules."""
    body: FaultBody = ask.body
    rule = fault_rule(body.fault, body, "a fault set by hand", desk.engine.settings)
    return answer(FaultSet(id=desk.controls.set_fault(ask.scope.one_or_all(), rule, body.ttl)))


def clear_faults(desk: Context, ask: InspectionCall) -> Response:
    """Clear all faults that were set by hand."""
    return answer(FaultsCleared(cleared=desk.controls.clear_faults(ask.scope.one_or_all())))


def clear_fault(desk: Context, ask: InspectionCall) -> Response:
    """Clear one fault."""
    name = ask.path["id"]
    number = parse_record_number(name)
    cleared = 0 if number is None else desk.controls.clear_faults(ask.scope.one_or_all(), number)
    if not cleared:
        raise RecordNotFound("fault", name)
    return answer(FaultsCleared(cleared=cleared))


def _standing(desk: Context) -> list[FaultView]:
    """Return the faults of accounts to come."""
    accounts = desk.engine.accounts
    lives = [RuleState(rule, "", until, name) for name, (rule, until) in reversed(accounts.faults.items())]
    return [_fault_view(live, None) for live in lives if not live.is_expired(accounts.clock.now())]


def _script(desk: Context, ask: InspectionCall) -> ActiveScenario:
    """Return the script that a call asks for: a scenario by its name, or the one in the body."""
    name, body = ask.query.name, ask.body
    says_something = bool(body.model_fields_set)
    if name is not None and says_something:
        raise InvalidParameters({"name": ["stands alone; a scenario in the body cannot go with it"]})
    if name is None and not says_something:
        raise InvalidParameters({"body": [NEITHER]})
    settings = desk.engine.settings
    if name is not None:
        return compile_scenario(read_file(desk.library.path(name)), name, settings)
    try:
        return compile_scenario(check(body, "body"), INLINE, settings)
    except InvalidScenario as error:
        raise InvalidParameters({complaint.key: [complaint.text] for complaint in error.issues}) from error


def _view(desk: Context, ask: InspectionCall) -> ScenarioView:
    """Return the script of an account; for all accounts that of the new ones, its uses counted over those under it."""
    if ask.scope.name is None:
        script = desk.engine.accounts.scenario
        under = [account for account in ask.scope.accounts if account.scenario is script]
    else:
        under = [ask.scope.peek()]
        script = under[0].scenario
    rules = [_counted(script, place, under) for place in range(len(script.rules))]
    unused = [rule.label for rule in rules if not rule.applied]
    return ScenarioView(names=list(script.names), rules=rules, unused=unused)


def _counted(script: ActiveScenario, place: int, accounts: list[Account]) -> RuleView:
    lives = [account.rules.rules[place] for account in accounts]
    rule = script.rules[place]
    return RuleView(
        label=rule.label,
        applies_to="request" if isinstance(rule.effect, FaultSpec) else "message",
        matched=sum(live.matched for live in lives),
        applied=sum(live.applied for live in lives),
        left=lives[0].left if len(lives) == 1 else rule.times,
        timed_out=any(live.timed_out for live in lives),
    )


def _fault_view(live: RuleState, account: str | None) -> FaultView:
    effect = live.rule.effect
    return FaultView(
        id=live.fault_id,
        account=account,
        fault=str(effect.fault) if isinstance(effect, FaultSpec) else "",
        matched=live.matched,
        applied=live.applied,
        left=live.left,
        until=live.until,
    )


def _of(name: str, method: str, path: str, summary: str, shape: Any, **more: Any) -> Operation:
    replies = {200: ResponseSpec(about=more.pop("means", "As it is now"), shape=shape, media=more.pop("media", ()))}
    return Operation(
        id=name,
        method=method,
        path=f"{BASE}/{path}",
        tag=TAG,
        summary=summary,
        key="chooses",
        query=more.pop("query", AccountQuery),
        replies={**replies, 400: REFUSED, 404: NOT_FOUND, **more.pop("further", {})},
        **more,
    )


UNUSABLE: Final = ResponseSpec(about="The file of that name is no scenario; the answer says why", shape=ErrorAnswer)

_EXAMPLES: Final = {
    "outage": {
        "about": "The gateway is down for two sends.",
        "rule": [{"times": 2, "outcome": "exception/no-available-gateways"}],
    }
}
_FAULTS: Final = {
    "down": {"fault": {"kind": "status", "status": 503, "retry_after": "2s"}, "times": 2},
    "answer lost": {"fault": {"kind": "reset_after_accept"}, "times": 1, "match": {"tag": "otp"}},
    "rate limit": {"fault": {"kind": "rate_limit", "limit": 5, "per": "1m"}, "ttl": "1h"},
}

ROOMS: Final = (
    Endpoint(
        _of("read_scenario", "GET", "scenario", "Which scenario is in force, and its rules", ScenarioView),
        read_scenario,
    ),
    Endpoint(
        _of(
            "put_scenario",
            "PUT",
            "scenario",
            "Put a scenario in force, in place of the one there is",
            ScenarioView,
            query=ScriptQuery,
            body=Scenario,
            body_required=False,
            examples=_EXAMPLES,
            further={409: UNUSABLE},
        ),
        put_scenario,
    ),
    Endpoint(
        _of("delete_scenario", "DELETE", "scenario", "Take the scenario out of force", ScenarioView), delete_scenario
    ),
    Endpoint(
        _of(
            "recorded_scenario",
            "GET",
            "scenario/recorded",
            "What an account lived through, as a scenario that replays it",
            Scenario,
            means="The scenario; as text it is a file",
            media=(TEXT,),
        ),
        recorded_scenario,
    ),
    Endpoint(
        Operation(
            id="list_scenarios",
            method="GET",
            path=f"{BASE}/scenarios",
            tag=TAG,
            summary="The scenarios that can be called by name",
            replies={200: ResponseSpec(about="The catalogue", shape=ScenariosView)},
        ),
        list_scenarios,
    ),
    Endpoint(_of("list_faults", "GET", "faults", "List the faults set by hand", FaultsView), list_faults),
    Endpoint(
        _of(
            "set_fault",
            "POST",
            "faults",
            "Set a fault, before all rules, until its time is over",
            FaultSet,
            body=FaultBody,
            examples=_FAULTS,
            means="It is set",
        ),
        set_fault,
    ),
    Endpoint(_of("clear_faults", "DELETE", "faults", "Clear all faults set by hand", FaultsCleared), clear_faults),
    Endpoint(_of("clear_fault", "DELETE", "faults/{id}", "Clear one fault", FaultsCleared), clear_fault),
)
"""The operations on scenarios and faults."""
