"""The recipes (files to copy into another project), as the tests use them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

RECIPES: Final = Path(__file__).parent / "recipes"
OUTSIDE: Final = ("http://127.0.0.1:8972", "http://mocksms:8972")
"""URLs of the mock in the recipes."""

MAX_SHOP_SECONDS: Final = 120.0
"""Seconds that the tests of the shop may take."""


class Job(NamedTuple):
    """A job of a CI system: the variables of the mock, those of the tests, and the commands."""

    service: Mapping[str, str]
    variables: Mapping[str, str]
    commands: tuple[str, ...]


def read(name: str) -> Any:
    """Return a recipe; of several documents a list."""
    documents = list(yaml.safe_load_all((RECIPES / name).read_text(encoding="utf-8")))
    return documents if len(documents) > 1 else documents[0]


def github_job() -> Job:
    job = read("github-actions.yml")["jobs"]["tests"]
    service = job["services"]["mocksms"]
    commands = tuple(step["run"] for step in job["steps"] if "run" in step)
    return Job(service["env"], job["env"], commands)


def gitlab_job() -> Job:
    job = read("gitlab-ci.yml")["tests"]
    (service,) = job["services"]
    assert service["alias"] == "mocksms"
    return Job(service["variables"], job["variables"], tuple(job["script"]))


class TraceJob(NamedTuple):
    """A job whose failed tests leave traces: its commands, those after a failure, and what it uploads."""

    commands: tuple[str, ...]
    after: tuple[str, ...]
    paths: tuple[str, ...]

    def script(self) -> str:
        """Return the commands as a script, as the CI system runs them when the tests fail."""
        *before, test = _without_installing(self.commands)
        return "\n".join(["set -e", *before, f"{test} || true", *self.after])


def github_trace_job() -> TraceJob:
    steps = read("github-actions-traces.yml")["jobs"]["tests"]["steps"]
    (upload,) = (step["with"]["path"] for step in steps if step.get("uses", "").startswith("actions/upload-artifact"))
    always = tuple(step["run"] for step in steps if "run" in step and "if" not in step)
    after = tuple(step["run"] for step in steps if "run" in step and "if" in step)
    return TraceJob(always, after, tuple(upload.split()))


def gitlab_trace_job() -> TraceJob:
    job = read("gitlab-ci-traces.yml")["tests"]
    return TraceJob(tuple(job["script"]), tuple(job["after_script"]), tuple(job["artifacts"]["paths"]))


def run_shop_tests(folder: Path, url: str, job: Job) -> str:
    """Run the commands of a job in a copy of the shop, with the mock at a URL; return the output."""
    project = Path(shutil.copytree(RECIPES / "shop", folder / "shop"))
    here = {name: _at(value, url) for name, value in job.variables.items()}
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    environment = {**_without_coverage(os.environ), **here, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # in the shop's own environment pytest has no plugins
    done = subprocess.run(
        ["bash", "-ec", "\n".join(_without_installing(job.commands))],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=MAX_SHOP_SECONDS,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def _at(value: str, url: str) -> str:
    for outside in OUTSIDE:
        value = value.replace(outside, url)
    return value


def _without_installing(commands: Iterable[str]) -> list[str]:
    """Return the commands but for the installation, which the tests' own environment stands in for."""
    return [command for command in commands if not command.startswith("pip install")]


def _without_coverage(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(("COV", "PYTEST", "MOCKSMS"))}
