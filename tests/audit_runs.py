"""What pytest prints on the page `audit` of the guide: of real runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

MAX_SECONDS: Final = 120.0
REPLAYED: Final = "response-lost"
PLUGINS: Final = ("randomly", "asyncio", "schemathesis", "cacheprovider", "xdist", "faker", "respx", "pytest_httpx")
"""Plugins that the application does not use; each takes time."""


class AuditOutputs(NamedTuple):
    """What the audit of an application with a bug prints, a replay of a finding, and the audit of the mended one."""

    found: str
    replay: str
    mended: str


def audit_outputs(files: Mapping[str, str], mended: Mapping[str, str]) -> AuditOutputs:
    """Run the audit in two folders with these files, and replay the lost response in the first."""
    with TemporaryDirectory() as first, TemporaryDirectory() as second, ThreadPoolExecutor() as pool:
        _write(first, files)
        _write(second, mended)
        found, survived = pool.map(lambda folder: _run(folder, "--mocksms-audit"), (first, second))
        replay = _run(first, "test_shop.py::test_code", "--mocksms-variation", f".mocksms-audit/{REPLAYED}.toml")
    return AuditOutputs(_section(found), _failure(replay), _section(survived))


def _write(folder: str, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        (Path(folder) / name).write_text(content, encoding="utf-8")


def _run(folder: str, *arguments: str) -> str:
    """Return what pytest prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTEST_ADDOPTS": " ".join(f"-p no:{name}" for name in PLUGINS), "COLUMNS": "80"}
    command = [str(Path(sys.executable).parent / "pytest"), *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=MAX_SECONDS, check=False
    ).stdout


def _section(printed: str) -> str:
    """Return the section of the audit, with the duration of a pause replaced."""
    section = re.search(r"^=+ mocksms audit =+\n.*?(?=^=+ )", printed, re.MULTILINE | re.DOTALL)
    assert section is not None, printed
    return re.sub(r"retry 0\.\d{3} s", "retry 0.204 s", section[0])


def _failure(printed: str) -> str:
    """Return the lines of a failed assertion."""
    lines = [f"{line.rstrip()}\n" for line in printed.splitlines() if line.startswith("E ")]
    assert lines, printed
    return "".join(lines)
