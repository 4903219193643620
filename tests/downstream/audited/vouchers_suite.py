from __future__ import annotations

import pytest
from vouchers import give

from mocksms import MockSMS


class TestVouchers:
    @pytest.fixture(autouse=True)
    def provider(self, mocksms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
        mocksms.patch_env(monkeypatch)

    def test_customer_gets_a_voucher(self, mocksms: MockSMS) -> None:
        assert give("972-54-1111111", 10)
        mocksms.assert_sent(to="972-54-1111111", content="10 euros")
        mocksms.assert_no_duplicates()
