from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import requests

from mocksms.settings import Settings
from mocksms.sms.durations import DURATION_SYNTAX
from mocksms.sms.outcomes import ManualFaultName
from mocksms.sms.times import MAX_INSTANT
from tests.inspection.support import SENT, Api
from tests.support import TIMEOUT, ManualClock, Mock, body, running

PHONE = "972-54-1111111"
SECOND = "972-54-2222222"
NOTHING: dict[str, Any] = {"names": [], "rules": [], "unused": [], "front": []}
OUTAGE: dict[str, Any] = {"rule": [{"name": "outage", "times": 2, "outcome": "exception/no-available-gateways"}]}
NIGHT: dict[str, Any] = {"rule": [{"outcome": {"status": "failed", "reason": "night"}}]}
DOWN: dict[str, Any] = {"fault": {"kind": "status", "status": 503, "retry_after": "2s"}}


def put(api: Api, scenario: Any = None, **query: Any) -> Any:
    return api.request_json("PUT", "scenario", scenario, **query)


def try_send(api: Api, *to: str, **more: Any) -> requests.Response:
    """Send, whatever comes of it."""
    url = f"{api.mock.url}/rest/v1/transactional/sms/send"
    return requests.post(url, json=body(*to, **more), headers={"X-API-Key": api.key or ""}, timeout=TIMEOUT)


def states(api: Api) -> list[str]:
    """Return the states of all messages, oldest first."""
    return [api.status_of(each) for each in api.ids()[::-1]]


def counts(api: Api) -> list[tuple[int, int, int | None]]:
    """Return how often each rule matched and was used, and how many uses are left."""
    return [(rule["matched"], rule["applied"], rule["left"]) for rule in api.get("scenario")["rules"]]


def listed(api: Api) -> list[int]:
    """Return the ids of the faults that were set manually."""
    return [fault["id"] for fault in api.get("faults")["faults"]]


@pytest.fixture
def frozen(api: Api) -> Api:
    """An account whose time stands still."""
    api.post("clock/freeze")
    return api


def test_at_first_no_scenario_is_in_force(api: Api) -> None:
    assert api.get("scenario") == Api(api.mock).get("scenario") == NOTHING
    assert api.get("faults") == {"faults": [], "ended": []}


def test_scenario_is_put_in_force_by_its_body(api: Api) -> None:
    label = "rule 1 (outage) of the scenario"
    shown = put(api, OUTAGE)
    words = {"matches": "all, the first 2", "effect": "exception/no-available-gateways"}
    rule = {"label": label, "applies_to": "message", "matched": 0, "applied": 0, "left": 2, "timed_out": False, **words}
    assert shown == api.get("scenario") == {"names": ["the scenario"], "rules": [rule], "unused": [label], "front": []}
    api.send(PHONE, PHONE, PHONE)
    assert states(api) == ["exception/no-available-gateways"] * 2 + ["sent"]
    rule |= {"matched": 2, "applied": 2, "left": 0}
    assert api.get("scenario") == {"names": ["the scenario"], "rules": [rule], "unused": [], "front": []}
    assert api.get("messages", status="exception")["messages"][0]["decided_by"] == label


def test_scenario_in_front_stays_with_its_counters_when_others_are_activated(api: Api) -> None:
    put(api, OUTAGE)
    api.send(PHONE)
    front = put(api, {"rule": [{"every": 2, "times": 1, "outcome": "invalid"}]}, front="true")["front"]
    assert [(rule["label"], rule["left"]) for rule in front] == [("rule 1 of the scenario in front", 1)]
    assert (counts(api), api.get("scenario")["names"]) == ([(1, 1, 1)], ["the scenario"])
    api.send(PHONE)
    put(api, NIGHT)
    api.send(PHONE, PHONE)
    api.request_json("DELETE", "scenario")
    api.send(PHONE)
    states_of = ["exception/no-available-gateways"] * 2 + ["invalid/invalid-number", "failed/night", "sent"]
    assert states(api) == states_of
    shown = api.get("scenario")
    assert [(rule["matched"], rule["applied"], rule["left"]) for rule in shown["front"]] == [(2, 1, 0)]
    assert (shown["rules"], shown["unused"]) == ([], [])
    put(api, name="gateway-outage", front="true")
    assert "gateway-outage" in api.get("scenario")["front"][0]["label"]
    assert api.request_json("DELETE", "scenario", front="true") == NOTHING


def test_account_values_of_the_scenario_in_front_take_precedence(api: Api) -> None:
    put(api, {"account": {"sender": "Front", "bounced": [PHONE]}}, front="true")
    put(api, {"account": {"sender": "Shop", "bounced": [SECOND], "gateway": False}})
    account = api.get("account")
    assert [account[name] for name in ("sender", "gateway")] == ["Front", False]
    assert account["bounced"] == ["972541111111", "972542222222"]


