"""The inbox: phones, conversations, search and accounts."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.browser.inbox import Inbox, api_of, sent
from tests.inspection.support import INVALID, KOSHER, QUEUED, SENT, Api
from tests.support import KEY, NUMBER, Mock

OTHER = "972-54-2222222"

SIDE_OF = """(word) => {
  const text = document.querySelector(".bubble .text");
  const node = [...text.childNodes].find((each) => each.data?.includes(word));
  const range = document.createRange();
  range.setStart(node, node.data.indexOf(word));
  range.setEnd(node, node.data.indexOf(word) + 1);
  const [box, letter] = [text, range].map((each) => each.getBoundingClientRect());
  return letter.left - box.left < box.right - letter.right ? "left" : "right";
}"""
"""The side of a bubble at which a word starts."""


def query_of(inbox: Inbox) -> dict[str, str]:
    """Return the parameters of the page's URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(inbox.page.url).query).items()}


def test_first_steps_send_reply_stop_see_the_reason_and_load_a_scenario(inbox: Inbox) -> None:
    page = inbox.open().page
    page.get_by_role("button", name="Send a test SMS").click()
    inbox.panel.get_by_label("allow STOP replies").check()
    inbox.compose("Hello from the page")
    expect(inbox.bubble("Hello from the page")).to_contain_text("sent")
    page.get_by_role("button", name="Reply STOP").click()
    expect(inbox.thread).to_contain_text("opted out")
    inbox.compose("Are you still there?")
    refused = inbox.bubble("Are you still there?")
    expect(refused).to_contain_text("rejected · unsubscribe")
    inbox.panel.get_by_role("button", name="Details of the SMS").click()
    expect(inbox.panel).to_contain_text("rejected: this phone ")
    page.get_by_role("button", name="Controls").click()
    inbox.panel.get_by_label("Scenario", exact=True).select_option("gateway-outage")
    inbox.press("Load")
    expect(inbox.panel.get_by_role("row").filter(has_text="outage")).to_contain_text("3")
    page.get_by_role("button", name="New SMS").click()
    inbox.compose("Once more")
    expect(inbox.bubble("Once more")).to_contain_text("exception · no-available-gateways")
    page.get_by_role("button", name="Controls").click()
    expect(inbox.panel.get_by_role("row").filter(has_text="outage")).to_have_text(re.compile(r"1\s*1\s*2$"))


