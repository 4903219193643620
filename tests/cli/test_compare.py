from __future__ import annotations

import io
import itertools
import json
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import phonenumbers
import pytest

from mocksms.cli.compare import Progress
from mocksms.cli.main import main
from mocksms.compare import probes as probes_module
from mocksms.compare.probes import FREE_PROBES
from mocksms.errors import SettingsError
from mocksms.settings import Settings
from mocksms.sms.numbers import NumberForm, parse
from tests.receiver import listening
from tests.support import TIMEOUT, Mock, free_port, running, send_sms

KEY = "5ec2e7" * 5 + "aa"
PERSON = "972-52-3654321"
SECRET_HEADERS = (("Set-Cookie", "session=secret"), ("WWW-Authenticate", f"key {KEY}"))
KEY_PROBES = tuple(probe for probe in FREE_PROBES if probe.id in ("key.given", "key.missing", "key.wrong"))
FLAGS = ("--error-envelope", "string", "--async-delay", "30s")
"""The options of the service."""


class Forwarded(NamedTuple):
    """A request that a service got."""

    path: str
    headers: str
    body: bytes


@contextmanager
def forwarding(mock: Mock) -> Iterator[tuple[str, list[Forwarded]]]:
    """Run a service that forwards each request to a mock; yield its URL and the requests that it gets.

    Its responses have what no recording may have: a cookie and the key.
    """
    got: list[Forwarded] = []

    class Handler(BaseHTTPRequestHandler):
        timeout = TIMEOUT

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline()
            self.parse_request()
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            got.append(Forwarded(self.path, str(self.headers), body))
            connection = HTTPConnection(mock.host, mock.port, timeout=TIMEOUT)
            headers = {name: value for name, value in self.headers.items() if name != "Connection"}
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            content = response.read()
            connection.close()
            self.send_response_only(response.status)
            for name, value in (*response.getheaders(), *SECRET_HEADERS):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/rest/v1", got
        server.shutdown()
        thread.join(TIMEOUT)


class Ran(NamedTuple):
    """A run of the command."""

    code: int
    out: str
    err: str


def run(*arguments: str) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["compare", *arguments])
    return Ran(code, out.getvalue(), err.getvalue())


class Live(NamedTuple):
    """A whole free run: the command, what the service got, and the folder with the recording."""

    ran: Ran
    url: str
    got: list[Forwarded]
    folder: Path

    @property
    def recording(self) -> str:
        """The text of the recording."""
        (path,) = self.folder.iterdir()
        return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Live:
    """A whole free run against a mock with other settings, whose account has messages of others."""
    folder = tmp_path_factory.mktemp("recordings")
    settings = Settings(port=0, api_key=(KEY,), error_envelope="string", async_delay=timedelta(seconds=40))
    with pytest.MonkeyPatch.context() as patch, running(settings) as mock, forwarding(mock) as (url, got):
        patch.setenv("MOCKSMS_COMPARE_KEY", KEY)
        send_sms(mock.url, "972-50-7654321", key=KEY, content="Dear Dana")
        return Live(run(url, "--pace", "0", "--save", str(folder)), url, got, folder)


