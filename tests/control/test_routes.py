from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from starlette.routing import Route

from mocksms.control.routes import control_door
from mocksms.engine.engine import Engine
from mocksms.fidelity import ledger
from mocksms.settings import Settings
from mocksms.sms.magic import Catalogue
from tests.support import NUMBER, PATIENCE, Mock, running

PATHS = [f"/_mock{route.path}" for route in control_door(Engine(Settings())).routes if isinstance(route, Route)]
FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "127.0.0.1.nip.io:8972"},
    {"Host": "[evil.example]:80"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
]


@pytest.fixture(scope="module")
def counted_mock() -> Iterator[Mock]:
    """A mock of this module alone, small enough to evict."""
    with running(Settings(port=0, seed="tests", max_accounts=2, max_messages=2, max_requests=3)) as mock:
        yield mock


def test_health_counts_what_there_is_and_what_has_gone(counted_mock: Mock) -> None:
    for key in ("first", "second", "third"):
        for _ in range(3):
            counted_mock.send(key=key)
    counted_mock.search(key="third")
    answer = counted_mock.get("/_mock/health")
    health = answer.json()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert health.pop("version")
    assert health.pop("uptime") >= 0
    assert health == {
        "status": "ready",
        "accounts": 2,
        "messages": 4,
        "requests": 6,
        "evicted": {"accounts": 1, "messages": 5, "requests": 4},
    }


def test_numbers_are_the_catalogue(shared_mock: Mock) -> None:
    answer = shared_mock.get("/_mock/numbers").json()
    assert answer["prefix"] == "97250000"
    assert answer["grammar"].startswith("97250000CCLL: ")
    assert [row["code"] for row in answer["numbers"]] == list(Catalogue().rows)
    assert answer["numbers"][0] == {
        "code": "00",
        "number": "972-50-0000000",
        "outcome": "sent",
        "http_fault": False,
    }
    assert {row["code"] for row in answer["numbers"] if row["http_fault"]} == {
        "60", "61", "62", "63", "64", "70", "71", "72", "73", "74", "75",
    }  # fmt: skip


def test_numbers_follow_the_prefix_and_the_delay() -> None:
    with running(Settings(port=0, magic_prefix="97250001")) as mock:
        answer = mock.get("/_mock/numbers").json()
    assert answer["prefix"] == "97250001"
    assert answer["numbers"][0]["number"] == "972-50-0010000"
    assert answer["numbers"][1]["outcome"] == "queued, sent after 5 s"


def test_fidelity_is_the_ledger(shared_mock: Mock) -> None:
    behaviours = shared_mock.get("/_mock/fidelity").json()["behaviours"]
    assert behaviours == [entry._asdict() for entry in ledger()]
    assert set(behaviours[0]) == {"id", "does", "evidence", "source", "setting"}


def test_route_table_is_what_these_tests_walk() -> None:
    assert PATHS == ["/_mock/health", "/_mock/numbers", "/_mock/fidelity"]


@pytest.mark.parametrize("path", [*PATHS, "/_mock/nothing", "/_mock/"])
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_other_sites_are_refused_on_every_route(
    shared_mock: Mock, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = requests.request(method, shared_mock.url + path, headers=headers, timeout=PATIENCE, allow_redirects=False)
    assert answer.status_code == 403
    assert not any(name.lower().startswith("access-control") for name in answer.headers)
    if method != "HEAD":
        error = answer.json()["error"]
        assert error["status"] == 403
        assert error["message"].endswith(".")


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_other_sites_are_refused_without_a_path_too(shared_mock: Mock, headers: dict[str, str]) -> None:
    answer = requests.get(shared_mock.url + "/_mock", headers=headers, timeout=PATIENCE, allow_redirects=False)
    assert answer.status_code == 403


def test_refused_host_is_told_how_to_be_allowed(shared_mock: Mock) -> None:
    answer = shared_mock.get("/_mock/health", headers={"Host": "mock.test:8972"})
    assert answer.json()["error"]["message"] == (
        "Host 'mock.test:8972' is not allowed here; start mocksms with --allowed-host mock.test."
    )


def test_refused_origin_is_named(shared_mock: Mock) -> None:
    answer = shared_mock.get("/_mock/health", headers={"Origin": "http://evil.example"})
    assert "http://evil.example" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", PATHS)
def test_own_names_are_let_through_on_every_route(shared_mock: Mock, path: str) -> None:
    for host in ("localhost", f"127.0.0.1:{shared_mock.port}", f"[::1]:{shared_mock.port}", "mocksms"):
        headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        assert shared_mock.get(path, headers=headers).status_code == 200


def test_allowed_host_is_let_through() -> None:
    with running(Settings(port=0, allowed_host=("mock.test",))) as mock:
        assert mock.get("/_mock/health", headers={"Host": "mock.test:8972"}).status_code == 200
        assert mock.get("/_mock/health", headers={"Host": "evil.example"}).status_code == 403


def test_emulated_api_answers_to_any_host(shared_mock: Mock) -> None:
    answer = shared_mock.get("/transactional/sms/search", key="any host", headers={"Host": "webapi.mymarketing.co.il"})
    assert answer.status_code == 200


def test_unknown_path_says_what_there_is(shared_mock: Mock) -> None:
    answer = shared_mock.get("/_mock/nothing")
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {
            "status": 404,
            "message": "There is no /_mock/nothing here; there are /_mock/health, /_mock/numbers and /_mock/fidelity.",
        }
    }
    assert all(path in answer.text for path in PATHS)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_wrong_method_says_which_is_right(shared_mock: Mock, method: str, path: str) -> None:
    answer = requests.request(method, shared_mock.url + path, timeout=PATIENCE)
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert answer.json() == {"error": {"status": 405, "message": f"{path} does not answer {method}, only GET."}}


def test_looking_changes_nothing(shared_mock: Mock) -> None:
    shared_mock.send(NUMBER, key="looked at")
    before = shared_mock.search(key="looked at")
    requests_before = len(shared_mock.engine.account("looked at").journal)
    for path in PATHS:
        shared_mock.get(path, key="looked at")
    assert len(shared_mock.engine.account("looked at").journal) == requests_before
    assert shared_mock.search(key="looked at") == before
