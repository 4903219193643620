"""Traces of failed tests: which tests leave one, what it holds, and what it never holds."""

from __future__ import annotations

import logging
import re
from io import BytesIO
from pathlib import Path

import pytest

from mocksms.settings import Settings
from mocksms.state.trace import TraceFile, read_file
from mocksms.state.viewing import view
from mocksms.testing.traces import MAX_NAME_BYTES, file_name
from tests.state.archives import entries_in, rows_in
from tests.support import running
from tests.testing.runs import Runs

RED = """
import base64, json, logging, unittest, urllib.parse, urllib.request
import pytest

log = logging.getLogger("shop")

@pytest.fixture
def shop(mocksms):
    log.warning("shop with %s", mocksms.api_key)
    yield
    log.warning("shop is closed")

@pytest.fixture
def broken(mocksms, send):
    send(content="before the setup failed")
    raise OSError("no database")

@pytest.fixture
def fails_at_the_end(mocksms):
    yield
    raise OSError("no database any more")

def test_wrong_number(mocksms, send, shop):
    send(content="Your code is 481516")
    mocksms.assert_sent(to="972-54-1111112", content="Your code")

def test_wait(mocksms, send):
    send(content="waits")
    mocksms.wait_for(to="972-54-1111112", timeout=0)

def test_setup(broken): ...

def test_teardown(send, fails_at_the_end):
    send(content="teardown")
    assert 0

def test_traffic(send):
    send(content="expected")
    send(content="")

@pytest.mark.xfail(strict=True)
def test_passes(send):
    send(content="strict")

def test_several(mocksms, send):
    send(content="several")
    errors = []
    for to in ("972-54-1111112", "972-54-1111113"):
        try:
            mocksms.assert_sent(to=to)
        except AssertionError as error:
            errors.append(error)
    raise ExceptionGroup("several", errors)

@pytest.mark.parametrize("name", [pytest.param("x", id="שלום/../a:b*" + "x" * 300)])
def test_name(mocksms, send, name):
    send(content="name")
    other = mocksms.account("key-of-another-shop")
    send(content="of another account", key=other.api_key)
    other.webhook(f"http://127.0.0.1:1/{other.api_key}")
    mocksms.account("sent").reply("972-54-1111111", "STOP")  # a key like a status
    assert 0

class TestUnit(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _set_up(self, send):
        self.send = send
    def test_unit(self):
        self.send(content="unit")
        self.fail("no")

@pytest.mark.mocksms(unexpected="ignore")
def test_secrets(mocksms, send, shop):
    key, token = mocksms.api_key, "Bearer of-the-application"
    encoded = base64.b64encode(f"shop:{key}".encode()).decode()
    forms = [key, json.dumps(json.dumps(key)), urllib.parse.quote(key, safe="").replace("-", "%2D"), encoded]
    everything = " ".join(forms)
    headers = {"X-API-Key": key, "Authorization": token, "Cookie": "session=of-the-application"}
    send(content=everything, tags=[key])
    send(content="", sender=everything)
    urllib.request.urlopen(urllib.request.Request(
        f"{mocksms.url}/transactional/sms/search?tag={forms[2]}", headers={**headers, "X-Note": everything}))
    body = b"\\xff" + everything.encode()
    try:
        urllib.request.urlopen(urllib.request.Request(f"{mocksms.url}/{key}?a={encoded}", body, headers))
    except OSError:
        log.exception("%s %s", everything, headers)
    print(everything, headers)
    local = {"key": key, "headers": headers}
    raise RuntimeError(everything + repr(headers))

def test_green(send, shop):
    send()

@pytest.mark.xfail
def test_expected(mocksms):
    assert 0

def test_without_mock():
    assert 0
"""

FAILURES = {
    "test_wrong_number": [("call", "AssertionError")],
    "test_wait": [("call", "AssertionError")],
    "test_setup": [("setup", "OSError")],
    "test_teardown": [("call", "AssertionError"), ("teardown", "OSError")],
    "test_traffic": [("teardown", "Failed")],
    "test_passes": [("call", "Failed")],
    "test_several": [("call", "AssertionError"), ("call", "AssertionError")],
    "test_name": [("call", "AssertionError")],
    "test_unit": [("call", "AssertionError")],
    "test_secrets": [("call", "RuntimeError")],
}
MESSAGES = {
    "test_wrong_number": ["Your code is 481516"],
    "test_setup": ["before the setup failed"],
    "test_traffic": ["expected"],
    "test_name": ["name", "of another account"],
}


SECRETS = [
    r"\d{4}%2D(gw|main)",
    "LW1haW|LWd3",
    r"\d{4}-gw\d",
    r"\d{4}-main",
    "of-the-application",
    "key-of-another-shop",
    "control-token",
]


def traces_in(folder: Path) -> dict[str, bytes]:
    """Return the files of traces by the name of their test, without its class and its parameters."""
    packed = [path.read_bytes() for path in sorted(folder.iterdir())]
    return {re.search(r"::(test_\w+)", read(each).trace.test.nodeid)[1]: each for each in packed}  # type: ignore[index]


