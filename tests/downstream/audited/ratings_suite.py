from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from ratings import Shop
from werkzeug.serving import make_server

from mocksms import MockSMS

pytestmark = pytest.mark.mocksms(audit={"allow": ["gave up"], "reason": "the driver calls instead"})


@pytest.fixture
def shop(mocksms: MockSMS) -> Shop:
    return Shop(mocksms.base_url, mocksms.api_key)


@pytest.fixture
def hooks(shop: Shop) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, shop.app, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hooks"
    server.shutdown()
    thread.join()
    server.server_close()


def test_customer_is_asked_for_a_rating(shop: Shop, hooks: str, mocksms: MockSMS) -> None:
    mocksms.webhook(f"{hooks}/rate")
    assert shop.deliver("972-54-1111111") == "sent"
    mocksms.wait_for(to="972-54-1111111", content="How was it?")


@pytest.mark.mocksms(frozen=True)
def test_delivery_is_finished(shop: Shop, hooks: str, mocksms: MockSMS) -> None:
    mocksms.webhook(f"{hooks}/count", events=["send"])
    shop.deliver("972-54-1111111")
    assert len(shop.deliveries) == 1
    mocksms.advance(0)
    assert shop.deliveries == {}
