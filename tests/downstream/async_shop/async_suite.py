"""The tests of the shop: the application runs in the loop of each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from async_shop import create_app

from mocksms import MockSMS


@pytest_asyncio.fixture
async def shop(mocksms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    mocksms.patch_env(monkeypatch)
    transport = httpx.ASGITransport(app=create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        yield client


@pytest.mark.parametrize("item", ["tea", "cake", "jam", "milk"])
async def test_order_is_confirmed(shop: httpx.AsyncClient, mocksms: MockSMS, item: str) -> None:
    assert (await shop.post("/orders", json={"phone": "972-54-1111111", "item": item})).status_code == 202
    message = await mocksms.aio.wait_for(to="972-54-1111111", status="sent")
    assert message.content == f"On its way: {item}"


async def test_orders_are_confirmed_one_by_one(shop: httpx.AsyncClient, mocksms: MockSMS) -> None:
    phone = mocksms.number()
    for item in ("tea", "cake"):
        await shop.post("/orders", json={"phone": phone, "item": item})
        assert item in (await mocksms.aio.wait_for(to=phone)).content
    await mocksms.aio.assert_not_sent(content="jam", for_="50ms")


@pytest.mark.mocksms(frozen=True)
async def test_test_controls_the_time(shop: httpx.AsyncClient, mocksms: MockSMS) -> None:
    await shop.post("/orders", json={"phone": mocksms.number("sent-later"), "item": "tea"})
    message = await mocksms.aio.wait_for(status="queued")
    await mocksms.aio.advance("10s")
    assert mocksms.read(message).state == "sent"
