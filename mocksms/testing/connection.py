"""Connections of the HTTP client: from a copy of `http.client`, which a test does not change.

A test replaces classes or methods of `http.client` to test its application. Its assertions go on working.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mocksms.errors import SettingsError
from mocksms.settings import mock_url
from mocksms.sms.display import has_credentials, without_credentials

if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPException


def copy_module(name: str) -> Any:
    """Return a new copy of a module, as its file defines it."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_HTTP: Final = copy_module("http.client")

CONNECTION_ERRORS: Final[tuple[type[OSError], type[HTTPException]]] = (OSError, _HTTP.HTTPException)
"""What a request raises where there is no complete response."""


def read_address(url: str) -> tuple[Callable[..., HTTPConnection], str]:
    """Return what opens a connection to a URL, and the path of the URL.

    Raises:
        SettingsError: `url` is not the URL of a mock.
    """
    with suppress(ValueError, _HTTP.HTTPException):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and not has_credentials(url):
            parts.hostname.encode("idna")  # as name resolution does: some names no host can have
            kind = _HTTP.HTTPSConnection if parts.scheme == "https" else _HTTP.HTTPConnection
            kind(parts.hostname, parts.port)  # checks both, and does not connect
            return partial(kind, parts.hostname, parts.port), mock_url(parts.path)
    shown, password = without_credentials(repr(url)), " without user name and password" if has_credentials(url) else ""
    raise SettingsError(f"{shown} is not the URL of a mock; expected a URL{password} such as http://127.0.0.1:8972.")


def fits_a_header(key: object) -> bool:
    """Whether an HTTP header can carry a key."""
    return isinstance(key, str) and key.isascii() and key.isprintable() and key.strip() == key != ""


def close_all(connections: list[HTTPConnection]) -> None:
    """Close connections, and remove them from their list."""
    while connections:
        connection = connections.pop()
        if connection.sock is not None:
            # A forked process may have a copy of the socket, which would keep the connection open.
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()
