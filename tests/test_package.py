"""The metadata of the package: version, dependencies, what an import loads."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION: Final[str] = PROJECT["version"]


def test_changelog_begins_with_the_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / ".github/CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == VERSION


def test_version_is_written_in_one_place() -> None:
    """Except in the changelog and the recipes, which other tests compare."""
    paths = [*(ROOT / "mocksms").rglob("*.py"), ROOT / "Dockerfile"]
    assert [path for path in paths if VERSION in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("module", ["mocksms", "mocksms.testing", "mocksms.testing.plugin", "mocksms.cli.main"])
def test_import_loads_no_framework(module: str) -> None:
    heavy = ("starlette", "uvicorn", "pydantic", "phonenumbers", "testcontainers")
    code = f"import sys, {module}; sys.exit(any(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_reason_of_every_dependency_is_documented() -> None:
    reasons = set(re.findall(r"`([\w-]+)`", (ROOT / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")))
    needs = [*PROJECT["dependencies"], *(need for extra in PROJECT["optional-dependencies"].values() for need in extra)]
    assert {re.split(r"[^\w.-]", need)[0].lower() for need in needs} - reasons == set()
