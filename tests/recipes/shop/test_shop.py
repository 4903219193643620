"""Tests of the shop. MOCKSMS_URL is the URL of the mock, SHOP_URL that of the shop; else the shop starts here."""

import os
import threading
from http.server import ThreadingHTTPServer

import pytest
import requests
from shop import Shop

MOCK = os.environ["MOCKSMS_URL"]
KEY = {"X-API-Key": os.environ["SMS_KEY"]}


@pytest.fixture(scope="session")
def shop():
    if "SHOP_URL" in os.environ:
        yield os.environ["SHOP_URL"]
        return
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def send(shop, phone, parcel):
    return requests.post(f"{shop}/parcels", json={"phone": phone, "parcel": parcel}, timeout=10).status_code


def test_customer_is_notified(shop):
    assert send(shop, "972-50-0000000", "A1") == 201
    query = {"to": "972-50-0000000", "content": "Parcel A1 is on its way", "timeout": 5}
    response = requests.get(f"{MOCK}/_mock/messages/wait", params=query, headers=KEY, timeout=10)
    assert response.status_code == 200, response.text


@pytest.mark.parametrize("phone", ["972-50-0002000", "972-50-0002100", "972-50-0002200", "972-50-0001000"])
def test_phone_that_cannot_receive_sms_is_a_conflict(shop, phone):
    assert send(shop, phone, "A2") == 409


@pytest.mark.parametrize("phone", ["972-50-0006200", "972-50-0006300", "972-50-0006400", "972-50-0007200"])
def test_outage_of_the_sms_api_is_reported_as_unavailable(shop, phone):
    assert send(shop, phone, "A3") == 503