def test_empty_inbox_shows_a_curl_command_that_works(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open()
    line = inbox.page.get_by_role("region", name="curl command").inner_text()
    assert line.startswith(f"curl -X POST '{own_mock.url}/rest/v1/transactional/sms/send'")
    body = re.search(r"--data-raw '(.*)'", line)
    assert body is not None
    assert own_mock.post(body[1], X_API_Key="demo").status_code == 200
    expect(inbox.row(NUMBER)).to_contain_text("Your code is 481516")
    inbox.choose(NUMBER)
    expect(inbox.bubble("Your code is 481516")).to_be_visible()


def test_phones_are_listed_latest_first_with_preview_and_status(inbox: Inbox, own_mock: Mock) -> None:
    for number, words in ((SENT, "first"), (KOSHER, "second"), (QUEUED, "third"), (INVALID, "fourth")):
        sent(own_mock, number, content=f"The {words}")
    sent(own_mock, SENT, content="The latest\nof all")
    inbox.open()
    rows = inbox.list.get_by_role("option")
    expect(rows).to_have_count(4)
    texts = [" ".join(rows.nth(place).inner_text().split()) for place in range(4)]
    assert [words.split()[0] for words in texts] == [SENT, INVALID, QUEUED, KOSHER]
    assert "The latest of all" in texts[0]
    assert [words.partition("The ")[2].split(" ", 1)[1] for words in texts[1:]] == [
        "invalid invalid-number unread",
        "queued queued unread",
        "rejected kosher-number unread",
    ]
    expect(inbox.page.locator("#list")).to_contain_text("4 phones")


def test_phone_is_unread_until_it_is_opened(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="One")
    sent(own_mock, OTHER, content="Two")
    inbox.open()
    expect(inbox.row("unread")).to_have_count(2)
    expect(inbox.page).to_have_title("(2) mocksms")
    inbox.choose(NUMBER)
    expect(inbox.row("unread")).to_have_count(1)
    expect(inbox.page).to_have_title("(1) mocksms")
    inbox.open()
    expect(inbox.row(NUMBER, "unread")).to_have_count(0)
    expect(inbox.row(OTHER, "unread")).to_have_count(1)
    sent(own_mock, NUMBER, content="Three")
    expect(inbox.row(NUMBER, "unread")).to_contain_text("Three")


def test_conversation_shows_both_directions_in_order(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    for place in range(3):
        sent(own_mock, NUMBER, content=f"Question {place}")
        api.post("inbound", {"from": NUMBER, "text": f"Answer {place}"})
    inbox.open(f"?phone=972541111111&in={api.get('account')['id']}")
    expect(inbox.thread.get_by_role("article")).to_have_count(6)
    texts = inbox.thread.locator(".text").all_inner_texts()
    assert texts == [f"{word} {place}" for place in range(3) for word in ("Question", "Answer")]
    expect(inbox.page.locator("#thread")).to_contain_text("3 to it, 3 from it")
    expect(inbox.row(NUMBER)).to_contain_text("replied: Answer 2")


def test_each_line_has_its_own_direction(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="שלום from Shop, your code is 481516\nReply STOP")
    inbox.open()
    inbox.choose(NUMBER)
    expect(inbox.thread.locator(".text")).to_contain_text("Reply STOP")
    sides = [inbox.page.evaluate(SIDE_OF, word) for word in ("שלום", "Reply")]
    assert sides == ["right", "left"]


SEGMENT_STARTS = {
    "a" * 160: [],
    "a" * 161: ["a" * 153],
    "ש" * 140: ["ש" * 67, "ש" * 134],
    "😀" * 40: ["😀" * 33],
    "a" * 152 + "€" + "b" * 153: ["a" * 152, "a" * 152 + "€" + "b" * 151],
}
"""Contents, and the text before each start of a segment: one segment, GSM-7, UCS-2, emoji, a euro sign is not split."""


def test_starts_of_segments_are_marked(inbox: Inbox, own_mock: Mock) -> None:
    for content in SEGMENT_STARTS:
        sent(own_mock, NUMBER, content=content)
    inbox.open()
    inbox.choose(NUMBER)
    expect(inbox.thread.locator(".text")).to_have_count(len(SEGMENT_STARTS))
    before = inbox.page.evaluate(
        """() => [...document.querySelectorAll(".bubble .text")].map((text) =>
          [...text.querySelectorAll(".segment-mark")].map((cut) => {
            let words = "";
            for (let node = cut.previousSibling; node; node = node.previousSibling) {
              if (!node.classList?.contains("segment-mark")) words = node.textContent + words;
            }
            return words;
          }))"""
    )
    assert before == list(SEGMENT_STARTS.values())


def test_links_send_no_referrer_and_codes_are_marked(inbox: Inbox, own_mock: Mock) -> None:
    sent(
        own_mock,
        NUMBER,
        content="Your code is 481516, see https://shop.example/a?b=1, www.shop.example or ftp://x.example",
    )
    inbox.open()
    inbox.choose(NUMBER)
    links = inbox.thread.get_by_role("link")
    expect(links).to_have_count(2)
    assert [link.get_attribute("href") for link in links.all()] == [
        "https://shop.example/a?b=1",
        "http://www.shop.example",
    ]
    assert {link.get_attribute("rel") for link in links.all()} == {"noopener noreferrer"}
    expect(inbox.thread.locator("mark")).to_have_text("481516")


def test_unsafe_link_is_plain_text(inbox: Inbox) -> None:
    inbox.open()
    made = "(link) => import('/inbox/ui/text.js').then(({anchor}) => anchor(link).tagName)"
    for link in ("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "JaVaScRiPt:1", "http://"):
        assert inbox.page.evaluate(made, link) == "SPAN", link
    assert inbox.page.evaluate(made, "https://shop.example") == "A"


def test_search_stays_when_a_panel_opens_and_closes(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="One")
    sent(own_mock, OTHER, content="Two")
    inbox.open(f"?to={NUMBER}")
    inbox.choose("One")
    expect(inbox.panel.get_by_role("heading", name="SMS to")).to_be_visible()
    inbox.press("Close details")
    expect(inbox.panel).to_be_hidden()
    expect(inbox.page.get_by_role("searchbox")).to_have_value(f"to:{NUMBER}")
    expect(inbox.page.locator("#list")).to_contain_text("1 found")


def test_composing_to_a_phone_does_not_change_the_list(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="One")
    sent(own_mock, OTHER, content="Two")
    inbox.open()
    inbox.choose("One")
    inbox.page.get_by_role("button", name="Send SMS to this number").click()
    expect(inbox.panel.locator("[name=to]")).to_have_value(NUMBER)
    expect(inbox.list.get_by_role("option")).to_have_count(2)
    expect(inbox.page.get_by_role("searchbox")).to_have_value("")
    inbox.press("Close")
    expect(inbox.panel).to_be_hidden()
    assert "recipient" not in query_of(inbox)


def test_search_box_follows_the_back_button(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="One")
    inbox.open()
    box = inbox.page.get_by_role("searchbox")
    for words in ("One", "Hello"):
        box.fill(words)
        box.press("Enter")
        expect(inbox.page).to_have_url(re.compile(f"search={words}"))
    inbox.page.go_back()
    expect(box).to_have_value("One")
    box.fill("what is being typed")
    sent(own_mock, OTHER, content="One of two")
    expect(inbox.page.locator("#list")).to_contain_text("2 found")
    expect(box).to_have_value("what is being typed")
    inbox.page.go_back()
    expect(box).to_have_value("")


def test_invalid_filter_shows_the_error_of_the_api(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER)
    inbox.open("?view=requests&status=lost")
    shown = inbox.page.locator("#list")
    expect(shown).to_contain_text("Invalid filter")
    expect(shown).to_contain_text("status: must be a whole number")
    expect(inbox.error).to_be_empty()
    shown.get_by_role("button", name="Show all").click()
    expect(inbox.list.get_by_role("option")).to_have_count(1)
    inbox.watched.allow_issues("400")


def test_deleted_account_offers_all_accounts(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="Ours")
    other = Api(own_mock, "another-key")
    other.send(NUMBER, content="Theirs", add_unsubscribe_link=False)
    inbox.open(f"?account={other.get('account')['id']}")
    inbox.choose("Theirs")
    expect(inbox.bubble("Theirs")).to_be_visible()
    other.request_json("DELETE", "account")
    expect(inbox.page.get_by_role("heading", name="No SMS in this account")).to_be_visible()
    inbox.page.get_by_role("button", name="Show all accounts").click()
    expect(inbox.row("Ours")).to_be_visible()


def test_account_is_shown_with_its_label(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="Ours")
    other = Api(own_mock, "another-key")
    other.patch(label="tests/test_otp.py::test_it[\u202e]")
    inbox.open(f"?account={other.get('account')['id']}")
    expect(inbox.account).to_have_text(r"…not ended test_it[\u202e]")
    expect(inbox.account).to_have_attribute("title", r"tests/test_otp.py::test_it[\u202e]")


def test_back_button_closes_what_was_opened(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="One")
    inbox.open()
    inbox.choose(NUMBER)
    inbox.open_details("One")
    inbox.page.go_back()
    expect(inbox.panel).to_be_hidden()
    expect(inbox.bubble("One")).to_be_visible()
    inbox.page.go_back()
    expect(inbox.page.locator("#thread")).to_contain_text("Select a phone")


def test_account_picker_appears_with_a_second_account(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock, NUMBER, content="Ours")
    inbox.open()
    expect(inbox.row("Ours")).to_be_visible()
    expect(inbox.account).to_be_hidden()
    Api(own_mock, "another-key").send(NUMBER, content="Theirs", add_unsubscribe_link=False)
    expect(inbox.row(NUMBER)).to_have_count(2)
    expect(inbox.row("Theirs")).to_contain_text("anot…")
    inbox.choose_account("anot…")
    expect(inbox.row(NUMBER)).to_have_count(1)
    expect(inbox.row("Theirs")).to_be_visible()
    inbox.choose("Theirs")
    expect(inbox.thread.locator(".text")).to_have_text(["Theirs"])
    assert json.dumps(inbox.page.content()).count("another-key") == 0
    assert KEY not in inbox.page.content()
