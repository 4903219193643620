"""The palette: every command by its name, without a mouse."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.inbox import Inbox, api_of, sent
from tests.inspection.support import Api
from tests.support import NUMBER, Mock


def options(inbox: Inbox) -> Locator:
    return inbox.page.get_by_role("dialog", name="Commands").get_by_role("option")


def command(inbox: Inbox, words: str, first: str) -> None:
    """Open the palette, type, and run the first command, which must have this name."""
    inbox.page.keyboard.press("Control+k")
    inbox.page.keyboard.type(words)
    expect(options(inbox).first).to_contain_text(first)
    inbox.page.keyboard.press("Enter")
    expect(inbox.page.get_by_role("dialog", name="Commands")).to_be_hidden()


def test_commands_change_the_view_and_the_mock(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="Here")
    inbox.open()
    api = Api(own_mock)
    command(inbox, "reque", "Requests")
    expect(inbox.page).to_have_url(re.compile("view=requests"))
    command(inbox, "freeze", "Freeze the clock")
    expect(inbox.page.locator("#clock")).to_contain_text("frozen")
    before = api.get("clock")["now"]
    command(inbox, "advance 90m", "Advance 90m")
    expect(inbox.notice).to_contain_text("Clock frozen at")
    assert api.get("clock")["now"] > before
    command(inbox, "opt out", "Load opt-out-mid-campaign")
    expect(inbox.notice).to_have_text("Scenario opt-out-mid-campaign loaded.")
    command(inbox, "503", "Next send: HTTP 503, Retry-After 2 s")
    expect(inbox.notice).to_have_text("Fault set.")
    assert [each["effect"] for each in api_of(own_mock).get("conditions")["faults"]] == ["HTTP 503, Retry-After 2s"]
    command(inbox, "54-1111", "972-54-1111111")
    expect(inbox.bubble("Here")).to_be_visible()
    command(inbox, "reset", "Reset…")
    expect(inbox.page.get_by_role("dialog", name="Reset")).to_be_visible()
    inbox.page.keyboard.press("Escape")


def test_keys_move_and_close_and_the_focus_returns(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER)
    inbox.open()
    search = inbox.page.get_by_role("searchbox", name="Search")
    search.focus()
    inbox.page.keyboard.press("Control+k")
    selected = options(inbox).and_(inbox.page.locator("[aria-selected=true]"))
    expect(selected).to_contain_text("Phones")
    inbox.page.keyboard.press("ArrowDown")
    expect(selected).to_contain_text("Requests")
    inbox.page.keyboard.press("ArrowUp")
    inbox.page.keyboard.press("ArrowUp")
    expect(options(inbox).last).to_have_attribute("aria-selected", "true")
    expect(options(inbox).last).to_be_in_viewport()
    inbox.page.keyboard.press("Escape")
    expect(inbox.page.get_by_role("dialog", name="Commands")).to_be_hidden()
    expect(search).to_be_focused()
    inbox.page.get_by_role("button", name="Commands").click()
    inbox.page.get_by_role("combobox", name="Command").fill("<b>nothing \u202e like this")
    expect(inbox.page.get_by_text("No command has this name.")).to_be_visible()
    expect(options(inbox)).to_have_text([re.compile(r"Search for <b>nothing \\u202e like this")])
    options(inbox).click()
    expect(inbox.page).to_have_url(re.compile("search="))
