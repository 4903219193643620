"""The README tells the truth: its tables come from the code, its commands run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.inspection.support import Api
from tests.readme import README, with_tables
from tests.support import PATIENCE, Mock, body, running

TEXT = README.read_text(encoding="utf-8")
WHOLE_TEST = (README.parent / "tests/recipes/whole-test.sh").read_text(encoding="utf-8")
CALLS = re.findall(r"<!-- script -->\n```sh\n(.*?)```", TEXT, re.DOTALL)[0]
CURL = re.findall(r"(?<!-->\n)```sh\n(curl .*?)```", TEXT, re.DOTALL)
SCENARIO = re.findall(r"<!-- outage.toml -->\n```toml\n(.*?)```", TEXT, re.DOTALL)[0]
COMMANDS = re.findall(r"<!-- run -->\n```sh\n(.*?)```", TEXT, re.DOTALL)[0].splitlines()
STEERING = re.findall(r"<!-- steer -->\n```sh\n(.*?)```", TEXT, re.DOTALL)[0]


def test_tables_are_those_of_the_code() -> None:
    assert with_tables(TEXT) == TEXT, "run: python -m tests.readme"


def test_a_table_that_was_edited_by_hand_is_noticed() -> None:
    assert with_tables(TEXT.replace("HTTP 503", "HTTP 504")) == TEXT


@pytest.mark.parametrize("command", CURL)
def test_curl_lines_run_as_printed(shared_mock: Mock, command: str) -> None:
    here = command.replace("http://127.0.0.1:8972", shared_mock.url)
    done = subprocess.run(["bash", "-ec", here], capture_output=True, timeout=PATIENCE, check=True)
    assert all({"status", "reject_reason"} <= row.keys() for row in json.loads(done.stdout))


def test_there_are_curl_lines() -> None:
    assert len(CURL) == 2


def test_calls_of_the_inspection_api_run_as_printed() -> None:
    with running() as mock:
        mock.send("972-50-0000000", key="demo", content="Your code is 481516")
        environment = {**os.environ, "MOCK": mock.url}
        done = subprocess.run(
            ["bash", "-ec", CALLS], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert (done.returncode, done.stderr) == (0, "")
    answers = [line for line in done.stdout.splitlines() if line]
    assert len(answers) == CALLS.count("\nask ")
    assert answers[2] == "481516"


def test_script_is_a_whole_test_with_curl_alone(tmp_path: Path) -> None:
    script = tmp_path / "whole-test.sh"
    script.write_text(WHOLE_TEST, encoding="utf-8")
    with running() as mock:
        environment = {**os.environ, "MOCK": mock.url, "TMPDIR": str(tmp_path)}
        done = subprocess.run(["sh", script], env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")
    told = re.findall(r"^event: (\w+)$", done.stdout, re.MULTILINE)
    assert told[0] == "open"
    assert {"message", "request", "clock", "account"} <= set(told)
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(("[", "{"))]
    last = answers[-1]["messages"][0]
    assert (last["content"], last["status"]) == ("Your parcel is here", "sent")


def test_script_stops_where_the_mock_is_not_as_it_says(tmp_path: Path) -> None:
    script = tmp_path / "whole-test.sh"
    script.write_text(WHOLE_TEST.replace("= 481516 ]", "= 481517 ]"), encoding="utf-8")
    with running() as mock:
        environment = {**os.environ, "MOCK": mock.url, "TMPDIR": str(tmp_path)}
        done = subprocess.run(["sh", script], env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_on_scenarios_run_as_printed(tmp_path: Path, command: str) -> None:
    (tmp_path / "outage.toml").write_text(SCENARIO, encoding="utf-8")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-ec", command], cwd=tmp_path, env=environment, capture_output=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_scenario_does_what_it_says() -> None:
    with running() as mock:
        Api(mock).ask("PUT", "scenario", tomllib.loads(SCENARIO))
        assert [mock.send(tags=["otp"])[0]["status"] for _ in range(3)] == ["exception", "exception", "sent"]
        assert mock.send("972-52-1234567", tags=["otp"])[0]["status"] == "queued"
        refused = mock.post(json.dumps(body(content="Your code 481516")))
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")


def test_scenario_and_fault_are_set_as_printed() -> None:
    with running() as mock:
        lines = STEERING.replace("http://127.0.0.1:8972", mock.url)
        done = subprocess.run(["bash", "-ec", lines], capture_output=True, timeout=PATIENCE, check=True)
        api = Api(mock, "demo")
        assert api.get("scenario")["names"] == ["gateway-outage"]
        assert [each["fault"] for each in api.get("faults")["faults"]] == ["reset_after_accept"]
    assert b'"id":' in done.stdout


def test_image_is_named_by_the_version() -> None:
    version = tomllib.loads((README.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert set(re.findall(r"(?:mocksms:|VERSION=)(\d\S*)", TEXT)) == {version}


def test_length_is_bearable() -> None:
    assert TEXT.count("\n") < 350
