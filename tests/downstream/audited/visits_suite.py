from __future__ import annotations

import httpx
import pytest
from visits import app

from mocksms import MockSMS


@pytest.fixture
def anyio_backend() -> str:
    return "trio"


@pytest.mark.anyio
async def test_visit_is_announced(mocksms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    mocksms.patch_env(monkeypatch)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
        response = await client.post("/visits", json={"phone": "972-54-1111111", "hour": 9})
    assert response.status_code == 201, response.text
    mocksms.assert_sent(to="972-54-1111111", content="9:00")
