"""Fuzz both APIs of a running mock: `python -m tests.contract [examples for each operation]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import requests

from mocksms.provider.app import OPERATIONS
from mocksms.settings import Settings
from tests.support import TIMEOUT, Mock, running

CONFIG: Final = Path(__file__).parents[2] / ".ci" / "schemathesis.toml"
KEY: Final = "demo"
"""The example of a key in the document, so that what is sent with it can be found again."""

SEED: Final = "1"

EMULATED: Final = tuple(operation.id for operation in OPERATIONS)
"""Operations that need an account which may use the API: others change it."""

FORGETTING: Final = ("reset", "delete_account", "delete_messages")
SCENARIOS: Final = (
    "put_scenario",
    "read_scenario",
    "delete_scenario",
    "recorded_scenario",
    "set_fault",
    "list_faults",
    "clear_faults",
    "clear_fault",
    "wait_for_held_requests",
    "release_requests",
)
"""Operations that would leave nothing for the others to work on, or have it all refused: fuzzed by themselves."""


def fuzz(mock: Mock, examples: int, *chosen: str) -> int:
    """Return the exit code of schemathesis over the chosen operations."""
    requests.post(f"{mock.url}/_mock/reset", timeout=TIMEOUT).raise_for_status()
    mock.send("972-50-0000200", key=KEY, content="Your code is 481516: https://shop.example/1", send_at="2030-01-31")
    program = str(Path(sys.executable).with_name("schemathesis"))
    options = ["--seed", SEED, "--max-examples", str(examples), "--no-color", *chosen]
    command = [program, "--config-file", str(CONFIG), "run", f"{mock.url}/openapi.json", *options]
    with TemporaryDirectory() as scratch:
        return subprocess.run(command, cwd=scratch, check=False).returncode


def main() -> int:
    """Fuzz everything, and return 0 if nothing was found."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    others = [part for name in (*EMULATED, *FORGETTING, *SCENARIOS) for part in ("--exclude-operation-id", name)]
    groups = [
        [part for name in group for part in ("--include-operation-id", name)]
        for group in (EMULATED, FORGETTING, SCENARIOS)
    ]
    with running(Settings(port=0, seed="contract", magic_prefix="97250009")) as mock:
        return max(fuzz(mock, examples, *chosen) for chosen in (others, *groups))


if __name__ == "__main__":
    sys.exit(main())
