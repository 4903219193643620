"""Banner of a mock, as text and as JSON for `--log-format json`."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from mocksms.cli.output import json_line
from mocksms.engine.engine import Engine
from mocksms.engine.keys import shorten_key
from mocksms.errors import escape
from mocksms.settings import API_PREFIX
from mocksms.sms.magic import Catalogue

if TYPE_CHECKING:
    from mocksms.state.state_start import StateSummary

EXAMPLE_CODES: Final = ("00", "21", "71")


def banner(engine: Engine, url: str, version: str, state: StateSummary | None = None) -> str:
    """Return the text that is printed once the mock is ready."""
    settings, catalogue = engine.settings, engine.decisions.catalogue
    api = f"{url}{API_PREFIX}"
    key, header = "any value works; each key is its own account", "demo"
    if settings.api_key:
        key, header = f"one of {', '.join(map(shorten_key, settings.api_key))}", "$YOUR_KEY"
    active = engine.accounts.initial_scenario
    rules = f"{len(active.rules)} {'rule' if len(active.rules) == 1 else 'rules'}"
    scenario = f"\n  Scenario   {', '.join(active.names)}: {rules}" if active.names else ""
    body = f'{{"message":{{"content":"Hello","to":[{{"mobile_number":"{_number(catalogue, "00")}"}}]}}}}'
    return f"""\
mocksms {version} is ready. Press Ctrl+C to stop.

  Inbox      {url}/
  Reference  {url}/docs
  Base URL   {api}
  API key    {key}
  Messages   {api}/transactional/sms/search lists the messages of an account, newest first
  Numbers    {_examples(catalogue)}
             full list: mocksms numbers, or {url}/_mock/numbers
  Seed       {engine.seed}{scenario}{_state(state)}

  Try        curl -s {api}/transactional/sms/send -H "X-API-Key: {header}" -H "Content-Type: application/json" \
-d '{body}'

"""


def banner_json(engine: Engine, url: str, version: str, state: StateSummary | None = None) -> str:
    """Return the line of JSON that is printed once the mock is ready."""
    at, scenario = engine.accounts.clock.real(), list(engine.accounts.initial_scenario.names)
    about = {} if state is None else {"state": _state_json(state)}
    return json_line(at, "ready", version=version, url=url, seed=engine.seed, scenario=scenario, **about) + "\n"


def _state(state: StateSummary | None) -> str:
    if state is None:
        return ""
    name = escape(state.file)
    if state.saved_at is None:
        return f"\n  State      {name}, new"
    noun = "message" if state.messages == 1 else "messages"
    saved_at = f"{state.saved_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"\n  State      {name}, {state.messages:,} {noun} restored, saved {saved_at}"


def _state_json(state: StateSummary) -> dict[str, object]:
    saved_at = state.saved_at.isoformat() if state.saved_at else None
    return {"file": state.file, "messages": state.messages, "saved_at": saved_at}


def _examples(catalogue: Catalogue) -> str:
    lines = (f"{_number(catalogue, code)}  {catalogue.rows[code].title}" for code in EXAMPLE_CODES)
    return "\n             ".join(lines)


def _number(catalogue: Catalogue, code: str) -> str:
    return catalogue.rows[code].number(catalogue.prefix)
