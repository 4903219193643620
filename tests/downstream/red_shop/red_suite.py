"""Ten tests of the shop that fail, each for another reason."""

from __future__ import annotations

import socket

import pytest
from red_shop import confirm, send

from mocksms import MockSMS

PHONE = "972-54-1111111"
CODE = "Your code is 481517. Do not share it."


@pytest.fixture(autouse=True)
def shop(mocksms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    mocksms.patch_env(monkeypatch)


def test_wrong_code(mocksms: MockSMS) -> None:
    send(PHONE, CODE)
    mocksms.assert_sent(to=PHONE, content="Your code is 481516")


def test_no_sms(mocksms: MockSMS) -> None:
    send("none", CODE, path="/transactional/sms/sent")
    mocksms.assert_sent(to=PHONE)


def test_wrong_number(mocksms: MockSMS) -> None:
    send("972-54-1111112", CODE)
    mocksms.assert_sent(to=PHONE)


def test_too_many(mocksms: MockSMS) -> None:
    send(PHONE, CODE)
    send(PHONE, CODE)
    mocksms.assert_sent(to=PHONE)


def test_rejected(mocksms: MockSMS) -> None:
    phone = mocksms.number("kosher")
    send(phone, CODE)
    mocksms.assert_sent(to=phone, status="sent")


def test_wait_times_out(mocksms: MockSMS) -> None:
    send(PHONE, CODE, "otp")
    mocksms.wait_for(to=PHONE, tag="reminder", timeout=0.1)


def test_error_of_the_application() -> None:
    confirm(PHONE, 17)


def test_refused_request_at_the_end() -> None:
    send(PHONE, CODE)
    send(PHONE, CODE, path="/transactional/sms/sends")


def test_callback_that_fails(mocksms: MockSMS) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    mocksms.webhook(f"http://127.0.0.1:{port}/hooks")
    send(PHONE, CODE)
    mocksms.assert_callback("send", timeout=0.3)


@pytest.mark.parametrize("text", ["שלום, עולם"])
def test_plain_assert(mocksms: MockSMS, text: str) -> None:
    send(PHONE, "שלום עולם")
    assert mocksms.outbox[0].content == text
