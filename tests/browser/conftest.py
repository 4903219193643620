"""A real browser in front of a running mock. Without one these tests are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser.inbox import Inbox
from tests.browser.watched import Watched
from tests.support import Mock

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
"""Programs to look for, the preferred one first."""

TIMEOUT_MS: Final = 20_000.0
"""What must happen in a page may take so long on a machine that runs other tests at the same time."""

DESKTOP: Final[ViewportSize] = {"width": 1200, "height": 900}


# As long as Playwright runs, no other event loop can run in this thread.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:  # pragma: no cover, the whole check has one
        pytest.skip("there is no Chromium here; on Debian: apt-get install chromium")
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def new_page(browser: Browser, **options: Any) -> Page:
    """Open an empty page; Chromium starts a process for each, which costs as much as loading the inbox."""
    page = browser.new_context(**{"viewport": DESKTOP, "timezone_id": "UTC", **options}).new_page()
    page.set_default_timeout(TIMEOUT_MS)
    return page


@pytest.fixture(scope="package")
def page(browser: Browser) -> Page:
    """The page that tests use one after the other."""
    return new_page(browser)


@contextmanager
def visiting(page: Page, url: str) -> Iterator[Watched]:
    """Visit a mock with the shared page, and leave the page as it was, also after a failure."""
    watched = Watched(page, url)
    try:
        yield watched
    finally:
        watched.leave()
        page.unroute_all(behavior="ignoreErrors")
        page.set_viewport_size(DESKTOP)
        page.emulate_media(color_scheme="light")
        page.context.clear_permissions()
        watched.end()
    watched.check()


@contextmanager
def watching(browser: Browser, mock: Mock, **options: Any) -> Iterator[Watched]:
    """Visit a mock with a page of its own, for what cannot be undone: options, scripts before the page's, its clock."""
    watched = Watched(new_page(browser, **options), mock.url)
    try:
        yield watched
    finally:
        watched.page.context.close()
    watched.check()


@pytest.fixture
def watched(page: Page, own_mock: Mock) -> Iterator[Watched]:
    """The shared page at this test's own mock."""
    with visiting(page, own_mock.url) as watched:
        yield watched


@pytest.fixture
def own_page(browser: Browser, own_mock: Mock) -> Iterator[Watched]:
    """A page of this test alone at its own mock."""
    with watching(browser, own_mock) as watched:
        yield watched


@pytest.fixture
def inbox(watched: Watched) -> Inbox:
    """The inbox of this test's own mock, on the shared page."""
    return Inbox(watched)