def read(packed: bytes) -> TraceFile:
    _, trace = read_file(BytesIO(packed))
    assert trace is not None
    return trace


@pytest.mark.parametrize("is_attached", [False, True], ids=["in process", "attached, with xdist"])
def test_each_red_test_leaves_a_trace(runs: Runs, monkeypatch: pytest.MonkeyPatch, is_attached: bool) -> None:
    monkeypatch.setenv("MOCKSMS_CONTROL_TOKEN", "control-token")
    arguments = ["--mocksms-trace", "red tests", "--showlocals", "--log-level=INFO"]
    with running(Settings(port=0, control_token="control-token")) as mock:
        if is_attached:
            monkeypatch.setenv("MOCKSMS_URL", mock.url)
            arguments.append("-n2")
        printed = runs.run(RED, *arguments, processes=is_attached, failed=9, errors=3, passed=2, xfailed=1)
    found = traces_in(runs.path / "red tests")
    assert {
        name: [(each.when, each.type) for each in read(packed).trace.failures] for name, packed in found.items()
    } == FAILURES
    commands = re.findall(r"^mocksms open '(.*)'$", printed, re.MULTILINE)
    assert {*commands} == {f"red tests/{path.name}" for path in (runs.path / "red tests").iterdir()}
    assert len(commands) == 10
    for name, packed in found.items():
        shown = view(BytesIO(packed), Settings(), name)
        expected = "error" if FAILURES[name][0][0] != "call" else "failed"
        assert {account.test_outcome for account in shown.engine.accounts} == {expected}
        assert re.findall("|".join(SECRETS), b"".join(entries_in(packed).values()).decode()) == []
    for name, contents in MESSAGES.items():
        assert [row["submission"]["content"] for row in rows_in(found[name], "messages.jsonl")] == contents
    check_details(found)


def check_details(found: dict[str, bytes]) -> None:
    trace, report, logs = read(found["test_wrong_number"])
    explanation = trace.failures[0].explanation
    assert explanation is not None
    assert trace.failures[0].text == explanation.text
    assert explanation.closest[0].comparisons[0].expected == "972-54-1111112"
    assert re.fullmatch(r"gw\d|main", trace.test.worker)
    assert trace.accounts == [row["id"] for row in rows_in(found["test_wrong_number"], "accounts.jsonl")]
    assert {"mocksms", "python", "pytest", "platform", "requests"} <= {*trace.versions}
    assert trace.options.keys() <= {"url"}
    assert 0 < trace.test.duration < 60
    texts = [re.sub(r"\d+…", "<key>", line.text) for line in logs if line.logger == "shop"]
    assert texts == ["shop with <key>", "shop is closed"]
    assert "AssertionError: no SMS to 972-54-1111112" in report
    assert "---- Captured log teardown ----\nWARNING  shop:" in report
    assert "---- mocksms ----\nhttp://127.0.0.1:" in report
    assert re.search(r"RuntimeError: 00\d\d… ", read(found["test_secrets"]).report)


COMPARED = """
def test_segments(mocksms, send):
    sent = send(content="Your code is 481516 \u2013 keep it")
    mocksms.assert_segments(mocksms.outbox[0], 2)

def test_callback(mocksms, send):
    mocksms.webhook("http://127.0.0.1:1/hooks")
    send()
    mocksms.assert_callback("click", url="127.0.0.1:1", timeout=0)

def test_callbacks(mocksms, send):
    send()
    mocksms.assert_callback(message=mocksms.outbox[0], timeout=0)

def test_text(mocksms, send):
    send()
    assert mocksms.outbox[0].content == "Your code is 481517"

def test_number(mocksms):
    assert len(mocksms.outbox) == 1, "a message of the test"

def test_list(mocksms):
    assert [1] == [2]

def test_earlier(mocksms):
    try:
        assert 1 == 2
    except AssertionError:
        assert not [1, 2]
"""


def test_trace_has_what_an_error_compares(runs: Runs) -> None:
    runs.run(COMPARED, "--mocksms-trace=traces", failed=7)
    failures = {name: read(packed).trace.failures[0] for name, packed in traces_in(runs.path / "traces").items()}
    compared = {
        name: [(each.field, each.expected, each.actual) for each in failure.comparisons if not each.matches]
        for name, failure in failures.items()
    }
    assert compared == {
        "test_segments": [("segments", "2", "1")],
        "test_callback": [("event", "click", "send"), ("state", "delivered", "pending")],
        "test_callbacks": [("callbacks", "at least 1", "0")],
        "test_text": [("value", "Your code is 481517", "Your code is 481516")],
        "test_number": [("value", "1", "0")],
        "test_list": [],
        "test_earlier": [],
    }
    about_messages = {name for name, failure in failures.items() if failure.message}
    assert about_messages == {"test_segments", "test_callback", "test_callbacks"}


