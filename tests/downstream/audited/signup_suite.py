from __future__ import annotations

import secrets

import pytest
from signup import text_code

from mocksms import MockSMS


def test_code_is_sent(mocksms: MockSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    mocksms.patch_env(monkeypatch)
    code = f"{secrets.randbelow(1_000_000):06}"
    assert text_code("972-54-1111111", code)
    assert mocksms.assert_sent(to="972-54-1111111").code == code
