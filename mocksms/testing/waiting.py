"""Async forms of the waiting methods (`sms.aio`)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from mocksms.testing.actions import Actions
from mocksms.testing.assertions import Assertions
from mocksms.testing.callbacks import Callbacks
from mocksms.testing.convergence import TRIES, Convergence, check_arguments
from mocksms.testing.models import SmsMessage
from mocksms.testing.threads import in_thread, to_loop

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

    def __init__(self, sms: Convergence) -> None:
        self._sms = sms

    async def assert_converges(
        self,
        message: SmsMessage | str,
        state: Callable[[], object],
        reset: Callable[[], object] | None = None,
        *,
        other: SmsMessage | str | None = None,
        tries: int = TRIES,
        seed: int = 0,
    ) -> None:
        """Await `assert_converges`; `state` and `reset` run in the event loop, and can be async."""
        check_arguments(state, reset, tries)
        in_loop = to_loop()
        calls = in_loop(state), None if reset is None else in_loop(reset)
        blocking = partial(self._sms.assert_converges, message, *calls, other=other, tries=tries, seed=seed)
        await in_thread(blocking, self._sms.client.abandon)
