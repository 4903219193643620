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
from tempfile import gettempdir
from types import TracebackType
from typing import NamedTuple, Self

import requests

KEY = "benchmark"
LUA = Path(__file__).with_name("send.lua")
SEND = "/transactional/sms/send"
CONNECTIONS = 32

_FIRST_BODY = b'{"message": {"content": "BODY", "to": [{"mobile_number": "972-54-1111111"}]}}'
FIRST_REQUEST = (
    f"POST {SEND} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: start\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(_FIRST_BODY)}\r\n\r\n"
).encode() + _FIRST_BODY
"""A send of another account: a server has started when it answers it."""

_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


class Load(NamedTuple):
    """What wrk measured: requests per second, and latencies in milliseconds.

    `cost` are microseconds of the server's processor time for each request, which do not change on a busy machine.
    """

    rate: float
    p50: float
    p99: float
    cost: float


class Server:
    """A server process, from `with` to the end of its block."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self.port = _free_port()
        self._arguments = [argument.replace("PORT", str(self.port)) for argument in arguments]

    def __enter__(self) -> Self:
        started = time.perf_counter()
        command = [sys.executable, *self._arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment())
        os.sched_setaffinity(self._process.pid, {0})
        self._wait_until_it_answers()
        self.start_seconds = time.perf_counter() - started
        self.start_processor_seconds = self.processor_seconds
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

    def send_many(self, count: int, times: int = 1) -> None:
        """Send one text to the number of the loads, `count` times in each of some sends."""
        to = [{"mobile_number": "972-54-1111111"}] * count
        body = {"message": {"content": "BODY", "to": to}}
        with requests.Session() as session:
            for _ in range(times):
                session.post(self.url(SEND), json=body, headers={"X-API-Key": KEY}, timeout=60).raise_for_status()

    def stored(self) -> int:
        return int(requests.get(self.url("/_mock/health"), timeout=60).json()["messages"])

    def load_sends(self, seconds: int, connections: int = CONNECTIONS) -> Load:
        return self._load(SEND, seconds, connections, "-s", str(LUA))

    def load_sends_until(self, stored: int, connections: int = CONNECTIONS) -> None:
        """Send until so many messages are stored."""
        while self.stored() < stored:
            self.load_sends(2, connections)

    def load_reads(self, transaction_id: str, seconds: int) -> Load:
        return self._load(f"/transactional/sms/info?transaction_id={transaction_id}", seconds)

    def load_inspection(self, path: str, seconds: int) -> Load:
        return self._load(f"/_mock/{path}", seconds)

    def _load(self, path: str, seconds: int, connections: int = CONNECTIONS, *options: str) -> Load:
        """Load a path with wrk on the second core.

        Raises:
            RuntimeError: a response had another status than 2xx or 3xx.
        """
        program = shutil.which("wrk")
        if program is None:
            raise SystemExit("The benchmarks need wrk; on Debian: apt-get install wrk")
        url, before = self.url(path), self.processor_seconds
        command = ["taskset", "-c", "1", program, "-t1", f"-c{connections}", f"-d{seconds}", "--latency"]
        command += ["-H", f"X-API-Key: {KEY}", *options, url]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in output:
            raise RuntimeError(f"{url} did not answer 200 throughout:\n{output}")
        requests_made, rate = _number(r"(\d+) requests in", output), _number(r"Requests/sec:\s+([\d.]+)", output)
        cost = 1e6 * (self.processor_seconds - before) / requests_made
        return Load(rate, _latency(output, "50%"), _latency(output, "99%"), cost)

    def _wait_until_it_answers(self) -> None:
        for _ in range(4000):
            try:
                with socket.create_connection(("127.0.0.1", self.port)) as connection:
                    connection.sendall(FIRST_REQUEST)
                    if connection.recv(1):
                        return
            except OSError:
                time.sleep(0.002)
        raise RuntimeError(f"{self.name} does not answer on port {self.port}")


def baseline(name: str) -> Server:
    """Return a server of `baselines`: asgi, route, logged or fake."""
    return Server(name, ["-m", "tests.benchmarks.baselines", name, "PORT"])


RAISED_LIMITS = ("--max-messages", "3000000", "--max-requests", "3000000", "--max-memory", "16GiB")
"""Options of a mock that keeps all that the benchmarks send."""


def mocksms(name: str = "mocksms", *options: str) -> Server:
    """Return a mock; with the default limits unless the options raise them."""
    return Server(name, ["-m", "mocksms", "--port", "PORT", *options])


def environment() -> dict[str, str]:
    """Return the environment in which compiled modules are kept, as they are for users."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(Path(gettempdir(), "mocksms-benchmark-pycache"))}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _number(pattern: str, output: str) -> float:
    found = re.search(pattern, output)
    assert found, output
    return float(found[1])


def _latency(output: str, percentile: str) -> float:
    found = re.search(rf"^\s+{percentile}\s+([\d.]+)(us|ms|s|m)$", output, re.MULTILINE)
    assert found, output
    return float(found[1]) * _MILLISECONDS[found[2]]
