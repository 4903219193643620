from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest
import requests
from jsonschema import Draft202012Validator

from mocksms.cli.main import UNUSABLE, main
from mocksms.scenario.compiler import compile_scenario
from mocksms.scenario.library import Library, bundled_folder
from mocksms.scenario.parser import read, read_file
from mocksms.scenario.recorder import to_data
from mocksms.scenario.schema import Scenario, json_schema
from mocksms.settings import Settings
from tests.cli.test_main import SCRIPT, Process, serving
from tests.inspection.support import Api
from tests.provider.inprocess import InProcess
from tests.report.support import failure, trace_of, traced
from tests.state.archives import packed
from tests.support import KEY, NUMBER, TIMEOUT, Mock, body, running

VALID = """
about = "The gateway is down for one send."

[[rule]]
name = "outage"
times = 1
outcome = "exception/no-available-gateways"

[[rule]]
match.tag = "otp"
outcome = "rejected/bounced"
"""
INVALID = """
[[rule]]
outcome = "sent"
tims = 2

[acount]
credit = 1
"""

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def in_a_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.toml").write_text(VALID, encoding="utf-8")
    Path("bad.toml").write_text(INVALID, encoding="utf-8")


def test_scenarios_lists_each_with_its_description(capsys: Captured) -> None:
    assert main(["scenarios"]) == 0
    out = capsys.readouterr().out
    for scenario in Library().all():
        (line,) = [line for line in out.splitlines() if line.startswith(f"{scenario.name} ")]
        assert line.endswith(f"  {' '.join(Library().about(scenario).split())}")


