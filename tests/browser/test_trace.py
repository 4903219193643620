"""Traces in a browser, as `mocksms open` serves them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from mocksms.state.trace_models import LogLine, TracedFailure
from mocksms.testing.comparisons import ComparedCondition
from tests.browser.conftest import visiting
from tests.browser.inbox import Inbox, api_of
from tests.browser.watched import Watched
from tests.state.examples import FAILURE
from tests.state.saved import explanation_of, snapshot_of, trace_of
from tests.support import NOON, NUMBER, Mock, body
from tests.viewer.opening import opened, opened_folder

CONTENT = "Your code is 481516. Do not share it."
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e"


class TracePage(Inbox):
    """The web UI of a trace."""

    def __init__(self, watched: Watched, banner: str = "Trace") -> None:
        super().__init__(watched)
        self.banner = self.page.get_by_role("region", name=banner, exact=True)

    def expect_live(self) -> None:
        expect(self.page.locator("#live")).to_have_text("read-only")


@contextmanager
def opened_at(page: Page, url: str) -> Iterator[TracePage]:
    with visiting(page, url) as watched:
        yield TracePage(watched)


def test_trace_shows_test_difference_message_and_request(page: Page, own_mock: Mock) -> None:
    api = api_of(own_mock)
    api.request_json("PUT", "scenario", {"rule": [{"match": {"tag": "otp"}, "outcome": "sent"}]})
    api.send(NUMBER, content=CONTENT, tags=["otp"])
    api.send("972-52-2222222", content="Other")
    failure = explanation_of(own_mock, to=NUMBER, content=CONTENT.replace("6.", "7.").replace("Your", "You"))
    packed = trace_of(own_mock, failure, "left at the end", nodeid="tests/test_login.py::TestOtp::test_code[sms]")
    with opened(packed) as url, opened_at(page, url) as trace:
        trace.open()
        expect(trace.banner.get_by_role("heading")).to_have_text("tests/test_login.py::TestOtp::test_code[sms]")
        expect(trace.banner).to_contain_text(failure.summary)
        assert trace.banner.locator(".expected mark").all_inner_texts() == ["", "7"]
        assert trace.banner.locator(".got mark").all_inner_texts() == ["r", "6"]
        expect(trace.banner.locator(".expected mark").first).to_be_visible()
        expect(page).to_have_title("TestOtp::test_code[sms] · mocksms")
        # The closest message and its conversation are open, and nothing can be changed.
        expect(trace.bubble("481516")).to_have_class("bubble to sent open")
        expect(trace.panel.get_by_role("heading", name="SMS to")).to_be_visible()
        trace.panel.get_by_text("Request", exact=True).click()
        expect(trace.panel.get_by_role("region", name="Request")).to_contain_text('"mobile_number": "972-54-1111111"')
        controls = ("New SMS", "Controls", "Reply", "Bounce", "Opt the phone out", "Send SMS to this number", "Replay")
        for name in controls:
            expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
        page.get_by_role("button", name="State").click()
        expect(trace.panel).to_contain_text("For the account key-…")
        expect(trace.panel.get_by_role("region", name="Rules")).to_contain_text("rule 1 of the scenario")
        expect(trace.fact("Sender")).to_have_text("SenderID")
        expect(page.locator("main form, main input, main select, main textarea")).to_have_count(0)
        page.get_by_role("button", name="Report and logs").click()
        expect(trace.panel.get_by_role("region", name="Report of pytest")).to_contain_text("AssertionError")
        expect(trace.panel.get_by_role("listitem").filter(has_text="ValueError")).to_contain_text("failed")
        expect(trace.panel.get_by_role("region", name="Failure 2 in call")).to_have_text("left at the end")
        expect(trace.fact("python")).to_have_text("3.12.1")
        trace.banner.get_by_role("button", name=failure.closest[0].transaction_id[:8]).click()
        expect(trace.panel.get_by_role("heading", name="SMS to")).to_be_visible()
        page.keyboard.press("c")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("state")
        expect(page.get_by_role("dialog")).not_to_contain_text("reply")


def test_causes_and_plain_errors_are_shown(page: Page, own_mock: Mock) -> None:
    api = api_of(own_mock)
    api.send("972-52-2222222", content="Hello")
    own_mock.post("{")
    failure = explanation_of(own_mock, tag="otp")
    plain = "assert 'queued' == 'sent'\n\n  - sent\n  + queued\n  third\n"
    with opened(trace_of(own_mock, failure)) as url, opened_at(page, url) as trace:
        trace.open()
        expect(trace.banner.locator(".got")).to_have_text("none")
        trace.banner.get_by_role("button", name="Show request").click()
        expect(trace.panel.get_by_role("heading", name="POST /transactional/sms/send")).to_be_visible()
    api.post("faults", {"fault": {"kind": "status", "status": 503}, "times": 1})
    own_mock.post(json.dumps(body(NUMBER)))
    with opened(trace_of(own_mock, plain)) as url, opened_at(page, url) as trace:
        trace.open()
        expect(trace.banner.get_by_role("group")).to_have_text(
            "AssertionError: assert 'queued' == 'sent'  - sent\n  + queued\n…\n"
        )
        page.get_by_role("button", name="State").click()
        expect(trace.panel.get_by_label("Active faults")).to_contain_text("status 503 applied 1, 0 left")
        expect(trace.bubble("Hello")).to_be_visible()  # of the only phone
    with opened(trace_of(own_mock, explanation_of(own_mock, exactly=0))) as url, opened_at(page, url) as trace:
        trace.open()
        expect(trace.banner.locator(".got")).to_have_text("1 SMS in account key-…")
        expect(trace.banner.get_by_role("listitem")).to_contain_text("unexpected")
        expect(trace.panel.get_by_role("heading", name="SMS to")).to_be_visible()
    api.patch(test_outcome="failed", test_failures=[{**FAILURE, "explanation": None}])
    with opened(snapshot_of(own_mock)) as url, opened_at(page, url) as trace:
        trace.open()
        expect(trace.banner).to_contain_text("Snapshot of a.mocksms.zip")
        expect(trace.banner.locator("mark")).to_have_text(["2", "1"])  # of the only account
        trace.banner.get_by_role("button", name="Versions and options").click()
        expect(trace.fact("file")).to_have_text("a.mocksms.zip")


def test_what_an_error_compares_is_marked(page: Page, own_mock: Mock) -> None:
    (message,) = api_of(own_mock).send(NUMBER, content="Hello")
    api_of(own_mock).send("972-52-2222222", content="Other")
    value = ComparedCondition("value", "481517", "481516", matches=False).model()
    state = ComparedCondition("state", "delivered", "pending", matches=False).model()
    event = ComparedCondition("event", "send", "send", matches=True).model()
    error: dict[str, Any] = {"when": "call", "type": "AssertionError", "explanation": None}
    plain = TracedFailure(**error, text="assert 'a' == 'b'\n\n  - b\n  + a", comparisons=[value])
    with opened(trace_of(own_mock, plain)) as url, opened_at(page, url) as trace:
        trace.open()
        expect(trace.banner.locator("mark")).to_have_text(["7", "6"])
        expect(trace.banner.locator("pre")).to_have_count(0)
    text = "no callback\n  expected  event send"
    callback = TracedFailure(**error, text=text, comparisons=[event, state], message=message)
    with opened(trace_of(own_mock, callback)) as url, opened_at(page, url) as trace:
        trace.open("")
        expect(trace.banner.locator("dt").first).to_have_text("state expected")
        expect(trace.banner.locator("dd")).to_have_text(["delivered", "pending"])
        expect(trace.banner.locator("pre")).to_contain_text("event send")
        expect(trace.panel.get_by_role("heading", name="SMS to")).to_be_visible()
        trace.banner.get_by_role("button", name="Report and logs").click()
        expect(trace.panel.locator(".got mark")).to_have_text("pending")


def test_banner_and_panel_show_the_same_trace(page: Page, own_mock: Mock) -> None:
    with opened(trace_of(own_mock, "left")) as url, opened_at(page, url) as trace:
        trace.open("?panel=trace")
        expect(trace.banner).to_contain_text("AssertionError: left")
        expect(trace.panel.get_by_role("heading", name="Trace")).to_be_visible()
        assert len([each for each in trace.watched.requested if "/_mock/trace" in each]) == 1


@pytest.mark.parametrize("last", ["phones", "trace"])
def test_title_names_the_test_whatever_is_read_last(page: Page, own_mock: Mock, last: str) -> None:
    held: list[Route] = []
    requested = re.compile(rf"/_mock/{last}(\?limit=100)?$")
    packed = trace_of(own_mock, "left", nodeid="tests/test_login.py::test_code")
    with opened(packed) as url, opened_at(page, url) as trace:
        page.route(requested, lambda route: held.append(route))  # Playwright refuses a builtin function.
        shown = {"phones": page.get_by_text("0 phones"), "trace": trace.banner.get_by_text("test_code")}
        with page.expect_request(requested):
            trace.open("?panel=account")
        expect(shown["trace" if last == "phones" else "phones"]).to_be_visible()
        held[0].continue_()
        expect(shown[last]).to_be_visible()
        expect(page).to_have_title("test_code · mocksms")


def test_link_to_the_mock_that_ended_is_text(page: Page, own_mock: Mock) -> None:
    api_of(own_mock).send(NUMBER, content="See https://shop.example/", add_unsubscribe_link=True)
    with opened(snapshot_of(own_mock)) as url, opened_at(page, url) as trace:
        trace.open()
        trace.open_details("shop.example")
        links = trace.panel.get_by_role("group").filter(has=page.get_by_role("heading", name="Links"))
        for part in (trace.bubble("shop.example"), links):
            expect(part).to_contain_text(f"{own_mock.engine.text_policy.link_base}/u/")
            assert part.get_by_role("link").all_inner_texts() == ["https://shop.example/"]


def test_hostile_texts_are_shown_as_text_at_any_size(page: Page, own_mock: Mock, tmp_path: Path) -> None:
    api_of(own_mock, "of another test").send("972-52-2222222", content="Hello")
    api = api_of(own_mock)
    api.send(NUMBER, content=f"{HOSTILE} שלום", tags=[HOSTILE])
    failure = explanation_of(own_mock, content=f"{HOSTILE} שלומ")
    logs = [LogLine(at=NOON, level=HOSTILE, logger=HOSTILE, text=HOSTILE, exception=HOSTILE)]
    nodeid = f"tests/{HOSTILE}.py::test_{HOSTILE}[שלום-{'x' * 300}]"
    packed = trace_of(own_mock, failure, HOSTILE, nodeid=nodeid, logs=logs, report=HOSTILE)
    (tmp_path / "hostile'\"<b>&.mocksms.zip").write_bytes(packed)
    (tmp_path / "damaged.mocksms.zip").write_bytes(packed[:500])
    with opened_folder(tmp_path) as url, opened_at(page, url) as trace:
        page.goto(url)
        rows = page.get_by_role("list", name="Traces").get_by_role("listitem")
        expect(rows).to_have_count(2)
        expect(rows.filter(has_text="damaged")).to_contain_text("Cannot be read: Invalid snapshot: the zip is cut off")
        page.get_by_label("Filter").fill("HOSTILE unexpected")
        expect(rows).to_have_text("No trace matches.")
        page.get_by_label("Filter").fill("hostile <IMG")
        expect_fits(page)
        rows.get_by_role("link").click()
        expect(trace.banner).to_contain_text("</script>")
        expect(trace.account).to_have_accessible_name(re.compile(r"^Account: failed key-"))
        expect(trace.list.get_by_role("option")).to_have_count(1)
        trace.banner.get_by_role("button", name="Report and logs").click()
        expect(trace.panel.locator(".logs")).to_contain_text("onerror")
        expect_fits(page)
        assert page.locator("img, main script, #trace script, [onerror]").count() == 0
        page.keyboard.press("Escape")
        page.get_by_role("link", name="All traces").click()
        expect(rows).to_have_count(2)


def expect_fits(page: Page) -> None:
    """Check that the page is not wider than windows of usual sizes."""
    for width, height in ((390, 844), (1024, 700), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
