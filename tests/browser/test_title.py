"""Title and icon of the page: how many phones are unread."""

from __future__ import annotations

import re
from urllib.parse import unquote

from playwright.sync_api import expect

from tests.browser.inbox import Inbox, sent
from tests.support import NUMBER, Mock

MORE_THAN_A_PAGE = 130


def icon_of(inbox: Inbox) -> str:
    return unquote(inbox.page.locator("link[rel=icon]").get_attribute("href") or "")


def test_title_and_icon_count_the_unread_phones_in_every_view(inbox: Inbox, own_mock: Mock) -> None:
    inbox.open()
    expect(inbox.page).to_have_title("mocksms")
    plain = icon_of(inbox)
    sent(own_mock, NUMBER, content="One")
    expect(inbox.page).to_have_title("(1) mocksms")
    expect(inbox.page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("^data:image/svg"))
    assert ">1</text>" in icon_of(inbox)
    inbox.page.get_by_role("link", name="Requests").click()
    sent(own_mock, *(f"972-52-{place:07}" for place in range(MORE_THAN_A_PAGE)), content="Many")
    expect(inbox.page).to_have_title(f"({MORE_THAN_A_PAGE + 1}) mocksms")
    assert ">99+</text>" in icon_of(inbox)
    inbox.page.get_by_role("link", name="Phones").click()
    inbox.choose("972-52-0000129")
    expect(inbox.page).to_have_title(f"({MORE_THAN_A_PAGE}) mocksms")
    inbox.open("?search=One")
    expect(inbox.row("One")).to_be_visible()
    expect(inbox.page).to_have_title(f"({MORE_THAN_A_PAGE}) mocksms")
    assert plain.endswith("inbox/icon.svg")
