"""The state file of real processes: it survives their end and their death."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from tests.cli.test_main import serving, started
from tests.receiver import Response, receiving
from tests.support import KEY, NUMBER, TIMEOUT, send_sms

LISTS: Final = ("messages", "requests", "callbacks", "accounts", "account", "clock", "scenario", "phones", "faults")
"""What is read before and after a restart."""

ROUNDS: Final = 8
"""How often a process that saves is killed."""


def api(url: str, method: str, path: str, body: Any = None) -> Any:
    response = requests.request(method, f"{url}/_mock/{path}", json=body, headers={"X-API-Key": KEY}, timeout=TIMEOUT)
    assert response.status_code == 200, response.text
    return response.json()


def state_of(url: str) -> dict[str, Any]:
    return {path: api(url, "GET", path) for path in LISTS}


@pytest.fixture
def state(tmp_path: Path) -> str:
    return str(tmp_path / "mock.zip")


def test_restart_goes_on_where_the_mock_ended(state: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\ntimes = 2\noutcome = "exception/no-available-gateways"\n', encoding="utf-8")
    with receiving() as receiver:
        receiver.responses += [Response(500)]
        options = ["--state", state, "--scenario", str(rules), "--public-url", "http://phones.test"]
        options += ["--webhook", receiver.url, "--webhook-retry", "50ms"]
        with serving(*options, "--credit", "5") as process:
            assert f"State      {state}, new\n" in "".join(process.printed)
            api(process.url, "POST", "clock/advance", {"by": "2h"})
            api(process.url, "POST", "clock/freeze")
            (failed,) = send_sms(process.url, NUMBER)
            receiver.wait(1)
            before = state_of(process.url)
            assert process.end(signal.SIGTERM)[0] == 0
        with started("--port", "0", *options, "--credit", "9", "--log-format", "json") as process:
            ready = json.loads(process.read_until('"ready"'))
            assert (ready["state"]["file"], ready["state"]["messages"]) == (state, 1)
            url = ready["url"]
            after = state_of(url)
            assert {name: after[name] for name in LISTS if before[name] != after[name]} == {}
            assert after["account"]["credit"] == 5
            api(url, "POST", "clock/resume")
            assert len(receiver.wait(2)) == 2
            second, third = send_sms(url, NUMBER)[0], send_sms(url, NUMBER)[0]
            assert [row["reject_reason"] for row in (failed, second, third)] == ["no-available-gateways"] * 2 + [None]
            assert process.end(signal.SIGINT)[0] == 0
            (problem,) = map(json.loads, process.rest()[1].splitlines())
            assert f"The state in '{state}' was saved with other options: --credit. " in problem["text"]


def test_killed_process_leaves_a_readable_file(state: str) -> None:
    """The processes are copies of one, which is faster than a start of each."""
    done = subprocess.run(
        [sys.executable, "-c", KILLS, state], capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert done.returncode == 0, done.stderr
    counts = [int(count) for count in done.stdout.split()]
    assert len(counts) == ROUNDS
    assert counts == sorted(counts)
    assert counts[-1] > 0
    assert {each.name for each in Path(state).parent.iterdir()} == {"mock.zip", "mock.zip.previous"}


KILLS: Final = f"""
import asyncio, os, random, signal, sys, time
from datetime import timedelta
from mocksms.engine.engine import Engine
from mocksms.scenario.library import StartScenarios
from mocksms.settings import Settings
from mocksms.sms.message import Recipient, Submission
from mocksms.state.state_start import StartState

settings = Settings(seed="tests", state_every=timedelta(milliseconds=1))

def start():
    state, engine = StartState(settings, sys.argv[1]), Engine(settings)
    return state, engine, state.restore(engine, StartScenarios(settings))

def inode():
    return os.path.exists(sys.argv[1]) and os.stat(sys.argv[1]).st_ino

async def run(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value

async def live():
    _, engine, saver = start()
    saver.start(run)
    while True:
        engine.submit(engine.account("key"), Submission("Hello"), [Recipient("{NUMBER}")])
        await asyncio.sleep(0.001)

for _ in range({ROUNDS}):
    child = os.fork()
    if not child:
        asyncio.run(live())
    for _ in range(3):
        before = inode()
        while inode() == before:
            time.sleep(0.001)
    time.sleep(random.uniform(0, 0.01))  # so that it is killed in another step of a save each time
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    state, engine, _ = start()
    print(state.summary.messages)
    state.file.close()
"""
"""Saves all the time in a process that is killed, and prints how many messages are left; again and again."""
