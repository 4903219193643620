from __future__ import annotations

import json

import pytest
import requests

from tests.provider.inprocess import INFO, SEARCH, SEND, InProcess
from tests.support import KEY, TIMEOUT, Mock, body

BODY = json.dumps(body()).encode()
HEADERS = {"x-api-key": KEY, "content-type": "application/json"}


@pytest.mark.ledger("path.send", "path.any-case", "path.prefix")
@pytest.mark.parametrize(
    "path",
    [
        "/transactional/sms/send",
        "/transactional/SMS/send",
        "/Transactional/Sms/Send",
        "/TRANSACTIONAL/SMS/SEND",
        "/rest/v1/transactional/sms/send",
        "/REST/V1/transactional/SMS/send",
        "/transactional/sms/send/",
        "/rest/v1/transactional/sms/send/",
    ],
)
def test_send_is_found_in_any_case_with_prefix_and_trailing_slash(path: str) -> None:
    assert InProcess().call("POST", path, BODY, HEADERS).status == 200


@pytest.mark.ledger("path.reads", "path.any-case", "path.prefix")
@pytest.mark.parametrize(("prefix", "ending"), [("", ""), ("/Rest/V1", "/")], ids=["plain", "prefix"])
def test_reads_are_found_in_any_case_with_prefix_and_trailing_slash(prefix: str, ending: str) -> None:
    mock = InProcess()
    (sent,) = mock.send()
    info = mock.call("GET", f"{prefix}/transactional/SMS/Info{ending}", b"", HEADERS, f"id={sent['transaction_id']}")
    search = mock.call("GET", f"{prefix}/transactional/SMS/Search{ending}", b"", HEADERS)
    assert (info.status, search.status) == (200, 200)
    assert search.json() == [info.json()]


@pytest.mark.ledger("error.unknown-path")
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/transactional/sms",
        "/transactional/sms/send/x",
        "/transactional/sms/cancel",
        "/transactional//sms/send",
        "/rest/v2/transactional/sms/send",
        "/rest/v1/rest/v1/transactional/sms/send",
        "/rest/v1",
        "/transactional/email/send",
    ],
)
def test_unknown_path_is_a_404_with_its_uri_for_any_method(path: str) -> None:
    mock = InProcess()
    uri = f"http://mock.test{path}?a=1"
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        reply = mock.call(method, path, query="a=1")
        assert (reply.status, reply.text) == (404, f"No HTTP resource was found that matches the request URI '{uri}'.")
    assert len(mock.engine.accounts.unattributed) == 4


def test_note_about_a_prefix_that_is_there_twice_says_so() -> None:
    mock = InProcess()
    mock.call("GET", "/rest/v1/REST/V1/transactional/sms/send", headers={"x-api-key": KEY})
    assert mock.last().note.endswith(
        "it has /rest/v1 twice: the application appends it to a base URL that ends with it"
    )


@pytest.mark.ledger("path.prefix", "body.strict")
def test_strict_accepts_a_path_without_the_prefix() -> None:
    mock = InProcess(strict=True)
    assert mock.send()
    assert (mock.last().lacks_prefix, mock.warnings()) == (True, ())


@pytest.mark.ledger("error.unknown-path")
def test_uri_of_an_unknown_path_without_query_has_no_question_mark() -> None:
    assert InProcess().call("GET", "/x").text.endswith("'http://mock.test/x'.")


