"""Errors that do not reach the test: those that frameworks log, and those that end threads and tasks."""

from __future__ import annotations

import logging
import sys
import threading
from concurrent.futures import Future

import pytest

from mocksms.testing.audit.collected_errors import collect_errors
from tests.testing.audit.support import AuditedFiles

ROWS: dict[str, str] = {}

FLASK = """
import flask, requests

def create(error):
    app = flask.Flask("shop")

    @app.post("/codes")
    def send():
        raise error

    return app.test_client()
"""
PAGE = "import shop, requests\ndef test_it(): assert shop.create({error}).post('/codes').status_code == 200"


@pytest.mark.parametrize(("error", "kind"), [("KeyError('id')", "crashed"), ("requests.ConnectionError()", "raised")])
def test_error_that_flask_turns_into_a_page_counts(files: AuditedFiles, error: str, kind: str) -> None:
    ending = files.ending(FLASK, PAGE.replace("{error}", error))
    assert (ending.kind, ending.test, ending.where) == (kind, "expectation", "shop.py:9 in send")


LOGGED = """
import logging

def send():
    try:
        {}["id"]
    except KeyError:
        logging.getLogger("shop").exception("no SMS")
    return True
"""


def test_error_that_the_application_logs_is_handled(files: AuditedFiles) -> None:
    assert files.ending(LOGGED, "import shop\ndef test_it(): shop.send()").kind == "passed"


@pytest.mark.parametrize("package", ["structlog", "stamina"])
def test_error_that_a_library_logs_for_the_application_is_handled(files: AuditedFiles, package: str) -> None:
    folder = files.root / "site-packages"
    folder.mkdir()
    (folder / f"{package}.py").write_text("import logging\ndef log(): logging.error('no SMS', exc_info=True)\n")
    shop = LOGGED.replace('logging.getLogger("shop").exception("no SMS")', f"{package}.log()")
    shop = shop.replace("import logging", f"import sys; sys.path.append({str(folder)!r}); import {package}")
    try:
        assert files.ending(shop, "import shop\ndef test_it(): shop.send()").kind == "passed"
    finally:
        sys.path.remove(str(folder))
        del sys.modules[package]


THREAD = """
import threading

def send():
    thread = threading.Thread(target=lambda: {}["id"])
    thread.start()
    thread.join()
"""
TASK = """
import asyncio

async def send():
    task = asyncio.create_task(_send())
    await asyncio.sleep(0)
    await asyncio.sleep(0)

async def _send():
    {}["id"]
"""
GENERATOR = """
class Sender:
    def __del__(self):
        {}["id"]

def send():
    Sender()
"""


@pytest.mark.parametrize(
    ("shop", "where"),
    [(THREAD, "shop.py:5 in <lambda>"), (TASK, "shop.py:10 in _send"), (GENERATOR, "shop.py:4 in __del__")],
)
def test_error_that_ends_a_thread_or_a_task_is_a_crash(files: AuditedFiles, shop: str, where: str) -> None:
    call = "asyncio.run(shop.send())" if "async" in shop else "shop.send()"
    ending = files.ending(shop, f"import shop, asyncio\ndef test_it(): {call}")
    assert (ending.kind, ending.test, ending.error, ending.where) == ("crashed", "passed", "KeyError: 'id'", where)


def test_hooks_are_restored_unless_others_have_replaced_them(files: AuditedFiles) -> None:
    before = logging.getLogRecordFactory(), threading.excepthook, sys.unraisablehook
    with collect_errors(files.code) as collected:
        thread = threading.Thread(target=sys.exit)
        thread.start()
        thread.join()
    assert (logging.getLogRecordFactory(), threading.excepthook, sys.unraisablehook) == before
    with collect_errors(files.code):
        logging.setLogRecordFactory(logging.LogRecord)
    assert logging.getLogRecordFactory() is logging.LogRecord
    assert collected == []


def test_errors_of_the_mock_are_not_collected(files: AuditedFiles) -> None:
    with collect_errors(files.code) as collected:
        thread = threading.Thread(target=_fail_in_a_callback, name="mocksms")
        thread.start()
        thread.join()
        assert collected == []
        _fail_in_a_callback()
    assert [each.source for each in collected] == ["concurrent.futures"]


def _fail_in_a_callback() -> None:
    future = Future[None]()
    future.add_done_callback(lambda _: ROWS["id"])
    future.set_result(None)


def test_errors_of_libraries_alone_are_no_crash(files: AuditedFiles) -> None:
    tests = """
    import asyncio

    async def report():
        asyncio.get_running_loop().call_exception_handler({"message": "lost", "exception": KeyError("id")})

    def test_it(): asyncio.run(report())
    """
    assert files.ending("", tests).kind == "passed"
