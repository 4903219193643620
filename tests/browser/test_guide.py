"""The guide, read in a browser."""

from __future__ import annotations

import re

from playwright.sync_api import ViewportSize, expect

from mocksms.web.static import guide_files
from tests.browser.watched import Watched

RENDER = """async (pages) => {
    const { render } = await import(new URL("markdown.js", document.baseURI));
    const texts = {};
    for (const page of pages) {
        const text = await (await fetch(page)).text();
        const place = document.createElement("div");
        place.append(...render(text));
        place.querySelectorAll("pre, code").forEach((code) => code.remove());
        texts[page] = [...place.querySelectorAll("h1, h2, h3, p, li, td, th")].map((node) => node.textContent);
    }
    return texts;
}"""


def test_page_of_the_guide_is_shown_with_its_links(watched: Watched) -> None:
    page = watched.page
    page.goto(f"{watched.base}/docs")
    page.get_by_role("link", name="Guide", exact=True).first.click()
    expect(page).to_have_url(f"{watched.base}/docs/guide/pytest")
    page.get_by_role("navigation", name="Guide").get_by_role("link", name="webhooks").click()
    expect(page.get_by_role("heading", name="Webhooks", exact=True)).to_be_visible()
    expect(page.get_by_role("navigation", name="Guide").locator("[aria-current]")).to_have_text("webhooks")
    expect(page.locator("#page table").first).to_be_visible()
    page.locator("#page h2 a").first.click()
    assert "#" in page.url
    page.set_viewport_size(ViewportSize(width=390, height=800))
    assert page.evaluate("document.querySelector('#content').scrollWidth <= innerWidth")
    page.get_by_role("link", name="API reference").click()
    expect(page.locator("details.operation").first).to_be_visible()


def test_no_mark_of_markdown_is_left_in_a_page(watched: Watched) -> None:
    watched.page.goto(f"{watched.base}/docs/guide/pytest")
    pages = watched.page.evaluate(RENDER, [*guide_files()])
    marks = re.compile(r"\*\*|\]\(|```|\||<!--|^#|^- |^\d+\. ")
    assert {(path, text) for path, texts in pages.items() for text in texts if marks.search(text)} == set()
    assert all(pages.values())
