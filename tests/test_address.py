from __future__ import annotations

import pytest

from mocksms.address import url_of


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("sms", "http://sms:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("fe80::1", "http://[fe80::1]:80"),
    ],
)
def test_url_is_how_this_machine_reaches_what_listens_there(host: str, url: str) -> None:
    assert url_of(host, 80) == url