def test_folder_has_the_tests_that_fail_now(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = """
        import pathlib
        def test_fixed(mocksms):
            assert pathlib.Path("fixed").exists()
        def test_red(mocksms):
            assert 0
        """
    runs.ini("mocksms_trace = ./traces")
    (runs.path / "elsewhere").mkdir()
    monkeypatch.chdir(runs.path / "elsewhere")
    printed = runs.run(tests, "..", failed=2)
    folder = runs.path / "traces"
    assert {*traces_in(folder)} == {"test_fixed", "test_red"}
    assert {*re.findall("^mocksms open (.*)$", printed, re.MULTILINE)} == {*map(str, folder.iterdir())}
    Path("fixed").touch()
    runs.run(tests, "..", passed=1, failed=1)
    assert {*traces_in(folder)} == {"test_red"}


def test_trace_that_cannot_be_written_is_one_line(runs: Runs) -> None:
    (runs.path / "file").touch()
    tests = "def test_red(mocksms):\n    assert 0"
    printed = runs.run(tests, "--mocksms-trace=file", failed=1)
    assert re.search(r"\n-+ mocksms trace -+\nno trace: .*/file cannot be written: File exists\n", printed)
    tests = "def test_gone(mocksms, mocksms_server):\n    mocksms_server.stop()\n    assert 0"
    printed = runs.run(tests, "--mocksms-trace=traces", failed=1)
    assert len(re.findall(r"\n-+ mocksms trace -+\nno trace: .*\n", printed)) == 1
    assert not (runs.path / "traces").exists()


def test_teardown_that_fails_after_the_mock_has_stopped_leaves_a_trace(runs: Runs) -> None:
    tests = """
        def test_last(mocksms, send, request):
            request.addfinalizer(lambda: 1 / 0)
            send()
        """
    runs.run(tests, "--mocksms-trace=traces", passed=1, errors=1)
    (packed,) = traces_in(runs.path / "traces").values()
    assert len(rows_in(packed, "messages.jsonl")) == 1


def test_test_without_the_fixture_leaves_none(runs: Runs) -> None:
    runs.run("def test_red(mocksms_server):\n    assert 0", "--mocksms-trace=traces", failed=1)
    assert not (runs.path / "traces").exists()


def test_log_records_are_those_of_the_test(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    tests = """
        import logging, pytest
        root = logging.getLogger()
        @pytest.fixture
        def shop():
            root.warning("start")
            yield
            root.warning("end")
        def test_first(mocksms):
            root.warning("first")
        def test_red(shop, mocksms):
            assert (root.level, logging.getLogger("other").isEnabledFor(logging.INFO)) == (logging.WARNING, False)
            root.warning("%d", "no number")
            root.handlers.clear()
            assert 0
        def test_stops(mocksms):
            pytest.exit("enough")
        """
    runs.run(tests, "--mocksms-trace=traces", "-p", "no:logging")
    (packed,) = traces_in(runs.path / "traces").values()
    first, second, third = (line.text for line in read(packed).logs)
    assert (first, second.partition("(")[0], third) == ("start", "'%d' with the arguments ", "end")
    assert root.handlers == []


def test_each_failed_subtest_is_a_failure(runs: Runs) -> None:
    runs.run(
        """
        def test_red(mocksms, send, subtests):
            for to in ("972-54-1111111", "972-54-1111112"):
                with subtests.test(to):
                    send()
                    mocksms.assert_not_sent(to="972-54-1111111")
        """,
        "--mocksms-trace=traces",
    )
    (packed,) = traces_in(runs.path / "traces").values()
    explanations = [each.explanation for each in read(packed).trace.failures]
    assert [each and each.found.messages for each in explanations] == [1, 2]
    assert len(rows_in(packed, "messages.jsonl")) == 2


def test_option_that_is_empty_or_has_invalid_neighbours_writes_nothing(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOCKSMS_TRACE", "traces")
    runs.run("def test_red(mocksms):\n    assert 0", "--mocksms-trace=", failed=1)
    monkeypatch.setenv("MOCKSMS_CREDITS", "1")
    runs.run("def test_it(): ...", passed=1)
    assert not (runs.path / "traces").exists()


@pytest.mark.parametrize(
    ("nodeid", "name"),
    [
        ("tests/test_signup.py::test_otp", "tests-test_signup-test_otp-"),
        ("tests/con.py::Test::test_a[../b:*?]", "tests-con-Test-test_a-b-"),
        ("test_a.py::test_a[שלום]", "test_a-test_a-"),
        (f"{'folder/' * 30}test_a.py::test_a", "test_a-test_a-"),
        (f"folder/test_a.py::test_a[{'x' * 300}]", "test_a-test_a-x+-"),
    ],
)
def test_name_of_a_trace_is_safe(nodeid: str, name: str) -> None:
    found = file_name(nodeid)
    assert re.fullmatch(rf"{name}[0-9a-f]{{8}}\.mocksms\.zip", found)
    assert len(found) <= MAX_NAME_BYTES
    assert file_name(f"{nodeid}+") != found
