"""What is published: the wheel has what runs and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_wheel_holds_the_package_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    code = {str(path.relative_to(ROOT)) for path in (ROOT / "mocksms").rglob("*.py")}
    folders = ("mocksms/control/docs", "mocksms/provider/public")
    page = {str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).iterdir()}
    stories = {f"mocksms/scenarios/{path.name}" for path in (ROOT / "scenarios").iterdir()}
    assert code | page | stories | {"mocksms/py.typed", "mocksms/fidelity.toml"} == {
        name for name in names if ".dist-info/" not in name
    }


def test_changelog_is_in_step_with_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.search(r"^## (\S+)", (ROOT / ".github/CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == version


def test_importing_the_package_loads_no_framework() -> None:
    code = "import sys, mocksms; sys.exit(any(name in sys.modules for name in ('starlette', 'uvicorn', 'pydantic')))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
