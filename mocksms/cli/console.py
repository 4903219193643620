"""Banner of a mock, as text and as JSON for `--log-format json`."""

from __future__ import annotations

from typing import Final

from mocksms.cli.output import json_line
from mocksms.engine.engine import Engine
from mocksms.engine.keys import shorten_key
from mocksms.settings import API_PREFIX
from mocksms.sms.magic import Catalogue

EXAMPLE_CODES: Final = ("00", "21", "71")


def banner(engine: Engine, url: str, version: str) -> str:
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
  Seed       {engine.seed}{scenario}

  Try        curl -s {api}/transactional/sms/send -H "X-API-Key: {header}" -H "Content-Type: application/json" \
-d '{body}'

"""


def banner_json(engine: Engine, url: str, version: str) -> str:
    """Return the line of JSON that is printed once the mock is ready."""
    at, scenario = engine.accounts.clock.real(), engine.accounts.initial_scenario.names
    return json_line(at, "ready", version=version, url=url, seed=engine.seed, scenario=list(scenario)) + "\n"


def _examples(catalogue: Catalogue) -> str:
    lines = (f"{_number(catalogue, code)}  {catalogue.rows[code].title}" for code in EXAMPLE_CODES)
    return "\n             ".join(lines)


def _number(catalogue: Catalogue, code: str) -> str:
    return catalogue.rows[code].number(catalogue.prefix)
