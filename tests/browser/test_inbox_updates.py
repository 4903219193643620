"""Updates while somebody uses the page: focus, selection and input stay."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.inbox import Inbox, api_of, sent
from tests.inspection.support import QUEUED
from tests.support import NUMBER, Mock


def test_focus_stays_during_updates(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    message = sent(own_mock, QUEUED, content="Wait for me")
    inbox.open(f"?phone=972500000200&in={api.get('account')['id']}&message={message}")
    write = inbox.page.get_by_role("button", name="Send SMS to this number")
    write.focus()
    api.post("inbound", {"from": QUEUED, "text": "Still here"})
    expect(inbox.bubble("Still here")).to_be_visible()
    expect(inbox.page.locator("#thread")).to_contain_text("1 to it, 1 from it")
    expect(write).to_be_focused()
    opt_out = inbox.panel.get_by_role("button", name="Opt the phone out")
    opt_out.focus()
    inbox.panel.get_by_text("Request", exact=True).click()
    opt_out.focus()
    api.post(f"messages/{message}/send")
    expect(inbox.panel.locator(".state")).to_contain_text("sent")
    expect(opt_out).to_be_focused()
    expect(inbox.panel.get_by_role("region", name="Request")).to_be_visible()
    details = inbox.bubble("Wait for me").get_by_role("button", name="details")
    details.focus()
    api.post(f"messages/{message}/bounce")
    expect(inbox.bubble("Wait for me")).to_contain_text("bounced")
    expect(details).to_be_focused()


def test_focus_moves_to_the_panel_when_its_button_disappears(inbox: Inbox, own_mock: Mock) -> None:
    message = sent(own_mock, QUEUED)
    inbox.open(f"?message={message}")
    inbox.panel.get_by_role("button", name="Cancel").focus()
    inbox.page.keyboard.press("Enter")
    expect(inbox.panel.locator(".state")).to_contain_text("cancelled manually")
    expect(inbox.panel).to_be_focused()


def test_closing_the_panel_returns_the_focus(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="Hello")
    inbox.open()
    inbox.choose("Hello")
    details = inbox.bubble("Hello").get_by_role("button", name="details")
    details.focus()
    inbox.page.keyboard.press("Enter")
    close = inbox.panel.get_by_role("button", name="Close details")
    close.focus()
    inbox.page.keyboard.press("Enter")
    expect(inbox.panel).to_be_hidden()
    expect(details).to_be_focused()


def test_selection_stays_during_updates(inbox: Inbox, own_mock: Mock) -> None:
    message = sent(own_mock, QUEUED, content="Your code is 481516")
    inbox.open(f"?message={message}")
    inbox.fact("id").dblclick(position={"x": 20, "y": 8})
    chosen = "getSelection().toString().trim()"
    assert inbox.page.evaluate(chosen) == message
    api_of(own_mock).patch(webhooks=["http://127.0.0.1:9/"])
    api_of(own_mock).post(f"messages/{message}/send")
    expect(inbox.panel.get_by_role("link", name="callback send").first).to_be_visible()
    sent(own_mock, NUMBER)
    expect(inbox.row(NUMBER)).to_be_visible()
    assert inbox.page.evaluate(chosen) == message


def test_deleted_message_is_not_found_in_the_panel(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open(f"?message={sent(own_mock, NUMBER)}")
    expect(inbox.panel.get_by_role("heading", name="SMS to")).to_be_visible()
    api_of(own_mock).request_json("DELETE", "messages")
    expect(inbox.panel).to_contain_text("Not found")
    inbox.watched.allow_issues("404")


def test_input_stays_during_updates(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    api.patch(credit=10)
    inbox.open("?panel=controls")
    credit = inbox.panel.get_by_label("Credit in segments")
    credit.fill("77")
    sent(own_mock, NUMBER)
    expect(inbox.fact("SMS stored")).to_have_text("1")
    expect(credit).to_have_value("77")
    credit.press("Enter")
    expect(inbox.notice).to_have_text("Account updated.")
    expect(credit).to_be_focused()
    sent(own_mock, NUMBER)
    expect(credit).to_have_value("76")
    expect(credit).to_be_focused()


def test_button_acts_on_the_message_shown_after_an_update(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, QUEUED, content="See https://shop.example/a")
    inbox.open("?message=latest")
    expect(inbox.panel.get_by_role("button", name="Cancel")).to_be_visible()
    latest = sent(own_mock, QUEUED, content="See https://shop.example/a", track_clicks=True)
    expect(inbox.panel).to_contain_text(latest)
    inbox.press("Send now")
    expect(inbox.panel.locator(".state")).not_to_contain_text("queued")
    assert api_of(own_mock).status_of(latest) == "sent"
    inbox.press("Click as the phone")
    expect(inbox.panel).to_contain_text("Clicked 1 time")


def test_row_opens_though_the_list_changes_while_it_is_pressed(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="Before")
    inbox.open()
    inbox.row("Before").hover()
    inbox.page.mouse.down()
    with inbox.page.expect_response(lambda one: "/_mock/phones" in one.url and "To another" in one.text()):
        sent(own_mock, NUMBER, content="Meanwhile")
        sent(own_mock, "972-54-2222222", content="To another")
    inbox.page.evaluate("() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    expect(inbox.row("Before")).to_be_visible()
    inbox.page.mouse.up()
    expect(inbox.bubble("Before")).to_be_visible()
    expect(inbox.row("To another")).to_be_visible()
    expect(inbox.row("Meanwhile")).to_have_attribute("aria-selected", "true")
