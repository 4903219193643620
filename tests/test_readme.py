"""The README tells the truth: its tables come from the code, its commands run."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.readme import README, with_tables
from tests.support import PATIENCE, Mock

TEXT = README.read_text(encoding="utf-8")
CURL = re.findall(r"```sh\n(curl .*?)```", TEXT, re.DOTALL)


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


def test_length_is_bearable() -> None:
    assert TEXT.count("\n") < 350
