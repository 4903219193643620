from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import IO, Any

import pytest
import requests

from mocksms.cli.main import COMMANDS, FAILED, UNUSABLE, main
from mocksms.connections.listener import bind
from mocksms.engine.engine import Engine
from mocksms.errors import InvalidScenario, OutputFailed, ScenarioIssue, SettingsError, UnknownScenario
from mocksms.fidelity import Evidence, ledger
from mocksms.inspection.mock import fidelity_view
from mocksms.settings import GROUPS, OPTIONS, Settings, flag_name, variable_name
from mocksms.sms.magic import Catalogue
from tests.support import KEY, NUMBER, TIMEOUT, Mock, body

SEND = "/rest/v1/transactional/sms/send"
SCRIPT = str(Path(sysconfig.get_path("scripts")) / "mocksms")
COMMAND_NAMES = ", ".join(COMMANDS)
MAX_SHUTDOWN_SECONDS = 1.0
"""Seconds from a signal to the end of the process."""


class Process:
    """A command in its own process, and the output that was read so far."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self.popen = popen
        self.printed: list[str] = []

    def read_until(self, word: str) -> str:
        """Read standard output up to a line with this word, and return that line; a timeout kills the process."""
        return self._read(word, self.popen.stdout)

    def read_error_until(self, word: str) -> str:
        """Like `read_until`, for standard error."""
        return self._read(word, self.popen.stderr)

    def _read(self, word: str, stream: IO[str] | None) -> str:
        timeout = threading.Timer(TIMEOUT, self.popen.kill)
        timeout.start()
        line = next((line for line in self._lines(stream) if word in line), "")
        timeout.cancel()
        assert line, f"{word!r} was not printed, but: {self.printed}"
        return line

    def _lines(self, stream: IO[str] | None) -> Iterator[str]:
        assert stream is not None
        for line in iter(stream.readline, ""):  # pragma: no branch - ends only if a test fails
            self.printed.append(line)
            yield line

    @property
    def url(self) -> str:
        return next(line for line in self.printed if "Base URL" in line).split()[-1].removesuffix("/rest/v1")

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def end(self, number: signal.Signals) -> tuple[int, float]:
        """Send a signal; return the exit code and the seconds it took."""
        started = monotonic()
        self.popen.send_signal(number)
        code = self.popen.wait(TIMEOUT)
        return code, monotonic() - started

    def rest(self) -> tuple[str, str]:
        """Wait for the end of the process, and return the rest of both streams."""
        return self.popen.communicate(timeout=TIMEOUT)


@contextmanager
def started(*arguments: str, command: Sequence[str] = (sys.executable, "-m", "mocksms")) -> Iterator[Process]:
    popen = subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    with popen:
        try:
            yield Process(popen)
        finally:
            popen.kill()


@contextmanager
def serving(*arguments: str) -> Iterator[Process]:
    """Start a mock on a free port, and wait until it is ready."""
    with started("--port", "0", *arguments) as process:
        process.read_until("curl")
        process.read_until("\n")
        yield process


def raw_send(number: str) -> bytes:
    content = json.dumps(body(number)).encode()
    head = f"POST {SEND} HTTP/1.1\r\nHost: mock\r\nX-API-Key: {KEY}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


@pytest.fixture(autouse=True)
def without_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in filter(lambda name: name.startswith("MOCKSMS_"), tuple(os.environ)):
        monkeypatch.delenv(variable)  # pragma: no cover - only if the environment has one


@pytest.fixture(autouse=True)
def restored_signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("covered_processes")
@pytest.mark.parametrize(
    "command",
    [[sys.executable, "-m", "mocksms"], [SCRIPT, "serve"]],
    ids=["module", "script"],
)
def test_serving_prints_url_keys_numbers_and_a_curl_command(command: list[str]) -> None:
    with started("--port", "0", "--seed", "seven", command=command) as process:
        process.read_until("curl")
        welcome = "".join(process.printed)
        assert process.port > 0
        assert f"mocksms {version('mocksms')} is ready." in welcome
        assert f"Base URL   {process.url}/rest/v1\n" in welcome
        assert "any value works" in welcome
        assert f"{process.url}/rest/v1/transactional/sms/search" in welcome
        assert [number in welcome for number in ("972-50-0000000", "972-50-0002100", "972-50-0007100")] == [True] * 3
        assert "Seed       seven\n" in welcome
        assert requests.get(process.url + "/_mock/health", timeout=TIMEOUT).json()["status"] == "ready"
        assert process.end(signal.SIGTERM)[0] == 0


def test_printed_curl_command_works_in_a_shell() -> None:
    with serving() as process:
        (line,) = (line for line in process.printed if "curl" in line)
        ran = subprocess.run(
            line.strip().removeprefix("Try").strip(), shell=True, capture_output=True, timeout=TIMEOUT, check=True
        )
        (row,) = json.loads(ran.stdout)
        assert row["status"] == "sent"
        assert "972-50-0000000   sent" in process.read_until("972-50-0000000")
        response = requests.get(
            process.url + "/transactional/sms/search", headers={"X-API-Key": "demo"}, timeout=TIMEOUT
        )
        assert [found["transaction_id"] for found in response.json()] == [row["transaction_id"]]


def test_printed_curl_command_reads_a_configured_key_from_the_shell() -> None:
    with serving("--api-key", "a-real-key") as process:
        (line,) = (line for line in process.printed if "curl" in line)
        assert "a-real-key" not in "".join(process.printed)
        ran = subprocess.run(
            line.strip().removeprefix("Try").strip(),
            shell=True,
            env={**os.environ, "YOUR_KEY": "a-real-key"},
            capture_output=True,
            timeout=TIMEOUT,
            check=True,
        )
        assert json.loads(ran.stdout)[0]["status"] == "sent"


def test_each_message_is_a_line_with_escaped_content() -> None:
    with serving() as process:
        headers = {"X-API-Key": KEY}
        content = "Hi \x1b[2J שלום"
        requests.post(process.url + SEND, json=body(NUMBER, content=content), headers=headers, timeout=TIMEOUT)
        line = process.read_until(NUMBER)
        assert " sent " in line
        assert r"Hi \x1b[2J שלום" in line
        assert process.end(signal.SIGINT)[0] == 0


def test_refused_requests_and_failed_callbacks_are_lines() -> None:
    with serving("--webhook", "http://127.0.0.1:1/hook") as process:
        headers = {"X-API-Key": KEY}
        for path, data, sent in ((SEND, {}, headers), ("/nowhere", {}, headers), (SEND, body(), {})):
            requests.post(process.url + path, json=data, headers=sent, timeout=TIMEOUT)
        requests.post(process.url + SEND, data="<a/>", headers={**headers, "Content-Type": "a/b"}, timeout=TIMEOUT)
        requests.post(process.url + SEND, json=body(), headers=headers, timeout=TIMEOUT)
        for status in (400, 404, 401, 415):
            assert " UTC  POST " in process.read_until(f" refused with {status} ")
        assert "http://127.0.0.1:1/hook  attempt 1: " in process.read_until(" callback send failed ")


def test_quiet_prints_no_line_per_message() -> None:
    with serving("--quiet") as process:
        requests.post(process.url + SEND, json=body(), headers={"X-API-Key": KEY}, timeout=TIMEOUT)
        requests.post(process.url + SEND, json={}, timeout=TIMEOUT)
        assert process.end(signal.SIGTERM)[0] == 0
        assert process.rest() == ("", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_mock_within_a_second_with_open_connections(number: signal.Signals) -> None:
    with serving() as process, socket.create_connection(("127.0.0.1", process.port), TIMEOUT) as delayed:
        with (
            closing(http.client.HTTPConnection("127.0.0.1", process.port, timeout=TIMEOUT)) as idle,
            socket.create_connection(("127.0.0.1", process.port), TIMEOUT) as half_sent,
        ):
            delayed.sendall(raw_send("972-50-0007000"))
            process.read_until("972-50-0007000")
            whole = raw_send(NUMBER).replace(b"Host:", b"Expect: 100-continue\r\nHost:")
            half_sent.sendall(whole[: whole.index(b"\r\n\r\n") + 5])
            assert half_sent.recv(65536).startswith(b"HTTP/1.1 100 Continue")
            idle.request("GET", "/_mock/health")
            assert idle.getresponse().read()
            code, took = process.end(number)
            response = b"".join(iter(lambda: delayed.recv(65536), b""))
        assert code == 0
        assert took < MAX_SHUTDOWN_SECONDS
        head, _, content = response.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert json.loads(content)[0]["status"] == "sent"
        assert "Traceback" not in process.rest()[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_mock_without_output(number: signal.Signals) -> None:
    with serving() as process:
        code, took = process.end(number)
        assert (code, process.rest()) == (0, ("", ""))
        assert took < MAX_SHUTDOWN_SECONDS


def test_mock_that_ends_has_a_line_for_the_latest_message() -> None:
    with serving() as process:
        with socket.create_connection(("127.0.0.1", process.port), TIMEOUT) as connection:
            connection.sendall(raw_send(NUMBER))
            connection.recv(65536)
        process.end(signal.SIGTERM)
        assert f"{NUMBER}   sent" in process.rest()[0]


def test_signal_handlers_are_set_before_the_welcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that waits for the welcome may send a signal at once."""
    from mocksms.cli import main as cli

    handlers: list[object] = []
    monkeypatch.setattr(cli, "echo", lambda _: handlers.extend(map(signal.getsignal, (signal.SIGINT, signal.SIGTERM))))
    monkeypatch.setattr("mocksms.server.Server.run", lambda _, sockets: [listener.close() for listener in sockets])
    main(["--port", "0"])
    assert signal.default_int_handler not in handlers
    assert signal.SIG_DFL not in handlers


