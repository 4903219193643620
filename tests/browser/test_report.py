"""The page of `mocksms report` in a browser, from a file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import Page, expect

from mocksms.report.page import report_page
from tests.browser.conftest import visiting
from tests.report.support import busy_mock, explain, failure, file_of, log_line, traced

HOSTILE = "</style></script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\0" + "x" * 300


def hostile_page() -> bytes:
    mock = busy_mock()
    mock.send(content=HOSTILE, tags=[HOSTILE[:100]])
    failures = [failure(explain(mock, content="Your code is 481516")), failure(type=HOSTILE, text=HOSTILE)]
    logs = [log_line(HOSTILE, HOSTILE, HOSTILE)]
    trace = traced(*failures, nodeid=f"{HOSTILE}::{HOSTILE}", report=HOSTILE, logs=logs)
    return report_page([file_of(mock, trace), file_of(mock, name=HOSTILE)]).content


def test_page_works_from_a_file_at_any_size(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "run.html"
    with ThreadPoolExecutor() as pool:  # the event loop of the browser runs in this thread
        file.write_bytes(pool.submit(hostile_page).result())
    with visiting(page, f"file://{tmp_path}"):
        page.goto(f"file://{file}")
        assert page.title() == "2 files · mocksms"
        page.locator("summary").first.click()
        expect(page.get_by_role("heading", name="Closest message")).to_be_visible()
        assert page.evaluate("getComputedStyle(document.querySelector('.failure')).borderTopWidth") == "4px"
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        back = [page.evaluate("getComputedStyle(document.body).backgroundColor")]
        page.emulate_media(color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") not in back
        body = page.locator("pre", has_text='"content": "Your code is 481517').first
        assert not body.is_visible()
        page.locator("article a", has_text="request").first.click()
        expect(body).to_be_in_viewport()
        page.emulate_media(media="print")
        expect(page.get_by_role("heading", name="Options").first).to_be_visible()