def test_scenario_in_front_belongs_to_one_account(api: Api) -> None:
    put(api, OUTAGE, front="true")
    everywhere = Api(api.mock)
    for method in ("PUT", "DELETE"):
        error = everywhere.refused(404, method, "scenario", OUTAGE if method == "PUT" else None, front="true")
        assert error["message"].startswith("This needs one account")


def test_rule_whose_regular_expression_times_out_says_so(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mocksms.engine.patterns.REGEX_TIMEOUT", 0.02)
    put(api, {"rule": [{"match": {"content": "regex:(a|a)*(a|a)*$"}, "outcome": "invalid"}, {"outcome": "queued"}]})
    assert [rule["timed_out"] for rule in api.get("scenario")["rules"]] == [False, False]
    api.send(PHONE, content="a" * 60 + "b")
    assert [rule["timed_out"] for rule in api.get("scenario")["rules"]] == [True, False]
    assert states(api) == ["queued"]


def test_scenario_is_put_in_force_by_its_name(api: Api) -> None:
    shown = put(api, name="gateway-outage")
    assert shown["names"] == ["gateway-outage"]
    assert shown["unused"] == ["rule 1 (outage) of gateway-outage"]
    assert put(api, {}, name="happy-path")["names"] == ["happy-path"]
    api.send("not a number")
    assert states(api) == ["sent"]


def test_name_and_body_together_are_refused_and_nothing_changes(api: Api) -> None:
    before = put(api, OUTAGE)
    error = api.refused(400, "PUT", "scenario", OUTAGE, name="chaos")
    assert error["issues"] == {"name": ["cannot be combined with a scenario in the body"]}
    assert api.get("scenario") == before


@pytest.mark.parametrize("body", [None, {}], ids=["none", "empty"])
def test_neither_name_nor_body_is_refused_and_nothing_changes(api: Api, body: Any) -> None:
    before = put(api, OUTAGE)
    said = "is empty; send a scenario or ?name= with the name of one, or deactivate the scenario by DELETE"
    assert api.refused(400, "PUT", "scenario", body)["issues"] == {"body": [said]}
    assert api.get("scenario") == before


@pytest.mark.parametrize("body", [{"rule": []}, {"about": ""}, {"rule": [], "account": None}], ids=str)
def test_scenario_without_rules_is_one(api: Api, body: Any) -> None:
    put(api, OUTAGE)
    assert put(api, body) == {**NOTHING, "names": ["the scenario"]}
    error = api.refused(400, "PUT", "scenario", body, name="chaos")
    assert error["issues"] == {"name": ["cannot be combined with a scenario in the body"]}


@pytest.mark.parametrize("name", ["gateway-outrage", "../gateway-outage", "/etc/passwd", "a\0b", "gateway-outage.toml"])
def test_unknown_scenario_is_refused_and_nothing_changes(api: Api, name: str) -> None:
    before = put(api, OUTAGE)
    error = api.refused(404, "PUT", "scenario", name=name)
    assert error["message"].startswith(f"There is no scenario {name!r}; ")
    assert api.get("scenario") == before


def test_unknown_scenario_name_gets_the_nearest(api: Api) -> None:
    error = api.refused(404, "PUT", "scenario", name="gateway-outrage")
    assert error["message"].endswith("did you mean gateway-outage?")


@pytest.mark.parametrize(
    ("scenario", "faults"),
    [
        (
            {"rule": [{"outcome": "sent"}, {"outcome": "sent"}]},
            {
                "rule 2": [
                    "is never applied: rule 1 applies to everything; move it before rule 1, "
                    "or limit that rule by times, every or a narrower match"
                ]
            },
        ),
        ({"rules": []}, {"rules": ["unknown name; did you mean rule?"]}),
        (
            [OUTAGE],
            {
                "body": [
                    "must be a table, in JSON an object, with some of about, account, rule; "
                    "write a single one: [ ] in place of [[ ]]"
                ]
            },
        ),
    ],
    ids=["contradiction", "name", "list"],
)
def test_invalid_scenario_is_refused_with_its_issues_and_nothing_changes(api: Api, scenario: Any, faults: Any) -> None:
    before = put(api, OUTAGE)
    assert api.refused(400, "PUT", "scenario", scenario)["issues"] == faults
    assert api.get("scenario") == before


def test_refusal_is_plain_text_if_that_is_accepted(api: Api) -> None:
    answer = api.call("PUT", "scenario", {"rule": [{"tmes": 2}]}, headers={"Accept": "text/plain"})
    assert answer.status_code == 400
    assert "rule 1.tmes: unknown name; did you mean times?" in answer.text


def test_scenario_of_one_account_is_of_no_other(own_mock: Mock) -> None:
    first, second = Api(own_mock, "first"), Api(own_mock, "second")
    second.send(PHONE)
    put(first, OUTAGE)
    for api in (first, second):
        api.send(PHONE)
    assert (states(first), states(second)) == (["exception/no-available-gateways"], ["sent", "sent"])
    assert second.get("scenario") == Api(own_mock).get("scenario") == NOTHING


def test_scenario_of_all_is_of_the_accounts_there_are_and_of_those_to_come(own_mock: Mock) -> None:
    everyone, first, second = Api(own_mock), Api(own_mock, "first"), Api(own_mock, "second")
    first.send(PHONE)
    put(first, {"rule": [{"outcome": "queued"}]})
    assert put(everyone, OUTAGE)["rules"][0]["left"] == 2
    for api in (first, second):
        assert api.get("scenario")["names"] == ["the scenario"]
        api.send(PHONE, PHONE, PHONE)
    assert states(second) == states(first)[1:] == ["exception/no-available-gateways"] * 2 + ["sent"]


def test_uses_are_counted_over_the_accounts_under_the_scenario_of_all(own_mock: Mock) -> None:
    everyone, first, second = Api(own_mock), Api(own_mock, "first"), Api(own_mock, "second")
    put(everyone, {"rule": [{"times": 2, "every": 2, "outcome": "queued"}]})
    assert counts(everyone) == [(0, 0, 2)]
    first.send(PHONE, PHONE, PHONE)
    assert counts(everyone) == counts(first) == [(3, 1, 1)]
    second.send(PHONE, PHONE, PHONE, PHONE)
    assert counts(everyone) == [(7, 3, 2)]
    put(second, OUTAGE)
    assert counts(everyone) == [(3, 1, 1)]


def test_rule_that_matched_but_was_not_used_is_unused(api: Api) -> None:
    put(api, {"rule": [{"every": 2, "outcome": "queued"}]})
    for unused in (["rule 1 of the scenario"], []):
        api.send(PHONE)
        assert api.get("scenario")["unused"] == unused


def test_reading_the_scenario_of_an_unused_key_creates_no_account(own_mock: Mock) -> None:
    put(Api(own_mock), OUTAGE)
    assert Api(own_mock, "to come").get("scenario")["unused"] == ["rule 1 (outage) of the scenario"]
    assert Api(own_mock).get("health")["accounts"] == 0


def test_switching_scenarios_loses_no_message_and_no_step_of_it(frozen: Api) -> None:
    steps = [{"outcome": "sent", "after": "2s"}, {"outcome": "rejected/bounced", "after": 3}]
    put(frozen, {"rule": [{"steps": steps}]})
    frozen.send(PHONE)
    put(frozen, {"rule": [{"outcome": "invalid"}]})
    frozen.send(PHONE)
    frozen.request_json("DELETE", "scenario")
    frozen.send(PHONE)
    assert states(frozen) == ["queued", "invalid/invalid-number", "sent"]
    frozen.post("clock/advance", {"by": "2s"})
    assert states(frozen) == ["sent", "invalid/invalid-number", "sent"]
    frozen.post("clock/advance", {"by": "3s"})
    assert states(frozen) == ["rejected/bounced", "invalid/invalid-number", "sent"]


def test_rules_begin_unused_each_time_they_are_put(api: Api) -> None:
    for _ in range(2):
        put(api, OUTAGE)
        api.send(PHONE, PHONE, PHONE)
    assert states(api) == (["exception/no-available-gateways"] * 2 + ["sent"]) * 2


def test_account_starts_with_the_values_of_the_scenario_and_default_others(api: Api) -> None:
    api.patch(sender="Before", gateway=False, bounced=[SECOND])
    put(api, {"account": {"credit": 5, "gateway": True, "unsubscribed": [PHONE]}})
    account = api.get("account")
    assert (account["credit"], account["gateway"], account["unsubscribed"]) == (5, True, ["972541111111"])
    assert (account["sender"], account["bounced"]) == ("Before", ["972542222222"])
    put(api, {"account": {"credit": "unlimited"}})
    assert api.get("account")["credit"] is None


def test_scenario_with_credit_sends_what_waited_for_it(api: Api) -> None:
    put(api, {"account": {"credit": 0}})
    api.send(PHONE)
    assert states(api) == ["queued/insufficient-funds"]
    put(api, {"account": {"credit": 5}})
    assert states(api) == ["sent"]


@pytest.mark.parametrize("everyone", [True, False], ids=["all", "one account"])
def test_scenario_is_taken_out_of_force(own_mock: Mock, *, everyone: bool) -> None:
    api, all_of_them = Api(own_mock, "first"), Api(own_mock)
    put(all_of_them, OUTAGE)
    api.send(PHONE)
    assert (all_of_them if everyone else api).request_json("DELETE", "scenario") == NOTHING
    api.send(PHONE)
    assert states(api) == ["exception/no-available-gateways", "sent"]
    assert api.get("scenario") == NOTHING
    assert len(Api(own_mock, "to come").get("scenario")["rules"]) == (0 if everyone else 1)


def test_scenario_that_the_mock_was_started_with_comes_back_with_a_reset(own_mock: Mock) -> None:
    put(Api(own_mock), OUTAGE)
    Api(own_mock).post("reset")
    assert Api(own_mock).get("scenario") == NOTHING


def test_what_was_lived_through_is_a_scenario_that_replays_it(frozen: Api) -> None:
    put(frozen, {**OUTAGE, "account": {"credit": 3}})
    frozen.send(PHONE, SECOND, PHONE, SECOND)
    frozen.post("faults", {**DOWN, "times": 1, "match": {"to": SECOND}})
    assert try_send(frozen, SECOND).status_code == 503
    recorded = frozen.get("scenario/recorded")
    assert recorded["about"].endswith("UTC: 4 SMS.")
    again = Api(frozen.mock, f"{frozen.key} again")
    put(again, recorded)
    again.send(PHONE, SECOND, PHONE, SECOND)
    assert states(again) == states(frozen)
    assert try_send(again, SECOND).headers["retry-after"] == "2"


def test_recorded_scenario_is_a_file_if_text_is_accepted(api: Api) -> None:
    put(api, OUTAGE)
    api.send(PHONE, content="Hi")
    answer = api.call("GET", "scenario/recorded", headers={"Accept": "text/plain"})
    assert answer.headers["content-type"].partition(";")[0] == "text/plain"
    assert answer.text.endswith("\n")
    file, recorded = tomllib.loads(answer.text), api.get("scenario/recorded")
    assert file.pop("about")[:32] == recorded.pop("about")[:32]
    assert file == recorded


def test_recording_is_about_one_account(api: Api) -> None:
    error = Api(api.mock).refused(404, "GET", "scenario/recorded")
    assert error["message"].startswith("This needs one account: send")


def test_recording_an_unused_key_creates_no_account(own_mock: Mock) -> None:
    assert Api(own_mock, "to come").get("scenario/recorded")["about"].endswith("UTC: 0 SMS.")
    assert Api(own_mock).get("health")["accounts"] == 0


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Api]:
    """A mock with a folder of scenarios, one of which is none."""
    (tmp_path / "ours.toml").write_text('about = "Our story."\n[[rule]]\noutcome = "queued"\n')
    (tmp_path / "broken.toml").write_text("abuot = 1\n")
    with running(Settings(port=0, scenario_folder=str(tmp_path))) as mock:
        yield Api(mock, "first")


