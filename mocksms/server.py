"""The server: a bound socket, the HTTP protocol with what faults need, and an end that comes within a second."""

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

HEAD_LIMIT: Final = 65_536
"""Bytes that request line and headers may take, beyond what arrives together with their beginning."""

FRAMING: Final = 8
"""Bytes of chunk framing and trailers allowed for each byte of body."""

GRACE: Final = 0.25
"""Seconds that open requests have to end when the server stops."""

LINGER: Final = 30.0
"""Seconds a slow reader has to take in the end of a stream."""

_UPGRADE: Final = re.compile(rb"\r\nupgrade(?=[ \t]*:)", re.IGNORECASE)
_RESET_ON_CLOSE: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class TcpConnection:
    """A transport that can be reset, and can hold what is written to it so that it leaves in one piece."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held: list[bytes] | None = None
        self.drain: Callable[[], Awaitable[None]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write, or keep for later what is being held."""
        if self._held is None:
            self._transport.write(data)
        else:
            self._held.append(data)

    def hold(self) -> None:
        """Keep what is written from here on until it is released."""
        self._held = []

    def release(self) -> None:
        """Write what was held."""
        if self._held:
            self._transport.write(b"".join(self._held))
        self._held = None

    async def flush(self) -> None:
        """Wait until all that was written was taken by the system, or the connection is gone."""
        if self._transport.get_write_buffer_size():
            # With no room for anything, the flow is paused until nothing is left.
            self._transport.set_write_buffer_limits(0)
            await self.drain()
            self._transport.set_write_buffer_limits()

    def close(self) -> None:
        """End the connection after what was written."""
        self.release()
        self._transport.close()

    def finish(self, last: bytes) -> None:
        """End a chunked body and the connection; a reader who does not take the end in time is cut off."""
        self.release()
        self._transport.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(last), last))
        self._transport.close()
        asyncio.get_running_loop().call_later(LINGER, self._transport.abort)

    def reset(self) -> None:
        """Tear the connection down with a TCP reset."""
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()


class Protocol(HttpToolsProtocol):
    """HTTP/1 as the parser has it, with what it lacks.

    What it cannot parse is handed to `note`. It puts no limit on headers; it drops the body of a request that offers
    to upgrade, as Java's client does to h2c; and it neither shows the connection, which faults have to reach, nor
    writes an answer in one piece.
    """

    _fed = 0
    _bodied = 0
    _latest = b""
    _begun = False

    def __init__(self, note: Callable[[bytes, str], object], **given: Any) -> None:
        super().__init__(**given)
        self._note = note

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        connection: Any = TcpConnection(transport)
        super().connection_made(connection)
        connection.drain = self.flow.drain
        self._extensions: Any = {CONNECTION: connection}

    def data_received(self, data: bytes) -> None:
        """Take bytes in; refuse a request whose headers or framing outgrow any real one."""
        self._fed += len(data)
        self._latest = b"" if self._begun else data
        super().data_received(_without_upgrade(data) if b"pgrade" in data and self._is_head() else data)
        if self._fed - self._bodied > HEAD_LIMIT + FRAMING * self._bodied and not self.transport.is_closing():
            self.send_400_response("The request headers are too long.")
        self._latest = b""

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, and have it noted: no door will ever see it."""
        self._note(self._latest, msg)
        super().send_400_response(msg)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._begun = True
        self._fed = self._bodied = 0
        self.scope["extensions"] = self._extensions

    def on_message_complete(self) -> None:
        """End a request."""
        self._begun = False
        super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body in."""
        self._bodied += len(body)
        super().on_body(body)

    def shutdown(self) -> None:
        """Let an open request be answered, but wait for no body."""
        if not self._is_head() and not self.cycle.response_complete:
            self.transport.close()
        else:
            super().shutdown()

    def _is_head(self) -> bool:
        """Whether what comes next is the head of a request, not its body."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or not cycle.more_body


def _without_upgrade(data: bytes) -> bytes:
    """Return the bytes of a request's head with an offer to upgrade made meaningless: a server may ignore it."""
    head, end, rest = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(rb"\r\nx-upgrade", head) + end + rest


class Server(uvicorn.Server):
    """Serves one mock until it is told to stop.

    Args:
        engine: the mock.
        stage: the scenarios it was started with.
        owns_process: whether it may set up logging; a guest in another program's process leaves that as it is.
    """

    def __init__(self, engine: Engine, stage: StartScenarios | None = None, *, owns_process: bool = True) -> None:
        self._stopping = asyncio.Event()
        config = uvicorn.Config(
            create_app(engine, self._stopping, stage),
            http=cast("type[asyncio.Protocol]", partial(Protocol, engine.record_malformed_request)),
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            log_level="warning" if owns_process else None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE,  # type: ignore[arg-type]
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: answers that are being held back go out at once, then the connections close."""
        self._stopping.set()
        await super().shutdown(sockets)


class LongLived:
    """Takes stored messages out of the garbage collector's sight, and from the start what the program consists of.

    They hold no cycles, yet the collector would walk over all of them again and again, and stall answers for it.
    """

    EVERY: Final = 10_000

    def __init__(self) -> None:
        self._seen = 0
        gc.collect()
        gc.freeze()

    def __call__(self, _account: Account | None, _news: EngineEvent) -> None:
        """Count what is kept; each 10,000 times set aside all that has survived."""
        self._seen += 1
        if self._seen % self.EVERY == 0:
            gc.collect(1)
            gc.freeze()


def bind(settings: Settings) -> socket.socket:
    """Return a listening socket, so that the address is known and ready before anything else starts.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    listener = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # The protocol is named because asyncio turns Nagle's algorithm off only where it is: 40 ms an answer otherwise.
        listener = socket.socket(family, kind, protocol)
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except (OSError, UnicodeError) as error:
        if listener is not None:
            listener.close()
        reason = getattr(error, "strerror", None) or error
        taken = getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES)
        hint = "; choose another with --port, or --port 0 for a free one" if taken else ""
        raise SettingsError(f"Cannot listen on {settings.host} port {settings.port}: {reason}{hint}.") from error
    return listener


def base_url(listener: socket.socket) -> str:
    """Return the address programs on this machine reach the mock at."""
    host, port = listener.getsockname()[:2]
    return url_of(host, port)


def serve(
    engine: Engine, listener: socket.socket, ready: Callable[[], object], stage: StartScenarios | None = None
) -> None:
    """Serve in the foreground until SIGINT or SIGTERM.

    Args:
        engine: the mock.
        listener: its bound socket.
        ready: called once, as soon as requests are answered and signals obeyed.
        stage: the scenarios it was started with, put in force anew when their files change.
    """
    engine.listeners.append(LongLived())
    server = Server(engine, stage)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, server.handle_exit)
    ready()
    server.run([listener])
