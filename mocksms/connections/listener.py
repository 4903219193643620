"""Listening socket of a mock, bound before its server starts."""

from __future__ import annotations

import errno
import os
import socket

from mocksms.connections import forks
from mocksms.errors import SettingsError
from mocksms.settings import Settings, url_of
from mocksms.sms.display import error_reason


class ListeningSocket(socket.socket):
    """A socket that forked children close: they would go on listening after the mock has stopped."""

    def close_copies(self) -> None:
        """Close the socket in a forked child."""
        self.close()


def bind(settings: Settings) -> ListeningSocket:
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
        listener = ListeningSocket(family, kind, protocol)
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
        forks.close_in_children(listener)
    except (OSError, UnicodeError) as error:
        if listener is not None:
            listener.close()
        reason = error_reason(error)
        is_in_use = getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES)
        hint = "; choose another with --port, or --port 0 for a free one" if is_in_use else ""
        raise SettingsError(f"Cannot listen on {settings.host} port {settings.port}: {reason}{hint}.") from error
    return listener


def base_url(listener: socket.socket) -> str:
    """Return the URL of the mock for programs on this machine."""
    host, port = listener.getsockname()[:2]
    return url_of(host, port)
