from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.errors import WebhookForbidden
from mocksms.webhooks.allow_list import AllowList

LISTED = ("198.51.100.0/24", "2001:db8:1::/48", "203.0.113.9", "hooks.example.com", "169.254.169.254", "0.0.0.0/0")
LINK_LOCAL = [
    "169.254.1.2",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "::ffff:169.254.1.2",
    "::ffff:a9fe:102",
    "::169.254.1.2",
    "64:ff9b::169.254.1.2",
    "::ffff:0:169.254.1.2",
    "2002:a9fe:102::1",
    "2002:a9fe:0001::",
    "2001:0:a9fe:102::1",
    "2001:0:1234::5601:fefd",
    "fe80::5efe:a9fe:102",
    "fd00::5efe:a9fe:102",
    "2001:db8::5efe:169.254.1.2",
    "2001:db8::200:5efe:169.254.1.2",
]
NO_MACHINE = ["0.0.0.0", "0.1.2.3", "::", "255.255.255.255", "224.0.0.1", "ff02::1", "64:ff9b:1::1", "::ffff:0.0.0.0"]
METADATA = [
    "169.254.169.254",
    "169.254.169.253",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.0.23",
    "169.254.42.42",
    "fe80::a9fe:a9fe",
    "fe80::a9fe:a9fe%eth0",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::a9fe:a9fe",
    "::ffff:0:169.254.169.254",
    "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::1",
    "2001:0:1234::5601:5601",
    "fe80::5efe:a9fe:a9fe",
    "fd00::5efe:a9fe:a9fe",
    "2001:db8::5efe:169.254.169.254",
    "2001:db8::200:5efe:169.254.169.254",
    "100.100.100.200",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd00:42::42",
    "192.0.0.192",
    "fd20:ce::254",
    "168.63.129.16",
    "::ffff:100.100.100.200",
]
HERE = ["127.0.0.1", "127.9.9.9", "::1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd12:3456::1"]
PUBLIC = [
    "198.51.100.7",
    "8.8.8.8",
    "172.32.0.1",
    "100.64.0.1",
    "2001:db8:1::7",
    "2606:4700::1111",
    "192.0.2.1",
    "fec0::1",
]

ELSEWHERE = ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:0808:0808::1", "64:ff9b::127.0.0.1", "2002:7f00:1::"]


@pytest.mark.ledger("callback.receivers")
@pytest.mark.parametrize("address", [*HERE, "::ffff:127.0.0.1", "::ffff:10.1.2.3"])
def test_this_machine_and_private_networks_are_called(address: str) -> None:
    AllowList().check("app", address)


@pytest.mark.parametrize("address", NO_MACHINE + METADATA)
def test_metadata_services_are_never_called_even_if_listed(address: str) -> None:
    with pytest.raises(WebhookForbidden) as refused:
        AllowList((*LISTED, "::/0", "app", address)).check("app", address)
    assert str(refused.value) == (
        f"app is {address}, an address of a metadata service or of many machines, which mocksms never calls"
    )


@pytest.mark.parametrize("address", LINK_LOCAL)
def test_link_local_address_is_called_only_if_listed(address: str) -> None:
    """Podman without root has its host at 169.254.1.2."""
    for listed in ((), ("10.0.0.0/8", "other.example", "169.254.9.0/24", "fe80::2:0/112")):
        with pytest.raises(WebhookForbidden) as refused:
            AllowList(listed).check("host.containers.internal", address)
        assert str(refused.value) == (
            f"host.containers.internal is {address}, a link-local address; "
            "to allow it, start mocksms with --webhook-allow host.containers.internal"
        )
    AllowList((address,)).check("host.containers.internal", address)
    AllowList(("Host.containers.internal.",)).check("host.containers.internal", address)


def test_link_local_address_is_listed_as_network_and_in_its_mapped_form() -> None:
    for address in ("169.254.1.2", "::ffff:169.254.1.2"):
        for listed in ("169.254.0.0/16", "169.254.1.2", "0.0.0.0/0"):
            AllowList((listed,)).check("app", address)
    AllowList(("fe80::/10",)).check("app", "fe80::1%eth0")


@pytest.mark.parametrize("address", PUBLIC + ELSEWHERE)
def test_public_address_is_called_only_if_listed(address: str) -> None:
    with pytest.raises(WebhookForbidden) as refused:
        AllowList().check("app.example", address)
    assert str(refused.value) == (
        f"app.example is {address}, neither this machine nor a private network; "
        "to allow it, start mocksms with --webhook-allow app.example"
    )
    AllowList((address,)).check("app.example", address)
    AllowList(("App.Example.",)).check("app.example", address)


@pytest.mark.parametrize(
    ("host", "address", "allowed"),
    [
        ("a", "198.51.100.7", True),
        ("a", "198.51.101.7", False),
        ("a", "::ffff:198.51.100.7", True),
        ("a", "2001:db8:1::7", True),
        ("a", "2001:db8:2::7", False),
        ("a", "203.0.113.9", True),
        ("HOOKS.example.com.", "203.0.113.1", True),
        ("evil-hooks.example.com", "203.0.113.1", False),
    ],
)
def test_list_accepts_hosts_addresses_and_networks(host: str, address: str, allowed: bool) -> None:
    allow_list = AllowList(LISTED[:-1])
    if allowed:
        allow_list.check(host, address)
    else:
        with pytest.raises(WebhookForbidden):
            allow_list.check(host, address)


@given(st.ip_addresses(v=4, network="169.254.0.0/16"), st.booleans())
def test_addresses_of_one_machine_are_refused_in_every_notation(address: object, is_metadata: bool) -> None:
    last = 0xA9FE if is_metadata else int(str(address).split(".")[2]) << 8 | int(str(address).split(".")[3])
    listed = ("::/0", "0.0.0.0/0") if is_metadata else ()
    dotted = f"169.254.{last >> 8}.{last & 255}"
    for form in (dotted, f"::ffff:{dotted}", f"::{dotted}", f"64:ff9b::{dotted}", f"2002:a9fe:{last:x}::"):
        with pytest.raises(WebhookForbidden):
            AllowList(listed).check("app", form)
