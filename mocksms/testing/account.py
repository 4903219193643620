"""One account of a mock as a test reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from mocksms.sms.display import quoted
from mocksms.sms.text import escape
from mocksms.testing.client import MockClient
from mocksms.testing.models import SmsMessage, message_of

__tracebackhide__ = True

PAGE: Final = 1_000
"""Messages read at once."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ApiRequest:
    """One call of the emulated API.

    `status` is its HTTP status, None where the connection was reset. `operation` is send, info or search, None for
    other paths. `refusal` is the code of the error that refused it, None if none did; `note` says why.
    `fault_decided_by` is the rule or magic number of a fault, None if there was none. `warnings` are its deviations
    from the documented request.
    """

    at: datetime
    method: str
    target: str
    body: str
    status: int | None
    operation: str | None
    refusal: str | None
    note: str
    fault_decided_by: str | None
    warnings: tuple[str, ...]
    messages: tuple[str, ...]
    has_account: bool

    @property
    def is_refused(self) -> bool:
        """Whether it was answered with anything but success."""
        return self.status is None or not 200 <= self.status < 300

    def __repr__(self) -> str:
        note = f": {escape(self.note)}" if self.note else ""
        return f"<{escape(self.method)} {escape(self.target)} answered {self.status or 'by a reset'}{note}>"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SmsReply:
    """An SMS from a phone: its number in digits, its text, and what it brought about."""

    at: datetime
    number: str
    text: str
    effect: str

    def __repr__(self) -> str:
        return f"<reply of {self.number} {quoted(self.text)}{f', {self.effect}' if self.effect else ''}>"


class AccountHandle:
    """An account of a mock: where it is, and what was sent."""

    def __init__(self, client: MockClient | None, api_key: str, timeout: float) -> None:
        self._connected = client
        self._timeout = timeout
        self._began = 0
        self.api_key = api_key

    @property
    def url(self) -> str:
        """The base URL for the application, such as `http://127.0.0.1:8972`; `/rest/v1` may follow or not."""
        return self.client.url

    @property
    def env(self) -> dict[str, str]:
        """Environment variables for an application: `SMS_URL` and `SMS_KEY`."""
        return self.environment()

    def environment(self, url: str = "SMS_URL", key: str = "SMS_KEY") -> dict[str, str]:
        """Return the environment variables for an application under the names it has for them."""
        return {url: self.url, key: self.api_key}

    @property
    def outbox(self) -> list[SmsMessage]:
        """All messages of the account as they are by now, oldest first."""
        return self._messages()

    @property
    def requests(self) -> list[ApiRequest]:
        """The latest calls of the emulated API by this account, at most 1,000, oldest first."""
        return [request_of(row) for row in self.api("GET", "requests", limit=PAGE)["requests"][::-1]]

    @property
    def replies(self) -> list[SmsReply]:
        """The latest SMS from phones, at most 1,000, oldest first."""
        return [reply_of(row) for row in self.api("GET", "inbound", limit=PAGE)["replies"][::-1]]

    @property
    def cursor(self) -> int:
        """The place in what has happened; given as `since`, only what comes after counts."""
        return int(self.api("GET", "messages", limit=1)["cursor"])

    @property
    def now(self) -> datetime:
        """The time on the account's clock, in UTC."""
        return datetime.fromisoformat(self.api("GET", "clock")["now"])

    def read(self, message: SmsMessage | str) -> SmsMessage:
        """Return a message, given by itself or its transaction id, as it is by now.

        Raises:
            MockRefused: there is none.
        """
        return message_of(self.api("GET", f"messages/{id_of(message)}"))

    @property
    def client(self) -> MockClient:
        """What speaks with the mock, for what concerns all its accounts."""
        if self._connected is None:
            raise RuntimeError("this mock is not running; use it as: with MockSMS() as sms:")
        return self._connected

    def api(self, method: str, path: str, body: Any = None, /, **query: Any) -> Any:
        """Return what the inspection API answers about this account: `sms.api("GET", "messages", tag="otp")`.

        Raises:
            MockRefused: it is answered with an error.
            MockUnreachable: it is not answered.
        """
        return self.client.request(method, path, body, key=self.api_key, **query)

    def _messages(self, **filters: Any) -> list[SmsMessage]:
        """Return the messages that meet some filters of the inspection API, oldest first."""
        rows: list[Any] = []
        before: int | None = None
        while True:
            page = self.api("GET", "messages", limit=PAGE, before=before, **filters)["messages"]
            rows += page
            if len(page) < PAGE:
                return [message_of(row) for row in reversed(rows)]
            before = page[-1]["cursor"]


def request_of(row: Mapping[str, Any]) -> ApiRequest:
    """Return a call from a row of the inspection API."""
    return ApiRequest(
        at=datetime.fromisoformat(row["at"]),
        method=row["method"],
        target=row["target"],
        body=row["body"],
        status=row["response"]["status"],
        operation=row["operation"],
        refusal=row["refusal"],
        note=row["note"],
        fault_decided_by=row["fault_decided_by"],
        warnings=tuple(f"{warning['path']}: {warning['note']}" for warning in row["warnings"]),
        messages=tuple(row["messages"]),
        has_account=row["account"] is not None,
    )


def reply_of(row: dict[str, Any]) -> SmsReply:
    """Return a reply from a row of the inspection API."""
    return SmsReply(at=datetime.fromisoformat(row["at"]), number=row["number"], text=row["text"], effect=row["effect"])


def id_of(message: object) -> str:
    """Return the transaction id of a message that is given by itself or by that.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(message, SmsMessage):
        return message.transaction_id
    if not isinstance(message, str) or not message:
        raise TypeError(f"a message or its transaction id is wanted, not {message!r}")
    return quote(message, safe="")