def test_scenarios_as_json_has_the_whole_descriptions(capsys: Captured) -> None:
    assert main(["scenarios", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["scenarios"]
    assert listed == [{"name": each.name, "about": Library().about(each)} for each in Library().all()]


def test_scenarios_lists_those_of_a_folder_too(capsys: Captured) -> None:
    assert main(["scenarios", "--scenario-folder", "."]) == 0
    out = capsys.readouterr().out
    assert "\ngood                     The gateway is down for one send." in out
    assert "\nbad                      invalid: bad.toml:4: " in out


def test_show_prints_the_file_of_a_scenario(capsys: Captured) -> None:
    assert main(["scenarios", "show", "gateway-outage"]) == 0
    assert capsys.readouterr().out == (bundled_folder() / "gateway-outage.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["chaos", "credit-runs-out", "rate-limited"])
def test_show_as_json_is_what_the_file_says_in_the_form_of_the_schema(capsys: Captured, name: str) -> None:
    assert main(["scenarios", "show", name, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    Draft202012Validator(json_schema()).validate(shown)
    assert Scenario.model_validate(shown) == read_file(Library().path(name))


def test_show_as_json_needs_a_valid_file(capsys: Captured) -> None:
    assert main(["scenarios", "show", "bad", "--json", "--scenario-folder", "."]) == UNUSABLE
    assert "bad.toml:4: rule 1.tims: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["scenarios", "show", "gateway-outag"], "There is no scenario 'gateway-outag'; did you mean gateway-outage?"),
        (["scenarios", "show", "zzz"], "There is no scenario 'zzz'; known are chaos, credit-runs-out, "),
        (["scenarios", "show"], "Use mocksms scenarios for the list, mocksms scenarios show NAME to print one, or "),
        (["scenarios", "list"], "Use mocksms scenarios for the list, mocksms scenarios show NAME to print one, or "),
        (["scenarios", "from", "bad.toml"], "bad.toml cannot be shown: Invalid snapshot: "),
        (["scenarios", "from", "."], ". is a folder; name one of its traces."),
        (["scenarios", "--account", "x"], "--account belongs to mocksms scenarios from FILE."),
        (["check"], "No file to check; name one or more, such as mocksms check outage.toml."),
        (["check", "rate-limitd"], "There is no scenario 'rate-limitd'; did you mean rate-limited?"),
        (["check", "good.toml", "--jsn"], "Unknown option --jsn; did you mean --json?"),
        (["check", "good.toml", "--against", "nix"], "nix cannot be read: No such file or directory."),
        (["check", "good.toml", "--against", "n\0"], "n\\x00 cannot be read: embedded null byte."),
        (["check", "good.toml", "--against", "good.toml"], "good.toml is not a response of GET /_mock/requests."),
        (["record"], "--key is missing: the API key of the account, such as mocksms record --key KEY."),
        (["record", "--key", "k", "--url", "mock"], "'mock' is not the URL of a mock"),
        (
            ["record", "--key", "k", "--url", "http://mock:no"],
            "'http://mock:no' is not the URL of a mock",
        ),
        (["--scenario", "chaoss"], "There is no scenario 'chaoss'; did you mean chaos?"),
        (
            ["--scenario", "goood.toml"],
            "goood.toml: cannot be read: No such file or directory; did you mean good.toml?",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_error_is_one_sentence(capsys: Captured, arguments: list[str], sentence: str) -> None:
    assert main(arguments) == UNUSABLE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"mocksms: {sentence}")
    assert err.endswith((".\n", "?\n"))


def test_show_refuses_a_file_that_is_no_text(capsys: Captured, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "latin.toml").write_bytes(b'about = "\xe9"')
    assert main(["scenarios", "show", "latin", "--scenario-folder", "folder"]) == UNUSABLE
    assert capsys.readouterr().err == "mocksms: folder/latin.toml cannot be printed: it is not UTF-8 text.\n"


def test_show_refuses_a_file_that_is_too_long(capsys: Captured, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with (folder / "long.toml").open("wb") as file:
        file.truncate(2**30)
    assert main(["scenarios", "show", "long", "--scenario-folder", "folder"]) == UNUSABLE
    assert capsys.readouterr().err == "mocksms: folder/long.toml is longer than 1048576 bytes.\n"


def test_show_refuses_an_unreadable_file(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Library, "path", lambda *_: Path("missing.toml"))
    assert main(["scenarios", "show", "missing"]) == UNUSABLE
    assert capsys.readouterr().err == "mocksms: missing.toml cannot be read: No such file or directory.\n"


def test_folder_without_scenarios_is_refused(capsys: Captured) -> None:
    Path("empty").mkdir()
    for arguments in (["check", "empty"], ["--scenario", "empty"]):
        assert main(arguments) == UNUSABLE
        assert capsys.readouterr().err == "mocksms: empty: this folder has no scenario, a file *.toml\n"


def test_check_of_a_valid_file_finds_no_issues(capsys: Captured) -> None:
    assert main(["check", "good.toml"]) == 0
    assert capsys.readouterr().out == "1 file checked, no issues.\n"


def test_check_accepts_folders_and_names(capsys: Captured) -> None:
    assert main(["check", str(bundled_folder()), "chaos", "good.toml"]) == 0
    files = len(Library().all()) + 2
    assert capsys.readouterr().out == f"{files} files checked, no issues.\n"


def test_check_lists_all_issues_of_all_files(capsys: Captured) -> None:
    assert main(["check", "bad.toml", "--json", "good.toml", "nix.toml"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert result["ok"] is False
    assert [(each["file"], each["line"], each["key"]) for each in result["issues"]] == [
        ("bad.toml", 4, "rule 1.tims"),
        ("bad.toml", 6, "acount"),
        ("nix.toml", None, ""),
    ]
    assert main(["check", "bad.toml", "good.toml", "nix.toml"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "bad.toml:4: rule 1.tims: unknown name; did you mean times?",
        "bad.toml:6: acount: unknown name; did you mean account?",
        "nix.toml: cannot be read: No such file or directory",
    ]


def test_check_colours_issues_and_warnings(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    Path("star.toml").write_text('[[rule]]\noutcome = "sent"\nmatch.tag = "otp-*"\n', encoding="utf-8")
    assert main(["check", "nix.toml"]) == 1
    assert capsys.readouterr().out == "\x1b[31mnix.toml: cannot be read: No such file or directory\x1b[0m\n"
    assert main(["check", "star.toml"]) == 0
    assert capsys.readouterr().out.startswith("\x1b[33mstar.toml:3: rule 1.match.tag: warning: ")


def test_check_as_json_has_no_issues_for_a_valid_file(capsys: Captured) -> None:
    assert main(["check", "--json", "good.toml"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "issues": [], "warnings": []}


def test_check_warns_of_asterisks_in_texts_and_names_the_expression_to_write(capsys: Captured) -> None:
    rule = 'outcome = "sent"\nmatch.tag = "otp-*"\nmatch.to = "972-52-*"\n'
    Path("star.toml").write_text(f"[[rule]]\n{rule}", encoding="utf-8")
    assert main(["check", "star.toml", "good.toml"]) == 0
    text = "* is an ordinary character here; to match any characters, write 'regex:^otp-'"
    assert capsys.readouterr().out.splitlines() == [
        f"star.toml:3: rule 1.match.tag: warning: {text}",
        "2 files checked, no issues, 1 warning.",
    ]
    assert main(["check", "--json", "star.toml"]) == 0
    warning = {"file": "star.toml", "line": 3, "key": "rule 1.match.tag", "text": text}
    assert json.loads(capsys.readouterr().out) == {"ok": True, "issues": [], "warnings": [warning]}


@pytest.fixture
def journal(tmp_path: Path) -> str:
    """A file with the requests of an account that sent twice."""
    with running() as mock:
        for content in ("One", "Two"):
            mock.send(NUMBER, content=content)
        content_of_journal = Api(mock, KEY).call("GET", "requests").content
    path = tmp_path / "journal.json"
    path.write_bytes(content_of_journal)
    return str(path)


def test_check_against_a_journal_counts_matched_and_applied_rules(journal: str, capsys: Captured) -> None:
    assert main(["check", "good.toml", "--against", journal]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "rule                          matched  applied",
        "----------------------------  -------  -------",
        "rule 1 (outage) of good.toml  1        1",
        "rule 2 of good.toml           0        0",
        "",
        "Never applied: rule 2 of good.toml.",
    ]


def test_check_against_an_endless_journal_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr("mocksms.cli.scenarios.MAX_JOURNAL_SIZE", 2048)
    assert main(["check", "good.toml", "--against", "/dev/zero"]) == 2
    assert capsys.readouterr().err == "mocksms: /dev/zero is longer than 2KiB.\n"


def test_check_against_a_journal_succeeds_if_every_rule_was_applied(journal: str, capsys: Captured) -> None:
    assert main(["check", "gateway-outage", "--against", journal, "--json"]) == 0
    label = "rule 1 (outage) of gateway-outage.toml"
    assert json.loads(capsys.readouterr().out) == {"rules": [{"label": label, "matched": 2, "applied": 2}]}
    assert main(["check", "gateway-outage", "--against", journal]) == 0
    assert "Never applied" not in capsys.readouterr().out


def test_schema_describes_scenarios(capsys: Captured) -> None:
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["title"] == "mocksms scenario"
    assert {"about", "account", "rule"} == set(schema["properties"])
    assert schema["additionalProperties"] is False


def test_record_prints_a_valid_scenario(capsys: Captured) -> None:
    with running(Settings(port=0, control_token="open")) as mock:
        mock.send(NUMBER, "972-50-0002100", "972-50-0004100")
        assert main(["record", "--key", KEY, "--url", f"{mock.url}/", "--control-token", "open"]) == 0
        recorded = capsys.readouterr().out
        Path("recorded.toml").write_text(recorded, encoding="utf-8")
        assert main(["record", "--key", KEY, "--host", mock.host, "--port", str(mock.port)]) == UNUSABLE
        assert f"{mock.url} responded with status 401: " in capsys.readouterr().err
    assert "rejected/kosher-number" in recorded
    assert main(["check", "recorded.toml"]) == 0


def test_record_without_a_mock_is_one_sentence(capsys: Captured) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert main(["record", "--key", KEY, "--port", str(port)]) == UNUSABLE
    assert f"mocksms: No mock responds at http://127.0.0.1:{port}: " in capsys.readouterr().err


def test_record_uses_no_proxy(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as mock:
        mock.send(NUMBER)
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert main(["record", "--key", KEY, "--url", mock.url]) == 0
    assert "History of an account" in capsys.readouterr().out


def test_record_of_an_account_without_messages_names_those_with_some(capsys: Captured) -> None:
    with running() as mock:
        assert main(["record", "--key", "typo", "--url", mock.url]) == 1
        assert capsys.readouterr() == ("", "mocksms: Account 'typo' has no messages to record.\n")
        mock.send(NUMBER, key="alphabet")
        assert main(["record", "--key", "typo", "--url", mock.url]) == 1
        assert "no messages to record; accounts with messages: alph….\n" in capsys.readouterr().err
        mock.send(NUMBER, key="0002-main")
        mock.engine.account("0002-main").label = "tests/test_sms.py::test_code"
        assert main(["record", "--key", "typo", "--url", mock.url]) == 1
        assert "messages: 0002… (tests/test_sms.py::test_code), alph….\n" in capsys.readouterr().err
    with running(Settings(port=0, api_key=("the-key",))) as mock:
        assert main(["record", "--key", "typo", "--url", mock.url]) == 1
        assert "Account 'typo' has no messages to record.\n" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["ready", "record", "demo"])
def test_commands_use_the_mock_of_the_variable_unless_the_command_line_names_one(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, own_mock: Mock, command: str
) -> None:
    own_mock.send(NUMBER)
    arguments = {"ready": [], "record": ["--key", KEY], "demo": ["--count=1"]}[command]
    monkeypatch.setenv("MOCKSMS_URL", f"{own_mock.url}/rest/v1/")
    monkeypatch.setenv("MOCKSMS_PORT", "1")
    assert main([command, *arguments]) == 0
    assert main([command, *arguments, "--url", "http://127.0.0.1:9"]) > 0
    assert main([command, *arguments, "--port", "9"]) > 0
    assert main([command, *arguments, "--url="]) > 0
    errors = capsys.readouterr().err.splitlines()
    addresses = [re.findall(r" at http://127\.0\.0\.1:(\d+): ", line) for line in errors]
    assert addresses == [["9"], ["9"], ["1"]]
    monkeypatch.setenv("MOCKSMS_URL", "localhost")
    assert main([command, *arguments]) == UNUSABLE
    assert "MOCKSMS_URL is 'localhost', but must be an address" in capsys.readouterr().err


def test_record_with_a_truncated_response_is_one_sentence(capsys: Captured) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=send_half_a_response, args=(listener,))
        server.start()
        assert main(["record", "--key", KEY, "--port", str(listener.getsockname()[1])]) == UNUSABLE
        server.join(TIMEOUT)
    assert "IncompleteRead(5 bytes read" in capsys.readouterr().err


def send_half_a_response(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabout")


def test_mock_prints_the_scenarios_of_its_start() -> None:
    with serving("--scenario", "good.toml", "--scenario", "chaos") as process:
        (line,) = [line for line in process.printed if "Scenario" in line]
        assert line.split() == ["Scenario", "good.toml,", "chaos.toml:", "8", "rules"]
        assert process.end(signal.SIGTERM)[0] == 0


def test_mock_does_not_start_with_an_invalid_scenario() -> None:
    environment = {**os.environ, "MOCKSMS_SCENARIO": "bad.toml,good.toml", "MOCKSMS_PORT": "0"}
    ran = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert ran.returncode == UNUSABLE
    assert ran.stdout == ""
    assert ran.stderr.splitlines() == [
        "mocksms: bad.toml:4: rule 1.tims: unknown name; did you mean times?",
        "mocksms: bad.toml:6: acount: unknown name; did you mean account?",
    ]


def test_mock_reloads_a_changed_file_and_keeps_the_scenario_if_it_is_invalid() -> None:
    with serving("--scenario", "good.toml") as process:
        Path("good.toml").write_text(INVALID, encoding="utf-8")
        assert "Scenario not reloaded, the previous version stays active" in process.read_error_until("reloaded")
        assert process.read_error_until("tims") == "good.toml:4: rule 1.tims: unknown name; did you mean times?\n"
        assert len(rules_of(process)) == 2
        Path("good.toml").write_text(VALID.replace("times = 1", "times = 7"), encoding="utf-8")
        assert process.read_error_until("restart") == "mocksms: Scenario reloaded: good.toml. Rule counters restart.\n"
        assert rules_of(process)[0]["left"] == 7


def rules_of(process: Process) -> list[dict[str, object]]:
    rules: list[dict[str, object]] = requests.get(f"{process.url}/_mock/scenario", timeout=TIMEOUT).json()["rules"]
    return rules


def test_scenario_from_a_snapshot_is_the_one_that_the_mock_records(capsys: Captured) -> None:
    with running() as mock:
        api = Api(mock, KEY)
        api.send(NUMBER, "972-50-0002100", "972-50-0000100")
        api.post("clock/freeze", {})
        api.post("faults", {"fault": {"kind": "status", "status": 503}, "times": 1})
        assert mock.post(json.dumps(body(NUMBER))).status_code == 503
        assert main(["record", "--key", KEY, "--url", mock.url]) == 0
        recorded = capsys.readouterr().out
        Path("state.zip").write_bytes(packed(mock.engine))
    assert main(["scenarios", "from", "state.zip"]) == 0
    assert capsys.readouterr() == (recorded, "")
    assert recorded.count("[[rule]]") == 4
    assert main(["scenarios", "from", "state.zip", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == to_data(read(recorded.encode(), "recorded"))


def test_scenario_from_a_trace_replays_its_test(capsys: Captured) -> None:
    mock = InProcess()
    mock.account().bounced = {"972541111111"}
    rows = mock.send(NUMBER, "972-54-2222222")
    Path("test.mocksms.zip").write_bytes(trace_of(mock, traced(failure()), KEY))
    assert main(["scenarios", "from", "test.mocksms.zip"]) == 0
    scenario = read(capsys.readouterr().out.encode(), "recorded")
    replayed = InProcess()
    replayed.account().activate(compile_scenario(scenario, "recorded", replayed.engine.settings))
    again = replayed.send(NUMBER, "972-54-2222222")
    assert [row["status"] for row in again] == [row["status"] for row in rows] == ["rejected", "sent"]


def test_account_of_a_snapshot_is_chosen_by_id_or_label(capsys: Captured) -> None:
    mock = InProcess()
    for key in ("one", "two"):
        mock.send(NUMBER, key=key, tags=[key])
    one, two, empty = mock.account("one"), mock.account("two"), mock.account("empty")
    one.label, empty.label = "test one", "nothing"
    Path("state.zip").write_bytes(packed(mock.engine))
    assert main(["scenarios", "from", "state.zip"]) == UNUSABLE
    listed = f"{two.id}, {one.id} (test one)"
    assert capsys.readouterr().err == (
        f"mocksms: state.zip has 2 accounts with messages; choose one with --account: {listed}.\n"
    )
    for name in (one.id, "test one"):
        assert main(["scenarios", "from", "state.zip", "--account", name]) == 0
        assert "1 SMS." in capsys.readouterr().out
    assert main(["scenarios", "from", "state.zip", "--account", "three"]) == UNUSABLE
    assert "has no accounts 'three'; choose one with --account: " in capsys.readouterr().err
    assert main(["scenarios", "from", "state.zip", "--account", "nothing"]) == 1
    assert capsys.readouterr() == (
        "",
        f"mocksms: Account {empty.id} (nothing) of state.zip has no messages to record.\n",
    )


def test_snapshot_without_accounts_has_no_scenario(capsys: Captured) -> None:
    Path("state.zip").write_bytes(packed(InProcess().engine))
    assert main(["scenarios", "from", "state.zip"]) == UNUSABLE
    assert capsys.readouterr().err == "mocksms: state.zip has no account.\n"
