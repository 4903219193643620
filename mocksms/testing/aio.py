"""What waits, awaited: for async tests whose application runs in the same loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec

from mocksms.testing.actions import Actions
from mocksms.testing.assertions import Assertions
from mocksms.testing.waiting import T, in_thread

__tracebackhide__ = True

P = ParamSpec("P")


def _awaited(method: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Aio, P], Coroutine[Any, Any, T]]:
    """Return the async form of a method: it waits in a thread of its own, while the loop goes on."""

    @wraps(method)
    async def call(aio: Aio, /, *arguments: P.args, **more: P.kwargs) -> T:
        return await in_thread(partial(method, aio._sms, *arguments, **more), aio._sms.client.abandon)

    return call


class Aio:
    """The async forms of an account's methods that wait for something an application does."""

    wait_for = _awaited(Assertions.wait_for)
    assert_not_sent = _awaited(Assertions.assert_not_sent)
    assert_nothing_sent = _awaited(Assertions.assert_nothing_sent)
    freeze = _awaited(Actions.freeze)
    advance = _awaited(Actions.advance)

    def __init__(self, sms: Assertions) -> None:
        self._sms = sms
