from __future__ import annotations

import pytest
from parcels import announce

from mocksms import MockSMS


@pytest.mark.asyncio
async def test_customer_knows_where_the_parcel_is(mocksms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    mocksms.patch_env(monkeypatch)
    assert await announce("972-54-1111111", "RR123") == "sent"
    mocksms.assert_sent(to="972-54-1111111", content="RR123")
