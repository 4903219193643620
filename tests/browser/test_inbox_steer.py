"""The mock made to behave from its page: scenario, faults, account, clock, reset; and who may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from mocksms.settings import Settings
from tests.browser.conftest import Watched, watching
from tests.browser.inbox import Inbox, api_of, sent
from tests.inspection.support import KOSHER, NO_CREDIT, QUEUED, Api
from tests.receiver import receiving
from tests.support import KEY, NUMBER, Mock, body, running

TOKEN = "open sesame"


@pytest.fixture
def inbox(watched: Watched) -> Inbox:
    return Inbox(watched)


@pytest.fixture
def steer(inbox: Inbox, own_mock: Mock) -> Inbox:
    """The panel from which the mock is steered; there is one account."""
    sent(own_mock, NUMBER, content="Before")
    inbox.open("?panel=steer")
    expect(inbox.side.get_by_label("Credit in segments")).to_be_visible()
    return inbox


def test_scenario_is_loaded_and_its_rules_are_seen_to_fire(steer: Inbox, own_mock: Mock) -> None:
    pick = steer.side.get_by_label("Scenario", exact=True)
    pick.select_option("opt-out-mid-campaign")
    expect(steer.side).to_contain_text("A campaign goes to many")
    steer.press("Load")
    rule = steer.side.get_by_role("row").filter(has_text="answers STOP")
    expect(rule).to_have_class("unused")
    sent(own_mock, "972-54-2222222")
    expect(rule).to_have_class("fires")
    steer.press("Take it out")
    expect(steer.side).to_contain_text("None is in force")
    assert Api(own_mock).get("scenario")["rules"] == []


def test_fault_is_set_seen_to_hit_and_ended(steer: Inbox, own_mock: Mock) -> None:
    faults = steer.side.get_by_label("Faults in force")
    expect(faults).to_contain_text("None")
    steer.side.get_by_label("how often").fill("2")
    steer.press("Set the fault")
    expect(faults).to_contain_text("status 503 hit 0, 2 left")
    assert own_mock.post("{}").status_code != 503
    answer = own_mock.post('{"message": {"content": "x", "to": [{"mobile_number": "972-54-1111111"}]}}')
    assert answer.status_code == 503
    expect(faults).to_contain_text("hit 1, 1 left")
    expect(faults).to_contain_text("ends in")
    steer.press("End it")
    expect(faults).to_contain_text("None")


def test_fault_of_all_accounts_is_shown_once_with_all_its_hits(steer: Inbox, own_mock: Mock) -> None:
    steer.press("Set the fault")
    expect(steer.notice).to_have_text("The fault is set.")
    data = '{"message": {"content": "x", "to": [{"mobile_number": "972-54-1111111"}]}}'
    assert [own_mock.post(data, X_API_Key=key).status_code for key in (KEY, "another")] == [503, 503]
    expect(steer.side.get_by_label("Faults in force").get_by_role("listitem")).to_have_count(1)
    expect(steer.side.get_by_label("Faults in force")).to_contain_text("hit 2")


def test_fault_is_seen_to_end_by_itself(steer: Inbox) -> None:
    faults = steer.side.get_by_label("Faults in force")
    steer.side.get_by_label("at most for").fill("2s")
    steer.press("Set the fault")
    expect(faults).to_contain_text("ends in")
    expect(faults).to_contain_text("None")


def test_fault_ends_on_the_clock_of_the_mock(steer: Inbox, own_mock: Mock) -> None:
    api_of(own_mock).post("clock/freeze")
    steer.press("Set the fault")
    expect(steer.side.get_by_label("Faults in force")).to_contain_text("ends in 10 min")
    api_of(own_mock).post("clock/advance", {"by": "11m"})
    expect(steer.side.get_by_label("Faults in force")).to_contain_text("None")


def test_fault_that_cannot_be_is_refused_in_words(steer: Inbox) -> None:
    steer.side.get_by_label("at most for").fill("soon")
    steer.press("Set the fault")
    expect(steer.alarm).to_contain_text("ttl")
    steer.watched.forgive("400")


def test_clock_is_frozen_moved_and_let_run(steer: Inbox, own_mock: Mock) -> None:
    clock = steer.page.locator("#clock")
    steer.press("Freeze")
    expect(clock).to_contain_text("frozen")
    sent(own_mock, "972-50-0000100", content="In five seconds")
    expect(steer.row("In five seconds")).to_contain_text("queued")
    steer.press("To the next step")
    expect(steer.row("In five seconds")).not_to_contain_text("queued")
    stands = datetime.fromisoformat(api_of(own_mock).get("clock")["now"])
    steer.press("+1h")
    expect(steer.side.locator(".now")).to_contain_text(f"{stands + timedelta(hours=1):%H:%M:%S}, frozen")
    steer.side.get_by_label("Move time forward by").fill("1d")
    steer.press("Advance")
    expect(steer.side.locator(".now")).to_contain_text(f"{stands + timedelta(days=1, hours=1):%-d %b %H:%M:%S}, frozen")
    steer.press("Let it run")
    expect(clock).not_to_contain_text("frozen")


def test_credit_sends_what_waited(steer: Inbox, own_mock: Mock) -> None:
    credit = steer.side.get_by_label("Credit in segments")
    credit.fill("0")
    credit.press("Enter")
    expect(steer.notice).to_have_text("Changed.")
    sent(own_mock, "972-54-2222222", content="Too dear")
    expect(steer.row("Too dear")).to_contain_text("insufficient-funds")
    credit.fill("10")
    credit.press("Enter")
    expect(steer.row("Too dear")).not_to_contain_text("insufficient-funds")
    assert api_of(own_mock).get("account")["credit"] == 9
    credit.fill("")
    credit.press("Enter")
    expect(credit).to_have_value("")


def test_gateway_right_sender_and_lists_are_changed(steer: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    steer.side.get_by_label("has an SMS gateway").uncheck()
    expect(steer.notice).to_have_text("Changed.")
    assert api.get("account")["gateway"] is False
    steer.side.get_by_label("may use the REST API").uncheck()
    expect(steer.side.get_by_label("may use the REST API")).not_to_be_checked()
    steer.side.get_by_text("Kosher: 0").click()
    number = steer.side.get_by_label("Add a number to the list kosher")
    number.fill("972-54-3333333")
    number.press("Enter")
    expect(steer.side.get_by_text("Kosher: 1")).to_be_visible()
    steer.side.get_by_label("Sender").fill("Bank")
    steer.side.get_by_label("Sender").press("Enter")
    expect(steer.side.get_by_label("Sender")).to_have_value("Bank")
    account = api.get("account")
    assert (account["rest_right"], account["kosher"], account["sender"]) == (False, ["972543333333"], "Bank")


def test_receivers_of_callbacks_are_added_and_taken_out(steer: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    kept = {"url": "http://127.0.0.1:9/kept", "kind": "transactional", "events": ["hard_bounce"]}
    api.patch(webhooks=[kept])
    steer.side.get_by_text("Receivers of callbacks: 1").click()
    url = steer.side.get_by_label("Address of a receiver")
    with receiving() as receiver:
        url.fill(receiver.url)
        steer.side.get_by_label("What it receives").select_option("automation")
        url.press("Enter")
        expect(steer.side.get_by_text("Receivers of callbacks: 2")).to_be_visible()
        added = {"url": receiver.url, "kind": "automation", "events": None}
        assert api.get("account")["webhooks"] == [kept, added]
    url.fill("ftp://127.0.0.1/")
    url.press("Enter")
    expect(steer.alarm).to_contain_text("url")
    expect(url).to_have_value("ftp://127.0.0.1/")
    steer.side.get_by_role("button", name="Take http://127.0.0.1:9/kept transactional hard_bounce out").click()
    expect(steer.side.get_by_text("Receivers of callbacks: 1")).to_be_visible()
    assert api.get("account")["webhooks"] == [added]
    steer.watched.forgive("400")


def test_one_of_several_accounts_is_asked_for_where_one_is_needed(steer: Inbox, own_mock: Mock) -> None:
    Api(own_mock, "another-key").send(NUMBER)
    expect(steer.side).to_contain_text("Which one?")
    steer.press("anot…")
    expect(steer.side).to_contain_text("For the account anot….")
    steer.press("Freeze")
    expect(steer.page.locator("#clock")).to_contain_text("frozen")
    assert [account["clock"]["frozen"] for account in Api(own_mock).get("accounts")["accounts"]] == [True, False]


def test_reset_asks_first_and_says_what_goes(steer: Inbox, own_mock: Mock) -> None:
    sent(own_mock, KOSHER)
    steer.press("Reset…")
    asked = steer.page.get_by_role("dialog")
    expect(asked).to_contain_text("2 SMS")
    asked.get_by_role("button", name="Keep everything").click()
    expect(asked).to_be_hidden()
    steer.press("Reset…")
    assert not any("/_mock/reset" in url for url in steer.watched.asked)
    assert Api(own_mock).get("health")["messages"] == 2
    asked.get_by_role("button", name="Reset", exact=True).click()
    expect(steer.page.get_by_role("heading", name="No SMS yet")).to_be_visible()
    assert Api(own_mock).get("health")["messages"] == 0


@pytest.fixture
def locked(browser: Browser) -> Iterator[tuple[Inbox, Mock]]:
    """A page of a mock that was started with a control token, and the mock."""
    with running(Settings(port=0, seed="tests", control_token=TOKEN)) as mock, watching(browser, mock) as watched:
        yield Inbox(watched), mock


def test_control_token_is_asked_for_and_kept_for_the_tab_alone(locked: tuple[Inbox, Mock]) -> None:
    inbox, mock = locked
    mock.send(NUMBER, content="For those who know", add_unsubscribe_link=False)
    inbox.page.goto(mock.url)
    asked = inbox.page.get_by_role("dialog")
    asked.get_by_label("Token").fill("wrong")
    asked.get_by_role("button", name="Enter").click()
    expect(asked).to_contain_text("That was not it.")
    asked.get_by_label("Token").fill("סומסום")
    asked.get_by_role("button", name="Enter").click()
    expect(asked.get_by_label("Token")).to_have_value("סומסום")
    asked.get_by_label("Token").fill(TOKEN)
    asked.get_by_role("button", name="Enter").click()
    inbox.expect_live()
    expect(inbox.row(NUMBER)).to_contain_text("For those who know")
    inbox.watched.forgive("401")
    inbox.open()
    expect(inbox.row(NUMBER)).to_be_visible()
    kept = inbox.page.evaluate("[JSON.stringify({...localStorage}), document.cookie, location.href]")
    assert not any(TOKEN in each for each in kept)
    assert TOKEN in inbox.page.evaluate("JSON.stringify({...sessionStorage})")


def test_page_steers_by_the_inspection_api_and_sends_by_the_emulated_one(steer: Inbox, own_mock: Mock) -> None:
    steer.press("Freeze")
    steer.page.get_by_role("button", name="New SMS").click()
    steer.write("Hello", to=f"{QUEUED}, {NO_CREDIT}")
    expect(steer.side.locator(".sent li")).to_have_count(2)
    paths = {url.removeprefix(own_mock.url).partition("?")[0] for url in steer.watched.asked}
    own = ("/_mock/", "/inbox/", "/shared/")
    assert {path for path in paths if not path.startswith(own)} == {
        "/",
        "/rest/v1/transactional/sms/send",
    }
    assert body()["message"]["content"] == "Hello"
