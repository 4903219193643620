from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from html.parser import HTMLParser
from operator import attrgetter
from typing import Any

import pytest
import requests

from mocksms.provider.app import OPERATIONS as PROVIDED
from mocksms.provider.reads import MessageRow
from mocksms.provider.send import SendBody, SentRow
from mocksms.schemas.openapi import JSON, Operation, ResponseSpec, document
from mocksms.web.static import MEDIA_TYPES, static_files
from mocksms.web.static import PAGES as PAGE_PATHS
from tests.inspection.support import OPERATIONS, QUEUED, SENT, Api, hold, wait_for_held
from tests.support import TIMEOUT, Mock, running

CONTENTS = static_files()
FILES = sorted(CONTENTS)
PAGES = [*PAGE_PATHS, *FILES]
OUTSIDE = re.compile(
    r"(?:https?|wss?|ftp):(?://|\\/\\/)(?!www\.w3\.org/|\$\{)|(?:src|href|url)\s*[=(]\s*[\"']?//", re.IGNORECASE
)

MAX_FILE_LINES = 260

MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b")
"""What makes markup or a program of a text."""


def page(mock: Mock, path: str) -> requests.Response:
    return requests.get(mock.url + path, timeout=TIMEOUT, allow_redirects=False)


@cache
def shown() -> Any:
    """Return the OpenAPI document, which is the same on each mock."""
    with running() as mock:
        return page(mock, "/openapi.json").json()


def test_every_file_of_a_page_is_served_as_it_is(shared_mock: Mock) -> None:
    for path in FILES:
        response = page(shared_mock, path)
        assert response.status_code == 200, path
        assert response.content == CONTENTS[path], path
        assert response.headers["content-type"].partition(";")[0] == MEDIA_TYPES["." + path.rpartition(".")[2]]


@pytest.mark.parametrize(("path", "below"), [("/", "/inbox"), ("/docs", "/docs")])
def test_pages_themselves_are_at_their_paths(shared_mock: Mock, path: str, below: str) -> None:
    answer = page(shared_mock, path)
    assert (answer.status_code, answer.content) == (200, CONTENTS[f"{below}/index.html"])
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_page_may_load_nothing_from_outside_and_run_nothing_inline(shared_mock: Mock) -> None:
    for path in PAGES:
        headers = page(shared_mock, path).headers
        directives = (directive.split() for directive in headers["content-security-policy"].split(";"))
        policy = {name: sources for name, *sources in directives}
        for name in ("default-src", "frame-ancestors", "base-uri", "form-action"):
            assert policy[name] == ["'none'"], (path, name)
        for name in ("script-src", "style-src", "connect-src"):
            assert policy[name] == ["'self'"], (path, name)
        assert {source for sources in policy.values() for source in sources} <= {"'none'", "'self'", "data:"}
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_no_file_of_a_page_names_an_outside_address() -> None:
    assert [path for path in FILES if OUTSIDE.search(CONTENTS[path].decode())] == []


def test_own_addresses_are_relative() -> None:
    absolute = re.compile(rb"""(?:src|href)="/|\bfetch\(["'`]/|\bhref: ["'`]/""")
    assert [path for path in FILES if absolute.search(CONTENTS[path])] == []


def test_what_changes_the_mock_is_marked_as_a_control() -> None:
    change = re.compile(rb"""request\(\s*["'`](?:POST|PUT|PATCH|DELETE)""")
    modules = {path for path in FILES if change.search(CONTENTS[path])}
    assert {path for path in modules if b"import { control" not in CONTENTS[path]} == {
        "/inbox/thread/reply-form.js",  # conversation.js marks the form
        "/inbox/api/client.js",  # panel.js shows the form of a test send only where the mock can be changed
        "/inbox/state/unread.js",  # it counts, and changes nothing
        "/inbox/state/webhooks.js",  # webhook-cards.js marks the actions, and panel.js shows the form as that of a send
    }


def test_files_of_a_page_stay_small() -> None:
    assert [path for path in FILES if CONTENTS[path].count(b"\n") > MAX_FILE_LINES] == []


def test_text_never_becomes_markup() -> None:
    assert [path for path in FILES if path.endswith(".js") and MARKUP.search(CONTENTS[path].decode())] == []


