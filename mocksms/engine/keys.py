"""API keys: how an account is identified without revealing its key."""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple

MAX_KEY_LENGTH: Final = 256
"""Maximum of characters in an API key."""

ID_LENGTH: Final = 12
"""Hex digits of an account id, the first of the digest."""


class AccountKey(NamedTuple):
    """The API key of an account: its digest, what is shown of it, and the key itself if it is known.

    An account of a snapshot without keys has none until a request with its key comes.
    """

    digest: str
    shown: str
    value: str | None = None

    @classmethod
    def of(cls, key: str) -> AccountKey:
        """Return the account key of an API key."""
        return cls(sha256(key.encode()).hexdigest(), shorten_key(key), key)

    @property
    def id(self) -> str:
        """The id of the account."""
        return self.digest[:ID_LENGTH]


def account_id(key: str) -> str:
    """Return the id of the account of an API key: 12 hex digits that do not reveal the key."""
    return AccountKey.of(key).id


def shorten_key(key: str) -> str:
    """Return an API key as it may be printed: enough to distinguish keys, too little to use one."""
    return f"{key[:4]}…" if len(key) > 6 else f"{key[:1]}…"
