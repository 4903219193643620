"""Accessibility: axe finds nothing in 30 views, each light on a desktop and dark on a phone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP
from tests.browser.inbox import Inbox, api_of, sent
from tests.browser.test_inbox_usability import SMALL, populate
from tests.browser.test_trace import opened_at
from tests.inspection.support import KOSHER, Api
from tests.state.examples import FAILURE
from tests.state.saved import explanation_of, trace_of
from tests.support import NUMBER, Mock
from tests.viewer.opening import opened, opened_folder


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe, a scanner for accessibility problems."""
    npm = shutil.which("npm")
    if npm is None:  # pragma: no cover, the whole check has one
        pytest.skip("there is no npm here; on Debian: apt-get install npm")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "axe-core@4"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return (Path(folder) / "node_modules/axe-core/axe.min.js").read_text()


def violations(inbox: Inbox) -> list[str]:
    """Return what axe finds: the rule, its impact, and the element."""
    found: dict[str, Any] = inbox.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:160]} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def expect_accessible(inbox: Inbox, axe: str) -> None:
    """Check the page in both schemes and sizes: colours depend on the scheme, the layout on the size."""
    inbox.page.evaluate(axe)
    assert violations(inbox) == []
    inbox.page.emulate_media(color_scheme="dark")
    inbox.page.set_viewport_size(SMALL)
    assert violations(inbox) == []
    inbox.page.emulate_media(color_scheme="light")
    inbox.page.set_viewport_size(DESKTOP)


VIEWS: Final = {
    "phones": ("", "3 phones"),
    "conversation": ("?phone=972541111111&in={account}", "See https"),
    "rejected": ("?phone=972500002100&in={account}", "magic number 21"),
    "message": ("?phone=972541111111&in={account}&message={message}", "Life"),
    "message that was rejected": ("?message={rejected}", "Rejected"),
    "compose": ("?panel=compose", "New SMS"),
    "compose to a magic number": ("?panel=compose&recipient={kosher}", "New SMS"),
    "controls": ("?panel=controls", "Opted out: 1"),
    "requests": ("?view=requests", "5 requests"),
    "refused request": ("?view=requests&refused=true&request={refused}", "Response"),
    "request with JSON": ("?view=requests&request={request}", "Response"),
    "search": ("?reject_reason=kosher-number", "1 found"),
    "search without a result": ("?search=nothing%20like%20this", "No SMS"),
    "search with a mistake": ("?search=statsu:sent", "status:"),
}
"""The views that an address opens: the address, and what is shown then."""


def test_views_of_an_address_pass_axe(inbox: Inbox, own_mock: Mock, axe: str) -> None:
    inbox.open()
    expect(inbox.page.get_by_role("heading", name="No SMS yet")).to_be_visible()
    expect_accessible(inbox, axe)
    populate(own_mock)
    api = Api(own_mock)
    rejected = api.get("messages", to=KOSHER)["messages"][0]
    found = {
        "account": api.get("accounts")["accounts"][0]["id"],
        "message": api.get("messages/latest")["transaction_id"],
        "rejected": rejected["transaction_id"],
        "kosher": KOSHER,
        "refused": api.get("requests", refused=True)["requests"][0]["id"],
        "request": rejected["request_id"],
    }
    for name, (address, words) in VIEWS.items():
        inbox.open(address.format(**found))
        expect(inbox.page.get_by_text(words).filter(visible=True).first, name).to_be_visible()
        expect_accessible(inbox, axe)


def test_selection_dialogs_and_suggestions_pass_axe(inbox: Inbox, own_mock: Mock, axe: str) -> None:
    populate(own_mock)
    inbox.open("?search=is:sms").list.press("Control+a")
    expect(inbox.page.get_by_text("4 selected")).to_be_visible()
    expect_accessible(inbox, axe)
    for key, name in (("Delete", "Delete"), ("?", "Help")):
        inbox.page.keyboard.press(key)
        expect(inbox.page.get_by_role("dialog", name=name)).to_be_visible()
        expect_accessible(inbox, axe)
        inbox.page.keyboard.press("Escape")
    inbox.open("?view=requests").list.get_by_role("option").last.click()
    inbox.panel.get_by_text("As code", exact=True).click()
    inbox.press("pytest")
    expect_accessible(inbox, axe)
    inbox.open().page.get_by_role("searchbox").press_sequentially("st")
    expect(inbox.page.locator("#suggestions")).to_be_visible()
    expect_accessible(inbox, axe)


