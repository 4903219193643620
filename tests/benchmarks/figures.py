"""Prints figures, each with its target, and takes measures in turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import TypeVar

T = TypeVar("T")


def in_turns(measures: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Return what each measure gives in each round: a ratio within a round holds when the machine's speed drifts."""
    found: dict[str, list[T]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def print_figure(title: str, figure: float, *, at_least: float = 0, at_most: float = inf, note: str = "") -> None:
    limits = [f"at least {at_least:g}"] * bool(at_least) + [f"at most {at_most:g}"] * (at_most < inf)
    if limits:
        verdict = "met" if at_least <= figure <= at_most else "MISSED"
        note = f"{', '.join(limits)}: {verdict}{note and f'; {note}'}"
    print(f"{title:<54}{figure:>9.2f}   {note}", flush=True)
