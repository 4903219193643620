from __future__ import annotations

import pytest
from booking import create_app
from flask.testing import FlaskClient

from mocksms import MockSMS


@pytest.fixture
def client(mocksms: MockSMS) -> FlaskClient:
    client: FlaskClient = create_app(mocksms.base_url, mocksms.api_key).test_client()
    return client


def test_booking_is_confirmed(client: FlaskClient, mocksms: MockSMS) -> None:
    response = client.post("/bookings", json={"phone": "972-54-1111111", "table": 7})
    assert response.status_code == 200
    assert response.get_json() == {"booked": True}
    mocksms.assert_sent(to="972-54-1111111", content="Table 7")
