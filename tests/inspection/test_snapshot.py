"""Snapshots over the inspection API: read, restored, refused, and what meanwhile happens to other requests."""

from __future__ import annotations

import gc
import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from io import BytesIO
from typing import Any

import pytest
import requests

from mocksms.engine.keys import account_id
from mocksms.inspection import snapshot as endpoints
from mocksms.settings import Settings
from mocksms.state import archive_reader
from mocksms.state.snapshot import Snapshot
from tests.inspection.support import BOUNCING, SENT, ZIP, Api, put_snapshot, wait_for_waiters
from tests.receiver import receiving
from tests.state.archives import entries_in, rows_in
from tests.support import KEY, NUMBER, TIMEOUT, Mock, running

READS = ("messages", "phones", "accounts", "callbacks", "requests", "inbound", "consents", "clock", "scenario")


@pytest.fixture
def api(own_mock: Mock) -> Api:
    return Api(own_mock, KEY)


@pytest.fixture
def other() -> Iterator[Api]:
    """Another mock, without records."""
    with running(Settings(port=0, seed="of the other")) as mock:
        yield Api(mock, KEY)


def read(api: Api, **query: Any) -> bytes:
    """Return a snapshot of everything, or of the accounts in the query."""
    response = requests.get(f"{api.mock.url}/_mock/snapshot", query, timeout=TIMEOUT)
    assert response.status_code == 200, response.text
    return response.content


def restore(api: Api, data: bytes, **query: Any) -> dict[str, Any]:
    response = put_snapshot(api.mock, data, **query)
    assert response.status_code == 200, response.text
    result: dict[str, Any] = response.json()
    return result


def state_of(api: Api) -> list[bytes]:
    """Return the responses about everything, besides those that depend on real time."""
    everything = Api(api.mock)
    return [everything.call("GET", path).content for path in READS]


def test_everything_of_a_mock_is_restored_into_another(api: Api, other: Api) -> None:
    sent = api.send(SENT, content="Your code is 481516", tags=["otp"])
    api.post("inbound", {"from": NUMBER, "text": "Hello"})
    api.mock.post(b"{", X_API_Key="of another account")
    api.patch(label="checkout", credit=7, unsubscribed=[NUMBER])
    data = read(api)
    result = restore(other, data)
    assert {**result, "accounts": sorted(result["accounts"])} == {
        "accounts": sorted(map(account_id, (KEY, "of another account"))),
        "messages": 1,
        "shifted_by": 0,
        "different_options": [],
    }
    assert other.ids() == sent
    own, theirs = (Api(each.mock).get("requests")["requests"] for each in (api, other))
    assert own == theirs
    assert other.get("account")["label"] == "checkout"
    assert other.get("account")["unsubscribed"] == api.get("account")["unsubscribed"] != []


def test_snapshot_is_a_file_with_a_name_and_a_length(api: Api) -> None:
    response = requests.get(f"{api.mock.url}/_mock/snapshot", timeout=TIMEOUT)
    assert response.headers["content-type"] == "application/zip"
    assert response.headers["content-disposition"] == 'attachment; filename="mocksms-snapshot.zip"'
    assert int(response.headers["content-length"]) == len(response.content)
    head = requests.head(f"{api.mock.url}/_mock/snapshot", timeout=TIMEOUT)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("accept", "declared"),
    [
        ("application/octet-stream", "application/octet-stream"),
        ("Application/Octet-Stream;q=0.5", "application/octet-stream"),
        ("application/zip, application/octet-stream", "application/zip"),
        ("*/*", "application/zip"),
    ],
)
def test_snapshot_is_declared_as_any_bytes_to_a_client_that_reads_no_zip(api: Api, accept: str, declared: str) -> None:
    response = requests.get(f"{api.mock.url}/_mock/snapshot", headers={"Accept": accept}, timeout=TIMEOUT)
    assert response.headers["content-type"] == declared


def test_accounts_are_chosen_by_key_or_id(api: Api) -> None:
    ids = {key: account_id(key) for key in ("first", "second", "third")}
    for key in ids:
        api.mock.send(NUMBER, key=key)
    header = requests.get(f"{api.mock.url}/_mock/snapshot", headers={"X-API-Key": "first"}, timeout=TIMEOUT).content
    assert [row["id"] for row in rows_in(header, "accounts.jsonl")] == [ids["first"]]
    chosen = read(api, account=["third", ids["first"]])
    assert {row["id"] for row in rows_in(chosen, "accounts.jsonl")} == {ids["first"], ids["third"]}
    assert {row["account"] for row in rows_in(chosen, "messages.jsonl")} == {ids["first"], ids["third"]}
    assert len(rows_in(read(api), "accounts.jsonl")) == 3
    assert rows_in(read(api, account="not used yet"), "messages.jsonl") == []
    error = api.refused(404, "GET", "snapshot", account="000000000000")
    assert error["message"].startswith("Unknown account id '000000000000'.")


