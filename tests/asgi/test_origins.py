from __future__ import annotations

import pytest

from mocksms.asgi.origins import check_host, check_origin, check_page, is_own_host
from mocksms.errors import CrossOriginRequest, HostNotAllowed


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"host": b"127.0.0.1:8972"},
        {b"host": b"127.0.0.1:8972", b"origin": b"http://127.0.0.1:8972"},
        {b"host": b"localhost", b"origin": b"https://LOCALHOST"},
        {b"host": b"localhost", b"sec-fetch-site": b"same-origin"},
        {b"host": b"localhost", b"sec-fetch-site": b"none"},
    ],
    ids=["a program", "a program with Host", "own page", "own page in capitals", "same origin", "address bar"],
)
def test_own_origin_is_accepted(headers: dict[bytes, bytes]) -> None:
    check_origin(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {b"host": b"localhost", b"origin": b"http://evil.example"},
        {b"host": b"localhost:8972", b"origin": b"http://localhost:3000"},
        {b"host": b"localhost", b"origin": b"http://localhost.evil.example"},
        {b"host": b"localhost", b"origin": b"null"},
        {b"host": b"localhost", b"origin": b""},
        {b"host": b"localhost", b"origin": b"localhost"},
        {b"origin": b"http://evil.example"},
        {b"origin": b"null"},
        {b"host": b"localhost", b"sec-fetch-site": b"cross-site"},
        {b"host": b"localhost", b"origin": b"http://localhost", b"sec-fetch-site": b"cross-site"},
    ],
    ids=[
        "another site",
        "another port",
        "a longer name",
        "null",
        "empty",
        "no scheme",
        "no host",
        "null and no host",
        "cross-site",
        "own origin but cross-site",
    ],
)
def test_origin_of_another_site_is_refused(headers: dict[bytes, bytes]) -> None:
    with pytest.raises(CrossOriginRequest):
        check_origin(headers)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8972",
        "localhost.",
        "app.localhost:8972",
        "127.0.0.1",
        "127.0.0.1:8972",
        "192.168.1.20:80",
        "[::1]",
        "[::1]:8972",
        "[fe80::1]:8972",
        "::1",
        "testserver",
        "mocksms:8972",
        "mocksms.:8972",
        "",
    ],
)
def test_host_of_this_machine_is_its_own(host: str) -> None:
    assert is_own_host(host, ())


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8972",
        "evil.example.",
        "evil.example.:80",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1.nip.io:8972",
        "1.2.3",
        "1.2.3.4.5",
        "evil.example:",
        "evil.example:80:80",
        "[evil.example]:80",
        "[evil]",
        "[]",
        "127.0.0.1@evil.example",
        "evil.example/localhost",
    ],
)
def test_host_with_a_domain_is_foreign(host: str) -> None:
    assert not is_own_host(host, ())


@pytest.mark.parametrize("host", ["mock.test", "MOCK.test:8972", "mock.test."])
def test_allowed_host_is_accepted_in_any_case(host: str) -> None:
    assert is_own_host(host, ("Mock.Test",))


def test_allowed_host_allows_no_other() -> None:
    assert not is_own_host("a.mock.test", ("mock.test",))
    assert not is_own_host("mock.test.evil.example", ("mock.test",))


def test_allowed_host_may_have_a_trailing_dot() -> None:
    assert is_own_host("mock.test", ("mock.test.",))


def test_foreign_host_is_refused() -> None:
    check_host({b"host": b"mock.test"}, ("mock.test",))
    check_host({}, ())
    with pytest.raises(HostNotAllowed, match="evil"):
        check_host({b"host": b"evil.example"}, ())


@pytest.mark.parametrize("header", [{}, {b"user-agent": b"node"}, {b"user-agent": b"python-requests/2 (Mozilla/5.0)"}])
def test_other_clients_than_browsers_use_any_host(header: dict[bytes, bytes]) -> None:
    check_page({b"host": b"other.example", **header}, ())


@pytest.mark.parametrize(
    "header",
    [
        {b"origin": b"http://other.example"},
        {b"sec-fetch-site": b"none"},
        {b"user-agent": b"Mozilla/5.0 (X11) Chrome/1"},
    ],
)
def test_browser_is_refused_for_a_foreign_host(header: dict[bytes, bytes]) -> None:
    headers = {b"host": b"other.example", **header}
    check_page(headers, ("other.example",))
    with pytest.raises(HostNotAllowed):
        check_page(headers, ())
    with pytest.raises(CrossOriginRequest):
        check_page({**headers, b"origin": b"http://evil.example"}, ("other.example",))
