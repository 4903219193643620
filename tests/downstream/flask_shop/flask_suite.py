"""The tests of the shop, as its developers would write them."""

from __future__ import annotations

import pytest
import requests
from flask.testing import FlaskClient
from flask_shop import create_app

from mocksms import MockSMS, NumberName


@pytest.fixture
def shop(mocksms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    mocksms.patch_env(monkeypatch)
    app = create_app()
    app.testing = True
    client: FlaskClient = app.test_client()
    return client


@pytest.mark.parametrize("lane", range(4))
def test_signup_texts_the_code(shop: FlaskClient, mocksms: MockSMS, lane: int) -> None:
    phone = f"972-50-00000{lane:02}"
    code = shop.post("/signup", json={"phone": phone}).json["code"]  # type: ignore[index]
    message = mocksms.assert_sent(to=phone, tag="otp", status="sent")
    assert message.code == code
    mocksms.assert_segments(message, 1)


def test_all_tests_text_the_same_number(shop: FlaskClient, mocksms: MockSMS) -> None:
    shop.post("/signup", json={"phone": "972-54-1111111"})
    assert len(mocksms.outbox) == 1


@pytest.mark.parametrize("outcome", ["kosher", "unsubscribed", "invalid", "bounced"])
def test_signup_reports_who_cannot_be_reached(shop: FlaskClient, mocksms: MockSMS, outcome: NumberName) -> None:
    assert shop.post("/signup", json={"phone": mocksms.number(outcome)}).status_code == 422


def test_signup_survives_a_short_outage(shop: FlaskClient, mocksms: MockSMS) -> None:
    with mocksms.fault(503, times=1):
        assert shop.post("/signup", json={"phone": mocksms.number()}).json["status"] == "sent"  # type: ignore[index]
    mocksms.assert_no_duplicates()


def test_signup_fails_in_a_long_outage(shop: FlaskClient, mocksms: MockSMS) -> None:
    mocksms.scenario([{"fault": {"kind": "status", "status": 503}}])
    with pytest.raises(requests.HTTPError):
        shop.post("/signup", json={"phone": mocksms.number()})
    mocksms.assert_nothing_sent()


@pytest.mark.mocksms(credit=0)
def test_signup_waits_for_credit(shop: FlaskClient, mocksms: MockSMS) -> None:
    shop.post("/signup", json={"phone": "972-54-1111111"})
    mocksms.assert_sent(status="queued/insufficient-funds")
    mocksms.credit = 1
    mocksms.assert_sent(status="sent")
