"""Several rows of the list are selected to mark them as read, to delete them or to send them again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.inbox import Inbox, api_of, sent
from tests.support import KEY, NUMBER, Mock

NUMBERS = [f"972-54-222000{place}" for place in range(4)]


@pytest.fixture
def listed(inbox: Inbox, own_mock: Mock) -> Inbox:
    """An inbox with four phones; the newest is the first row."""
    for number in reversed(NUMBERS):
        sent(own_mock, number, content=f"To {number}")
    return inbox.open()


def expect_selected(inbox: Inbox, places: str) -> None:
    """Expect that the phones with these last digits are selected, and no others."""
    selected = inbox.list.locator("[role=option][aria-checked=true] .number")
    expect(selected).to_have_text([NUMBERS[int(place)] for place in places])


def act(inbox: Inbox, name: str) -> None:
    inbox.page.locator("#list").get_by_role("button", name=name, exact=True).click()


def confirm(inbox: Inbox, heading: str, button: str = "Delete") -> None:
    dialog = inbox.page.get_by_role("dialog", name="Delete")
    expect(dialog.get_by_role("heading")).to_have_text(heading)
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_have_count(0)


def test_rows_are_selected_by_mouse_as_in_a_mail_client(listed: Inbox) -> None:
    listed.row(NUMBERS[1]).hover()
    listed.row(NUMBERS[1]).locator(".pick").click()
    listed.row(NUMBERS[3]).click(modifiers=["Shift"])
    expect_selected(listed, "123")
    listed.row(NUMBERS[2]).click(modifiers=["ControlOrMeta"])
    expect_selected(listed, "13")
    assert "phone=" not in listed.page.url
    listed.choose(NUMBERS[0])
    expect(listed.bubble(NUMBERS[0])).to_be_visible()
    expect_selected(listed, "13")
    listed.page.keyboard.press("Escape")
    expect_selected(listed, "")
    assert "phone=" in listed.page.url


def test_rows_are_selected_by_keyboard(listed: Inbox) -> None:
    listed.page.keyboard.press("j")
    listed.page.keyboard.press("x")
    expect_selected(listed, "0")
    listed.list.press("Shift+ArrowDown")
    listed.list.press("Shift+ArrowDown")
    expect_selected(listed, "012")
    listed.list.press("Control+a")
    expect(listed.page.locator(".list-status")).to_contain_text("4 selected")
    listed.list.press("Escape")
    expect_selected(listed, "")


def test_rows_are_selected_by_clicks_once_select_is_pressed(listed: Inbox) -> None:
    act(listed, "Select")
    expect(listed.page.locator("#list").get_by_role("button", name="Delete", exact=True)).to_be_disabled()
    listed.choose(NUMBERS[2])
    expect_selected(listed, "2")
    assert "phone=" not in listed.page.url
    act(listed, "Select all in the list")
    expect_selected(listed, "0123")
    act(listed, "Select nothing")
    listed.choose(NUMBERS[2])
    expect(listed.bubble(NUMBERS[2])).to_be_visible()


def test_all_or_selected_phones_are_marked_as_read(listed: Inbox, own_mock: Mock) -> None:
    unread = listed.list.locator(".row.unread")
    listed.row(NUMBERS[0]).click(modifiers=["ControlOrMeta"])
    act(listed, "Mark read")
    expect(unread).to_have_count(3)
    act(listed, "Mark all read")
    expect(unread).to_have_count(0)
    expect(listed.page.get_by_role("button", name="Mark all read")).to_have_count(0)
    sent(own_mock, NUMBERS[3], content="New")
    expect(unread).to_have_count(1)
    listed.open()
    expect(unread).to_have_count(1)


def test_conversations_are_deleted_after_a_dialog_that_enter_confirms(listed: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    api.post("inbound", {"from": NUMBERS[1], "text": "Hi"})
    listed.choose(NUMBERS[1])
    expect(listed.bubble("Hi")).to_be_visible()
    listed.page.keyboard.press("x")
    listed.row(NUMBERS[2]).click(modifiers=["ControlOrMeta"])
    listed.page.keyboard.press("Delete")
    confirm(listed, "Delete 2 conversations?", "Cancel")
    assert api.get("phones")["total"] == 4
    act(listed, "Delete")
    confirm(listed, "Delete 2 conversations?")
    expect(listed.notice).to_have_text("2 conversations deleted.")
    expect(listed.list.get_by_role("option")).to_have_count(2)
    assert "phone=" not in listed.page.url
    assert (api.get("messages")["total"], api.get("inbound")["total"]) == (2, 0)
    listed.choose(NUMBERS[0])
    listed.page.get_by_role("button", name="Delete this conversation").click()
    confirm(listed, "Delete 1 conversation?")
    expect(listed.list.get_by_role("option")).to_have_count(1)


def test_found_messages_and_replies_are_deleted(listed: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    api.post("inbound", {"from": NUMBERS[1], "text": "Hi"})
    kept = sent(own_mock, NUMBERS[0], content="Other words")
    listed.open("?search=972542220")
    listed.row("Hi").click()
    listed.list.press("Control+a")
    listed.row("Other words").click(modifiers=["ControlOrMeta"])
    listed.page.keyboard.press("Delete")
    confirm(listed, "Delete 4 SMS and 1 reply?")
    expect(listed.list.get_by_role("option")).to_have_count(1)
    assert (api.ids(), api.get("inbound")["total"]) == ([kept], 0)


def test_message_is_deleted_in_its_panel_and_the_others_stay(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, content="First")
    message = sent(own_mock, content="Second")
    inbox.open(f"?message={message}")
    inbox.panel.get_by_role("button", name="Conversation").click()
    first = inbox.bubble("First").element_handle()
    inbox.press("Delete")
    confirm(inbox, "Delete 1 SMS?")
    expect(inbox.bubble("Second")).to_have_count(0)
    expect(inbox.panel).to_be_hidden()
    assert first.evaluate("node => node.isConnected")
    assert len(api_of(own_mock).ids()) == 1


def test_messages_are_sent_again_in_their_order(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    for content in ("First", "Second"):
        sent(own_mock, content=content, tags=["again"])
    inbox.open("?search=tag:again")
    expect(inbox.row("First")).to_have_count(1)
    inbox.list.press("Control+a")
    act(inbox, "Send again")
    expect(inbox.notice).to_have_text("2 SMS sent again.")
    contents = [message["content"] for message in api.get("messages", to=NUMBER)["messages"]]
    assert contents == ["Second", "First", "Second", "First"]
    expect(inbox.row("First")).to_have_count(2)
    api.post("faults", {"fault": {"kind": "status", "status": 503}})
    inbox.row("First").first.click()
    inbox.press("Send again")
    expect(inbox.error).to_contain_text("1 SMS sent again: 1 × status 503.")


def scroll_to(inbox: Inbox, words: str) -> None:
    """Scroll to the end of the list, which then loads more, until a row is there."""
    row = inbox.row(words)
    for _ in range(1_000):  # pragma: no branch
        if row.count():
            break
        inbox.list.evaluate("node => { node.scrollTop = node.scrollHeight; }")
    expect(row).to_be_visible()


def test_deletion_keeps_the_place_in_a_long_list(inbox: Inbox, own_mock: Mock) -> None:
    own_mock.send(*[f"972-52-{place:07d}" for place in range(250)], key=KEY)
    inbox.open()
    expect(inbox.list.get_by_role("option").first).to_be_visible()
    scroll_to(inbox, "972-52-0000000")
    inbox.row("972-52-0000007").click(modifiers=["ControlOrMeta"])
    place = inbox.list.evaluate("node => node.scrollTop")
    inbox.page.keyboard.press("Delete")
    confirm(inbox, "Delete 1 conversation?")
    expect(inbox.row("972-52-0000007")).to_have_count(0)
    expect(inbox.page.locator(".list-status")).to_contain_text("249 phones")
    assert abs(inbox.list.evaluate("node => node.scrollTop") - place) < 120
