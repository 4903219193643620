"""The audit in runs of pytest, with applications that send through HTTP clients."""

from __future__ import annotations

import json
import shlex
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from tests.support import Mock
from tests.testing.runs import Runs

SHOP = """
import time
from threading import Thread

import requests

NUMBER = "972-54-1111111"
PATH = "/transactional/sms/send"


def body():
    return {"message": {"content": "Your code is 481516", "to": [{"mobile_number": NUMBER}]}}


def post(sms, timeout=5):
    response = requests.post(sms.url + PATH, json=body(), headers={"X-API-Key": sms.api_key}, timeout=timeout)
    response.raise_for_status()
    return response


def resend(sms, times=3, pause=0.06):
    for turn in range(times):
        try:
            return post(sms)
        except requests.RequestException:
            time.sleep(pause)
    raise ConnectionError("no answer")


def report_success(sms):
    post(sms)
    return "sent"


def first_status(sms):
    return post(sms).json()[0]["status"]


def insist(sms):
    while True:
        try:
            return resend(sms, pause=0.2)
        except ConnectionError:
            pass


async def post_async(sms):
    import httpx

    async with httpx.AsyncClient() as client:
        response = await client.post(sms.url + PATH, json=body(), headers={"X-API-Key": sms.api_key})
    response.raise_for_status()
"""

VERDICTS = """
import shop

def test_raises(mocksms):
    shop.post(mocksms)

def test_sends_twice(mocksms):
    shop.resend(mocksms)

def test_crashes(mocksms):
    assert shop.first_status(mocksms)

def test_claims(mocksms):
    assert shop.report_success(mocksms) == "sent"

def test_claims_late(mocksms):
    assert shop.report_success(mocksms) == "sent"
    mocksms.wait_for(status="sent", timeout=0.1)

def test_waits(mocksms):
    shop.Thread(target=shop.post, args=[mocksms]).start()
    mocksms.wait_for(status="sent", timeout=0.1)

def test_hammers(mocksms):
    shop.resend(mocksms, times=10, pause=0)

def test_hangs(mocksms):
    shop.insist(mocksms)

def test_sends_nothing(mocksms): ...

def test_uses_no_mock(): ...
"""

ONLY = "503,response-lost,empty,outage,unsubscribed"
AUDIT = ("--mocksms-audit", f"--mocksms-audit-only={ONLY}", "--mocksms-audit-timeout=1500ms")

FOUND = {
    "test_raises 503": "gave up",
    "test_raises response-lost": "raised",
    "test_sends_twice response-lost": "sent twice",
    "test_sends_twice 503": "survived",
    "test_crashes empty": "crashed",
    "test_claims unsubscribed": "claimed sent",
    "test_claims_late unsubscribed": "claimed sent",
    "test_waits unsubscribed": "survived",
    "test_hammers outage": "hammered",
    "test_hangs outage": "hung",
}
"""Some cells of the tests above, one for each verdict."""


@pytest.fixture(autouse=True)
def _shop(runs: Runs) -> None:
    (runs.path / "shop.py").write_text(SHOP, encoding="utf-8")


def cells_in(path: Path) -> list[dict[str, Any]]:
    """Return the cells in a JSON file."""
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return cells


def named(cell: dict[str, Any]) -> str:
    """Return the names of the test and of the variation."""
    return f"{cell['test'].rpartition('::')[2]} {cell['variation']}"


