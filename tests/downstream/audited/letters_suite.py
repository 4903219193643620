from __future__ import annotations

import pytest
from letters import send_letter

from mocksms import MockSMS

pytestmark = pytest.mark.mocksms(audit={"allow": ["gave up"], "reason": "the job of the next night sends it again"})


@pytest.mark.parametrize(("language", "word"), [("en", "news"), ("he", "חדשות")])
def test_reader_gets_the_letter(mocksms: MockSMS, monkeypatch: pytest.MonkeyPatch, language: str, word: str) -> None:
    mocksms.patch_env(monkeypatch)
    phone = mocksms.number()
    assert send_letter(phone, language) == "sent"
    mocksms.assert_sent(to=phone, content=word)
