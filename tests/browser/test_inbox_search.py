"""The search box of the inbox: what people paste, suggestions, chips with counts, and corrections."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.inbox import Inbox, api_of, sent
from tests.browser.watched import Watched
from tests.inspection.support import KOSHER, QUEUED
from tests.support import NUMBER, Mock

OTHER = "972-54-2222222"


@pytest.fixture
def inbox(watched: Watched, own_mock: Mock) -> Inbox:
    """An inbox with four messages and a reply."""
    sent(own_mock, KOSHER, content="Your code is 1234", tags=["otp", "two words"])
    sent(own_mock, QUEUED, content="Wait for me", tags=["otp"])
    sent(own_mock, OTHER, content="שלום, הקוד שלך הוא 9911")
    sent(own_mock, NUMBER, content="Your CODE is 481516")
    api_of(own_mock).post("inbound", {"from": NUMBER, "text": "Which code?"})
    return Inbox(watched)


def search_of(inbox: Inbox) -> str:
    """Return the search in the page's URL."""
    return parse_qs(urlsplit(inbox.page.url).query).get("search", [""])[0]


def rows(inbox: Inbox) -> Locator:
    return inbox.list.get_by_role("option")


def search(inbox: Inbox, text: str) -> None:
    box = inbox.page.get_by_role("searchbox")
    box.fill(text)
    box.press("Enter")


def test_search_finds_what_people_paste_and_is_a_link(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open()
    expect(rows(inbox)).to_have_count(4)
    first = api_of(own_mock).get("messages")["messages"][-1]["transaction_id"]
    for text, count in (
        ("+972 54 1111111", 2),
        (first[:8].upper(), 1),
        ("הקוד", 1),
        ("is:unread code", 3),
    ):
        search(inbox, text)
        expect(inbox.page.locator("#list")).to_contain_text(f"{count} found")
        assert search_of(inbox) == text
    inbox.choose("Which code?")
    expect(inbox.thread.get_by_role("article")).to_have_count(2)
    search(inbox, "481516")
    inbox.choose("Your CODE")
    expect(inbox.panel.get_by_role("heading", name="SMS to")).to_be_visible()
    address = inbox.page.url
    inbox.page.goto(address)
    expect(inbox.page.get_by_role("searchbox")).to_have_value("481516")
    expect(rows(inbox)).to_have_count(1)
    inbox.page.get_by_role("button", name="Show all phones").click()
    expect(rows(inbox)).to_have_count(4)
    assert not any("latest" in url for url in inbox.watched.requested)


def test_nothing_found_is_said_in_words_with_a_correction(inbox: Inbox) -> None:
    inbox.open("?search=stauts:rejected")
    expect(inbox.page.get_by_role("heading", name="Nothing found")).to_be_visible()
    inbox.page.get_by_role("button", name="Did you mean status:rejected?").click()
    expect(inbox.row("Your code is 1234")).to_be_visible()
    search(inbox, "status:lost")
    expect(inbox.page.locator("#list")).to_contain_text("is none of the statuses")
    inbox.open("?view=requests&path=stauts:200")
    inbox.page.get_by_role("button", name="Did you mean status:200?").click()
    expect(rows(inbox)).to_have_count(4)
    inbox.open("?view=callbacks&search=stat:failed")
    inbox.page.get_by_role("button", name="Did you mean state:failed?").click()
    expect(inbox.page.get_by_role("searchbox")).to_have_value("state:failed")


def test_chips_count_what_was_found_and_narrow_it(inbox: Inbox) -> None:
    inbox.open()
    chips = inbox.page.get_by_role("group", name="Narrow the search").get_by_role("button")
    expect(chips).to_have_text(["sent 2", "queued 1", "rejected 1", "replies 1"])
    chips.filter(has_text="rejected").click()
    expect(rows(inbox)).to_have_count(1)
    expect(chips).to_have_text(["rejected 1 ×", "#otp 1", "#two words 1"])
    assert search_of(inbox) == "status:rejected"
    chips.filter(has_text="two words").click()
    expect(inbox.page.get_by_role("searchbox")).to_have_value('status:rejected tag:"two words"')
    chips.filter(has_text="rejected").click()
    chips.filter(has_text="two words").click()
    expect(rows(inbox)).to_have_count(4)
    overview = inbox.page.get_by_role("region", name="Overview")
    expect(overview).to_contain_text("4 SMS and 1 reply")
    overview.get_by_role("group", name="By reason").get_by_role("button").click()
    expect(inbox.page.get_by_role("searchbox")).to_have_value("reason:kosher-number")


def test_keys_and_values_are_suggested_while_typing(inbox: Inbox) -> None:
    inbox.open()
    keyboard, box = inbox.page.keyboard, inbox.page.get_by_role("searchbox")
    options = inbox.page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    keyboard.press("/")
    keyboard.type("code -ta")
    expect(options).to_have_text(["-tag: tag of the send"])
    keyboard.press("Tab")
    expect(box).to_have_value("code -tag:")
    expect(options).to_have_text(["-tag:otp 2", '-tag:"two words" 1'])
    keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "suggestion-0")
    keyboard.press("Enter")
    expect(box).to_have_value("code -tag:otp ")
    expect(options).to_have_count(0)
    keyboard.type("status:s")
    expect(options).to_have_text(["status:sent 2"])
    keyboard.press("Escape")
    expect(box).to_be_focused()
    keyboard.press("Backspace")
    options.filter(has_text="status:sent").click()
    keyboard.press("Enter")
    expect(rows(inbox)).to_have_count(1)
    assert search_of(inbox) == "code -tag:otp status:sent"