def test_findings_fail_their_tests(runs: Runs) -> None:
    printed = runs.run(VERDICTS, *AUDIT, "--mocksms-audit-report=out/a.json", "--junitxml=j.xml", passed=10, errors=8)
    assert runs.exit_code == pytest.ExitCode.TESTS_FAILED
    cells = {named(cell): cell for cell in cells_in(runs.path / "out" / "a.json")}
    assert {name: cells[name]["verdicts"][0] for name in FOUND} == FOUND
    assert (len(cells), set(cells["test_raises 503"])) == (
        40,
        {"test", "variation", "verdicts", "allowed", "detail", "replay"},
    )
    assert "    audit of test_raises Gr" in printed
    assert "\n  test_raises      Gr" in printed
    assert "\n1 503  2 response-lost  3 empty  4 outage  5 unsubscribed\n" in printed
    assert (
        "\n  injected   the first send is handled, and its response is empty\n  found      JSONDecodeError: " in printed
    )
    assert "\n8 tests audited in 40 runs, 1 without a message\n" in printed
    assert "ERRORS" not in printed
    suite = ElementTree.parse(runs.path / "j.xml").getroot()
    properties = {
        f"{case.get('name')} {each.get('name')}": each.get("value")
        for case in suite.iter("testcase")
        for each in case.iter("property")
    }
    assert properties["test_crashes mocksms-audit: empty"] == "crashed"
    assert "test_raises mocksms-audit: response-lost" not in properties

    again = runs.run(VERDICTS, *AUDIT[:1], "--mocksms-audit-only=503", "--lf", "-k", "not hammers", passed=7, errors=5)
    assert "test_sends_nothing" not in again
    replay = shlex.split(cells["test_crashes empty"]["replay"])
    assert "JSONDecodeError" in runs.run(VERDICTS, *replay[replay.index("mocksms.testing.plugin") + 1 :], failed=1)
    replay = shlex.split(cells["test_raises response-lost"]["replay"])
    assert replay[-3:] == ["--mocksms-audit", "--mocksms-audit-only", "response-lost"]


def test_allowed_verdicts_are_no_findings(runs: Runs) -> None:
    tests = """
    import pytest
    import shop

    RUNS = []

    @pytest.mark.mocksms(audit={"allow": ["gave up"], "reason": "a queue sends again"})
    def test_allows(mocksms):
        shop.post(mocksms)

    @pytest.mark.mocksms(audit="skip")
    def test_skips(mocksms):
        shop.post(mocksms)

    def test_sends_once(mocksms, sent=[]):
        sent or sent.append(shop.post(mocksms))

    def test_keeps_state(mocksms, failed=[]):
        if not failed:
            try:
                shop.post(mocksms)
            except shop.requests.RequestException:
                failed.append(1)

    @pytest.mark.mocksms(audit={"allow": ["gave up"], "reason": "a breaker opens"})
    def test_gives_up_once(mocksms, failed=[]):
        if not failed:
            try:
                shop.post(mocksms)
            except shop.requests.RequestException as error:
                failed += [error] * (error.response.status_code == 503)

    def test_number_is_invalid(mocksms, monkeypatch):
        monkeypatch.setattr(shop, "NUMBER", "0541111111")
        shop.resend(mocksms)

    def test_passes_once(mocksms):
        RUNS.append(1)
        shop.post(mocksms)
        assert len(RUNS) == 1

    @pytest.mark.mocksms(audit={"timeout": "300ms"})
    def test_is_slower_the_second_time(mocksms):
        shop.post(mocksms)
        shop.time.sleep(len(RUNS) - 2)
        RUNS.append(1)

    @pytest.fixture(scope="module")
    def shared(mocksms_server):
        shop.post(mocksms_server)

    def test_shares(shared): ...

    def test_shares_again(shared): ...

    @pytest.mark.xfail
    def test_xfail(mocksms):
        shop.post(mocksms)
        assert 0

    def test_subtest(mocksms, subtests):
        with subtests.test("x"):
            shop.post(mocksms)
            assert 0
    """
    only = "--mocksms-audit-only=500,503"
    printed = runs.run(tests, "-p", "subtests", *AUDIT[:1], only, "-q", "--deselect=test_none")
    assert "test_allows: gave up with 503 (a queue sends again)" in printed
    assert 'test_skips: audit="skip" of its marker' in printed
    assert "test_passes_once: it does not pass a second time: AssertionError: assert 2 == 1\n" in printed
    assert "test_is_slower_the_second_time: it does not end within 300ms (mocksms_audit_timeout)" in printed
    assert "test_sends_once: it sends nothing a second time: its application keeps" in printed
    assert "test_keeps_state: it sends nothing with 500: its application keeps state" in printed
    assert "test_gives_up_once: gave up with 503 (a breaker opens)" in printed
    assert "test_number_is_invalid: its SMS are invalid/invalid-number without a variation, too" in printed
    assert "test_shares: it sends with mocksms_server.api_key" in printed
    assert "test_shares_again:" not in printed
    assert "\nno findings\n4 tests audited in 8 runs, 5 not audited\n" in printed
    assert "audit of" not in printed


