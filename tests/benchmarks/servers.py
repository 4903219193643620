"""Servers under load, each a process on the first core; wrk loads them from the second."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import requests

KEY = "benchmark"
LUA = Path(__file__).with_name("send.lua")
SEND = "/transactional/sms/send"
CONNECTIONS = 8

_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Load(NamedTuple):
    """What wrk measured: requests per second, and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


class Server:
    """A server process, from `with` to the end of its block."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self.port = _free_port()
        self._arguments = [argument.replace("PORT", str(self.port)) for argument in arguments]

    def __enter__(self) -> Self:
        started = time.perf_counter()
        self._process = subprocess.Popen([sys.executable, *self._arguments], stdout=subprocess.DEVNULL)
        os.sched_setaffinity(self._process.pid, {0})
        self._wait_until_it_answers()
        self.start_seconds = time.perf_counter() - started
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(60)  # one with a state file saves it

    @property
    def resident_kib(self) -> int:
        """Resident memory in KiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1])

    @property
    def processor_seconds(self) -> float:
        """Seconds of processor time that the process has used."""
        # The id of the clock of another process, as clock_getcpuclockid(3) makes it.
        return time.clock_gettime(~self._process.pid << 3 | 2)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def send_one(self) -> str:
        """Send the guide's first example and return its transaction id."""
        body = {"message": {"content": "BODY", "to": [{"mobile_number": "972-54-1111111"}]}}
        rows = requests.post(self.url(SEND), json=body, headers={"X-API-Key": KEY}, timeout=10).json()
        return str(rows[0]["transaction_id"])

    def send_many(self, count: int) -> None:
        """Send one text to the number of the loads, so many times."""
        to = [{"mobile_number": "972-54-1111111"}] * count
        body = {"message": {"content": "BODY", "to": to}}
        requests.post(self.url(SEND), json=body, headers={"X-API-Key": KEY}, timeout=60).raise_for_status()

    def stored(self) -> int:
        return int(requests.get(self.url("/_mock/health"), timeout=60).json()["messages"])

    def load_sends(self, seconds: int) -> Load:
        return _wrk(self.url(SEND), seconds, "-s", str(LUA))

    def load_reads(self, transaction_id: str, seconds: int) -> Load:
        return _wrk(self.url(f"/transactional/sms/info?transaction_id={transaction_id}"), seconds)

    def load_inspection(self, path: str, seconds: int) -> Load:
        return _wrk(self.url(f"/_mock/{path}"), seconds)

    def _wait_until_it_answers(self) -> None:
        for _ in range(2000):
            try:
                requests.get(self.url("/"), timeout=5)
            except requests.ConnectionError:
                time.sleep(0.005)
            else:
                return
        raise RuntimeError(f"{self.name} does not answer on port {self.port}")


def bare() -> Server:
    return Server("bare route", ["-m", "tests.benchmarks.bare", "PORT"])


def mocksms(name: str = "mocksms") -> Server:
    most = "3000000"
    return Server(
        name,
        ["-m", "mocksms", "--port", "PORT", "--max-messages", most, "--max-requests", most, "--max-memory", "16GiB"],
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wrk(url: str, seconds: int, *options: str) -> Load:
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("The benchmarks need wrk; on Debian: apt-get install wrk")
    command = ["taskset", "-c", "1", program, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--latency"]
    command += ["-H", f"X-API-Key: {KEY}", *options, url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output:
        raise RuntimeError(f"{url} did not answer 200 throughout:\n{output}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert rate
    return Load(float(rate[1]), _latency(output, "50%"), _latency(output, "99%"))


def _latency(output: str, percentile: str) -> float:
    found = re.search(rf"^\s+{percentile}\s+([\d.]+)(us|ms|s)$", output, re.MULTILINE)
    assert found
    return float(found[1]) * _MILLISECONDS[found[2]]
