"""`mocksms mcp`: the tools over standard input and output, against a mock that runs or that it starts."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from mocksms.cli.main import UNUSABLE, main
from mocksms.cli.mcp import PACKAGE
from mocksms.mcp import server
from tests.mcp.support import NUMBER, Agent
from tests.support import KEY, Mock, free_port

ROOT = Path(__file__).parents[2]

Captured = pytest.CaptureFixture[str]
Started = Callable[..., str]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """What runs the command without a client, and returns what an agent is told."""
    found: list[str] = []

    def run(served: Any, _: Callable[[], object] = lambda: None) -> None:
        found.append(served.instructions)

    def start(*arguments: str, **variables: str) -> str:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(server, "run", run)
        assert main(["mcp", *arguments]) == 0
        return found[-1]

    return start


def test_agent_uses_the_real_command(own_mock: Mock, tmp_path: Path) -> None:
    log = tmp_path / "log"

    async def story() -> None:
        command = StdioServerParameters(
            command=sys.executable, args=["-m", "mocksms", "mcp", "--key", KEY], env={"MOCKSMS_URL": own_mock.url}
        )
        with log.open("w") as errors:
            async with Client(stdio_client(command, errlog=errors)) as client:
                agent = Agent(client)
                sent = await agent("send", to=NUMBER, content="קוד: 481516")
                assert sent["status"] == 200
                assert (await agent("wait_for_code", to=NUMBER))["code"] == "481516"
                assert await agent.failure("clok") == {"error": "Unknown tool 'clok'; did you mean clock?"}

    asyncio.run(story())
    assert own_mock.search()[0]["status"] == "sent"
    assert log.read_text() == ""


def test_command_ends_with_its_input_and_stops_its_mock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    state = tmp_path / "state.zip"
    assert main(["mcp", "--port", "0", "--state", str(state)]) == 0
    assert state.exists()


@pytest.mark.parametrize("arguments", [["--scenario", "chaos"], ["--state", "kept.zip", "--log-format", "json"]])
def test_options_of_a_mock_are_refused_for_a_running_one(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, arguments: list[str]
) -> None:
    monkeypatch.setenv("MOCKSMS_URL", "http://127.0.0.1:1")
    assert main(["mcp", *arguments]) == UNUSABLE
    assert f"{arguments[0]} is for a mock that mocksms mcp starts, but --url or" in capsys.readouterr().err


def test_signal_stops_the_mock_before_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: dict[int, Callable[..., object]] = {}
    ended: list[object] = []
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(os, "_exit", ended.append)
    assert main(["mcp", "--url", f"http://127.0.0.1:{free_port()}"]) == 0
    handlers[signal.SIGTERM]()
    assert ended == [0]
    assert handlers.keys() == {signal.SIGINT, signal.SIGTERM}


def test_agent_learns_where_its_mock_is(own_mock: Mock, started: Started) -> None:
    port = own_mock.url.rpartition(":")[2]
    told = started("--url", own_mock.url)
    assert f"{own_mock.url}/rest/v1\n" in told
    assert "(header X-API-Key): demo." in told
    assert own_mock.url in started(MOCKSMS_URL=own_mock.url)
    assert own_mock.url not in started("--port", "0")
    assert own_mock.url not in started("--url", "", MOCKSMS_PORT=port)  # in use, so a free one is taken
    assert "(header X-API-Key): first." in started("--port", "0", "--api-key", "first,second")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--url", "nonsense"], "'nonsense' is not the URL of a mock; expected a URL such as"),
        (["--port", "0", "--key", ""], "--key is '', but must be text in ASCII"),
        (["--port", "0", "--scenario", "happy-pth"], "There is no scenario 'happy-pth'; did you mean happy-path?"),
        (["--prt", "0"], "Unknown option --prt; did you mean --port?"),
    ],
)
def test_invalid_option_ends_the_command(arguments: list[str], problem: str, capsys: Captured) -> None:
    assert main(["mcp", *arguments]) == UNUSABLE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"mocksms: {problem}")


def test_port_in_use_ends_the_command_only_if_it_was_chosen(own_mock: Mock, capsys: Captured) -> None:
    assert main(["mcp", "--port", own_mock.url.rpartition(":")[2]]) == UNUSABLE
    assert "in use" in capsys.readouterr().err


def test_missing_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.delitem(sys.modules, "mocksms.mcp.server")
    monkeypatch.setitem(sys.modules, "mcp_types", None)
    assert main(["mcp"]) == UNUSABLE
    assert capsys.readouterr().err.endswith(
        f"needs the package mcp, version 2 or later; run: pip install '{PACKAGE}'\n"
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["optional-dependencies"]["mcp"] == [PACKAGE]
