"""The life of a message in its panel: why, the picture of its states, and the sequence diagram."""

from __future__ import annotations

import re
from typing import Final

from playwright.sync_api import Locator, ViewportSize, expect

from tests.browser.inbox import Inbox, api_of, sent
from tests.inspection.support import BOUNCING, LATER, wait_until
from tests.receiver import Response, receiving
from tests.support import NUMBER, Mock

NOON = "2030-01-01T12:00:00Z"
SMALL: Final[ViewportSize] = {"width": 390, "height": 844}


def rows(inbox: Inbox) -> Locator:
    return inbox.panel.get_by_role("list", name="Life of this SMS").locator(".event")


def why(inbox: Inbox) -> Locator:
    return inbox.panel.locator(".why")


def test_sentence_links_to_the_reply_that_opted_the_phone_out(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    api.post("clock/freeze", {"at": NOON})
    sent(own_mock, add_unsubscribe_sms_reply=True)
    for text in ("Hello?", "STOP"):
        api.post("inbound", {"from": NUMBER, "text": text})
    message = sent(own_mock, content="Ignored")
    inbox.open_message(message)
    expect(why(inbox)).to_have_text('rejected: this phone replied "STOP" at 12:00:00')
    why(inbox).get_by_role("link").click()
    expect(inbox.bubble("STOP").last).to_have_class(re.compile(r"\bopen\b"))
    inbox.page.set_viewport_size(SMALL)
    inbox.open_message(message)
    why(inbox).get_by_role("link").click()
    expect(inbox.panel).to_be_hidden()
    expect(inbox.bubble("STOP").last).to_be_in_viewport()


def test_diagram_is_a_list_whose_items_name_both_lanes(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    api.post("clock/freeze", {"at": NOON})
    inbox.open_message(sent(own_mock, BOUNCING))
    expect(rows(inbox)).to_contain_text(
        [
            "12:00:00.000application to mocksms: POST /transactional/sms/send",
            "12:00:00.000mocksms: queued accepted",
            "12:00:00.000mocksms to phone: sent magic number 23",
            "12:00:00.000mocksms to application: response 200",
            "in 5 splanned, mocksms: rejected · bounced",
        ]
    )
    picture = inbox.panel.get_by_role("img", name="States of this SMS: queued, sent")
    expect(picture.locator(".box.lit")).to_have_text(["queued", "sent"])
    expect(picture.locator(".box.current")).to_have_text("sent")


def test_skip_there_advances_the_clock_of_the_account_to_a_planned_step(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    api.post("clock/freeze", {"at": NOON})
    inbox.open_message(sent(own_mock, LATER))
    inbox.press("Skip there: 12:00:05.000")
    expect(rows(inbox).last).to_contain_text("12:00:05.000mocksms to phone: sent")
    expect(inbox.panel.locator(".later")).to_have_text("5 s later")
    expect(why(inbox)).to_contain_text("sent: ")
    assert api.get("clock")["now"] == "2030-01-01T12:00:05Z"


def test_countdown_follows_the_clock_of_the_account(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    api.post("clock/freeze", {"at": NOON})
    inbox.open_message(sent(own_mock, send_at="2030-01-11T12:00:00Z"))
    expect(rows(inbox).last).to_contain_text("in 10 d")
    api.post("clock/advance", {"by": "1d"})
    expect(rows(inbox).last).to_contain_text("in 9 d")


def test_countdown_runs_with_the_clock(inbox: Inbox, own_mock: Mock) -> None:
    message = sent(own_mock, send_at="2099-01-01T12:00:00Z")
    inbox.open_message(message)
    expect(why(inbox)).to_contain_text("queued: it waits until 1 Jan 12:00:00")
    countdown = rows(inbox).last.locator("time")
    expect(countdown).to_have_text(re.compile(r"^in \d+ d"))

    def is_due() -> bool:
        # Again and again, since a refresh of the panel draws another countdown.
        inbox.page.evaluate("document.querySelector('.sequence .due').dateTime = '2020-01-01T12:00:00Z'")
        return countdown.inner_text() == "due"

    wait_until(is_due)


def test_failed_attempts_are_red_with_their_status_and_many_are_folded(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    with receiving() as receiver:
        receiver.responses = [Response(500)] * 12
        api.post("clock/freeze", {"at": NOON})
        api.patch(webhooks=[receiver.url])
        message = sent(own_mock)
        for _ in range(2):
            api.post("clock/advance", {"by": "1d"})
            api.post(f"messages/{message}/callbacks/replay")
        api.post("clock/advance", {"by": 0})
        inbox.open_message(message)
        attempts = rows(inbox).filter(has_text="callback")
        expect(attempts.filter(visible=True)).to_have_count(5)
        expect(attempts.first).to_contain_text("mocksms to webhook: callback send 500")
        expect(attempts.first).to_have_class(re.compile("failed"))
        inbox.press("Show 9 more attempts")
        expect(attempts.filter(visible=True)).to_have_count(14)
        api.post(f"messages/{message}/bounce")
        expect(why(inbox)).to_contain_text("bounced manually")
        expect(attempts.nth(5)).to_be_visible()


def test_row_shows_its_bodies_with_the_focus_and_its_link_opens_the_request(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open_message(sent(own_mock, content="שלום"))
    bodies = inbox.page.get_by_role("tooltip")
    link = rows(inbox).first.get_by_role("link")
    link.focus()
    expect(bodies).to_contain_text('"content": "שלום"')
    expect(inbox.page.get_by_role("main").get_by_role("tooltip")).to_be_visible()
    inbox.page.keyboard.press("Escape")
    expect(bodies).to_be_hidden()
    expect(link).to_be_focused()
    rows(inbox).nth(3).hover()
    expect(bodies).to_contain_text('"status": "sent"')
    inbox.page.mouse.move(0, 0)
    expect(bodies).to_be_hidden()
    link.click()
    expect(inbox.panel.get_by_role("heading", name="POST ")).to_be_visible()


def test_status_of_a_rule_has_its_place_in_the_picture(inbox: Inbox, own_mock: Mock) -> None:
    steps = [{"outcome": {"status": status}} for status in ("waiting", "constructor")]
    api_of(own_mock).request_json("PUT", "scenario", {"rule": [{"steps": steps}]})
    inbox.open_message(sent(own_mock))
    picture = inbox.panel.get_by_role("img", name="States of this SMS: queued, waiting, constructor")
    expect(picture.locator(".box.current")).to_have_text("constructor")


def test_hostile_texts_stay_text(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    message = sent(own_mock)
    api.post("inbound", {"from": NUMBER, "text": "<img src=x onerror=alert(1)>\u202e הסר"})
    inbox.open_message(message)
    expect(rows(inbox).last).to_contain_text("reply <img src=x onerror=alert(1)>\\u202e הסר")
    inbox.page.set_viewport_size(SMALL)
    width = inbox.panel.evaluate("node => node.scrollWidth - node.clientWidth")
    assert width == 0
