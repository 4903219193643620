"""Holds over the inspection API: which requests wait, how long, and what releases them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from mocksms.inspection.waiting import Waiters
from tests.inspection.support import Api, hold, listeners_of, put_snapshot, wait_for_held, wait_until
from tests.support import NUMBER, TIMEOUT, Mock, running

RELEASES: dict[str, Callable[[Api, int], object]] = {
    "release": lambda api, fault: api.post(f"faults/{fault}/release"),
    "clear": lambda api, fault: api.request_json("DELETE", f"faults/{fault}"),
    "clear of all": lambda api, _: api.request_json("DELETE", "faults"),
    "reset": lambda api, _: api.post("reset"),
    "delete": lambda api, _: api.request_json("DELETE", "account"),
}


@pytest.mark.parametrize("end", RELEASES.values(), ids=RELEASES)
def test_response_waits_until_it_is_released(
    api: Api, threads: ThreadPoolExecutor, end: Callable[[Api, int], object]
) -> None:
    fault = hold(api)
    sending = threads.submit(api.send, NUMBER)
    (request,) = wait_for_held(api, fault)
    (message,) = api.get("messages")["messages"]
    recorded = api.get(f"requests/{request}")
    assert (message["status"], recorded["response"]["status"], sending.done()) == ("sent", 200, False)
    assert recorded["note"] == "a fault set manually: hold"
    end(api, fault)
    assert sending.result(TIMEOUT) == [message["transaction_id"]]
    api.send(NUMBER)


def test_release_of_some_leaves_the_others_and_goes_on(api: Api, threads: ThreadPoolExecutor) -> None:
    fault = hold(api)
    first = threads.submit(api.send, "972-54-2222221")
    held = wait_for_held(api, fault)
    second = threads.submit(api.send, "972-54-2222222")
    held = wait_for_held(api, fault, 2)
    assert api.post(f"faults/{fault}/release", {"count": 1}) == {"released": 1}
    assert first.result(TIMEOUT)
    assert (api.get("faults")["faults"][0]["waiting"], second.done()) == (held[1:], False)
    third = threads.submit(api.send, "972-54-2222223")
    assert len(wait_for_held(api, fault, 2)) == 2
    assert api.post(f"faults/{fault}/release") == {"released": 2}
    assert second.result(TIMEOUT)
    assert third.result(TIMEOUT)
    assert api.post(f"faults/{fault}/release") == {"released": 0}


def test_hold_has_an_end_in_real_time(api: Api) -> None:
    api.post("clock/freeze")
    fault = hold(api, fault={"kind": "hold", "duration": "50ms"})
    api.send(NUMBER)
    (row,) = api.get("faults")["faults"]
    assert (row["id"], row["applied"], row["waiting"]) == (fault, 1, [])


def test_hold_applies_to_matching_requests_and_so_many(api: Api, threads: ThreadPoolExecutor) -> None:
    api.send(NUMBER)
    fault = hold(api, match={"operation": "search"}, times=1)
    api.send(NUMBER)
    reading = threads.submit(api.mock.search, "", str(api.key))
    wait_for_held(api, fault)
    assert len(api.mock.search("", str(api.key))) == 2
    api.post(f"faults/{fault}/release")
    assert len(reading.result(TIMEOUT)) == 2


def test_fault_for_all_accounts_is_released_for_one_or_for_all(own_mock: Mock, threads: ThreadPoolExecutor) -> None:
    one, other, everyone = Api(own_mock, "one"), Api(own_mock, "other"), Api(own_mock)
    fault = hold(everyone)
    assert everyone.post(f"faults/{fault}/release", {"count": 1}) == {"released": 0}
    sendings = [threads.submit(each.send, NUMBER) for each in (one, other)]
    wait_for_held(everyone, fault, 2)
    assert [len(row["waiting"]) for row in everyone.get("faults")["faults"]] == [1, 1, 0]
    assert one.post(f"faults/{fault}/release", {"count": 5}) == {"released": 1}
    assert sendings[0].result(TIMEOUT)
    assert everyone.post(f"faults/{fault}/release") == {"released": 1}
    assert sendings[1].result(TIMEOUT)


def test_wait_that_times_out_lists_the_other_requests(api: Api) -> None:
    api.send(NUMBER)
    fault = hold(api, match={"tag": "otp"})
    error = api.refused(408, "GET", f"faults/{fault}/wait", timeout=0)
    nothing = "Other requests since the fault was set, the newest first: none."
    assert error["message"] == f"0 of 1 requests waited within 0 s. {nothing}"
    api.send(NUMBER)
    api.mock.post("{}", X_API_Key=str(api.key))
    error = api.refused(408, "GET", f"faults/{fault}/wait", timeout=0, count=2)
    others = "POST /transactional/sms/send 400; POST /rest/v1/transactional/sms/send 200"
    assert error["message"].startswith("0 of 2 requests waited within 0 s. ")
    assert error["message"].endswith(f"the newest first: {others}.")


def test_wait_that_times_out_names_requests_that_were_held(api: Api) -> None:
    fault = hold(api, fault={"kind": "hold", "duration": 0})
    api.send(NUMBER)
    error = api.refused(408, "GET", f"faults/{fault}/wait", timeout=0)
    assert error["message"].endswith("POST /rest/v1/transactional/sms/send 200 (held before).")


@pytest.mark.parametrize("name", ["0", "x", "999999999"])
def test_only_a_hold_can_be_released(api: Api, name: str) -> None:
    hold(api)
    delay = api.post("faults", {"fault": {"kind": "delay", "duration": 1}})["id"]
    for fault in (name, delay):
        assert "Unknown fault of kind hold" in api.refused(404, "POST", f"faults/{fault}/release")["message"]
        api.refused(404, "GET", f"faults/{fault}/wait", timeout=0)


def test_hold_that_has_expired_can_be_released(api: Api, threads: ThreadPoolExecutor) -> None:
    api.post("clock/freeze")
    fault = hold(api)
    sending = threads.submit(api.send, NUMBER)
    wait_for_held(api, fault)
    api.post("clock/advance", {"by": "11m"})
    api.send(NUMBER)
    (row,) = api.get("faults")["ended"]
    assert len(row["waiting"]) == 1
    assert api.request_json("DELETE", f"faults/{fault}") == {"cleared": 0}
    assert sending.result(TIMEOUT)
    api.refused(404, "DELETE", f"faults/{fault}")


def test_wait_for_held_requests_ends_with_its_client_and_with_the_mock(threads: ThreadPoolExecutor) -> None:
    with running() as mock:
        api = Api(mock, "waiting")
        fault = hold(api)
        url = f"{mock.url}/_mock/faults/{fault}/wait"
        with pytest.raises(requests.Timeout):
            requests.get(url, params={"timeout": 300}, headers={"X-API-Key": "waiting"}, timeout=0.05)
        wait_until(lambda: not listeners_of(mock, Waiters))
        waiting = threads.submit(api.call, "GET", f"faults/{fault}/wait", timeout=300)
        wait_until(lambda: listeners_of(mock, Waiters))
    response = waiting.result(TIMEOUT)
    assert (response.status_code, response.json()["error"]["message"]) == (503, "The mock shuts down.")


def test_fault_of_a_recorded_request_keeps_its_id_in_a_snapshot(api: Api, own_mock: Mock) -> None:
    hold(api, fault={"kind": "hold", "duration": "1ms"})
    api.send(NUMBER)
    data = api.call("GET", "snapshot", keys="true").content
    own_mock.send(NUMBER)
    response = put_snapshot(own_mock, data)
    assert response.status_code == 200, response.text
    restored = own_mock.engine.accounts.by_key(str(api.key))
    assert restored is not None
    (request,) = restored.journal.newest_first()
    (counted,) = restored.faults.rules
    assert request.fault is not None
    assert request.fault.fault_id == counted.fault_id
