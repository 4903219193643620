"""The one client for calls out: pinned to checked addresses, without redirects, bounded in time and in what it reads.

It is built on sockets and `http.client`, bound when this module is imported, and on real time: what a test process does
to its own HTTP libraries, to `socket.getaddrinfo` or to its clock does not reach it.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Sequence
from http.client import HTTPException, HTTPResponse, RemoteDisconnected
from queue import Empty, SimpleQueue
from socket import SOCK_STREAM, gaierror, getaddrinfo
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from mocksms.engine.clock import Stopwatch
from mocksms.errors import ReceiverForbidden
from mocksms.webhooks.allow_list import AllowList, is_address
from mocksms.webhooks.connection import Connection, TooSlow
from mocksms.webhooks.payloads import CallbackRequest

KEPT_ANSWER: Final = 4_096
"""Bytes of an answer's body that are kept."""

LONGEST_ANSWER: Final = 1_048_576
"""Bytes of an answer's body that are read; of a longer one the connection is closed."""

LONGEST_LOCATION: Final = 200
"""Characters of where a redirect leads that are told."""

IDLE_LINES: Final = 8
"""Connections kept open to each receiver."""

MOST_OPEN: Final = 64
"""Connections beyond which those that are kept open make room, the one unused for longest first."""

Resolve = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host name, in the order they should be tried."""


class Receipt(NamedTuple):
    """What came of a call: the status and the beginning of the body, or why there is no success; `took` in seconds."""

    status: int | None
    body: bytes
    took: float
    error: str | None


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host name."""
    found = getaddrinfo(host, port, type=SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class WebhookClient:
    """Calls receivers. Blocks, and may be used by several threads at once.

    Args:
        allowance: which addresses may be called.
        timeout: seconds a call may take in all, from the look-up of the name to the last byte.
        lookup: how names become addresses.
        trust: which certificates are believed, as `ssl` has it; those the machine believes unless given.
    """

    def __init__(
        self,
        allowance: AllowList,
        timeout: float,
        lookup: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._allowance = allowance
        self._timeout = timeout
        self._lookup = lookup
        self._trust = trust
        self._lock = threading.Lock()
        self._idle: list[tuple[tuple[str, str], Connection]] = []
        self._open: set[Connection] = set()
        self._is_closed = False

    def call(self, url: str, letter: CallbackRequest) -> Receipt:
        """Call a receiver once, and return what came of it; it never raises for what a receiver does."""
        watch = Stopwatch()
        try:
            status, body, error = self._exchange(urlsplit(url), letter, watch)
        except (ReceiverForbidden, TooSlow, OSError, HTTPException, ValueError) as failure:
            status, body, error = None, b"", _said(failure, self._timeout)
        return Receipt(status, body, watch.seconds, error)

    def close(self) -> None:
        """End all connections, those in use too; whoever uses one is told so at once."""
        with self._lock:
            self._is_closed = True
            idle = [line for _, line in self._idle]
            used = self._open.difference(idle)
            self._idle = []
        for line in used:
            line.cut()
        for line in idle:
            self._drop(line)

    def _exchange(self, url: SplitResult, letter: CallbackRequest, watch: Stopwatch) -> tuple[int, bytes, str | None]:
        line = self._idle_line(url) or self._connect(url, watch)
        line.begin(watch, self._timeout)
        keeps = False
        try:
            answer = line.send(url, letter)
            body = answer.read(LONGEST_ANSWER + 1)
            keeps = answer.isclosed() and not answer.will_close
        finally:
            self._put_back(url, line, keeps)
        return answer.status, body[:KEPT_ANSWER], _fault(answer, len(body))

    def _idle_line(self, url: SplitResult) -> Connection | None:
        """Return a connection that is still open on both sides."""
        while True:
            with self._lock:
                places = [place for place, (host, _) in enumerate(self._idle) if host == (url.scheme, url.netloc)]
                line = self._idle.pop(places[-1])[1] if places else None
            if line is None or line.is_fresh():
                return line
            self._drop(line)

    def _put_back(self, url: SplitResult, line: Connection, keeps: bool) -> None:
        host = (url.scheme, url.netloc)
        with self._lock:
            if keeps and not self._is_closed and sum(each == host for each, _ in self._idle) < IDLE_LINES:
                self._idle.append((host, line))
                if len(self._open) <= MOST_OPEN:
                    return
                _, line = self._idle.pop(0)
        self._drop(line)

    def _drop(self, line: Connection) -> None:
        with self._lock:
            self._open.discard(line)
        line.close()

    def _connect(self, url: SplitResult, watch: Stopwatch) -> Connection:
        """Return a new connection to one of the addresses of a host, every one of which may be called."""
        host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        addresses = self._addresses(host, port, watch)
        for address in addresses:
            self._allowance.check(host, address)
        failure: OSError = ConnectionError(f"{host} has no address")
        for address in addresses:
            try:
                line = self._new_line(address, port)
            except OSError as error:
                failure = error
                continue
            try:
                line.begin(watch, self._timeout)
                line.connect(self._context() if url.scheme == "https" else None, host)
                return line
            except (OSError, UnicodeError, TooSlow) as error:
                self._drop(line)
                if not isinstance(error, OSError) or isinstance(error, ssl.SSLError | TimeoutError):
                    raise
                failure = error
        raise failure

    def _new_line(self, address: str, port: int) -> Connection:
        with self._lock:
            if self._is_closed:
                raise ConnectionAbortedError("mocksms stops")
            line = Connection(address, port)
            self._open.add(line)
            return line

    def _addresses(self, host: str, port: int, watch: Stopwatch) -> Sequence[str]:
        """Look a name up in a thread of its own, since a look-up cannot be told to give up."""
        if is_address(host):
            # With a zone, the system would look it up once more, after it was checked.
            return [host.partition("%")[0]]
        answers: SimpleQueue[Sequence[str] | OSError] = SimpleQueue()
        threading.Thread(target=_look_up, args=(self._lookup, host, port, answers), daemon=True).start()
        try:
            found = answers.get(timeout=max(self._timeout - watch.seconds, 0.001))
        except Empty:
            raise TooSlow from None
        if isinstance(found, OSError):
            raise found
        return found

    def _context(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = ssl.create_default_context()
        return self._trust


def _fault(answer: HTTPResponse, size: int) -> str | None:
    """Return why an answer, of which so many bytes were read, is no success."""
    is_whole = answer.isclosed() or (answer.length is None and not answer.chunked)
    if not is_whole and size <= LONGEST_ANSWER:
        return "its answer broke off"
    if 200 <= answer.status < 300:
        return None
    if 300 <= answer.status < 400:
        return f"answered {answer.status}: redirects are not followed, this one to {_location(answer)}"
    return f"answered {answer.status}"


def _location(answer: HTTPResponse) -> str:
    location = answer.getheader("location")
    return ascii(location[:LONGEST_LOCATION]) if location else "nowhere"


def _said(failure: Exception, timeout: float) -> str:
    """Return in words why a receiver was not reached or gave no answer."""
    match failure:
        case TooSlow() | TimeoutError():
            return f"no whole answer within {timeout:g} s"
        case ReceiverForbidden():
            return str(failure)
        case ssl.SSLCertVerificationError():
            why = failure.verify_message
            return f"its certificate is not believed: {why}; SSL_CERT_FILE can name further authorities"
        case gaierror():
            return f"its name does not resolve: {failure.strerror}"
        case RemoteDisconnected():
            return "it closed the connection without an answer"
        case HTTPException():
            return f"its answer is no HTTP: {ascii(str(failure)[:100]) or type(failure).__name__}"
        case OSError():
            return f"cannot be reached: {failure.strerror or failure}"
    return f"cannot be called: {failure}"


def _look_up(lookup: Resolve, host: str, port: int, answers: SimpleQueue[Sequence[str] | OSError]) -> None:
    try:
        answers.put(lookup(host, port))
    except OSError as error:
        answers.put(error)
    except UnicodeError as error:
        answers.put(OSError(str(error)))
