"""The tab of callbacks: webhooks as cards, rows, the panel of one callback, pause and replay."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from mocksms.settings import Settings
from tests.browser.conftest import visiting
from tests.browser.inbox import Inbox, api_of, sent
from tests.inspection.support import Api
from tests.receiver import Receiver, Response, receiving
from tests.support import NUMBER, Mock, running

BAD = Response(500, b'{"error": "database is locked"}')


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def shared() -> Iterator[Mock]:
    """A mock that makes one attempt for each callback."""
    with running(Settings(port=0, webhook_retry=())) as mock:
        yield mock


@pytest.fixture
def mock(shared: Mock, receiver: Receiver) -> Mock:
    """The mock with one webhook and no messages."""
    api = api_of(shared)
    api.post("reset")
    api.patch(webhooks=[receiver.url])
    receiver.requests.clear()
    receiver.responses.clear()
    return shared


@pytest.fixture
def inbox(page: Page, mock: Mock) -> Iterator[Inbox]:
    with visiting(page, mock.url) as watched:
        yield Inbox(watched)


def settle(api: Api) -> None:
    api.post("clock/advance", {"by": 0})


def hold(inbox: Inbox, url: str | re.Pattern[str], *methods: str) -> list[Route]:
    """Return the requests of the page to a URL, which wait until the test continues them."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        if not methods or route.request.method in methods:
            held.append(route)
        else:
            route.continue_()

    inbox.page.route(url, keep)
    return held


def failed_send(mock: Mock, receiver: Receiver, number: str = NUMBER) -> str:
    """Send an SMS whose callback fails, and return its id."""
    receiver.responses.append(BAD)
    message = sent(mock, number)
    settle(api_of(mock))
    return message


def test_failing_callback_is_one_click_away_and_says_why(inbox: Inbox, mock: Mock, receiver: Receiver) -> None:
    failed_send(mock, receiver)
    inbox.open()
    tab = inbox.page.get_by_role("link", name="Callbacks 1 failing")
    tab.click()
    expect(inbox.row("failed", "send", NUMBER)).to_contain_text("HTTP 500")
    inbox.row("failed").click()
    expect(inbox.page).to_have_url(re.compile("callback="))
    expect(inbox.panel.get_by_role("region", name="Response of the webhook")).to_contain_text("database is locked")
    expect(inbox.panel.get_by_role("region", name="Body of the request")).to_contain_text(NUMBER)


def test_replay_shows_the_new_callback_and_all_failed_ones_are_replayed_at_once(
    inbox: Inbox, mock: Mock, receiver: Receiver
) -> None:
    for _ in range(3):
        failed_send(mock, receiver)
    inbox.open("?view=callbacks")
    inbox.row("failed").first.click()
    inbox.press("Replay")
    expect(inbox.panel.locator(".state")).to_contain_text("delivered")
    expect(inbox.fact("repeats")).to_be_visible()
    inbox.page.get_by_role("button", name="Replay all failed (2)").click()
    expect(inbox.row("delivered")).to_have_count(3)
    expect(inbox.page.get_by_role("button", name="Replay all failed")).to_have_count(0)
    assert len(receiver.bodies()) == 6


def test_paused_webhook_keeps_its_callbacks_until_it_is_resumed(inbox: Inbox, mock: Mock, receiver: Receiver) -> None:
    inbox.open("?view=callbacks")
    card = inbox.page.get_by_role("list", name="Webhooks").get_by_role("listitem").filter(has_text=receiver.url)
    card.get_by_role("button", name="Pause").press("Enter")
    expect(card).to_contain_text("paused")
    expect(card.get_by_role("button", name="Resume")).to_be_visible()
    sent(mock, NUMBER)
    expect(inbox.row("paused")).to_contain_text("waits until resumed")
    inbox.row("paused").click()
    inbox.press("Resume webhook")
    expect(inbox.row("delivered")).to_contain_text("HTTP 200")
    expect(inbox.panel.locator(".state")).to_contain_text("delivered")
    assert len(receiver.bodies()) == 1


def test_empty_list_offers_nothing_before_the_webhooks_are_known(inbox: Inbox) -> None:
    held = hold(inbox, "**/_mock/webhooks*")
    inbox.open("?view=callbacks")
    expect(inbox.page.get_by_role("status").filter(has_text="0 callbacks")).to_be_visible()
    expect(inbox.page.locator(".empty-state").get_by_role("button")).to_have_count(0)
    held.pop().continue_()
    expect(inbox.page.locator(".empty-state").get_by_role("button")).to_have_text("Send a test SMS")


def test_webhook_is_added_edited_and_removed(inbox: Inbox, mock: Mock) -> None:
    inbox.open("?view=callbacks")
    inbox.page.get_by_role("button", name="Add webhook").click()
    inbox.panel.get_by_label("URL").fill("no address")
    inbox.press("Add webhook")
    expect(inbox.panel.get_by_role("alert")).to_contain_text("address such as http://127.0.0.1:8000/hooks")
    inbox.panel.get_by_label("URL").fill("http://127.0.0.1:1/second")
    inbox.panel.get_by_label("Kind").select_option("automation")
    inbox.panel.get_by_label("smsSent").check()
    inbox.press("Add webhook")
    card = inbox.page.get_by_role("listitem").filter(has_text="/second")
    expect(card).to_contain_text("smsSent, smsClicked, SmsReply, smsUnsubscribed")
    card.get_by_role("button", name="Edit").click()
    inbox.panel.get_by_label("URL").fill("http://127.0.0.1:1/third")
    inbox.panel.get_by_label("smsSent").uncheck()
    inbox.press("Save")
    edited = inbox.page.get_by_role("listitem").filter(has_text="/third")
    expect(edited).to_contain_text("default events")
    edited.get_by_role("button", name="Remove").click()
    expect(edited).to_have_count(0)
    assert len(api_of(mock).get("account")["webhooks"]) == 1
    inbox.watched.allow_issues("400")


