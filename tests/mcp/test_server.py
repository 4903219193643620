"""The server as a client of the SDK sees it: its definitions, a story, errors, waits beside other calls."""

from __future__ import annotations

import asyncio
import json
import threading

from mocksms import MockSMS
from mocksms.mcp.server import create_server, definitions
from mocksms.mcp.tools import Tools
from tests.mcp.support import NUMBER, OTHER, Agent, play

MAX_DEFINITIONS = 12_000
"""Bytes: an agent reads the definitions in each session."""

NAMES = ["timeline", "wait_for_code", "send", "reply", "set_fault", "scenario", "clock", "explain_missing"]


def test_definitions_of_the_eight_tools_are_short_and_complete() -> None:
    listed = [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in definitions()]
    assert [tool["name"] for tool in listed] == NAMES
    assert len(json.dumps(listed, ensure_ascii=False).encode()) < MAX_DEFINITIONS
    for tool in listed:
        assert tool["description"]
        schema = tool["inputSchema"]
        assert schema["additionalProperties"] is False
        for name, field in schema["properties"].items():
            assert field["description"], (tool["name"], name)
            assert "title" not in field
            assert isinstance(field["type"], str)
            assert "null" not in json.dumps(field)


def test_client_reads_definitions_and_where_the_application_sends_to(tools: Tools) -> None:
    async def story(agent: Agent) -> None:
        assert [tool.name for tool in (await agent.client.list_tools()).tools] == NAMES
        instructions = agent.client.instructions or ""
        assert f"Base URL for the application: {tools.sms.base_url}\n" in instructions
        assert f"(header X-API-Key): {tools.sms.api_key}." in instructions
        listed = await agent("timeline")
        assert (listed["base_url"], listed["api_key"]) == (tools.sms.base_url, tools.sms.api_key)

    play(tools, story)


def test_story_of_a_code_an_opt_out_a_fault_and_a_missing_message(own_tools: Tools) -> None:
    async def story(agent: Agent) -> None:
        await agent("send", to=NUMBER, content="Your code is 481516", add_unsubscribe_sms_reply=True)
        found = await agent("wait_for_code", to=NUMBER)
        assert (found["code"], found["status"]) == ("481516", "sent")

        assert (await agent("reply", **{"from": NUMBER, "text": "STOP"}))["effect"] == "opted out"
        sent = await agent("send", to=NUMBER, content="Your code is 234234")
        (row,) = sent["response"]
        assert (row["status"], row["reject_reason"]) == ("rejected", "unsubscribe")
        life = await agent("timeline", message=row["transaction_id"])
        assert life["why"] == 'this phone replied "STOP"'
        assert [event["kind"] for event in life["events"]] == ["request", "step", "step", "response"]
        missed = await agent.failure("wait_for_code", to=NUMBER, timeout=0)
        assert missed["closest"][0]["why"] == 'this phone replied "STOP"'

        fault = await agent("set_fault", fault={"kind": "status", "status": 503}, times=1)
        assert [row["effect"] for row in fault["faults"]] == ["HTTP 503"]
        assert (await agent("send", to=OTHER, content="Hello"))["status"] == 503
        refused = await agent("explain_missing", to=OTHER)
        assert refused["missing"]
        assert [cause["kind"] for cause in refused["causes"]] == ["refused"]
        listed = await agent("set_fault")
        assert (listed["faults"], [row["applied"] for row in listed["used_up"]]) == ([], [1])

        assert (await agent("scenario", name="late-bounces"))["active"] == ["late-bounces"]
        assert (await agent("clock", action="freeze"))["frozen"]
        await agent("send", to=OTHER, content="Your code is 992211")
        assert not (await agent("explain_missing", to=OTHER, status="sent"))["missing"]
        await agent("clock", action="advance", by="2m")
        missing = await agent("explain_missing", to=OTHER, content="992211", status="sent")
        assert missing["closest"][0]["differs"] == [{"field": "status", "expected": "sent", "actual": "rejected"}]
        assert missing["closest"][0]["why"] == "rule 1 (codes) of late-bounces applied"
        assert not (await agent("explain_missing", to=OTHER, status="rejected/bounced"))["missing"]

    play(own_tools, story)


def test_error_is_a_result_that_the_agent_reads(tools: Tools) -> None:
    async def story(agent: Agent) -> None:
        assert await agent.failure("sent") == {"error": "Unknown tool 'sent'; did you mean send?"}
        result = await agent.client.call_tool("scenario", {"name": "late-bounce"})
        (content,) = result.content
        assert content.type == "text"
        assert json.loads(content.text) == {"error": "There is no scenario 'late-bounce'; did you mean late-bounces?"}

    play(tools, story)


def test_wait_holds_up_no_other_call(tools: Tools) -> None:
    async def story(agent: Agent) -> None:
        wait = asyncio.create_task(agent("wait_for_code", to=NUMBER))
        await agent("send", to=OTHER, content="Your code is 111111")
        await agent("send", to=NUMBER, content="Your code is 222222")
        assert (await wait)["code"] == "222222"

    play(tools, story)


def test_call_that_the_client_cancels_ends(tools: Tools) -> None:
    async def story(agent: Agent) -> None:
        before = set(threading.enumerate())
        wait = asyncio.create_task(agent("wait_for_code", timeout=60))
        while not (waiting := set(threading.enumerate()) - before):
            await asyncio.sleep(0.01)
        wait.cancel()
        while any(thread.is_alive() for thread in waiting):
            await asyncio.sleep(0.01)

    play(tools, story)


def test_server_needs_no_mock_until_a_tool_is_called() -> None:
    tools = Tools(MockSMS().start)
    assert create_server(tools, "http://127.0.0.1:8972", "demo").name == "mocksms"
    tools.abandon(threading.current_thread())
