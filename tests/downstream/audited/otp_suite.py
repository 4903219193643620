from __future__ import annotations

from collections.abc import Iterator

import pytest
from otp import Codes

from mocksms import MockSMS


@pytest.fixture
def codes(mocksms: MockSMS) -> Iterator[Codes]:
    codes = Codes(mocksms.base_url, mocksms.api_key)
    yield codes
    codes.close()


def test_code_is_sent(codes: Codes, mocksms: MockSMS) -> None:
    assert codes.send("972-54-1111111", "481516", login="login-1") == "sent"
    assert mocksms.assert_sent(to="972-54-1111111", tag="login-1").code == "481516"
    mocksms.assert_no_duplicates()
