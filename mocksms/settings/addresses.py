"""The URL of a mock: from where it listens, and from what a user writes; and whether a host is an address."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

API_PREFIX: Final = "/rest/v1"
"""The path of the emulated API in the address of the vendor's guide (documented, path.send)."""

_LOOPBACK_OF: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def url_of(host: str, port: int) -> str:
    """Return the URL by which programs on this machine reach a mock that listens on a host and port."""
    name = _LOOPBACK_OF.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def mock_url(url: str) -> str:
    """Return the URL of a mock from this URL, or from the base URL of its API."""
    return url.rstrip("/").removesuffix(API_PREFIX).rstrip("/")


def is_address(host: str) -> bool:
    """Whether a host is an address and not a name; an IPv6 address may have a zone after `%`."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
