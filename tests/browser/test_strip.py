"""The strip below the bar: what makes the mock behave in another way than by default."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack

from playwright.sync_api import Locator, Page, expect

from mocksms.settings import Settings
from tests.browser.conftest import visiting
from tests.browser.inbox import Inbox, api_of, sent
from tests.inspection.support import Api
from tests.receiver import Response, receiving
from tests.support import NUMBER, Mock, body, running

DOWN = {"fault": {"kind": "status", "status": 503}, "times": 2}


def strip_of(inbox: Inbox) -> Locator:
    return inbox.page.get_by_role("region", name="State of the mock")


def press_end(inbox: Inbox, name: str) -> None:
    strip_of(inbox).get_by_role("button", name=name, exact=True).click()


def test_strip_is_shown_only_while_something_is_unusual(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="As usual")
    inbox.open()
    expect(inbox.row("As usual")).to_be_visible()
    expect(inbox.page.locator("#strip")).to_be_hidden()
    api = api_of(own_mock)
    api.post("clock/freeze", {"at": "2020-01-31T12:00:00Z"})
    api.post("faults", DOWN)
    Api(own_mock).request_json("PUT", "scenario", {"rule": [{"match": {"tag": "otp"}, "outcome": "invalid"}]})
    strip = strip_of(inbox)
    expect(strip).to_contain_text("Clock frozen at 31 Jan 12:00:00")
    expect(strip).to_contain_text("Fault: status 503, 2 left, 10 min")
    expect(strip).to_contain_text("Scenario the scenario, 0 applied")
    own_mock.post(json.dumps(body(NUMBER)))
    expect(strip).to_contain_text("1 left")
    press_end(inbox, "Remove: Fault: status 503")
    expect(strip).not_to_contain_text("Fault")
    api.send(NUMBER, tags=["otp"])
    expect(strip).to_contain_text("1 applied")
    press_end(inbox, "Unload: Scenario the scenario")
    expect(strip).not_to_contain_text("Scenario")
    expect(strip.get_by_role("button", name="Clock frozen at 31")).to_be_focused()
    press_end(inbox, "Resume: Clock frozen")
    expect(inbox.page.locator("#strip")).to_be_hidden()
    assert api.get("clock")["frozen"] is False


def test_click_on_a_pill_opens_its_section_of_the_controls(inbox: Inbox, own_mock: Mock) -> None:
    api_of(own_mock).post("faults", DOWN)
    inbox.open()
    strip_of(inbox).get_by_role("button", name="Fault: status 503, 2 left").click()
    expect(inbox.page).to_have_url(re.compile("panel=controls&section=faults"))
    expect(inbox.panel.get_by_text("Faults", exact=True)).to_be_in_viewport()
    expect(inbox.panel.locator("summary", has_text="Faults")).to_be_focused()
    expect(inbox.panel.get_by_label("Active faults")).to_contain_text("all, the first 2 → HTTP 503")
    inbox.page.keyboard.press("Escape")
    expect(inbox.page).not_to_have_url(re.compile("section"))


def test_fault_leaves_the_strip_with_its_last_use(inbox: Inbox, own_mock: Mock) -> None:
    api_of(own_mock).post("faults", {**DOWN, "times": 1})
    inbox.open("?panel=controls")
    strip = strip_of(inbox)
    expect(strip).to_contain_text("Fault: status 503, 1 left, 10 min")
    expect(inbox.panel.get_by_label("Active faults")).to_contain_text("1 left")
    own_mock.post(json.dumps(body(NUMBER)))
    expect(inbox.page.locator("#strip")).to_be_hidden()
    expect(inbox.panel.get_by_label("Active faults")).to_have_text("No active faults.")
    Api(own_mock).post("faults", {**DOWN, "times": 1})
    expect(strip).to_contain_text("Fault: status 503, 1 left, 10 min")
    own_mock.post(json.dumps(body(NUMBER)))
    expect(strip).to_contain_text("Fault: status 503, 1 left, new accounts only, 10 min")
    expect(inbox.panel.get_by_label("Active faults")).to_contain_text("new accounts only")


def test_controls_say_what_each_rule_matches_and_does(inbox: Inbox, own_mock: Mock) -> None:
    rules = [{"match": {"content": "<b>"}, "outcome": "rejected/kosher-number"}]
    Api(own_mock).request_json("PUT", "scenario", {"rule": rules})
    inbox.open("?panel=controls")
    expect(inbox.panel.get_by_role("row", name="rule 1 of the scenario")).to_be_visible()
    expect(inbox.panel.get_by_role("row").last).to_contain_text('content with "<b>" → rejected/kosher-number')


def test_pill_names_the_account_of_a_frozen_clock(inbox: Inbox, own_mock: Mock) -> None:
    one, other = Api(own_mock, "one-and-only-key"), Api(own_mock, "another-long-key")
    other.send(NUMBER)
    one.send(NUMBER)
    one.post("clock/freeze")
    inbox.open()
    key = one.get("account")["key"]
    expect(strip_of(inbox)).to_contain_text(f", {key}")
    inbox.open(f"?account={other.get('account')['id']}")
    expect(inbox.page.locator("#strip")).to_be_hidden()
    inbox.open()
    press_end(inbox, "Resume: Clock frozen")
    expect(inbox.page.locator("#strip")).to_be_hidden()


def test_failing_callbacks_are_shown_until_they_are_hidden_or_arrive(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    api.post("clock/freeze")
    with receiving() as receiver:
        receiver.responses = [Response(500), Response(502), Response(200)]
        api.patch(webhooks=[receiver.url])
        inbox.open()
        sent(own_mock, NUMBER)
        strip = strip_of(inbox)
        expect(strip).to_contain_text("Callbacks failing: HTTP 500 at 127.0.0.1")
        press_end(inbox, "Hide: Callbacks failing")
        expect(strip).not_to_contain_text("Callbacks")
        sent(own_mock, "972-54-2222222")
        expect(strip).to_contain_text("HTTP 502")
        strip.get_by_role("button", name="Callbacks failing: HTTP").click()
        latest = api.get("conditions")["failing"][0]["latest"]
        expect(inbox.page).to_have_url(re.compile(f"callback={latest}"))
        sent(own_mock, "972-54-3333333")
        expect(strip).not_to_contain_text("Callbacks")


def test_restart_is_shown(page: Page) -> None:
    with ExitStack() as open_page:
        with running(Settings(port=0, seed="tests")) as mock:
            inbox = Inbox(open_page.enter_context(visiting(page, mock.url))).open()
        expect(inbox.page.locator("#live")).to_contain_text("not live")
        with running(Settings(port=mock.port, seed="tests")):
            expect(strip_of(inbox)).to_contain_text("Mock restarted at")
            press_end(inbox, "Hide: Mock restarted")
            expect(inbox.page.locator("#strip")).to_be_hidden()
        inbox.watched.allow_issues("net::ERR_")