def test_catalogue_describes_each_scenario_or_its_error(shelf: Api) -> None:
    about = {each["name"]: each["about"] for each in shelf.get("scenarios")["scenarios"]}
    assert about["ours"] == "Our story."
    assert about["broken"] == "invalid: broken.toml:1: abuot: unknown name; did you mean about?"
    assert about["gateway-outage"].startswith("The gateway is down")
    assert [*about] == sorted(about)


def test_scenario_of_the_folder_is_activated_and_a_broken_one_is_refused(shelf: Api) -> None:
    before = put(shelf, name="ours")
    shelf.send(PHONE)
    assert states(shelf) == ["queued"]
    error = shelf.refused(409, "PUT", "scenario", name="broken")
    assert error["message"].endswith("/broken.toml:1: abuot: unknown name; did you mean about?")
    assert shelf.get("scenario")["names"] == before["names"]


def test_fault_is_set_and_ends_with_its_uses(frozen: Api) -> None:
    fault = frozen.post("faults", {**DOWN, "times": 2})["id"]
    now = frozen.get("clock")["now"]
    (shown,) = frozen.get("faults")["faults"]
    until = shown.pop("until")
    owner = frozen.get("account")["id"]
    counters = {"matched": 0, "applied": 0, "left": 2, "waiting": []}
    words = {"fault": "status 503", "matches": "all, the first 2", "effect": "HTTP 503, Retry-After 2s"}
    assert shown == {"id": fault, "account": owner, **words, **counters}
    assert (until[:11], until > now) == (now[:11], True)
    first = try_send(frozen, PHONE)
    assert (first.status_code, first.headers["retry-after"]) == (503, "2")
    assert [try_send(frozen, PHONE).status_code for _ in range(2)] == [503, 200]
    (shown,) = frozen.get("faults")["ended"]
    assert (shown["matched"], shown["applied"], shown["left"]) == (2, 2, 0)
    assert states(frozen) == ["sent"]
    notes = [entry["note"] for entry in frozen.get("requests")["requests"]]
    assert notes == ["", "a fault set manually: status 503", "a fault set manually: status 503"]


