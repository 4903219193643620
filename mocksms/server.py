"""The server: runs uvicorn, breaks connections for faults, and stops within a second."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import re
import signal
import socket
import struct
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mocksms.app import create_app
from mocksms.asgi import CONNECTION
from mocksms.engine.account import Account
from mocksms.engine.engine import Engine, EngineEvent
from mocksms.errors import SettingsError
from mocksms.scenario.library import StartScenarios
from mocksms.settings import Settings, url_of

MAX_HEAD_BYTES: Final = 65_536
"""Maximum of bytes in the head of a request. What arrives in the same read as its start may exceed it."""

MAX_FRAMING_FACTOR: Final = 8
"""Maximum of bytes in chunk framing and trailers, for each byte of body."""

GRACE_SECONDS: Final = 0.25
"""Seconds for open requests to end when the server stops."""

LINGER_SECONDS: Final = 30.0
"""Seconds for a slow reader to receive the end of a stream."""

_UPGRADE: Final = re.compile(rb"\r\nupgrade(?=[ \t]*:)", re.IGNORECASE)
_RESET_ON_CLOSE: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class TcpConnection:
    """A transport that can be reset, and can buffer writes to send them in one piece."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held: list[bytes] | None = None
        self.drain: Callable[[], Awaitable[None]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write, or buffer while held."""
        if self._held is None:
            self._transport.write(data)
        else:
            self._held.append(data)

    def hold(self) -> None:
        """Buffer writes until `release`."""
        self._held = []

    def release(self) -> None:
        """Write the buffer."""
        if self._held:
            self._transport.write(b"".join(self._held))
        self._held = None

    async def flush(self) -> None:
        """Wait until the operating system has taken all writes, or the connection is closed."""
        if self._transport.get_write_buffer_size():
            # A limit of zero pauses the flow until the buffer is empty, which is what drain() waits for.
            self._transport.set_write_buffer_limits(0)
            await self.drain()
            self._transport.set_write_buffer_limits()

    def close(self) -> None:
        """Close the connection after all writes."""
        self.release()
        self._transport.close()

    def finish(self, last: bytes) -> None:
        """End a chunked body and close the connection; abort it if the reader is too slow."""
        self.release()
        self._transport.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(last), last))
        self._transport.close()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.abort)

    def reset(self) -> None:
        """Abort the connection with a TCP reset."""
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP/1 protocol with four additions.

    It limits the size of headers. It passes bytes that are not HTTP to `on_malformed`. It keeps the body of a request
    that offers an upgrade, as Java's client does to h2c: uvicorn would drop it. It gives the application access to the
    connection, for faults and for responses in one piece.
    """

    _received = 0
    _body_size = 0
    _last_read = b""
    _in_request = False

    def __init__(self, on_malformed: Callable[[bytes, str], object], **options: Any) -> None:
        super().__init__(**options)
        self._on_malformed = on_malformed

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start a connection."""
        connection: Any = TcpConnection(transport)
        super().connection_made(connection)
        connection.drain = self.flow.drain
        self._extensions: Any = {CONNECTION: connection}

    def data_received(self, data: bytes) -> None:
        """Receive bytes; refuse a request if its headers or framing are too long."""
        self._received += len(data)
        self._last_read = b"" if self._in_request else data
        super().data_received(_without_upgrade(data) if b"pgrade" in data and self._is_head() else data)
        if (
            self._received - self._body_size > MAX_HEAD_BYTES + MAX_FRAMING_FACTOR * self._body_size
            and not self.transport.is_closing()
        ):
            self.send_400_response("The request headers are too long.")
        self._last_read = b""

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are not HTTP, and record them: no API will see them."""
        self._on_malformed(self._last_read, msg)
        super().send_400_response(msg)

    def on_message_begin(self) -> None:
        """Start a request."""
        super().on_message_begin()
        self._in_request = True
        self._received = self._body_size = 0
        self.scope["extensions"] = self._extensions

    def on_message_complete(self) -> None:
        """End a request."""
        self._in_request = False
        super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """Receive a part of the body."""
        self._body_size += len(body)
        super().on_body(body)

    def shutdown(self) -> None:
        """Stop: finish an open request, but do not wait for the rest of a body."""
        if not self._is_head() and not self.cycle.response_complete:
            self.transport.close()
        else:
            super().shutdown()

    def _is_head(self) -> bool:
        """Whether the next bytes are the head of a request, not its body."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or not cycle.more_body


def _without_upgrade(data: bytes) -> bytes:
    """Return the head of a request without its upgrade header, which a server may ignore."""
    head, end, rest = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(rb"\r\nx-upgrade", head) + end + rest


class Server(uvicorn.Server):
    """Serves one mock until it is stopped.

    Args:
        engine: the mock.
        scenarios: the scenarios of the options.
        owns_process: whether it may configure logging, which it must not inside the process of another program.
    """

    def __init__(self, engine: Engine, scenarios: StartScenarios | None = None, *, owns_process: bool = True) -> None:
        self._stopping = asyncio.Event()
        config = uvicorn.Config(
            create_app(engine, self._stopping, scenarios),
            http=cast("type[asyncio.Protocol]", partial(Protocol, engine.record_malformed_request)),
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            log_level="warning" if owns_process else None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_SECONDS,  # type: ignore[arg-type]
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: send delayed responses at once, then close the connections."""
        self._stopping.set()
        await super().shutdown(sockets)


class LongLived:
    """Hides stored messages, and the modules of the program, from the garbage collector.

    They hold no cycles, but the collector would visit all of them again and again and delay responses.
    """

    EVERY: Final = 10_000

    def __init__(self) -> None:
        self._events = 0
        gc.collect()
        gc.freeze()

    def __call__(self, _account: Account | None, _event: EngineEvent) -> None:
        """Count events; every 10,000 of them, freeze all objects that are alive."""
        self._events += 1
        if self._events % self.EVERY == 0:
            gc.collect(1)
            gc.freeze()


def bind(settings: Settings) -> socket.socket:
    """Return a listening socket, so that the address is known and accepts connections before the server starts.

    Raises:
        SettingsError: the address cannot be used.
    """
    listener = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio turns off Nagle's algorithm, which can delay a response by 40 ms, only if the protocol is given.
        listener = socket.socket(family, kind, protocol)
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except (OSError, UnicodeError) as error:
        if listener is not None:
            listener.close()
        reason = getattr(error, "strerror", None) or error
        is_in_use = getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES)
        hint = "; choose another with --port, or --port 0 for a free one" if is_in_use else ""
        raise SettingsError(f"Cannot listen on {settings.host} port {settings.port}: {reason}{hint}.") from error
    return listener


def base_url(listener: socket.socket) -> str:
    """Return the URL of the mock for programs on this machine."""
    host, port = listener.getsockname()[:2]
    return url_of(host, port)


def serve(
    engine: Engine, listener: socket.socket, ready: Callable[[], object], scenarios: StartScenarios | None = None
) -> None:
    """Serve in the foreground until SIGINT or SIGTERM.

    Args:
        engine: the mock.
        listener: its bound socket.
        ready: called once, when the mock accepts requests and handles signals.
        scenarios: the scenarios of the options, reloaded when their files change.
    """
    engine.listeners.append(LongLived())
    server = Server(engine, scenarios)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, server.handle_exit)
    ready()
    server.run([listener])
