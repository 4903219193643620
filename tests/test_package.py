"""What is published: sdist and wheel hold what they need and nothing else; the wheel works where nothing else is."""

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

ROOT: Final = Path(__file__).parents[1]
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION: Final[str] = PROJECT["version"]

INDIRECT: Final = {"annotated-types", "anyio", "click", "h11", "idna", "pydantic-core", "typing-inspection"}
"""What comes with the dependencies: another one is a reason to look."""

SLOW: Final = 300.0
"""Seconds a build or an installation may take."""


class Built(NamedTuple):
    """The sdist, and the wheel that was built from it."""

    sdist: Path
    wheel: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=SLOW)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return Built(sdist, wheel)


@pytest.fixture(scope="module")
def scripts(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment into which the wheel was installed, and nothing else."""
    return installed(tmp_path_factory.mktemp("installed"), str(built.wheel))


@pytest.fixture
def served(scripts: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A mock that runs from there, and its address."""
    with serving(scripts) as served:
        yield served


def installed(folder: Path, *what: str) -> Path:
    """Make an environment with some packages; return the folder of its programs."""
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what]
    subprocess.run(command, check=True, capture_output=True, timeout=SLOW)
    return folder / "bin"


@contextmanager
def serving(scripts: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a mock from an environment, its Python with some flags; yield it and its address."""
    command = [str(scripts / "python"), *flags, str(scripts / "mocksms"), "--port", "0", "--log-format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=elsewhere(), cwd=scripts) as process:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())["url"]
        process.kill()


def elsewhere() -> dict[str, str]:
    """Return an environment in which a program finds nothing of this checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV", "MOCKSMS"))}


def files(*folders: str) -> set[str]:
    """Return the files of some folders of the checkout, as paths from its root."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_wheel_holds_the_package_the_scenarios_and_nothing_else(built: Built) -> None:
    held = set(zipfile.ZipFile(built.wheel).namelist())
    about = {name for name in held if name.startswith(f"mocksms-{VERSION}.dist-info/")}
    assert held - about == files("mocksms") | {f"mocksms/{path}" for path in files("scenarios")}
    assert {name.partition("/")[2] for name in about} == {
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
    } <= held


def test_sdist_holds_what_builds_and_tests_it_and_nothing_else(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    beside = {"pyproject.toml", "README.md", "Dockerfile", ".dockerignore", ".github/LICENSE", ".github/CHANGELOG.md"}
    assert held == files("mocksms", "scenarios", "tests") | beside | {"PKG-INFO", ".gitignore"}


def test_entry_points_of_the_wheel_are_those_of_the_project(built: Built) -> None:
    name = f"mocksms-{VERSION}.dist-info/entry_points.txt"
    parser = configparser.ConfigParser(delimiters="=")
    parser.read_string(zipfile.ZipFile(built.wheel).read(name).decode())
    found = {section: dict(parser[section]) for section in parser.sections()}
    assert found == {"console_scripts": PROJECT["scripts"], **PROJECT.get("entry-points", {})}


def test_installing_brings_only_what_the_server_needs(scripts: Path) -> None:
    command = [str(scripts / "python"), "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=SLOW).stdout)
    direct = {normal(re.split(r"[^\w.-]", need)[0]) for need in PROJECT["dependencies"]}
    installed = {normal(each["name"]) for each in listed} - {"pip", "setuptools"}
    assert installed == direct | INDIRECT | {"mocksms"}


def test_installed_program_knows_version_scenarios_and_guide(scripts: Path) -> None:
    def ask(*arguments: str) -> bytes:
        command = [str(scripts / "mocksms"), *arguments]
        return subprocess.run(
            command, check=True, capture_output=True, env=elsewhere(), cwd=scripts, timeout=TIMEOUT
        ).stdout

    assert ask("--version") == f"mocksms {VERSION}\n".encode()
    shelved = {each["name"] for each in json.loads(ask("scenarios", "--json"))["scenarios"]}
    assert shelved == {Path(path).stem for path in files("scenarios")}
    assert ask("guide", "webhooks").startswith(b"# Webhooks\n")


def test_installed_mock_is_green_for_a_project_that_uses_it(
    served: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    process, url = served
    assert "9 passed" in run_shop_tests(tmp_path, url, github_job())
    process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT) == 0


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="some of the oldest versions were not built for this Python")
def test_oldest_versions_it_allows_serve_without_a_warning(built: Built, tmp_path: Path) -> None:
    oldest = [need.replace(">=", "==") for need in PROJECT["dependencies"]]
    with serving(installed(tmp_path / "oldest", str(built.wheel), *oldest), "-W", "error") as (_, url):
        assert "9 passed" in run_shop_tests(tmp_path, url, github_job())
        described = [requests.get(f"{url}{path}", timeout=TIMEOUT).status_code for path in ("/openapi.json", "/docs")]
    assert described == [200, 200]


def test_changelog_is_in_step_with_the_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / ".github/CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == VERSION


def test_version_stands_in_one_place() -> None:
    """Beside the changelog and the recipes, which other tests hold in step."""
    texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in files("mocksms") if path.endswith(".py")}
    texts["Dockerfile"] = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert [path for path, text in texts.items() if VERSION in text] == []


@pytest.mark.parametrize("module", ["mocksms", "mocksms.testing", "mocksms.testing.plugin", "mocksms.cli.main"])
def test_importing_loads_no_framework(module: str) -> None:
    heavy = ("starlette", "uvicorn", "pydantic", "phonenumbers", "testcontainers")
    code = f"import sys, {module}; sys.exit(any(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_every_dependency_has_a_reason() -> None:
    reasons = set(re.findall(r"`([\w-]+)`", (ROOT / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")))
    needs = [*PROJECT["dependencies"], *(need for extra in PROJECT["optional-dependencies"].values() for need in extra)]
    assert {normal(re.split(r"[^\w.-]", need)[0]) for need in needs} - reasons == set()
