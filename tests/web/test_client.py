"""The client for tests in JavaScript: it does what it says, and its types are those of the inspection API."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
import requests

from mocksms.app import openapi
from mocksms.cli.main import main
from mocksms.settings import Settings
from tests.support import TIMEOUT, Mock, running

STORY = Path(__file__).with_name("client.test.mjs")
TYPES = (files("mocksms.web") / "client/mocksms.d.ts").read_text(encoding="utf-8")
INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^  (\w+)\??:", re.MULTILINE)
INTERFACES = {match[1]: {*FIELD.findall(match[2])} for match in INTERFACE.finditer(TYPES)}
SCHEMAS = {
    "Message": "MessageView",
    "Callback": "CallbackView",
    "Clock": "ClockView",
    "Reply": "ReplyView",
    "Webhook": "WebhookView",
    "Filters": "VerifyBody",
    "Expected": "VerifyBody",
    "FaultOptions": "FaultBody",
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_fields_of_the_types_are_fields_of_the_api(name: str) -> None:
    assert INTERFACES[name]
    assert INTERFACES[name] <= {*openapi()["components"]["schemas"][SCHEMAS[name]]["properties"]}


def test_story_passes_in_node(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    node = shutil.which("node")
    if node is None:  # pragma: no cover, the whole check has one
        pytest.skip("there is no Node.js here; on Debian: apt-get install nodejs")
    assert main(["client", "js"]) == 0
    (tmp_path / "mocksms.js").write_text(capfd.readouterr().out, encoding="utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    shutil.copy(STORY, tmp_path)
    with running(Settings(port=0)) as mock:
        environment = {**os.environ, "MOCKSMS_URL": mock.url}
        command = [node, "--test", STORY.name]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "pass 11" in done.stdout


def test_mock_serves_what_the_command_prints(shared_mock: Mock, capfd: pytest.CaptureFixture[str]) -> None:
    for what, path in (("js", "/_mock/client.js"), ("types", "/_mock/client.d.ts")):
        assert main(["client", what]) == 0
        assert requests.get(shared_mock.url + path, timeout=TIMEOUT).text == capfd.readouterr().out
