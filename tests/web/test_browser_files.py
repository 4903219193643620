from __future__ import annotations

import pytest
import requests

from mocksms.settings import Settings
from mocksms.web.static import static_files
from tests.support import TIMEOUT, running

ABSENT = [
    "/robots.txt",
    "/apple-touch-icon.png",
    "/apple-touch-icon-precomposed.png",
    "/apple-touch-icon-120x120.png",
    "/apple-touch-icon-120x120-precomposed.png",
    "/.well-known/appspecific/com.chrome.devtools.json",
    "/.well-known/traffic-advice",
]
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)", "Sec-Fetch-Site": "same-origin"}


@pytest.mark.ledger("error.browser-files")
def test_files_that_browsers_request_by_themselves_are_not_recorded() -> None:
    with running(Settings(port=0, control_token="secret")) as mock:
        for method in ("GET", "HEAD"):
            icon = requests.request(method, mock.url + "/favicon.ico", timeout=TIMEOUT, headers=BROWSER)
            assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")
            assert icon.content == (static_files()["/inbox/icon.svg"] if method == "GET" else b"")
            for path in ABSENT:
                absent = requests.request(method, mock.url + path, timeout=TIMEOUT, headers=BROWSER)
                assert (absent.status_code, absent.headers["content-type"]) == (404, "text/plain; charset=utf-8"), path
        token = {"Authorization": "Bearer secret"}
        recorded = requests.get(f"{mock.url}/_mock/requests", timeout=TIMEOUT, headers=token).json()
        assert recorded["requests"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/favicon.ico"),
        ("POST", "/robots.txt"),
        ("GET", "/rest/v1/favicon.ico"),
        ("GET", "/favicon.ico2"),
        ("GET", "/apple-touch-icon.jpg"),
        ("GET", "/robots.txt/"),
        ("GET", "/.well-known"),
    ],
)
def test_other_requests_reach_the_emulated_api(method: str, path: str) -> None:
    with running(Settings(port=0)) as mock:
        refused = requests.request(method, mock.url + path, timeout=TIMEOUT, headers=BROWSER)
        assert refused.status_code == 404
        (recorded,) = requests.get(f"{mock.url}/_mock/requests", timeout=TIMEOUT).json()["requests"]
        assert (recorded["method"], recorded["target"]) == (method, path)
