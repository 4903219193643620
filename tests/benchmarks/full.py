"""A store of 1,000,000 messages beside an empty one: sends, reads, memory, and the reset of all."""

from __future__ import annotations

import time

import requests

from tests.benchmarks.figures import in_turns, print_figure
from tests.benchmarks.loads import print_table, relative
from tests.benchmarks.servers import RAISED_LIMITS, Server, mocksms

FEW = 1_000
TO = "messages?to=972541111111&limit=10"


def print_full(stored: int, seconds: int, rounds: int) -> None:
    """Fill a mock with messages of single sends, and print its figures."""
    print(f"\n{stored:,} messages: mocksms {' '.join(RAISED_LIMITS)}")
    with mocksms("full", *RAISED_LIMITS) as full, mocksms("empty", *RAISED_LIMITS) as empty:
        known_in_full, known_in_empty = full.send_one(), empty.send_one()
        empty.send_many(FEW)
        kib_each = _fill(full, stored)
        loads = in_turns(
            {
                "send, empty": lambda: empty.load_sends(seconds),
                "send, full": lambda: full.load_sends(seconds),
                "info, empty": lambda: empty.load_reads(known_in_empty, seconds),
                "info, full": lambda: full.load_reads(known_in_full, seconds),
                "messages?to=, empty": lambda: empty.load_inspection(TO, seconds),
                "messages?to=, full": lambda: full.load_inspection(TO, seconds),
                "messages/{id}, empty": lambda: empty.load_inspection(f"messages/{known_in_empty}", seconds),
                "messages/{id}, full": lambda: full.load_inspection(f"messages/{known_in_full}", seconds),
            },
            rounds,
        )
        print_table(loads)
        for name in ("send", "info", "messages?to=", "messages/{id}"):
            kept = relative(loads, f"{name}, full", f"{name}, empty", "rate")
            print_figure(f"{name}, full over empty", kept, at_least=0.95)
        print_figure("memory of a message and its request, KiB", kib_each, at_most=1.5)
        wall, busy = _reset(full)
        print_figure("reset, s", wall, at_most=1)
        print_figure("reset, s of CPU time until all is freed", busy)


def _fill(server: Server, stored: int) -> float:
    """Send until so many messages are stored, and return the KiB of each."""
    before, kib = server.stored(), server.resident_kib
    server.load_sends_until(stored)
    return (server.resident_kib - kib) / (server.stored() - before)


def _reset(server: Server) -> tuple[float, float]:
    """Delete all; return the seconds until the response, and those of the processor until all is freed."""
    started, before = time.perf_counter(), server.processor_seconds
    requests.post(server.url("/_mock/reset"), timeout=60).raise_for_status()
    wall, kib = time.perf_counter() - started, server.resident_kib
    while server.resident_kib < kib:
        kib = server.resident_kib
        time.sleep(0.5)
    return wall, server.processor_seconds - before
