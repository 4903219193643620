"""What is printed for machines: an object of JSON per line, with whatever is no plain ASCII escaped."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from mocksms.cli.console import SHOWN
from mocksms.engine.account import Account
from mocksms.engine.engine import Engine
from mocksms.sms.message import Message
from mocksms.sms.text import filled


def message_object(account: Account, message: Message) -> str:
    """Return the object about a message, in words of the inspection API; number and content are cut where long."""
    status, reason = message.state.value
    return _object(
        message.history[-1].at,
        "message",
        transaction_id=message.transaction_id,
        account=account.id,
        mobile_number=message.mobile_number[:SHOWN],
        status=status,
        reject_reason=reason,
        decided_by=message.decided_by,
        scheduled_at=None if message.decided_by else message.due_at.isoformat(),
        content=filled(message)[:SHOWN],
    )


def welcome_object(engine: Engine, url: str, version: str) -> str:
    """Return what is printed once the mock is ready."""
    at, scenario = engine.accounts.clock.real(), engine.accounts.initial_scenario.names
    return _object(at, "ready", version=version, url=url, seed=engine.seed, scenario=list(scenario)) + "\n"


def log_as_json() -> None:
    """Print problems, those of the server's library included, as objects too: on standard error, one a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


class JsonFormatter(logging.Formatter):
    """Makes an object of a record; its traceback, if it has one, goes into the same line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object of a record."""
        at = datetime.fromtimestamp(record.created, UTC)
        traceback = self.formatException(record.exc_info) if record.exc_info else None
        return _object(at, "problem", level=record.levelname.lower(), text=record.getMessage(), traceback=traceback)


def _object(at: datetime, event: str, **more: Any) -> str:
    return json.dumps({"at": at.isoformat(), "event": event, **more})
