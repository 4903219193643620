"""HTTP client of the inspection API, for the handle, the commands and readiness checks.

It uses a copy of the standard library's HTTP client: test doubles replace requests, httpx, aiohttp and `http.client`.
"""

from __future__ import annotations

import errno
import json
import socket
import ssl
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from mocksms.connections import forks
from mocksms.connections.idle import has_input
from mocksms.engine.clock import SteadyTime
from mocksms.errors import MockRefused, MockUnreachable, NotReady
from mocksms.settings import mock_url
from mocksms.sms.surrogates import well_formed
from mocksms.testing.connection import CONNECTION_ERRORS, close_all, read_address

if TYPE_CHECKING:
    from http.client import HTTPConnection

__tracebackhide__ = True

REQUEST_SECONDS: Final = 10.0
"""How long a response may take unless the caller sets another limit."""

ADVANCE_SECONDS: Final = 60.0 + REQUEST_SECONDS
"""How long moving the clock may take: a mock waits up to 60 s for callbacks."""

MAX_PAGE: Final = 1_000
"""Records on one page of a list."""

HEALTH_SECONDS: Final = 2.0
"""How long the response of one readiness check may take."""

PROBE_SECONDS: Final = 0.5
"""How long a health response may take where a mock timed out before, or is late."""

POLL_SECONDS: Final = 0.05
"""Pause between two readiness checks."""