@pytest.fixture
def few_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the free probes about keys, for tests of something else."""
    monkeypatch.setattr(probes_module, "FREE_PROBES", KEY_PROBES)
    monkeypatch.setattr("mocksms.compare.comparison.reason_not_tried", lambda _: "left out")
    monkeypatch.setenv("MOCKSMS_COMPARE_KEY", KEY)


def numbers_of(body: bytes) -> list[str]:
    """Return the recipients in a body, whatever its syntax."""
    return re.findall(r"""(?:mobile_number|rcpt)["']?\s*[:=]\s*["']?([^"',}\]]*)""", body.decode("utf-8", "replace"))


def is_possible(number: str) -> bool:
    """Whether a phone can have a number, after mocksms or after libphonenumber; X is no digit."""
    if "x" in number.lower():
        return len(re.sub("[^0-9]", "", number)) >= 9
    try:
        return parse(number, accept_local=True).form is NumberForm.ISRAELI_MOBILE or (
            phonenumbers.is_valid_number(phonenumbers.parse(number if number[:1] == "+" else f"+{number}"))
        )
    except phonenumbers.NumberParseException:
        return False


def test_free_run_contacts_no_number_that_a_phone_can_have(live: Live) -> None:
    assert len(live.got) == len(FREE_PROBES)
    sends = [request for request in live.got if numbers_of(request.body)]
    assert len(sends) > 20
    assert [number for request in sends for number in numbers_of(request.body) if is_possible(number)] == []
    texts = [f"{request.path} {request.body.decode('utf-8', 'replace')}" for request in live.got]
    # A colon separates the parts of a time, such as 05:00:00+02:00, not those of a number.
    assert [text for text in texts if re.search(r"(972|\b0)[^\w:]*5([^\w:]*\d){8}(?!\d)", text)] == []


def test_check_of_numbers_finds_those_that_a_phone_can_have() -> None:
    body = b'{mobile_number: "972-54-1111111"}, {"mobile_number": 12025550123}, {"rcpt":"972-54-XXXXXXX"}'
    assert [is_possible(number) for number in numbers_of(body)] == [True, True, False]


def test_differences_are_explained_by_the_settings_of_the_service(live: Live) -> None:
    assert live.ran.code == 1
    assert live.ran.err == ""
    assert "    flags       --error-envelope=string --async-delay=30s\n" in live.ran.out
    assert "unexplained" not in live.ran.out
    assert live.ran.out.startswith(f"service: {live.url}, ")
    assert f", recorded in {live.folder}" in live.ran.out.splitlines()[0]


def test_key_is_sent_and_neither_printed_nor_recorded(live: Live) -> None:
    assert any(KEY in request.headers for request in live.got)
    assert KEY not in live.ran.out + live.ran.err + live.recording
    assert "secret" not in live.recording


def test_host_and_messages_of_others_are_not_recorded(live: Live) -> None:
    assert live.url.partition("://")[2].partition("/")[0] not in live.recording
    assert "7654321" not in live.recording
    assert "Dear Dana" not in live.recording


def test_recording_is_compared_offline_with_the_options_given(live: Live) -> None:
    ran = run(
        "--recorded", str(live.folder), *FLAGS, "--control-token", "secret", "--webhook", "http://127.0.0.1/secret"
    )
    assert (ran.code, ran.err) == (0, "")
    assert len(ran.out.splitlines()) == 4
    assert ran.out.splitlines()[1].endswith("--error-envelope=string --async-delay=30s")


@pytest.mark.usefixtures("few_probes")
def test_probes_that_a_recording_does_not_have_are_named(live: Live, tmp_path: Path) -> None:
    content = json.loads(live.recording)
    probes = {name: content["probes"][name] for name in ("key.given", "key.wrong")}
    probes["key.wrong"]["request"]["path"] = "/other"
    path = tmp_path / "older.json"
    path.write_text(json.dumps(content | {"probes": probes | {"key.older": probes["key.given"]}}))
    ran = run("--recorded", str(path), *FLAGS)
    assert ran.err == (
        "mocksms: Not compared, because the recording does not have it: key.missing.\n"
        "mocksms: Not compared, because the recording has another request of it: key.wrong.\n"
        "mocksms: Not compared, because this mocksms does not have it: key.older.\n"
    )
    assert ran.code == 0


class Terminal(io.StringIO):
    """Input that a person types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("few_probes")