def test_keys_are_in_a_snapshot_only_if_they_are_chosen(api: Api) -> None:
    api.send(NUMBER)
    assert not [name for name, content in entries_in(read(api)).items() if KEY.encode() in content]
    assert rows_in(read(api, keys="true"), "accounts.jsonl")[0]["key"] == KEY


def test_requests_without_an_account_are_in_the_snapshot_of_an_account_only_if_they_are_chosen(api: Api) -> None:
    for path in ("/early", "/late"):
        since = Api(api.mock).get("health")["cursor"]
        api.mock.post(b"{}", path, X_API_Key="")
    api.send(NUMBER)
    assert [row["account"] for row in rows_in(read(api, account=KEY), "requests.jsonl")] == [account_id(KEY)]
    with_late = rows_in(read(api, account=KEY, unattributed_since=since), "requests.jsonl")
    assert [row["target"] for row in with_late if row["account"] is None] == ["/late"]
    assert "Unknown cursor 99999" in api.refused(409, "GET", "snapshot", unattributed_since=99999)["message"]


def test_one_account_is_restored_beside_others(api: Api, other: Api) -> None:
    api.send(SENT)
    (before,) = Api(other.mock, "theirs").send(NUMBER)
    cursor = other.get("health")["cursor"]
    result = restore(other, read(api), account=KEY)
    assert (result["accounts"], result["shifted_by"]) == ([account_id(KEY)], cursor)
    assert other.ids() == api.ids()
    assert Api(other.mock, "theirs").ids() == [before]
    assert other.get("messages")["messages"][0]["cursor"] > cursor
    error = put_snapshot(other.mock, read(api), account="nobody").json()["error"]
    assert error["message"].startswith(f"Invalid snapshot: it has no account {account_id('nobody')}; it has ")


def test_invalid_file_gets_one_error_and_changes_nothing(api: Api) -> None:
    Api(api.mock).post("clock/freeze")
    api.send(SENT)
    before, data = state_of(api), read(api)
    for invalid in (b"", b"PK", data[:-1], data + b"x", b"{}"):
        response = put_snapshot(api.mock, invalid)
        assert response.status_code == 400
        assert response.json()["error"]["message"].startswith("Invalid snapshot: the ")
    assert state_of(api) == before


@pytest.mark.parametrize("encoding", ["gzip", None])
def test_compressed_file_is_named_as_such(api: Api, encoding: str | None) -> None:
    headers = {**ZIP, "Content-Encoding": encoding}
    response = requests.put(
        f"{api.mock.url}/_mock/snapshot", gzip.compress(read(api)), headers=headers, timeout=TIMEOUT
    )
    assert response.status_code == 400
    assert response.json()["error"]["message"] == "body: is gzip; send it without compression"


def test_client_that_disconnects_changes_nothing(api: Api, other: Api) -> None:
    api.send(SENT)
    data = read(api)
    connection = HTTPConnection(other.mock.host, other.mock.port, TIMEOUT)
    connection.putrequest("PUT", "/_mock/snapshot")
    connection.putheader("Content-Type", "application/zip")
    connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data[:100])
    connection.close()
    assert restore(other, data)["messages"] == 1  # the mock goes on
    assert Api(other.mock).get("health")["accounts"] == 1


def test_snapshot_larger_than_the_mock_takes_is_refused_before_it_is_read(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_reader, "max_file_bytes", lambda _: 10)
    response = put_snapshot(api.mock, b"x" * 11)
    assert (response.status_code, response.json()["error"]["message"]) == (413, "Body longer than 10 bytes.")
    streamed = put_snapshot(api.mock, iter([b"x" * 11]))
    assert streamed.status_code == 413


