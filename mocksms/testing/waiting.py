"""Async forms of the waiting methods (`sms.aio`)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from mocksms.testing.actions import Actions
from mocksms.testing.assertions import Assertions
from mocksms.testing.callbacks import Callbacks
from mocksms.testing.threads import in_thread

__tracebackhide__ = True

P = ParamSpec("P")
T = TypeVar("T")


def _awaitable(method: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Aio, P], Coroutine[Any, Any, T]]:
    @wraps(method)
    async def call(aio: Aio, /, *arguments: P.args, **options: P.kwargs) -> T:
        return await in_thread(partial(method, aio._sms, *arguments, **options), aio._sms.client.abandon)

    return call


class Aio:
    """Async forms of the methods that wait: `await sms.aio.wait_for(...)`. They take the same arguments."""

    wait_for = _awaitable(Assertions.wait_for)
    assert_not_sent = _awaitable(Assertions.assert_not_sent)
    assert_nothing_sent = _awaitable(Assertions.assert_nothing_sent)
    assert_callback = _awaitable(Callbacks.assert_callback)
    replay = _awaitable(Callbacks.replay)
    freeze = _awaitable(Actions.freeze)
    advance = _awaitable(Actions.advance)

    def __init__(self, sms: Assertions) -> None:
        self._sms = sms
