"""Measures mocksms beside a bare Starlette route that uvicorn[standard] serves, and a full store beside an empty one.

    python -m tests.benchmarks [PART ...] [--seconds 2] [--rounds 5] [--stored 1000000]

Without parts, all run but `full`, in less than five minutes. Servers are loaded in turns, so that a ratio holds when
the machine's speed drifts; the median over the rounds counts. Servers run on the first core, what loads them on the
second. The program wrk and the package uvloop must be installed.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable
from importlib.metadata import version

from tests.benchmarks.audits import print_audit
from tests.benchmarks.callbacks import print_callbacks
from tests.benchmarks.full import print_full
from tests.benchmarks.loads import print_loads, print_recipients, print_waking
from tests.benchmarks.memory import print_memory
from tests.benchmarks.stalls import print_sends
from tests.benchmarks.starts import print_fixture, print_starts

PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "loads": lambda options: print_loads(options.seconds, options.rounds),
    "recipients": lambda options: print_recipients(options.rounds),
    "waits": lambda _: print_waking(),
    "sends": lambda _: print_sends(),
    "starts": lambda options: print_starts(options.rounds),
    "fixture": lambda options: print_fixture(options.rounds),
    "audit": lambda options: print_audit(options.rounds),
    "memory": lambda _: print_memory(),
    "callbacks": lambda _: print_callbacks(),
    "full": lambda options: print_full(options.stored, options.seconds, options.rounds),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)}")
    parser.add_argument("--seconds", type=int, default=2, help="length of each load")
    parser.add_argument("--rounds", type=int, default=5, help="loads of each server")
    parser.add_argument("--stored", type=int, default=1_000_000, help="messages of the part `full`")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    versions = ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "uvloop", "httptools", "starlette"))
    print(f"Python {platform.python_version()}, {versions}")
    for name, run in PARTS.items():
        if name in options.parts or (not options.parts and name != "full"):
            run(options)


if __name__ == "__main__":
    main()
