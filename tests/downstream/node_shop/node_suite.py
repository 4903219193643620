"""The tests of the shop in Node, in pytest: the script runs as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from mocksms import MockSMS

SHOP = Path(__file__).with_name("shop.mjs")


def run_shop(sms: MockSMS, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["node", str(SHOP), *arguments]
    return subprocess.run(
        command, env={**os.environ, **sms.env}, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("code", ["481516", "234248", "108108", "151623"])
def test_code_is_texted(mocksms: MockSMS, code: str) -> None:
    done = run_shop(mocksms, "972-54-1111111", code)
    assert json.loads(done.stdout)["status"] == "sent"
    assert mocksms.assert_sent(to="972-54-1111111").code == code


def test_outage_is_reported(mocksms: MockSMS) -> None:
    with mocksms.fault(503):
        assert "the provider answered 503" in run_shop(mocksms, mocksms.number(), "1").stderr
    mocksms.assert_nothing_sent()
