"""Measures how long one request holds the event loop of a mock, for the largest requests that it accepts.

    python -m tests.benchmarks.stalls [--only WORDS] [--rounds 2]

While a shape runs, a second client reads `/_mock/health` without a pause. The worst stall of a shape is its slowest
response. It is measured in milliseconds of the mock's processor time too, which a busy machine does not change: that is
the figure with a target. The least of the rounds counts.
"""

from __future__ import annotations

import argparse
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.benchmarks.client import Mock
from tests.benchmarks.figures import print_figure
from tests.benchmarks.servers import KEY, RAISED_LIMITS, Server, mocksms
from tests.benchmarks.shapes import SHAPES, Shape

SENDS = 100_000

PROBE = f"GET /_mock/health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {KEY}\r\n\r\n".encode()


class Stall(NamedTuple):
    """The worst response of a probe, in milliseconds: by the wall clock, and of the processor time of the mock."""

    wall: float
    busy: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="only the shapes whose title contains one of these, separated by |")
    parser.add_argument("--rounds", type=int, default=1, help="runs of each shape")
    options = parser.parse_args()
    print(f"{'':<58}{'wall ms':>10}{'busy ms':>10}   at most")
    for shape in SHAPES:
        if any(word in shape.title for word in options.only.split("|")):
            print_stall(shape, [measure(shape) for _ in range(options.rounds)])


def print_sends() -> None:
    """Print how long 100,000 sends hold the loop at most, the garbage collector included, and what they take in memory.

    Their 64 connections are handled in one pass of the loop.
    """
    with mocksms("sends", *RAISED_LIMITS) as server:
        server.send_one()
        before, kib = server.stored(), server.resident_kib
        with probing(server) as stalls:
            server.load_sends_until(SENDS, connections=64)
        kib_each = (server.resident_kib - kib) / (server.stored() - before)
    wall, busy = max(stall.wall for stall in stalls), max(stall.busy for stall in stalls)
    print_figure("longest stall in 100,000 sends, ms", busy, at_most=50, note=f"{wall:.0f} by the clock")
    print_figure("memory of a message and its request, KiB", kib_each, at_most=1.5)


def print_stall(shape: Shape, stalls: list[Stall]) -> None:
    wall, busy = min(stall.wall for stall in stalls), min(stall.busy for stall in stalls)
    verdict = "met" if busy <= shape.at_most else "MISSED"
    print(f"{shape.title:<58}{wall:>10.0f}{busy:>10.0f}   {shape.at_most}: {verdict}", flush=True)


def measure(shape: Shape) -> Stall:
    """Return the worst stall while a shape runs in a mock of its own."""
    with Server("mocksms", ["-m", "mocksms", "--port", "PORT", *shape.options]) as server:
        mock = Mock(server)
        shape.prepare(mock)
        with probing(server) as stalls:
            shape.run(mock)
        return Stall(max(stall.wall for stall in stalls), max(stall.busy for stall in stalls))


@contextmanager
def probing(server: Server) -> Iterator[list[Stall]]:
    """Read the health of a server without a pause, from before the block begins until all that it caused is done."""
    stalls: list[Stall] = []
    begun, ended = threading.Event(), threading.Event()
    thread = threading.Thread(target=_probe, args=(server, stalls, begun, ended))
    thread.start()
    begun.wait()
    try:
        yield stalls
    finally:
        time.sleep(0.3)
        ended.set()
        thread.join()


def _probe(server: Server, stalls: list[Stall], begun: threading.Event, ended: threading.Event) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        while not ended.is_set():
            busy, wall = server.processor_seconds, time.perf_counter()
            connection.sendall(PROBE)
            _read_response(connection)
            stalls.append(Stall(1000 * (time.perf_counter() - wall), 1000 * (server.processor_seconds - busy)))
            begun.set()
            time.sleep(0.001)


def _read_response(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received or not received.endswith(b"}"):
        received += connection.recv(65536)
    json.loads(received.partition(b"\r\n\r\n")[2])


if __name__ == "__main__":
    main()
