"""The controls: scenario, faults, account, clock, reset; and the control token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from mocksms.engine.keys import account_id
from mocksms.settings import Settings
from tests.browser.conftest import visiting
from tests.browser.inbox import Inbox, api_of, sent
from tests.inspection.support import KOSHER, NO_CREDIT, QUEUED, Api
from tests.receiver import receiving
from tests.support import KEY, NUMBER, TIMEOUT, Mock, running

TOKEN = "open sesame"


@pytest.fixture
def controls(inbox: Inbox, own_mock: Mock) -> Inbox:
    """The controls of a mock with one account."""
    sent(own_mock, NUMBER, content="Before")
    inbox.open("?panel=controls")
    expect(inbox.panel.get_by_label("Credit in segments")).to_be_visible()
    return inbox


def test_scenario_is_loaded_and_shows_which_rules_are_applied(controls: Inbox, own_mock: Mock) -> None:
    select = controls.panel.get_by_label("Scenario", exact=True)
    select.select_option("opt-out-mid-campaign")
    expect(controls.panel).to_contain_text("A campaign to many recipients")
    controls.press("Load")
    rule = controls.panel.get_by_role("row").filter(has_text="replies STOP")
    expect(rule).to_have_class("unused")
    sent(own_mock, "972-54-2222222")
    expect(rule).to_have_class("just-applied")
    controls.press("Unload")
    expect(controls.panel).to_contain_text("No active scenario")
    assert Api(own_mock).get("scenario")["rules"] == []
    front = {"rule": [{"name": "first", "outcome": "sent"}]}
    api_of(own_mock).request_json("PUT", "scenario", front, front="true")
    controls.open(f"?panel=controls&account={account_id(KEY)}")
    expect(controls.panel.get_by_role("row").filter(has_text="rule 1 (first) of the scenario in front")).to_be_visible()
    expect(controls.panel).to_contain_text("Active: none")


def test_fault_is_set_shows_how_often_it_was_applied_and_is_removed(controls: Inbox, own_mock: Mock) -> None:
    faults = controls.panel.get_by_label("Active faults")
    expect(faults).to_contain_text("No active faults")
    controls.panel.get_by_label("how many times").fill("2")
    controls.press("Set fault")
    expect(faults).to_contain_text("status 503 applied 0, 2 left")
    assert own_mock.post("{}").status_code != 503
    response = own_mock.post('{"message": {"content": "x", "to": [{"mobile_number": "972-54-1111111"}]}}')
    assert response.status_code == 503
    expect(faults).to_contain_text("applied 1, 1 left")
    expect(faults).to_contain_text("ends in")
    controls.press("Remove")
    expect(faults).to_contain_text("No active faults")


def test_held_request_is_shown_and_released(controls: Inbox, own_mock: Mock, threads: ThreadPoolExecutor) -> None:
    faults = controls.panel.get_by_label("Active faults")
    controls.panel.get_by_label("The next sends get").select_option("no response until released or after 10 min")
    controls.press("Set fault")
    expect(faults).to_contain_text("hold applied 0")
    sending = threads.submit(own_mock.send, NUMBER)
    expect(faults).to_contain_text("1 waiting")
    controls.press("Release")
    assert sending.result(TIMEOUT)
    expect(faults).to_contain_text("No active faults")


def test_fault_for_all_accounts_is_shown_once_with_its_total(controls: Inbox, own_mock: Mock) -> None:
    controls.panel.get_by_label("how many times").fill("2")
    controls.press("Set fault")
    expect(controls.notice).to_have_text("Fault set.")
    data = '{"message": {"content": "x", "to": [{"mobile_number": "972-54-1111111"}]}}'
    assert [own_mock.post(data, X_API_Key=key).status_code for key in (KEY, "another")] == [503, 503]
    expect(controls.panel.get_by_label("Active faults").get_by_role("listitem")).to_have_count(1)
    expect(controls.panel.get_by_label("Active faults")).to_contain_text("applied 2, 1 left")


def test_fault_that_has_ended_disappears(controls: Inbox) -> None:
    faults = controls.panel.get_by_label("Active faults")
    controls.panel.get_by_label("for at most").fill("2s")
    controls.press("Set fault")
    expect(faults).to_contain_text("ends in")
    expect(faults).to_contain_text("No active faults")


def test_fault_ends_on_the_clock_of_the_mock(controls: Inbox, own_mock: Mock) -> None:
    api_of(own_mock).post("clock/freeze")
    controls.press("Set fault")
    expect(controls.panel.get_by_label("Active faults")).to_contain_text("ends in 10 min")
    api_of(own_mock).post("clock/advance", {"by": "11m"})
    expect(controls.panel.get_by_label("Active faults")).to_contain_text("No active faults")


def test_invalid_fault_shows_the_error_of_the_api(controls: Inbox) -> None:
    controls.panel.get_by_label("for at most").fill("soon")
    controls.press("Set fault")
    expect(controls.panel.locator(".field-error")).to_contain_text("Must be a duration such as 250ms")
    controls.watched.allow_issues("400")


def test_clock_is_frozen_advanced_and_resumed(controls: Inbox, own_mock: Mock) -> None:
    clock = controls.page.locator("#clock")
    controls.press("Freeze")
    expect(clock).to_contain_text("frozen")
    sent(own_mock, "972-50-0000100", content="In five seconds")
    expect(controls.row("In five seconds")).to_contain_text("queued")
    controls.press("Advance to the next step")
    expect(controls.row("In five seconds")).not_to_contain_text("queued")
    now = datetime.fromisoformat(api_of(own_mock).get("clock")["now"])
    controls.press("+1h")
    shown = controls.panel.locator(".time")
    expect(shown).to_contain_text(re.compile(rf"{now + timedelta(hours=1):%H:%M:%S}\.\d{{3}} UTC, frozen"))
    controls.panel.get_by_label("Advance the clock by").fill("1d")
    controls.press("Advance")
    later = now + timedelta(days=1, hours=1)
    expect(shown).to_contain_text(re.compile(rf"^{later:%-d %b %Y, %H:%M:%S}\.\d{{3}} UTC, frozen"))
    controls.press("Resume")
    expect(clock).not_to_contain_text("frozen")


def test_new_credit_sends_messages_that_waited(controls: Inbox, own_mock: Mock) -> None:
    credit = controls.panel.get_by_label("Credit in segments")
    credit.fill("0")
    credit.press("Enter")
    expect(controls.notice).to_have_text("Account updated.")
    sent(own_mock, "972-54-2222222", content="Too dear")
    expect(controls.row("Too dear")).to_contain_text("insufficient-funds")
    credit.fill("10")
    credit.press("Enter")
    expect(controls.row("Too dear")).not_to_contain_text("insufficient-funds")
    assert api_of(own_mock).get("account")["credit"] == 9
    credit.fill("")
    credit.press("Enter")
    expect(credit).to_have_value("")


def test_gateway_rest_right_sender_and_lists_are_updated(controls: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    controls.panel.get_by_label("has an SMS gateway").uncheck()
    expect(controls.notice).to_have_text("Account updated.")
    assert api.get("account")["gateway"] is False
    controls.panel.get_by_label("may use the REST API").uncheck()
    expect(controls.panel.get_by_label("may use the REST API")).not_to_be_checked()
    controls.panel.get_by_text("Kosher: 0").click()
    number = controls.panel.get_by_label("Add a number to the list kosher")
    number.fill("972-54-3333333")
    number.press("Enter")
    expect(controls.panel.get_by_text("Kosher: 1")).to_be_visible()
    controls.panel.get_by_label("Sender").fill("Bank")
    controls.panel.get_by_label("Sender").press("Enter")
    expect(controls.panel.get_by_label("Sender")).to_have_value("Bank")
    account = api.get("account")
    assert (account["rest_right"], account["kosher"], account["sender"]) == (False, ["972543333333"], "Bank")


def test_webhooks_are_added_and_removed(controls: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    first = {"url": "http://127.0.0.1:9/first", "kind": "transactional", "events": ["hard_bounce"]}
    api.patch(webhooks=[first])
    controls.panel.get_by_text("Webhooks: 1").click()
    url = controls.panel.get_by_label("URL of a webhook")
    with receiving() as receiver:
        url.fill(receiver.url)
        controls.panel.get_by_label("Kind of webhook").select_option("automation")
        url.press("Enter")
        expect(controls.panel.get_by_text("Webhooks: 2")).to_be_visible()
        added = {"url": receiver.url, "kind": "automation", "events": None, "paused": False}
        assert api.get("account")["webhooks"] == [{**first, "paused": False}, added]
    url.fill("ftp://127.0.0.1/")
    url.press("Enter")
    expect(controls.panel.locator(".field-error")).to_contain_text("Must be an address such as http://")
    expect(url).to_have_value("ftp://127.0.0.1/")
    controls.panel.get_by_role("button", name="Remove http://127.0.0.1:9/first transactional hard_bounce").click()
    expect(controls.panel.get_by_text("Webhooks: 1")).to_be_visible()
    assert api.get("account")["webhooks"] == [added]
    controls.watched.allow_issues("400")


def test_account_is_selected_if_there_are_several(controls: Inbox, own_mock: Mock) -> None:
    Api(own_mock, "another-key").send(NUMBER)
    expect(controls.panel).to_contain_text("Select an account:")
    controls.press("anot…")
    expect(controls.panel).to_contain_text("For the account anot….")
    controls.press("Freeze")
    expect(controls.page.locator("#clock")).to_contain_text("frozen")
    assert [account["clock"]["frozen"] for account in Api(own_mock).get("accounts")["accounts"]] == [True, False]


def test_reset_needs_confirmation_and_says_what_is_deleted(controls: Inbox, own_mock: Mock) -> None:
    sent(own_mock, KOSHER)
    controls.press("Reset…")
    dialog = controls.page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 SMS")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    controls.press("Reset…")
    assert not any("/_mock/reset" in url for url in controls.watched.requested)
    assert Api(own_mock).get("health")["messages"] == 2
    dialog.get_by_role("button", name="Reset", exact=True).click()
    expect(controls.page.get_by_role("heading", name="No SMS yet")).to_be_visible()
    assert Api(own_mock).get("health")["messages"] == 0


def test_overview_resets_with_two_clicks(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER)
    inbox.open()
    inbox.page.get_by_role("region", name="Overview").get_by_role("button", name="Reset…").click()
    inbox.page.get_by_role("dialog").get_by_role("button", name="Reset", exact=True).click()
    expect(inbox.page.get_by_role("heading", name="No SMS yet")).to_be_visible()


COUNT_INTERVALS = """() => {
  window.intervals = new Set();
  const { setInterval: start, clearInterval: stop } = window;
  window.setInterval = (...args) => { const id = start(...args); window.intervals.add(id); return id; };
  window.clearInterval = (id) => { stop(id); window.intervals.delete(id); };
}"""


def test_timer_of_the_faults_runs_only_while_the_controls_are_open(inbox: Inbox) -> None:
    inbox.open()
    inbox.page.evaluate(COUNT_INTERVALS)
    before = inbox.page.evaluate("window.intervals.size")
    button = inbox.page.get_by_role("button", name="Controls")
    for _ in range(2):
        button.click()
        expect(inbox.panel.get_by_label("Active faults")).to_contain_text("No active faults")
        assert inbox.page.evaluate("window.intervals.size") == before + 1
        inbox.press("Close details")
        expect(inbox.panel).to_be_hidden()
        assert inbox.page.evaluate("window.intervals.size") == before
    button.click()
    expect(inbox.panel.get_by_label("Active faults")).to_be_visible()
    inbox.page.get_by_role("button", name="New SMS").click()
    expect(inbox.panel.get_by_label("Text")).to_be_visible()
    assert inbox.page.evaluate("window.intervals.size") == before


@pytest.fixture
def locked(page: Page) -> Iterator[tuple[Inbox, Mock]]:
    """A page of a mock that was started with a control token, and the mock."""
    with running(Settings(port=0, seed="tests", control_token=TOKEN)) as mock, visiting(page, mock.url) as watched:
        yield Inbox(watched), mock


def test_control_token_is_entered_in_a_dialog_and_stored_for_the_tab_only(locked: tuple[Inbox, Mock]) -> None:
    inbox, mock = locked
    mock.send(NUMBER, content="For those who know", add_unsubscribe_link=False)
    inbox.page.goto(mock.url)
    dialog = inbox.page.get_by_role("dialog")
    dialog.get_by_label("Token").fill("wrong")
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog).to_contain_text("Wrong token.")
    dialog.get_by_label("Token").fill("סומסום")
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog.get_by_label("Token")).to_have_value("סומסום")
    dialog.get_by_label("Token").fill(TOKEN)
    dialog.get_by_role("button", name="Continue").click()
    inbox.expect_live()
    expect(inbox.row(NUMBER)).to_contain_text("For those who know")
    inbox.open()
    expect(inbox.row(NUMBER)).to_be_visible()
    stored = inbox.page.evaluate("[JSON.stringify({...localStorage}), document.cookie, location.href]")
    assert not any(TOKEN in each for each in stored)
    assert TOKEN in inbox.page.evaluate("JSON.stringify({...sessionStorage})")
    inbox.watched.allow_issues("401")


def test_page_uses_only_the_inspection_api(controls: Inbox, own_mock: Mock) -> None:
    controls.press("Freeze")
    controls.page.get_by_role("button", name="New SMS").click()
    controls.compose("Hello", to=f"{QUEUED}, {NO_CREDIT}")
    expect(controls.panel.locator(".result li")).to_have_count(2)
    paths = {url.removeprefix(own_mock.url).partition("?")[0] for url in controls.watched.requested}
    own = ("/_mock/", "/inbox/", "/common/")
    assert {path for path in paths if not path.startswith(own)} == {"/"}