class MockClient:
    """HTTP client for one mock, for any thread: each request takes an idle connection or opens one.

    Args:
        url: URL of the mock, such as `http://127.0.0.1:8972`, or the base URL of its API, which ends with `/rest/v1`.
        token: control token of the mock, if it has one.
        server_error: returns the error that ended the mock, None if it runs or that is not known.

    Raises:
        SettingsError: `url` is not the URL of a mock.
    """

    def __init__(
        self, url: str, token: str | None = None, server_error: Callable[[], BaseException | None] = lambda: None
    ) -> None:
        self.url = mock_url(url)
        self.api_keys: set[str] = set()
        """API keys of the handles that use this client."""
        self._open, self._prefix = read_address(url)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._server_error = server_error
        self._idle: list[HTTPConnection] = []
        self._busy: dict[threading.Thread, HTTPConnection] = {}
        self._abandoned = weakref.WeakSet[threading.Thread]()
        self._has_timed_out = False
        forks.close_in_children(self)
        weakref.finalize(self, close_all, self._idle)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        /,
        *,
        key: str | None = None,
        read_timeout: float = REQUEST_SECONDS,
        **query: object,
    ) -> Any:
        """Send a request to the inspection API and return the JSON of the response.

        Args:
            method: GET, POST and so on.
            path: path below `/_mock/`.
            body: sent as JSON, and may hold timedeltas and sets; bytes are sent as a file.
            key: API key that selects an account; None selects all accounts.
            read_timeout: seconds the response may take.
            query: query parameters; those that are None are left out.

        Raises:
            MockRefused: the response is an error.
            MockUnreachable: there is no response, or not one of a mock.
        """
        target = _target(path, query)
        status, raw = self.send(method, target, body, key=key, read_timeout=read_timeout)
        return self._json_of(method, target, status, raw)

    def download(
        self, path: str, /, *, key: str | None = None, read_timeout: float = REQUEST_SECONDS, **query: object
    ) -> bytes:
        """Return the file that the inspection API has at a path; arguments and errors as of `request`."""
        target = _target(path, query)
        status, raw = self.send("GET", target, key=key, read_timeout=read_timeout)
        if status != HTTPStatus.OK:
            self._json_of("GET", target, status, raw)
        return raw

    def pages(self, path: str, cursor: str, /, *, key: str | None = None, **query: Any) -> Iterator[Any]:
        """Iterate over the pages of a list, the newest records first; errors as of `request`.

        Args:
            path: path of the list, which is also the name of its records in a response.
            cursor: name of the cursor of a record.
            key: API key that selects an account; None selects all accounts.
            query: filters.
        """
        before = None
        while True:
            page = self.request("GET", path, key=key, before=before, limit=MAX_PAGE, **query)
            yield page
            rows = page[path]
            if len(rows) < MAX_PAGE:
                return
            before = rows[-1][cursor]

    def rows(self, path: str, cursor: str, /, *, key: str | None = None, **query: object) -> list[Any]:
        """Return all records of a list, the oldest first; arguments and errors as of `pages`."""
        return [row for page in self.pages(path, cursor, key=key, **query) for row in page[path]][::-1]

    def accounts(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the accounts that were used after a cursor, the latest used first; errors as of `request`."""
        return self.rows("accounts", "cursor", since=since)[::-1]

    def send(
        self,
        method: str,
        target: str,
        body: Any = None,
        /,
        *,
        key: str | None = None,
        read_timeout: float = REQUEST_SECONDS,
        accept: str = "application/json",
    ) -> tuple[int, bytes]:
        """Send a request, with JSON or a file as its body if there is one, and return status and body of the response.

        After a timeout, a short health request comes first: a test suite does not wait again and again for a mock
        that hangs.

        Raises:
            MockUnreachable: there is no response.
        """
        if self._has_timed_out:
            self._exchange("GET", "/_mock/health", None, {}, PROBE_SECONDS)
        headers = {"Accept": accept, **self._headers}
        if key is not None:
            headers["X-API-Key"] = key
        data = None
        if isinstance(body, bytes):
            data, headers["Content-Type"] = body, "application/octet-stream"
        elif body is not None:
            data = json.dumps(body, default=_as_json).encode()
            headers["Content-Type"] = "application/json"
        return self._exchange(method, target, data, headers, read_timeout)

    def check_health(self, read_timeout: float = HEALTH_SECONDS) -> None:
        """Check once that the mock is ready.

        Raises:
            MockRefused: the mock refuses the request, such as for the host name in the URL.
            MockUnreachable: there is no response in time, or not one of a mock.
        """
        health = self.request("GET", "health", read_timeout=read_timeout)
        if not isinstance(health, dict) or health.get("status") != "ready":
            raise self._not_a_mock("GET", "/_mock/health", 200)

    def wait_until_up(self, timeout: float = REQUEST_SECONDS) -> None:
        """Return once the mock is ready. Only a refused or closed connection is tried again.

        Raises:
            MockRefused, MockUnreachable: see `check_health`.
        """
        deadline = SteadyTime.seconds() + timeout
        while True:
            try:
                return self.check_health(max(deadline - SteadyTime.seconds(), PROBE_SECONDS))
            except MockUnreachable as error:
                # A port forwarded to a container that is not up yet accepts the connection and closes it.
                if not isinstance(error.cause, ConnectionError) or SteadyTime.seconds() > deadline:
                    raise
            pause(POLL_SECONDS)

    def abandon(self, thread: threading.Thread) -> None:
        """Let the current and all later requests of a thread fail: their result is not needed any more."""
        self._abandoned.add(thread)
        connection = self._busy.get(thread)
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the idle connections."""
        close_all(self._idle)

    def close_copies(self) -> None:
        """Close the connections in a forked child; the parent process goes on using them."""
        for connection in (*self._idle, *self._busy.values()):
            connection.close()
        self._idle.clear()
        self._busy.clear()

    def _exchange(
        self, method: str, target: str, data: bytes | None, headers: dict[str, str], read_timeout: float
    ) -> tuple[int, bytes]:
        """Send a request on an idle connection, or else on a new one.

        A read is sent again if the idle connection was closed: the server or a proxy may close it at the same moment.
        """
        connection = self._idle_connection(read_timeout)
        if connection is not None:
            try:
                return self._exchange_on(connection, method, target, data, headers, read_timeout)
            except MockUnreachable as error:
                is_closed = isinstance(error.cause, ConnectionError)
                if not (is_closed and _is_read(method, target)) or threading.current_thread() in self._abandoned:
                    raise
        return self._exchange_on(self._open(timeout=read_timeout), method, target, data, headers, read_timeout)

    def _exchange_on(
        self,
        connection: HTTPConnection,
        method: str,
        target: str,
        data: bytes | None,
        headers: dict[str, str],
        read_timeout: float,
    ) -> tuple[int, bytes]:
        thread = threading.current_thread()
        self._busy[thread] = connection
        try:
            connection.request(method, self._prefix + target, data, headers)
            if thread in self._abandoned:
                raise ConnectionAbortedError("the wait for it was cancelled")
            response = connection.getresponse()
            result = response.status, response.read()
        except CONNECTION_ERRORS as error:
            connection.close()
            raise self._unreachable(error, read_timeout) from None
        except BaseException:
            connection.close()
            raise
        finally:
            del self._busy[thread]
        self._has_timed_out = False
        self._idle.append(connection)
        return result

    def _idle_connection(self, read_timeout: float) -> HTTPConnection | None:
        """Return an idle connection that is still open, None if there is none."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            # An idle connection has nothing to read but its end.
            if connection.sock is not None and not has_input(connection.sock):
                connection.sock.settimeout(read_timeout)
                return connection
            connection.close()

    def _unreachable(self, error: Exception, read_timeout: float) -> MockUnreachable:
        ended = self._server_error()
        if ended is not None:
            return MockUnreachable(self.url, f"the mock ended with {type(ended).__name__}: {ended}", ended)
        if isinstance(error, TimeoutError):
            self._has_timed_out = True
            return MockUnreachable(self.url, f"timed out after {read_timeout:g} s", error)
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return MockUnreachable(self.url, f"{reason}; {_hint(error)}", error)

    def _json_of(self, method: str, target: str, status: int, raw: bytes) -> Any:
        """Return the JSON of a response; errors as of `request`."""
        try:
            content = json.loads(raw)
            error = content["error"] if status >= HTTPStatus.BAD_REQUEST else None
        except (ValueError, KeyError, TypeError):
            raise self._not_a_mock(method, target, status) from None
        if error is not None:
            raise MockRefused(f"{method} {target.partition('?')[0]}", status, error)
        return content

    def _not_a_mock(self, method: str, target: str, status: int) -> MockUnreachable:
        reason = f"{method} {target} returned {status} and not the JSON of a mock; is it mocksms that listens there?"
        if self._prefix:
            reason += f" The URL of a mock has no path, unless a proxy adds {self._prefix}."
        return MockUnreachable(self.url, reason)


def _target(path: str, query: Mapping[str, object]) -> str:
    """Return a path of the inspection API with a query: the value of a list is repeated, and None is left out."""
    lists = {name: value if isinstance(value, list) else [value] for name, value in query.items()}
    pairs = [(name, well_formed(str(each))) for name, values in lists.items() for each in values if each is not None]
    return f"/_mock/{path}?{urlencode(pairs)}" if pairs else f"/_mock/{path}"


def check_ready(url: str, timeout: float = HEALTH_SECONDS) -> None:
    """Check once that a mock is ready.

    Args:
        url: URL of the mock, such as `http://127.0.0.1:8972`.
        timeout: seconds the response may take.

    Raises:
        NotReady: there is no response in time, or not one of a mock.
        SettingsError: `url` is not the URL of a mock.
    """
    with closing(MockClient(url)) as client:
        try:
            client.check_health(timeout)
        except MockUnreachable as error:
            raise NotReady(url, error.reason) from error
        except MockRefused as error:
            raise NotReady(url, str(error)) from error


def wait_until_ready(url: str, timeout: float, check_alive: Callable[[], object] = lambda: None) -> None:
    """Check a mock again and again until it is ready.

    Args:
        url: URL of the mock.
        timeout: seconds until it has to be ready.
        check_alive: called between two checks; raises an error if the mock will never be ready.

    Raises:
        NotReady: it is not ready in time; the text says what the last check found.
        SettingsError: `url` is not the URL of a mock.
    """
    deadline = SteadyTime.seconds() + timeout
    while True:
        try:
            left = deadline - SteadyTime.seconds()
            return check_ready(url, min(HEALTH_SECONDS, max(left, POLL_SECONDS)))
        except NotReady as error:
            if SteadyTime.seconds() >= deadline:
                raise NotReady(url, error.reason, timeout) from error
        check_alive()
        pause(POLL_SECONDS)


def pause(seconds: float) -> None:
    """Sleep in real time, also while a test library has replaced `time.sleep`."""
    threading.Event().wait(seconds)


def _as_json(value: object) -> object:
    match value:
        case timedelta():
            return value.total_seconds()
        case set() | frozenset():
            return sorted(value)
    raise TypeError(f"{value!r} cannot be sent to a mock; JSON values, timedeltas and sets can")


def _hint(error: Exception) -> str:
    """Return what to do about an error of a connection."""
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLCertVerificationError):
        return "mocksms speaks plain HTTP, so its URL starts with http:// unless a proxy adds TLS"
    if getattr(error, "errno", None) in (errno.EMFILE, errno.ENFILE):
        return "close files or connections of this process, or raise its limit with ulimit -n"
    return "is mocksms running there?"


def _is_read(method: str, target: str) -> bool:
    """Whether a request changes nothing, so that it can be sent twice."""
    return method == "GET" or target.partition("?")[0] == "/_mock/verify"
