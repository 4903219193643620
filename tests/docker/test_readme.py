"""What the README says about the container is done as it stands there."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.docker.conftest import ROOT, VERSION
from tests.docker.engine import SLOW, Engine
from tests.readme import README

BLOCK = re.search(r"<!-- container -->\n```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.skipif(BLOCK is None, reason="THE README SAYS NOTHING OF THE CONTAINER")
@pytest.mark.usefixtures("image")
def test_container_is_built_run_and_stopped_as_printed(engine: Engine, base: str) -> None:
    assert BLOCK is not None
    if engine.attempt("inspect", "mocksms").returncode == 0:
        pytest.skip("THE README WAS NOT TRIED: another container is called mocksms")
    # Here the base is another image, and the port may be taken.
    commands = BLOCK[1].replace("docker build", f"docker build --network host --build-arg BASE={base}")
    commands = commands.replace("--publish 8972:8972", "--publish 127.0.0.1::8972")
    try:
        done = subprocess.run(
            ["bash", "-ec", commands], cwd=ROOT, env=engine.environment, capture_output=True, text=True, timeout=SLOW
        )
    finally:
        engine.attempt("rm", "--force", "mocksms")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mocksms is ready at http://127.0.0.1:8972\n" in done.stdout
    label = 'index .Config.Labels "org.opencontainers.image.version"'
    assert engine.field(f"mocksms:{VERSION}", label) == VERSION
