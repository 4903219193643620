"""The content of the image: only what it needs, and nothing of the machine that built it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from mocksms.settings import Settings
from tests.docker.conftest import ROOT, VERSION, build_arguments
from tests.docker.engine import MAX_COMMAND_SECONDS, Engine

MAX_IMAGE_BYTES: Final = 45_000_000
"""Bytes that the image may have on top of its base."""


def test_image_is_small(engine: Engine, image: str, base: str) -> None:
    added = int(engine.field(image, ".Size")) - int(engine.field(base, ".Size"))
    print(f"\nsize on top of the base: {added / 1e6:.1f} MB")
    assert 1_000_000 < added < MAX_IMAGE_BYTES


def test_image_runs_as_a_numeric_user_other_than_root(engine: Engine, image: str) -> None:
    user, _, group = engine.field(image, ".Config.User").partition(":")
    assert int(user) > 0
    assert int(group) > 0


def test_image_has_labels_port_and_health_check(engine: Engine, image: str) -> None:
    labels = json.loads(engine.field(image, "json .Config.Labels"))
    assert labels["org.opencontainers.image.title"] == "mocksms"
    assert labels["org.opencontainers.image.version"] == VERSION
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    assert json.loads(engine.field(image, "json .Config.ExposedPorts")) == {f"{Settings().port}/tcp": {}}
    health = json.loads(engine.field(image, "json .Config.Healthcheck.Test"))
    assert health[:5] == ["CMD", "mocksms", "ready", "--wait", "--url="]


def test_image_contains_no_pip_and_no_source(engine: Engine, image: str, base: str, tmp_path: Path) -> None:
    names = {member.name for _, member in added_files(engine, image, base, tmp_path)}
    assert "opt/mocksms/bin/mocksms" in names
    unexpected = [name for name in names if not f"{name}/".startswith(("opt/", "scenarios/", "state/"))]
    assert unexpected == []
    installed = {name.partition("/site-packages/")[2].partition("/")[0] for name in names}
    assert installed.isdisjoint({"pip", "setuptools", "hatchling", "tests"})
    assert not any("/phonenumbers/geodata/" in name for name in names)
    assert any(name.endswith(".pyc") and "/mocksms/" in name for name in names)


def test_image_contains_nothing_of_this_machine(engine: Engine, image: str, base: str, tmp_path: Path) -> None:
    traces = {str(ROOT).encode(), b"BEGIN CERTIFICATE", *indexes_of_this_machine()}
    found = [
        (member.name, trace)
        for content, member in added_files(engine, image, base, tmp_path)
        for trace in traces
        if trace in content
    ]
    assert found == []
    description = engine("history", "--no-trunc", image) + engine("inspect", image)
    assert [trace for trace in traces if trace.decode() in description] == []


def test_buildkit_builds_the_same_image(engine: Engine, image: str, base: str) -> None:
    environment = {**engine.environment, "DOCKER_BUILDKIT": "1"}
    arguments = ["build", "--network", "host", *build_arguments(base), "--tag", "mocksms:buildkit", str(ROOT)]
    printed = ""
    # Two clients may be installed; one of them may lack BuildKit.
    for client in filter(shutil.which, ("docker", "/usr/bin/docker")):
        done = subprocess.run(
            [client, *arguments], env=environment, capture_output=True, text=True, timeout=MAX_COMMAND_SECONDS
        )
        printed += done.stderr
        if done.returncode == 0:
            break
    else:
        assert "buildx component is missing" in printed, printed
        pytest.skip("THE IMAGE WAS NOT BUILT WITH BUILDKIT: no installed client supports it")
    sizes = [int(engine.field(name, ".Size")) for name in (image, "mocksms:buildkit")]
    assert abs(sizes[0] - sizes[1]) < 1_000_000
    assert engine.field("mocksms:buildkit", ".Config.User") == engine.field(image, ".Config.User")
    assert engine("run", "--rm", "mocksms:buildkit", "--version") == f"mocksms {VERSION}"


def test_change_of_the_source_keeps_the_layer_of_the_dependencies(
    engine: Engine, image: str, base: str, tmp_path: Path
) -> None:
    shutil.copytree(ROOT, tmp_path / "source", ignore=shutil.ignore_patterns(".*", "tests", "dist"))
    shutil.copytree(ROOT / ".github", tmp_path / "source/.github")
    shutil.copy(ROOT / ".dockerignore", tmp_path / "source")
    (tmp_path / "source/mocksms/extra.py").write_text('"""More."""\n', encoding="utf-8")
    arguments = ["--network", "host", *build_arguments(base), "--tag", "mocksms:changed", str(tmp_path / "source")]
    steps = engine("build", *arguments).split("\nStep ")
    cached = {step.partition(" : ")[2].splitlines()[0]: "Using cache" in step for step in steps[1:]}
    assert [is_cached for step, is_cached in cached.items() if "--requirement" in step] == [True]
    assert [is_cached for step, is_cached in cached.items() if "pip wheel" in step] == [False]
    below, before, after = (layers(engine, name) for name in (base, image, "mocksms:changed"))
    dependencies = len(below)
    assert after[: dependencies + 1] == before[: dependencies + 1]
    assert after[dependencies + 1] != before[dependencies + 1]


def layers(engine: Engine, image: str) -> list[str]:
    """Return the digests of the layers of an image, those of its base first."""
    digests: list[str] = json.loads(engine.field(image, "json .RootFS.Layers"))
    return digests


def added_files(engine: Engine, image: str, base: str, folder: Path) -> Iterator[tuple[bytes, tarfile.TarInfo]]:
    """Yield the content and the header of each file in the layers on top of the base."""
    archive = folder / "image.tar"
    engine("save", "--output", str(archive), image)
    shared = len(layers(engine, base))
    with tarfile.open(archive) as saved:
        manifest = saved.extractfile("manifest.json")
        assert manifest is not None
        added = json.load(manifest)[0]["Layers"][shared:]
        assert added
        for name in added:
            with tarfile.open(fileobj=saved.extractfile(name)) as layer:
                for member in layer:
                    content = layer.extractfile(member) if member.isfile() else None
                    yield content.read() if content else b"", member


def indexes_of_this_machine() -> set[bytes]:
    """Return the configured package indexes and proxies of this machine."""
    pip = subprocess.run(["python3", "-m", "pip", "config", "list"], capture_output=True, text=True, check=True).stdout
    found = {line.partition("=")[2].strip("'") for line in pip.splitlines() if "index" in line or "links" in line}
    found |= {value for name, value in os.environ.items() if name.upper().endswith("_PROXY")}
    return {part.encode() for value in found for part in value.split() if "/" in part}


@pytest.mark.parametrize("command", ["numbers", "fidelity", "scenarios"])
def test_image_runs_other_commands(engine: Engine, image: str, command: str) -> None:
    assert engine("run", "--rm", image, command).count("\n") > 10
