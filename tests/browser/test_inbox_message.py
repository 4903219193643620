"""All that is known of a message, what can be done to it, and the journal of calls."""

from __future__ import annotations

import json
import re
import shlex
import subprocess

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Watched
from tests.browser.inbox import Inbox, api_of, sent
from tests.control.support import KOSHER, LATER, NO_CREDIT, QUEUED, Api
from tests.receiver import Reply, receiving
from tests.support import KEY, NUMBER, Mock


@pytest.fixture
def inbox(watched: Watched) -> Inbox:
    return Inbox(watched)


def explained(inbox: Inbox, transaction_id: str) -> Inbox:
    """Open the page with all that is known of a message."""
    inbox.open(f"?message={transaction_id}")
    expect(inbox.side).to_contain_text(transaction_id)
    return inbox


def test_status_reason_in_both_spellings_and_what_decided_it_are_told(inbox: Inbox, own_mock: Mock) -> None:
    explained(inbox, sent(own_mock, KOSHER))
    expect(inbox.side).to_contain_text("rejected · kosher-number decided by magic number 21")
    expect(inbox.fact("reason")).to_have_text("kosher-number in send answers, kosher_number in the reads")


def test_history_is_a_timeline_with_the_time_between_steps(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    api.post("clock/freeze")
    message = sent(own_mock, LATER)
    api.post("clock/advance", {"by": "90s"})
    explained(inbox, message)
    steps = inbox.side.locator(".timeline li")
    expect(steps).to_have_count(2)
    expect(steps.first).to_contain_text("queued")
    expect(steps.last).to_contain_text("+5 s")
    expect(steps.last).to_contain_text("sent")


def test_segments_and_the_character_that_forced_ucs2_are_told(inbox: Inbox, own_mock: Mock) -> None:
    explained(inbox, sent(own_mock, content="Total: 5 שח" + "a" * 70))
    expect(inbox.fact("segments")).to_have_text("2 × UCS-2, 81 characters, 81 code units")
    expect(inbox.fact("UCS-2 because of")).to_have_text("ש U+05E9 at 9")


def test_code_is_copied_by_its_button(inbox: Inbox, own_mock: Mock) -> None:
    inbox.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    explained(inbox, sent(own_mock, content="Your code is 481516"))
    inbox.press("Copy code 481516")
    expect(inbox.notice).to_have_text("Code 481516 copied.")
    assert inbox.page.evaluate("navigator.clipboard.readText()") == "481516"


def test_tags_sender_and_warnings_are_shown(inbox: Inbox, own_mock: Mock) -> None:
    own_mock.post(
        "{message: {content: 'Hi', to: [{mobile_number: '972-54-1111111'}], tags: ['otp'], sender_id: 'Shop'}}"
    )
    explained(inbox, api_of(own_mock).ids()[0])
    expect(inbox.fact("tags")).to_have_text("otp")
    expect(inbox.fact("sender")).to_have_text("Shop")
    expect(inbox.fact("warnings")).not_to_be_empty()


def test_call_that_made_it_is_shown_as_it_came_and_as_it_went(inbox: Inbox, own_mock: Mock) -> None:
    message = sent(own_mock, content="Your code is 481516")
    explained(inbox, message)
    inbox.side.get_by_text("Request", exact=True).click()
    request = inbox.side.get_by_role("region", name="Request")
    expect(request).to_contain_text("POST /rest/v1/transactional/sms/send")
    expect(request).to_contain_text('"content": "Your code is 481516"')
    expect(request).not_to_contain_text(KEY)
    inbox.side.get_by_text("Answer", exact=True).click()
    expect(inbox.side.get_by_role("region", name="Answer")).to_contain_text(message)


def test_curl_line_repeats_the_call(inbox: Inbox, own_mock: Mock) -> None:
    explained(inbox, sent(own_mock, content='It\'s "quoted" $HOME `x` שלום'))
    inbox.side.get_by_text("As a curl line", exact=True).click()
    line = inbox.side.get_by_role("region", name="Curl line").inner_text()
    assert "YOUR-KEY" in line
    command = shlex.split(line.replace("YOUR-KEY", KEY))
    answer = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert json.loads(answer.stdout)[0]["status"] == "sent"
    first, second = api_of(own_mock).get("messages")["messages"]
    assert first["content"] == second["content"]


@pytest.mark.parametrize(
    ("number", "press", "state"),
    [
        (QUEUED, "Send now", "sent"),
        (QUEUED, "Cancel", "rejected · cancelled_by_user"),
        (NUMBER, "Bounce", "rejected · bounced"),
        (NO_CREDIT, "Cancel", "rejected · cancelled_by_user"),
    ],
)
def test_message_is_driven_by_hand(inbox: Inbox, own_mock: Mock, number: str, press: str, state: str) -> None:
    explained(inbox, sent(own_mock, number))
    inbox.press(press)
    expect(inbox.side.locator(".state")).to_contain_text(f"{state} decided by")
    expect(inbox.side.get_by_role("button", name=press, exact=True)).to_have_count(0)


def test_step_that_came_too_late_is_refused_in_words(inbox: Inbox, own_mock: Mock) -> None:
    message = sent(own_mock, QUEUED)
    explained(inbox, message)

    def meanwhile(route: Route) -> None:
        api_of(own_mock).post(f"messages/{message}/send")
        route.continue_()

    inbox.page.route("**/_mock/messages/*/cancel*", meanwhile)
    inbox.press("Cancel")
    expect(inbox.alarm).to_contain_text("sent")
    inbox.watched.forgive("409")


def test_link_is_clicked_as_the_phone(inbox: Inbox, own_mock: Mock) -> None:
    message = sent(own_mock, content="See https://shop.example/a and https://shop.example/b", track_clicks=True)
    explained(inbox, message)
    inbox.side.get_by_role("button", name="Click as the phone").last.click()
    expect(inbox.side).to_contain_text("Clicked 1 time: https://shop.example/b × 1")


def test_phone_is_opted_out_and_let_in_again(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, content="Hello")
    inbox.open()
    inbox.choose(NUMBER)
    inbox.explain("Hello")
    inbox.press("Opt the phone out")
    expect(inbox.row(NUMBER)).to_contain_text("opted out")
    assert api_of(own_mock).get("account")["unsubscribed"] == ["972541111111"]
    inbox.page.get_by_role("button", name="Take this phone off the list unsubscribed").click()
    expect(inbox.row(NUMBER)).not_to_contain_text("opted out")
    assert api_of(own_mock).get("account")["unsubscribed"] == []


def test_reply_reaches_the_account_and_says_what_it_brought_about(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, content="Hello")
    inbox.open()
    inbox.choose(NUMBER)
    inbox.page.keyboard.press("r")
    inbox.page.keyboard.type("Who is this? מי זה")
    inbox.page.keyboard.press("Enter")
    expect(inbox.bubble("Who is this? מי זה")).to_be_visible()
    assert api_of(own_mock).get("inbound")["inbound"][0]["text"] == "Who is this? מי זה"
    inbox.page.get_by_role("button", name="Reply STOP").click()
    expect(inbox.notice).to_contain_text("STOP changed nothing")


def test_callbacks_are_shown_with_what_their_receiver_answered_and_made_again(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    with receiving() as receiver:
        receiver.replies = [Reply(503, b"<i>busy</i>")]
        api.patch(webhooks=[f"{receiver.url}?b"])
        api.post("clock/freeze")
        message = sent(own_mock)
        api.post("clock/advance", {"by": 0})
        explained(inbox, message)
        inbox.side.get_by_text("Callback: send, pending").click()
        expect(inbox.side).to_contain_text(f"{receiver.url}?b")
        expect(inbox.side).to_contain_text("503 in ")
        expect(inbox.side.get_by_role("region", name="Answer of the receiver")).to_have_text("<i>busy</i>")
        api.post("clock/advance", {"by": "1h"})
        inbox.press("Call again")
        expect(inbox.notice).to_have_text("Called again.")
        api.post("clock/advance", {"by": 0})
        assert [json.loads(told.body)["event"] for told in receiver.told] == ["send"] * 3


def test_choices_stand_in_the_conversation(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, content="Hello", add_unsubscribe_sms_reply=True)
    inbox.open()
    inbox.choose(NUMBER)
    api_of(own_mock).post("inbound", {"from": NUMBER, "text": "STOP"})
    expect(inbox.said).to_contain_text("opted out · reply 'STOP'")


def test_message_that_is_gone_is_said_to_be(inbox: Inbox) -> None:
    inbox.open("?message=0123456789abcdef0123456789abcdef")
    expect(inbox.side).to_contain_text("0123456789abcdef0123456789abcdef")
    expect(inbox.side.get_by_role("heading")).to_have_text("Not there")
    inbox.watched.forgive("404")


def test_journal_has_refused_and_malformed_calls_with_the_reason(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock)
    own_mock.post('{"message": {"content": "x"}}')
    own_mock.post('{"message": ')
    own_mock.get("/rest/v1/nothing")
    own_mock.post("{}", X_API_Key="")
    inbox.open("?view=journal")
    rows = inbox.list.get_by_role("option")
    expect(rows).to_have_count(5)
    said = [" ".join(row.inner_text().split()) for row in rows.all()]
    assert [re.findall(r" (\d{3}) ", words)[0] for words in said] == ["401", "404", "400", "400", "200"]
    assert "The to field is required" in said[3]
    inbox.choose("The to field is required")
    expect(inbox.side.get_by_role("region", name="Request")).to_contain_text('"content": "x"')
    expect(inbox.side.get_by_role("region", name="Answer")).to_contain_text("The request is invalid.")


def test_journal_is_searched_in_the_words_of_the_inspection_api(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock)
    own_mock.get("/rest/v1/nothing")
    own_mock.get("/rest/v1/transactional/sms/search")
    inbox.open("?view=journal&method=GET")
    rows = inbox.list.get_by_role("option")
    expect(rows).to_have_count(2)
    inbox.page.get_by_role("searchbox").fill("method:GET status:404")
    inbox.page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(inbox.page).to_have_url(re.compile(r"method=GET&status=404"))
    inbox.page.get_by_role("searchbox").fill("")
    inbox.page.keyboard.press("Enter")
    expect(rows).to_have_count(3)
    inbox.page.get_by_role("button", name="Refused only").click()
    expect(rows).to_have_count(1)


def test_journal_leads_to_the_message_that_a_call_made(inbox: Inbox, own_mock: Mock) -> None:
    message = sent(own_mock)
    inbox.open("?view=journal")
    inbox.choose("1 SMS")
    inbox.press(message[:8])
    expect(inbox.side).to_contain_text(message)
    inbox.press("Conversation")
    expect(inbox.bubble("Hello")).to_be_visible()


def test_answer_of_a_send_is_shown_whatever_it_is(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open("?panel=compose")
    magic = inbox.side.get_by_label("Magic numbers")
    expect(magic).to_be_visible()
    assert len(magic.locator("option").all()) == len(Api(own_mock).get("numbers")["numbers"]) + 1
    for number, words in (
        ("972-50-0006400", "Answered 503"),
        ("972-50-0007200", "No answer came"),
        ("972-50-0002200", "bounced"),
    ):
        magic.select_option(number)
        inbox.press("Send")
        expect(inbox.side.locator(".sent")).to_contain_text(words)
    expect(inbox.bubble("Your code is")).to_contain_text("rejected · bounced")
    inbox.watched.complaints[:] = [
        each for each in inbox.watched.complaints if "503" not in each and "ERR_" not in each
    ]


def test_draft_and_key_survive_a_reload_and_every_option_is_sent(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open("?panel=compose")
    inbox.side.get_by_text("Sender, tags, time, key").click()
    for label, value in (
        ("Text", "Hello"),
        ("Tags", "a, b"),
        ("Sender", "Shop"),
        ("X-API-Key", "mine"),
        ("Send at", "2099-01-20 13:05:00+02:00"),
    ):
        inbox.side.get_by_label(label, exact=False).last.fill(value)
    for label in ("track clicks", "async", "unsubscribe link"):
        inbox.side.get_by_label(label).check()
    inbox.open("?panel=compose")
    expect(inbox.side.get_by_label("Text")).to_have_value("Hello")
    inbox.press("Send")
    expect(inbox.side.locator(".sent")).to_contain_text("queued")
    message = Api(own_mock, "mine").get("messages/latest")
    assert (message["tags"], message["sender"], message["scheduled_at"]) == (["a", "b"], "Shop", "2099-01-20T11:05:00Z")
    assert "/u/" in message["text"]


def test_answer_that_comes_late_does_not_take_one_back(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="Hello")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    inbox.page.route("**/sms/send", hold)
    inbox.open("?panel=compose")
    inbox.write("Late", to="972-54-2222222")
    expect(inbox.side).to_contain_text("waiting for the answer")
    inbox.choose("Hello")
    inbox.page.keyboard.press("r")
    held[0].continue_()
    expect(inbox.notice).to_have_text("The SMS to 972-54-2222222 was answered: sent.")
    expect(inbox.bubble("Hello")).to_be_visible()
    expect(inbox.side).to_be_hidden()
    expect(inbox.page.get_by_label("Reply as this phone")).to_be_focused()


def test_answer_is_shown_though_its_message_is_gone_already(inbox: Inbox, own_mock: Mock) -> None:
    def meanwhile(route: Route) -> None:
        Api(own_mock).post("reset")
        route.continue_()

    inbox.page.route(re.compile(r"/_mock/messages/[0-9a-f]{32}"), meanwhile)
    inbox.open("?panel=compose")
    inbox.write("Hello")
    expect(inbox.alarm).to_contain_text("There is no message")
    expect(inbox.side).to_contain_text(f"sent{NUMBER}")
    inbox.watched.forgive("404")


@pytest.mark.parametrize("key", ["", "מפתח"], ids=["none", "no header takes it"])
def test_key_that_cannot_be_is_pointed_out_even_if_it_is_folded_away(inbox: Inbox, key: str) -> None:
    inbox.open("?panel=compose")
    fold = inbox.side.get_by_text("Sender, tags, time, key")
    fold.click()
    field = inbox.side.get_by_label("X-API-Key")
    field.fill(key)
    fold.click()
    expect(field).to_be_hidden()
    inbox.press("Send")
    expect(field).to_be_focused()
    assert not any("/sms/send" in url for url in inbox.watched.asked)


def test_writing_to_a_phone_uses_the_key_of_its_account_or_says_that_it_has_it_not(
    inbox: Inbox, own_mock: Mock
) -> None:
    sent(own_mock, NUMBER, content="From the application")
    inbox.open("?panel=compose")
    inbox.write("From the page", to="972-54-2222222")
    expect(inbox.bubble("From the page")).to_be_visible()
    inbox.choose("From the application")
    inbox.page.get_by_role("button", name="Write to it").click()
    expect(inbox.side).to_contain_text("from the account key-…. The mock keeps no more of its key")
    inbox.side.get_by_text("Sender, tags, time, key").click()
    inbox.side.get_by_label("X-API-Key").fill(KEY)
    inbox.write("From the page too")
    expect(inbox.said.locator(".text")).to_have_text([re.compile("the application"), re.compile("the page too")])
    inbox.choose("From the page", "d…")
    inbox.page.get_by_role("button", name="Write to it").click()
    expect(inbox.side.get_by_label("X-API-Key")).to_have_value("demo")
    expect(inbox.side).not_to_contain_text("The mock keeps no more")


def test_reply_that_was_begun_waits_with_its_phone(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, content="To one")
    sent(own_mock, "972-54-2222222", content="To another")
    inbox.open()
    reply = inbox.page.get_by_label("Reply as this phone")
    inbox.choose("To one")
    reply.fill("For the one")
    inbox.choose("To another")
    expect(reply).to_have_value("")
    inbox.page.get_by_role("link", name="Journal").click()
    inbox.page.get_by_role("link", name="Phones").click()
    inbox.choose("To one")
    expect(reply).to_have_value("For the one")


def test_reply_goes_once_and_comes_back_if_it_is_refused(inbox: Inbox, own_mock: Mock) -> None:
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
    expect(inbox.alarm).to_contain_text("No answer")
    expect(reply).to_have_value("Once")
    reply.press("Enter")
    expect(inbox.bubble("Once")).to_be_visible()
    assert [each["text"] for each in api_of(own_mock).get("inbound")["inbound"]] == ["Once"]
    inbox.watched.forgive("net::ERR_")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("navigator.clipboard.writeText = async () => { throw new Error(); };", "Code 481516 copied."),
        ("Object.defineProperty(navigator, 'clipboard', {value: undefined});", "Code 481516 copied."),
        ("delete Navigator.prototype.clipboard; document.execCommand = () => false;", "copy it by hand"),
    ],
    ids=["refused", "not there", "nor in the old way"],
)
def test_copy_says_whether_it_was_copied_and_leaves_the_keyboard(
    inbox: Inbox, own_mock: Mock, script: str, words: str
) -> None:
    inbox.page.add_init_script(script)
    explained(inbox, sent(own_mock, content="Your code is 481516"))
    button = inbox.side.get_by_role("button", name="Copy code 481516")
    button.focus()
    inbox.page.keyboard.press("Enter")
    expect(inbox.notice.or_(inbox.alarm).filter(has_text=words)).to_be_visible()
    expect(inbox.notice.or_(inbox.alarm).filter(has_text=re.compile("cop"))).to_have_count(1)
    expect(button).to_be_focused()
