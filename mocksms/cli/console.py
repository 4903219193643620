"""What the terminal shows: the welcome, and one line per message. Message text is escaped, never interpreted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from mocksms.engine.account import Account
from mocksms.engine.engine import Engine, EngineEvent
from mocksms.engine.journal import shorten_key
from mocksms.sms.magic import Catalogue
from mocksms.sms.message import Message
from mocksms.sms.text import escape, filled

SHOWN: Final = 40
"""Characters of a text in its line."""

SOON: Final = 0.02
"""Seconds a line may be held back."""

SHOWN_NUMBERS: Final = ("00", "21", "71")


def message_line(account: Account, message: Message) -> str:
    """Return the line about a message: number, status, reason, what decided it, first words."""
    state = message.state
    text = filled(message)
    words = escape(text[:SHOWN]) + ("…" if len(text) > SHOWN else "")
    decided_by = message.decided_by or f"scheduled for {message.due_at:%Y-%m-%d %H:%M:%S} UTC"
    at = message.history[-1].at
    number = escape(message.mobile_number[:SHOWN])
    moment = f"{at.hour:02}:{at.minute:02}:{at.second:02}"
    key = escape(shorten_key(account.key))
    return f'{moment}  {number:<16} {state!s:<28} {decided_by}  "{words}"  [{key}]'


class MessageLog:
    """Writes a line for each message that was decided about, scheduled, or has taken a later step.

    Lines are written a moment later, so that a burst of sends costs one write.
    """

    def __init__(
        self, write: Callable[[str], object], line_of: Callable[[Account, Message], str] = message_line
    ) -> None:
        self._write = write
        self._line_of = line_of
        self._news: list[tuple[Account, Message]] = []

    def __call__(self, account: Account | None, message: EngineEvent) -> None:
        """Note a message that was accepted or has taken a step."""
        if account is None or not isinstance(message, Message):
            return
        is_undecided = message.decided_by is None and message.due_at <= message.created_at
        if is_undecided or message.clicks:
            return
        if not self._news:
            asyncio.get_running_loop().call_later(SOON, self.flush)
        self._news.append((account, message))

    def flush(self) -> None:
        """Write what was noted."""
        lines = [self._line_of(account, message) for account, message in self._news]
        self._news.clear()
        self._write("".join(f"{line}\n" for line in lines))


def welcome(engine: Engine, url: str, version: str) -> str:
    """Return what is printed once the mock is ready."""
    settings, catalogue = engine.settings, engine.decisions.catalogue
    api = f"{url}/rest/v1"
    key = "any X-API-Key will do; each key is an account of its own"
    header = "demo"
    if settings.api_key:
        key = f"X-API-Key must be one of {', '.join(map(shorten_key, settings.api_key))}"
        header = "$YOUR_KEY"
    played = engine.accounts.initial_scenario
    rules = f"{len(played.rules)} {'rule' if len(played.rules) == 1 else 'rules'}"
    scenario = f"\n  Scenario   {', '.join(played.names)}: {rules}" if played.names else ""
    body = f'{{"message":{{"content":"Hello","to":[{{"mobile_number":"{_number(catalogue, "00")}"}}]}}}}'
    return f"""\
mocksms {version} is ready.

  Inbox      {url}/
  Base URL   {api}
  API key    {key}
  Messages   {api}/transactional/sms/search lists the account's messages, newest first
  Numbers    {_examples(catalogue)}
             all of them: mocksms numbers, or {url}/_mock/numbers
  Seed       {engine.seed}{scenario}

  Try        curl -s {api}/transactional/sms/send -H "X-API-Key: {header}" -H "Content-Type: application/json" \
-d '{body}'

"""


def _examples(catalogue: Catalogue) -> str:
    lines = (f"{_number(catalogue, code)}  {catalogue.rows[code].title}" for code in SHOWN_NUMBERS)
    return "\n             ".join(lines)


def _number(catalogue: Catalogue, code: str) -> str:
    return catalogue.rows[code].number(catalogue.prefix)
