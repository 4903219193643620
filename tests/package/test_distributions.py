"""The published sdist and wheel: they contain what they need and nothing else, and the wheel works alone.

They are built and installed into new environments, so `.ci/run` runs these tests as a step of its own.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import requests

from tests.cookbook import github_job, run_shop_tests
from tests.support import TIMEOUT

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION: Final[str] = PROJECT["version"]

INDIRECT: Final = {"annotated-types", "anyio", "click", "h11", "idna", "pydantic-core", "typing-inspection"}
"""Dependencies of the dependencies: a new one needs a review."""

BUILD_SECONDS: Final = 300.0
"""Seconds that a build or an installation may take."""


class Distributions(NamedTuple):
    """The sdist, and the wheel built from it."""

    sdist: Path
    wheel: Path


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=BUILD_SECONDS)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return Distributions(sdist, wheel)


@pytest.fixture(scope="module")
def scripts(distributions: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a virtual environment that contains only the wheel."""
    return install(tmp_path_factory.mktemp("installed"), str(distributions.wheel))


@pytest.fixture
def installed_mock(scripts: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running mock from that environment, and its URL."""
    with serving(scripts) as mock:
        yield mock


def install(folder: Path, *packages: str) -> Path:
    """Create a virtual environment with some packages; return its `bin` folder."""
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    subprocess.run(command, check=True, capture_output=True, timeout=BUILD_SECONDS)
    return folder / "bin"


@contextmanager
def serving(scripts: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a mock from an environment, its Python with some flags; yield the process and its URL."""
    command = [str(scripts / "python"), *flags, str(scripts / "mocksms"), "--port", "0", "--log-format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_environment(), cwd=scripts) as process:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())["url"]
        process.kill()


def clean_environment() -> dict[str, str]:
    """Return the environment variables without those that lead to this checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV", "MOCKSMS"))}


def files(*folders: str) -> set[str]:
    """Return the files of some folders of the checkout, as paths from its root."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def call_tool(python: Path) -> object:
    """Send an SMS through `mocksms mcp` as a client of the protocol does; return the HTTP status of the response."""
    client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    calls: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": client},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": {"name": "send", "arguments": {"to": "0", "content": "Hello"}}},
    ]
    command = [str(python), "-W", "error", "-m", "mocksms", "mcp", "--port", "0"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, text=True, env=clean_environment(), cwd=python.parent
    ) as it:
        assert it.stdin is not None
        assert it.stdout is not None
        for call in calls:
            it.stdin.write(json.dumps({"jsonrpc": "2.0", **call}) + "\n")
        it.stdin.flush()
        answers = [json.loads(it.stdout.readline()) for _ in range(2)]
        it.stdin.close()
        assert it.wait(TIMEOUT) == 0
    return answers[-1]["result"]["structuredContent"]["status"]


def test_wheel_contains_only_the_package_and_the_scenarios(distributions: Distributions) -> None:
    contents = set(zipfile.ZipFile(distributions.wheel).namelist())
    metadata = {name for name in contents if name.startswith(f"mocksms-{VERSION}.dist-info/")}
    assert contents - metadata == files("mocksms") | {f"mocksms/{path}" for path in files("scenarios")}
    assert {name.partition("/")[2] for name in metadata} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/.github/LICENSE",
    }
    assert {
        "mocksms/py.typed",
        "mocksms/fidelity.toml",
        "mocksms/scenarios/happy-path.toml",
        "mocksms/guide/pytest.md",
        "mocksms/report/report.css",
    } <= contents


def test_sdist_contains_only_what_builds_and_tests_the_package(distributions: Distributions) -> None:
    with tarfile.open(distributions.sdist) as archive:
        contents = {name.partition("/")[2] for name in archive.getnames()}
    beside = {"pyproject.toml", "README.md", "Dockerfile", ".dockerignore", ".github/LICENSE", ".github/CHANGELOG.md"}
    assert contents == files("mocksms", "scenarios", "tests") | beside | {"PKG-INFO", ".gitignore"}


def test_wheel_has_the_entry_points_of_the_project(distributions: Distributions) -> None:
    name = f"mocksms-{VERSION}.dist-info/entry_points.txt"
    parser = configparser.ConfigParser(delimiters="=")
    parser.read_string(zipfile.ZipFile(distributions.wheel).read(name).decode())
    found = {section: dict(parser[section]) for section in parser.sections()}
    assert found == {"console_scripts": PROJECT["scripts"], **PROJECT.get("entry-points", {})}


def test_wheel_installs_only_the_known_dependencies(scripts: Path) -> None:
    command = [str(scripts / "python"), "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=BUILD_SECONDS).stdout)
    direct = {normal(re.split(r"[^\w.-]", need)[0]) for need in PROJECT["dependencies"]}
    installed = {normal(each["name"]) for each in listed} - {"pip", "setuptools"}
    assert installed == direct | INDIRECT | {"mocksms"}


def test_installed_command_prints_version_scenarios_and_guide(scripts: Path) -> None:
    def output(*arguments: str) -> bytes:
        command = [str(scripts / "mocksms"), *arguments]
        return subprocess.run(
            command, check=True, capture_output=True, env=clean_environment(), cwd=scripts, timeout=TIMEOUT
        ).stdout

    assert output("--version") == f"mocksms {VERSION}\n".encode()
    names = {each["name"] for each in json.loads(output("scenarios", "--json"))["scenarios"]}
    assert names == {Path(path).stem for path in files("scenarios")}
    assert output("guide", "webhooks").startswith(b"# Webhooks\n")


def test_installed_command_writes_a_report_about_an_installed_mock(
    installed_mock: tuple[subprocess.Popen[str], str], scripts: Path, tmp_path: Path
) -> None:
    (tmp_path / "state.zip").write_bytes(requests.get(f"{installed_mock[1]}/_mock/snapshot", timeout=TIMEOUT).content)
    command = [str(scripts / "mocksms"), "report", "state.zip"]
    done = subprocess.run(
        command, check=True, capture_output=True, env=clean_environment(), cwd=tmp_path, timeout=TIMEOUT
    )
    assert done.stdout.startswith(b"<!doctype html>")
    assert b"--rejected: " in done.stdout


def test_suite_of_another_project_passes_with_the_installed_mock(
    installed_mock: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    process, url = installed_mock
    assert "9 passed" in run_shop_tests(tmp_path, url, github_job())
    process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT) == 0


def test_agent_uses_the_oldest_allowed_package_of_the_protocol(distributions: Distributions, tmp_path: Path) -> None:
    (need,) = PROJECT["optional-dependencies"]["mcp"]
    scripts = install(tmp_path / "mcp", f"{distributions.wheel}[mcp]", need.replace(">=", "=="))
    assert call_tool(scripts / "python") == 200


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="some of the oldest versions have no wheel for this Python")
def test_oldest_allowed_dependencies_work_without_a_warning(distributions: Distributions, tmp_path: Path) -> None:
    oldest = [need.replace(">=", "==") for need in PROJECT["dependencies"]]
    with serving(install(tmp_path / "oldest", str(distributions.wheel), *oldest), "-W", "error") as (_, url):
        assert "9 passed" in run_shop_tests(tmp_path, url, github_job())
        statuses = [requests.get(f"{url}{path}", timeout=TIMEOUT).status_code for path in ("/openapi.json", "/docs")]
    assert statuses == [200, 200]
