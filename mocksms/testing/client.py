"""Calls of a mock over the standard library's HTTP client: test doubles take hold of requests, httpx and aiohttp."""

from __future__ import annotations

import json
import os
import selectors
import socket
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from mocksms.engine.account import account_id
from mocksms.engine.clock import SteadyTime
from mocksms.errors import MockRefused, MockUnreachable

__tracebackhide__ = True

PATIENCE: Final = 10.0
"""Seconds a mock may take to answer what is answered at once."""

PAUSE: Final = 0.05
"""Seconds between two looks whether a mock is up."""

GLANCE: Final = 0.5
"""Seconds that a mock may take which is asked whether it is up: one that was silent, or one that is late."""


class MockClient:
    """Speaks with one mock, from any thread: a call takes a connection that is idle, or opens one.

    Args:
        url: where the mock is, such as `http://127.0.0.1:8972`.
        token: the control token, if it has one.
        why_gone: returns what ended the mock, if that is known.
    """

    def __init__(
        self, url: str, token: str | None = None, why_gone: Callable[[], BaseException | None] = lambda: None
    ) -> None:
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address of a mock; it is like http://127.0.0.1:8972")
        self._open = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port, self._prefix = parts.hostname, parts.port, parts.path
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._why_gone = why_gone
        self._idle: list[HTTPConnection] = []
        self._busy: dict[threading.Thread, HTTPConnection] = {}
        self._abandoned = weakref.WeakSet[threading.Thread]()
        self._is_silent = False
        self._process = os.getpid()
        self.known: set[str] = set()
        weakref.finalize(self, _close, self._idle)

    def meet(self, api_key: str) -> None:
        """Note that a handle is for an account; `known` has the ids of all these."""
        self.known.add(account_id(api_key))

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        /,
        *,
        key: str | None = None,
        within: float = PATIENCE,
        **query: object,
    ) -> Any:
        """Return what the inspection API answers.

        Args:
            method: GET, POST and so on.
            path: below `/_mock/`.
            body: what goes as JSON; lengths of time and sets are taken, too.
            key: the API key of the account that is meant; without, all are.
            within: seconds the answer may take.
            query: goes into the address; what is None is left out.

        Raises:
            MockRefused: it is answered with an error.
            MockUnreachable: it is not answered.
        """
        given = urlencode({name: value for name, value in query.items() if value is not None})
        target = f"/_mock/{path}?{given}" if given else f"/_mock/{path}"
        status, raw = self.exchange(method, target, body, key=key, within=within)
        try:
            answer = json.loads(raw)
            error = answer["error"] if status >= 400 else None
        except (ValueError, KeyError, TypeError):
            why = f"{method} {target} was answered {status} as no mock does; is it mocksms that listens there?"
            raise MockUnreachable(self.url, why) from None
        if error is not None:
            raise MockRefused(f"{method} /_mock/{path}", status, error)
        return answer

    def exchange(
        self,
        method: str,
        target: str,
        body: Any = None,
        /,
        *,
        key: str | None = None,
        within: float = PATIENCE,
        accept: str = "application/json",
    ) -> tuple[int, bytes]:
        """Return status and body of what is answered to a request with a JSON body, or with none.

        Once it was silent, a mock must answer a short question first: a suite does not wait for it again and again.

        Raises:
            MockUnreachable: it is not answered.
        """
        if self._is_silent:
            self._exchange("GET", "/_mock/health", None, {}, GLANCE)
        headers = {"Accept": accept, **self._headers}
        if key is not None:
            headers["X-API-Key"] = key
        data = None
        if body is not None:
            data = json.dumps(body, default=_as_json).encode()
            headers["Content-Type"] = "application/json"
        return self._exchange(method, target, data, headers, within)

    def wait_until_up(self, within: float = PATIENCE) -> None:
        """Return once the mock answers.

        Raises:
            MockUnreachable: it does not.
        """
        deadline = SteadyTime.seconds() + within
        while True:
            try:
                self.call("GET", "health", within=max(deadline - SteadyTime.seconds(), GLANCE))
            except MockUnreachable as error:
                # What forwards a port to a container that is not up yet takes the connection and closes it.
                if not isinstance(error.cause, ConnectionError) or SteadyTime.seconds() > deadline:
                    raise
                threading.Event().wait(PAUSE)
            else:
                return

    def abandon(self, thread: threading.Thread) -> None:
        """Let the calls of a thread fail, the one under way too: nobody waits for them any more."""
        self._abandoned.add(thread)
        connection = self._busy.get(thread)
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connections that are idle."""
        _close(self._idle)

    def _exchange(
        self, method: str, target: str, data: bytes | None, headers: dict[str, str], within: float
    ) -> tuple[int, bytes]:
        thread = threading.current_thread()
        connection = self._busy[thread] = self._take(within)
        try:
            connection.request(method, self._prefix + target, data, headers)
            if thread in self._abandoned:
                raise ConnectionAbortedError("nobody waits for it any more")
            response = connection.getresponse()
            answer = response.status, response.read()
        except (OSError, HTTPException) as error:
            connection.close()
            raise self._unreachable(error, within) from None
        except BaseException:
            connection.close()
            raise
        finally:
            del self._busy[thread]
        self._is_silent = False
        self._idle.append(connection)
        return answer

    def _take(self, within: float) -> HTTPConnection:
        if self._process != os.getpid():
            # The parent of a fork goes on speaking over these.
            self._process = os.getpid()
            self._idle.clear()
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._open(self._host, self._port, timeout=within)
            if connection.sock is not None and not _has_ended(connection.sock):
                connection.sock.settimeout(within)
                return connection
            connection.close()

    def _unreachable(self, error: Exception, within: float) -> MockUnreachable:
        gone = self._why_gone()
        if gone is not None:
            return MockUnreachable(self.url, f"the mock ended with {type(gone).__name__}: {gone}", gone)
        if isinstance(error, TimeoutError):
            self._is_silent = True
            return MockUnreachable(self.url, f"no answer within {within:g} s", error)
        return MockUnreachable(self.url, f"{str(error) or type(error).__name__}; is mocksms running there?", error)


def fits_a_header(key: object) -> bool:
    """Return whether a key can travel in a header."""
    return isinstance(key, str) and key.isascii() and key.isprintable() and key.strip() == key != ""


def _as_json(value: object) -> object:
    """Return as JSON has it what Python writes otherwise."""
    match value:
        case timedelta():
            return value.total_seconds()
        case set() | frozenset():
            return sorted(value)
    raise TypeError(f"{value!r} cannot go to a mock: it takes what JSON has, lengths of time and sets")


def _has_ended(idle: socket.socket) -> bool:
    """Return whether something is to be read where nothing was asked: the end of the connection."""
    with selectors.DefaultSelector() as selector:
        selector.register(idle, selectors.EVENT_READ)
        return bool(selector.select(0))


def _close(connections: list[HTTPConnection]) -> None:
    while connections:
        connections.pop().close()
