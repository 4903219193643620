"""What the tests of the tools have in common: an account of the shared mock, and a client in the same process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from mcp.client.client import Client

from mocksms.mcp.server import create_server
from mocksms.mcp.tools import Tools

NUMBER = "972-54-1111111"
OTHER = "972-54-1111112"


class Agent:
    """A client of the SDK that is connected to a server."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def __call__(self, tool: str, /, **arguments: Any) -> Any:
        """Call a tool that succeeds, and return its result."""
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, result.structured_content
        return result.structured_content

    async def failure(self, tool: str, /, **arguments: Any) -> Any:
        """Call a tool that fails, and return its error."""
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error, result.structured_content
        return result.structured_content


def play(tools: Tools, story: Callable[[Agent], Awaitable[object]]) -> None:
    """Run a story of an agent."""

    async def run() -> None:
        async with Client(create_server(tools, tools.sms.url, tools.sms.api_key)) as client:
            await story(Agent(client))

    asyncio.run(run())
