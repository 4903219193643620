from __future__ import annotations

import httpx
import pytest
from concierge import app

from mocksms import MockSMS


@pytest.mark.asyncio
async def test_guest_knows_that_the_room_is_ready(mocksms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    mocksms.patch_env(monkeypatch)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hotel") as hotel:
        response = await hotel.post("/ready", json={"number": 12, "phone": "972-54-1111111"})
    assert response.json() == {"status": "sent"}
    mocksms.assert_sent(to="972-54-1111111", content="Room 12")
    mocksms.assert_no_duplicates()
