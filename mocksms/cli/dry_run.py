"""Dry run: repeats the requests of a journal on a new engine and counts how often each scenario rule applies."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, NamedTuple

from mocksms.engine.clock import system_time
from mocksms.engine.engine import Engine
from mocksms.engine.rules import ActiveScenario, ApiOperation, RefusedByFault
from mocksms.engine.steps import finish
from mocksms.errors import InvalidRequest, MessageNotFound, RequestRefused, SettingsError
from mocksms.provider.binding import read_send
from mocksms.provider.send import recipients_of, submission_of
from mocksms.settings import Settings
from mocksms.sms.times import MAX_INSTANT, ZONES, parse_instant

AFTER_RULES: Final = {
    ApiOperation.SEND: {None, RefusedByFault.code},
    ApiOperation.INFO: {None, RefusedByFault.code, InvalidRequest.code, MessageNotFound.code},
    ApiOperation.SEARCH: {None, RefusedByFault.code, InvalidRequest.code},
}
"""Results of requests that reach the rules, by operation. Any other refusal comes before the rules are tried."""


class RuleUsage(NamedTuple):
    """How often a rule matched, and how often it was applied."""

    label: str
    matched: int
    applied: int


class JournalRequest(NamedTuple):
    """A request of a journal that can be repeated."""

    account: str
    at: datetime
    operation: ApiOperation
    body: bytes


def dry_run(scenario: ActiveScenario, requests: list[JournalRequest], settings: Settings) -> list[RuleUsage]:
    """Return the usage of each rule after all requests of a journal and all scheduled messages.

    Each account of the journal has rule counters of its own.
    """
    now = requests[0].at if requests else system_time()
    engine = Engine(settings, lambda: now, scenario=scenario)
    for request in requests:
        now = max(now, request.at)
        with suppress(RequestRefused):
            _repeat(engine, request)
    now = MAX_INSTANT
    engine.tick()
    counters = [[(rule.matched, rule.applied) for rule in account.rules.rules] for account in engine.accounts]
    return [
        RuleUsage(rule.label, sum(each[place][0] for each in counters), sum(each[place][1] for each in counters))
        for place, rule in enumerate(scenario.rules)
    ]


def read_journal(raw: bytes, name: str) -> list[JournalRequest]:
    """Return the requests that reached the rules, oldest first, from a response of `GET /_mock/requests`.

    Raises:
        SettingsError: it is not such a response, or some requests are missing, so that counts would be wrong.
    """
    try:
        journal = json.loads(raw)
        rows = sorted(journal["requests"], key=lambda row: row["id"])
        requests = [_request(row) for row in rows if _reached_rules(row)]
        is_page = journal.get("total", 0) > len(rows)
        is_cut = bool(journal.get("evicted") or journal.get("incomplete"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SettingsError(f"{name} is not a response of GET /_mock/requests.") from error
    if is_cut or is_page:
        problem = f"{name} does not hold all requests, so nth, times and every would count wrong"
        evicted = ": the oldest were evicted. Start with POST /_mock/reset or a higher --max-requests, then"
        raise SettingsError(f"{problem}{evicted if is_cut else ';'} save GET /_mock/requests?limit=1000.")
    return requests


def _reached_rules(row: dict[str, Any]) -> bool:
    """Whether the rules were tried on a request."""
    operation, refusal, account = row["operation"], row["refusal"], row["account"]
    return bool(account) and operation is not None and refusal in AFTER_RULES[ApiOperation(operation)]


def _request(row: dict[str, Any]) -> JournalRequest:
    body = row["body"].encode("utf-8", "surrogatepass")
    return JournalRequest(str(row["account"]), parse_instant(row["at"]), ApiOperation(row["operation"]), body)


def _repeat(engine: Engine, request: JournalRequest) -> None:
    account = engine.account(request.account)
    if request.operation is not ApiOperation.SEND:
        finish(engine.trigger_rule_fault(account, request.operation))
        return
    body, _ = read_send(request.body, "utf-8", ZONES[engine.settings.send_at_zone])
    engine.submit(account, submission_of(body, engine.settings), recipients_of(body, engine.settings))