ASYNC_PLUGINS = ("-p", "mocksms.testing.plugin", "-p", "asyncio", "-p", "anyio")
"""For runs in a process of their own: after a connection of anyio in this one, coverage misses the rest of the test."""

FRAMEWORKS = """
import asyncio
import os
import unittest

import pytest
import shop

STARTED = []

@pytest.fixture(scope="module")
def application():
    STARTED.append("application")
    yield STARTED
    STARTED.append("end")

@pytest.fixture(scope="class")
def of_class():
    STARTED.append("class")

@pytest.mark.asyncio
async def test_asyncio(mocksms):
    await shop.post_async(mocksms)

@pytest.mark.anyio
async def test_anyio(mocksms):
    await shop.post_async(mocksms)

class TestCase(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def use(self, mocksms):
        self.sms = mocksms

    def setUp(self):
        self.calls = getattr(self, "calls", 0) + 1

    def test_case(self):
        assert self.calls == 1
        with self.subTest("post"):
            shop.post(self.sms)

class TestClass:
    def test_fixtures(self, mocksms, monkeypatch, capsys, tmp_path, application, of_class, caplog, record_property):
        assert not hasattr(self, "used")
        self.used = True
        monkeypatch.setenv("SMS", os.environ.get("SMS", "") + "x")
        assert os.environ["SMS"] == "x"
        (tmp_path / "folder").mkdir()
        print("hello")
        assert capsys.readouterr().out == "hello\\n"
        assert STARTED == ["application", "class"]
        record_property("runs", 1)
        shop.post(mocksms)

@pytest.mark.parametrize("number", [1, 2])
def test_parameters(mocksms, number, application, recwarn):
    print("printed by the test")
    shop.post(mocksms)

def test_subtests(mocksms, subtests):
    with subtests.test("post"):
        shop.post(mocksms)
    assert STARTED.count("application") == 1
"""