@pytest.mark.parametrize(
    ("more", "lasts"), [({}, 600), ({"ttl": "90s"}, 90), ({"ttl": 0.5}, 0.5), ({"ttl": "3d"}, 259_200)], ids=str
)
def test_fault_that_is_forgotten_ends_by_itself(frozen: Api, more: dict[str, Any], lasts: float) -> None:
    fault = frozen.post("faults", {**DOWN, **more})["id"]
    frozen.post("clock/advance", {"by": lasts - 0.001})
    assert (try_send(frozen, PHONE).status_code, listed(frozen)) == (503, [fault])
    frozen.post("clock/advance", {"by": 0.001})
    assert (try_send(frozen, PHONE).status_code, listed(frozen)) == (200, [])


def test_fault_lives_as_long_as_the_calendar_at_most(frozen: Api) -> None:
    now = datetime.fromisoformat(frozen.get("clock")["now"])
    frozen.post("clock/advance", {"by": f"{(MAX_INSTANT - now).days}d"})
    frozen.post("faults", {**DOWN, "ttl": "3650d"})
    assert frozen.get("faults")["faults"][0]["until"].startswith(f"{MAX_INSTANT.year}-")


def test_fault_takes_precedence_over_rules_and_the_latest_over_all(api: Api) -> None:
    put(api, {"rule": [{"fault": {"kind": "status", "status": 500}}]})
    first = api.post("faults", {"fault": {"kind": "status", "status": 502}})["id"]
    second = api.post("faults", {"fault": {"kind": "status", "status": 503}, "times": 1})["id"]
    assert listed(api) == [second, first]
    assert [try_send(api, PHONE).status_code for _ in range(3)] == [503, 502, 502]
    api.request_json("DELETE", "faults")
    assert try_send(api, PHONE).status_code == 500


