"""A rehearsal: the sends of a recorded journal, made again on a mock of its own, to see which rules they meet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from mocksms.engine.clock import system_time
from mocksms.engine.engine import Engine
from mocksms.engine.rules import ActiveScenario, ApiOperation
from mocksms.errors import RequestRefused, SettingsError
from mocksms.provider.binding import read_send
from mocksms.provider.send import recipients_of, submission_of
from mocksms.settings import Settings
from mocksms.sms.instants import MAX_INSTANT, parse_instant

METHODS: Final = {ApiOperation.SEND: "POST", ApiOperation.INFO: "GET", ApiOperation.SEARCH: "GET"}
REFUSED: Final = "API key refused"
"""How the note of an entry begins whose call no rule ever saw."""


class RuleUsage(NamedTuple):
    """How often a rule matched, and how often it was used."""

    label: str
    matched: int
    used: int


class ReplayedRequest(NamedTuple):
    """A call of a journal that can be made again, and by whom."""

    account: str
    at: datetime
    kind: ApiOperation
    body: bytes


def dry_run(script: ActiveScenario, calls: list[ReplayedRequest], settings: Settings) -> list[RuleUsage]:
    """Return for each rule of a script how the calls of a journal would have met it, once all is sent that waits.

    Each account of the journal lives by the rules on its own.
    """
    now = calls[0].at if calls else system_time()
    engine = Engine(settings, lambda: now, scenario=script)
    for call in calls:
        now = max(now, call.at)
        with suppress(RequestRefused):
            _make(engine, call)
    now = MAX_INSTANT
    engine.tick()
    met = [[(live.matched, live.applied) for live in account.rules.rules] for account in engine.accounts]
    return [
        RuleUsage(rule.label, sum(lives[place][0] for lives in met), sum(lives[place][1] for lives in met))
        for place, rule in enumerate(script.rules)
    ]


def calls_of(raw: bytes, name: str) -> list[ReplayedRequest]:
    """Return the calls of a journal, oldest first: what `GET /_mock/requests` answers.

    Raises:
        SettingsError: it is none, or does not hold all calls: what counts calls would be met by others.
    """
    try:
        journal = json.loads(raw)
        entries = sorted(journal["requests"], key=lambda entry: entry["id"])
        calls = [call for entry in entries for call in _call(entry)]
        is_page = journal.get("total", 0) > len(entries)
        is_cut = bool(journal.get("evicted") or journal.get("incomplete"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SettingsError(f"{name} is no journal: it must be what GET /_mock/requests answers.") from error
    if is_page or is_cut:
        keep = "; older ones were evicted, so begin with POST /_mock/reset or with a higher --max-requests"
        raise SettingsError(
            f"{name} does not hold all calls, so nth, times and every would count others; ask for them by "
            f"GET /_mock/requests?limit=1000{keep if is_cut else ''}."
        )
    return calls


def _call(entry: dict[str, Any]) -> Iterator[ReplayedRequest]:
    path = unquote(entry["target"].partition("?")[0]).rstrip("/").lower()
    for kind, method in METHODS.items():
        is_seen = entry["method"] == method and entry["account"] and not entry["note"].startswith(REFUSED)
        if path.endswith(f"/transactional/sms/{kind}") and is_seen:
            body = entry["body"].encode("utf-8", "surrogatepass")
            yield ReplayedRequest(str(entry["account"]), parse_instant(entry["at"]), kind, body)


def _make(engine: Engine, call: ReplayedRequest) -> None:
    account = engine.account(call.account)
    if call.kind is not ApiOperation.SEND:
        engine.read_fault(account, call.kind)
        return
    body, _ = read_send(call.body, "utf-8")
    engine.submit(account, submission_of(body), recipients_of(body, engine.settings))