def test_fixtures_and_frameworks_work_in_each_run(
    runs: Runs, shared_mock: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.ini("asyncio_default_fixture_loop_scope = function")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugins = (*ASYNC_PLUGINS, "--mocksms-audit-report=a.json")
    only = (AUDIT[0], "--mocksms-audit-only=503,empty")
    printed = runs.run(FRAMEWORKS, *plugins, *only, "-v", processes=True, passed=8, errors=8)
    assert "printed by the test" not in printed
    assert "TestCase::test_case PASSED" in printed
    cells = {f"{named(cell)} {cell['verdicts']}" for cell in cells_in(runs.path / "a.json")}
    names = {cell.partition(" ")[0] for cell in cells}
    assert names == {
        "test_asyncio",
        "test_anyio[asyncio]",
        "test_anyio[trio]",
        "test_case",
        "test_fixtures",
        "test_parameters[1]",
        "test_parameters[2]",
        "test_subtests",
    }
    assert {cell.partition(" ")[2] for cell in cells} == {"503 ['gave up']", "empty ['survived']"}

    attached = [f"--mocksms-url={shared_mock.url}", "-n2", *only, "--mocksms-audit-report=b.json"]
    attached += ["-p", "xdist", "-p", "mocksms.testing.plugin", "-k", "test_case or Class or parameters", "-v"]
    printed = runs.run(FRAMEWORKS, *attached, processes=True, passed=4, errors=4)
    parallel = {f"{named(cell)} {cell['verdicts']}" for cell in cells_in(runs.path / "b.json")}
    assert parallel == {cell for cell in cells if "anyio" not in cell and "sync" not in cell and "subtests" not in cell}
    assert "::TestClass::test_fixtures G.\n" in printed
    assert "-n2" not in cells_in(runs.path / "b.json")[0]["replay"]
    assert f"--mocksms-url={shared_mock.url} " in cells_in(runs.path / "b.json")[0]["replay"]


HANGING = """
import asyncio
import threading

import anyio
import pytest
import shop

async def hang(sms, wait):
    try:
        await shop.post_async(sms)
    except Exception:
        await wait()

@pytest.mark.asyncio
async def test_tasks(mocksms):
    await asyncio.gather(asyncio.create_task(hang(mocksms, lambda: asyncio.sleep(60))))

@pytest.fixture(scope="module")
async def client(anyio_backend):
    yield

@pytest.mark.anyio
async def test_waits(mocksms, client):
    await hang(mocksms, lambda: anyio.Event().wait())

@pytest.mark.anyio
async def test_later(mocksms, client):
    await shop.post_async(mocksms)

def test_catches_everything(mocksms):
    tries = 0
    while tries < 2:
        try:
            shop.insist(mocksms)
            break
        except BaseException:
            tries += 1
    else:
        threading.Event().wait()
"""


def test_time_limit_ends_any_wait(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.ini("asyncio_default_fixture_loop_scope = function")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    limit = ("--mocksms-audit-only=outage", "--mocksms-audit-timeout=600ms", "--mocksms-audit-report=a.json")
    runs.run(HANGING, *ASYNC_PLUGINS, "--mocksms-audit", *limit, processes=True, passed=6, errors=6)
    cells = {named(cell): cell["verdicts"][0] for cell in cells_in(runs.path / "a.json")}
    waits = ("test_waits[asyncio]", "test_waits[trio]", "test_tasks", "test_catches_everything")
    assert {name for name, verdict in cells.items() if verdict == "hung"} == {f"{name} outage" for name in waits}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--mocksms-audit-only=50x",), "There is no variation '50x'; did you mean 503?"),
        (("--mocksms-variation=shop.toml",), "--mocksms-audit and --mocksms-variation cannot be combined"),
    ],
)
def test_options_that_cannot_be_used_end_the_run(runs: Runs, arguments: tuple[str, ...], text: str) -> None:
    (runs.path / "shop.toml").write_text("rule = []", encoding="utf-8")
    assert text in runs.run("def test_it(): ...", "--mocksms-audit", *arguments)
    assert runs.exit_code == pytest.ExitCode.USAGE_ERROR


def test_replay_is_no_audit_where_the_ini_file_has_one(runs: Runs) -> None:
    (runs.path / "shop.toml").write_text("rule = []", encoding="utf-8")
    runs.ini("mocksms_audit = first")
    assert "mocksms audit" in runs.run("def test_it(): ...", passed=1)
    assert "mocksms audit" not in runs.run("def test_it(): ...", "--mocksms-variation=shop.toml", passed=1)
    assert "mocksms audit" not in runs.run("def test_it(): ...", "--collect-only")
    no_callbacks = runs.run("def test_it(mocksms, send):\n    send()", "--mocksms-audit-only=callback", passed=1)
    assert "0 tests audited in 0 runs" in no_callbacks


UNUSUAL = """
import pytest
import shop

RUNS = []

def test_has_a_finding(mocksms):
    shop.post(mocksms)

@pytest.fixture(scope="module")
def application():
    yield
    open("ended", "w").close()

@pytest.fixture
def failing(application):
    yield
    assert 0

@pytest.fixture
def failing_teardown(mocksms):
    yield
    assert len(RUNS) < 2

def test_fails_at_its_end(mocksms, failing_teardown):
    RUNS.append(1)
    shop.post(mocksms)

SETUPS = []

@pytest.fixture
def failing_setup():
    SETUPS.append(1)
    assert len(SETUPS) < 3

def test_fails_before_it_starts(failing_setup, mocksms):
    shop.post(mocksms)

def test_skips_itself(mocksms):
    RUNS.append(1)
    if len(RUNS) > 3:
        pytest.skip("enough")
    shop.post(mocksms)

def test_breaks_the_client(mocksms, request):
    shop.post(mocksms)
    client = mocksms.client
    if "broken" in RUNS:
        client.__class__ = type("Broken", (type(client),), {"request": None})
    RUNS.append("broken")

def test_fails_the_first_time(mocksms, failing):
    shop.post(mocksms)
"""

