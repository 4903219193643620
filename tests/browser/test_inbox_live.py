"""The inbox while events arrive: live, after a lost connection, and with very many messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, Route, expect

from mocksms.settings import Settings
from tests.browser.conftest import visiting
from tests.browser.inbox import Inbox, api_of, sent
from tests.browser.watched import Watched
from tests.inspection.support import LATER, QUEUED, Api
from tests.support import KEY, NUMBER, TIMEOUT, Mock, running, send_pipelined

MANY = 2_000
BURST = 1_000
FRAMES = """() => {
  window.longest = 0;
  let last = performance.now();
  const step = (now) => {
    window.longest = Math.max(window.longest, now - last);
    last = now;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""
"""Records the longest time between two frames."""


def test_all_views_are_updated_by_events(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open()
    message = sent(own_mock, QUEUED, content="Wait for me")
    expect(inbox.row("Wait for me")).to_contain_text("queued")
    inbox.choose("Wait for me")
    inbox.open_details("Wait for me")
    api = api_of(own_mock)
    api.post(f"messages/{message}/send")
    for place in (inbox.row("Wait for me"), inbox.bubble("Wait for me"), inbox.panel.locator(".state")):
        expect(place).not_to_contain_text("queued")
    api.post("inbound", {"from": QUEUED, "text": "Here I am"})
    expect(inbox.bubble("Here I am")).to_be_visible()
    api.post("clock/freeze")
    expect(inbox.page.locator("#clock")).to_contain_text("frozen")
    api.request_json("DELETE", "messages")
    expect(inbox.bubble("Wait for me")).to_have_count(0)
    expect(inbox.panel).to_contain_text("Not found")
    inbox.watched.allow_issues("404")


def test_message_that_no_longer_matches_leaves_the_results(inbox: Inbox, own_mock: Mock) -> None:
    messages = api_of(own_mock).send(*(f"972-50-00002{place:02}" for place in range(100)), *["972-50-0000200"] * 20)
    inbox.open("?status=queued")
    expect(inbox.page.locator("#list")).to_contain_text("120 found")
    expect(inbox.row("972-50-0000200")).not_to_have_count(0)
    api_of(own_mock).post(f"messages/{messages[-1]}/send")
    api_of(own_mock).post(f"messages/{messages[-2]}/send")
    expect(inbox.page.locator("#list")).to_contain_text("118 found")
    expect(inbox.list.get_by_role("option").first).to_have_attribute("aria-setsize", "100")
    inbox.page.keyboard.press("j")
    expect(inbox.page).to_have_url(re.compile(messages[-3]))


def test_new_request_appears_in_the_list(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open("?view=requests")
    expect(inbox.page.get_by_role("heading", name="No requests yet")).to_be_visible()
    own_mock.get("/rest/v1/nothing")
    expect(inbox.row("404")).to_be_visible()


def test_lost_connection_is_shown_and_missed_messages_appear_later(page: Page) -> None:
    with ExitStack() as open_page:
        with running(Settings(port=0, seed="tests")) as mock:
            inbox = Inbox(open_page.enter_context(visiting(page, mock.url))).open()
            sent(mock, NUMBER, content="Before")
            expect(inbox.row("Before")).to_be_visible()
        expect(inbox.page.locator("#live")).to_contain_text("not live")
        with running(Settings(port=mock.port, seed="tests")) as again:
            sent(again, "972-54-2222222", content="Meanwhile")
            inbox.expect_live()
            expect(inbox.row("Meanwhile")).to_be_visible()
            expect(inbox.row("Before")).to_have_count(0)
        inbox.watched.allow_issues("net::ERR_")


def test_restarted_mock_shows_no_messages_from_before(page: Page) -> None:
    with ExitStack() as open_page:
        with running(Settings(port=0, seed="tests")) as mock:
            inbox = Inbox(open_page.enter_context(visiting(page, mock.url))).open()
            sent(mock, NUMBER, content="Before")
            inbox.choose("Before")
            expect(inbox.bubble("Before")).to_be_visible()
        expect(inbox.page.locator("#live")).to_contain_text("not live")
        with running(Settings(port=mock.port, seed="tests")) as again:
            sent(again, NUMBER, content="Meanwhile")
            inbox.expect_live()
            expect(inbox.row("Meanwhile")).to_be_visible()
            expect(inbox.thread.locator(".text")).to_have_text(["Meanwhile"])
        inbox.watched.allow_issues("net::ERR_")


def test_switching_views_shows_what_came_meanwhile(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="Before")
    inbox.open()
    inbox.choose("Before")
    expect(inbox.bubble("Before")).to_be_visible()
    inbox.page.get_by_role("link", name="Requests").click()
    expect(inbox.row("POST")).to_have_count(1)
    sent(own_mock, NUMBER, content="Meanwhile")
    sent(own_mock, "972-54-2222222", content="To another")
    expect(inbox.row("POST")).to_have_count(3)
    inbox.page.get_by_role("link", name="Phones").click()
    expect(inbox.row("To another")).to_be_visible()
    expect(inbox.row("Meanwhile")).to_be_visible()
    expect(inbox.bubble("Meanwhile")).to_be_visible()
    own_mock.get("/rest/v1/nothing")
    inbox.page.get_by_role("link", name="Requests").click()
    expect(inbox.row("404")).to_be_visible()


def test_conversation_stays_when_another_account_is_deleted(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="Ours")
    Api(own_mock, "another-key").send("972-54-2222222", content="Theirs")
    inbox.open()
    inbox.choose("Ours")
    expect(inbox.bubble("Ours")).to_be_visible()
    Api(own_mock, "another-key").request_json("DELETE", "messages")
    expect(inbox.row("Theirs")).to_have_count(0)
    expect(inbox.bubble("Ours")).to_be_visible()
    api_of(own_mock).request_json("DELETE", "messages")
    expect(inbox.bubble("Ours")).to_have_count(0)


def test_stream_resumes_after_the_last_event(inbox: Inbox, own_mock: Mock) -> None:
    resumed: list[str] = []
    inbox.page.on("request", lambda request: resumed.extend(filter(None, [request.headers.get("last-event-id")])))
    inbox.open()
    sent(own_mock, NUMBER, content="Before")
    expect(inbox.row("Before")).to_be_visible()
    inbox.page.evaluate("dispatchEvent(new Event('online'))")
    sent(own_mock, "972-54-2222222", content="After")
    expect(inbox.row("After")).to_be_visible()
    assert len(resumed) == 1


@pytest.fixture(scope="module")
def crowded() -> Iterator[Mock]:
    """A mock with one account and more messages than a page loads, half of them to one phone."""
    with running(Settings(port=0, seed="tests")) as mock:
        mock.send(*(f"972-52-{place:07}" for place in range(MANY // 2)), content="One of many")
        mock.send(*[NUMBER] * (MANY // 2), content="To the same")
        yield mock


@pytest.fixture
def crowd(page: Page, crowded: Mock) -> Iterator[Inbox]:
    with visiting(page, crowded.url) as watched:
        yield Inbox(watched).open()


def test_only_the_rows_in_sight_are_in_the_page(crowd: Inbox) -> None:
    expect(crowd.page.locator("#list")).to_contain_text(f"{MANY // 2 + 1:,} phones")
    rows = crowd.list.get_by_role("option")
    expect(rows.first).to_be_visible()
    for _ in range(4):
        size = crowd.list.evaluate("(list) => { list.scrollTop = list.scrollHeight; return list.scrollHeight; }")
        crowd.page.wait_for_function("(size) => document.querySelector('.virtual-list').scrollHeight > size", arg=size)
        assert rows.count() < 50
    expect(rows.last).to_have_attribute("aria-setsize", "500")


def test_long_conversation_is_loaded_page_by_page_up_to_a_limit(crowd: Inbox) -> None:
    crowd.choose(NUMBER)
    bubbles = crowd.thread.get_by_role("article")
    expect(bubbles).to_have_count(50)
    for count in (100, 150, 200, 250, 300, 300):
        crowd.thread.evaluate("(flow) => { flow.scrollTop = 0; }")
        expect(bubbles).to_have_count(count)
    latest = crowd.page.get_by_role("button", name="Jump to the latest")
    latest.click()
    expect(latest).to_be_hidden()
    expect(bubbles).to_have_count(50)


def test_request_list_shows_the_total(crowd: Inbox) -> None:
    crowd.open("?view=requests")
    expect(crowd.page.locator("#list")).to_contain_text("2 requests")


def test_burst_of_messages_does_not_block_a_full_inbox(crowd: Inbox, crowded: Mock) -> None:
    crowd.page.evaluate(FRAMES)
    responses = send_pipelined(crowded, [f"972-53-{place:07}" for place in range(BURST)], key=KEY)
    assert responses == BURST
    expect(crowd.row("972-53-0000999")).to_be_visible(timeout=TIMEOUT * 1_000)
    expect(crowd.page.locator("#list")).to_contain_text(f"{MANY // 2 + 1 + BURST:,} phones")
    assert crowd.page.evaluate("window.longest") < 500
    assert crowd.page.locator("body *").count() < 1_500


def test_advancing_the_clock_updates_the_list(inbox: Inbox, own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    api.post("clock/freeze")
    sent(own_mock, LATER, content="Soon")
    inbox.open()
    expect(inbox.row("Soon")).to_contain_text("queued")
    api.post("clock/advance", {"by": "5s"})
    expect(inbox.row("Soon")).not_to_contain_text("queued")


def test_desktop_notification_needs_the_preference_and_a_hidden_page(inbox: Inbox, own_mock: Mock) -> None:
    inbox.page.context.grant_permissions(["notifications"])
    inbox.open()
    inbox.page.evaluate(
        """() => {
        window.told = [];
        window.Notification = class { constructor(title, {body}) { window.told.push(body); } };
        window.Notification.permission = "granted";
        window.Notification.requestPermission = async () => "granted";
        }"""
    )
    hide = "Object.defineProperty(document, 'hidden', {value: true, configurable: true})"
    inbox.page.evaluate(hide)
    sent(own_mock, NUMBER, content="One")
    expect(inbox.row("One")).to_have_count(1)
    assert inbox.page.evaluate("window.told") == []
    inbox.page.get_by_role("button", name="Desktop notifications").click()
    expect(inbox.page.get_by_role("button", name="Desktop notifications")).to_have_attribute("aria-pressed", "true")
    sent(own_mock, NUMBER, content="Two")
    expect(inbox.row("Two")).to_have_count(1)
    assert inbox.page.evaluate("window.told") == ["SMS to 972541111111"]


def test_page_shows_that_the_mock_stopped_and_recovers(page: Page) -> None:
    with ExitStack() as open_page:
        with running(Settings(port=0, seed="tests")) as mock:
            inbox = Inbox(open_page.enter_context(visiting(page, mock.url))).open()
        expect(inbox.page.locator("#live")).to_contain_text("not live")
        inbox.page.get_by_role("button", name="Controls").click()
        expect(inbox.panel.get_by_role("heading", name="Scenario")).to_be_visible()
        inbox.press("Load")
        expect(inbox.error).to_contain_text("No response: Failed to fetch. Is mocksms still running?")
        inbox.page.get_by_role("button", name="New SMS").click()
        expect(inbox.panel).to_contain_text("Is mocksms still running?")
        with running(Settings(port=mock.port, seed="tests")):
            inbox.expect_live()
            expect(inbox.panel.get_by_label("Text")).to_be_visible()
            inbox.page.get_by_role("button", name="Controls").click()
            inbox.panel.get_by_label("Scenario", exact=True).select_option("gateway-outage")
            inbox.press("Load")
            expect(inbox.panel).to_contain_text("Active: gateway-outage")
        inbox.watched.allow_issues("net::ERR_")


def test_response_that_is_not_from_mocksms_is_reported(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="Hello")
    inbox.page.route("**/_mock/phones?*", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    inbox.open()
    expect(inbox.error).to_have_text("Status 502, but the response is not from mocksms.")
    inbox.watched.allow_issues("502")


def test_failure_to_load_more_rows_is_reported(inbox: Inbox, own_mock: Mock) -> None:
    for place in range(3):
        api_of(own_mock).send(*[NUMBER] * 60, *(f"972-52-000{place}{each:03}" for each in range(60)))
    inbox.open()
    inbox.page.route("**/_mock/*before=*", lambda route: route.fulfill(status=500, body="{}"))
    expect(inbox.row("972-52-0002059")).to_be_visible()
    inbox.list.evaluate("(list) => { list.scrollTop = list.scrollHeight; }")
    expect(inbox.error).to_contain_text("Status 500")
    inbox.watched.allow_issues("500")


def test_silent_stream_is_replaced(own_page: Watched) -> None:
    inbox = Inbox(own_page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    inbox.page.clock.install()
    inbox.page.route("**/_mock/events*", hold, times=1)
    inbox.page.goto(inbox.watched.base)
    expect(inbox.page.locator("#live")).to_have_text("connecting…")
    inbox.page.clock.fast_forward(41_000)
    inbox.expect_live()
    assert len(held) == 1


def test_hidden_page_disconnects_and_looks_now_and_then(own_page: Watched, own_mock: Mock) -> None:
    inbox = Inbox(own_page)
    let_go: list[str] = []
    inbox.page.on("requestfailed", lambda request: let_go.append(request.url))
    inbox.page.clock.install()
    inbox.open()
    see = "(isHidden) => Object.defineProperty(document, 'hidden', {value: isHidden, configurable: true})"
    turn = "document.dispatchEvent(new Event('visibilitychange'))"
    inbox.page.evaluate(see, True)
    inbox.page.evaluate(turn)
    inbox.page.clock.run_for(11_000)
    expect(inbox.page.locator("#live")).to_contain_text("not live")
    assert [url.removeprefix(own_mock.url) for url in let_go] == ["/_mock/events"]
    sent(own_mock, NUMBER, content="While nobody looked")
    expect(inbox.page).to_have_title("mocksms")
    inbox.page.clock.run_for(61_000)
    expect(inbox.page).to_have_title("(1) mocksms")
    inbox.page.clock.run_for(11_000)
    expect(inbox.page.locator("#live")).to_contain_text("not live")
    inbox.page.evaluate(see, False)
    inbox.page.evaluate(turn)
    inbox.expect_live()
    expect(inbox.row("While nobody looked")).to_be_visible()
    inbox.page.clock.run_for(100_000)
    inbox.expect_live()


def test_refused_stream_shows_the_reason(inbox: Inbox) -> None:
    inbox.page.goto(f"{inbox.watched.base}/?account=%20")
    live = inbox.page.locator("#live")
    expect(live).to_contain_text("not live")
    expect(live).to_have_attribute("title", re.compile("^account: "))
    inbox.watched.allow_issues("400")


def test_message_read_in_one_tab_is_read_in_the_other(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="One")
    sent(own_mock, "972-54-2222222", content="Two")
    other = Inbox(Watched(inbox.page.context.new_page(), own_mock.url)).open()
    tabs = [inbox.open(), other]
    for tab in tabs:
        expect(tab.row("unread")).to_have_count(2)
    tabs[0].choose("One")
    expect(tabs[1].row("One", "unread")).to_have_count(0)
    tabs[1].choose("Two")
    for tab in tabs:
        expect(tab.row("unread")).to_have_count(0)
        expect(tab.page).to_have_title("mocksms")
    other.page.close()
    other.watched.check()


def test_slow_work_is_done_less_often(own_page: Watched) -> None:
    inbox = Inbox(own_page)
    inbox.open()
    inbox.page.clock.install()
    inbox.page.evaluate(
        """async () => {
          const { throttle } = await import("/inbox/ui/schedule.js");
          const later = (wait) => new Promise((done) => setTimeout(done, wait));
          window.runs = { quick: 0, slow: 0 };
          const quick = throttle(async () => { window.runs.quick += 1; await later(10); });
          const slow = throttle(async () => { window.runs.slow += 1; await later(1_000); });
          setInterval(() => { quick(); slow(); }, 50);
        }"""
    )
    inbox.page.clock.run_for(20_000)
    runs = inbox.page.evaluate("window.runs")
    assert runs["quick"] > 50
    assert 3 <= runs["slow"] <= 6
