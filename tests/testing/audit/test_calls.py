"""Calls of a test to its application, and what they return to it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import Future
from typing import Any

import pytest

from mocksms import MockSMS
from mocksms.testing.audit.calls import ApplicationCall, CallWatch, watch_calls
from tests.testing.audit.support import AuditedFiles

SHOP = """
import asyncio
from dataclasses import dataclass, field

def send(phone, *more, **options): return helper()
def helper(): return False
def fail(phone):
    try:
        {}["id"]
    except KeyError:
        raise ValueError
def recover():
    try:
        {}["id"]
    except KeyError:
        return True
def find(phone):
    try:
        return {"972": "id"}[phone]
    except KeyError:
        return None
def delegate(phone): return print(end="")
async def later(phone):
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return True
async def fail_later(phone): raise KeyError
def names(): yield "a"
def statuses(*values): yield from values
class Session:
    def __enter__(self): return self
    def __exit__(self, *_): return False

@dataclass
class Order:
    phone: str
    def confirm(self): pass

@dataclass
class Outbox:
    rows: list = field(default_factory=list)
    def flush(self): pass
"""


def watched(files: AuditedFiles, tests: str, *arguments: Any) -> list[ApplicationCall]:
    function = files.write(SHOP, f"import asyncio, pytest, shop\n{tests}")
    with watch_calls(files.code) as calls:
        function(*arguments)
    return calls


def test_call_of_the_test_has_its_result(files: AuditedFiles) -> None:
    calls = watched(files, "def test_it():\n    shop.send(1)\n    shop.recover()\n    [*shop.names()]")
    assert [(each.function, each.claim) for each in calls[:2]] == [("send", "failure"), ("recover", "success")]
    assert calls[0].started <= calls[0].ended <= calls[1].started


def test_call_that_raises_claims_failure(files: AuditedFiles) -> None:
    [call] = watched(files, "def test_it():\n    try: shop.fail('972')\n    except ValueError: pass")
    assert (call.function, call.claim) == ("fail", "failure")


def test_none_claims_failure_where_other_ends_have_a_result(files: AuditedFiles) -> None:
    calls = watched(files, "def test_it():\n    shop.find('972')\n    shop.find('973')\n    shop.delegate('972')")
    assert [str(each.claim) for each in calls] == ["success", "failure", "nothing"]


def test_start_of_a_thread_cannot_know_what_it_sends(files: AuditedFiles) -> None:
    calls = watched(files, "from threading import Thread\ndef test_it():\n    Thread(target=shop.names).start()")
    assert not any(each.has_waited for each in calls if each.function in ("Thread.__init__", "Thread.start"))


def test_awaited_call_ends_with_its_result(files: AuditedFiles) -> None:
    function = files.write(SHOP, "import shop\nasync def test_it(): await shop.later('0541111111')\n")
    with watch_calls(files.code) as calls:
        asyncio.run(function())  # type: ignore[arg-type]
    [call] = calls
    assert (call.function, str(call.claim), {*call.numbers}) == ("later", "success", {"41111111"})


@pytest.mark.parametrize(
    ("body", "claims"),
    [
        ("assert all(await asyncio.gather(shop.later(1), shop.later(2)))", ["success"]),
        ("await asyncio.gather(shop.later(1), shop.fail_later(2), return_exceptions=True)", ["failure"]),
        ("await asyncio.create_task(shop.later(1))", ["success"]),
        ("asyncio.create_task(shop.later(1)).cancel()", []),
        ("assert await asyncio.to_thread(shop.recover)", ["success"]),
        ("with ThreadPoolExecutor() as pool: pool.submit(shop.send, 1).result()", ["failure", "failure"]),
        ("with ThreadPoolExecutor() as pool: list(pool.map(shop.send, '12'))", ["success", "failure"]),
        ("list(shop.statuses(True, False))", ["failure"]),
        ("list(shop.statuses())", ["nothing"]),
        ("next(shop.statuses(True, True))", ["success"]),
        ("with shop.Session(): pass", ["success", "nothing"]),
    ],
)
def test_results_that_come_later_count(files: AuditedFiles, body: str, claims: list[str]) -> None:
    tests = (
        f"import asyncio, shop\nfrom concurrent.futures import ThreadPoolExecutor\nasync def test_it():\n    {body}\n"
    )
    function = files.write(SHOP, tests)
    with watch_calls(files.code) as calls:
        asyncio.run(function())  # type: ignore[arg-type]
    found = [str(each.claim) for each in calls if "Executor.__" not in each.function]
    assert found == claims


@pytest.mark.parametrize(
    ("call", "has_number"),
    [
        ("shop.send('972-54-1111111')", True),
        ('shop.send(1, \'{"phone": "+972541111111"}\')', True),
        ("shop.send(1, data=b'to=0541111111')", True),
        ("shop.send(1, json={'to': [{'phone': '054-1111111'}]})", True),
        ("shop.Order('972-54-1111111').confirm()", True),
        ("shop.Outbox(['972-54-1111111']).flush()", False),
        ("shop.send(1)", False),
    ],
)
def test_call_has_the_numbers_among_its_arguments(files: AuditedFiles, call: str, has_number: bool) -> None:
    calls = watched(files, f"def test_it(): {call}")
    assert calls[-1].numbers == ({"41111111"} if has_number else set())


@pytest.mark.parametrize(
    ("call", "has_waited"),
    [
        ("shop.post()", True),
        ("shop.run()", True),
        ("shop.join()", True),
        ("shop.start()", False),
        ("subprocess.list2cmdline([])", True),
    ],
)
def test_call_knows_what_is_sent_meanwhile_if_it_waits(files: AuditedFiles, call: str, has_waited: bool) -> None:
    shop = """
    import subprocess, threading, requests

    def post(): requests.Request("GET", "http://shop.example").prepare()
    def run(): subprocess.list2cmdline([])
    def start(): threading.Thread(target=int).start()
    def join():
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
    """
    function = files.write(shop, f"import subprocess, sys, shop\ndef test_it(): {call}")
    with watch_calls(files.code) as calls:
        function()
    name = call.partition(".")[2].partition("(")[0]  # the garbage collector can call others
    assert [each.has_waited for each in calls if each.function == name] == [has_waited]


def test_code_of_the_test_and_of_mocksms_is_no_call(files: AuditedFiles, sms: MockSMS) -> None:
    tests = "def helper(): return [shop.send(each) for each in '12']\ndef test_it(sms):\n    helper()\n    sms.number()"
    assert [each.function for each in watched(files, tests, sms)] == ["send", "send"]


def test_debugger_keeps_its_trace_function(files: AuditedFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "gettrace", lambda: print)
    monkeypatch.setattr(sys, "settrace", lambda _: pytest.fail("the trace function is replaced"))
    assert watched(files, "def test_it(): shop.send(1)") == []


def test_trace_function_is_restored(files: AuditedFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.gettrace()
    functions: list[Any] = []
    monkeypatch.setattr(sys, "settrace", functions.append)
    with pytest.raises(KeyError), watch_calls(files.code):
        raise KeyError
    assert (len(functions), functions[1]) == (2, before)


UNDER_COVERAGE = """
import sys
from pathlib import Path
from coverage import Coverage
from mocksms.testing.audit.calls import watch_calls
from mocksms.testing.audit.code_filter import CodeFilter

