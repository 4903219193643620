"""The mock in a container for the tests of a session: `pip install '../mocksms[testcontainers]' pytest requests`."""

import os

import pytest
import requests

from mocksms.testing.container import MockSMSContainer


@pytest.fixture(scope="session")
def sms():
    with MockSMSContainer(os.environ.get("MOCKSMS_IMAGE")).with_env("MOCKSMS_STRICT", "true") as mock:
        yield mock


def test_sms_is_sent(sms):
    body = {"message": {"content": "Hello", "to": [{"mobile_number": "972-50-0000000"}]}}
    send = f"{sms.base_url}/transactional/sms/send"
    (row,) = requests.post(send, json=body, headers={"X-API-Key": "python"}, timeout=10).json()
    assert row["status"] == "sent"
