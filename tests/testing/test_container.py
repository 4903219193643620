from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest
from testcontainers.core.config import ConnectionMode, testcontainers_config

from mocksms.errors import NotReady
from mocksms.testing.container import MockSMSContainer
from tests.support import TIMEOUT, Mock, running

PRINTED = b"mocksms: MOCKSMS_PORT is 'x'\n"


class Engine:
    """An engine whose one container is a mock of this process, or has ended; `removed` is whether it is gone."""

    def __init__(self, port: int, status: str = "running", printed: bytes = PRINTED) -> None:
        self.at = port
        self.made: dict[str, Any] = {}
        self.removed = False
        self.client = SimpleNamespace(close=lambda: None)
        self.id = self.short_id = "c0ffee"
        self.status = status
        self.printed = printed
        self.attrs = {"State": {"ExitCode": 2}}

    def create(self, image: str, **more: Any) -> Engine:
        self.made = {"image": image, **more}
        return self

    def start(self, _: Engine) -> None:
        """Start what was made."""

    def get_connection_mode(self) -> ConnectionMode:
        return ConnectionMode.docker_host

    def host(self) -> str:
        return "127.0.0.1"

    def port(self, _: str, inside: int) -> int:
        assert inside == 8972
        return self.at

    def reload(self) -> None:
        """Look again."""

    def logs(self, *, stdout: bool = True, stderr: bool = True) -> bytes:
        assert stdout is not stderr
        return self.printed if stderr else b""

    def remove(self, **_: bool) -> None:
        self.removed = True


def use(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> Engine:
    monkeypatch.setattr("testcontainers.core.container.DockerClient", lambda: engine)
    monkeypatch.setattr(testcontainers_config, "ryuk_disabled", True)
    return engine


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, own_mock: Mock) -> Engine:
    return use(monkeypatch, Engine(own_mock.port))


@pytest.fixture
def closed_port() -> int:
    with running() as mock:
        return mock.port


def test_container_is_a_mock_that_is_ready(engine: Engine, own_mock: Mock) -> None:
    with MockSMSContainer().with_env("MOCKSMS_STRICT", "true") as container:
        assert (container.url, container.base_url) == (own_mock.url, f"{own_mock.url}/rest/v1")
        assert engine.made["environment"] == {"MOCKSMS_STRICT": "true"}
        assert engine.made["ports"] == {"8972": None}
    assert engine.removed


def test_image_is_of_the_version_installed_unless_named(engine: Engine) -> None:
    with MockSMSContainer():
        assert engine.made["image"] == f"mocksms:{version('mocksms')}"
    with MockSMSContainer("registry.example/mocksms:edge"):
        assert engine.made["image"] == "registry.example/mocksms:edge"


def test_container_that_is_not_ready_in_time_shows_its_output(
    monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    engine = use(monkeypatch, Engine(closed_port))
    with (
        pytest.raises(NotReady, match=r"after 0\.1 s: Connection refused") as refused,
        MockSMSContainer(ready_timeout=0.1),
    ):
        pass  # pragma: no cover - never begun
    assert refused.value.__notes__ == [f"Output of the container:\n{PRINTED.decode().strip()}"]
    assert engine.removed


def test_container_that_has_ended_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, closed_port: int) -> None:
    use(monkeypatch, Engine(closed_port, status="exited", printed=b""))
    with pytest.raises(NotReady, match="the container has ended with exit code 2") as refused:
        MockSMSContainer("mocksms:edge", ready_timeout=TIMEOUT).start()
    assert refused.value.url == "mocksms:edge"
    assert refused.value.__notes__ == ["Output of the container:\nnothing"]


@pytest.mark.usefixtures("covered_processes")
def test_missing_testcontainers_is_named_with_the_remedy() -> None:
    code = "import sys; sys.modules['testcontainers'] = None; import mocksms.testing.container"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert "pip install testcontainers" in ran.stderr.splitlines()[-1]


def test_testing_alone_does_not_need_testcontainers() -> None:
    code = "import sys; sys.modules['testcontainers'] = None; import mocksms.testing"
    assert subprocess.run([sys.executable, "-c", code], timeout=TIMEOUT, check=False).returncode == 0