measured = Coverage(data_file=None, config_file=False, include=["*shop.py"], branch=True)
measured.start()
import shop, test_shop
test_shop.run(watch_calls(CodeFilter(Path("test_shop.py").resolve(), "test_it", Path.cwd())))
measured.stop()
for module in (shop, test_shop):
    print(measured.analysis(module)[2])
"""

RUN = """
import shop
def test_it(): shop.send(1)
def run(watch):
    with watch as calls:
        test_it()
    before = 1
    if before:
        print([each.function for each in calls])
"""


def test_coverage_measures_in_the_block_and_after_it(files: AuditedFiles) -> None:
    for name, source in {"shop": "def send(phone):\n    return phone\n", "test_shop": RUN}.items():
        (files.root / f"{name}.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "-c", UNDER_COVERAGE],
        cwd=files.root,
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},  # measured here only
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.splitlines(), done.stderr) == (["['send']", "[]", "[]"], "")


WATCHED = """
import asyncio
import sys

def send(watch, has_failed):
    frame = sys._getframe()
    watch.on_call(frame, "call", None)
    if has_failed:
        watch.on_event(frame, "return", None)
    return frame

async def later(watch):
    watch.on_call(sys._getframe(), "call", None)
    await asyncio.sleep(0)

def steps(watch):
    for _ in "12":
        watch.on_call(sys._getframe(), "call", None)
        yield
