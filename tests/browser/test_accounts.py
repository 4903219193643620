"""The tree of accounts in a browser: tests with their outcome, search, keys."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.inbox import Inbox, sent
from tests.browser.test_inbox_usability import SMALL
from tests.browser.watched import Watched
from tests.inspection.support import Api
from tests.state.examples import FAILURE
from tests.support import NUMBER, Mock

OTHER = "972-54-2222222"
TESTS = (
    ("tests/test_login.py::TestCodes::test_code[a::b]", "passed"),
    ("tests/test_login.py::TestCodes::test_code[c]", "failed"),
    ("tests/test_login.py::test_stop", "error"),
    ("tests/test_orders.py::test_order", "skipped"),
    ("tests/test_orders.py::test_refund", None),
)


def run_tests(mock: Mock, tests: Iterable[tuple[str, str | None]]) -> None:
    """Leave the accounts of tests, as the pytest plugin does."""
    for number, (nodeid, outcome) in enumerate(tests):
        Api(mock, f"{number:04}-key").patch(label=nodeid, test_outcome=outcome)


@pytest.fixture
def inbox(watched: Watched, own_mock: Mock) -> Inbox:
    """The inbox of a mock that several tests have used."""
    run_tests(own_mock, TESTS)
    sent(own_mock, NUMBER, content="Of no test")
    return Inbox(watched)


def names(inbox: Inbox) -> Locator:
    return inbox.accounts.locator(".account-name")


def test_tests_are_a_tree_with_their_outcome(inbox: Inbox) -> None:
    inbox.open()
    expect(inbox.account).to_have_accessible_name("Account: all 6 accounts 2 failed")
    inbox.account.click()
    shown = [
        "All 6 accounts",
        "key-…",
        "tests/test_login.py",
        "test_stop",
        "TestCodes",
        "test_code[a::b]",
        "test_code[c]",
        "tests/test_orders.py",
        "test_order",
        "test_refund",
    ]
    expect(names(inbox)).to_have_text(shown)
    by_name = {name: inbox.accounts.nth(index) for index, name in enumerate(shown)}
    expect(by_name["tests/test_login.py"]).to_have_text("tests/test_login.py2 failed1 passed")
    expect(by_name["test_code[a::b]"].locator(".outcome.passed svg")).to_be_visible()
    expect(by_name["test_code[c]"]).to_have_attribute("aria-level", "3")
    expect(by_name["test_code[c]"]).to_have_text("failed test_code[c]0 SMS")
    expect(by_name["test_order"]).to_have_text("–skipped test_order0 SMS")
    by_name["test_code[c]"].click()
    expect(inbox.account).to_have_accessible_name("Account: failed test_code[c]")
    expect(inbox.account).to_be_focused()
    expect(inbox.page.get_by_role("heading", name="No SMS in this account")).to_be_visible()
    inbox.choose_account("All 6")
    expect(inbox.row("Of no test")).to_be_visible()


def test_outcome_appears_without_a_reload(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open().account.click()
    expect(inbox.accounts.filter(has_text="test_refund")).to_contain_text("not ended")
    Api(own_mock, "0004-key").patch(test_outcome="failed")
    expect(inbox.accounts.filter(has_text="test_refund")).to_contain_text("failed")
    expect(inbox.account).to_contain_text("3 failed")


def test_account_shows_why_its_test_failed(inbox: Inbox, own_mock: Mock) -> None:
    api = Api(own_mock, "0001-key")
    message = api.send(OTHER, content="Your code is 481516")[0]
    closest = FAILURE["explanation"]["closest"][0] | {"transaction_id": message}
    explained = {**FAILURE, "explanation": {**FAILURE["explanation"], "closest": [closest]}, "message": None}
    plain = {**FAILURE, "when": "teardown", "explanation": None, "text": "left at the end", "comparisons": []}
    account = api.get("account")["id"]
    banner = inbox.page.get_by_role("region", name="Failed test", exact=True)
    with inbox.page.expect_response(re.compile("/_mock/health")):  # then the banner is read for the first time
        inbox.open(f"?account={account}")
    expect(inbox.row(OTHER)).to_be_visible()
    expect(banner).to_be_hidden()
    # It appears without a reload, and then the page of the account opens with the closest message.
    api.patch(test_failures=[explained, plain])
    expect(banner.get_by_role("heading")).to_have_text("tests/test_login.py::TestCodes::test_code[c]")
    expect(banner.locator(".trace-head")).to_contain_text("failed, 2 failures")
    assert banner.locator("mark").all_inner_texts() == ["2", "1"]
    expect(banner.get_by_role("group").last).to_have_text("AssertionError: left at the end in teardown")
    expect(inbox.panel).to_be_hidden()
    inbox.open(f"?account={account}")
    expect(inbox.panel).to_contain_text(message)
    # A fold stays when something else happens. Another account has another banner, or none.
    banner.locator("summary").first.click()
    expect(banner.locator("mark").first).to_be_hidden()
    api.patch(label="tests/test_login.py::test_other")
    expect(banner.get_by_role("heading")).to_have_text("tests/test_login.py::test_other")
    expect(banner.locator("mark").first).to_be_hidden()
    inbox.choose_account("test_stop")
    expect(banner).to_be_hidden()
    inbox.page.go_back()
    expect(banner).to_be_visible()
    api.patch(test_outcome="passed")
    expect(banner).to_be_hidden()


def test_account_of_a_test_has_its_name_in_lists(inbox: Inbox, own_mock: Mock) -> None:
    Api(own_mock, "0004-key").send(OTHER)
    chip = inbox.open().row(OTHER).locator(".chip")
    expect(chip).to_have_text("test_refund")
    expect(chip.locator("bdi")).to_have_attribute("title", re.compile(r"^tests/.*::test_refund · 0004…$"))


def test_runs_of_the_same_test_differ_by_their_keys(inbox: Inbox, own_mock: Mock) -> None:
    run_tests(own_mock, [("tests/test_twice.py::test_it", "failed"), ("tests/test_twice.py::test_it", "passed")])
    inbox.open().account.click()
    runs = inbox.accounts.filter(has_text="test_it")
    expect(runs).to_have_text(["passed test_it0001… · 0 SMS", "failed test_it0000… · 0 SMS"])


def test_keys_of_the_tree(inbox: Inbox) -> None:
    page = inbox.open().page
    expect(inbox.account).to_be_visible()
    page.keyboard.press("a")
    search = page.get_by_role("searchbox", name="Find an account")
    expect(search).to_be_focused()
    for key in ("ArrowDown", "End", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    focused = page.locator("[role=treeitem]:focus")
    expect(focused).to_contain_text("tests/test_orders.py")
    expect(focused).to_have_attribute("aria-expanded", "false")
    for key, name in (
        ("ArrowRight", "test_orders"),
        ("ArrowRight", "test_order"),
        ("Home", "All 6"),
        ("ArrowDown", "key-"),
    ):
        page.keyboard.press(key)
        expect(focused).to_contain_text(name)
    page.keyboard.type("S")  # Opens the controls elsewhere on the page.
    expect(search).to_have_value("S")
    page.keyboard.press("Escape")
    expect(inbox.account).to_be_focused()
    expect(inbox.accounts.first).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.type("codes c]")
    page.keyboard.press("Enter")
    expect(inbox.account).to_have_accessible_name("Account: failed test_code[c]")


def test_search_among_many_accounts(inbox: Inbox, own_mock: Mock) -> None:
    run_tests(own_mock, ((f"tests/test_many.py::test_{number}", "passed") for number in range(200)))
    inbox.open().account.click()
    expect(inbox.accounts.filter(has_text="test_many.py")).to_have_attribute("aria-expanded", "false")
    search = inbox.page.get_by_role("searchbox", name="Find an account")
    search.fill("many 17")
    expect(inbox.page.get_by_role("status").filter(has_text="of 201")).to_have_text("12 of 201 accounts")
    for index, name in enumerate(("tests/test_many.py", "test_17", "test_117")):
        expect(names(inbox).nth(index)).to_have_text(name)
    search.fill("nothing like it")
    expect(inbox.accounts).to_have_count(0)
    search.fill("")
    inbox.page.keyboard.press("Tab")
    inbox.accounts.filter(has_text="test_many.py").click()
    inbox.page.keyboard.press("End")
    expect(inbox.accounts.last).to_be_focused()
    inbox.page.keyboard.press("Enter")
    expect(inbox.account).to_have_accessible_name("Account: passed test_199")
    inbox.account.click()
    expect(inbox.accounts.filter(has_text="test_199")).to_be_in_viewport()
    inbox.page.locator("#toolbar h1").click()
    expect(inbox.accounts.first).to_be_hidden()


def test_only_the_failed_tests(inbox: Inbox) -> None:
    inbox.open().account.click()
    inbox.page.get_by_role("button", name="2 failed", exact=True).click()
    expect(names(inbox)).to_have_text(["tests/test_login.py", "test_stop", "TestCodes", "test_code[c]"])
    inbox.page.set_viewport_size(SMALL)
    assert inbox.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert inbox.page.locator("#toolbar").evaluate("(bar) => bar.clientHeight") < 100
