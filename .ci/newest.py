"""Check an environment with the newest dependencies: nothing is outdated, and the mock in it serves and tests.

Run with the Python of that environment as the argument.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent

FIRST_TEST = """
import requests

def test_code_is_sent(mocksms):
    body = {"message": {"content": "Your code is 4821", "to": [{"mobile_number": "972-54-1111111"}]}}
    headers = {"X-API-Key": mocksms.api_key}
    requests.post(f"{mocksms.url}/transactional/sms/send", json=body, headers=headers, timeout=10)
    assert mocksms.assert_sent(to="972-54-1111111").code == "4821"
"""


LIST_TOOLS = """
import asyncio, sys
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

async def main():
    command = StdioServerParameters(command=sys.executable, args=["-m", "mocksms", "mcp", "--port", "0"])
    async with Client(stdio_client(command)) as client:
        assert len((await client.list_tools()).tools) == 8

asyncio.run(main())
"""


def outdated(python: str) -> list[str]:
    """Return the dependencies of mocksms that are not at their newest release, each with both versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    requirements = [*project["dependencies"], *extras["pytest"], *extras["mcp"]]
    names = {re.split(r"[<>=~!\[ ]", requirement)[0].lower() for requirement in requirements}
    command = [python, "-m", "pip", "list", "--outdated", "--format=json"]
    rows = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    found = (row for row in rows if row["name"].lower().replace("_", "-") in names)
    return [f"{row['name']} {row['version']}, newest {row['latest_version']}" for row in found]


def serves(python: str) -> bool:
    """Start the mock as a user does, send an SMS over its socket, and return whether it was accepted."""
    command = [python, "-m", "mocksms", "--port", "0", "--log-format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as mock:
        assert mock.stdout is not None
        url = json.loads(mock.stdout.readline())["url"]
        body = {"message": {"content": "Hello", "to": [{"mobile_number": "972-54-1111111"}]}}
        headers = {"X-API-Key": "newest", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{url}/transactional/sms/send", json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                rows = json.load(response)
        finally:
            mock.terminate()
    return [row["status"] for row in rows] == ["sent"]


def tests(python: str) -> bool:
    """Run the README's first test with the plugin, and return whether it passes."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_first.py").write_text(FIRST_TEST, encoding="utf-8")
        return subprocess.run([python, "-m", "pytest", "-q"], cwd=folder).returncode == 0


def has_tools(python: str) -> bool:
    """Start `mocksms mcp`, and return whether it lists its tools to the client of the SDK."""
    return subprocess.run([python, "-W", "error", "-c", LIST_TOOLS]).returncode == 0


def main(python: str) -> int:
    """Run the checks; return the exit code."""
    if held_back := outdated(python):
        print("Not the newest release:", "; ".join(held_back))
        return 1
    return 0 if serves(python) and tests(python) and has_tools(python) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
