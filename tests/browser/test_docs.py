"""The API reference, read and tried out in a browser."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.watched import Watched
from tests.inspection.support import RESETTING, Api
from tests.support import KEY, NUMBER, Mock


def opened(watched: Watched, operation: str) -> Locator:
    """Open the page and one operation."""
    watched.page.goto(f"{watched.base}/docs")
    watched.page.fill("#key", KEY)
    watched.page.click(f"#{operation} > summary")
    return watched.page.locator(f"#{operation}")


def send(operation: Locator) -> None:
    operation.get_by_role("button", name="Send", exact=True).click()


def response_of(operation: Locator) -> Any:
    """Send the request of an operation, and return the JSON of its response."""
    send(operation)
    response = operation.get_by_label("Response", exact=True)
    expect(response).not_to_be_empty()
    return json.loads(response.inner_text())


def code_of(operation: Locator, language: str) -> str:
    """Return the request in a language."""
    operation.get_by_role("button", name=language, exact=True).click()
    return operation.get_by_label(f"Request: {language}").inner_text()


def shown(page: Page) -> list[str]:
    """Return the ids of the operations that are shown."""
    names: list[str] = page.locator("details.operation:visible").evaluate_all("(views) => views.map(({id}) => id)")
    return names


def filtered(watched: Watched, text: str) -> list[str]:
    """Filter for a text, and return the ids of the operations that are left."""
    watched.page.fill("#filter", text)
    return shown(watched.page)


def test_every_operation_of_both_apis_is_shown(watched: Watched, own_mock: Mock) -> None:
    watched.page.goto(f"{watched.base}/docs")
    expect(watched.page.locator("details.operation").first).to_be_visible()
    document = own_mock.get("/openapi.json").json()
    described = {
        operation["operationId"]
        for kind in ("paths", "webhooks")
        for path in document[kind].values()
        for operation in path.values()
    }
    assert {*shown(watched.page)} == described
    links = watched.page.locator("#operation-links a").evaluate_all("(links) => links.map(({hash}) => hash)")
    assert {*links} >= {f"#{name}" for name in described}
    assert "mocksms" in watched.page.title()
    ids = watched.page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len({*ids}) == len(ids)
    widths = "(operations) => operations.map((each) => each.getBoundingClientRect().width)"
    assert len({*watched.page.locator("details.operation").evaluate_all(widths)}) == 1


def test_first_try_is_sent(watched: Watched, own_mock: Mock) -> None:
    watched.page.goto(f"{watched.base}/docs")
    watched.page.click("#send > summary")
    (row,) = response_of(watched.page.locator("#send"))
    assert row["status"] == "sent"
    (message,) = Api(own_mock, "demo").get("messages")["messages"]
    assert message["transaction_id"] == row["transaction_id"]


def test_ids_of_the_mock_are_filled_in(watched: Watched, own_mock: Mock) -> None:
    (sent,) = Api(own_mock, "shop").send(NUMBER)
    watched.page.goto(f"{watched.base}/docs#read_request")
    operation = watched.page.locator("#read_request")
    expect(operation.get_by_label("id", exact=True)).not_to_have_value("")
    assert response_of(operation)["operation"] == "send"
    operation = opened(watched, "info")
    expect(operation.get_by_label("transaction_id")).to_have_value(sent)


def test_account_of_the_mock_is_selected(watched: Watched, own_mock: Mock) -> None:
    Api(own_mock, "key of the shop").send(NUMBER)
    watched.page.goto(f"{watched.base}/docs#read_account")
    expect(watched.page.locator("#account > :checked")).to_contain_text("key")
    operation = watched.page.locator("#read_account")
    assert response_of(operation)["messages"] == 1
    watched.page.locator("#account").select_option("all accounts")
    send(operation)
    expect(operation.get_by_label("Response", exact=True)).to_contain_text("This needs one account")
    watched.allow_issues("404")


def test_request_is_always_shown_in_code_and_follows_the_inputs(watched: Watched) -> None:
    operation = opened(watched, "send")
    body = operation.get_by_label("Body", exact=True)
    assert "972-50-0000000" in code_of(operation, "curl")
    body.fill('{"message": {"content": "Changed", "to": []}}')
    assert "Changed" in code_of(operation, "Node")
    assert '"X-API-Key": "' + KEY in code_of(operation, "Python")
    watched.page.fill("#key", "other")
    expect(operation.get_by_label("Request: Python")).to_contain_text('"other"')
    watched.page.click("#list_messages > summary")
    expect(watched.page.locator("#list_messages").get_by_label("Request: Python")).to_be_visible()


def test_code_is_copied_with_a_notice(watched: Watched) -> None:
    watched.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    operation = opened(watched, "send")
    code = code_of(operation, "curl")
    operation.get_by_role("button", name="Copy code").click()
    expect(watched.page.get_by_text("Code copied.")).to_be_visible()
    assert watched.page.evaluate("navigator.clipboard.readText()") == code


def test_send_is_made_once_by_the_mock(watched: Watched, own_mock: Mock) -> None:
    operation = opened(watched, "send")
    operation.get_by_label("Body", exact=True).fill(
        json.dumps({"message": {"content": "Hi", "to": [{"mobile_number": RESETTING}]}})
    )
    send(operation)
    expect(operation.get_by_text("The connection was reset")).to_be_visible()
    assert len(Api(own_mock).get("requests")["requests"]) == 1


def test_filter_finds_words_in_paths_fields_and_descriptions(watched: Watched) -> None:
    watched.page.goto(f"{watched.base}/docs")
    watched.page.wait_for_selector("details.operation")
    watched.page.keyboard.press("/")
    watched.page.keyboard.type("clock/freeze")
    expect(watched.page.locator("details.operation:visible")).to_have_count(1)
    assert shown(watched.page) == ["freeze_clock"]
    assert {"send", "list_consents"} <= {*filtered(watched, "opt out")}
    assert "change_account" in filtered(watched, "webhook")
    expect(watched.page.locator("#operation-links mark:visible").first).to_have_text("webhook", ignore_case=True)
    assert filtered(watched, "zzz") == []
    expect(watched.page.get_by_text("No operation has “zzz”")).to_be_visible()
    watched.page.locator("#filter").press("Escape")
    assert len(shown(watched.page)) > 50


def test_operation_has_an_address(watched: Watched) -> None:
    page = watched.page
    opened(watched, "search")
    expect(page).to_have_url(f"{watched.base}/docs#search")
    page.get_by_role("navigation", name="Operations").get_by_role("link", name="Freeze").click()
    expect(page).to_have_url(f"{watched.base}/docs#freeze_clock")
    expect(page.locator("#freeze_clock")).to_have_attribute("open", "")
    expect(page.locator("#operation-links [aria-current]")).to_contain_text("Freeze")
    page.go_back()
    expect(page).to_have_url(f"{watched.base}/docs#search")


def test_fields_have_their_description_and_default(watched: Watched) -> None:
    operation = opened(watched, "send")
    field = operation.locator("ul.schema li ul.schema > li").filter(has_text="add_unsubscribe_link")
    expect(field).to_contain_text("default true")
    expect(field).to_contain_text("unsubscribe link")
    field = opened(watched, "set_fault").locator("ul.schema > li").filter(has_text="ttl")
    expect(field).to_contain_text("number or string")
    expect(field).to_contain_text("on the account's clock; 600s by default")
    field = opened(watched, "change_account").locator("ul.schema > li").filter(has_text="unsubscribed").first
    expect(field).to_contain_text("array of string or ListChange")
    expect(field).to_contain_text("Numbers to add")
    field = opened(watched, "list_messages").get_by_role("listitem").filter(has_text="limit")
    expect(field.first).to_contain_text("default 1001 to 1,000")


def test_error_responses_have_examples(watched: Watched) -> None:
    responses = opened(watched, "change_account").locator("details.response")
    missing = responses.filter(has_text="404")
    missing.locator("summary").first.click()
    example = missing.get_by_role("region")
    assert "This needs one account" in json.loads(example.inner_text())["error"]["message"]
    missing.get_by_role("button", name="unknown account").click()
    expect(example).to_have_accessible_name("Response 404: unknown account")
    assert "Unknown account id" in json.loads(example.inner_text())["error"]["message"]
    only = responses.filter(has_text="401")
    only.locator("summary").first.click()
    assert json.loads(only.get_by_role("region").inner_text())["error"]["status"] == 401
    expect(only.get_by_role("button")).to_have_count(0)


def test_webhooks_are_described_with_their_events(watched: Watched) -> None:
    page = watched.page
    page.goto(f"{watched.base}/docs")
    section = page.get_by_role("region", name="Webhooks", exact=True)
    page.get_by_role("navigation", name="Operations").get_by_role("link", name="An event of a message, as JSON").click()
    expect(page).to_have_url(f"{watched.base}/docs#transactional_callback")
    webhook = section.locator("#transactional_callback")
    webhook.get_by_role("button", name="reject", exact=True).click()
    rejected = json.loads(webhook.get_by_role("region", name="Body: reject").inner_text())
    assert rejected["additional_data"] == {"reject_reason": "bounced"}
    expect(webhook.locator("ul.schema > li").filter(has_text="event").first).to_contain_text("hard_bounce")
    expect(webhook).to_contain_text("2XX The callback is delivered")
    expect(webhook.get_by_role("button", name="Send", exact=True)).to_have_count(0)
    assert filtered(watched, "smsUnsubscribed")[-1] == "automation_callback"
    page.click("#automation_callback > summary")
    page.get_by_role("button", name="SmsReply", exact=True).click()
    body = page.get_by_role("region", name="Body: SmsReply").inner_text()
    assert {"trigger_type=SmsReply", "replyContent=STOP"} <= {*body.splitlines()}


def test_deletion_is_confirmed(watched: Watched, own_mock: Mock) -> None:
    Api(own_mock, KEY).send(NUMBER)
    page = watched.page
    opened(watched, "restore_snapshot")
    for name in ("reset", "delete_messages"):
        page.click(f"#{name} > summary")
    for name in ("restore_snapshot", "reset", "delete_messages"):
        send(page.locator(f"#{name}"))
        expect(page.get_by_role("dialog")).to_contain_text("cannot be undone")
        page.get_by_role("button", name="Cancel").click()
        assert Api(own_mock, KEY).ids()
    page.locator("#delete_messages").get_by_label("account", exact=True).fill("another")
    send(page.locator("#delete_messages"))
    expect(page.get_by_role("dialog")).to_contain_text("for the account another")
    page.get_by_role("button", name="Cancel").click()
    page.locator("#delete_messages").get_by_label("account", exact=True).fill("")
    send(page.locator("#delete_messages"))
    expect(page.get_by_role("dialog")).to_contain_text("for the account key-…")
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(page.locator("#delete_messages").get_by_role("status")).to_contain_text("200")
    assert Api(own_mock, KEY).ids() == []


def test_theme_is_that_of_the_inbox(watched: Watched) -> None:
    page = watched.page
    page.goto(f"{watched.base}/docs")
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.get_by_role("link", name="Inbox").click()
    expect(page.get_by_role("button", name="Colours: light")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_query_and_path_parameters_are_sent(watched: Watched, own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    (sent,) = api.send(NUMBER, content="Your code is 4815")
    operation = opened(watched, "list_messages")
    content = operation.get_by_label("content", exact=True)
    content.fill("4815")
    assert [message["transaction_id"] for message in response_of(operation)["messages"]] == [sent]
    content.fill("nothing like it")
    assert response_of(operation)["messages"] == []
    operation = opened(watched, "read_message")
    operation.get_by_label("id", exact=True).fill(sent)
    assert response_of(operation)["transaction_id"] == sent


def test_error_response_is_shown_with_its_status(watched: Watched) -> None:
    operation = opened(watched, "read_message")
    operation.get_by_label("id", exact=True).fill("unknown")
    error = response_of(operation)["error"]
    assert error["status"] == 404
    expect(operation.get_by_role("status")).to_contain_text("404")
    operation.get_by_label("id", exact=True).fill("")
    send(operation)
    expect(operation.get_by_role("alert")).to_have_text("id is required")
    watched.allow_issues("404")


def test_stream_is_shown_until_it_is_stopped(watched: Watched, own_mock: Mock) -> None:
    operation = opened(watched, "events")
    send(operation)
    expect(operation.get_by_label("Response", exact=True)).to_contain_text("event: open")
    (sent,) = Api(own_mock, KEY).send(NUMBER)
    expect(operation.get_by_label("Response", exact=True)).to_contain_text(sent)
    operation.get_by_role("button", name="Stop").click()
    expect(operation.get_by_role("alert").last).to_have_text("Stopped.")


def test_snapshot_is_saved_as_a_file_and_sent(watched: Watched, own_mock: Mock) -> None:
    (sent,) = Api(own_mock, KEY).send(NUMBER)
    operation = opened(watched, "read_snapshot")
    send(operation)
    with watched.page.expect_download() as download:
        operation.get_by_role("link", name="Save the file").click()
    assert download.value.suggested_filename == "mocksms-snapshot.zip"
    Api(own_mock).post("reset")
    operation = opened(watched, "restore_snapshot")
    operation.get_by_label("Body", exact=True).set_input_files(download.value.path())
    assert f"'@{download.value.path().name}'" in code_of(operation, "curl")
    send(operation)
    watched.page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(operation.get_by_label("Response", exact=True)).to_contain_text('"messages": 1')
    assert Api(own_mock, KEY).ids() == [sent]


def test_invalid_body_is_sent_only_after_a_second_click(watched: Watched) -> None:
    operation = opened(watched, "verify_messages")
    operation.get_by_label("Body", exact=True).fill('{"exactly": 5')
    send(operation)
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
        assert not watched.page.evaluate(
            "[...document.querySelectorAll('#content, #sidebar')].some(n => n.scrollWidth > n.clientWidth)"
        )
