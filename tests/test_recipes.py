"""The recipes: their systems accept them, and their tests pass."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import check_jsonschema
import pytest
import requests
import yaml
from click.testing import CliRunner

from mocksms.settings import Settings
from tests.cookbook import RECIPES, Job, github_job, gitlab_job, read, run_shop_tests
from tests.support import TIMEOUT, Mock, running

ROOT: Final = Path(__file__).parents[1]
DOCKERFILE: Final = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SCHEMAS: Final = {
    "github-actions.yml": "vendor.github-workflows",
    "gitlab-ci.yml": "vendor.gitlab-ci",
    "github-actions-traces.yml": "vendor.github-workflows",
    "gitlab-ci-traces.yml": "vendor.gitlab-ci",
    "compose.yaml": "vendor.compose-spec",
}


@pytest.mark.parametrize("recipe", SCHEMAS)
def test_recipe_follows_the_schema_of_its_system(recipe: str) -> None:
    done = CliRunner().invoke(check_jsonschema.main, ["--builtin-schema", SCHEMAS[recipe], str(RECIPES / recipe)])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("job_of", [github_job, gitlab_job])
def test_job_of_a_recipe_passes_with_a_mock_that_has_its_options(job_of: Callable[[], Job], tmp_path: Path) -> None:
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


def test_compose_starts_the_tests_after_all_services_are_healthy() -> None:
    services = read("compose.yaml")["services"]
    Settings.read(services["mocksms"]["environment"], {})
    assert services["shop"]["depends_on"] == {"mocksms": {"condition": "service_healthy"}}
    assert services["tests"]["depends_on"] == {"shop": {"condition": "service_healthy"}}


def test_kubernetes_probes_succeed(shared_mock: Mock) -> None:
    deployment, service = read("kubernetes.yaml")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    (port,) = container["ports"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        request = container[probe]["httpGet"]
        assert request["port"] == port["name"]
        assert requests.get(shared_mock.url + request["path"], timeout=TIMEOUT).status_code == 200
    assert port["containerPort"] == Settings().port
    assert service["spec"]["ports"] == [{"name": "http", "port": port["containerPort"], "targetPort": port["name"]}]
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()


def test_kubernetes_grants_only_what_the_image_needs() -> None:
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


def with_state(recipe: str) -> list[Any]:
    """Return the documents of a recipe with its lines for the state, which are comments."""
    lines = r"# (?=strategy|fsGroup|volumes|MOCKSMS_STATE|- \{?name: (?:MOCKSMS_STATE|state)|  persistent)"
    return list(yaml.safe_load_all(re.sub(lines, "", (RECIPES / recipe).read_text(encoding="utf-8"))))


def test_kubernetes_keeps_the_state_with_the_lines_in_comments() -> None:
    deployment, _ = with_state("kubernetes.yaml")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    state = Settings.read({each["name"]: each["value"] for each in container["env"]}, {}).state
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert state == f"{mounts['state']}/mocksms.zip"
    assert f" {mounts['state']} {mounts['state']}\n" in DOCKERFILE
    assert f"USER {pod['securityContext']['fsGroup']}:" in DOCKERFILE
    assert [volume["name"] for volume in pod["volumes"]] == list(mounts)
    assert "persistentVolumeClaim" in pod["volumes"][1]
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}  # two mocks cannot use one file


def test_compose_keeps_the_state_with_the_lines_in_comments() -> None:
    (compose,) = with_state("compose.yaml")
    mock = compose["services"]["mocksms"]
    assert Settings.read(mock["environment"], {}).state == "/state/mocksms.zip"
    assert "state:/state" in mock["volumes"]


def test_wait_strategy_of_the_generic_container_succeeds(shared_mock: Mock) -> None:
    text = (RECIPES / "testcontainers.mjs").read_text(encoding="utf-8")
    (path,) = re.findall(r'forHttp\("([^"]+)", 8972\)', text)
    assert requests.get(shared_mock.url + path, timeout=TIMEOUT).status_code == 200


def test_image_sets_known_options() -> None:
    settings = Settings.read(variables(), {})
    assert settings.host == "0.0.0.0"
    assert re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE) == [str(settings.port)]


def test_dockerfile_builds_with_either_builder() -> None:
    """It uses nothing that only BuildKit has: flags of RUN such as mounts, here-documents, a syntax line."""
    assert (
        re.findall(r"^(# ?syntax=.*|RUN --.*|.*<<.*|.*--start-interval.*|COPY --(?!from=).*)$", DOCKERFILE, re.M) == []
    )


def test_image_is_built_from_the_files_of_the_wheel() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    assert allowed == {"pyproject.toml", "README.md", ".github/LICENSE", "mocksms", "scenarios"}
    assert all((ROOT / name).exists() for name in allowed)


def run_recipe(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a recipe that reads the URL of its mock from the environment."""
    with running(Settings(port=0)) as mock:
        environment = {**os.environ, "MOCK": mock.url, "TMPDIR": str(folder)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_application_receives_its_callbacks(tmp_path: Path) -> None:
    done = run_recipe([sys.executable, str(RECIPES / "callbacks.py")], tmp_path)
    assert (done.returncode, done.stderr.count('"POST /hooks HTTP/1.1" 200')) == (0, 4), done.stderr


def test_script_with_curl_passes(tmp_path: Path) -> None:
    done = run_recipe(["sh", str(RECIPES / "whole-test.sh")], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    events = re.findall(r"^event: (\w+)$", done.stdout, re.MULTILINE)
    assert events[0] == "open"
    assert {"message", "request", "clock", "account"} <= set(events)
    responses = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(("[", "{"))]
    last = responses[-1]["messages"][0]
    assert (last["content"], last["status"]) == ("Your parcel is here", "sent")


def test_script_with_curl_fails_if_the_code_differs(tmp_path: Path) -> None:
    script = tmp_path / "whole-test.sh"
    text = (RECIPES / "whole-test.sh").read_text(encoding="utf-8")
    script.write_text(text.replace("= 481516 ]", "= 481517 ]"), encoding="utf-8")
    assert run_recipe(["sh", str(script)], tmp_path).returncode == 1


def variables() -> dict[str, str]:
    """Return the variables of mocksms that the image sets."""
    return dict(re.findall(r"\b(MOCKSMS_\w+)=(\S+)", DOCKERFILE))