def test_fault_applies_to_the_requests_it_matches(api: Api) -> None:
    api.post("faults", {**DOWN, "match": {"tag": "otp", "to": "972-54-*"}, "every": 2})
    api.post("faults", {**DOWN, "match": {"operation": "search"}})
    tagged = [try_send(api, PHONE, tags=["otp"]).status_code for _ in range(4)]
    assert tagged == [200, 503, 200, 503]
    assert try_send(api, PHONE).status_code == 200
    assert api.mock.get("/transactional/sms/search", api.key or "").status_code == 503


def test_rate_limit_is_one_on_the_clock_of_the_account(frozen: Api) -> None:
    frozen.post("faults", {"fault": {"kind": "rate_limit", "limit": 2, "per": "1m"}, "ttl": "1h"})
    assert [try_send(frozen, PHONE).status_code for _ in range(3)] == [200, 200, 429]
    frozen.post("clock/advance", {"by": "59s"})
    assert try_send(frozen, PHONE).headers["retry-after"] == "1"
    frozen.post("clock/advance", {"by": "1s"})
    assert try_send(frozen, PHONE).status_code == 200


def test_unauthorized_has_the_text_of_the_guide(api: Api) -> None:
    api.post("faults", {"fault": {"kind": "unauthorized"}})
    answer = try_send(api, PHONE)
    assert (answer.status_code, answer.json()) == (401, {"Message": "you are not authorized to use rest API"})


def test_fault_is_cleared_by_its_id(api: Api) -> None:
    first, second = (api.post("faults", DOWN)["id"] for _ in range(2))
    assert api.request_json("DELETE", f"faults/{first}") == {"cleared": 1}
    assert listed(api) == [second]
    assert try_send(api, PHONE).status_code == 503
    api.refused(404, "DELETE", f"faults/{first}")
    api.request_json("DELETE", f"faults/{second}")
    assert try_send(api, PHONE).status_code == 200


@pytest.mark.parametrize("name", ["0", "-1", "1.0", "x", "latest", "9" * 17, "9" * 5000, "\u0661"])
def test_unknown_fault_id_is_refused(api: Api, name: str) -> None:
    fault = api.post("faults", DOWN)["id"]
    error = api.refused(404, "DELETE", f"faults/{name}")
    assert "fault" in error["message"]
    assert listed(api) == [fault]


