from __future__ import annotations

from hashlib import sha256

import pytest

from mocksms.engine.keys import AccountKey, account_id, shorten_key


def test_account_key_reveals_nothing_but_the_key_itself() -> None:
    key = AccountKey.of("shop-42")
    digest = sha256(b"shop-42").hexdigest()
    assert key == AccountKey(digest, "shop…", "shop-42")
    assert key.id == account_id("shop-42") == digest[:12]


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        pytest.param("secret-key-of-the-shop", "secr…", id="long"),
        pytest.param("1234567", "1234…", id="seven characters"),
        pytest.param("123456", "1…", id="six characters"),
        pytest.param("demo", "d…", id="a word"),
        pytest.param("", "…", id="empty"),
    ],
)
def test_shortened_key_is_too_short_to_use(key: str, shown: str) -> None:
    assert shorten_key(key) == shown
