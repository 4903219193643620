"""The README: short, and true."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from typing import Final

from tests.readme import PAGES, README, ROOT, blocks, session
from tests.support import TIMEOUT, Mock

TEXT: Final = README.read_text(encoding="utf-8")
MAX_LINES: Final = 180
MAX_BYTES: Final = 10_000


def test_readme_is_short() -> None:
    assert TEXT.count("\n") <= MAX_LINES
    assert len(TEXT.encode()) <= MAX_BYTES


def test_first_send_has_the_response_that_is_printed(shared_mock: Mock) -> None:
    curl = session(README)[0].partition("\ncurl")[0].replace("http://127.0.0.1:8972", shared_mock.url)
    done = subprocess.run(["bash", "-ec", curl], capture_output=True, timeout=TIMEOUT, check=True)
    (printed,) = (json.loads(block.content) for block in blocks(README) if block.language == "json")
    assert _without_ids(json.loads(done.stdout)) == _without_ids(printed)


def test_image_is_named_by_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    named = {found for text in texts for found in re.findall(r"(?:mocksms:|VERSION=)(\d+\.[\d.]+)", text)}
    assert named == {version}


def test_command_that_runs_the_tests_is_where_ci_looks_for_it() -> None:
    command = TEXT.partition("\nRun its tests:\n")[2].partition("```sh\n")[2].partition("\n```\n")[0]
    assert command.endswith("/pytest")


def _without_ids(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{**row, "transaction_id": ""} for row in rows]
