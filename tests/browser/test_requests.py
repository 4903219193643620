"""The tab Requests: its list, the panel of a request, and a request as code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import requests
from playwright.sync_api import ViewportSize, expect

from tests.browser.inbox import Inbox, api_of, sent
from tests.inspection.support import FAILING, KOSHER, QUEUED, Api
from tests.support import KEY, NUMBER, TIMEOUT, Mock, body

RESET: Final = "972-50-0007200"
TRUNCATED: Final = "972-50-0007300"
TEXT: Final = 'It\'s "quoted" $HOME `x` \\ {} שלום\u202e\n100%'
CELLS: Final = ("method", "target", "recipients", "account", "warnings", "note")
SIZES: Final[tuple[ViewportSize, ...]] = tuple({"width": each, "height": 800} for each in (1440, 1024, 390))


def test_refused_and_malformed_requests_are_listed_with_the_reason(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock)
    own_mock.post('{"message": {"content": "x"}}')
    own_mock.post('{"message": ')
    own_mock.get("/rest/v1/nothing")
    own_mock.post("{}", X_API_Key="")
    inbox.open("?view=requests")
    rows = inbox.list.get_by_role("option")
    expect(rows).to_have_count(5)
    texts = [" ".join(row.inner_text().split()) for row in rows.all()]
    assert [re.findall(r" (\d{3}) ", words)[0] for words in texts] == ["401", "404", "400", "400", "200"]
    assert "The to field is required" in texts[3]
    inbox.choose("The to field is required")
    expect(inbox.panel.get_by_role("region", name="Request")).to_contain_text('"content": "x"')
    expect(inbox.panel.get_by_role("region", name="Response")).to_contain_text("The request is invalid.")


def test_requests_are_filtered_as_in_the_inspection_api(inbox: Inbox, own_mock: Mock) -> None:
    sent(own_mock)
    own_mock.get("/rest/v1/nothing")
    own_mock.get("/rest/v1/transactional/sms/search")
    inbox.open("?view=requests&method=GET")
    rows = inbox.list.get_by_role("option")
    expect(rows).to_have_count(2)
    inbox.page.get_by_role("searchbox").fill("method:GET status:404")
    inbox.page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(inbox.page).to_have_url(re.compile(r"method=GET&status=404"))
    inbox.page.get_by_role("searchbox").fill(f"to:{NUMBER}")
    inbox.page.keyboard.press("Enter")
    expect(rows).to_have_text([re.compile(NUMBER)])
    inbox.page.get_by_role("searchbox").fill("")
    inbox.page.keyboard.press("Enter")
    expect(rows).to_have_count(3)
    inbox.page.get_by_role("button", name="Refused only").click()
    expect(rows).to_have_count(1)


def cells(inbox: Inbox, *words: str) -> list[str]:
    """Return what the columns of a row have."""
    row = inbox.row(*words)
    return [" ".join(row.locator(f".{name}").inner_text().split()) for name in CELLS]


def test_row_has_recipients_account_warnings_and_note(inbox: Inbox, own_mock: Mock) -> None:
    api_of(own_mock).send(NUMBER, KOSHER, surprise=1)
    own_mock.get("/transactional/sms/search?limit=1")
    own_mock.get("/rest/v1/nothing")
    inbox.open("?view=requests")
    assert cells(inbox, NUMBER) == ["POST", "send", f"{NUMBER} + 1", "", "1 warning", ""]
    assert cells(inbox, "limit=1") == ["GET", "search?limit=1", "", "", "", "the path has no /rest/v1"]
    assert cells(inbox, "nothing")[1] == "/rest/v1/nothing"
    Api(own_mock, "other-key").patch(label="tests/test_shop.py::test_order")
    expect(inbox.row(NUMBER).locator(".account")).to_have_text("key-…")
    Api(own_mock, "other-key").send(KOSHER)
    expect(inbox.row(KOSHER).locator(".account")).to_have_text("test_order")


def test_broken_response_has_not_the_colour_of_a_success(inbox: Inbox, own_mock: Mock) -> None:
    for number in (TRUNCATED, NUMBER):
        with suppress(requests.RequestException):
            own_mock.post(json.dumps(body(number)))
    inbox.open("?view=requests")
    expect(inbox.row(TRUNCATED).locator(".badge.exception")).to_have_text("200 truncated")
    expect(inbox.row(NUMBER).locator(".badge.sent")).to_have_text("200")
    inbox.choose(TRUNCATED)
    expect(inbox.panel.locator(".state .badge.exception")).to_have_text("200 truncated")


def test_filters_of_a_view_do_not_apply_to_another_one(inbox: Inbox, own_mock: Mock) -> None:
    api_of(own_mock).send(NUMBER)
    inbox.open("?view=requests&status=200")
    inbox.choose(NUMBER)
    inbox.panel.get_by_role("button", name=NUMBER).click()
    inbox.press("Conversation")
    expect(inbox.row(NUMBER)).to_be_visible()
    expect(inbox.page.get_by_role("searchbox")).to_have_value("")


def test_columns_fit_at_each_width(inbox: Inbox, own_mock: Mock) -> None:
    api_of(own_mock).send(NUMBER, surprise=1)
    own_mock.post('{"message": {"content": "x"}}')
    inbox.open("?view=requests")
    for size in SIZES:
        inbox.page.set_viewport_size(size)
        for selector in (".recipients", ".warnings", ".target", ".duration"):
            cell = inbox.row(NUMBER).locator(selector)
            expect(cell).to_be_in_viewport()
            assert cell.evaluate("(cell) => cell.scrollWidth <= cell.clientWidth"), (selector, size)
        note = inbox.row("The to field").locator(".note")
        assert note.evaluate("(cell) => cell.clientWidth") > 150
        last = inbox.list.get_by_role("option").last
        assert last.evaluate(
            "(row) => row.getBoundingClientRect().bottom <= row.parentElement.getBoundingClientRect().bottom"
        )


def test_request_and_message_link_to_each_other(inbox: Inbox, own_mock: Mock) -> None:
    api_of(own_mock).send(NUMBER, KOSHER, content="Hello")
    inbox.open("?view=requests")
    inbox.choose(NUMBER)
    expect(inbox.panel.get_by_role("listitem")).to_have_text(
        [f"{NUMBER}sentHello", f"{KOSHER}rejected · kosher-numberHello"]
    )
    inbox.press(KOSHER)
    expect(inbox.panel.get_by_role("heading", name=f"SMS to {KOSHER}")).to_be_visible()
    inbox.panel.get_by_role("button", name=re.compile(r"^POST send → 2 SMS, \d\d:\d\d:\d\d$")).click()
    expect(inbox.panel.get_by_role("heading", name="SMS created: 2")).to_be_visible()
    inbox.page.go_back()
    inbox.press("Conversation")
    expect(inbox.bubble("Hello")).to_be_visible()


def test_open_request_follows_the_states_of_its_messages(inbox: Inbox, own_mock: Mock) -> None:
    (message,) = api_of(own_mock).send(QUEUED)
    inbox.open("?view=requests")
    inbox.choose(QUEUED)
    state = inbox.panel.get_by_role("listitem").locator(".badge")
    expect(state).to_have_text("queued")
    api_of(own_mock).post(f"messages/{message}/send")
    expect(state).to_have_text("sent")


def test_request_with_many_recipients_shows_the_first(inbox: Inbox, own_mock: Mock) -> None:
    numbers = [f"972-54-11111{each}" for each in range(10, 35)]
    api_of(own_mock).patch(webhooks=[{"url": "http://127.0.0.1:9/hook", "paused": True}])
    api_of(own_mock).send(*numbers)
    inbox.open("?view=requests")
    inbox.choose(f"{numbers[0]} + 24")
    expect(inbox.panel.get_by_role("listitem")).to_have_count(20)
    expect(inbox.panel).to_contain_text("and 5 more")
    expect(inbox.panel.get_by_role("listitem").last).to_contain_text(f"{numbers[19]}sent")


def test_code_is_chosen_copied_and_downloaded(inbox: Inbox, own_mock: Mock, tmp_path: Path) -> None:
    sent(own_mock, content=TEXT)
    inbox.open("?view=requests")
    inbox.choose(NUMBER)
    inbox.panel.get_by_text("As code", exact=True).click()
    languages = inbox.panel.get_by_role("group", name="Language").get_by_role("button")
    expect(languages).to_have_text(["curl", "HTTPie", "Python", "Node", "pytest"])
    expect(inbox.panel).to_contain_text("Replace YOUR-KEY with your API key. The mock stores it shortened: key-…")
    inbox.press("Python")
    expect(inbox.panel.get_by_role("button", name="Python", exact=True)).to_have_attribute("aria-pressed", "true")
    inbox.press("Copy code for python")
    expect(inbox.notice).to_have_text("Code for Python copied.")
    with inbox.page.expect_download() as download:
        inbox.press("Download request.py")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    code = path.read_text("utf-8")
    assert (path.name, "YOUR-KEY" in code) == ("request.py", True)
    exec(code.replace("YOUR-KEY", KEY), {})
    first, second = api_of(own_mock).get("messages")["messages"]
    assert first["content"] == second["content"] == TEXT
    inbox.page.reload()
    expect(inbox.panel.get_by_role("button", name="Python", exact=True, include_hidden=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def make_requests(own_mock: Mock) -> None:
    """Make requests of each kind that a test can expect."""
    api = api_of(own_mock)
    api.send(NUMBER, KOSHER, NUMBER, content=TEXT)
    api.send("12", "054-1111111", "972-54-*", "nobody", content="Hi")
    for fault in (
        {"kind": "status", "status": 503, "accept": True},
        {"kind": "status", "status": 429},
        {"kind": "empty"},
    ):
        api.post("faults", {"fault": fault, "times": 1})
        own_mock.post(json.dumps(body()))
    for number in (FAILING, RESET, TRUNCATED):
        with suppress(requests.RequestException):
            own_mock.post(json.dumps(body(number)))
    own_mock.post('{"message": ')
    own_mock.post(json.dumps(body()), X_API_Key="")
    own_mock.get("/rest/v1/nothing")
    own_mock.get("/rest/v1/transactional/sms/search?limit=1")
    own_mock.get("/rest/v1/transactional/sms/send")
    api.patch(rest_right=False)
    own_mock.post(json.dumps(body()))


def test_pytest_code_passes(inbox: Inbox, own_mock: Mock, tmp_path: Path) -> None:
    make_requests(own_mock)
    inbox.open("?view=requests")
    inbox.page.evaluate("localStorage.setItem('mocksms-language', 'pytest')")
    rows = inbox.list.get_by_role("option")
    count = 14
    expect(rows).to_have_count(count)
    for index in range(count):
        inbox.page.keyboard.press("j")
        row = inbox.list.locator("[aria-selected=true]")
        expect(row).to_have_attribute("aria-posinset", str(index + 1))
        status = str(row.locator(".badge").text_content())
        expect(inbox.panel.locator(".state .badge")).to_have_text(status)
        expect(inbox.panel.locator("h2")).to_contain_text(str(row.locator(".target").text_content()))
        code = inbox.panel.locator(".as-code pre").text_content() or ""
        (tmp_path / f"test_{index}.py").write_text(code, "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "-n",
        "0",
        str(tmp_path),
    ]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV", "MOCKSMS"))
    }
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=TIMEOUT * 6, check=False
    )
    assert f"{count} passed" in done.stdout, done.stdout
