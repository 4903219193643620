"""Endings: whose error ended a test, and of which kind it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from mocksms import MockSMS
from mocksms.testing.audit.calls import WatchedRun
from mocksms.testing.audit.code_filter import CodeFilter
from mocksms.testing.audit.collected_errors import CollectedError
from mocksms.testing.audit.endings import ApplicationError, ending_of
from mocksms.testing.audit.options import AuditOptions
from mocksms.testing.audit.time_limit import limit_reached
from tests.testing.audit.support import NOTHING, AuditedFiles

CALL = "from shop import send\ndef test_it():\n    assert send() is True\n"


@pytest.mark.parametrize(
    ("shop", "kind"),
    [
        ("def send(): return True", "passed"),
        ("def send(): return False", "expectation"),
        ("def send(): return {}['id']", "crashed"),
        ("def send(): assert False", "crashed"),
        ("import json\ndef send(): json.loads('<html>')", "crashed"),
        ("import requests\ndef send(): r = requests.Response(); r._content = b'<'; r.json()", "crashed"),
        ("def send(): b'\\xff'.decode()", "crashed"),
        ("def send(): open('/nothing/here')", "crashed"),
        ("class SmsError(KeyError): ...\ndef send(): raise SmsError('id')", "raised"),
        ("import requests\ndef send(): raise requests.ReadTimeout('read')", "raised"),
        ("import httpx\ndef send(): raise httpx.ReadTimeout('read')", "raised"),
        ("import aiohttp\ndef send(): raise aiohttp.ServerDisconnectedError", "raised"),
        ("import urllib.error\ndef send(): raise urllib.error.URLError('down')", "raised"),
        ("import http.client\ndef send(): raise http.client.IncompleteRead(b'')", "raised"),
        ("import tenacity\ndef send(): raise tenacity.RetryError(None)", "raised"),
        ("from fastapi import HTTPException\ndef send(): raise HTTPException(502)", "raised"),
        ("def send(): raise TimeoutError", "raised"),
        ("def send(): raise SystemExit(1)", "raised"),
        ("def send(): raise ExceptionGroup('tasks', [TimeoutError(), KeyError('id')])", "crashed"),
    ],
)
def test_error_out_of_the_application_is_known_or_a_crash(files: AuditedFiles, shop: str, kind: str) -> None:
    assert files.ending(shop, CALL).kind == kind


def test_error_has_its_text_and_its_place_in_the_application(files: AuditedFiles) -> None:
    shop = "def send():\n    return _read({})\ndef _read(row):\n    return row['id']\n"
    ending = files.ending(shop, CALL)
    assert (ending.error, ending.where) == ("KeyError: 'id'", "shop.py:4 in _read")
    assert ending.test == "crashed"


def test_class_that_the_options_name_is_known(files: AuditedFiles) -> None:
    shop = "def send(): return {}['id']"
    for name in ("KeyError", "builtins.KeyError", "LookupError"):
        assert files.ending(shop, CALL, options=AuditOptions(raises=(name,))).kind == "raised"


@pytest.mark.parametrize(
    ("tests", "kind"),
    [
        ("def test_it():\n    shop.ROWS['id']", "expectation"),
        ("def test_it():\n    import json; json.loads('<html>')", "expectation"),
        ("import pytest\ndef test_it():\n    pytest.fail('no')", "expectation"),
        ("def check(): assert False\ndef test_it(): check()", "expectation"),
        ("def read(): return shop.ROWS['id']\ndef test_it(): read()", "expectation"),
        ("def test_it(): (lambda: shop.ROWS['id'])()", "expectation"),
        ("def test_it():\n    def view(): return shop.ROWS['id']\n    view()", "expectation"),
        ("import unittest\ndef test_it(): unittest.TestCase().assertEqual(1, 2)", "expectation"),
    ],
)
def test_error_of_the_test_itself_is_an_expectation(files: AuditedFiles, tests: str, kind: str) -> None:
    assert files.ending("ROWS = {}", f"import shop\n{tests}\n").kind == kind


@pytest.mark.parametrize(
    ("send", "kind"),
    [("return {}['id']", "crashed"), ("raise SmsError", "raised"), ("assert False", "expectation")],
)
def test_application_can_be_in_the_file_of_the_test(files: AuditedFiles, send: str, kind: str) -> None:
    tests = f"class SmsError(Exception): ...\ndef send(): {send}\ndef test_it(): send()\n"
    assert files.ending("", tests).kind == kind


def test_application_can_be_in_the_test_itself(files: AuditedFiles) -> None:
    tests = "def test_it():\n    def view(): return {}['id']\n    (lambda: view())()\n"
    assert files.ending("", tests).kind == "crashed"


def test_fixtures_and_methods_of_the_test_class_are_the_test(files: AuditedFiles) -> None:
    tests = """
    import pytest

    @pytest.fixture
    def order(): return {}["id"]

    class TestShop:
        def send(self): return {}["id"]
        def setUp(self): return {}["id"]

    def test_it(call): call()
    """
    files.write("", tests)
    import test_shop  # type: ignore[import-not-found]

    code = files.code._replace(function="TestShop.test_it")
    fixture = getattr(test_shop.order, "__wrapped__", None) or test_shop.order._get_wrapped_function()
    for call in (test_shop.TestShop().send, test_shop.TestShop().setUp, fixture):
        with pytest.raises(KeyError) as raised:
            call()
        assert ending_of(raised.value, code, NOTHING, AuditOptions()).kind == "expectation"


HELPERS = "{imports}def place(client):\n    {body}\n"


@pytest.mark.parametrize(
    ("imports", "body", "kind"),
    [
        ("import shop\n", "return client['id']", "expectation"),
        ("", "assert client", "expectation"),
        ("", "return client['id']", "crashed"),
    ],
)
def test_helpers_in_a_folder_of_tests_are_the_test(
    files: AuditedFiles, monkeypatch: pytest.MonkeyPatch, imports: str, body: str, kind: str
) -> None:
    folder = files.root / "tests"
    folder.mkdir()
    (folder / "helpers.py").write_text(HELPERS.format(imports=imports, body=body))
    monkeypatch.syspath_prepend(folder)
    assert files.ending("", "import helpers\ndef test_it(): helpers.place({})").kind == kind


def test_installed_copy_of_a_package_in_the_root_folder_is_the_application(files: AuditedFiles) -> None:
    site = files.root / "venv" / "site-packages"
    site.mkdir(parents=True)
    (files.root / "src" / "copied").mkdir(parents=True)
    assert files.code.owner_of_file(str(site / "copied" / "sms.py")) == "application"
    assert files.code.owner_of_file(str(site / "other" / "sms.py")) == "library"


HANDLE = "import shop\ndef test_it(mocksms):\n    shop.send()\n    "


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("mocksms.assert_sent(to='972-54-1111111')", "mock"),
        ("assert mocksms.wait_for(timeout=0)", "waiting"),
        ("assert len(mocksms.outbox) == 1", "mock"),
        ("mocksms.outbox[0]", "mock"),
        ("message = mocksms.outbox\n    assert message[0].code", "expectation"),
        ("assert shop.send(mocksms.base_url)", "expectation"),
        ("import re\n    assert re.search('code', mocksms.outbox[0].text)", "mock"),
        ("call = mocksms.sms = shop.send\n    assert call() == mocksms.outbox", "expectation"),
        ("assert (lambda: None)() == mocksms.outbox", "expectation"),
        ("for each in mocksms.outbox[0]: pass", "expectation"),
        ("assert mocksms.outbox == shop.ROW[0].x", "mock"),
        ("shop.sms = mocksms\n    assert shop.sms.outbox", "mock"),
        ("assert shop.ROW[0].outbox", "expectation"),
        ("assert shop.send() == mocksms.outbox", "expectation"),
        ("assert mocksms.number() == shop.ROW", "expectation"),
        ("self = mocksms\n    assert [each.code for each in self.outbox] == ['1']", "mock"),
    ],
)
def test_assertion_about_what_the_mock_received_is_one_of_the_mock(
    files: AuditedFiles, sms: MockSMS, statement: str, kind: str
) -> None:
    assert files.ending("ROW = 1\ndef send(*_): return None\n", HANDLE + statement, sms).kind == kind


def test_helper_of_other_files_can_assert_too(files: AuditedFiles, sms: MockSMS) -> None:
    helpers = "def check(mocksms): mocksms.assert_sent()\n"
    assert files.ending("", "import helpers\ndef test_it(sms): helpers.check(sms)", sms, helpers=helpers).kind == "mock"


def test_async_forms_are_those_of_their_methods(files: AuditedFiles, sms: MockSMS) -> None:
    tests = "import shop, asyncio\nasync def test_it(sms): await sms.aio.wait_for(timeout=0)"
    function = files.write("", tests)
    with pytest.raises(AssertionError) as raised:
        asyncio.run(function(sms))  # type: ignore[arg-type]
    assert ending_of(raised.value, files.code, NOTHING, AuditOptions()).kind == "waiting"


def test_filter_of_a_test_knows_its_class(request: pytest.FixtureRequest) -> None:
    code = CodeFilter.of(request.node)
    assert (code.file, code.root) == (Path(__file__), request.config.rootpath)
    assert code.function == "test_filter_of_a_test_knows_its_class"


NO_CODE = CodeFilter(Path("/nothing/test_shop.py"), "test_it", Path("/nothing"))


def test_time_limit_ends_a_run_whatever_it_raises() -> None:
    options = AuditOptions()
    assert ending_of(None, NO_CODE, NOTHING, options, seconds=10).kind == "hung"
    assert ending_of(KeyboardInterrupt(), NO_CODE, NOTHING, options, seconds=1, timed_out=True).kind == "hung"
    assert ending_of(None, NO_CODE, NOTHING, options, seconds=9.9).kind == "passed"
    assert ending_of(AssertionError("late"), NO_CODE, NOTHING, options, seconds=11).kind == "expectation"


@pytest.mark.parametrize(
    ("statement", "kind", "message"),
    [
        ("shop.send()", "hung", "shop.py:1 in send"),
        ("mocksms._await = int\n    mocksms.wait_for()", "waiting", "the time limit ended a wait of the test"),
        ("raise KeyboardInterrupt", "hung", ""),
    ],
)
def test_test_that_waits_for_its_application_does_not_hang(
    files: AuditedFiles, sms: MockSMS, statement: str, kind: str, message: str
) -> None:
    function = files.write(
        "def send(): raise KeyboardInterrupt", f"import shop\ndef test_it(mocksms):\n    {statement}"
    )
    with pytest.raises(pytest.fail.Exception) as raised:
        _run_to_the_limit(function, sms)
    ending = ending_of(raised.value, files.code, NOTHING, AuditOptions(), timed_out=True)
    assert (ending.kind, ending.message) == (kind, message)


def _run_to_the_limit(function: Callable[..., object], sms: MockSMS) -> None:
    try:
        function(sms)
    except BaseException:
        raise limit_reached() from None


def test_error_that_the_application_raises_without_a_variation_is_left_out(files: AuditedFiles) -> None:
    error = ApplicationError("KeyError: 'id'", "shop.py:1 in send", is_known=False)
    shop = "def send(): return {}['id']"
    function = files.write(shop, CALL)
    with pytest.raises(KeyError) as raised:
        function()
    watched = WatchedRun([CollectedError(raised.value, "thread")], [])
    for usual, kind in (((), "crashed"), ((error,), "passed")):
        assert ending_of(None, files.code, watched, AuditOptions(), usual=usual).kind == kind


def test_error_without_code_of_the_application_is_no_crash() -> None:
    assert ending_of(KeyError("fixture"), NO_CODE, NOTHING, AuditOptions()).kind == "expectation"


def test_what_the_time_limit_ends_in_another_task_is_no_crash(files: AuditedFiles) -> None:
    shop = """
        def send(limit):
            try:
                raise limit
            finally:
                {}['id']
    """
    function = files.write(shop, "from shop import send\ndef test_it(limit): send(limit)")
    with pytest.raises(KeyError) as raised:
        function(limit_reached())
    assert raised.value.__context__ is not None
    for error in (raised.value, raised.value.__context__):
        watched = WatchedRun([CollectedError(error, "asyncio")], [])
        assert ending_of(None, files.code, watched, AuditOptions()).kind == "passed"