def test_paid_probes_send_what_is_allowed_and_compare_what_the_phone_shows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MOCKSMS_SENDER", "Other")
    monkeypatch.setattr(sys, "stdin", Terminal("SenderID\n=\n*\n\nShop\n=\n"))
    with running(Settings(port=0, api_key=(KEY,))) as mock:
        paid = ("--send-to", PERSON, "--spend", "2")
        ran = run(mock.url, *paid, "--pace", "0", "--save", str(tmp_path), "--json")
        assert [row["mobile_number"] for row in mock.search(key=KEY)] == [PERSON] * 2
    report = json.loads(ran.out)
    assert list(report) == ["settings", "agree", "differ", "unexplained", "not_tried"]
    sides = {each["id"]: (each["service"], each["mock"]) for each in report["differ"]}
    assert sides == {"body.default-sender": ("SenderID", "Other"), "body.sender": ("Shop", "mocksms")}
    assert report["settings"] == {"sender": "SenderID"}
    assert [each["id"] for each in report["unexplained"]] == ["body.sender"]
    assert "body.unsubscribe-link" in {each["id"] for each in report["agree"]}
    assert 'The content is "mocksms compare mocksms-' in ran.err
    (path,) = tmp_path.iterdir()
    assert ("972-52-1111111" in path.read_text(), "3654321" in path.read_text()) == (True, False)
    assert run("--recorded", str(tmp_path), "--json").out == ran.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--send-to", PERSON], "--send-to NUMBER and --spend N belong together: who gets SMS, and how many at most."),
        (["--spend", "1"], "--send-to NUMBER and --spend N belong together: who gets SMS, and how many at most."),
        (["--send-to", PERSON, "--spend", "0"], "--spend is '0', but must be a whole number from 1 to 100."),
        (["--send-to", PERSON, "--spend", "²"], "--spend is '²', but must be a whole number from 1 to 100."),
        (["--send-to", "972-50-0002100", "--spend", "1"], "--send-to is '972-50-0002100': a magic number of mocksms, "),
        (["--send-to", PERSON, "--spend", "1"], "--send-to needs a terminal, at which you say what the phone shows. "),
        (["--pace", "soon"], "--pace is 'soon', but must be a duration such as "),
        (["--save", "/dev/null"], "--save /dev/null: no recording can be written there: "),
        (["--recorded", "a"], "--recorded compares a recording and calls nothing: leave out URL."),
        (["--apikey", KEY], "Unknown option --apikey; did you mean --api-key?"),
        ([f"--apikey={KEY}"], "Unknown option --apikey; did you mean --api-key?"),
        (["--credit", "much"], "--credit is 'much', but must be "),
    ],
)
@pytest.mark.usefixtures("few_probes")
def test_wrong_use_is_one_sentence(arguments: list[str], sentence: str) -> None:
    code, out, err = run("http://127.0.0.1:1", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"mocksms: {sentence}")
    assert KEY not in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "The URL is missing, such as mocksms compare https://api.inwise.com/rest/v1."),
        (
            ["api.inwise.com"],
            "'api.inwise.com' is not a base URL; expected one such as https://api.inwise.com/rest/v1.",
        ),
        (["--recorded", "none", "--pace", "1"], "--recorded compares a recording and calls nothing: leave out --pace."),
        (["--recorded", "none"], "None cannot be read: No such file or directory."),
    ],
)
@pytest.mark.usefixtures("few_probes")
def test_url_or_recording_is_needed(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == (2, "", f"mocksms: {sentence.replace('None', 'none')}\n")


@pytest.mark.parametrize(
    ("variable", "arguments", "sentence"),
    [
        (None, [], "MOCKSMS_COMPARE_KEY is empty or missing: set MOCKSMS_COMPARE_KEY to an API key of the service."),
        (
            "a\nb",
            [],
            "MOCKSMS_COMPARE_KEY has characters that no API key has: only printable ASCII fits into a header.",
        ),
        (
            KEY,
            ["--api-key", ""],
            "--api-key is empty or missing: set MOCKSMS_COMPARE_KEY to an API key of the service.",
        ),
        (KEY, ["--api-key", "שלום"], "--api-key has characters that no API key has: only printable ASCII "),
    ],
)
def test_key_that_cannot_be_sent_is_refused_and_not_printed(
    variable: str | None, arguments: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable is not None:
        monkeypatch.setenv("MOCKSMS_COMPARE_KEY", variable)
    code, out, err = run("http://127.0.0.1:1", *arguments)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"mocksms: {sentence}")
    assert "שלום" not in err


@pytest.mark.usefixtures("few_probes")
def test_key_on_the_command_line_is_a_warning_and_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKSMS_COMPARE_KEY", "another")
    monkeypatch.setenv("MOCKSMS_API_KEY", "key-of-a-mock")
    with running(Settings(port=0, api_key=(KEY,))) as mock:
        code, _, err = run(mock.url, "--api-key", f" {KEY}\n", "--pace", "0")
    assert code == 0
    assert err == (
        "mocksms: Other users of this machine can see a key on the command line; set MOCKSMS_COMPARE_KEY instead.\n"
    )


def test_variable_of_the_key_is_known_to_all_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MOCKSMS_COMPARE_KEY", KEY)
    assert main(["numbers"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("few_probes")
def test_service_that_is_not_reached_is_no_result() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert run(url, "--pace", "0") == (
        2,
        "",
        f"mocksms: {url} cannot be compared: connection refused: nothing listens at this host and port. "
        "mocksms compare uses no proxy.\n",
    )


@pytest.mark.usefixtures("few_probes")
def test_service_behind_the_page_of_a_proxy_is_no_result() -> None:
    def refuse(connection: socket.socket) -> None:
        assert connection.recv(65536)
        connection.sendall(b"HTTP/1.1 407 No\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n")

    with listening(refuse) as port:
        code, out, err = run(f"http://127.0.0.1:{port}", "--pace", "0")
    assert (code, out) == (2, "")
    assert f"http://127.0.0.1:{port} cannot be compared: HTML page: 407 Proxy Authentication Required, " in err


@pytest.mark.usefixtures("few_probes")
def test_key_that_is_refused_everywhere_is_no_result() -> None:
    with running(Settings(port=0, api_key=("another",))) as mock:
        assert run(mock.url, "--pace", "0") == (
            2,
            "",
            f"mocksms: {mock.url} refuses each request with the API key (401 Unauthorized): "
            "is it the key of an account there?\n",
        )


@pytest.mark.usefixtures("few_probes")
def test_url_without_the_path_of_the_api_is_no_result(own_mock: Mock) -> None:
    assert run(f"{own_mock.url}/v2", "--pace", "0") == (
        2,
        "",
        f"mocksms: {own_mock.url}/v2 responds to each request with 404: "
        "is it the base URL, with its path such as /rest/v1?\n",
    )


@pytest.mark.usefixtures("few_probes")
def test_service_that_stops_responding_gives_a_report_and_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes_module, "FREE_PROBES", [KEY_PROBES[0]._replace(id=f"key.{index}") for index in range(9)])
    responses = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"] * 2

    def stop(connection: socket.socket) -> None:
        assert connection.recv(65536)
        connection.sendall(responses.pop() if responses else b"")

    with listening(stop) as port:
        code, out, err = run(f"http://127.0.0.1:{port}", "--pace", "0", "--save", str(tmp_path))
    assert code == 2
    assert "Without a usable response (3)" in out
    assert err == "mocksms: The service stopped responding, so the result is not complete.\n"
    assert run("--recorded", str(tmp_path))[::2] == (code, err)


@pytest.mark.usefixtures("few_probes")
@pytest.mark.parametrize(
    ("is_page", "problem"),
    [
        (lambda index: index == 8, "The service stopped responding, so the result is not complete."),
        (lambda index: index % 3 != 2, "6 of 9 requests have no usable response, so the result is not complete."),
        (lambda index: index == 7, ""),
    ],
    ids=["the last", "most", "one"],
)
def test_pages_in_place_of_responses_are_no_result(
    is_page: Callable[[int], bool], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    probes = [KEY_PROBES[0]._replace(id=f"key.{index}") for index in (1, 2, 3, 4, 5, 6, 7, 8, 9)]
    monkeypatch.setattr(probes_module, "FREE_PROBES", probes)
    indices = itertools.count()
    page = b"HTTP/1.1 403 No\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"

    def respond(connection: socket.socket) -> None:
        assert connection.recv(65536)
        json_ = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n[]"
        connection.sendall(page if is_page(next(indices)) else json_)

    with listening(respond) as port:
        code, _, err = run(f"http://127.0.0.1:{port}", "--pace", "0", "--json")
    named = "mocksms: No usable response to key.8: HTML page: 403 Forbidden, "
    assert code == (2 if problem else 0)
    assert err.splitlines()[-1].startswith(f"mocksms: {problem}" if problem else named)


@pytest.mark.usefixtures("few_probes")
def test_report_is_printed_if_the_recording_cannot_be_written(
    own_mock: Mock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise SettingsError("PATH cannot be written: disk full.")

    monkeypatch.setattr("mocksms.compare.recording.save", refuse)
    code, out, err = run(own_mock.url, "--pace", "0", "--save", str(tmp_path))
    assert code == 2
    assert out.startswith(f"service: {own_mock.url}, ")
    assert err == "mocksms: PATH cannot be written: disk full.\n"


@pytest.mark.usefixtures("few_probes")
def test_interrupt_ends_without_a_recording(own_mock: Mock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mocksms.testing.client.pause", interrupt)
    assert run(own_mock.url, "--save", str(tmp_path)) == (
        130,
        "",
        "mocksms: Interrupted after 1 of 3 probes; nothing is compared or recorded.\n",
    )
    assert [*tmp_path.iterdir()] == []


@pytest.mark.usefixtures("few_probes")
def test_output_that_cannot_be_written_is_no_result(own_mock: Mock) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

        def fileno(self) -> int:
            raise OSError

    err = io.StringIO()
    with redirect_stdout(Full()), redirect_stderr(err):
        assert main(["compare", own_mock.url, "--pace", "0"]) == 2
    assert err.getvalue() == "mocksms: Standard output cannot be written: No space left on device.\n"


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(sys, "stdin", Terminal("Shop\n"))
    progress = Progress(3, 1.0)
    progress.step()
    assert progress.read_line("Sender: ") == "Shop\n"
    with pytest.raises(EOFError):
        progress.read_line("")
    progress.end()
    lines = [line.strip() for line in shown.getvalue().split("\r")]
    assert [line for line in lines if line] == [
        "0 of 3 probes, at least 3s left",
        "1 of 3 probes, at least 2s left",
        "Sender:",
    ]


def test_help_names_the_variable_of_the_key_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    text: Any = " ".join(capsys.readouterr().out.split())
    assert "MOCKSMS_COMPARE_KEY" in text
    assert "Exit code: 0 nothing differs, 1 something differs, 2 no result." in text
