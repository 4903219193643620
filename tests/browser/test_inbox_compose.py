"""Composing from the page: test sends as an application makes them, and replies as the phone."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

from tests.browser.inbox import Inbox, api_of, sent
from tests.inspection.support import Api
from tests.support import KEY, NUMBER, Mock


def test_reply_reaches_the_account_and_shows_its_effect(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, content="Hello")
    inbox.open()
    inbox.choose(NUMBER)
    inbox.page.keyboard.press("r")
    inbox.page.keyboard.type("Who is this? מי זה")
    inbox.page.keyboard.press("Enter")
    expect(inbox.bubble("Who is this? מי זה")).to_be_visible()
    assert api_of(own_mock).get("inbound")["replies"][0]["text"] == "Who is this? מי זה"
    inbox.page.get_by_role("button", name="Reply STOP").click()
    expect(inbox.notice).to_contain_text("STOP had no effect")


def test_every_kind_of_response_to_a_send_is_shown(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open("?panel=compose")
    magic = inbox.panel.get_by_label("Magic numbers")
    expect(magic).to_be_visible()
    assert len(magic.locator("option").all()) == len(Api(own_mock).get("numbers")["numbers"]) + 1
    for number, words in (
        ("972-50-0006400", "Response: 503"),
        ("972-50-0007100", "The connection was reset"),
        ("972-50-0007300", "Response: 200, truncated after "),
        ("972-50-0007400", "Response: 200, but not JSON"),
        ("972-50-0002200", "bounced"),
    ):
        magic.select_option(number)
        inbox.press("Send")
        expect(inbox.panel.locator(".result")).to_contain_text(words)
    expect(inbox.bubble("Your code is")).to_contain_text("rejected · bounced")
    requests = Api(own_mock).get("requests")
    assert [len(each["messages"]) for each in requests["requests"]] == [1, 1, 1, 1, 0]


def test_fault_for_one_send_is_shown_and_used_up_by_one_send(inbox: Inbox, own_mock: Mock) -> None:
    fault = {"fault": {"kind": "reset_before_accept"}, "times": 1, "ttl": "10m"}
    Api(own_mock).post("faults", fault)
    inbox.open("?panel=compose")
    inbox.compose("Once")
    expect(inbox.panel.locator(".result")).to_contain_text("The connection was reset")
    assert Api(own_mock).get("requests")["total"] == 1
    inbox.press("Send")
    expect(inbox.bubble("Once")).to_be_visible()
    assert Api(own_mock).get("requests")["total"] == 2


def test_draft_survives_a_reload_and_every_option_is_sent(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open("?panel=compose")
    inbox.panel.get_by_text("Sender, tags, time, API key").click()
    for label, value in (
        ("Text", "שלום"),
        ("Tags", "a, b"),
        ("Sender", "Shop"),
        ("X-API-Key", "mine"),
        ("Send at", "2099-01-20 13:05:00+02:00"),
    ):
        inbox.panel.get_by_label(label, exact=False).last.fill(value)
    for label in ("track clicks", "async", "charset unicode"):
        inbox.panel.get_by_label(label).check()
    inbox.open("?panel=compose")
    expect(inbox.panel.get_by_label("Text")).to_have_value("שלום")
    inbox.press("Send")
    expect(inbox.panel.locator(".result")).to_contain_text("queued")
    message = Api(own_mock, "mine").get("messages/latest")
    assert (message["tags"], message["sender"], message["scheduled_at"]) == (["a", "b"], "Shop", "2099-01-20T11:05:00Z")
    assert "/u/" in message["text"]
    assert message["warnings"] == []


def test_form_has_the_defaults_of_the_api_and_shows_how_the_sms_will_look(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open("?panel=compose")
    panel = inbox.panel
    expect(panel.get_by_label("unsubscribe link")).to_be_checked()
    assert panel.get_by_role("checkbox", checked=True).count() == 1
    preview = panel.get_by_role("group", name="Preview")
    expect(preview).to_contain_text("1 × GSM-7")
    panel.get_by_label("Text").fill("קוד 481516 " + "א" * 70)
    expect(preview).to_contain_text("2 × UCS-2")
    expect(preview).to_contain_text("may need charset unicode")
    expect(preview.locator("mark")).to_have_text("481516")
    expect(preview.locator(".segment-mark")).to_have_count(1)
    panel.get_by_label("charset unicode").check()
    expect(preview).not_to_contain_text("may need")
    panel.get_by_label("unsubscribe link").uncheck()
    expect(preview).not_to_contain_text("/u/")
    to, magic = panel.locator("[name=to]"), panel.get_by_label("Magic numbers")
    to.fill("972-50-00022 17")
    expect(magic).to_have_value("972-50-0002200")
    to.fill("")
    expect(magic).to_have_value("")
    inbox.page.keyboard.press("Control+Enter")
    expect(panel.get_by_role("alert")).to_have_text("Enter a number, such as 972-54-1111111.")
    expect(to).to_be_focused()
    inbox.page.keyboard.type(NUMBER)
    expect(panel.get_by_role("alert")).to_have_count(0)
    inbox.page.keyboard.press("Control+Enter")
    expect(inbox.bubble("481516")).to_be_visible()
    assert api_of(own_mock, "demo").get("messages")["total"] == 1


def test_what_is_wrong_is_shown_at_the_field(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock)
    inbox.open("?panel=controls")
    for label, value, button, words in (
        ("Advance the clock by", "soon", "Advance", "Must be a duration such as"),
        ("Credit in segments", "-1", "Set", "Must be at least 0."),
        ("how many times", "0", "Set fault", "Must be at least 1."),
    ):
        field = inbox.panel.get_by_label(label)
        field.fill(value)
        field.locator("xpath=ancestor::form").get_by_role("button", name=button, exact=True).click()
        expect(inbox.panel.locator(".field-error").filter(has_text=words)).to_be_visible()
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        field.fill("1")
        expect(inbox.panel.locator(".field-error")).to_have_count(0)
    expect(inbox.error).to_be_empty()
    inbox.watched.allow_issues("400")


def test_late_response_shows_a_notice_only(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="Hello")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    inbox.page.route("**/_mock/test-send", hold)
    inbox.open("?panel=compose")
    inbox.compose("Late", to="972-54-2222222")
    expect(inbox.panel).to_contain_text("waiting for the response")
    inbox.choose("Hello")
    inbox.page.keyboard.press("r")
    held[0].continue_()
    expect(inbox.notice).to_have_text("SMS to 972-54-2222222: sent.")
    expect(inbox.bubble("Hello")).to_be_visible()
    expect(inbox.panel).to_be_hidden()
    expect(inbox.page.get_by_label("Reply as this phone")).to_be_focused()


def test_response_is_shown_even_if_the_message_was_deleted(inbox: Inbox, own_mock: Mock) -> None:
    def meanwhile(route: Route) -> None:
        Api(own_mock).post("reset")
        route.continue_()

    inbox.page.route(re.compile(r"/_mock/messages/[0-9a-f]{32}"), meanwhile)
    inbox.open("?panel=compose")
    inbox.compose("Hello")
    expect(inbox.error).to_contain_text("Unknown message")
    expect(inbox.panel).to_contain_text(f"sent{NUMBER}")
    inbox.watched.allow_issues("404")


def test_invalid_key_is_focused_even_in_a_closed_fold(inbox: Inbox) -> None:
    inbox.open("?panel=compose")
    fold = inbox.panel.get_by_text("Sender, tags, time, API key")
    field = inbox.panel.get_by_label("X-API-Key")
    fold.click()
    for key, words in (("", "Enter an API key"), ("מפתח", "Use Latin letters")):
        field.fill(key)
        fold.click()
        expect(field).to_be_hidden()
        inbox.press("Send")
        expect(field).to_be_focused()
        expect(inbox.panel.get_by_role("alert")).to_contain_text(words)
    assert not any("test-send" in url for url in inbox.watched.requested)


def test_composing_to_a_phone_uses_its_key_or_says_that_it_is_unknown(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="From the application")
    inbox.open("?panel=compose")
    inbox.compose("From the page", to="972-54-2222222")
    expect(inbox.bubble("From the page")).to_be_visible()
    inbox.choose("From the application")
    inbox.page.get_by_role("button", name="Send SMS to this number").click()
    expect(inbox.panel).to_contain_text("from the account key-…. The mock does not store the full API key")
    inbox.panel.get_by_text("Sender, tags, time, API key").click()
    inbox.panel.get_by_label("X-API-Key").fill(KEY)
    inbox.compose("From the page too")
    expect(inbox.thread.locator(".text")).to_have_text([re.compile("the application"), re.compile("the page too")])
    inbox.choose("From the page", "d…")
    inbox.page.get_by_role("button", name="Send SMS to this number").click()
    expect(inbox.panel.get_by_label("X-API-Key")).to_have_value("demo")
    expect(inbox.panel).not_to_contain_text("The mock does not store")


def test_each_phone_has_its_own_draft_reply(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, content="To one")
    sent(own_mock, "972-54-2222222", content="To another")
    inbox.open()
    reply = inbox.page.get_by_label("Reply as this phone")
    inbox.choose("To one")
    reply.fill("For the one")
    inbox.choose("To another")
    expect(reply).to_have_value("")
    inbox.page.get_by_role("link", name="Requests").click()
    inbox.page.get_by_role("link", name="Phones").click()
    inbox.choose("To one")
    expect(reply).to_have_value("For the one")


def test_reply_is_sent_once_and_comes_back_on_failure(inbox: Inbox, own_mock: Mock) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    sent(own_mock, content="Hello")
    inbox.open()
    inbox.choose("Hello")
    inbox.page.route("**/_mock/inbound?account*", hold, times=1)
    reply = inbox.page.get_by_label("Reply as this phone")
    reply.fill("Once")
    reply.press("Enter")
    reply.press("Enter")
    expect(reply).to_have_value("")
    held[0].abort()
    expect(inbox.error).to_contain_text("No response")
    expect(reply).to_have_value("Once")
    reply.press("Enter")
    expect(inbox.bubble("Once")).to_be_visible()
    assert [each["text"] for each in api_of(own_mock).get("inbound")["replies"]] == ["Once"]
    inbox.watched.allow_issues("net::ERR_")