def test_panel_shows_no_form_about_something_else_while_it_is_read(inbox: Inbox, receiver: Receiver) -> None:
    held = hold(inbox, "**/_mock/account?*")
    inbox.open("?view=callbacks")
    inbox.page.get_by_role("button", name="Add webhook").click()
    inbox.panel.get_by_label("URL").fill("http://127.0.0.1:1/new")
    inbox.panel.get_by_role("button", name="Close details").click()
    for _ in range(2):
        inbox.page.get_by_role("button", name=f"Edit {receiver.url}").click()
        expect(inbox.panel).to_be_visible()
        expect(inbox.panel.get_by_label("URL")).to_have_count(0)
        held.pop().continue_()
        expect(inbox.panel.get_by_label("URL")).to_have_value(receiver.url)
        expect(inbox.panel.get_by_label("URL")).to_be_focused()
        inbox.page.get_by_role("button", name="Add webhook").first.click()
        expect(inbox.panel.get_by_label("URL")).to_have_value("")


@pytest.mark.parametrize("action", ["webhook", "replay", "replay all"])
def test_late_response_leaves_what_was_opened_meanwhile(
    inbox: Inbox, mock: Mock, receiver: Receiver, action: str
) -> None:
    failed_send(mock, receiver)
    inbox.open("?view=callbacks")
    buttons = {
        "webhook": inbox.panel.get_by_role("button", name="Add webhook"),
        "replay": inbox.panel.get_by_role("button", name="Replay"),
        "replay all": inbox.page.get_by_role("button", name="Replay all failed (1)"),
    }
    if action == "webhook":
        inbox.page.get_by_role("button", name="Add webhook").click()
        inbox.panel.get_by_label("URL").fill("http://127.0.0.1:1/new")
    elif action == "replay":
        inbox.row("failed").click()
    held = hold(inbox, re.compile(r"/_mock/(account|callbacks/\w+/replay)(\?|$)"), "PATCH", "POST")
    buttons[action].click()
    inbox.page.get_by_role("link", name="Phones").click()
    inbox.page.get_by_role("searchbox").fill("other")
    inbox.page.keyboard.press("Enter")
    expect(inbox.page).to_have_url(re.compile(r"/\?search=other$"))
    held.pop().continue_()
    expect(inbox.notice).to_contain_text({"webhook": "Webhook added."}.get(action, "eplayed"))
    expect(inbox.page).to_have_url(re.compile(r"/\?search=other$"))


def test_removal_that_drops_callbacks_is_confirmed(inbox: Inbox, mock: Mock, receiver: Receiver) -> None:
    api_of(mock).patch(webhooks=[{"url": receiver.url, "paused": True}])
    sent(mock, NUMBER)
    inbox.open("?view=callbacks")
    inbox.page.get_by_role("button", name="Remove").click()
    dialog = inbox.page.get_by_role("dialog", name="Remove the webhook")
    expect(dialog).to_contain_text("1 callback to it wait")
    dialog.get_by_role("button", name="Remove").click()
    expect(inbox.row("dropped")).to_be_visible()


def test_callbacks_are_filtered_by_chips_words_and_cards(inbox: Inbox, mock: Mock, receiver: Receiver) -> None:
    failed_send(mock, receiver)
    sent(mock, "972-54-2222222")
    settle(api_of(mock))
    inbox.open("?view=callbacks")
    expect(inbox.list.get_by_role("option")).to_have_count(2)
    inbox.page.locator(".list-filters").get_by_role("button", name="failed").click()
    expect(inbox.list.get_by_role("option")).to_have_count(1)
    expect(inbox.page.get_by_role("searchbox")).to_have_value("state:failed")
    inbox.page.get_by_role("searchbox").fill("054-222")
    inbox.page.keyboard.press("Enter")
    expect(inbox.row("972-54-2222222")).to_be_visible()
    expect(inbox.list.get_by_role("option")).to_have_count(1)
    inbox.page.get_by_role("searchbox").fill("nothing")
    inbox.page.keyboard.press("Enter")
    expect(inbox.page.get_by_role("heading", name="No callback found")).to_be_visible()
    inbox.page.get_by_role("button", name="1 failed to").click()
    expect(inbox.row("failed")).to_have_count(1)


def test_message_and_phone_show_what_came_of_their_callbacks(inbox: Inbox, mock: Mock, receiver: Receiver) -> None:
    message = failed_send(mock, receiver)
    inbox.open()
    inbox.choose(NUMBER)
    bubble = inbox.page.locator(f"[data-id='{message}']")
    expect(bubble).to_contain_text("callbacks failed")
    expect(inbox.row(NUMBER)).to_contain_text("callbacks failed")
    api_of(mock).post("callbacks/failed/replay")
    expect(bubble).to_contain_text("callbacks delivered")
    expect(inbox.row(NUMBER)).to_contain_text("callbacks delivered")