def test_snapshots_need_no_folder_for_temporary_files(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_folder() -> BytesIO:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(endpoints, "TemporaryFile", no_folder)
    api.send(SENT)
    assert restore(api, read(api))["messages"] == 1


def test_numbers_are_shifted_by_what_the_mock_got_meanwhile(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.send(SENT)
    data = read(api, account=KEY)
    shifts = list[int]()
    build = Snapshot.build

    def slow_build(snapshot: Snapshot, shift: int) -> None:
        shifts.append(shift)
        build(snapshot, shift)
        api.mock.engine.accounts.numbering.take()

    monkeypatch.setattr(Snapshot, "build", slow_build)
    result = restore(api, data)
    assert shifts == [2, 3, 4]
    assert result["shifted_by"] == 5
    assert [message["cursor"] for message in api.get("messages")["messages"]] == [7]


def test_wait_finds_messages_that_are_restored(api: Api) -> None:
    api.send(SENT, content="Your code is 481516")
    data = read(api)
    api.post("reset")
    other = Api(api.mock, "of another account")
    with ThreadPoolExecutor() as pool:
        waits = [pool.submit(each.get, "messages/wait", content="481516", timeout=TIMEOUT) for each in (api, other)]
        wait_for_waiters(api.mock, 2)
        restore(api, data, account=KEY)
        assert waits[0].result()["messages"][0]["content"] == "Your code is 481516"
        other.send(SENT, content="481516")
        assert waits[1].result()["messages"][0]["content"] == "481516"


@contextmanager
def stream(api: Api) -> Iterator[Iterator[bytes]]:
    with requests.get(f"{api.mock.url}/_mock/events", stream=True, timeout=TIMEOUT) as response:
        yield response.iter_lines()


def test_streams_show_a_reset(api: Api) -> None:
    data = read(api)
    with stream(api) as lines:
        next(line for line in lines if line == b"event: open")
        restore(api, data)
        event = next(line for line in lines if line.startswith(b"event: "))
    assert event == b"event: reset"


def test_send_in_flight_is_lost_or_whole(api: Api) -> None:
    (first,) = api.send(SENT)
    data = read(api)
    to = [f"97254{place:07}" for place in range(3_000)]
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(api.send, *to)
        results = [*pool.map(lambda _: put_snapshot(api.mock, data), range(3))]
        assert len(sending.result()) == len(to)
    assert {response.status_code for response in results} == {200}
    page = api.get("messages")
    assert page["total"] in (1, 1 + len(to))
    assert api.get(f"messages/{first}")["transaction_id"] == first
    restore(api, data)
    assert api.get("messages")["total"] == 1


def test_step_of_a_replaced_account_does_not_happen_to_the_restored_one(api: Api) -> None:
    api.post("clock/freeze")
    data = read(api)
    (bouncing,) = api.send(BOUNCING)
    with_planned = read(api)
    restore(api, data)
    api.post("clock/advance", {"by": "1h"})
    assert api.ids() == []
    restore(api, with_planned)
    assert api.status_of(bouncing) == "sent"
    api.post("clock/advance", {"by": "1h"})
    assert api.status_of(bouncing) == "rejected/bounced"


def test_callback_of_a_replaced_account_does_not_arrive_twice(api: Api) -> None:
    with receiving() as receiver:
        api.patch(webhooks=[f"{receiver.url}#send"])
        api.post("clock/freeze")
        api.send(SENT)
        api.post("clock/advance", {"by": 1})
        assert len(receiver.requests) == 1
        data = read(api)
        restore(api, data)
        api.post("clock/advance", {"by": "1h"})
        assert len(receiver.requests) == 1
    assert [callback["state"] for callback in api.get("callbacks")["callbacks"]] == ["delivered"]


def test_two_files_are_restored_at_the_same_time(api: Api) -> None:
    api.send(SENT)
    data = read(api)
    with ThreadPoolExecutor() as pool:
        responses = [*pool.map(lambda _: put_snapshot(api.mock, data), range(4))]
    assert {response.status_code for response in responses} == {200}
    assert api.get("messages")["total"] == 1


@pytest.mark.parametrize(("is_frozen", "was_enabled"), [(True, True), (False, True), (False, False)])
def test_collector_is_off_during_the_work_and_then_as_before(
    monkeypatch: pytest.MonkeyPatch, is_frozen: bool, was_enabled: bool
) -> None:
    calls = list[str]()
    for name in ("disable", "enable", "freeze"):
        monkeypatch.setattr(gc, name, lambda name=name: calls.append(name))
    monkeypatch.setattr(gc, "isenabled", lambda: was_enabled)
    monkeypatch.setattr(gc, "get_freeze_count", lambda: int(is_frozen))
    endpoints.without_collector(calls.append, "work")
    assert calls == ["disable", "work", *["freeze"] * is_frozen, *["enable"] * was_enabled]


def test_what_is_left_of_a_refused_file_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = list[str]()
    monkeypatch.setattr(gc, "freeze", lambda: calls.append("freeze"))
    monkeypatch.setattr(gc, "get_freeze_count", lambda: 1)
    with pytest.raises(ValueError, match="x"):
        endpoints.without_collector(int, "x")
    assert (calls, gc.isenabled()) == ([], True)
