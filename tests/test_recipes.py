"""The recipes hold what they promise: they are what their systems read, and their tests run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
import requests

from mocksms.settings import Settings
from tests.cookbook import RECIPES, Job, github_job, gitlab_job, read, run_shop_tests
from tests.support import TIMEOUT, Mock, running

ROOT: Final = Path(__file__).parents[1]
DOCKERFILE: Final = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SCHEMAS: Final = {
    "github-actions.yml": "vendor.github-workflows",
    "gitlab-ci.yml": "vendor.gitlab-ci",
    "compose.yaml": "vendor.compose-spec",
}


@pytest.mark.parametrize("recipe", SCHEMAS)
def test_recipe_is_what_its_system_reads(recipe: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[recipe], str(RECIPES / recipe)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("job_of", [github_job, gitlab_job])
def test_job_of_a_recipe_is_green_against_a_mock_started_its_way(job_of: Callable[[], Job], tmp_path: Path) -> None:
    job = job_of()
    with running(Settings.read(job.service, {"port": "0"})) as mock:
        printed = run_shop_tests(tmp_path, mock.url, job)
        assert len(mock.get("/_mock/accounts").json()["accounts"]) == 1
    assert "9 passed" in printed


def test_every_recipe_names_the_image_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    texts = [path.read_text(encoding="utf-8") for path in RECIPES.iterdir() if path.is_file()]
    named = [set(re.findall(r"mocksms:(\d+\.[\w.]+)", text)) for text in texts]
    assert [versions for versions in named if versions] == [{version}] * 5


def test_compose_starts_the_tests_once_all_else_is_healthy() -> None:
    services = read("compose.yaml")["services"]
    Settings.read(services["mocksms"]["environment"], {})
    assert services["shop"]["depends_on"] == {"mocksms": {"condition": "service_healthy"}}
    assert services["tests"]["depends_on"] == {"shop": {"condition": "service_healthy"}}


def test_kubernetes_probes_ask_what_a_mock_answers(shared_mock: Mock) -> None:
    deployment, service = read("kubernetes.yaml")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    (port,) = container["ports"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["port"] == port["name"]
        assert requests.get(shared_mock.url + asked["path"], timeout=TIMEOUT).status_code == 200
    assert port["containerPort"] == Settings().port
    assert service["spec"]["ports"] == [{"name": "http", "port": port["containerPort"], "targetPort": port["name"]}]
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()


def test_kubernetes_gives_no_right_that_the_image_does_not_need() -> None:
    deployment, _ = read("kubernetes.yaml")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    Settings.read({each["name"]: each["value"] for each in container["env"]}, {})
    assert pod["securityContext"] == {"runAsNonRoot": True}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == [variables()["MOCKSMS_SCENARIO_FOLDER"]]


def test_generic_container_asks_what_a_mock_answers(shared_mock: Mock) -> None:
    text = (RECIPES / "testcontainers.mjs").read_text(encoding="utf-8")
    (path,) = re.findall(r'forHttp\("([^"]+)", 8972\)', text)
    assert requests.get(shared_mock.url + path, timeout=TIMEOUT).status_code == 200


def test_image_is_set_up_by_options_there_are() -> None:
    settings = Settings.read(variables(), {})
    assert settings.host == "0.0.0.0"
    assert re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE) == [str(settings.port)]


def test_dockerfile_builds_with_either_builder() -> None:
    """What only BuildKit knows: mounts and other flags of RUN, documents inline, a front end of its own."""
    assert (
        re.findall(r"^(# ?syntax=.*|RUN --.*|.*<<.*|.*--start-interval.*|COPY --(?!from=).*)$", DOCKERFILE, re.M) == []
    )


def test_image_is_built_from_what_the_wheel_is_built_from() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    assert allowed == {"pyproject.toml", "README.md", ".github/LICENSE", "mocksms", "scenarios"}
    assert all((ROOT / name).exists() for name in allowed)


def run_recipe(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a recipe that reads from the environment where its mock is."""
    with running(Settings(port=0)) as mock:
        environment = {**os.environ, "MOCK": mock.url, "TMPDIR": str(folder)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_application_receives_its_callbacks(tmp_path: Path) -> None:
    done = run_recipe([sys.executable, str(RECIPES / "callbacks.py")], tmp_path)
    assert (done.returncode, done.stderr.count('"POST /hooks HTTP/1.1" 200')) == (0, 4), done.stderr


def test_script_is_a_whole_test_with_curl_alone(tmp_path: Path) -> None:
    done = run_recipe(["sh", str(RECIPES / "whole-test.sh")], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    events = re.findall(r"^event: (\w+)$", done.stdout, re.MULTILINE)
    assert events[0] == "open"
    assert {"message", "request", "clock", "account"} <= set(events)
    responses = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(("[", "{"))]
    last = responses[-1]["messages"][0]
    assert (last["content"], last["status"]) == ("Your parcel is here", "sent")


def test_script_stops_where_the_mock_is_not_as_it_says(tmp_path: Path) -> None:
    script = tmp_path / "whole-test.sh"
    text = (RECIPES / "whole-test.sh").read_text(encoding="utf-8")
    script.write_text(text.replace("= 481516 ]", "= 481517 ]"), encoding="utf-8")
    assert run_recipe(["sh", str(script)], tmp_path).returncode == 1


def variables() -> dict[str, str]:
    """Return the variables of mocksms that the image sets."""
    return dict(re.findall(r"\b(MOCKSMS_\w+)=(\S+)", DOCKERFILE))