def test_all_faults_are_cleared_at_once(api: Api) -> None:
    for _ in range(3):
        api.post("faults", DOWN)
    assert api.request_json("DELETE", "faults") == {"cleared": 3}
    assert api.request_json("DELETE", "faults") == {"cleared": 0}
    assert try_send(api, PHONE).status_code == 200


def test_fault_of_one_account_is_of_no_other(own_mock: Mock) -> None:
    first, second = Api(own_mock, "first"), Api(own_mock, "second")
    fault = first.post("faults", DOWN)["id"]
    assert (try_send(first, PHONE).status_code, try_send(second, PHONE).status_code) == (503, 200)
    assert (listed(first), listed(second), listed(Api(own_mock))) == ([fault], [], [fault])
    second.refused(404, "DELETE", f"faults/{fault}")
    assert Api(own_mock).request_json("DELETE", f"faults/{fault}") == {"cleared": 1}
    assert listed(first) == []


def test_fault_of_all_is_of_the_accounts_there_are_and_of_those_to_come(own_mock: Mock) -> None:
    everyone, first, second = Api(own_mock), Api(own_mock, "first"), Api(own_mock, "second")
    first.send(PHONE)
    fault = everyone.post("faults", {**DOWN, "times": 1})["id"]
    owners = [each["account"] for each in everyone.get("faults")["faults"]]
    assert owners == [first.get("account")["id"], None]
    for api in (first, second):
        assert [try_send(api, PHONE).status_code for _ in range(2)] == [503, 200]
        assert (listed(api), listed(everyone)) == ([], [fault])
    third = Api(own_mock, "third")
    third.patch(credit=9)
    assert listed(third) == [fault]
    third.request_json("DELETE", f"faults/{fault}")
    assert (listed(third), listed(everyone)) == ([], [fault])
    assert everyone.request_json("DELETE", f"faults/{fault}") == {"cleared": 1}
    assert (listed(everyone), listed(Api(own_mock, "to come"))) == ([], [])


def test_fault_of_accounts_to_come_is_listed_though_there_are_none_yet(own_mock: Mock) -> None:
    everyone = Api(own_mock)
    first, second = (everyone.post("faults", DOWN)["id"] for _ in range(2))
    shown = everyone.get("faults")["faults"]
    assert [(each["id"], each["account"], each["applied"]) for each in shown] == [(second, None, 0), (first, None, 0)]
    assert everyone.request_json("DELETE", "faults") == {"cleared": 2}
    assert try_send(Api(own_mock, "to come"), PHONE).status_code == 200


def test_fault_of_all_ends_by_the_clock_of_each() -> None:
    clock = ManualClock()
    with running(Settings(port=0), clock) as mock:
        everyone, first = Api(mock), Api(mock, "first")
        first.post("clock/freeze")
        fault = everyone.post("faults", {**DOWN, "ttl": "1m"})["id"]
        clock.advance(60)
        assert (listed(first), try_send(first, PHONE).status_code) == ([fault], 503)
        assert listed(everyone) == [fault]
        assert try_send(Api(mock, "late"), PHONE).status_code == 200


def test_ended_faults_are_listed_apart(frozen: Api) -> None:
    long, short, cleared = (frozen.post("faults", {**DOWN, "ttl": ttl, "times": 2})["id"] for ttl in ("3s", "1s", "2s"))
    assert [try_send(frozen, PHONE).status_code for _ in range(4)] == [503] * 4
    frozen.request_json("DELETE", f"faults/{cleared}")
    frozen.post("clock/advance", {"by": "1s"})
    assert listed(frozen) == [long]
    assert [(fault["id"], fault["applied"]) for fault in frozen.get("faults")["ended"]] == [(short, 2), (cleared, 2)]


def test_fault_without_uses_left_has_ended(frozen: Api) -> None:
    used, other = (frozen.post("faults", {**DOWN, "times": times})["id"] for times in (1, 2))
    assert [try_send(frozen, PHONE).status_code for _ in range(3)] == [503] * 3
    assert listed(frozen) == []
    ended = frozen.get("faults")["ended"]
    assert [(fault["id"], fault["applied"], fault["left"]) for fault in ended] == [(other, 2, 0), (used, 1, 0)]
    frozen.post("clock/advance", {"by": "1h"})
    assert [fault["id"] for fault in frozen.get("faults")["ended"]] == [other, used]


def test_reset_clears_faults(own_mock: Mock) -> None:
    everyone, api = Api(own_mock), Api(own_mock, "first")
    everyone.post("faults", DOWN)
    api.post("faults", DOWN)
    everyone.post("reset")
    assert listed(everyone) == []
    assert try_send(api, PHONE).status_code == 200


