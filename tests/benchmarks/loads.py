"""Requests per second and latencies under load, beside the baselines."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from statistics import median

from tests.benchmarks.figures import in_turns, print_figure
from tests.benchmarks.listeners import WATCHERS, waking, watchers
from tests.benchmarks.servers import RAISED_LIMITS, Load, Server, baseline, mocksms

ROUTE = "bare Starlette route"
LOGGED = "bare route, log of uvicorn"
SENDS = "mocksms, default"
INFO = "mocksms, info"
WATCHED = f"mocksms, {WATCHERS} event streams"


def print_loads(seconds: int, rounds: int) -> None:
    """Print what a send costs beside a bare route and other fakes, in one table."""
    with ExitStack() as servers:
        names = ("asgi", "route", "logged", "fake")
        asgi, route, logged, fake = (servers.enter_context(baseline(name)) for name in names)
        mock = servers.enter_context(mocksms("mocksms", *RAISED_LIMITS))
        watched = servers.enter_context(mocksms("watched", *RAISED_LIMITS))
        servers.enter_context(watchers(watched, WATCHERS))
        known = mock.send_one()
        loads = in_turns(
            {
                "bare ASGI application": lambda: asgi.load_sends(seconds),
                ROUTE: lambda: route.load_sends(seconds),
                LOGGED: lambda: logged.load_sends(seconds),
                "Starlette, pydantic, dictionary": lambda: fake.load_sends(seconds),
                SENDS: lambda: mock.load_sends(seconds),
                INFO: lambda: mock.load_reads(known, seconds),
                WATCHED: lambda: watched.load_sends(seconds),
            },
            rounds,
        )
    print_table(loads)
    for name, base, at_least in ((SENDS, ROUTE, 0.6), (SENDS, LOGGED, 0), (INFO, ROUTE, 0.6), (WATCHED, SENDS, 0.85)):
        in_cpu = f"{relative(loads, base, name, 'cost'):.2f} in CPU"
        print_figure(f"{name}, x {base}", relative(loads, name, base, "rate"), at_least=at_least, note=in_cpu)
    print_figure(f"{SENDS}, x p99 of the {ROUTE}", relative(loads, SENDS, ROUTE, "p99"), at_most=2)


def print_waking() -> None:
    """Print how long after the response to a send the response to a wait for it comes."""
    with mocksms() as server:
        server.stored()  # the first request creates the inspection API
        print_figure("waiter after response, ms", max(waking(server)), at_most=20)


def print_recipients(rounds: int) -> None:
    """Print what one send to 1,000 recipients takes beside ten sends to 100."""
    with mocksms() as server:
        spent = in_turns(
            {
                "one": lambda: _processor_seconds(server, lambda: server.send_many(1_000)),
                "ten": lambda: _processor_seconds(server, lambda: server.send_many(100, times=10)),
            },
            4 * rounds,
        )
    ratio = median(one / ten for one, ten in zip(spent["one"], spent["ten"], strict=True))
    print_figure("1 send to 1,000, x 10 sends to 100", ratio, at_most=1)


def print_table(loads: dict[str, list[Load]]) -> None:
    """Print a row for each load: medians of its rounds, relative to the bare route if there is one.

    `x in CPU` is relative in processor time, which is the same on a machine that is busy with other things.
    """
    titles = ("x bare route", "x in CPU", "p99 ms", "p50 ms", "requests/s", "CPU us")
    print(f"\n{'':<34}" + "".join(f"{title:>13}" for title in titles))
    for name, measured in loads.items():
        rate, p50, p99, cost = (median(values) for values in zip(*measured, strict=True))
        ratios = [relative(loads, name, ROUTE, "rate"), relative(loads, ROUTE, name, "cost")] if ROUTE in loads else []
        shown = [f"{ratio:.2f}" for ratio in ratios] or ["", ""]
        shown += [f"{p99:.2f}", f"{p50:.2f}", f"{rate:.0f}", f"{cost:.0f}"]
        print(f"{name:<34}" + "".join(f"{each:>13}" for each in shown))
    print(flush=True)


def relative(loads: dict[str, list[Load]], above: str, below: str, field: str) -> float:
    """Return the median over the rounds of one load relative to another."""
    place = Load._fields.index(field)
    return median(one[place] / other[place] for one, other in zip(loads[above], loads[below], strict=True))


def _processor_seconds(server: Server, act: Callable[[], object]) -> float:
    before = server.processor_seconds
    act()
    return server.processor_seconds - before
