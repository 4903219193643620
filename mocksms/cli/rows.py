"""Lines for rows of the inspection API: messages and requests, as text or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mocksms.cli.log_lines import message_line, request_line, time_text
from mocksms.cli.terminal import painter
from mocksms.errors import MockRefused, MockUnreachable
from mocksms.testing.client import MockClient

RecordRow = Mapping[str, Any]


class RowLines:
    """Makes lines of rows; as text, a line ends with the shortened key of the account."""

    def __init__(self, client: MockClient, *, as_json: bool) -> None:
        self._client = client
        self._paint = painter(sys.stdout)
        self._as_json = as_json
        self._keys: dict[str, str] = {}

    def message(self, row: RecordRow, step: RecordRow | None = None) -> str:
        """Return the line of a message and one of its steps, by default the latest; JSON has the whole message."""
        if self._as_json:
            return _json("message", row)
        step = step or row["history"][-1]
        is_scheduled = row["decided_by"] is None and row["scheduled_at"] is not None
        why = f"scheduled for {time_text(_instant(row['scheduled_at']))}" if is_scheduled else step["cause"]
        state = "/".join(filter(None, (step["status"], step["reject_reason"])))
        at, key = _instant(step["at"]), self._key(row["account"])
        return message_line(at, row["mobile_number"], state, why, row["content"], key, self._paint)

    def request(self, row: RecordRow) -> str:
        """Return the line of a request."""
        if self._as_json:
            return _json("request", row)
        key = None if row["account"] is None else self._key(row["account"])
        at, status, is_refused = _instant(row["at"]), row["response"]["status"], row["refusal"] is not None
        return request_line(
            at, row["method"], row["target"], status, row["note"], key, self._paint, is_refused=is_refused
        )

    def _key(self, account: str) -> str:
        if account not in self._keys:
            try:
                self._keys[account] = self._client.request("GET", "account", account=account)["key"]
            except (MockRefused, MockUnreachable):  # the account was deleted since, or the mock has stopped
                return account
        return self._keys[account]


def _json(event: str, row: RecordRow) -> str:
    return json.dumps({"event": event, **row})


def _instant(raw: str) -> datetime:
    return datetime.fromisoformat(raw)
