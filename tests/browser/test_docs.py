"""The API reference, read and tried out in a browser."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, ViewportSize, expect

from mocksms.web.static import guide_files
from tests.browser.conftest import Watched
from tests.inspection.support import Api
from tests.support import KEY, NUMBER, Mock


def opened(watched: Watched, operation: str) -> Locator:
    """Open the page and one operation."""
    watched.page.goto(f"{watched.base}/docs")
    watched.page.fill("#key", KEY)
    watched.page.click(f"#{operation} > summary")
    return watched.page.locator(f"#{operation}")


def response_of(operation: Locator) -> Any:
    """Send the request of an operation, and return the JSON of its response."""
    operation.get_by_role("button", name="Send", exact=True).click()
    response = operation.get_by_label("Response")
    expect(response).not_to_be_empty()
    return json.loads(response.inner_text())


def test_every_operation_of_both_apis_is_shown(watched: Watched, own_mock: Mock) -> None:
    watched.page.goto(f"{watched.base}/docs")
    expect(watched.page.locator("details.operation").first).to_be_visible()
    document = own_mock.get("/openapi.json").json()
    described = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    shown = {view.get_attribute("id") for view in watched.page.locator("details.operation").all()}
    assert shown == described
    assert watched.page.title().startswith("mocksms")


def test_every_page_of_the_guide_is_linked(watched: Watched) -> None:
    watched.page.goto(f"{watched.base}/docs")
    links = watched.page.get_by_role("navigation", name="Guide").get_by_role("link")
    assert {f"/{link.get_attribute('href')}" for link in links.all()} == {*guide_files()}


def test_example_of_send_works_and_shows_its_response(watched: Watched, own_mock: Mock) -> None:
    (row,) = response_of(opened(watched, "send"))
    assert row["status"] == "sent"
    (message,) = Api(own_mock, KEY).get("messages")["messages"]
    assert message["transaction_id"] == row["transaction_id"]
    curl = watched.page.locator("#send").get_by_label("curl command").inner_text()
    assert curl.startswith(f"curl -sSN -X POST '{watched.base}/rest/v1/transactional/sms/send'")


def test_filter_hides_other_operations(watched: Watched) -> None:
    watched.page.goto(f"{watched.base}/docs")
    watched.page.wait_for_selector("details.operation")
    watched.page.keyboard.press("/")
    watched.page.keyboard.type("clock/freeze")
    expect(watched.page.locator("details.operation:visible")).to_have_count(1)
    assert watched.page.locator("details.operation:visible").get_attribute("id") == "freeze_clock"


def test_query_and_path_parameters_are_sent(watched: Watched, own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    (sent,) = api.send(NUMBER, content="Your code is 4815")
    operation = opened(watched, "list_messages")
    operation.get_by_label("content").fill("4815")
    assert [message["transaction_id"] for message in response_of(operation)["messages"]] == [sent]
    operation.get_by_label("content").fill("nothing like it")
    assert response_of(operation)["messages"] == []
    operation = opened(watched, "read_message")
    operation.get_by_label("id").fill(sent)
    assert response_of(operation)["transaction_id"] == sent


def test_error_response_is_shown_with_its_status(watched: Watched) -> None:
    operation = opened(watched, "read_message")
    operation.get_by_label("id").fill("unknown")
    error = response_of(operation)["error"]
    assert error["status"] == 404
    expect(operation.get_by_role("status")).to_contain_text("404")
    watched.allow_issues("404")


def test_stream_is_shown_until_it_is_stopped(watched: Watched, own_mock: Mock) -> None:
    operation = opened(watched, "events")
    operation.get_by_role("button", name="Send", exact=True).click()
    expect(operation.get_by_label("Response")).to_contain_text("event: open")
    (sent,) = Api(own_mock, KEY).send(NUMBER)
    expect(operation.get_by_label("Response")).to_contain_text(sent)
    operation.get_by_role("button", name="Stop").click()
    expect(operation.get_by_role("alert").last).to_have_text("Stopped.")


def test_snapshot_is_saved_as_a_file_and_sent(watched: Watched, own_mock: Mock) -> None:
    (sent,) = Api(own_mock, KEY).send(NUMBER)
    operation = opened(watched, "read_snapshot")
    operation.get_by_role("button", name="Send", exact=True).click()
    with watched.page.expect_download() as download:
        operation.get_by_role("link", name="Save the file").click()
    assert download.value.suggested_filename == "mocksms-snapshot.zip"
    Api(own_mock).post("reset")
    operation = opened(watched, "restore_snapshot")
    operation.get_by_label("Body").set_input_files(download.value.path())
    assert response_of(operation)["messages"] == 1
    assert Api(own_mock, KEY).ids() == [sent]
    assert f"--data-binary '@{download.value.path().name}'" in operation.get_by_label("curl command").inner_text()


def test_invalid_body_is_sent_only_after_a_second_click(watched: Watched) -> None:
    operation = opened(watched, "verify_messages")
    operation.get_by_label("Body").fill('{"exactly": 5')
    operation.get_by_role("button", name="Send", exact=True).click()
    expect(operation.get_by_role("alert")).to_contain_text("The body is not JSON")
    operation.get_by_role("button", name="Send anyway").click()
    expect(operation.get_by_role("status")).to_contain_text("400")
    watched.allow_issues("400")


def test_hostile_content_is_shown_as_text(watched: Watched, own_mock: Mock) -> None:
    text = "<img src=x onerror=alert(1)> <script>alert(1)</script> \u202egnp.exe"
    Api(own_mock, KEY).send(NUMBER, content=text)
    response = response_of(opened(watched, "list_messages"))
    assert response["messages"][0]["content"] == text
    assert watched.page.locator("#list_messages img, #list_messages script").count() == 0


def test_page_fits_the_screen(watched: Watched) -> None:
    opened(watched, "send")
    for size in (ViewportSize(width=1100, height=900), ViewportSize(width=390, height=800)):
        watched.page.set_viewport_size(size)
        width: int = watched.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"]
