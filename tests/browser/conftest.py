"""A real browser in front of a running mock. Without one these tests are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support import Mock

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
"""Programs to look for, the preferred one first."""


@dataclass
class Watched:
    """A page with its requests and the issues of its console."""

    page: Page
    base: str
    requested: list[str] = field(default_factory=list)
    issues: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.on("console", lambda line: self.issues.extend([line.text] * (line.type in ("error", "warning"))))
        self.page.on("pageerror", lambda error: self.issues.append(str(error)))
        self.page.on("dialog", lambda dialog: self.issues.append(f"dialog: {dialog.message}"))

    def allow_issues(self, words: str) -> None:
        """Leave the page and drop its issues, all of this kind: browsers log every error response."""
        self.page.goto("about:blank")
        assert [issue for issue in self.issues if words not in issue] == []
        self.issues.clear()


# As long as Playwright runs, no other event loop can run in this thread.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:  # pragma: no cover, the whole check has one
        pytest.skip("there is no Chromium here; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def watching(browser: Browser, mock: Mock, **options: Any) -> Iterator[Watched]:
    """Open a page of a mock that must have no issues and make no requests to other hosts."""
    page = browser.new_page(**{"viewport": {"width": 1200, "height": 900}, "timezone_id": "UTC", **options})
    page.set_default_timeout(10_000)
    watched = Watched(page, mock.url)
    yield watched
    page.close()
    assert watched.issues == []
    assert [url for url in watched.requested if not url.startswith(mock.url)] == []
    assert watched.requested


@pytest.fixture
def watched(browser: Browser, own_mock: Mock) -> Iterator[Watched]:
    """A page of this test's own mock."""
    with watching(browser, own_mock) as watched:
        yield watched
