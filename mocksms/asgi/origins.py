"""Origin and host of a request: those of a browser on a page of another site are refused."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from mocksms.errors import CrossOriginRequest, HostNotAllowed
from mocksms.settings import is_address

Headers = Mapping[bytes, bytes]


def check_origin(headers: Headers) -> None:
    """Refuse requests that a browser sends for a page of another site.

    Raises:
        CrossOriginRequest: the headers name another origin, or say that the request is cross-site.
    """
    origin = headers.get(b"origin")
    if origin is not None and origin.lower().split(b"://")[1:] != [headers.get(b"host", b"").lower()]:
        raise CrossOriginRequest(origin.decode("latin-1"))
    if headers.get(b"sec-fetch-site") == b"cross-site":
        raise CrossOriginRequest("another site")


def check_host(headers: Headers, allowed: tuple[str, ...]) -> None:
    """Refuse requests to other hosts.

    Raises:
        HostNotAllowed: the Host is not a name of this machine.
    """
    host = headers.get(b"host", b"").decode("latin-1")
    if not is_own_host(host, allowed):
        raise HostNotAllowed(host)


def check_page(headers: Headers, allowed: tuple[str, ...]) -> None:
    """Refuse requests of pages of other sites, also of one whose domain resolves to this machine.

    Other clients than browsers may use any Host.

    Raises:
        CrossOriginRequest: see `check_origin`.
        HostNotAllowed: see `check_host`.
    """
    if is_browser(headers):
        check_origin(headers)
        check_host(headers, allowed)


def is_browser(headers: Headers) -> bool:
    """Whether a request comes from a browser.

    A GET of a page to its own host has neither Origin nor, without TLS, Sec-Fetch-Site; every browser names Mozilla.
    """
    agent = headers.get(b"user-agent", b"")
    return b"origin" in headers or b"sec-fetch-site" in headers or agent.startswith(b"Mozilla/")


@lru_cache(maxsize=64)
def is_own_host(host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a Host header may be a name of this machine.

    That is a loopback name, an IP literal, a single label such as the service name of a container, or one of
    `allowed`. This excludes pages whose own domain resolves to this machine (DNS rebinding). Cached: a client sends
    the same header with each request.
    """
    name = _without_port(host).lower().rstrip(".")
    if name in {entry.lower().rstrip(".") for entry in allowed}:
        return True
    if name.startswith("["):
        return is_address(name[1:-1])
    return is_address(name) or "." not in name or name.endswith(".localhost")


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host
