"""Console output of a mock: the banner, one line per message, and the same as JSON for `--log-format json`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from mocksms.cli.output import json_line
from mocksms.engine.account import Account
from mocksms.engine.engine import Engine, EngineEvent
from mocksms.engine.journal import shorten_key
from mocksms.errors import escape
from mocksms.sms.magic import Catalogue
from mocksms.sms.message import Message
from mocksms.sms.text import content_of

MAX_CHARACTERS: Final = 40
"""Characters of a number or text in a line; the rest is cut off."""

FLUSH_SECONDS: Final = 0.02
"""Seconds until a line is written, so that a burst of sends costs one write."""

EXAMPLE_CODES: Final = ("00", "21", "71")


def message_line(account: Account, message: Message) -> str:
    """Return the line of a message: time, number, status, what decided it, text, API key.

    Each text of a request or a rule is escaped, so that none can send commands to the terminal or forge a line.
    """
    text = content_of(message)
    content = escape(text[:MAX_CHARACTERS]) + ("…" if len(text) > MAX_CHARACTERS else "")
    decided_by = (
        escape(message.decided_by) if message.decided_by else f"scheduled for {message.due_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    at = message.history[-1].at
    number = escape(message.mobile_number[:MAX_CHARACTERS])
    time = f"{at.hour:02}:{at.minute:02}:{at.second:02}"  # strftime would slow down every send
    key = escape(shorten_key(account.key))
    return f'{time}  {number:<16} {message.state!s:<28} {decided_by}  "{content}"  [{key}]'


def message_json(account: Account, message: Message) -> str:
    """Return a message as a line of JSON, with the names of the inspection API; number and content are cut off."""
    status, reason = message.state.value
    return json_line(
        message.history[-1].at,
        "message",
        transaction_id=message.transaction_id,
        account=account.id,
        mobile_number=message.mobile_number[:MAX_CHARACTERS],
        status=status,
        reject_reason=reason,
        decided_by=message.decided_by,
        scheduled_at=None if message.decided_by else message.due_at.isoformat(),
        content=content_of(message)[:MAX_CHARACTERS],
    )


class MessageLog:
    """Writes a line for each message when its outcome is decided, when it is scheduled and at each later step."""

    def __init__(
        self, write: Callable[[str], object], line_of: Callable[[Account, Message], str] = message_line
    ) -> None:
        self._write = write
        self._line_of = line_of
        self._pending: list[tuple[Account, Message]] = []

    def __call__(self, account: Account | None, event: EngineEvent) -> None:
        """Handle an event of the engine."""
        if account is None or not isinstance(event, Message):
            return
        is_undecided = event.decided_by is None and event.due_at <= event.created_at
        if is_undecided or event.clicks:
            return
        if not self._pending:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        self._pending.append((account, event))

    def flush(self) -> None:
        """Write the pending lines."""
        lines = [self._line_of(account, message) for account, message in self._pending]
        self._pending.clear()
        self._write("".join(f"{line}\n" for line in lines))


def banner(engine: Engine, url: str, version: str) -> str:
    """Return the text that is printed once the mock is ready."""
    settings, catalogue = engine.settings, engine.decisions.catalogue
    api = f"{url}/rest/v1"
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
