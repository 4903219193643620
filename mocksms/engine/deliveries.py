"""Deliveries: what came of the callbacks of a message or webhook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mocksms.engine.callbacks import Callback, CallbackState

MAX_RECENT: Final = 50
"""Callbacks with an attempt that say how a webhook does."""


class DeliveryState(StrEnum):
    """What came of callbacks together, the worst first; `retrying`: the last attempt failed, and another follows."""

    FAILED = "failed"
    RETRYING = "retrying"
    PENDING = "pending"
    DELIVERED = "delivered"
    DROPPED = "dropped"


_ORDER: Final = {delivery: place for place, delivery in enumerate(DeliveryState)}


def delivery_of(callback: Callback) -> DeliveryState:
    """Return what came of a callback."""
    if callback.state is CallbackState.PENDING and callback.attempts:
        return DeliveryState.RETRYING
    return DeliveryState(callback.state)


def worst_delivery(newest_first: Iterable[Callback]) -> DeliveryState | None:
    """Return the worst of what came of callbacks, None if there are none. One that a later one repeats does not count.

    They come newest first, so that a repeat comes before what it repeats.
    """
    worst: DeliveryState | None = None
    repeated = set[int | None]()
    for callback in newest_first:
        repeated.add(callback.replay_of)
        if callback.number not in repeated:
            delivery = delivery_of(callback)
            worst = delivery if worst is None else min(worst, delivery, key=_ORDER.__getitem__)
    return worst


@dataclass(slots=True)
class DeliveryCounts:
    """What came of callbacks that are added newest first.

    `counts` are callbacks by what came of them, `unrepeated` failed ones that no later one repeats. `recent` says of
    those with an attempt whether the last one succeeded, newest first, at most `MAX_RECENT`.
    """

    counts: dict[DeliveryState, int] = field(default_factory=lambda: dict.fromkeys(DeliveryState, 0))
    unrepeated: int = 0
    recent: list[bool] = field(default_factory=list)

    def add(self, callback: Callback, *, is_repeated: bool) -> None:
        """Count a callback."""
        delivery = delivery_of(callback)
        self.counts[delivery] += 1
        self.unrepeated += delivery is DeliveryState.FAILED and not is_repeated
        if callback.attempts and len(self.recent) < MAX_RECENT:
            self.recent.append(callback.attempts[-1].is_success)

    def merge(self, others: Iterable[DeliveryCounts]) -> None:
        """Add other numbers, without what is recent."""
        for other in others:
            self.unrepeated += other.unrepeated
            for delivery, count in other.counts.items():
                self.counts[delivery] += count
