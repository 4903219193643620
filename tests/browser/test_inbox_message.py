"""The details of a message, its actions, and the list of requests."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.inbox import Inbox, api_of, sent
from tests.inspection.support import KOSHER, NO_CREDIT, QUEUED
from tests.receiver import Response, receiving
from tests.support import KEY, NUMBER, Mock


def test_status_both_spellings_of_the_reason_and_the_decision_are_shown(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open_message(sent(own_mock, KOSHER))
    expect(inbox.panel.locator(".why")).to_have_text(
        "rejected: the recipient is magic number 21 (rejected/kosher-number)"
    )
    expect(inbox.fact("reason")).to_have_text(
        "kosher-number in the response to the send, kosher_number in search and info"
    )


def test_status_outside_the_guide_is_shown_with_the_actions_of_queued(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    api.request_json("PUT", "scenario", {"rule": [{"outcome": {"status": "hidden chip", "reason": "<b>n/a"}}]})
    inbox.open_message(sent(own_mock))
    expect(inbox.panel.locator(".why")).to_contain_text("hidden chip: rule 1 of the scenario applied")
    expect(inbox.panel.locator(".event.free")).to_contain_text("hidden chip · <b>n/a")
    inbox.panel.get_by_role("button", name="Cancel").click()
    expect(inbox.panel).to_contain_text("rejected · cancelled_by_user")


def test_segments_and_the_character_that_forced_ucs2_are_shown(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open_message(sent(own_mock, content="Total: 5 שח" + "a" * 32, add_unsubscribe_link=True))
    expect(inbox.fact("segments")).to_have_text("2 × UCS-2, 81 characters, 81 code units")
    expect(inbox.fact("links count as")).to_have_text("37 characters each")
    expect(inbox.fact("UCS-2 because of")).to_have_text("ש U+05E9 at index 9")


def test_code_is_copied_by_its_button(inbox: Inbox, own_mock: Mock) -> None:
    inbox.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    inbox.open_message(sent(own_mock, content="Your code is 481516"))
    inbox.press("Copy code 481516")
    expect(inbox.notice).to_have_text("481516 copied.")
    assert inbox.page.evaluate("navigator.clipboard.readText()") == "481516"


def test_tags_sender_and_warnings_are_shown(inbox: Inbox, own_mock: Mock) -> None:
    own_mock.post(
        "{message: {content: 'Hi', to: [{mobile_number: '972-54-1111111'}], tags: ['otp'], sender_id: 'Shop'}}"
    )
    inbox.open_message(api_of(own_mock).ids()[0])
    expect(inbox.fact("tags")).to_have_text("#otp")
    expect(inbox.fact("sender")).to_have_text("Shop")
    expect(inbox.fact("warnings")).not_to_be_empty()


def test_request_that_created_a_message_is_shown_with_its_response(inbox: Inbox, own_mock: Mock) -> None:
    message = sent(own_mock, content="Your code is 481516")
    inbox.open_message(message)
    inbox.panel.get_by_text("Request", exact=True).click()
    request = inbox.panel.get_by_role("region", name="Request")
    expect(request).to_contain_text("POST /rest/v1/transactional/sms/send")
    expect(request).to_contain_text('"content": "Your code is 481516"')
    expect(request).not_to_contain_text(KEY)
    inbox.panel.get_by_text("Response", exact=True).click()
    expect(inbox.panel.get_by_role("region", name="Response")).to_contain_text(message)


def test_message_is_changed_manually(inbox: Inbox, own_mock: Mock) -> None:
    for place, (number, press, why) in enumerate(
        (
            (QUEUED, "Send now", "sent: sent manually"),
            (QUEUED, "Cancel", "rejected: cancelled manually"),
            (NUMBER, "Bounce", "rejected: bounced manually"),
            (NO_CREDIT, "Cancel", "rejected: cancelled manually"),
        )
    ):
        message = sent(own_mock, number)
        if place == 0:
            inbox.open("?message=latest")
        expect(inbox.panel).to_contain_text(message)
        inbox.press(press)
        expect(inbox.panel.locator(".state")).to_contain_text(why)
        expect(inbox.panel.get_by_role("button", name=press, exact=True)).to_have_count(0)


def test_action_that_is_too_late_shows_the_error_of_the_api(inbox: Inbox, own_mock: Mock) -> None:
    message = sent(own_mock, QUEUED)
    inbox.open_message(message)

    def meanwhile(route: Route) -> None:
        api_of(own_mock).post(f"messages/{message}/send")
        route.continue_()

    inbox.page.route("**/_mock/messages/*/cancel*", meanwhile)
    inbox.press("Cancel")
    expect(inbox.error).to_contain_text("sent")
    inbox.watched.allow_issues("409")


def test_link_is_clicked_as_the_phone(inbox: Inbox, own_mock: Mock) -> None:
    message = sent(own_mock, content="See https://shop.example/a and https://shop.example/b", track_clicks=True)
    inbox.open_message(message)
    inbox.panel.get_by_role("button", name="Click as the phone").last.click()
    expect(inbox.panel).to_contain_text("Clicked 1 time: https://shop.example/b × 1")
    inbox.open_message(sent(own_mock, content="See https://shop.example/c"))
    expect(inbox.panel).to_contain_text("Clicks do not count: it was sent without track_clicks.")
    expect(inbox.panel.get_by_role("button", name="Click as the phone")).to_have_count(0)


def test_phone_is_opted_out_and_removed_from_the_list(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, content="Hello")
    inbox.open()
    inbox.choose(NUMBER)
    inbox.open_details("Hello")
    inbox.press("Opt the phone out")
    expect(inbox.row(NUMBER)).to_contain_text("opted out")
    assert api_of(own_mock).get("account")["unsubscribed"] == ["972541111111"]
    inbox.page.get_by_role("button", name="undo: remove this phone from the list unsubscribed").click()
    expect(inbox.row(NUMBER)).not_to_contain_text("opted out")
    assert api_of(own_mock).get("account")["unsubscribed"] == []
    expect(inbox.panel.get_by_role("button", name="Opt the phone out")).to_be_visible()
    api_of(own_mock).patch(unsubscribed=[NUMBER])
    inbox.press("Opt the phone in")
    expect(inbox.panel.get_by_role("button", name="Opt the phone out")).to_be_visible()
    assert api_of(own_mock).get("account")["unsubscribed"] == []


def test_callback_opens_from_the_life_of_its_message_and_is_replayed(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    with receiving() as receiver:
        receiver.responses = [Response(503, b"<i>busy</i>")]
        api.patch(webhooks=[f"{receiver.url}?b"])
        api.post("clock/freeze")
        message = sent(own_mock)
        api.post("clock/advance", {"by": 0})
        inbox.open_message(message)
        inbox.panel.get_by_role("link", name="callback send").first.click()
        expect(inbox.panel).to_contain_text(f"{receiver.url}?b")
        expect(inbox.panel).to_contain_text("503 in ")
        expect(inbox.panel.get_by_role("region", name="Response of the webhook")).to_have_text("<i>busy</i>")
        api.post("clock/advance", {"by": "1h"})
        inbox.press("Replay")
        expect(inbox.notice).to_have_text("Callback replayed.")
        api.post("clock/advance", {"by": 0})
        assert [json.loads(request.body)["event"] for request in receiver.requests] == ["send"] * 3


def test_opt_out_is_shown_in_the_conversation(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, content="Hello", add_unsubscribe_sms_reply=True)
    inbox.open()
    inbox.choose(NUMBER)
    api_of(own_mock).post("inbound", {"from": NUMBER, "text": "STOP"})
    expect(inbox.thread).to_contain_text("opted out · reply 'STOP'")


def test_unknown_message_is_reported(inbox: Inbox) -> None:
    inbox.open("?message=0123456789abcdef0123456789abcdef")
    expect(inbox.panel).to_contain_text("0123456789abcdef0123456789abcdef")
    expect(inbox.panel.get_by_role("heading")).to_have_text("Not found")
    inbox.watched.allow_issues("404")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("() => { navigator.clipboard.writeText = async () => { throw new Error(); }; }", "481516 copied."),
        ("() => { Object.defineProperty(navigator, 'clipboard', {value: undefined}); }", "481516 copied."),
        ("() => { delete Navigator.prototype.clipboard; document.execCommand = () => false; }", "copy it manually"),
    ],
    ids=["refused", "not there", "nor in the old way"],
)
def test_copy_reports_its_result_and_keeps_the_focus(inbox: Inbox, own_mock: Mock, script: str, words: str) -> None:
    inbox.open_message(sent(own_mock, content="Your code is 481516"))
    inbox.page.evaluate(script)
    button = inbox.panel.get_by_role("button", name="Copy code 481516")
    button.focus()
    inbox.page.keyboard.press("Enter")
    expect(inbox.notice.or_(inbox.error).filter(has_text=words)).to_be_visible()
    expect(inbox.notice.or_(inbox.error).filter(has_text=re.compile("cop"))).to_have_count(1)
    expect(button).to_be_focused()