def test_callbacks_and_conditions_pass_axe(inbox: Inbox, own_mock: Mock, axe: str) -> None:
    api, account = Api(own_mock), api_of(own_mock)
    account.patch(webhooks=["http://127.0.0.1:1/", {"url": "http://127.0.0.1:2/", "paused": True}])
    sent(own_mock, NUMBER)
    failed, paused = (api.get("callbacks", url=f":{port}/")["callbacks"][0]["id"] for port in (1, 2))
    views = {"": "pending", f"&callback={paused}": "No attempt yet.", f"&callback={failed}": "connection failed"}
    for address, words in {**views, "&panel=webhook": "URL"}.items():
        inbox.open(f"?view=callbacks{address}")
        expect(inbox.page.get_by_text(words).last).to_be_visible()
        expect_accessible(inbox, axe)
    api.post("clock/freeze")
    api.post("faults", {"fault": {"kind": "empty"}})
    api.request_json("PUT", "scenario", {"rule": [{"outcome": "sent"}]})
    for section in ("scenario", "faults"):
        inbox.open(f"?panel=controls&section={section}")
        expect(inbox.page.locator("#strip .pill")).to_have_count(4)
        expect_accessible(inbox, axe)
    inbox.page.keyboard.press("Control+k")
    expect(inbox.page.get_by_role("option", name="Resume the clock")).to_be_visible()
    expect_accessible(inbox, axe)
    for key, outcome in (("failed", "failed"), ("passed", "passed"), ("new", None)):
        Api(own_mock, key).patch(label=f"tests/test_login.py::TestCode::test_{key}", test_outcome=outcome)
    inbox.open().account.click()
    expect(inbox.accounts).to_have_count(7)
    expect_accessible(inbox, axe)
    failed_account = Api(own_mock, "failed").patch(test_failures=[{**FAILURE, "explanation": None, "message": None}])[
        "id"
    ]
    inbox.open(f"?account={failed_account}")
    expect(inbox.page.get_by_role("region", name="Failed test").locator("mark").first).to_be_visible()
    expect_accessible(inbox, axe)


def test_trace_and_folder_of_traces_pass_axe(page: Page, own_mock: Mock, axe: str, tmp_path: Path) -> None:
    sent(own_mock, NUMBER, content="Your code is 481516")
    failure = explanation_of(own_mock, to=NUMBER, content="Your code is 481517")
    packed = trace_of(own_mock, failure, "left at the end", nodeid="tests/test_login.py::test_code")
    (tmp_path / "a.mocksms.zip").write_bytes(packed)
    with opened(packed) as url, opened_at(page, url) as trace:
        trace.open()
        expect(trace.banner.locator(".expected mark").first).to_be_visible()
        expect_accessible(trace, axe)
    with opened_folder(tmp_path) as url, opened_at(page, url) as folder:
        page.goto(url)
        expect(page.get_by_role("list", name="Traces").get_by_role("listitem")).to_have_count(1)
        expect_accessible(folder, axe)


@pytest.mark.parametrize(
    ("path", "ready"),
    [
        ("docs#send", "#send .sample"),
        ("docs#automation_callback", "#automation_callback .sample"),
        ("docs/guide/options", "#page table"),
    ],
)
def test_reference_and_guide_pass_axe(inbox: Inbox, own_mock: Mock, axe: str, path: str, ready: str) -> None:
    inbox.page.goto(f"{own_mock.url}/{path}")
    expect(inbox.page.locator(ready).first).to_be_visible()
    expect_accessible(inbox, axe)
