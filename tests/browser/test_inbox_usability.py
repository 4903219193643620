"""Usability: keyboard, colours, small screens, accessibility, preferences."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.conftest import watching
from tests.browser.inbox import Inbox, api_of, sent
from tests.browser.watched import Watched
from tests.inspection.support import KOSHER, QUEUED, Api
from tests.support import NUMBER, Mock

OTHER = "972-54-2222222"
MAX_TAB_STOPS = 60
SMALL: Final[ViewportSize] = {"width": 390, "height": 800}


def populate(own_mock: Mock) -> None:
    """Create messages of every status, a reply, and a refused request."""
    sent(own_mock, KOSHER, content="Sale ends tonight")
    sent(own_mock, QUEUED, content="Wait for me")
    sent(
        own_mock, NUMBER, content="שלום, הקוד שלך הוא 481516 " + "א" * 70, tags=["otp"], add_unsubscribe_sms_reply=True
    )
    api_of(own_mock).post("inbound", {"from": NUMBER, "text": "STOP"})
    sent(own_mock, NUMBER, content="See https://shop.example/a")
    own_mock.post('{"message": ')


@pytest.fixture
def populated(inbox: Inbox, own_mock: Mock) -> Inbox:
    """The inbox of a mock with messages of every status."""
    populate(own_mock)
    return inbox


def test_keyboard_shortcuts(populated: Inbox) -> None:
    keyboard = populated.open().page.keyboard
    expect(populated.list.get_by_role("option")).to_have_count(3)
    keyboard.press("j")
    expect(populated.row(NUMBER)).to_have_attribute("aria-selected", "true")
    keyboard.press("j")
    expect(populated.row(QUEUED)).to_have_attribute("aria-selected", "true")
    expect(populated.bubble("Wait for me")).to_be_visible()
    keyboard.press("k")
    expect(populated.row(NUMBER)).to_have_attribute("aria-selected", "true")
    expect(populated.bubble("See https")).to_be_visible()
    keyboard.press("r")
    expect(populated.page.get_by_label("Reply as this phone")).to_be_focused()
    keyboard.type("jk/?")
    expect(populated.page.get_by_label("Reply as this phone")).to_have_value("jk/?")
    keyboard.press("Escape")
    keyboard.press("c")
    expect(populated.panel.get_by_label("Text")).to_be_focused()
    keyboard.press("Escape")
    keyboard.press("Escape")
    expect(populated.panel).to_be_hidden()
    keyboard.press("/")
    expect(populated.page.get_by_role("searchbox")).to_be_focused()
    keyboard.type("tonight")
    keyboard.press("Enter")
    expect(populated.list.get_by_role("option")).to_have_count(1)
    keyboard.press("Escape")
    keyboard.press("Escape")
    expect(populated.list.get_by_role("option")).to_have_count(3)
    keyboard.press("g")
    expect(populated.page.get_by_role("listbox", name="Requests")).to_be_visible()
    keyboard.press("g")
    expect(populated.page.get_by_role("heading", name="No callbacks yet")).to_be_visible()
    keyboard.press("g")
    expect(populated.page.get_by_role("listbox", name="Phones")).to_be_visible()


def test_shortcuts_work_with_a_hebrew_keyboard_layout(populated: Inbox) -> None:
    populated.open()
    expect(populated.list.get_by_role("option")).to_have_count(3)
    press = "([key, code]) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, code, bubbles: true}))"
    for key, code, number in (
        ("ח", "KeyJ", NUMBER),
        ("ח", "KeyJ", QUEUED),
        ("ג", "KeyD", QUEUED),
        ("ל", "KeyK", NUMBER),
    ):
        populated.page.evaluate(press, [key, code])
        expect(populated.row(number)).to_have_attribute("aria-selected", "true")


def test_help_lists_the_shortcuts(populated: Inbox) -> None:
    page = populated.open().page
    page.keyboard.press("?")
    shown = page.get_by_role("dialog", name="Help")
    expect(shown.locator("kbd")).to_have_text(
        ["j", "k", "y", "/", "x", "Delete", "r", "o", "c", "f", "e", "s", "a", "g", "Ctrl+K", "?", "Esc"]
    )
    page.keyboard.press("Escape")
    expect(shown).to_be_hidden()


def test_views_are_links_and_mark_the_current_one(populated: Inbox) -> None:
    links = populated.open().page.get_by_role("navigation", name="Views").get_by_role("link")
    assert [link.get_attribute("aria-current") for link in links.all()] == ["page", "false", "false"]
    requests = links.filter(has_text="Requests")
    with populated.page.context.expect_page() as opened:
        requests.click(modifiers=["ControlOrMeta"])
    expect(opened.value.get_by_role("listbox", name="Requests")).to_be_visible()
    expect(populated.page.get_by_role("listbox", name="Phones")).to_be_visible()
    requests.click()
    expect(populated.page.get_by_role("listbox", name="Requests")).to_be_visible()
    assert [link.get_attribute("aria-current") for link in links.all()] == ["false", "page", "false"]


def test_arrow_keys_move_through_the_list(populated: Inbox) -> None:
    populated.open()
    expect(populated.list.get_by_role("option")).to_have_count(3)
    populated.list.focus()
    for key, number in (("ArrowDown", NUMBER), ("End", KOSHER), ("ArrowUp", QUEUED), ("Home", NUMBER)):
        populated.page.keyboard.press(key)
        row = populated.row(number)
        expect(row).to_have_attribute("aria-selected", "true")
        expect(populated.list).to_have_attribute("aria-activedescendant", str(row.get_attribute("id")))
    expect(populated.row(QUEUED)).to_have_attribute("aria-posinset", "2")


def test_tab_order_is_from_top_to_bottom(populated: Inbox) -> None:
    populated.open()
    populated.choose(NUMBER)
    expect(populated.bubble("See https")).to_be_visible()
    populated.page.reload()
    expect(populated.bubble("See https")).to_be_visible()
    order: list[str | None] = []
    while "thread" not in order:
        assert len(order) < MAX_TAB_STOPS
        populated.page.keyboard.press("Tab")
        order.append(populated.page.evaluate("document.activeElement.closest('[id]:not([role=option])')?.id"))
    assert [place for place in ("nav-phones", "nav-requests", "filter", "compose", "help") if place in order] == [
        "nav-phones",
        "nav-requests",
        "filter",
        "compose",
        "help",
    ]
    assert order.index("help") < order.index("list") < order.index("thread")


def test_colours_follow_the_system_until_a_theme_is_chosen(populated: Inbox) -> None:
    page = populated.open().page

    def darkness() -> str:
        shade: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return "dark" if int(shade.removeprefix("rgb(").split(",")[0]) < 128 else "light"

    assert darkness() == "light"
    page.emulate_media(color_scheme="dark")
    assert darkness() == "dark"
    page.get_by_role("button", name="Colours: system").click()
    assert darkness() == "light"
    populated.open()
    assert darkness() == "light"
    page.get_by_role("button", name="Colours: light").click()
    page.emulate_media(color_scheme="light")
    assert darkness() == "dark"
    page.get_by_role("button", name="Colours: dark").click()
    assert darkness() == "light"


FORGETFUL = {
    "forbidden": """for (const name of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });
    }""",
    "full": "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };",
}
"""Ways in which the storage of a browser stores nothing."""
UNREADABLE = {
    "spoilt": """for (const name of ["theme", "notify", "read", "draft", "keys"]) {
      for (const store of [localStorage, sessionStorage]) store.setItem(`mocksms-${name}`, "[nonsense");
    }""",
    "of another shape": """localStorage.setItem("mocksms-read", '{"phones": 1}');
    for (const name of ["draft", "keys"]) sessionStorage.setItem(`mocksms-${name}`, "null");""",
}
"""Values in the storage that the page did not write."""


def expect_usable(inbox: Inbox, own_mock: Mock) -> None:
    """Read, choose colours, and send, with a browser whose storage is not usable."""
    sent(own_mock, NUMBER, content="Hello")
    inbox.open()
    inbox.choose("Hello")
    expect(inbox.row("unread")).to_have_count(0)
    inbox.page.get_by_role("button", name="Colours: system").click()
    expect(inbox.page.get_by_role("button", name="Colours: light")).to_be_visible()
    inbox.page.get_by_role("button", name="New SMS").click()
    inbox.compose("From a browser that forgets")
    expect(inbox.bubble("From a browser that forgets")).to_be_visible()


@pytest.mark.parametrize("script", FORGETFUL.values(), ids=FORGETFUL)
def test_page_works_without_storage(own_page: Watched, own_mock: Mock, script: str) -> None:
    own_page.page.add_init_script(script)
    expect_usable(Inbox(own_page), own_mock)


@pytest.mark.parametrize("script", UNREADABLE.values(), ids=UNREADABLE)
def test_page_works_with_unreadable_storage(inbox: Inbox, own_mock: Mock, script: str) -> None:
    inbox.page.goto(f"{own_mock.url}/inbox/icon.svg")
    inbox.page.evaluate(f"() => {{ {script} }}")
    expect_usable(inbox, own_mock)


def test_small_screen_shows_one_pane_at_a_time(browser: Browser, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="Hello")
    with watching(browser, own_mock, viewport=SMALL, has_touch=True) as watched:
        inbox = Inbox(watched).open()
        assert inbox.page.locator("#toolbar").evaluate("(bar) => bar.clientHeight") < 100
        fits = "document.documentElement.scrollWidth <= innerWidth"
        inbox.choose(NUMBER)
        expect(inbox.bubble("Hello")).to_be_visible()
        expect(inbox.list).to_be_hidden()
        assert watched.page.evaluate(fits)
        inbox.open_details("Hello")
        assert watched.page.evaluate(fits)
        inbox.press("Close details")
        watched.page.get_by_role("button", name="Back to the list").click()
        expect(inbox.row(NUMBER)).to_be_visible()
        watched.page.get_by_role("link", name="Requests").click()
        inbox.choose("200")
        expect(inbox.panel.get_by_role("region", name="Request")).to_be_visible()
        assert watched.page.evaluate(fits)


def test_back_works_on_a_small_screen(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="Hello")
    sent(own_mock, OTHER, content="Goodbye")
    inbox.page.set_viewport_size(SMALL)
    inbox.open()
    inbox.choose(NUMBER)
    expect(inbox.bubble("Hello")).to_be_visible()
    inbox.page.go_back()
    expect(inbox.row(NUMBER)).to_be_visible()
    inbox.page.go_forward()
    expect(inbox.bubble("Hello")).to_be_visible()
    expect(inbox.page.get_by_role("searchbox")).to_be_hidden()
    inbox.page.keyboard.press("/")
    inbox.page.get_by_role("searchbox").fill("Goodbye")
    inbox.page.get_by_role("searchbox").press("Enter")
    expect(inbox.row("Goodbye")).to_be_visible()
    inbox.choose("Goodbye")
    inbox.press("Close details")
    expect(inbox.bubble("Goodbye")).to_be_visible()
    inbox.page.get_by_role("link", name="Phones").click()
    expect(inbox.row("Hello")).to_be_visible()
    inbox.page.get_by_role("link", name="Requests").click()
    inbox.list.get_by_role("option").last.click()
    inbox.press(NUMBER)
    inbox.press("Conversation")
    inbox.press("Close details")
    expect(inbox.bubble("Hello")).to_be_visible()


def test_denied_notifications_are_reported(inbox: Inbox) -> None:
    inbox.open()
    inbox.page.evaluate("Notification.requestPermission = async () => 'denied'")
    button = inbox.page.get_by_role("button", name="Desktop notifications")
    button.click()
    expect(inbox.error).to_contain_text("blocks notifications")
    expect(button).to_have_attribute("aria-pressed", "false")


IS_NOT_CUT_OFF = """(list) => {
  const node = list.querySelector(".chip.opted-out");
  const range = document.createRange();
  range.selectNodeContents(node);
  const [text, box, row] = [range, node, node.closest(".row")].map((each) => each.getBoundingClientRect());
  return text.width > 0 && text.left >= box.left && text.right <= box.right && box.right <= row.right;
}"""
"""Whether the text of the chip fits into it, and the chip into its row, in any font; rows may be replaced meanwhile."""


def test_opted_out_chip_is_not_cut_off(populated: Inbox, own_mock: Mock) -> None:
    Api(own_mock, "another-key").send(NUMBER)
    populated.open("?panel=controls")
    out = populated.list.locator(".chip.opted-out")
    expect(out).to_have_text("opted out")
    expect(populated.list.get_by_role("option")).to_have_count(4)
    assert populated.list.evaluate(IS_NOT_CUT_OFF)
