"""The URL of a mock: from where it listens, and from what a user writes."""

from __future__ import annotations

from typing import Final

_LOOPBACK_OF: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def url_of(host: str, port: int) -> str:
    """Return the URL by which programs on this machine reach a mock that listens on a host and port."""
    name = _LOOPBACK_OF.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def mock_url(url: str) -> str:
    """Return the URL of a mock from this URL, or from the base URL of its API."""
    return url.rstrip("/").removesuffix("/rest/v1").rstrip("/")
