"""The commands for the container in the README and the guide work as printed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.docker.conftest import ROOT, VERSION
from tests.docker.engine import MAX_COMMAND_SECONDS, Engine
from tests.readme import GUIDE, README, blocks


@pytest.mark.parametrize("page", [README, GUIDE / "deployment.md"], ids=lambda page: page.stem)
@pytest.mark.usefixtures("image")
def test_printed_commands_build_and_run_the_container(page: Path, engine: Engine, base: str) -> None:
    printed = "".join(block.content for block in blocks(page) if block.info == "container")
    if engine.attempt("container", "inspect", "mocksms").returncode == 0:
        pytest.skip("THE README WAS NOT TESTED: another container has the name mocksms")
    # Here the base is another image, and the port may be taken.
    commands = printed.replace("docker build", f"docker build --network host --build-arg BASE={base}")
    commands = commands.replace("--publish 8972:8972", "--publish 127.0.0.1::8972")
    volume = f"mocksms-state-{os.getpid()}"
    commands = commands.replace("mocksms-state", volume)
    # The folder that the reader creates.
    commands = commands.replace("$PWD/my-scenarios", "$PWD/scenarios").replace("SCENARIO=outage", "SCENARIO=happy-path")
    try:
        done = subprocess.run(
            ["bash", "-ec", commands],
            cwd=ROOT,
            env=engine.environment,
            capture_output=True,
            text=True,
            timeout=MAX_COMMAND_SECONDS,
        )
    finally:
        engine.attempt("rm", "--force", "mocksms", "mocksms-kept")
        engine.attempt("volume", "rm", volume)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mocksms is ready at http://127.0.0.1:8972\n" in done.stdout
    if page is not README:
        label = 'index .Config.Labels "org.opencontainers.image.version"'
        assert engine.field(f"mocksms:{VERSION}", label) == VERSION