@pytest.mark.parametrize(
    ("fault", "faults"),
    [
        ({}, {"fault": ["is required"]}),
        ({"fault": {"kind": "status"}}, {"fault": ["kind status needs status, such as status = 503"]}),
        ({"fault": {}}, {"fault.kind": [f"is required; one of {', '.join(get_args(ManualFaultName))}"]}),
        ({**DOWN, "ttl": "soon"}, {"ttl": [f'must be {DURATION_SYNTAX}; got "soon"']}),
        ({**DOWN, "ttl": 0}, {"ttl": ["must be longer than 0; got 0"]}),
        ({**DOWN, "ttl": "3651d"}, {"ttl": ['must be at most 3650d; got "3651d"']}),
        ({**DOWN, "times": "2"}, {"times": ["must be a whole number; write 2 without quotes"]}),
        ({**DOWN, "match": {"tga": "x"}}, {"match.tga": ["unknown name; did you mean tag?"]}),
        (
            {**DOWN, "outcome": "sent"},
            {"outcome": ["unknown name; expected one of match, times, every, probability, fault, ttl"]},
        ),
        (
            {"kind": "empty"},
            {"fault": ["is required"], "kind": ["unknown name; did you mean kind within fault?"]},
        ),
        (
            {**DOWN, "match": {"operation": "info", "tag": "x"}},
            {"match": ["operation info has no message to match by tag; remove tag"]},
        ),
    ],
    ids=str,
)
def test_invalid_fault_is_refused_with_its_issues_and_nothing_is_set(api: Api, fault: Any, faults: Any) -> None:
    assert api.refused(400, "POST", "faults", fault)["issues"] == faults
    assert listed(api) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "scenario"), ("PUT", "scenario"), ("DELETE", "scenario"), ("GET", "scenario/recorded"), ("POST", "faults"),
     ("DELETE", "faults")],
)  # fmt: skip
def test_unknown_account_id_creates_no_account(shared_mock: Mock, method: str, path: str) -> None:
    given = DOWN if path == "faults" and method == "POST" else None
    error = Api(shared_mock).refused(404, method, path, given, account="0123456789ab")
    assert error["message"].startswith("Unknown account id '0123456789ab'")


def test_rule_may_match_magic_numbers_too(api: Api) -> None:
    put(api, {"rule": [{"outcome": "invalid"}]})
    api.send(SENT)
    assert states(api) == ["invalid/invalid-number"]


@pytest.mark.ledger("status.free")
def test_message_with_a_free_state_is_found_by_it_and_by_no_typing_error(api: Api) -> None:
    put(api, NIGHT)
    sent = api.send(PHONE)
    put(api, {"rule": []})
    message = api.get(f"messages/{sent[0]}")
    assert [message[name] for name in ("status", "reject_reason", "reject_reason_in_reads")] == [
        "failed",
        "night",
        "night",
    ]
    assert message["history"][-1]["status"] == "failed"
    assert api.ids(status="failed") == api.ids(reject_reason="night") == sent
    (phone,) = api.get("phones")["phones"]
    assert (phone["status"], phone["reject_reason"]) == ("failed", "night")
    error = api.refused(400, "GET", "messages", status="failled")
    assert error["issues"]["status"][0].endswith(
        "or one that the active scenario or a stored message of the account has; did you mean failed?"
    )
    for status, hint in (
        ("rejected/night", "what follows the slash belongs in reject_reason"),
        ("bounced", "bounced is a reject_reason (rejected/bounced)"),
        ("night", "night is a reject_reason"),
    ):
        (issue,) = api.refused(400, "GET", "messages", status=status)["issues"]["status"]
        assert f"of the account has; {hint}; got" in issue
    body = {"in_order": [{"reject_reason": "nigth"}]}
    error = api.refused(400, "POST", "verify", body)
    assert error["issues"]["in_order 1.reject_reason"][0].endswith("did you mean night?")
    recorded = api.get("scenario/recorded")["rule"]
    assert recorded[0]["outcome"] == {"status": "failed", "reason": "night"}


def test_free_state_is_a_name_in_the_account_whose_scenario_or_message_has_it(api: Api) -> None:
    other = Api(api.mock, f"{api.key}-other")
    put(api, {"rule": [{"outcome": {"status": "owned", "reason": "night"}}]})
    assert api.ids(status="owned", reject_reason="night") == Api(api.mock).ids(status="owned") == []
    assert other.refused(400, "GET", "messages", status="owned")["issues"]["status"]
    assert other.refused(400, "GET", "messages", reject_reason="night")["issues"]["reject_reason"]
    assert other.ids(account=api.key, status="owned") == []
    url, params = f"{api.mock.url}/transactional/sms/search", {"status": "owned"}
    found = [requests.get(url, params, headers={"X-API-Key": str(each.key)}, timeout=TIMEOUT) for each in (api, other)]
    assert [response.status_code for response in found] == [200, 400]


