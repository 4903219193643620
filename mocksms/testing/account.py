"""One account of a mock, as a test reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mocksms.settings import API_PREFIX
from mocksms.testing.client import MAX_PAGE, MockClient
from mocksms.testing.models import (
    ApiRequest,
    SmsMessage,
    SmsReply,
    message_of,
    reply_of,
    request_of,
    transaction_id_of,
)

__tracebackhide__ = True


class AccountHandle:
    """An account of a mock: its URL and API key, its messages, requests and replies."""

    def __init__(self, client: MockClient | None, api_key: str, timeout: float) -> None:
        self._connected = client
        self._timeout = timeout
        self._began = 0
        self._has_deleted = False
        self._restored_up_to = 0  # cursor: what a snapshot brought is not traffic of the test
        self._on_delete: Callable[[], object] = lambda: None  # called before requests are deleted
        self.api_key = api_key

    @property
    def url(self) -> str:
        """URL of the mock, such as `http://127.0.0.1:8972`; for an application that appends `/rest/v1` itself."""
        return self.client.url

    @property
    def base_url(self) -> str:
        """Base URL for the application, as it has one of the vendor: `url` and `/rest/v1`."""
        return self.url + API_PREFIX

    @property
    def env(self) -> dict[str, str]:
        """Environment variables for an application: `SMS_URL`, the base URL, and `SMS_KEY`."""
        return self.environment()

    def environment(self, url: str = "SMS_URL", key: str = "SMS_KEY") -> dict[str, str]:
        """Return the environment variables for an application.

        Args:
            url: name of the variable for the base URL.
            key: name of the variable for the API key.
        """
        return {url: self.base_url, key: self.api_key}

    @property
    def outbox(self) -> list[SmsMessage]:
        """All messages of the account as they are now, oldest first."""
        return self._messages()

    @property
    def requests(self) -> list[ApiRequest]:
        """The newest requests of the account to the emulated API, up to 1,000, oldest first."""
        return [request_of(row) for row in self.api("GET", "requests", limit=MAX_PAGE)["requests"][::-1]]

    @property
    def replies(self) -> list[SmsReply]:
        """The newest replies from phones, up to 1,000, oldest first."""
        return [reply_of(row) for row in self.api("GET", "inbound", limit=MAX_PAGE)["replies"][::-1]]

    @property
    def cursor(self) -> int:
        """Cursor of the present. Pass it as `since` to skip everything before it."""
        return int(self.api("GET", "messages", limit=1)["cursor"])

    @property
    def now(self) -> datetime:
        """Time on the clock of the account, in UTC."""
        return datetime.fromisoformat(self.api("GET", "clock")["now"])

    def read(self, message: SmsMessage | str) -> SmsMessage:
        """Return a message as it is now.

        Args:
            message: the message, or its transaction id.

        Raises:
            MockRefused: the account has no such message.
        """
        return message_of(self.api("GET", f"messages/{transaction_id_of(message)}"))

    @property
    def client(self) -> MockClient:
        """HTTP client of the inspection API, for requests about all accounts.

        Raises:
            RuntimeError: the mock is not running.
        """
        if self._connected is None:
            raise RuntimeError("the mock is not running; start it with: with MockSMS() as sms:")
        return self._connected

    def api(self, method: str, path: str, body: Any = None, /, **query: Any) -> Any:
        """Send a request about this account to the inspection API and return the JSON of the response.

            sms.api("GET", "messages", tag="otp")

        Args:
            method: GET, POST and so on.
            path: path below `/_mock/`.
            body: sent as JSON; bytes are sent as a file.
            query: query parameters; also `read_timeout`, the seconds that the response may take.

        Raises:
            MockRefused: the response is an error.
            MockUnreachable: there is no response.
        """
        deletes = path in ("reset", "snapshot") or (
            method == "DELETE" and path.partition("/")[0] in ("account", "messages", "phones")
        )
        if deletes:
            self._on_delete()
        response = self.client.request(method, path, body, key=self.api_key, **query)
        if deletes:
            self._has_deleted = True
        return response

    def _messages(self, **filters: Any) -> list[SmsMessage]:
        """Return the messages that match filters of the inspection API, oldest first."""
        return [message_of(row) for row in self.client.rows("messages", "cursor", key=self.api_key, **filters)]
