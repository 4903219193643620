from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from mocksms.engine.callbacks import Attempt
from mocksms.engine.controls import AccountUpdate
from mocksms.inspection.errors import CallbacksUnfinished
from mocksms.inspection.quiet import Quiet
from mocksms.settings import Settings
from mocksms.sms.webhook import Webhook
from tests.engine.support import World
from tests.inspection.support import Api
from tests.receiver import hanging, receiving
from tests.support import KEY, NOON, NUMBER, PATIENCE, Mock, running

MANY = 10_000
"""Calls after which something that should have happened never will."""


def world() -> World:
    made = World(webhook=(Webhook("http://app.test/"),))
    made.account.clock.freeze()
    return made


def settle_all(world: World) -> None:
    for pending in world.engine.outbox.take_due():
        world.engine.outbox.record_result(pending, Attempt(NOON, 200, b"", 0.0))


def test_advance_returns_when_receivers_have_been_called(own_mock: Mock) -> None:
    """However long that takes them, and with callbacks that others cause."""
    api = Api(own_mock, "k")
    with receiving() as receiver:
        receiver.before_answer = lambda _: api.get("health")
        api.patch(webhooks=[receiver.url])
        api.post("clock/freeze")
        api.send(*["972-50-0002300"] * 20)
        api.post("clock/advance", {"by": "5s"})
        assert len(receiver.told) == 40


def test_advance_that_takes_receivers_too_long_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Quiet.__init__, "__defaults__", (0.1,))
    with hanging() as (url, _), running(Settings(port=0, webhook_timeout=timedelta(seconds=PATIENCE))) as mock:
        api = Api(mock, "k")
        before = api.post("clock/freeze")["now"]
        api.patch(webhooks=[url])
        api.send(NUMBER)
        error = api.refused(504, "POST", "clock/advance", {"by": "1h"})
        assert error["message"] == (
            "Time was moved, but callbacks due by then were not all tried within 0.1 s; "
            "GET /_mock/callbacks?state=pending shows them."
        )
        assert api.get("clock")["now"] > before


def test_advance_of_one_account_does_not_wait_for_another(own_mock: Mock) -> None:
    one, two = Api(own_mock, "one"), Api(own_mock, "two")
    with hanging() as (url, called):
        one.patch(webhooks=[url])
        one.send(NUMBER)
        assert called.wait(PATIENCE)
        two.post("clock/advance", {"by": "1h"})
        assert one.get("callbacks", state="pending")["total"] == 1


def test_waits_end_when_the_mock_stops() -> None:
    with hanging() as (url, _), ThreadPoolExecutor() as pool:
        with running(Settings(port=0, webhook_timeout=timedelta(seconds=PATIENCE))) as mock:
            api = Api(mock, "k")
            api.patch(webhooks=[url])
            api.send(NUMBER)
            waiting = pool.submit(api.call, "POST", "clock/advance", {"by": 1})
            owners = (getattr(listener, "__self__", None) for listener in mock.engine.listeners)
            (quiet,) = (owner for owner in owners if isinstance(owner, Quiet))
            next(filter(None, (api.get("health") and quiet.waiting for _ in range(MANY))))
        assert waiting.result(PATIENCE).status_code == 200


def test_quiet_is_woken_by_the_last_callback_and_by_nothing_else() -> None:
    async def story() -> None:
        mock = world()
        quiet = Quiet(mock.engine)
        await quiet.of(None)
        mock.send(NUMBER, NUMBER)
        waits = [asyncio.create_task(quiet.of(account)) for account in (None, mock.account)]
        await asyncio.sleep(0)
        assert not any(wait.done() for wait in waits)
        settle_all(mock)
        await asyncio.gather(*waits)

    asyncio.run(story())


def test_quiet_that_does_not_come_is_given_up() -> None:
    async def story() -> None:
        mock = world()
        quiet = Quiet(mock.engine, 0.01)
        mock.send()
        with pytest.raises(CallbacksUnfinished):
            await quiet.of(None)
        quiet.stop()

    asyncio.run(story())


def test_quiet_comes_with_a_reset() -> None:
    async def story() -> None:
        mock = world()
        quiet = Quiet(mock.engine)
        mock.send()
        waits = [asyncio.create_task(quiet.of(account)) for account in (None, mock.account)]
        await asyncio.sleep(0)
        assert quiet.waiting == 2
        mock.controls.reset(mock.account)
        await asyncio.gather(*waits)
        assert quiet.waiting == 0

    asyncio.run(story())


def test_quiet_comes_when_the_account_makes_room() -> None:
    async def story() -> None:
        mock = World(webhook=(Webhook("http://app.test/"),), max_accounts=1)
        mock.send()
        wait = asyncio.create_task(Quiet(mock.engine, PATIENCE / 10).of(mock.account))
        await asyncio.sleep(0)
        other = mock.engine.account("another key")
        assert not mock.engine.accounts.by_key(KEY)
        mock.controls.update_account(other, AccountUpdate(sender="Shop"))
        await wait

    asyncio.run(story())


def test_stopping_ends_waits_once() -> None:
    async def story() -> None:
        mock = world()
        quiet = Quiet(mock.engine)
        mock.send()
        wait = asyncio.create_task(quiet.of(mock.account))
        await asyncio.sleep(0)
        quiet.stop()
        settle_all(mock)
        await wait

    asyncio.run(story())
