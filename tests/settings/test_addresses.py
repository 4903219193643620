from __future__ import annotations

import pytest

from mocksms.settings import SessionSettings, is_address, mock_url, read_options, url_of


@pytest.mark.parametrize("url", ["http://sms:8972", "https://ci.example/mock"])
@pytest.mark.parametrize("ending", ["", "/", "/rest/v1", "/rest/v1/"])
def test_url_of_a_mock_may_be_the_base_url_of_its_api(url: str, ending: str) -> None:
    assert mock_url(url + ending) == url
    assert read_options(SessionSettings, {"url": ("variable", url + ending)}).url == url


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
def test_url_of_a_host_is_the_one_for_programs_on_this_machine(host: str, url: str) -> None:
    assert url_of(host, 80) == url


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("127.0.0.1%evil.example", False),
        ("app", False),
        ("2130706433", False),
        ("", False),
    ],
)
def test_addresses_are_distinguished_from_names(host: str, is_one: bool) -> None:
    assert is_address(host) is is_one
