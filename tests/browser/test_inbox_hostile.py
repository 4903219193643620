"""Hostile texts are shown as text wherever the inbox shows them."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.inbox import Inbox, api_of
from tests.inspection.support import Api
from tests.support import NUMBER, Mock

LONGEST = 255 * 153
LONG = 4_000
ELEMENTS = {
    "image": "<img src=x onerror=alert(1)>",
    "script": "</script><script>fetch('//evil.example')</script>",
    "svg": "<svg/onload=alert(1)><style>*{display:none}</style>",
}
LINKS = {
    "template": "${alert(1)} {{constructor.constructor('alert(1)')()}}",
    "javascript link": 'javascript:alert(1) https://x.example/"onmouseover=alert(1)',
    "data link": "data:text/html,<script>alert(1)</script>",
}
CHARACTERS = {
    "bidi": "\u202ecod.exe\u202c \u2066\u2067 invoice",
    "terminal": "\x1b[2J\x1b]0;owned\x07\x9b31m\r\n\x00\x08",
    "no width": "pay\u200bpal \u2060\ufeff\u00ad",
    "line separators": "one\u2028two\u2029three",
    "lone surrogate": "a\ud83d b",
}
ESCAPED = {
    "bidi": "\\u202ecod.exe\\u202c",
    "terminal": "\\x1b[2J",
    "no width": "pay\\u200bpal",
    "line separators": "\\u2028two",
    "lone surrogate": "a\ufffd b",
}


def show_everywhere(inbox: Inbox, own_mock: Mock, text: str) -> None:
    """Send a text in every field, and open every view that shows it."""
    api = api_of(own_mock)
    well_formed = text.encode(errors="replace").decode()
    api.patch(sender=well_formed)
    api.send(NUMBER, content=text, tags=[text], sender_id=text, unsubscribe_text=text)
    api.send(text, content="To nobody")
    api.post("inbound", {"from": NUMBER, "text": well_formed})
    own_mock.post(
        '{"message": "' + text.encode("ascii", "backslashreplace").decode() + '"',
        "/" + "".join(filter(str.isalnum, text))[:500],
    )
    inbox.open()
    expect(inbox.list.get_by_role("option")).to_have_count(2)
    inbox.choose(NUMBER)
    inbox.thread.get_by_role("button", name="details").first.click()
    expect(inbox.fact("tags")).to_be_visible()
    for fold in ("Request", "Response", "As code"):
        inbox.panel.get_by_text(fold, exact=True).click()
    inbox.page.get_by_role("button", name="Controls").click()
    expect(inbox.panel.get_by_label("Sender")).to_be_visible()
    inbox.page.get_by_role("link", name="Requests").click()
    inbox.list.get_by_role("option").first.click()
    expect(inbox.panel.get_by_role("region", name="Response")).to_be_visible()


def expect_harmless(inbox: Inbox) -> None:
    """Check that the page has no foreign elements and is not wider than its window."""
    foreign = (
        "main img, main script, main style, main svg:not(.icon-image, .states, .arrow, .arrow svg), "
        "main iframe, main object, main [onerror], main [onload]"
    )
    assert inbox.page.locator(foreign).count() == 0
    for link in inbox.page.locator("main a").all():
        assert str(link.get_attribute("href")).startswith(("http://", "https://", "/?"))
    assert inbox.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("texts", [ELEMENTS, LINKS, CHARACTERS], ids=["elements", "links", "characters"])
def test_hostile_text_is_shown_as_text(inbox: Inbox, own_mock: Mock, texts: dict[str, str]) -> None:
    show_everywhere(inbox, own_mock, "\n".join(texts.values()))
    expect_harmless(inbox)
    inbox.page.get_by_role("link", name="Phones").click()
    inbox.choose(NUMBER)
    expect(inbox.thread.get_by_role("article")).to_have_count(2)
    shown = inbox.thread.locator(".text").first.inner_text()
    for kind, text in texts.items():
        assert ESCAPED.get(kind, text[:12]) in shown
    raw = inbox.page.evaluate("document.body.innerText")
    assert not {*raw} & {
        *"\x00\x07\x08\x1b\x9b\u00ad\u200b\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
    }
    expect_harmless(inbox)


def test_longest_text_without_spaces_stays_in_its_bubble(inbox: Inbox, own_mock: Mock) -> None:
    api = api_of(own_mock)
    inbox.open()
    for letter, length in (("a", LONGEST), ("ש", LONG), ("\u202e", LONG), ("𝔸", LONG)):
        api.send(NUMBER, content=letter * length, tags=[letter * 10_000], add_unsubscribe_link=False)
        inbox.choose(NUMBER)
        bubble = inbox.thread.get_by_role("article").last
        bubble.get_by_role("button", name="Show all").click()
        expect(inbox.page.get_by_role("button", name="Show all")).to_have_count(0)
        bubble.get_by_role("button", name="details").click()
        message = api.get("messages/latest")
        expect(inbox.fact("id")).to_contain_text(message["transaction_id"])
        expect(inbox.fact("tags")).to_be_visible()
        expect_harmless(inbox)
        assert bubble.locator(".segment-mark").last.inner_text().endswith(str(message["segments"]["count"]))
        api.request_json("DELETE", "messages")
        expect(inbox.thread.get_by_role("article")).to_have_count(0)
    inbox.watched.allow_issues("404")


def test_hostile_account_name_is_shown_as_text(inbox: Inbox, own_mock: Mock) -> None:
    hostile = "\u202e<b>evil"
    account = Api(own_mock).request_json("PATCH", "account", {"credit": 5}, account=hostile)["id"]
    Api(own_mock).post("inbound", {"from": NUMBER, "text": "Hello"}, account=hostile)
    api_of(own_mock).send(NUMBER)
    inbox.open(f"?account={account}&panel=controls")
    expect(inbox.panel).to_contain_text("For the account \\u202e<b>…")
    inbox.press("Reset…")
    expect(inbox.page.get_by_role("dialog")).to_contain_text("the account \\u202e<b>…")
    inbox.page.keyboard.press("Escape")
    inbox.choose_account("All 2 accounts")
    inbox.choose("Hello", "\\u202e<b>…")
    inbox.page.get_by_role("button", name="Send SMS to this number").click()
    expect(inbox.panel).to_contain_text("from the account \\u202e<b>…")
    assert "\u202e" not in inbox.page.evaluate("document.body.innerText")


def test_hostile_url_parameters_are_shown_as_text(inbox: Inbox, own_mock: Mock) -> None:
    message = api_of(own_mock).send(NUMBER)[0]
    hostile = quote(ELEMENTS["image"] + CHARACTERS["bidi"])
    for names in (
        ("phone", "to", "recipient"),
        ("in", "content", "message"),
        ("request", "panel"),
        ("account", "view"),
    ):
        query = {"phone": NUMBER, "in": "x", "panel": "compose", **dict.fromkeys(names, hostile)}
        inbox.open("?" + "&".join(f"{name}={value}" for name, value in query.items()) + f"#{hostile}")
        expect(inbox.page.locator("#list")).not_to_be_empty()
        expect_harmless(inbox)
        assert "\u202e" not in inbox.page.evaluate("document.body.innerText")
    inbox.open(f"?message=..%2Faccounts%2F..%2Fmessages%2F{message}")
    expect(inbox.panel).to_contain_text("Not found")
    expect(inbox.panel).to_contain_text("Unknown path")
    inbox.watched.allow_issues("404")


def test_emoji_and_flags_are_not_escaped(inbox: Inbox, own_mock: Mock) -> None:
    text = "👩‍👩‍👧‍👦 ❤️ 🇮🇱 \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
    api_of(own_mock).send(NUMBER, content=text, add_unsubscribe_link=False)
    inbox.open()
    inbox.choose(NUMBER)
    expect(inbox.thread.locator(".text")).to_have_text(text)
    expect(inbox.thread.locator(".escape")).to_have_count(0)


def test_violation_of_the_csp_fails_a_test(inbox: Inbox) -> None:
    inbox.open()
    inbox.page.evaluate("document.body.append(Object.assign(document.createElement('style'), {textContent: 'a{}'}))")
    inbox.page.evaluate("fetch('http://127.0.0.1:9/').catch(() => {})")
    inbox.page.wait_for_function("performance.now() > 0")
    assert any("Content Security Policy" in issue for issue in inbox.watched.issues)
    inbox.watched.issues.clear()
