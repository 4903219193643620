from __future__ import annotations

import pytest
from orders import Order, confirm

from mocksms import MockSMS


@pytest.fixture(autouse=True)
def provider(mocksms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    mocksms.patch_env(monkeypatch)


def test_order_is_confirmed(mocksms: MockSMS) -> None:
    order = Order(4711, mocksms.number())
    confirm(order)
    assert order.is_confirmed
    mocksms.assert_sent(to=order.phone, content="4711", status="sent")
