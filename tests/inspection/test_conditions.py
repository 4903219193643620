from __future__ import annotations

import json
from typing import Any

from tests.inspection.support import Api
from tests.receiver import Response, receiving
from tests.support import NUMBER, Mock, body

NOTHING: dict[str, Any] = {"frozen": None, "faults": [], "scenarios": [], "failing": []}
OUTAGE = {"rule": [{"times": 2, "outcome": "exception/no-available-gateways"}]}


def conditions(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.get("conditions")
    return found


def test_mock_without_conditions_has_none(api: Api) -> None:
    api.send(NUMBER)
    assert conditions(api) == NOTHING


def test_frozen_clocks_are_counted(own_mock: Mock) -> None:
    one, other, everyone = Api(own_mock, "one"), Api(own_mock, "other"), Api(own_mock)
    everyone.post("clock/freeze")
    assert conditions(everyone)["frozen"] == {
        "at": everyone.get("clock")["now"],
        "account": None,
        "accounts": 0,
        "all": True,
    }
    everyone.post("clock/resume")
    one.send(NUMBER)
    other.send(NUMBER)
    at = one.post("clock/freeze")["now"]
    account = one.get("account")["id"]
    assert conditions(everyone)["frozen"] == {"at": at, "account": account, "accounts": 1, "all": False}
    assert conditions(one)["frozen"] == {"at": at, "account": account, "accounts": 1, "all": True}
    assert conditions(other)["frozen"] is None
    everyone.post("clock/freeze")
    assert conditions(everyone)["frozen"]["all"] is True


def test_faults_with_uses_left_are_listed(own_mock: Mock) -> None:
    api = Api(own_mock, "one")
    api.post("faults", {"fault": {"kind": "status", "status": 503, "retry_after": "2s"}, "match": {"tag": "otp"}})
    api.post("faults", {"fault": {"kind": "empty"}, "times": 1})
    assert [(each["effect"], each["matches"]) for each in conditions(api)["faults"]] == [
        ("empty", "all, the first 1"),
        ("HTTP 503, Retry-After 2s", 'tag "otp"'),
    ]
    own_mock.post(json.dumps(body(NUMBER)), X_API_Key="one")
    assert [each["effect"] for each in conditions(api)["faults"]] == ["HTTP 503, Retry-After 2s"]


def test_scenarios_are_listed_with_how_often_their_rules_were_applied(own_mock: Mock) -> None:
    one, other, everyone = Api(own_mock, "one"), Api(own_mock, "other"), Api(own_mock)
    other.send(NUMBER)
    one.request_json("PUT", "scenario", OUTAGE)
    one.send(NUMBER)
    account = one.get("account")["id"]
    assert conditions(everyone)["scenarios"] == [{"names": ["the scenario"], "account": account, "applied": 1}]
    everyone.request_json("PUT", "scenario", None, name="opt-out-mid-campaign")
    one.send("972-54-2222222")
    assert conditions(everyone)["scenarios"] == [{"names": ["opt-out-mid-campaign"], "account": None, "applied": 1}]


def test_webhook_fails_until_its_latest_callback_arrives(api: Api) -> None:
    with receiving() as receiver:
        receiver.responses = [Response(500), Response(500), Response(200)]
        api.patch(webhooks=[receiver.url])
        api.post("clock/freeze")
        api.send(NUMBER, "972-54-2222222")
        api.post("clock/advance", {"by": 0})
        (failing,) = conditions(api)["failing"]
        latest = api.get("callbacks")["callbacks"][0]
        assert failing == {
            "account": api.get("account")["id"],
            "url": receiver.url,
            "failed": 2,
            "latest": latest["id"],
            "status": 500,
            "error": "HTTP 500",
        }
        api.send(NUMBER)
        api.post("clock/advance", {"by": 0})
        assert conditions(api)["failing"] == []
