"""What of the failures of a test reaches its accounts on a mock that outlives the session."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

from mocksms.state.redaction import Secrets
from mocksms.state.trace_models import MAX_ACCOUNT_FAILURES, MAX_ACCOUNT_FAILURES_SIZE, TracedFailure
from mocksms.testing.comparisons import Equality
from mocksms.testing.failure_data import account_failures, failures_of
from tests.inspection.support import Api
from tests.state.examples import EXPLANATION
from tests.support import running
from tests.testing.runs import Runs

TESTS: Final = """
import pytest

@pytest.fixture
def breaks_after(mocksms):
    yield
    raise OSError("no database at " + mocksms.api_key)

def test_text(mocksms, send):
    send()
    assert mocksms.outbox[0].content == "Your code is 481517"

def test_key(mocksms, send):
    send(content=f"your key is {mocksms.api_key}")
    mocksms.account("key-of-another-shop").assert_nothing_sent()
    mocksms.assert_sent(content="Your code")

def test_twice(breaks_after):
    assert 0

def test_many(mocksms, subtests):
    for number in range(11):
        with subtests.test():
            assert number == -1

def test_passed(mocksms, send):
    send()

@pytest.mark.mocksms(api_key="fixed")
def test_fixed(mocksms, send):
    assert 0
"""


def failure(text: str, **more: Any) -> TracedFailure:
    return TracedFailure(**{"when": "call", "type": "AssertionError", "text": text, "explanation": None, **more})


def test_accounts_on_a_running_mock_have_the_failures_of_their_test(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running() as mock:
        monkeypatch.setenv("MOCKSMS_URL", mock.url)
        printed = runs.run(TESTS, passed=1, failed=4 + 11 + 1, errors=1)
        links = re.findall(rf"^inbox: {mock.url}/\?account=(\w{{12}})$", printed, re.MULTILINE)
        found: dict[str, list[dict[str, Any]]] = {}
        for row in Api(mock).get("accounts")["accounts"]:
            account = Api(mock).get("account", account=row["id"])
            assert (row["id"] in links) == bool(account["test_failures"])
            found[row["label"].rpartition("::")[2]] = account["test_failures"]
    (text,), (key,), (call, teardown) = (found[name] for name in ("test_text", "test_key", "test_twice"))
    assert [(each["expected"], each["actual"]) for each in text["comparisons"]] == [
        ("Your code is 481517", "Your code is 481516")
    ]
    assert key["explanation"]["expected"] == ['content "Your code"', "exactly 1"]
    assert re.fullmatch(r"your key is \d{4}…", key["explanation"]["closest"][0]["comparisons"][0]["actual"])
    assert (call["when"], call["type"]) == ("call", "AssertionError")
    assert (teardown["when"], teardown["type"]) == ("teardown", "OSError")
    assert [each["comparisons"][0]["actual"] for each in found["test_many"]] == [*map(str, range(10))]
    assert re.fullmatch(r"no database at \d{4}…", teardown["text"])


def test_account_has_as_many_failures_as_fit() -> None:
    many = [failure(str(number)) for number in range(MAX_ACCOUNT_FAILURES + 1)]
    assert [each["text"] for each in account_failures(many, Secrets([]))] == [*map(str, range(MAX_ACCOUNT_FAILURES))]
    wide = EXPLANATION.model_copy(update={"expected": ["x" * MAX_ACCOUNT_FAILURES_SIZE]})
    large = failure("\0" * 20_000, explanation=wide, comparisons=wide.closest[0].comparisons)
    (kept,) = account_failures([large], Secrets([]))
    assert (len(kept["text"]), kept["explanation"], kept["comparisons"]) == (10_000, None, [])
    assert len(account_failures([failure("\0" * 10_000)] * 2, Secrets([]))) == 1


def test_error_that_cannot_be_read_is_a_failure() -> None:
    class Unreadable(ExceptionGroup[Exception]):
        exceptions = property(lambda _: 1 / 0)

    report = cast("pytest.TestReport", SimpleNamespace(when="setup"))
    call = cast("pytest.CallInfo[None]", SimpleNamespace(excinfo=SimpleNamespace(value=Unreadable("", [OSError()]))))
    (found,) = failures_of(report, call, Equality())
    assert (found.when, found.type, found.text) == ("setup", "Failed", "ZeroDivisionError: division by zero")
