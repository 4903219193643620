"""The MCP server: lists the tools, and calls them in threads, so that a wait holds up no other call."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import signal
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any, Final

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from mocksms.mcp.arguments import schema_of
from mocksms.mcp.tools import TOOLS, ToolFailed, Tools
from mocksms.settings import API_PREFIX
from mocksms.testing.threads import in_thread

INSTRUCTIONS: Final = """\
mocksms is a mock of inwise's SMS API. No SMS reaches a real phone.
Base URL for the application: {base_url}
API key (header X-API-Key): {key}. Each key is an account of its own; these tools see this one.
Inbox for people: {url}/ and guide: {url}/llms.txt
After the application has sent: wait_for_code, or timeline. If an SMS is missing: explain_missing."""


def definitions() -> list[Tool]:
    """Return what a client reads about each tool."""
    return [
        Tool(
            name=name,
            description=_unwrap(inspect.getdoc(tool.run) or ""),
            input_schema=schema_of(tool.arguments),
            annotations=ToolAnnotations(read_only_hint=tool.is_read, open_world_hint=False),
        )
        for name, tool in TOOLS.items()
    ]


def create_server(tools: Tools, url: str, key: str) -> Server[Any]:
    """Return a server with the tools for the account of a key, at a mock with this URL."""
    listed = ListToolsResult(tools=definitions())

    async def list_tools(_: Any, __: PaginatedRequestParams | None) -> ListToolsResult:
        return listed

    async def call_tool(_: Any, params: CallToolRequestParams) -> CallToolResult:
        call = partial(tools.call, params.name, params.arguments or {})
        try:
            return _result(await in_thread(call, tools.abandon))
        except ToolFailed as error:
            return _result({"error": str(error), **error.details}, is_error=True)

    return Server(
        "mocksms",
        version=version("mocksms"),
        instructions=INSTRUCTIONS.format(base_url=url + API_PREFIX, key=key, url=url),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def run(server: Server[Any], stop: Callable[[], object] = lambda: None) -> None:
    """Serve over standard input and output until the input ends.

    Args:
        server: the server.
        stop: called before SIGTERM or Ctrl+C ends the process.
    """

    def end(*_: object) -> None:
        stop()
        os._exit(0)  # a thread waits for the next line of the input, and nothing can wake it

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    asyncio.run(_serve(server))


async def _serve(server: Server[Any]) -> None:
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _unwrap(text: str) -> str:
    """Return a text with each paragraph on one line."""
    return "\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _result(data: dict[str, Any], *, is_error: bool = False) -> CallToolResult:
    """Return data as clients read them: those that know no structured content read the text."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return CallToolResult(content=[TextContent(text=text)], structured_content=data, is_error=is_error)
