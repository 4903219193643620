from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from receipts import Till
from werkzeug.serving import make_server

from mocksms import MockSMS


@pytest.fixture
def till(mocksms: MockSMS) -> Iterator[Till]:
    till = Till(mocksms.base_url, mocksms.api_key)
    server = make_server("127.0.0.1", 0, till.app, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    mocksms.webhook(f"http://127.0.0.1:{server.server_port}/hooks")
    yield till
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.mocksms(audit={"allow": ["gave up"], "reason": "the till prints the receipt instead"})
def test_customer_is_thanked(till: Till, mocksms: MockSMS) -> None:
    assert till.pay("972-54-1111111", "12.50")
    mocksms.wait_for(to="972-54-1111111", content="Come again")
    mocksms.assert_no_duplicates()