"""


def test_only_the_end_of_a_call_counts(files: AuditedFiles) -> None:
    """The same without a trace function, under which the coverage is not measured."""
    watch = CallWatch(files.code)
    tests = """
    import shop
    def helper(watch): return shop.send(watch, False)
    def test_it(watch):
        generator = shop.steps(watch)
        next(generator), next(generator)
        return shop.send(watch, True), helper(watch), generator
    """
    function: Any = files.write(WATCHED, tests)
    raised, returned, generator = function(watch)
    watch.on_event(returned, "exception", None)
    for sent in (True, False):
        watch.on_event(generator.gi_frame, "return", sent)
    watch.on_event(returned, "return", True)
    watch.on_event(raised, "return", True)
    assert [(each.function, each.claim) for each in watch.calls] == [("send", "failure"), ("send", "success")]


def test_coverage_gets_the_events_of_a_watched_call(files: AuditedFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same without a trace function, under which the coverage is not measured."""
    seen: list[str] = []
    functions: list[object] = []
    monkeypatch.setattr(sys, "settrace", functions.append)
    watch = CallWatch(files.code, lambda _frame, event, _value: seen.append(event))
    shop = """
    import sys
    def send(watch):
        on_event = watch.on_call(sys._getframe(), "call", None)
        return on_event(sys._getframe(), "line", None)(sys._getframe(), "return", True)
    def helper(watch): return watch.on_call(sys._getframe(), "call", None)
    def call(watch): return helper(watch)
    """
    function = files.write(shop, "import shop\ndef test_it(watch): return shop.send(watch), shop.call(watch)")
    function(watch)
    assert seen == ["call", "line", "return", "call"]
    assert [each.function for each in watch.calls] == ["send"]
    assert functions == [watch.on_call, watch.on_call]


def test_call_that_starts_a_thread_is_no_wait(files: AuditedFiles) -> None:
    """The same without a trace function, under which the coverage is not measured."""
    names: dict[str, Any] = {"__name__": "threading", "sys": sys}
    source = "def start(watch):\n    watch.on_call(sys._getframe(), 'call', None)\n    return sys._getframe()"
    exec(compile(source, threading.__file__, "exec"), names)
    watch = CallWatch(files.code)
    function: Any = files.write("", "def test_it(start, watch): return start(watch)")
    watch.on_event(function(names["start"], watch), "return", True)
    assert [each.has_waited for each in watch.calls] == [False]


def test_results_that_come_later_are_noted_at_the_end(files: AuditedFiles) -> None:
    """The same without a trace function, under which the coverage is not measured."""
    watch = CallWatch(files.code)
    tests = """
    import shop
    def test_it(watch):
        generators = [shop.steps(watch), shop.steps(watch), shop.steps(watch)]
        return [next(each) for each in generators], generators, [shop.send(watch, False) for _ in range(3)]
    """
    function: Any = files.write(WATCHED, tests)
    _, (used_up, partly, unused), frames = function(watch)
    for generator in (used_up, partly):
        watch.on_event(generator.gi_frame, "return", True)
    [used_up_frame] = [used_up.gi_frame]
    list(used_up)
    watch.on_event(used_up_frame, "return", None)
    done, failed, cancelled = Future[bool](), Future[bool](), Future[bool]()
    done.set_result(True)
    failed.set_exception(TimeoutError())
    cancelled.cancel()
    for frame, future in zip(frames, (done, failed, cancelled), strict=True):
        watch.on_event(frame, "return", future)
    assert [(each.function, each.claim) for each in watch.calls] == [("steps", "success")]
    watch.finish()
    assert [(each.function, each.claim) for each in watch.calls[1:]] == [
        ("send", "success"),
        ("send", "failure"),
        ("steps", "success"),
    ]
    assert unused.gi_frame is not None


def test_coroutine_that_waits_has_not_ended(files: AuditedFiles) -> None:
    """The same without a trace function, under which the coverage is not measured."""
    watch = CallWatch(files.code)
    tests = """
    import shop
    def test_it(watch):
        coroutine = shop.later(watch)
        coroutine.send(None)
        return coroutine
    """
    function: Any = files.write(WATCHED, tests)
    coroutine = function(watch)
    watch.on_event(coroutine.cr_frame, "return", None)
    coroutine.close()
    watch.finish()
    assert watch.calls == []


def test_http_client_in_this_thread_is_a_wait(files: AuditedFiles) -> None:
    watch = CallWatch(files.code)
    names: dict[str, Any] = {"__name__": "requests", "sys": sys}
    exec("def get(): return sys._getframe()", names)
    assert watch.on_call(names["get"](), "call", None) is None
    function: Any = files.write(WATCHED, "import shop\ndef test_it(watch): return shop.send(watch, False)")
    watch.on_event(function(watch), "return", True)
    assert [each.has_waited for each in watch.calls] == [False]


@pytest.mark.parametrize(
    "call",
    ["(lambda: shop.note(watch))()", "(lambda: watch.on_call(sys._getframe(), 'call', None))()", "shop.outer(watch)"],
)
def test_calls_of_the_application_and_within_the_test_are_ignored(files: AuditedFiles, call: str) -> None:
    """The same without a trace function, under which the coverage is not measured."""
    watch = CallWatch(files.code)
    shop = """
    import sys
    def note(watch): return watch.on_call(sys._getframe(), "call", None)
    def outer(watch): return note(watch)
    """
    tests = f"""
    import sys, shop
    def test_it(watch): return {call}
    """
    noted = files.write(shop, tests)(watch)
    assert (noted is not None) is ("lambda: shop" in call)
    assert watch.on_call(sys._getframe(), "call", None) is None
