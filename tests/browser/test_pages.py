"""The public pages of a recipient in a browser."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.watched import Watched
from tests.inspection.support import Api
from tests.support import KEY, NUMBER, Mock


def test_recipient_unsubscribes_with_one_click(watched: Watched, own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    (name,) = api.send(NUMBER)
    watched.page.set_viewport_size({"width": 360, "height": 740})
    watched.page.goto(api.get(f"messages/{name}")["links"][0])
    button = watched.page.get_by_role("button")
    expect(button).to_be_visible()
    assert watched.page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
    assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert api.get("account")["unsubscribed"] == []
    button.click()
    expect(watched.page.get_by_text("You have been unsubscribed.")).to_be_visible()
    expect(button).to_have_count(0)
    assert api.get("account")["unsubscribed"] == ["972541111111"]
    own_style = [url for url in watched.requested if url.endswith("/u/page.css")]
    assert own_style


def test_tracked_link_redirects_and_counts_one_click(watched: Watched, own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    (name,) = api.send(NUMBER, content=f"Look: {own_mock.url}/docs", track_clicks=True)
    watched.page.goto(api.get(f"messages/{name}")["links"][0])
    assert watched.page.url == f"{own_mock.url}/docs"
    assert api.get(f"messages/{name}")["clicks"] == 1