@pytest.mark.ledger("error.method")
@pytest.mark.parametrize(
    ("path", "methods", "allowed"),
    [
        (SEND, ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "post"], "POST"),
        (INFO, ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"], "GET"),
        (SEARCH, ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"], "GET"),
    ],
    ids=["send", "info", "search"],
)
def test_wrong_method_is_a_405_with_the_allowed_one(path: str, methods: list[str], allowed: str) -> None:
    for method in methods:
        reply = InProcess().call(method, path, b"", HEADERS)
        assert (reply.status, reply.headers["allow"]) == (405, allowed)
        assert reply.text == f"The requested resource does not support http method '{method}'."


@pytest.mark.ledger("error.method", "error.unknown-path")
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_wrong_method_is_a_405_over_the_socket(shared_mock: Mock, method: str) -> None:
    response = requests.request(method, shared_mock.url + SEND, headers={"X-API-Key": "paths"}, timeout=TIMEOUT)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert (response.content == b"") == (method == "HEAD")
    unknown = requests.request(method, shared_mock.url + "/X/y?z=1", headers={"X-API-Key": "paths"}, timeout=TIMEOUT)
    assert unknown.status_code == 404
    if method != "HEAD":
        assert f"'{shared_mock.url}/X/y?z=1'" in unknown.json()["Message"]


@pytest.mark.parametrize("path", [SEND, INFO, "/nowhere"])
def test_path_and_method_are_checked_before_the_key(path: str) -> None:
    assert InProcess().call("DELETE", path).status in (404, 405)


@pytest.mark.ledger("error.cross-origin")
@pytest.mark.parametrize(
    "origin", ["http://evil.test", "null", "http://mock.test:81", "http://mock.test.evil.test", "file://", ""]
)
def test_cross_origin_request_is_refused_by_each_operation(origin: str) -> None:
    mock = InProcess()
    for method, path in (("POST", SEND), ("GET", INFO), ("GET", SEARCH)):
        reply = mock.call(method, path, BODY, {**HEADERS, "origin": origin})
        assert reply.status == 403
        assert "Cross-origin request from" in reply.text
        assert "access-control-allow-origin" not in reply.headers
        assert len(mock.account().messages) == 0
        assert (mock.last().status, len(mock.engine.accounts.unattributed)) == (403, 0)


@pytest.mark.ledger("error.cross-origin")
def test_cross_site_request_is_refused_by_its_fetch_metadata() -> None:
    mock = InProcess()
    reply = mock.call("POST", SEND, BODY, {**HEADERS, "sec-fetch-site": "cross-site"})
    assert (reply.status, "from another site" in reply.text) == (403, True)
    assert len(mock.account().messages) == 0
    assert (mock.last().status, len(mock.engine.accounts.unattributed)) == (403, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://mock.test"},
        {"origin": "HTTPS://Mock.Test"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
    ids=str,
)
def test_same_origin_request_is_accepted(headers: dict[str, str]) -> None:
    mock = InProcess(allowed_host=("mock.test",))
    assert mock.call("POST", SEND, BODY, {**HEADERS, **headers}).status == 200


@pytest.mark.ledger("error.host")
@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://mock.test"}, {"sec-fetch-site": "same-origin"}, {"user-agent": "Mozilla/5.0 (X11) Firefox/1"}],
    ids=str,
)
def test_page_whose_domain_resolves_to_this_machine_is_refused(headers: dict[str, str]) -> None:
    mock = InProcess()
    for method, path in (("POST", SEND), ("GET", INFO), ("GET", SEARCH)):
        reply = mock.call(method, path, BODY, {**HEADERS, **headers})
        expected = "Host 'mock.test' is not allowed; start mocksms with --allowed-host mock.test."
        assert (reply.status, reply.text) == (403, expected)
        assert (mock.last().status, mock.last().refusal) == (403, "host_not_allowed")
    assert len(mock.account().messages) == 0


def test_cross_origin_request_is_refused_over_the_socket(shared_mock: Mock) -> None:
    assert shared_mock.post(BODY, Origin="http://evil.test", X_API_Key="paths").status_code == 403
    assert shared_mock.post(BODY, Origin=shared_mock.url, X_API_Key="paths").status_code == 200


def test_preflight_of_another_origin_is_refused() -> None:
    headers = {"origin": "http://evil.test", "access-control-request-method": "POST"}
    reply = InProcess().call("OPTIONS", SEND, b"", headers)
    assert reply.status == 405
    assert not [name for name in reply.headers if name.startswith("access-control")]
