"""Allow-list: callbacks go to this machine and private networks, to others if listed, to metadata services never."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from mocksms.errors import WebhookForbidden

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NEVER: Final[tuple[Network, ...]] = tuple(
    map(
        ip_network,
        (
            "169.254.169.0/24",
            "169.254.170.0/24",
            "169.254.0.23/32",
            "169.254.42.42/32",
            "100.100.100.200/32",
            "168.63.129.16/32",
            "192.0.0.192/32",
            "fd00:ec2::/32",
            "fd20:ce::254/128",
            "fd00:42::42/128",
            "fe80::a9fe:a9fe/128",
            "0.0.0.0/8",
            "224.0.0.0/4",
            "255.255.255.255/32",
            "::/128",
            "64:ff9b:1::/48",
            "ff00::/8",
        ),
    )
)
"""Metadata services of clouds, addresses of no single machine, and a range that each network translates in its own
way."""

LINK_LOCAL: Final[tuple[Network, ...]] = tuple(map(ip_network, ("169.254.0.0/16", "fe80::/10")))
"""Addresses that are called only if they are listed. Podman and some clouds give them to the host of a container."""

ALWAYS: Final[tuple[Network, ...]] = tuple(
    map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"))
)
"""This machine and private networks."""

TRANSLATED: Final[tuple[Network, ...]] = tuple(map(ip_network, ("64:ff9b::/96", "::ffff:0:0:0/96")))
"""IPv6 addresses that a router translates to the IPv4 address in their last 32 bits."""


class AllowList:
    """Host names, addresses and networks that may be called beyond this machine and private networks."""

    def __init__(self, listed: tuple[str, ...] = ()) -> None:
        self._hosts = {_name(entry) for entry in listed}
        self._networks = tuple(network for entry in listed if (network := _network(entry)))

    def check(self, host: str, address: str) -> None:
        """Check an address that a host name resolved to.

        Raises:
            WebhookForbidden: it must not be called.
        """
        outer = ip_address(address.partition("%")[0])
        forms = tuple(_forms(outer))
        if any(_is_in(form, NEVER) for form in forms):
            raise WebhookForbidden(host, address, "never")
        is_link_local = any(_is_in(form, LINK_LOCAL) for form in forms)
        real = forms[-1] if isinstance(outer, IPv6Address) and outer.ipv4_mapped else outer
        is_listed = _name(host) in self._hosts or any(_is_in(form, self._networks) for form in (outer, real))
        if not is_listed and (is_link_local or not _is_in(real, ALWAYS)):
            raise WebhookForbidden(host, address, "link-local" if is_link_local else "public")


def _forms(address: Address) -> Iterator[Address]:
    """Iterate over an address and the IPv4 addresses it leads to by mapping, translation or tunnel."""
    yield address
    if isinstance(address, IPv4Address):
        return
    for inner in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())):
        if inner is not None:
            yield inner
    low = IPv4Address(int(address) & 0xFFFF_FFFF)
    if _is_in(address, TRANSLATED) or (int(address) >> 32 == 0 and int(address) > 1) or _is_isatap(address):
        yield low


def _is_isatap(address: IPv6Address) -> bool:
    return (int(address) >> 32) & 0xFCFF_FFFF == 0x5EFE


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _name(host: str) -> str:
    return host.lower().rstrip(".")


def _network(entry: str) -> Network | None:
    try:
        return ip_network(entry.partition("%")[0], strict=False)
    except ValueError:
        return None