class Inline(HTMLParser):
    """Collects what a strict policy would not run: scripts and styles within the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(tag)
        self.found += [name for name in given if name.startswith("on") or name == "style"]
        self.found += [name for name, value in given.items() if value.strip().lower().startswith("javascript:")]


def test_no_page_has_a_script_or_style_within_it() -> None:
    pages = [path for path in FILES if path.endswith((".html", ".svg"))]
    assert {path: found for path in pages if (found := Inline(CONTENTS[path].decode()).found)} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<script>1</script>", "script"),
        ("<style></style>", "style"),
        ("<p onclick=1>", "onclick"),
        ("<p style=a>", "style"),
        ("<a href=' JavaScript:1'>", "href"),
    ],
)
def test_script_or_style_within_a_page_is_noticed(text: str, found: str) -> None:
    assert Inline(text).found == [found]


@pytest.mark.parametrize(
    "text", ["https://a.example", "src='//a.example'", "url(//a.example)", "wss://a", r"http:\/\/a"]
)
def test_outside_address_is_noticed(text: str) -> None:
    assert OUTSIDE.search(text)


@pytest.mark.parametrize("below", ["/docs", "/inbox", "/inbox/list", "/common"])
@pytest.mark.parametrize("rest", ["/", "/none.js", "/..", "/%2e%2e/pages.py", "/%2e%2e/app.py", "/index.html/"])
def test_nothing_else_is_served_beside_the_pages(shared_mock: Mock, below: str, rest: str) -> None:
    request = requests.Request("GET", shared_mock.url).prepare()
    request.url = shared_mock.url + below + rest
    with requests.Session() as session:
        answer = session.send(request, timeout=TIMEOUT)
    assert answer.status_code == 404


def test_page_answers_head_and_no_write(shared_mock: Mock) -> None:
    for path in ["/openapi.json", *PAGES]:
        assert requests.head(shared_mock.url + path, timeout=TIMEOUT).status_code == 200, path
        response = requests.post(shared_mock.url + path, timeout=TIMEOUT)
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD"), path
        assert response.json()["error"]["message"] == f"Method POST is not allowed for {path}; allowed: GET, HEAD."


def test_document_describes_both_apis(shared_mock: Mock) -> None:
    answer = page(shared_mock, "/openapi.json")
    described_all = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert described_all["openapi"] == "3.1.0"
    described = [(method.upper(), path) for path, item in described_all["paths"].items() for method in item]
    ours = [(operation.method, operation.path) for operation in [*PROVIDED, *OPERATIONS]]
    assert sorted(described) == sorted(ours)
    assert len({*ours}) == len(ours)


def test_every_operation_is_named_once_and_belongs_to_a_tag_that_is_described() -> None:
    document = shown()
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len({*names}) == len(names)
    assert {tag for operation in operations for tag in operation["tags"]} == {tag["name"] for tag in document["tags"]}
    assert all(tag["description"] for tag in document["tags"])
    assert all(operation["summary"] for operation in operations)


@pytest.mark.ledger("path.prefix")
def test_operations_of_the_emulated_api_have_the_prefix_of_the_vendor() -> None:
    servers = {path: item for path, item in shown()["paths"].items() if not path.startswith("/_mock")}
    assert {path: next(iter(item.values()))["servers"] for path, item in servers.items()} == {
        operation.path: [{"url": "/rest/v1"}] for operation in PROVIDED
    }


def test_every_reference_of_the_description_leads_somewhere(shared_mock: Mock) -> None:
    answer = page(shared_mock, "/openapi.json")
    schemas = answer.json()["components"]["schemas"]
    assert {*re.findall(r'"#/components/schemas/([^"]+)"', answer.text)} <= {*schemas}


def resolved(schema: Any, document: Any) -> Any:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


TYPE_OF: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def fits(value: Any, schema: Any, document: Any) -> bool:
    """Return whether a value has the names and types its schema tells, and no others."""
    schema = resolved(schema, document)
    for choices in ("anyOf", "oneOf"):
        if choices in schema:
            return any(fits(value, choice, document) for choice in schema[choices])
    if "const" in schema:
        return bool(value == schema["const"])
    match schema["type"]:
        case "object" if "properties" in schema:
            names = schema["properties"]
            return (
                isinstance(value, dict)
                and {*schema.get("required", ())} <= {*value} <= {*names}
                and all(fits(each, names[name], document) for name, each in value.items())
            )
        case "object":
            return isinstance(value, dict) and all(
                fits(each, schema["additionalProperties"], document) for each in value.values()
            )
        case "array":
            items = schema.get("prefixItems") or [schema["items"]] * len(value)
            return isinstance(value, list) and all(map(lambda each, part: fits(each, part, document), value, items))
        case kind:
            return isinstance(value, TYPE_OF[kind]) and value in schema.get("enum", [value])


BODIES = {operation.id: next(iter(operation.examples.values()), None) for operation in OPERATIONS} | {
    "verify_messages": {},
    "advance_clock": {"by": 1},
}


OF_A_CALLBACK = ("read_callback", "replay_callback", "drop_callback")

OF_A_FILE = ("restore_snapshot", "read_trace")
"""Operations with a file: tests/inspection/test_snapshot.py and tests/cli/test_open.py have one."""


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.id not in OF_A_FILE], ids=attrgetter("id"))
def test_response_is_as_described(own_mock: Mock, threads: ThreadPoolExecutor, operation: Any) -> None:
    api = Api(own_mock, "described")
    api.patch(webhooks=[{"url": "http://127.0.0.1:1", "events": ["send"]}], unsubscribed=["972-54-7777777"])
    api.send(
        QUEUED if operation.id in ("cancel_message", "send_message") else SENT,
        content="https://a.example/b",
        track_clicks=True,
    )
    api.post("inbound", {"from": SENT, "text": "Hi"})
    fault = api.post("faults", {"fault": {"kind": "status", "status": 503}, "match": {"operation": "info"}})["id"]
    held = 0
    if operation.path.startswith("/_mock/faults/{id}/"):
        held = hold(api, fault={"kind": "hold", "duration": "1s"})
        threads.submit(api.send, SENT)
        wait_for_held(api, held)
    ids = {
        "wait_for_held_requests": held,
        "release_requests": held,
        "read_request": api.get("requests")["requests"][0]["id"],
        "clear_fault": fault,
    }
    ids |= dict.fromkeys(OF_A_CALLBACK, next((each["id"] for each in api.get("callbacks")["callbacks"]), 0))
    path = operation.path.format(id=ids.get(operation.id, "latest"))
    answer = requests.request(
        operation.method,
        own_mock.url + path,
        json=BODIES[operation.id],
        headers={"X-API-Key": "described"},
        stream=operation.id == "events",
        timeout=TIMEOUT,
    )
    assert answer.status_code == 200
    document = shown()
    content = document["paths"][operation.path][operation.method.lower()]["responses"]["200"]["content"]
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in content
    if media_type == JSON:
        value, schema = answer.json(), resolved(content[JSON]["schema"], document)
        assert fits(value, schema, document)
        assert {*value} == {*schema["properties"]} or operation.id == "recorded_scenario"
    answer.close()


@pytest.mark.parametrize(
    ("status", "method", "path", "body", "name"),
    [
        (400, "GET", "messages?limit=0", None, "/_mock/messages"),
        (409, "GET", f"messages?since={2**53}", None, "/_mock/messages"),
        (404, "GET", "messages/latest?to=1", None, "/_mock/messages/latest"),
        (404, "GET", "messages/none", None, "/_mock/messages/{id}"),
        (408, "GET", "messages/wait?timeout=0&to=1", None, "/_mock/messages/wait"),
        (409, "POST", "verify", {"exactly": 0}, "/_mock/verify"),
        (409, "POST", "messages/latest/cancel", None, "/_mock/messages/{id}/cancel"),
        (409, "POST", "messages/latest/click", None, "/_mock/messages/{id}/click"),
        (409, "POST", "clock/advance", {"to": "2001-01-01"}, "/_mock/clock/advance"),
        (404, "GET", "requests/0", None, "/_mock/requests/{id}"),
        (400, "PATCH", "account", {"credit": -1}, "/_mock/account"),
        (400, "POST", "inbound", {}, "/_mock/inbound"),
        (400, "PUT", "scenario", {"rule": [{}]}, "/_mock/scenario"),
        (404, "PUT", "scenario?name=none", None, "/_mock/scenario"),
        (400, "POST", "faults", {}, "/_mock/faults"),
        (404, "DELETE", "faults/0", None, "/_mock/faults/{id}"),
    ],
)
def test_error_is_as_described(api: Api, status: int, method: str, path: str, body: Any, name: str) -> None:
    api.send(SENT)
    error = {"error": api.refused(status, method, path, body)}
    document = shown()
    content = document["paths"][name][method.lower()]["responses"][str(status)]["content"]
    assert fits(error, content[JSON]["schema"], document)


def test_names_of_the_emulated_api_come_from_its_models(shared_mock: Mock) -> None:
    document = shown()
    (row,) = shared_mock.send(SENT, key="described")
    (found,) = shared_mock.search("limit=1", key="described")
    schemas = document["components"]["schemas"]
    assert {*schemas["SentRow"]["properties"]} == {*SentRow.model_fields} == {*row}
    assert {*schemas["MessageRow"]["properties"]} == {*MessageRow.__annotations__} == {*found}
    assert schemas["SendBody"]["properties"].keys() == {
        field.alias or name for name, field in SendBody.model_fields.items()
    }
    assert "from" in schemas["MessageBody"]["properties"]


def test_operation_without_examples_has_none() -> None:
    operation = Operation(
        id="x",
        method="POST",
        path="/x",
        tag="X",
        summary="X",
        body=SendBody,
        responses={200: ResponseSpec(about="It is so")},
    )
    described = document([operation], {"X": "All"})["paths"]["/x"]["post"]
    assert [*described["requestBody"]["content"][JSON]] == ["schema"]
    assert described["responses"] == {"200": {"description": "It is so"}}


def test_parameters_are_those_that_are_read() -> None:
    for operation in OPERATIONS:
        if operation.query is None:
            continue
        item = shown()["paths"][operation.path][operation.method.lower()]
        names = {parameter["name"] for parameter in item["parameters"] if parameter["in"] == "query"}
        assert names == {*operation.query.model_fields}
        assert all(parameter["schema"] for parameter in item["parameters"])
