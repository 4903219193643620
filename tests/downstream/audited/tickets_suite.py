from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
import requests
from tickets import create_app
from werkzeug.serving import make_server

from mocksms import MockSMS


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """Serve the shop, as in production."""
    server = make_server("127.0.0.1", 0, create_app(), threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_ticket_is_sent(shop: str, mocksms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    mocksms.patch_env(monkeypatch)
    response = requests.post(f"{shop}/tickets", json={"phone": "972-54-1111111"}, timeout=5)
    assert (response.status_code, response.json()) == (201, {"ticket": "sent"})
    mocksms.assert_sent(to="972-54-1111111", content="tickets.example")