TIMEOUTS = """
class Hooks:
    def pytest_timeout_cancel_timer(item): ...

def pytest_addhooks(pluginmanager):
    pluginmanager.add_hookspecs(Hooks)

def pytest_timeout_cancel_timer(item):
    item.warn(UserWarning(f"cancelled the timeout of {item.name}"))
"""


def test_test_that_cannot_run_again_is_not_audited(runs: Runs) -> None:
    (runs.path / ".mocksms-audit").write_text("no folder", encoding="utf-8")
    with (runs.path / "conftest.py").open("a", encoding="utf-8") as file:
        file.write(TIMEOUTS)
    only = ("--mocksms-audit", "--mocksms-audit-only=503", "--mocksms-audit-report=shop.py/a.json")
    printed = runs.run(UNUSUAL, *only, passed=6, errors=2)
    assert "test_fails_at_its_end: it does not pass a second time: AssertionError: " in printed
    assert "test_skips_itself: it does not pass a second time: Skipped: enough\n" in printed
    assert "test_breaks_the_client: a run cannot be judged: " in printed
    assert "test_fails_before_it_starts: a run cannot be judged: AssertionError: " in printed
    assert "test_fails_the_first_time:" not in printed
    assert (runs.path / "ended").exists()
    assert "cancelled the timeout of test_has_a_finding" in printed
    assert "incomplete: a scenario file is not written: FileExistsError: " in printed
    assert "incomplete: the JSON file is not written: FileExistsError: " in printed


def test_other_items_than_functions_are_not_audited(runs: Runs) -> None:
    (runs.path / "guide.txt").write_text(
        ">>> import shop\n>>> shop.post(getfixture('mocksms')).status_code\n200\n", encoding="utf-8"
    )
    printed = runs.run("", "--mocksms-audit", "--doctest-glob=*.txt", "-q", passed=1)
    assert "guide.txt::guide.txt: it is not a test function" in printed


def test_test_can_end_the_run(runs: Runs) -> None:
    tests = """
    import pytest
    import shop

    RUNS = []

    def test_ends(mocksms):
        RUNS.append(1)
        shop.post(mocksms)
        if len(RUNS) > 2:
            pytest.exit("enough")
    """
    printed = runs.run(tests, "--mocksms-audit", "--mocksms-audit-only=empty", "-p", "no:logging", "-p", "no:capture")
    assert runs.exit_code == pytest.ExitCode.INTERRUPTED, printed


def test_audit_stops_with_the_first_finding_where_the_run_does(runs: Runs) -> None:
    tests = """
    import shop

    def test_first(mocksms):
        shop.post(mocksms)

    def test_second(mocksms):
        shop.post(mocksms)
    """
    printed = runs.run(tests, "--mocksms-audit", "--mocksms-audit-only=503", "-x", passed=1, errors=1)
    assert "1 test audited in 1 run\n" in printed


RERUNS = """
def pytest_runtest_protocol(item, nextitem):
    from _pytest.runner import runtestprotocol

    for _ in range(2):
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        runtestprotocol(item, nextitem=nextitem)
    return True
"""


def test_test_that_another_plugin_runs_again_is_audited_once(runs: Runs) -> None:
    with (runs.path / "conftest.py").open("a", encoding="utf-8") as file:
        file.write(RERUNS)
    tests = """
    import shop

    def test_it(mocksms):
        shop.post(mocksms)

    def test_last(): ...
    """
    printed = runs.run(tests, "--mocksms-audit", "--mocksms-audit-only=503", passed=4, errors=2)
    assert printed.count("audit of test_it") == 1
    assert "\n1 test audited in 1 run\n" in printed
