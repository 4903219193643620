"""A trace or snapshot, read-only."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

import pytest
import requests

from mocksms.settings import Settings
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.options import settings_of
from tests.inspection.support import OPERATIONS, Api
from tests.state.archives import manifest
from tests.support import KEY, NUMBER, TIMEOUT, Mock
from tests.viewer.opening import get, opened


def test_trace_is_served_as_it_was_saved(saved: tuple[Mock, bytes, bytes]) -> None:
    mock, packed, _ = saved
    with opened(packed) as url:
        for path in ("messages", "requests", "phones", "inbound", "consents", "callbacks", "numbers", "scenario"):
            assert get(f"{url}/_mock/{path}").json() == get(f"{mock.url}/_mock/{path}").json(), path
        trace = get(f"{url}/_mock/trace").json()
        accounts = get(f"{url}/_mock/accounts").json()["accounts"]
    assert (trace["file"], trace["folder"], trace["test"]["nodeid"]) == (
        "a.mocksms.zip",
        None,
        "tests/test_login.py::test_otp",
    )
    first, second = trace["failures"]
    (comparison,) = [each for each in first["explanation"]["closest"][0]["comparisons"] if not each["matches"]]
    assert (comparison["actual"], comparison["differs_at"]) == ("Your code is 481516", 18)
    (difference,) = comparison["differences"]
    assert difference == {"expected": {"start": 18, "end": 19}, "actual": {"start": 18, "end": 19}}
    assert (second["text"], second["explanation"]) == ("assert 1 == 2", None)
    assert {*trace["accounts"]} == {account.id for account in mock.engine.accounts}
    assert trace["mock_options"] == {"link_length": "30", "magic_delay": "3600s"}
    assert "AssertionError" in trace["report"]
    assert [line["logger"] for line in trace["logs"]] == ["shop.signup", "shop", "shop"]
    assert {account["clock"]["frozen"] for account in accounts} == {True}


def test_snapshot_is_shown_without_a_test(saved: tuple[Mock, bytes, bytes]) -> None:
    _, _, packed = saved
    with opened(packed) as url:
        trace = get(f"{url}/_mock/trace").json()
        assert len(get(f"{url}/_mock/messages").json()["messages"]) == 3
        refusal = requests.post(f"{url}/_mock/reset", timeout=TIMEOUT)
    assert (trace["test"], trace["failures"], trace["logs"], trace["report"]) == (None, [], [], "")
    assert refusal.json()["error"]["message"].startswith("This is a snapshot: read-only.")


def test_nothing_can_be_changed(saved: tuple[Mock, bytes, bytes]) -> None:
    mock, packed, _ = saved
    with opened(packed) as url:
        paths = ("messages", "requests", "accounts", "phones", "clock", "health", "scenario", "faults", "callbacks")

        def everything() -> list[Any]:
            values = [get(f"{url}/_mock/{path}").json() for path in paths]
            return [{name: each for name, each in value.items() if name != "uptime"} for value in values]

        before = everything()
        for operation in OPERATIONS:
            if operation.method == "GET":
                continue
            target = f"{url}{operation.path.format(id='latest')}"
            refusal = requests.request(operation.method, target, json={}, timeout=TIMEOUT)
            assert (refusal.status_code, refusal.headers["allow"]) == (405, "GET, HEAD"), operation.id
            assert refusal.json()["error"]["message"].startswith("This is a trace: read-only."), operation.id
        link = get(f"{mock.url}/_mock/messages/latest", **{"X-API-Key": KEY}).json()["links"][-1]
        for path in ("/rest/v1/transactional/sms/send", link.removeprefix(mock.url), "/x"):
            for method in ("GET", "POST"):
                refusal = requests.request(method, url + path, headers={"X-API-Key": KEY}, timeout=TIMEOUT)
                assert refusal.status_code == 403
                assert refusal.json()["error"]["message"].startswith("This is a trace: read-only."), path
        assert get(f"{url}/_mock/account", **{"X-API-Key": "of nobody"}).status_code == 200
        assert get(f"{url}/favicon.ico").status_code == 200
        with socket.create_connection((url.split(":")[1][2:], int(url.rpartition(":")[2])), TIMEOUT) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 400")
        assert everything() == before


def test_time_stands_still(saved: tuple[Mock, bytes, bytes]) -> None:
    _, packed, _ = saved
    with opened(packed) as url:
        (queued,) = get(f"{url}/_mock/messages?status=queued").json()["messages"]
        (callback, *_) = get(f"{url}/_mock/callbacks").json()["callbacks"]
        clock = get(f"{url}/_mock/clock").json()
    assert len(queued["history"]) == 1
    assert (callback["state"], len(callback["attempts"])) == ("pending", 1)
    assert (clock["now"], clock["frozen"]) == ("2026-03-01T12:00:00Z", True)
    assert callback["due_at"] > clock["now"]


def test_texts_are_those_of_the_saved_mock(saved: tuple[Mock, bytes, bytes]) -> None:
    mock, packed, _ = saved
    with opened(packed, Settings(link_length=99, public_url="http://other.example")) as url:
        first = get(f"{url}/_mock/messages?to={NUMBER}", **{"X-API-Key": KEY}).json()["messages"][0]
    assert f"{mock.url}/u/" in first["text"]
    assert first["segments"]["link_length"] == 30


def test_control_token_and_keys(saved: tuple[Mock, bytes, bytes]) -> None:
    _, packed, _ = saved
    with opened(packed, Settings(control_token="secret", api_key=("one", "two"))) as url:
        assert get(f"{url}/").status_code == 200
        assert get(f"{url}/_mock/trace").status_code == 401
        trace = get(f"{url}/_mock/trace", Authorization="Bearer secret")
        assert get(f"{url}/_mock/messages", Authorization="Bearer secret").status_code == 200
    assert trace.status_code == 200
    assert not any(secret in trace.text for secret in (KEY, "secret", "another key of the tests"))


def test_page_knows_that_the_mock_is_read_only(saved: tuple[Mock, bytes, bytes]) -> None:
    mock, packed, _ = saved
    with opened(packed) as url:
        pages = [get(f"{url}{path}") for path in ("/", "/docs")]
        assert [page.text.count("<html data-read-only lang") for page in pages] == [1, 1]
        assert {page.headers["content-security-policy"] for page in pages} == {
            get(f"{mock.url}/").headers["content-security-policy"]
        }
    assert "data-read-only" not in get(f"{mock.url}/").text


def test_other_mocks_are_no_trace(saved: tuple[Mock, bytes, bytes]) -> None:
    refusal = Api(saved[0]).call("GET", "trace")
    assert (refusal.status_code, refusal.json()["error"]["message"]) == (
        404,
        "This mock is not a trace. mocksms open FILE shows one.",
    )


def test_options_of_another_version_are_ignored_and_invalid_ones_refused() -> None:
    assert settings_of(manifest(options={"link_length": "30", "of_tomorrow": "1", "port": "1"}), Settings()) == replace(
        Settings(), link_length=30, seed="s"
    )
    with pytest.raises(InvalidSnapshot, match=r"manifest\.json: options: link_length is 'x', but must be "):
        settings_of(manifest(options={"link_length": "x"}), Settings())
