from __future__ import annotations

from collections.abc import Iterator

import pytest
from reminders import Reminders

from mocksms import MockSMS


@pytest.fixture
def reminders(mocksms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reminders]:
    mocksms.patch_env(monkeypatch)
    reminders = Reminders()
    yield reminders
    reminders.close()


def test_patient_is_reminded(reminders: Reminders, mocksms: MockSMS) -> None:
    assert reminders.remind("972-54-1111111", "tomorrow at 9")
    mocksms.assert_sent(to="972-54-1111111", content="tomorrow at 9")
