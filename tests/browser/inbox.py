"""The inbox as a page object: list, thread and panel."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.watched import Watched
from tests.inspection.support import Api
from tests.support import KEY, Mock


class Inbox:
    """The inbox of a mock."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.page = watched.page
        self.list = self.page.get_by_role("listbox")
        self.thread = self.page.get_by_role("log")
        self.panel = self.page.locator("#panel")
        self.account = self.page.locator("#account-button")
        self.accounts = self.page.get_by_role("treeitem")
        self.notice = self.page.locator("#notice")
        self.error = self.page.locator("#error")

    def open(self, query: str = "") -> Inbox:
        """Open the page, and wait until it is live."""
        self.page.goto(f"{self.watched.base}/{query}")
        self.expect_live()
        return self

    def open_message(self, transaction_id: str) -> Inbox:
        """Open the page with the panel of a message."""
        self.open(f"?message={transaction_id}")
        expect(self.panel).to_contain_text(transaction_id)
        return self

    def expect_live(self) -> None:
        expect(self.page.locator("#live")).to_have_text("live")

    def row(self, *words: str) -> Locator:
        """Return the row of the list that contains these words."""
        found = self.list.get_by_role("option")
        for word in words:
            found = found.filter(has_text=word)
        return found

    def bubble(self, words: str) -> Locator:
        return self.thread.get_by_role("article").filter(has_text=words)

    def choose(self, *words: str) -> None:
        """Open the row that contains these words."""
        self.row(*words).click()

    def choose_account(self, words: str) -> None:
        """Select the account whose row contains these words."""
        self.account.click()
        self.accounts.filter(has_text=words).click()

    def open_details(self, words: str) -> None:
        """Open the details of the message that contains these words."""
        self.bubble(words).get_by_role("button", name="details").click()
        expect(self.panel.get_by_role("heading", name="SMS to")).to_be_visible()

    def press(self, name: str) -> None:
        """Press a button of the panel."""
        self.panel.get_by_role("button", name=name, exact=True).click()

    def fact(self, name: str) -> Locator:
        """Return the value of a fact in the panel."""
        return self.panel.locator(f"dt:text-is('{name}') + dd")

    def compose(self, content: str, to: str = "") -> None:
        """Send an SMS with the form in the panel, which must be open."""
        if to:
            self.panel.locator("[name=to]").fill(to)
        self.panel.get_by_label("Text").fill(content)
        self.press("Send")


def api_of(mock: Mock, key: str = KEY) -> Api:
    """Return the inspection API for an account of a mock."""
    return Api(mock, key)


def sent(mock: Mock, *to: str, **more: Any) -> str:
    """Send an SMS without a link in it, and return the id of its first message."""
    return Api(mock, KEY).send(*to, **{"add_unsubscribe_link": False, **more})[0]
