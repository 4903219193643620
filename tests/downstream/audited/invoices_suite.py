from __future__ import annotations

import unittest

import pytest
from invoices import Invoices

from mocksms import MockSMS


class InvoicesTest(unittest.TestCase):
    sms: MockSMS

    @pytest.fixture(autouse=True)
    def _provider(self, mocksms: MockSMS) -> None:
        self.sms = mocksms

    def setUp(self) -> None:
        self.invoices = Invoices(self.sms.base_url, self.sms.api_key)

    def test_customer_is_reminded(self) -> None:
        self.invoices.remind("972-54-1111111", "12.50")
        self.assertEqual(self.invoices.reminded, {"972-54-1111111"})  # noqa: PT009 - as such suites have it
        self.sms.assert_sent(to="972-54-1111111", content="12.50")