def test_serving_returns_exit_code_0(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("mocksms.server.Server.run", lambda _, sockets: [listener.close() for listener in sockets])
    codes = main(["--port", "0"]), main(["--port", "0", "--quiet"])
    assert codes == (0, 0)
    assert capsys.readouterr().out.count("is ready.") == 2


@pytest.mark.parametrize(("failed", "code"), [(False, 0), (True, FAILED)])
def test_exit_code_says_whether_the_last_save_of_the_state_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, failed: bool, code: int
) -> None:
    def serve(_: Engine, listener: socket.socket, *others: Any) -> None:
        listener.close()
        others[-1].failed = failed

    monkeypatch.setattr("mocksms.server.serve", serve)
    assert main(["--port", "0", "--state", str(tmp_path / "mock.zip")]) == code


def test_file_that_is_no_state_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = str(tmp_path / "mock.zip")
    Path(state).write_bytes(b"PK\x03\x04 not a zip")
    Path(f"{state}.previous").write_bytes(b"")
    assert main(["--port", "0", "--state", state]) == UNUSABLE
    printed = capsys.readouterr().err
    assert printed.startswith(f"mocksms: The state file '{state}' cannot be restored: invalid snapshot: ")
    assert printed.endswith(f"; the version before is {state}.previous.\n")
    assert Path(state).read_bytes() == b"PK\x03\x04 not a zip"
    assert sorted(os.listdir(tmp_path)) == ["mock.zip", "mock.zip.previous"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_before_the_mock_listens_ends_it(monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    """The first process of a container ignores signals without a handler."""
    monkeypatch.setattr("mocksms.connections.listener.bind", lambda _: signal.raise_signal(number))
    with pytest.raises(SystemExit) as left:
        main(["--port", "0"])
    assert left.value.code == 0


def test_port_in_use_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with bind(Settings(port=0)) as listener:
        port = listener.getsockname()[1]
        assert main(["--port", str(port)]) == UNUSABLE
    assert capsys.readouterr() == (
        "",
        f"mocksms: Cannot listen on 127.0.0.1 port {port}: Address already in use; "
        "choose another with --port, or --port 0 for a free one.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "eighty"], "--port is 'eighty', but must be a whole number from 0 to 65535."),
        (["--auth-errors", "observd"], "must be one of documented, observed (did you mean observed?)."),
        (["--strict", "maybe"], "--strict is 'maybe', but must be true or false."),
        (["--port"], "Option --port needs a value, such as --port 8972; see mocksms --help."),
        (["--credit"], "Option --credit needs a value; see mocksms --help."),
        (["ready", "--url"], "Option --url needs a value; see mocksms ready --help."),
        (["ready", "--url", "a", "--timeout"], "Option --timeout needs a value; see mocksms ready --help."),
        (["--prot", "1"], "Unknown option --prot; did you mean --port?"),
        (["--magic-delays=5s"], "Unknown option --magic-delays; did you mean --magic-delay?"),
        (["--zzz"], "Unknown option --zzz; see mocksms --help."),
        (["--versoin"], "Unknown option --versoin; did you mean --version?"),
        (["-p", "1"], "Unknown option -p;"),
        (["serve", "now"], "Unknown argument now;"),
        (["--kosher-pre", "972"], "Unknown option --kosher-pre; did you mean --kosher-prefix?"),
        (["sreve"], "Unknown command 'sreve'; did you mean serve?"),
        (["zzz"], f"Unknown command 'zzz'; the commands are {COMMAND_NAMES}."),
        ([""], f"Unknown command ''; the commands are {COMMAND_NAMES}."),
        (["fidelity", "--zzz"], "Unknown option --zzz; see mocksms fidelity --help."),
        (["numbers", "--jsn"], "Unknown option --jsn; did you mean --json?"),
        (["fidelity", "--port", "x"], "--port is 'x', but must be a whole number from 0 to 65535."),
        (["--host", "a..b"], "Cannot listen on a..b port 8972: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_invalid_command_line_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(arguments) == UNUSABLE == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("mocksms: ")
    assert sentence in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_variable_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setenv("MOCKSMS_PROT", "1")
    assert main([command]) == 2
    assert capsys.readouterr() == (
        "",
        "mocksms: MOCKSMS_PROT is not an environment variable of mocksms; did you mean MOCKSMS_PORT?\n",
    )


@pytest.mark.parametrize("command", ["numbers", "guide"])
def test_foreign_variable_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setenv("MOCKSMS_1_SERVICE_HOST", "10.96.0.11")
    assert main([command]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("MOCKSMS_IMAGE\x1b", "x")
    assert main([command]) == 0
    warning = "mocksms: MOCKSMS_IMAGE\\x1b is not an environment variable of mocksms, and is ignored.\n"
    assert capsys.readouterr().err == warning


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (KeyboardInterrupt(), 130, ""),
        (UnknownScenario("a\x1b", ["b"]), 2, "There is no scenario 'a\\x1b'"),
        (InvalidScenario([ScenarioIssue("a\x1b", 3, "b\x9b", "c\u202e")]), 2, "a\\x1b:3: b\\x9b: c\\u202e\n"),
        (SettingsError("a\x1b"), 2, "a\\x1b\n"),
        (OutputFailed("a\x1b"), 1, "Standard output cannot be written: a\\x1b.\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_error_of_a_command_is_escaped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, text: str
) -> None:
    def fail(_: list[str]) -> int:
        raise error

    monkeypatch.setitem(COMMANDS, "numbers", COMMANDS["numbers"]._replace(run=fail))
    assert main(["numbers"]) == code
    assert capsys.readouterr().err.removeprefix("mocksms: ").startswith(text)


def test_invalid_value_of_a_variable_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MOCKSMS_CREDIT", "much")
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("mocksms: MOCKSMS_CREDIT is 'much', but must be ")


def test_main_reads_the_command_line_by_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["mocksms", "numbers"])
    assert main() == 0
    assert "972-50-0000000" in capsys.readouterr().out


def test_numbers_is_an_aligned_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["numbers"]) == 0
    head, rule, *lines = capsys.readouterr().out.splitlines()
    assert head == "number          name           outcome"
    assert rule.split("  ")[0] == "-" * len("972-50-0000000")
    rows = Catalogue().rows.values()
    assert lines[: len(rows)] == [f"{row.number()}  {row.name:13}  {row.title}" for row in rows]
    assert "parallel tests" in lines[-1]


def test_numbers_follows_prefix_and_delay(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["numbers", "--magic-prefix", "97250001", "--magic-delay=250ms"]) == 0
    assert "972-50-0010100  sent-later     queued, sent after 0.25 s" in capsys.readouterr().out


def test_numbers_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["numbers", "--json"]) == 0
    catalogue = json.loads(capsys.readouterr().out)
    assert catalogue["prefix"] == "97250000"
    assert [row["number"] for row in catalogue["numbers"]] == [row.number() for row in Catalogue().rows.values()]


def test_fidelity_is_an_aligned_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fidelity"]) == 0
    listed, _, legend = capsys.readouterr().out.partition("\n\n")
    head, rule, *lines = listed.splitlines()
    starts = [head.index(title) for title in ("id", "evidence", "what mocksms does")]
    assert len(lines) == len(ledger())
    assert [index for index in range(1, len(rule)) if rule[index - 1 : index + 1] == " -"] == starts[1:]
    for line, entry in zip(lines, ledger(), strict=True):
        cells = [line[start:end].strip() for start, end in zip(starts, [*starts[1:], None], strict=True)]
        flags = (f"[{flag_name(option)}]" for option in entry.settings)
        assert cells == [entry.id, entry.evidence, " ".join((entry.does, *flags))]
        assert line == line.rstrip()
    meanings = [line.split(maxsplit=1) for line in legend.splitlines()[2:]]
    assert meanings == [[evidence, evidence.about] for evidence in Evidence]


def test_fidelity_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fidelity", "--json"]) == 0
    view = json.loads(capsys.readouterr().out)
    assert view == json.loads(fidelity_view().model_dump_json())
    assert [entry["id"] for entry in view["behaviours"]] == [entry.id for entry in ledger()]


@pytest.mark.parametrize("command", [[], ["serve"]], ids=["bare", "serve"])
def test_version_is_printed(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([*command, "--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"mocksms {version('mocksms')}\n"


def help_of(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit) as left:
        main([*command, "--help"])
    assert left.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", [[], ["serve"]], ids=["bare", "serve"])
def test_help_lists_every_option_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    text = help_of(capsys, *command)
    for name, option in OPTIONS.items():
        assert f"\n  {flag_name(name)} " in text
        assert f"[{variable_name(name)}]" in text
        assert option.metadata["about"] in " ".join(text.split())
    assert [f"{group}:" for group in GROUPS.values()] == re.findall(r"^[A-Z][\w ]+:$", text, re.MULTILINE)


def test_help_lists_each_command(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys)
    assert re.findall(r"^  (\w+)  +\w", text, re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("ready", ["host", "port"]),
        ("numbers", ["magic_prefix", "magic_delay"]),
        ("fidelity", []),
        ("scenarios", ["scenario_folder"]),
        ("check", ["scenario_folder"]),
        ("schema", []),
        ("record", ["host", "port", "control_token"]),
        ("demo", ["host", "port", "control_token", "seed"]),
    ],
)
def test_help_of_a_command_lists_its_options(
    capsys: pytest.CaptureFixture[str], command: str, options: list[str]
) -> None:
    listed = re.findall(r"\[MOCKSMS_(\w+)\]", help_of(capsys, command))
    assert [name.lower() for name in listed] == options


@pytest.mark.parametrize("command", ["ready", "record", "demo"])
def test_help_of_a_command_that_calls_a_mock_says_whose_address_it_takes(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    text = " ".join(help_of(capsys, command).split())
    assert "host of the mock (default 127.0.0.1) [MOCKSMS_HOST]" in text
    assert "port of the mock (default 8972) [MOCKSMS_PORT]" in text
    assert ("same messages each time" in text) is (command == "demo")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--strict"], Settings(strict=True)),
        (["--strict", "false"], Settings()),
        (["--gateway=no"], Settings(gateway=False)),
        (["--api-key", "a,b", "--api-key", "c"], Settings(api_key=("a", "b", "c"))),
        (["--port=1", "--port", "2"], Settings(port=2)),
    ],
    ids=["bare flag", "flag with value", "switched off", "lists add up", "last one wins"],
)
def test_flags_reach_the_settings(monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: Settings) -> None:
    assert settings_of(monkeypatch, *arguments) == expected


def test_environment_variables_are_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKSMS_SENDER", "Variable")
    monkeypatch.setenv("MOCKSMS_URL", "http://127.0.0.1:1")
    assert settings_of(monkeypatch) == Settings(sender="Variable")
    assert settings_of(monkeypatch, "--sender", "Flag") == Settings(sender="Flag")


def settings_of(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Settings:
    """Return the settings of a mock that the command starts."""
    used: list[Settings] = []

    def listen(settings: Settings) -> socket.socket:
        used.append(settings)
        return bind(Settings(port=0))

    monkeypatch.setattr("mocksms.connections.listener.bind", listen)
    monkeypatch.setattr("mocksms.server.serve", lambda _, listener, *__: listener.close())
    assert main(arguments) == 0
    (settings,) = used
    return settings


def test_output_escapes_characters_that_its_encoding_lacks() -> None:
    with started(
        "--port", "0", "--api-key", "long-enough", command=["env", "PYTHONIOENCODING=ascii", SCRIPT]
    ) as process:
        assert r"API key    one of long\u2026" in process.read_until("API key")


def test_help_of_an_option_lists_its_choices_and_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "--auth-errors documented|observed" in text
    assert "port to listen on; 0: any free port (default 8972) [MOCKSMS_PORT]" in text


def test_welcome_prints_the_listening_address_and_not_the_public_url(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mocksms.server.Server.run", lambda _, sockets: [listener.close() for listener in sockets])
    assert main(["--port", "0", "--public-url", "http://192.0.2.7"]) == 0
    assert re.search(
        r"^ *Base URL +http://127\.0\.0\.1:[1-9]\d*/rest/v1$", capsys.readouterr().out.strip(), re.MULTILINE
    )


def test_exit_code_of_ready_is_0_if_the_mock_is_ready(capsys: pytest.CaptureFixture[str], own_mock: Mock) -> None:
    assert main(["ready", "--port", str(own_mock.port)]) == 0
    assert capsys.readouterr() == (f"mocksms is ready at {own_mock.url}\n", "")
    with bind(Settings(port=0)) as listener:
        port = listener.getsockname()[1]
    assert main(["ready", "--port", str(port)]) == 1
    refused = f"mocksms: No mock is ready at http://127.0.0.1:{port}: Connection refused; is mocksms running there?\n"
    assert capsys.readouterr() == ("", refused)


def test_ready_uses_the_address_of_the_variables_or_a_url(monkeypatch: pytest.MonkeyPatch, own_mock: Mock) -> None:
    monkeypatch.setenv("MOCKSMS_HOST", "0.0.0.0")
    monkeypatch.setenv("MOCKSMS_PORT", str(own_mock.port))
    assert main(["ready"]) == 0
    monkeypatch.setenv("MOCKSMS_PORT", "1")
    assert main(["ready", "--url", own_mock.url + "/"]) == 0


def test_ready_waits_up_to_its_timeout(capsys: pytest.CaptureFixture[str]) -> None:
    with bind(Settings(port=0)) as listener:
        port = listener.getsockname()[1]
    assert main(["ready", "--wait", "--timeout", "100ms", "--port", str(port)]) == 1
    assert f"No mock is ready at http://127.0.0.1:{port} after 0.1 s: " in capsys.readouterr().err


def test_ready_waits_for_a_mock_that_is_starting() -> None:
    with bind(Settings(port=0)) as listener:
        port = listener.getsockname()[1]
    with (
        started("ready", "--wait", "--port", str(port)) as ready,
        started("--port", str(port)),
    ):
        assert ready.popen.wait(TIMEOUT) == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--timeout", "soon"], "--timeout is 'soon', but must be a duration such as "),
        (["--url", "sms:8972"], "'sms:8972' is not the URL of a mock; expected a URL such as http://127.0.0.1:8972."),
        (["--wiat"], "Unknown option --wiat; did you mean --wait?"),
    ],
)
def test_ready_refuses_invalid_arguments(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(["ready", *arguments]) == UNUSABLE
    assert capsys.readouterr().err.startswith(f"mocksms: {sentence}")


def test_ready_loads_no_framework() -> None:
    code = (
        "import sys; from mocksms.cli.main import main; main(['ready', '--port', '1']); "
        "print(*(name for name in ('starlette', 'uvicorn', 'pydantic', 'asyncio') if name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=TIMEOUT, check=True)
    assert ran.stdout == "\n"


@pytest.mark.usefixtures("covered_processes")
def test_json_log_is_an_object_per_line() -> None:
    with started("--port", "0", "--log-format", "json") as process:
        ready = json.loads(process.read_until('"ready"'))
        content = "Hi \x1b[2J שלום"
        response = requests.post(
            ready["url"] + SEND, json=body(NUMBER, content=content), headers={"X-API-Key": KEY}, timeout=TIMEOUT
        )
        message = json.loads(process.read_until('"message"'))
        assert process.end(signal.SIGTERM)[0] == 0
    assert (message["content"], message["status"]) == (content, "sent")
    assert message["transaction_id"] == response.json()[0]["transaction_id"]
    assert "".join(process.printed).isascii()


def test_json_log_has_an_object_per_problem(tmp_path: Path) -> None:
    scenario = tmp_path / "story.toml"
    scenario.write_text("[[rule]]\noutcome = 'sent'\n", encoding="utf-8")
    with started("--port", "0", "--log-format", "json", "--scenario", str(scenario)) as process:
        process.read_until('"ready"')
        broken = tmp_path / "broken"
        broken.write_text("[[rule]]\noutcome = 'snet'\n", encoding="utf-8")
        broken.replace(scenario)
        assert process.popen.stderr is not None
        problem = json.loads(process.popen.stderr.readline())
    assert (problem["event"], problem["level"]) == ("problem", "error")
    assert "did you mean sent?" in problem["text"]
