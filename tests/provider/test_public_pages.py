"""The pages that a recipient opens, requested as by the browser of a phone and by programs that prefetch links."""

from __future__ import annotations

import re
import socket
from urllib.parse import urljoin

import pytest
import requests

from mocksms.settings import Settings
from tests.inspection.support import Api
from tests.support import NUMBER, TIMEOUT, Mock, running

SECOND = "972-54-2222222"
QUEUED = "972-50-0000200"
CONTENT = "See https://shop.example/a?b=c#d, www.google.com and HTTP://x.example/שלום%20x"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def api(own_mock: Mock) -> Api:
    return Api(own_mock, "key of the pages")


def call(method: str, url: str, **headers: str) -> requests.Response:
    """Send a request with these headers (underscores for dashes)."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, url, headers=named, timeout=TIMEOUT, allow_redirects=False)


def links(api: Api, *to: str, **more: object) -> list[str]:
    """Send an SMS, and return the links that the phone shows."""
    (name, *_) = api.send(*(to or (NUMBER,)), **{"content": CONTENT, "track_clicks": True, **more})
    urls: list[str] = api.get(f"messages/{name}")["links"]
    return urls


def opted_out(api: Api) -> list[str]:
    numbers: list[str] = api.get("account")["unsubscribed"]
    return numbers


@pytest.mark.ledger("unsubscribe.page")
def test_form_of_the_page_opts_the_recipient_out(api: Api) -> None:
    url = links(api)[-1]
    page = call("GET", url)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<html lang="he" dir="rtl">' in page.text
    assert '<form method="post"><button>' in page.text
    assert "<bdi>SenderID</bdi>" in page.text
    assert '<bdi dir="ltr">972-54-1111111</bdi>' in page.text
    assert opted_out(api) == []
    confirmed = call("POST", url, **FORM, Origin=api.mock.url, Sec_Fetch_Site="same-origin")
    assert confirmed.status_code == 200
    assert "<form" not in confirmed.text
    assert "You have been unsubscribed." in confirmed.text
    assert opted_out(api) == ["972541111111"]
    assert [row["reject_reason"] for row in api.mock.send(NUMBER, SECOND, key="key of the pages")] == [
        "unsubscribe",
        None,
    ]
    (consent,) = api.get("consents")["consents"]
    assert (consent["number"], consent["choice"], consent["cause"]) == ("972541111111", "out", "unsubscribe page")


def test_page_of_an_opted_out_recipient_has_no_form_and_a_second_opt_out_changes_nothing(api: Api) -> None:
    url = links(api)[-1]
    pages = [call("POST", url).text, call("POST", url).text, call("GET", url).text]
    assert len({*pages}) == 1
    assert api.get("consents")["total"] == 1


def test_page_opts_out_of_its_own_account_only(api: Api) -> None:
    call("POST", links(api)[-1])
    assert api.mock.send(NUMBER, key="another key")[0]["status"] == "sent"


@pytest.mark.ledger("unsubscribe.page")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_opening_the_page_does_not_opt_out(api: Api, method: str) -> None:
    url = links(api)[-1]
    for hint in ("Sec-Purpose", "Purpose", "X-Moz", "User-Agent"):
        assert call(method, url, **{hint: "prefetch"}).status_code == 200, hint
        assert opted_out(api) == [], hint


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_form_of_another_site_is_refused(api: Api, headers: dict[str, str]) -> None:
    refused = call("POST", links(api)[-1], **FORM, **headers)
    assert refused.status_code == 403
    assert "Cross-origin request refused" in refused.text
    assert opted_out(api) == []


def test_page_opens_from_other_sites_and_by_any_host_name(api: Api) -> None:
    url = links(api)[-1]
    assert call("GET", url, Host="phones.example", Sec_Fetch_Site="cross-site").status_code == 200
    assert call("POST", url, Host="phones.example", Origin="https://phones.example").status_code == 200
    assert opted_out(api) == ["972541111111"]


@pytest.mark.parametrize("public", ["https://phones.example/sms", "https://Phones.Example:443/sms"])
def test_form_of_the_public_url_is_accepted_behind_a_proxy_that_changes_the_host(public: str) -> None:
    """A browser sends the origin in lower case and without the default port."""
    with running(Settings(port=0, public_url=public)) as mock:
        api = Api(mock, "k")
        url = links(api)[-1]
        assert url.startswith(f"{public}/u/")
        local = url.replace(public, mock.url)
        assert call("POST", local, Origin="https://other.example").status_code == 403
        assert call("POST", local, Origin="https://phones.example", Sec_Fetch_Site="same-origin").status_code == 200
        assert opted_out(api) == ["972541111111"]


def test_form_that_is_too_long_is_refused(api: Api) -> None:
    response = requests.post(links(api)[-1], data=b"x" * 2_000, timeout=TIMEOUT)
    assert response.status_code == 413
    assert opted_out(api) == []


def test_client_that_disconnects_within_its_form_does_not_opt_out(api: Api) -> None:
    path = links(api)[-1].removeprefix(api.mock.url)
    with socket.create_connection((api.mock.host, api.mock.port), TIMEOUT) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: mock\r\nContent-Length: 9\r\n\r\nhalf".encode())
    assert opted_out(api) == []


@pytest.mark.ledger("click.tracked-link")
@pytest.mark.parametrize(
    ("number", "content", "location"),
    [
        (1, "https://shop.example/a?b=c#d", "https://shop.example/a?b=c#d"),
        (2, "www.google.com", "http://www.google.com"),
        (3, "HTTP://x.example/שלום%20x", "HTTP://x.example/%D7%A9%D7%9C%D7%95%D7%9D%20x"),
    ],
)
def test_tracked_link_redirects_and_counts_a_click(api: Api, number: int, content: str, location: str) -> None:
    url = links(api)[number - 1]
    redirect = call("GET", url, Sec_Fetch_Dest="document", Sec_Fetch_Site="cross-site")
    assert (redirect.status_code, redirect.headers["location"]) == (302, location)
    assert redirect.headers["cache-control"] == "no-store"
    assert redirect.headers["referrer-policy"] == "no-referrer"
    message = api.get("messages/latest")
    assert [click["url"] for click in message["clicks_details"]] == [content]
    row = api.mock.info(message["transaction_id"], "key of the pages")
    assert (row["clicks"], row["clicks_details"][0]["url"]) == (1, content)


@pytest.mark.ledger("click.tracked-link")
@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"Purpose": "prefetch"}),
        ("GET", {"X-Purpose": "preview"}),
        ("GET", {"X-Moz": "prefetch"}),
        ("GET", {"Sec-Fetch-Dest": "image"}),
    ],
)
def test_prefetching_is_no_click(api: Api, method: str, headers: dict[str, str]) -> None:
    assert call(method, links(api)[0], **headers).status_code == 302
    assert api.get("messages/latest")["clicks"] == 0


def test_link_of_an_undelivered_message_counts_no_click(api: Api) -> None:
    assert call("GET", links(api, QUEUED)[0]).status_code == 302
    assert api.get("messages/latest")["clicks"] == 0


def test_link_without_a_scheme_redirects_to_http(api: Api) -> None:
    assert call("GET", links(api, content="Look: www.://a.example")[0]).headers["location"] == "http://www.://a.example"


def test_link_cannot_add_a_header(api: Api) -> None:
    location = call("GET", links(api, content='https://a.example/%0d%0aX:\x01y\\z`"')[0]).headers["location"]
    assert location == "https://a.example/%0d%0aX:%01y%5Cz%60"


@pytest.mark.parametrize(
    "path",
    [
        "/u/000000000000",
        "/u/{token}0",
        "/u/{TOKEN}",
        "/u/{token}/",
        "/u",
        "/u/",
        "/l/{token}/0",
        "/l/{token}/4",
        "/l/{token}/01",
        "/l/{token}/99999",
        "/l/{token}/999999",
        "/l/{token}/http://evil.example",
        "/l/{token}",
        "/l/000000000000/1",
        "/l//evil.example",
        "/l",
        "/u/page.css/x",
    ],
)
def test_unknown_link_is_an_error_page(api: Api, path: str) -> None:
    token = links(api)[-1].rpartition("/")[2]
    response = call("GET", api.mock.url + path.format(token=token, TOKEN=f"A{token[1:]}"))
    assert response.status_code == 404
    assert "location" not in response.headers
    assert "No message of this mock has this link." in response.text


def test_link_that_the_text_does_not_contain_is_unknown(api: Api) -> None:
    (name,) = api.send(NUMBER, content=CONTENT, add_unsubscribe_link=False, track_clicks=False)
    assert call("GET", f"{api.mock.url}/u/{name[:12]}").status_code == 404
    assert call("GET", f"{api.mock.url}/l/{name[:12]}/1").status_code == 404


@pytest.mark.parametrize(("method", "path"), [("POST", "reset"), ("DELETE", "messages"), ("DELETE", "account")])
def test_link_of_a_deleted_message_is_unknown(api: Api, method: str, path: str) -> None:
    url = links(api)[-1]
    api.request_json(method, path)
    assert call("GET", url).status_code == 404


@pytest.mark.parametrize("limit", ["max_messages", "max_accounts"])
def test_link_of_an_evicted_message_is_unknown(limit: str) -> None:
    with running(Settings.read({}, {"port": "0", limit: "1"})) as mock:
        first = links(Api(mock, "first"))[-1]
        assert call("GET", first).status_code == 200
        second = links(Api(mock, "first" if limit == "max_messages" else "second"))[-1]
        assert [call("GET", url).status_code for url in (first, second)] == [404, 200]


@pytest.mark.parametrize(("place", "allowed"), [(-1, "GET, HEAD, POST"), (0, "GET, HEAD")])
def test_other_methods_are_a_405(api: Api, place: int, allowed: str) -> None:
    url = links(api)[place]
    for method in {"PUT", "DELETE", "POST", "OPTIONS"} - {*allowed.split(", ")}:
        response = call(method, url)
        assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert opted_out(api) == []


def test_pages_load_only_their_own_style(api: Api) -> None:
    url = links(api)[-1]
    for response in (call("GET", url), call("POST", url), call("GET", api.mock.url + "/u/none")):
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; ")
        assert "frame-ancestors 'none'" in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "same-origin"
        assert response.headers["cache-control"] == "no-store"
        assert re.findall(r'(?:src|href|action)="([^"]*)"', response.text) == ["page.css"]
        assert not re.search(r"<script|style=|<style| on[a-z]+=|https?:", response.text)
    style = call("GET", api.mock.url + "/u/page.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "url(" not in style.text
    assert call("POST", api.mock.url + "/u/page.css").status_code == 404


def test_pages_load_their_style_below_any_public_path() -> None:
    with running(Settings(port=0, public_url="https://phones.example/sms")) as mock:
        short, unsubscribe = links(Api(mock, "k"), content="www.a.example")
        for url in (unsubscribe, f"{short}000", "https://phones.example/sms/u/none"):
            page = call("GET", url.replace("https://phones.example/sms", mock.url)).text
            style = urljoin(url, re.findall(r'href="([^"]*)"', page)[0])
            assert style.startswith("https://phones.example/sms/")
            assert call("GET", style.replace("https://phones.example/sms", mock.url)).status_code == 200


def test_page_escapes_sender_and_number(api: Api) -> None:
    hostile = "<script>alert(1)</script>&\"'\u202e\ud800"
    (name,) = api.send('972-54-1111111<img src=x onerror="1">', sender=hostile)
    page = call("GET", f"{api.mock.url}/u/{name[:12]}").text
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#x27;\u202e?</bdi>" in page
    assert "<img" not in page


def test_due_events_are_applied_before_a_link_is_followed(api: Api) -> None:
    api.post("clock/freeze")
    url = links(api, "972-50-0002300")[0]
    api.post("clock/advance", {"by": "5s"})
    assert call("GET", url).status_code == 302
    assert api.get("messages/latest")["clicks"] == 0
