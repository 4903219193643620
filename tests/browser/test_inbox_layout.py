"""The layout at all widths of a window: nothing is cut off, covered or squeezed."""

from __future__ import annotations

from itertools import combinations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.inbox import Inbox, api_of, sent
from tests.browser.watched import Watched
from tests.inspection.support import QUEUED
from tests.support import NUMBER, Mock

MARGIN = 16

DOMRect = dict[str, float]


@pytest.fixture
def inbox(watched: Watched, own_mock: Mock) -> Inbox:
    """A conversation that ends with an opt-out, with the details of its message."""
    message = sent(own_mock, content="שלום, הקוד שלך הוא 481516", add_unsubscribe_sms_reply=True)
    api_of(own_mock).post("inbound", {"from": NUMBER, "text": "STOP"})
    account = api_of(own_mock).get("account")["id"]
    return Inbox(watched).open(f"?phone=972541111111&in={account}&message={message}")


def box(node: Locator) -> DOMRect:
    """Return where a node is."""
    expect(node).to_be_visible()
    found: DOMRect = node.evaluate("(node) => node.getBoundingClientRect().toJSON()")
    return found


def resize(inbox: Inbox, width: int, height: int = 900) -> None:
    inbox.page.set_viewport_size({"width": width, "height": height})


def do_overlap(one: DOMRect, other: DOMRect) -> bool:
    return (
        one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    )


def test_nothing_is_squeezed_or_covered_at_any_width(inbox: Inbox) -> None:
    page = inbox.page
    number = inbox.list.locator(".row .number")
    expect(inbox.row("unread")).to_have_count(0)
    expect(inbox.list.locator(".dot.reply")).to_have_css("width", "8px")
    expect(inbox.list.locator(".dot.reply")).to_have_css("height", "8px")
    for width in (961, 1024, 1200, 1440, 1920):
        resize(inbox, width)
        assert box(page.get_by_label("Reply as this phone"))["width"] > 200, width
        last = box(page.locator("#help"))
        assert width - MARGIN <= last["x"] + last["width"] <= width, width
        assert box(page.locator("#toolbar"))["height"] < 60, width
        assert number.evaluate("(node) => node.scrollWidth <= node.clientWidth"), width
        parts = [page.locator(name) for name in ("#list", "#thread", "#panel")]
        assert not any(do_overlap(*map(box, pair)) for pair in combinations(parts, 2)), width
    page.get_by_role("button", name="Reply STOP").click()
    expect(inbox.notice).to_contain_text("STOP had no effect")
    assert not do_overlap(box(inbox.notice), box(page.locator("#thread")))
    inbox.press("Close details")
    resize(inbox, 390, 844)
    assert box(inbox.thread)["y"] < 100
    for part in (page.locator("#thread .head"), inbox.thread):
        assert not do_overlap(box(inbox.notice), box(part))
    page.get_by_role("button", name="Back to the list").click()
    assert box(inbox.list)["y"] < 130
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_every_command_is_one_click_away_at_any_width(inbox: Inbox) -> None:
    inbox.page.get_by_role("button", name="Close details").click()
    for width in (390, 481, 600, 800, 960, 961, 1100, 1152, 1200):
        resize(inbox, width)
        inbox.page.evaluate("history.pushState(null, '', '?'); dispatchEvent(new PopStateEvent('popstate'))")
        palette = box(inbox.page.locator("#palette"))
        assert palette["x"] + palette["width"] <= width, width
        assert inbox.page.evaluate("document.documentElement.scrollWidth") == width
        assert box(inbox.page.locator("#toolbar"))["height"] < (100 if width <= 960 else 60), width
    inbox.page.locator("#palette").click()
    expect(inbox.page.get_by_role("dialog", name="Commands")).to_be_visible()


def test_buttons_of_a_search_cover_none_of_its_chips(inbox: Inbox, own_mock: Mock) -> None:
    for number, tag in ((QUEUED, "login"), ("972-50-0002100", "parcel"), ("12", "order")):
        sent(own_mock, number, tags=[tag, "order-confirmation"])
    inbox.open("?search=is:sms")
    chips = inbox.page.locator(".list-filters > button")
    expect(chips.filter(has_text="#order-confirmation")).to_be_attached()
    for width in (320, 390, 600, 800, 1200):
        resize(inbox, width)
        chips.last.scroll_into_view_if_needed()
        inbox.page.locator(".list-filters").evaluate("(node) => node.scrollBy(1000, 0)")
        for name in ("Show all phones", "Select"):
            action = box(inbox.page.locator("#list").get_by_role("button", name=name, exact=True))
            covered = [chip for chip in chips.all() if do_overlap(action, box(chip))]
            assert not covered, (width, name)
    inbox.page.get_by_role("button", name="Show all phones").click()
    expect(inbox.page.get_by_role("searchbox")).to_have_value("")
