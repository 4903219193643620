"""The recipes with the image, run by the programs for which they are written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cookbook import RECIPES, Job, github_job, gitlab_job, run_shop_tests
from tests.docker.containers import Container
from tests.docker.engine import MAX_COMMAND_SECONDS, Engine
from tests.downstream.test_downstream import run_suites


@pytest.fixture
def shop(engine: Engine, base: str) -> str:
    """The image of the application that uses the mock."""
    engine("build", "--network", "host", "--build-arg", f"BASE={base}", "--tag", "shop", str(RECIPES / "shop"))
    return "shop"


@pytest.mark.parametrize("job_of", [github_job, gitlab_job])
def test_suite_of_another_project_passes_with_the_service_of_its_ci_job(
    job_of: Callable[[], Job], run: Callable[..., Container], tmp_path: Path
) -> None:
    job = job_of()
    container = run(*(f"--env={name}={value}" for name, value in job.service.items()))
    container.wait()
    assert "9 passed" in run_shop_tests(tmp_path, container.url, job)


def test_suite_with_the_plugin_passes_with_the_container(run: Callable[..., Container]) -> None:
    container = run()
    container.wait()
    run_suites({"MOCKSMS_URL": container.url}, "flask_shop")


@pytest.mark.usefixtures("shop")
def test_compose_recipe_runs_mock_application_and_tests(engine: Engine, image: str) -> None:
    compose = _compose(engine)
    environment = {**engine.environment, "MOCKSMS_IMAGE": image, "COMPOSE_PROJECT_NAME": f"mocksms{os.getpid()}"}
    command = [*compose, "--file", str(RECIPES / "compose.yaml")]

    def compose_command(*arguments: str) -> subprocess.CompletedProcess[str]:
        whole = [*command, *arguments]
        return subprocess.run(
            whole, env=environment, capture_output=True, text=True, timeout=MAX_COMMAND_SECONDS, check=False
        )

    try:
        done = compose_command("up", "--no-build", "--exit-code-from", "tests")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "9 passed" in done.stdout
    finally:
        compose_command("down", "--volumes")


def _compose(engine: Engine) -> list[str]:
    if engine.attempt("compose", "version").returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose") is None:
        pytest.skip("THE COMPOSE RECIPE WAS NOT RUN: docker compose is not installed")
    return ["docker-compose"]


def test_testcontainers_recipe_for_python_passes(engine: Engine, image: str, tmp_path: Path) -> None:
    suite = shutil.copy(RECIPES / "testcontainers_python.py", tmp_path / "test_with_container.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(suite)],
        cwd=tmp_path,
        env=_for_testcontainers(engine, image),
        capture_output=True,
        text=True,
        timeout=MAX_COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_testcontainers_recipe_for_node_passes(engine: Engine, image: str, tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("THE RECIPE FOR OTHER LANGUAGES WAS NOT RUN: npm is not installed")
    shutil.copy(RECIPES / "testcontainers.mjs", tmp_path)
    # The latest major version that runs on every maintained Node.
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent", "testcontainers@10"]
    subprocess.run(install, cwd=tmp_path, check=True, timeout=MAX_COMMAND_SECONDS)
    done = subprocess.run(
        ["node", "testcontainers.mjs"],
        cwd=tmp_path,
        env=_for_testcontainers(engine, image),
        capture_output=True,
        text=True,
        timeout=MAX_COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"status":"sent"' in done.stdout


def _for_testcontainers(engine: Engine, image: str) -> dict[str, str]:
    """Return environment variables that switch off the cleanup container: its image may be impossible to pull."""
    plain = {name: value for name, value in engine.environment.items() if not name.startswith(("COV", "PYTEST"))}
    return {**plain, "MOCKSMS_IMAGE": image, "TESTCONTAINERS_RYUK_DISABLED": "true"}


def test_kubernetes_manifest_is_valid() -> None:
    program = shutil.which("kubernetes-validate", path=sysconfig.get_path("scripts"))
    if program is None:
        pytest.skip("THE KUBERNETES MANIFEST WAS NOT VALIDATED: pip install kubernetes-validate")
    done = subprocess.run([program, "--strict", str(RECIPES / "kubernetes.yaml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
