from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest

from mocksms.connections.listener import base_url, bind
from mocksms.errors import SettingsError
from mocksms.settings import Settings
from tests.support import TIMEOUT


def test_bind_listens_at_once() -> None:
    with bind(Settings(port=0)) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        socket.create_connection((host, port), TIMEOUT).close()


def test_bind_refuses_a_port_in_use() -> None:
    with bind(Settings(port=0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(SettingsError) as refused:
            bind(Settings(port=port))
    assert str(refused.value) == (
        f"Cannot listen on 127.0.0.1 port {port}: Address already in use; "
        "choose another with --port, or --port 0 for a free one."
    )


@pytest.mark.parametrize(
    "host",
    ["no-such-host.invalid", "192.0.2.1", "", "a..b", ".", "a" * 70 + ".test", "nul\x00byte", "\udcff"],
    ids=["unknown", "another machine's", "empty", "empty label", "dot", "long label", "NUL", "surrogate"],
)
def test_bind_refuses_an_unusable_address(host: str) -> None:
    with pytest.raises(SettingsError, match=r"^Cannot listen on "):
        bind(Settings(host=host, port=0))


@pytest.mark.parametrize(("system", "reused"), [("posix", True), ("nt", False)])
def test_bind_reuses_an_address_except_on_windows(monkeypatch: pytest.MonkeyPatch, system: str, reused: bool) -> None:
    monkeypatch.setattr("mocksms.connections.listener.os", SimpleNamespace(name=system))
    with bind(Settings(port=0)) as listener:
        assert bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)) is reused


@pytest.mark.parametrize(
    ("host", "reachable"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::1]")],
)
def test_base_url_is_reachable_from_this_machine(host: str, reachable: str) -> None:
    with bind(Settings(host=host, port=0)) as listener:
        assert base_url(listener) == f"http://{reachable}:{listener.getsockname()[1]}"


def test_base_url_of_a_host_name_is_its_address() -> None:
    with bind(Settings(host="localhost", port=0)) as listener:
        port = listener.getsockname()[1]
        assert base_url(listener) in (f"http://127.0.0.1:{port}", f"http://[::1]:{port}")
