"""Measures mocksms against a bare Starlette route, and a full store against an empty one.

    python -m tests.benchmarks [--seconds 3] [--rounds 5] [--stored 1000000]

Servers are loaded in turns, so that a ratio holds when the machine's speed drifts; the median over the rounds counts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from math import inf
from statistics import median

from tests.benchmarks.callbacks import print_callbacks
from tests.benchmarks.listeners import WATCHERS, waking, watchers
from tests.benchmarks.memory import measure_memory, shapes
from tests.benchmarks.servers import Load, Server, bare, mocksms

FEW = 1_000
TO = "messages?to=972541111111&limit=10"

Measure = Callable[[], Load]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3, help="length of each load")
    parser.add_argument("--rounds", type=int, default=5, help="loads of each server")
    parser.add_argument("--stored", type=int, default=1_000_000, help="messages in the full store; 0 leaves it out")
    options = parser.parse_args()
    print_starts(options.rounds)
    compare_with_bare(options.seconds, options.rounds)
    print_waking()
    print_memory()
    print_callbacks()
    compare_watched_with_unwatched(options.seconds, options.rounds)
    if options.stored:
        compare_full_with_empty(options.stored, options.seconds, options.rounds)


def print_starts(rounds: int) -> None:
    seconds = []
    for _ in range(rounds):
        with mocksms() as server:
            seconds.append(server.start_seconds)
    print_figure("start to first answer, s", median(seconds), at_most=0.8)
    print()


def print_waking() -> None:
    with mocksms() as server:
        later = sorted(waking(server))
    print_figure("waiter after answer, ms", later[-1], at_most=20)
    print()


def print_memory() -> None:
    """Print what the budget counts for records, against what they take by tracemalloc."""
    for name, fill in shapes().items():
        print_figure(f"counted / taken, {name}", measure_memory(fill).ratio, at_least=0.8, at_most=1.7)
    print()


def compare_with_bare(seconds: int, rounds: int) -> None:
    with bare() as yardstick, mocksms() as mock:
        known = mock.send_one()
        measures: dict[str, Measure] = {
            "bare route": lambda: yardstick.load_sends(seconds),
            "send": lambda: mock.load_sends(seconds),
            "info": lambda: mock.load_reads(known, seconds),
        }
        loads = in_turns(measures, rounds)
    print_loads(loads)
    print_ratio("send / bare, requests", loads["send"], loads["bare route"], "rate", at_least=0.6)
    print_ratio("send / bare, p99", loads["send"], loads["bare route"], "p99", at_most=3)
    print_ratio("info / bare, requests", loads["info"], loads["bare route"], "rate", at_least=0.7)
    print()


def compare_watched_with_unwatched(seconds: int, rounds: int) -> None:
    with mocksms("watched") as watched, mocksms("unwatched") as unwatched, watchers(watched, WATCHERS):
        measures: dict[str, Measure] = {
            "send, unwatched": lambda: unwatched.load_sends(seconds),
            "send, watched": lambda: watched.load_sends(seconds),
        }
        loads = in_turns(measures, rounds)
    print_loads(loads)
    print_ratio("watched / unwatched", loads["send, watched"], loads["send, unwatched"], "rate", at_least=0.8)
    print()


def compare_full_with_empty(stored: int, seconds: int, rounds: int) -> None:
    with mocksms("full") as full, mocksms("empty") as empty, mocksms("few") as few:
        known_in_full, known_in_empty, known_in_few = full.send_one(), empty.send_one(), few.send_one()
        few.send_many(FEW)
        fill(full, stored)
        measures: dict[str, Measure] = {
            "send, empty": lambda: empty.load_sends(seconds),
            "send, full": lambda: full.load_sends(seconds),
            "info, empty": lambda: empty.load_reads(known_in_empty, seconds),
            "info, full": lambda: full.load_reads(known_in_full, seconds),
            "messages?to=, few": lambda: few.load_inspection(TO, seconds),
            "messages?to=, full": lambda: full.load_inspection(TO, seconds),
            "messages/{id}, few": lambda: few.load_inspection(f"messages/{known_in_few}", seconds),
            "messages/{id}, full": lambda: full.load_inspection(f"messages/{known_in_full}", seconds),
        }
        loads = in_turns(measures, rounds)
    print_loads(loads)
    print_ratio("send, full / empty", loads["send, full"], loads["send, empty"], "rate", at_least=0.9)
    print_ratio("info, full / empty", loads["info, full"], loads["info, empty"], "rate", at_least=0.9)
    for read in ("messages?to=", "messages/{id}"):
        print_ratio(f"{read}, few / full", loads[f"{read}, few"], loads[f"{read}, full"], "rate", at_most=3)


def fill(server: Server, stored: int) -> None:
    """Send until that many messages are stored, and print what each takes in memory."""
    before, kib = server.stored(), server.resident_kib
    while server.stored() < stored:
        server.load_sends(10)
    made = server.stored() - before
    print_figure("memory per message, KiB", (server.resident_kib - kib) / made, at_most=2)
    print()


def in_turns(measures: dict[str, Measure], rounds: int) -> dict[str, list[Load]]:
    loads: dict[str, list[Load]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            loads[name].append(measure())
    return loads


def print_loads(loads: dict[str, list[Load]]) -> None:
    print(f"{'':<24}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}")
    for name, measured in loads.items():
        rate, p50, p99 = (median(values) for values in zip(*measured, strict=True))
        print(f"{name:<24}{rate:>12.0f}{p50:>10.2f}{p99:>10.2f}")


def print_ratio(
    title: str, above: Sequence[Load], below: Sequence[Load], field: str, *, at_least: float = 0, at_most: float = inf
) -> None:
    ratios = [getattr(one, field) / getattr(other, field) for one, other in zip(above, below, strict=True)]
    print_figure(title, median(ratios), at_least=at_least, at_most=at_most)


def print_figure(title: str, figure: float, *, at_least: float = 0, at_most: float = inf) -> None:
    limits = [f"at least {at_least:g}"] * bool(at_least) + [f"at most {at_most:g}"] * (at_most < inf)
    target = ", ".join(limits)
    verdict = "met" if at_least <= figure <= at_most else "MISSED"
    print(f"{title:<24}{figure:>12.2f}   {target}: {verdict}")


if __name__ == "__main__":
    main()
