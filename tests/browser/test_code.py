"""One-time codes in the inbox: one click copies them. Tags are filters, and the whole bubble opens the details."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.inbox import Inbox, api_of, sent
from tests.browser.watched import Watched
from tests.support import NUMBER, Mock

OTHER = "972-54-2222222"


@pytest.fixture
def inbox(watched: Watched) -> Inbox:
    watched.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return Inbox(watched)


def expect_copied(inbox: Inbox, code: str) -> None:
    expect(inbox.notice).to_have_text(f"{code} copied.")
    assert inbox.page.evaluate("navigator.clipboard.readText()") == code


def test_code_is_copied_in_the_list_in_the_bubble_and_by_its_key(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, OTHER, content="Your code is 11223")
    sent(own_mock, content="Your code is 481516")
    sent(own_mock, content="Your code is 99887")
    inbox.open()
    inbox.row("99887").locator("[data-code]").click()
    expect_copied(inbox, "99887")
    assert "phone=" not in inbox.page.url
    inbox.choose("99887")
    inbox.bubble("481516").get_by_role("button", name="Copy code 481516").press("Enter")
    expect_copied(inbox, "481516")
    expect(inbox.panel).to_be_hidden()
    inbox.choose("11223")
    expect(inbox.bubble("11223")).to_be_visible()
    inbox.page.keyboard.press("y")
    expect_copied(inbox, "11223")


def test_key_copies_the_newest_code_of_all_phones_if_none_is_open(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open()
    inbox.page.keyboard.press("y")
    expect(inbox.notice).to_have_text("No SMS has a code.")
    sent(own_mock, content="Your code is 481516")
    sent(own_mock, OTHER, content="No digits")
    inbox.page.keyboard.press("y")
    expect_copied(inbox, "481516")


def test_code_of_a_phone_is_not_that_of_a_longer_number(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, content="No digits")
    sent(own_mock, f"{NUMBER}1", content="Your code is 481516")
    account = api_of(own_mock).get("account")["id"]
    inbox.open(f"?phone=972541111111&in={account}")
    expect(inbox.bubble("No digits")).to_be_visible()
    inbox.page.keyboard.press("y")
    expect(inbox.notice).to_have_text("No SMS to this phone has a code.")


def test_preview_in_the_list_has_no_link_of_the_mock(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, content="Hello", add_unsubscribe_link=True)
    inbox.open()
    expect(inbox.row("Hello").locator(".preview")).to_have_text("Hello")
    inbox.open("?search=hello")
    expect(inbox.row("Hello").locator(".preview")).to_have_text("Hello")
    inbox.choose("Hello")
    expect(inbox.bubble("Hello").get_by_role("link")).to_have_attribute("href", re.compile("/u/"))


def test_click_on_a_bubble_opens_its_details_unless_text_is_selected(inbox: Inbox, own_mock: Mock) -> None:
    first = sent(own_mock, content="Hello there, this is a text")
    sent(own_mock, content="Another text")
    inbox.open()
    inbox.choose("Another")
    text = inbox.bubble("Hello").locator(".text")
    text.dblclick(position={"x": 20, "y": 15})
    assert inbox.page.evaluate("getSelection().toString().trim()") == "Hello"
    text.click(position={"x": 180, "y": 15})
    expect(inbox.panel).to_contain_text(first)
    box = text.bounding_box()
    assert box
    inbox.bubble("Another").get_by_role("button", name="details").press("Enter")
    expect(inbox.panel).not_to_contain_text(first)
    inbox.page.mouse.move(box["x"] + 15, box["y"] + 15)
    inbox.page.mouse.down()
    inbox.page.mouse.move(box["x"] + 120, box["y"] + 15)
    inbox.page.mouse.up()
    assert len(inbox.page.evaluate("getSelection().toString()")) > 5
    expect(inbox.panel).not_to_contain_text(first)


def test_tag_is_a_filter(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, content="Tagged", tags=["two words"])
    sent(own_mock, OTHER, content="Plain")
    inbox.open()
    inbox.choose("Tagged")
    inbox.bubble("Tagged").get_by_role("button", name="#two words").click()
    expect(inbox.page.get_by_role("searchbox", name="Search")).to_have_value('tag:"two words"')
    expect(inbox.row("Tagged")).to_have_count(1)
    expect(inbox.row("Plain")).to_have_count(0)
    inbox.choose("Tagged")
    inbox.fact("tags").get_by_role("button", name="#two words").click()
    expect(inbox.panel).to_be_hidden()
