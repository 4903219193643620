"""`openapi-python-client` generates everything without a warning, and its client plays the README's story."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from mocksms.app import openapi
from tests.support import Mock

PACKAGE: Final = "generated_mocksms_client"
SENT: Final = "972-50-0000000"
KOSHER: Final = "972-50-0002100"


@pytest.fixture
def generated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the generated package."""
    document, config = tmp_path / "openapi.json", tmp_path / "config.json"
    document.write_text(json.dumps(openapi()), encoding="utf-8")
    config.write_text(json.dumps({"post_hooks": []}), encoding="utf-8")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"]
    files = ["--path", str(document), "--config", str(config), "--output-path", str(tmp_path / PACKAGE)]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert (done.returncode, "warning" in done.stdout.lower()) == (0, False), done.stdout + done.stderr
    monkeypatch.syspath_prepend(tmp_path)
    return PACKAGE


def test_generated_python_client_plays_the_story_of_the_readme(generated: str, own_mock: Mock) -> None:
    key = {"token": "demo", "prefix": "", "auth_header_name": "X-API-Key"}
    with import_module(generated).AuthenticatedClient(
        base_url=own_mock.url, **key, raise_on_unexpected_status=True
    ) as client:

        def call(operation: str, **parameters: Any) -> Any:
            return import_module(f"{generated}.api.{operation}").sync(client=client, **parameters)

        play(call, import_module(f"{generated}.models"), import_module(f"{generated}.types"))


def play(call: Callable[..., Any], models: Any, types: Any) -> None:
    """Play the README's story, then faults, a recorded scenario and a snapshot."""
    recipients = [models.RecipientBody(mobile_number=number) for number in (SENT, KOSHER)]
    send = models.SendBody(message=models.MessageBody(content="Your code is 481516", to=recipients))
    rows = call("emulated_api.send", body=send)
    assert [(row.mobile_number, row.status, row.reject_reason) for row in rows] == [
        (SENT, "sent", None),
        (KOSHER, "rejected", "kosher-number"),
    ]
    (rejected,) = call("emulated_api.search", status=models.SearchStatus.REJECTED)
    assert rejected.transaction_id == rows[1].transaction_id
    assert call("emulated_api.info", transaction_id=rows[0].transaction_id).content == "Your code is 481516"
    refused = call("emulated_api.info", transaction_id="0")
    assert refused.message == "No transactional SMS was found with transaction_id '0'."

    page = call("messages.wait_for_messages", to=SENT, timeout=5)
    assert [each.transaction_id for each in page.messages] == [rows[0].transaction_id]
    assert call("messages.latest_codes").codes[0].code == "481516"
    assert call("messages.verify_messages", body=models.VerifyBody(to=SENT, exactly=1)).total == 1
    wrong = call("messages.verify_messages", body=models.VerifyBody(to=SENT, exactly=2))
    assert wrong.error.explanation.summary

    fault = models.FaultModel(kind=models.FaultModelKind.STATUS, status=503)
    call("scenarios.set_fault", body=models.FaultBody(fault=fault, times=1))
    assert call("emulated_api.send", body=send).message == "The service is unavailable."
    assert call("clock.advance_clock", body=models.AdvanceBody(by="1h")).frozen is False
    recorded = call("scenarios.recorded_scenario")
    assert call("scenarios.put_scenario", body=recorded).rules
    snapshot = call("snapshots.read_snapshot").payload.read()
    assert zipfile.is_zipfile(io.BytesIO(snapshot))
    assert call("snapshots.restore_snapshot", body=types.File(payload=io.BytesIO(snapshot))).messages == len(rows)
