"""The web UI below another path than `/`, as behind a proxy that serves several mocks."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

from tests.browser.inbox import Inbox
from tests.browser.test_docs import response_of
from tests.browser.watched import Watched
from tests.support import KEY

BASE = "/mocks/3"


def test_web_ui_works_below_any_path(watched: Watched) -> None:
    def remove_base(route: Route) -> None:
        route.continue_(url=route.request.url.replace(f"{BASE}/", "/", 1))

    page, host = watched.page, watched.base
    page.route(f"{host}{BASE}/**", remove_base)
    watched.base += BASE
    inbox = Inbox(watched).open()
    expect(inbox.list.or_(page.locator(".empty-state"))).to_contain_text(f"{watched.base}/rest/v1")
    page.get_by_role("button", name="New SMS").click()
    inbox.compose("Below a path")
    expect(inbox.bubble("Below a path")).to_be_visible()
    page.get_by_role("link", name="Requests").click()
    inbox.choose("POST")
    expect(page).to_have_url(re.compile(rf"^{re.escape(watched.base)}/\?.*view=requests"))
    page.get_by_role("button", name="Help").click()
    page.get_by_role("link", name="API reference").click()
    expect(page).to_have_url(f"{watched.base}/docs")
    page.click("#send > summary")
    page.fill("#key", KEY)
    (row,) = response_of(page.locator("#send"))
    assert row["status"] == "sent"
    expect(page.get_by_label("Request: curl")).to_contain_text(f"'{watched.base}/rest/v1/transactional/sms/send'")
    page.get_by_role("link", name="webhooks", exact=True).click()
    expect(page).to_have_url(f"{watched.base}/docs/guide/webhooks")
    stored = page.evaluate("Object.keys({...localStorage, ...sessionStorage})")
    assert {name for name in stored if not name.endswith(f":{BASE}/")} == set()
