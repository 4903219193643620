from __future__ import annotations

import pytest
from alerts import alert

from mocksms import MockSMS

PHONES = ["972-54-1111111", "972-54-2222222"]


@pytest.mark.asyncio
async def test_alert_is_sent_to_everyone_on_duty(mocksms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    mocksms.patch_env(monkeypatch)
    ids = await alert(PHONES, "Disk full on db-1")
    assert len(ids) == 2
    for phone in PHONES:
        mocksms.assert_sent(to=phone, content="Disk full")
