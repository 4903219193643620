"""Whether a mock is ready: asked over HTTP with the standard library alone, so that asking starts in no time."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from threading import Event
from typing import Final
from urllib.parse import urlsplit

from mocksms.engine.clock import timer
from mocksms.errors import NotReady, SettingsError

HEALTH: Final = "/_mock/health"

PATIENCE: Final = 2.0
"""Seconds one answer may take."""

PAUSE: Final = 0.05
"""Seconds between two questions."""


def check_ready(url: str, patience: float = PATIENCE) -> None:
    """Ask a mock once.

    Args:
        url: its base URL, such as `http://127.0.0.1:8972`.
        patience: seconds its answer may take.

    Raises:
        NotReady: nothing answers there, or not as a mock does.
        SettingsError: the base URL is none.
    """
    connection = _connection(url, patience)
    try:
        connection.request("GET", HEALTH)
        with connection.getresponse() as answer:
            said = answer.read(65_536)
    except (OSError, HTTPException) as error:
        raise NotReady(url, getattr(error, "strerror", None) or str(error) or type(error).__name__) from error
    finally:
        connection.close()
    if answer.status != 200 or not _says_ready(said):
        raise NotReady(url, f"what listens there is no mock: GET {HEALTH} was answered with {answer.status}")


def wait_until_ready(url: str, timeout: float, check_alive: Callable[[], object] = lambda: None) -> None:
    """Ask a mock until it is ready.

    Args:
        url: its base URL.
        timeout: seconds it may take.
        check_alive: called between two questions; raises when there is nothing to wait for any more.

    Raises:
        NotReady: it was not ready in time; says what was wrong when last asked.
        SettingsError: the base URL is none.
    """
    end = timer() + timeout
    while True:
        try:
            return check_ready(url, min(PATIENCE, max(end - timer(), PAUSE)))
        except NotReady as error:
            if timer() >= end:
                raise NotReady(url, error.reason, timeout) from error
        check_alive()
        Event().wait(PAUSE)


def _connection(url: str, patience: float) -> HTTPConnection:
    try:
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname:
            parts.hostname.encode("idna")  # as a look-up does, which raises for names that no host can have
            return HTTPConnection(parts.hostname, parts.port or 80, timeout=patience)
    except (ValueError, HTTPException):
        pass
    raise SettingsError(f"{url!r} is no address of a mock; one looks like http://127.0.0.1:8972.")


def _says_ready(said: bytes) -> bool:
    try:
        health = json.loads(said)
    except ValueError:
        return False
    return isinstance(health, dict) and health.get("status") == "ready"