@pytest.mark.parametrize("end", ["reset", "delete", "scenario"])
def test_free_state_is_no_name_once_no_scenario_and_no_message_has_it(api: Api, end: str) -> None:
    put(api, NIGHT)
    if end == "scenario":
        api.send(PHONE)
        api.request_json("DELETE", "scenario")
        assert len(api.ids(status="failed")) == 1
        api.request_json("DELETE", "messages")
    elif end == "delete":
        api.send(PHONE)
        api.request_json("DELETE", "account")
    else:
        api.post("reset")
    assert api.refused(400, "GET", "messages", status="failed")["issues"]["status"]


def test_free_state_that_a_message_had_or_gets_is_a_name(api: Api) -> None:
    steps = [{"outcome": {"status": "waiting"}}, {"after": "1h", "outcome": {"status": "failed", "reason": "night"}}]
    put(api, {"rule": [{"steps": steps}]})
    sent = api.send(PHONE)
    api.request_json("DELETE", "scenario")
    assert api.ids(status="failed", reject_reason="night") == []
    api.post("clock/advance", {"by": "1h"})
    assert (api.ids(status="waiting"), api.ids(status="failed")) == ([], sent)


@pytest.mark.ledger("status.free")
def test_message_with_a_free_state_can_be_sent_cancelled_and_bounced_manually(api: Api) -> None:
    put(api, {"rule": [{"outcome": {"status": "scheduled"}}]})
    for action, state in (("send", "sent"), ("cancel", "rejected/cancelled_by_user"), ("bounce", "rejected/bounced")):
        (sent,) = api.send(PHONE)
        api.post(f"messages/{sent}/{action}")
        assert api.status_of(sent) == state
    (sent,) = api.send(PHONE)
    assert (
        "is still scheduled and nothing is planned for it" in api.call("GET", "messages/latest", status="queued").text
    )


@pytest.mark.ledger("fault.canned")
def test_canned_responses_arrive_as_they_are_and_leave_the_connection_usable(api: Api) -> None:
    for fault in (
        {"status": 204, "headers": {"X-Limit": "5"}},
        {"status": 599, "body": [None, "תה"], "headers": {"Content-Type": "application/problem+json"}},
        {"status": 200, "body": "x" * 65_536, "content_type": "text/plain"},
    ):
        api.post("faults", {"fault": {"kind": "status", **fault}, "times": 1})
    url, headers = f"{api.mock.url}/transactional/sms/send", {"X-API-Key": api.key or ""}
    with requests.Session() as session:
        responses = [session.post(url, json=body(PHONE), headers=headers, timeout=TIMEOUT) for _ in range(4)]
    assert [each.status_code for each in responses] == [200, 599, 204, 200]
    assert (responses[0].text, responses[0].headers["content-type"]) == ("x" * 65_536, "text/plain")
    assert (responses[1].json(), responses[1].headers["content-type"]) == ([None, "תה"], "application/problem+json")
    assert (responses[2].content, responses[2].headers["x-limit"]) == (b"", "5")
    assert {"content-length", "content-type", "transfer-encoding"}.isdisjoint(map(str.lower, responses[2].headers))
    assert responses[3].json()[0]["status"] == "sent"


def test_canned_response_without_a_message_is_a_cause_of_its_absence(api: Api) -> None:
    api.post("faults", {"fault": {"kind": "status", "status": 202, "body": ""}})
    try_send(api, PHONE)
    text = api.call("GET", "messages/latest").text
    assert "got 202: a fault set manually: status 202, own response" in text


def test_fault_counts_the_memory_of_its_texts(api: Api) -> None:
    before = api.get("account")["memory"]
    api.post("faults", {"fault": {"kind": "status", "status": 500, "body": "x" * 60_000}})
    assert api.get("account")["memory"] > before + 60_000
    api.request_json("DELETE", "faults")
    assert api.get("account")["memory"] > before + 60_000  # ended faults are still listed


def test_recorded_canned_response_is_written_as_toml_also_with_nulls(api: Api) -> None:
    fault = {"kind": "status", "status": 202, "body": {"a b": None}, "headers": {"X-A.b": "c"}, "accept": True}
    api.post("faults", {"fault": fault})
    try_send(api, PHONE)
    recorded = tomllib.loads(api.call("GET", "scenario/recorded", headers={"Accept": "text/plain"}).text)
    assert recorded["rule"][0]["fault"] == fault | {"body": '{"a b":null}'}
