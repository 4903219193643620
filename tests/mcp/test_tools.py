"""The tools, each by its rules, and their errors."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from mocksms import MockSMS
from mocksms.errors import MockRefused
from mocksms.inspection.models import MAX_ROWS
from mocksms.mcp.arguments import SetFaultArguments, WaitForCodeArguments
from mocksms.mcp.results import FIRST_EVENTS, LAST_EVENTS, MAX_BODY, MAX_TEXT
from mocksms.mcp.tools import ToolFailed, Tools
from mocksms.settings import Settings
from mocksms.sms.outcomes import FaultName
from tests.mcp.support import NUMBER, OTHER
from tests.support import free_port, running


def send(tools: Tools, content: str, to: str | list[str] = NUMBER, **more: Any) -> Any:
    return tools.call("send", {"to": to, "content": content, **more})


def failure(tools: Tools, tool: str, /, **arguments: Any) -> ToolFailed:
    with pytest.raises(ToolFailed) as failed:
        tools.call(tool, arguments)
    return failed.value


def test_timeline_lists_the_newest_messages_of_all_or_of_a_number(tools: Tools) -> None:
    for content, to in (("Your code is 481516", NUMBER), ("Hello", OTHER), ("Bye", NUMBER)):
        send(tools, content, to, tags=["otp"] if "code" in content else [])
    listed = tools.call("timeline", {"limit": 2})
    assert listed["total"] == 3
    assert [row["to"] for row in listed["messages"]] == [NUMBER, OTHER]
    *_, first = tools.call("timeline", {"to": "972541111111"})["messages"]
    assert (first["code"], first["tags"], first["status"]) == ("481516", ["otp"], "sent")
    assert "reject_reason" not in first


def test_life_of_a_message_has_what_is_planned(tools: Tools) -> None:
    tools.call("scenario", {"rules": [{"steps": [{"after": "1h", "outcome": "sent"}]}]})
    send(tools, "Hello")
    life = tools.call("timeline", {"message": "latest"})
    assert (life["status"], life["events"][-1]["planned"]) == ("queued", True)
    assert life["clock"]["next_due"]


def test_results_stay_short(tools: Tools) -> None:
    (row,) = send(tools, "a" * 5_000)["response"]
    assert len(tools.call("timeline", {})["messages"][0]["text"]) <= MAX_TEXT
    for number in range(FIRST_EVENTS + LAST_EVENTS):
        tools.call("reply", {"from": NUMBER, "text": f"reply {number}"})
    life = tools.call("timeline", {"message": row["transaction_id"]})
    assert [event["kind"] for event in life["events"][:2]] == ["request", "step"]
    assert len(life["events"][0]["body"]) <= MAX_BODY
    assert life["events"][-1]["text"] == f"reply {FIRST_EVENTS + LAST_EVENTS - 1}"
    assert (len(life["events"]), life["events_left_out"]) == (FIRST_EVENTS + LAST_EVENTS, 4)
    missing = tools.call("explain_missing", {"content": "b" * 900})
    assert len(json.dumps(missing)) < 4_000


def test_repeated_wait_for_a_code_skips_what_it_returned(tools: Tools) -> None:
    send(tools, "Your code is 111111")
    send(tools, "Your code is 222222")
    wait = {"to": NUMBER, "timeout": 0}
    found = tools.call("wait_for_code", wait)
    assert found["code"] == "222222"
    error = failure(tools, "wait_for_code", **wait)
    assert str(error).endswith("; the SMS up to this cursor were returned already: since 0 counts them again")
    assert tools.call("wait_for_code", {**wait, "since": 0})["code"] == "222222"
    send(tools, "Your code is 333333")
    assert tools.call("wait_for_code", wait)["code"] == "333333"
    assert tools.call("wait_for_code", {**wait, "since": found["cursor"]})["code"] == "333333"


def test_wait_skips_messages_without_a_code(tools: Tools) -> None:
    send(tools, "Your codes: 111111 or 222222")
    send(tools, "Welcome")
    found = tools.call("wait_for_code", {"timeout": 0})
    assert (found["code"], found["other_codes"]) == ("111111", ["222222"])
    error = failure(tools, "wait_for_code", content="Welcome", timeout=0)
    assert str(error).startswith('no one-time code within 0 s in 1 SMS that match, the last: "Welcome')
    assert [row["to"] for row in error.details["messages"]] == [NUMBER]


def test_wait_after_a_restart_of_the_mock_counts_all_its_messages(tools: Tools) -> None:
    wait = {"to": NUMBER, "timeout": 0}
    send(tools, "Your code is 111111")
    first = tools.call("wait_for_code", wait)
    tools._returned[NUMBER, None, None] = {"transaction_id": "0" * 32, "cursor": first["cursor"]}
    assert tools.call("wait_for_code", wait)["code"] == "111111"
    assert "returned already" in str(failure(tools, "wait_for_code", **wait))


def test_wait_finds_a_code_before_more_messages_than_a_page(tools: Tools) -> None:
    send(tools, "Your code is 111111")
    send(tools, "Welcome", [NUMBER] * (MAX_ROWS + 1))
    assert tools.call("wait_for_code", {"timeout": 0})["code"] == "111111"


def test_wait_is_one_call_of_the_mock_and_one_more_for_its_error(
    tools: Tools, sms: MockSMS, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(tools, "Welcome", [NUMBER] * 20)
    api, calls = sms.api, []

    def counted(method: Any, path: str, **query: Any) -> Any:
        calls.append(path)
        return api(method, path, **query)

    monkeypatch.setattr(sms, "api", counted)
    error = failure(tools, "wait_for_code", timeout=0.1)
    assert calls == ["messages/wait", "messages"]
    assert str(error).startswith("no one-time code within 0.1 s in 20 SMS that match")


def test_wait_that_the_mock_refuses_says_so(tools: Tools) -> None:
    with pytest.raises(MockRefused, match="timeout: must be at most 300"):
        tools.wait_for_code(WaitForCodeArguments.model_construct(timeout=999.0))


def test_send_returns_what_happened_on_the_wire(tools: Tools) -> None:
    sent = send(tools, "Hello", [NUMBER, OTHER], fields={"sender_id": "Shop"})
    assert (sent["end"], sent["status"], len(sent["response"])) == ("response", 200, 2)
    tools.call("set_fault", {"fault": {"kind": "reset_after_accept"}, "times": 1})
    assert send(tools, "Hello") == {"end": "reset"}
    tools.call("set_fault", {"fault": {"kind": "malformed"}, "times": 1})
    assert isinstance(send(tools, "Hello")["response"], str)
    assert tools.call("timeline", {})["total"] == 4


def test_reply_without_effect_has_its_reason(tools: Tools) -> None:
    send(tools, "Hello")
    reply = tools.call("reply", {"from": NUMBER, "text": "STOP"})
    assert "effect" not in reply
    assert reply["reason"] == "the latest message to the phone did not offer it (add_unsubscribe_sms_reply)"


def test_faults_are_listed_and_cleared(tools: Tools) -> None:
    first = tools.call("set_fault", {"fault": {"kind": "empty"}, "ttl": "1h"})["set"]
    tools.call("set_fault", {"fault": {"kind": "truncated"}, "match": {"tag": "otp"}})
    (left,) = tools.call("set_fault", {"clear": first})["faults"]
    assert left["matches"] == 'tag "otp"'
    assert tools.call("set_fault", {"clear": "all"}) == {"faults": []}


def test_scenario_is_activated_read_and_deactivated(tools: Tools) -> None:
    assert "happy-path" in tools.call("scenario", {})["scenarios"]
    tools.call("scenario", {"rules": [{"outcome": "rejected/bounced", "times": 1}]})
    assert send(tools, "Hello")["response"][0]["reject_reason"] == "bounced"
    (rule,) = tools.call("scenario", {})["rules"]
    assert (rule["applied"], rule["left"]) == (1, 0)
    assert tools.call("scenario", {"clear": True}) == {"active": [], "rules": []}


def test_clock_is_frozen_at_a_time_read_and_resumed(tools: Tools) -> None:
    at = "2030-01-31T12:00:00Z"
    assert tools.call("clock", {"action": "freeze", "to": at}) == {"now": at, "frozen": True, "next_due": None}
    assert tools.call("clock", {}) == {"now": at, "frozen": True, "next_due": None}
    later = tools.call("clock", {"action": "advance", "to": "2030-01-31T13:00:00Z"})
    assert later["now"] == "2030-01-31T13:00:00Z"
    assert tools.call("clock", {"action": "resume"})["frozen"] is False


def test_missing_code_is_explained(tools: Tools) -> None:
    send(tools, "Welcome")
    (closest,) = tools.call("explain_missing", {"to": NUMBER, "has_code": True})["closest"]
    (differs,) = closest["differs"]
    assert (differs["field"], differs["expected"]) == ("has_code", "true")
    assert differs["actual"].startswith("no code in the text: Welcome")


def test_other_account_of_the_application_is_a_cause(own_tools: Tools, own_sms: MockSMS) -> None:
    Tools(lambda: own_sms.account("other")).call("send", {"to": "972-54-9999123", "content": "Hello"})
    missing = own_tools.call("explain_missing", {"to": "972-54-9999123"})
    assert [cause["kind"] for cause in missing["causes"]] == ["other_account"]


def test_definition_names_every_kind_of_fault() -> None:
    about = SetFaultArguments.model_fields["fault"].description or ""
    assert [kind for kind in get_args(FaultName) if kind not in about] == []


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("send", {"to": NUMBER}, "content: is required"),
        ("send", {"to": NUMBER, "content": "", "tag": "x"}, "tag: unknown name; did you mean tags?"),
        ("timeline", {"message": "a/b"}, "message: must match the pattern"),
        ("timeline", {"message": "abc"}, "Unknown message 'abc'."),
        ("timeline", {"message": "abc", "to": NUMBER}, "to: belongs to the list of messages"),
        ("wait_for_code", {"timeout": 301}, "timeout: must be at most 300"),
        ("wait_for_code", {"since": 2**40}, "Unknown cursor"),
        ("reply", {"from": "nobody", "text": "STOP"}, "from: must be a phone number such as"),
        ("set_fault", {"times": 1}, 'fault: is required with times, such as {"kind": "empty"}'),
        ("set_fault", {"fault": {"kind": "emty"}}, "fault.kind: must be one of"),
        ("set_fault", {"fault": "empty"}, 'fault: must be a table, in JSON an object; got "empty"'),
        ("set_fault", {"clear": "everything"}, "clear: must match the pattern ^"),
        ("scenario", {"rules": [{"outcom": "sent"}]}, "rule 1.outcom: unknown name; did you mean outcome?"),
        ("scenario", {"name": "chaos", "clear": True}, "name and clear: only one of them at a time"),
        ("clock", {"by": "1h"}, "action: is read, which takes neither by nor to; did you mean advance?"),
        ("clock", {"action": "advance", "by": "soon"}, "by: must be a duration such as"),
        ("explain_missing", {"status": "sentt"}, "status: must be one of"),
    ],
)
def test_error_says_what_to_write(tools: Tools, name: str, arguments: dict[str, Any], problem: str) -> None:
    error = failure(tools, name, **arguments)
    assert str(error).startswith(problem)
    assert error.details == {}


def test_mock_may_start_after_the_tools() -> None:
    port = free_port()
    tools = Tools(lambda: MockSMS.connect(f"http://127.0.0.1:{port}", ready_timeout=0))
    assert str(failure(tools, "timeline")).startswith(f"No mock responds at http://127.0.0.1:{port}: ")
    with running(Settings(port=port)):
        assert tools.call("timeline", {})["total"] == 0
        tools.sms.stop()
