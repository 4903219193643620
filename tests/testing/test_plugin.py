"""The pytest plugin, in runs of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from textwrap import dedent

import pytest

from mocksms.inspection.accounts import AccountPatch
from mocksms.settings import OPTIONS, SESSION_OPTIONS, Settings
from mocksms.testing import client, undelivered
from mocksms.testing import session as suite
from mocksms.testing.defaults import account_defaults
from mocksms.testing.plugin import flag, ini_name
from tests.support import TIMEOUT, running
from tests.testing.test_client import other_server

APPLICATION = """
import json
import urllib.error
import urllib.request

import pytest


@pytest.fixture
def send(mocksms):
    def send(to="972-54-1111111", content="Your code is 481516", path="/transactional/sms/send", key=None, **more):
        body = {"message": {"content": content, "to": [{"mobile_number": to}], **more}}
        headers = {"Content-Type": "application/json", "X-API-Key": mocksms.api_key if key is None else key}
        request = urllib.request.Request(mocksms.url + path, json.dumps(body).encode(), headers)
        try:
            return json.load(urllib.request.urlopen(request))
        except urllib.error.HTTPError as error:
            return error.code
    return send
"""


PLAIN = ("randomly", "cacheprovider", "asyncio", "schemathesis", "hypothesispytest")
"""Plugins that the runs do without, so that they take less time and the order of the file."""


class Runs:
    """Runs of pytest on test files written for them."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = pytester.path
        self._pytester = pytester
        monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
        monkeypatch.delenv("PYTEST_XDIST_WORKER_COUNT", raising=False)
        monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        for variable in ("CI", "BUILD_NUMBER"):  # with one of these pytest tells each error twice
            monkeypatch.delenv(variable, raising=False)
        pytester.makeconftest(APPLICATION)

    def run(self, tests: str, *arguments: str, processes: bool = False, **expected: int) -> str:
        """Run some tests, check how many ended how, and return what was printed."""
        self._pytester.makepyfile(dedent(tests))
        run = self._pytester.runpytest_subprocess if processes else self._pytester.runpytest_inprocess
        without = (part for name in PLAIN for part in ("-p", f"no:{name}"))
        done = run(*without, "-W", "default", *arguments)
        if expected:
            done.assert_outcomes(**expected)
        self.exit_code = done.ret
        return done.stdout.str() + done.stderr.str()

    def ini(self, *lines: str) -> None:
        """Write an ini file."""
        self._pytester.makeini("\n".join(["[pytest]", *lines]))


@pytest.fixture
def runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(pytester, monkeypatch)


def test_fixture_gives_each_test_an_account_of_its_own(runs: Runs) -> None:
    runs.run(
        """
        keys = set()
        def test_otp(mocksms, send):
            send()
            assert mocksms.assert_sent(to="972-54-1111111").code == "481516"
            keys.add(mocksms.api_key)
        def test_another(mocksms, mocksms_server):
            assert mocksms.outbox == []
            assert mocksms.api_key not in keys
            assert mocksms_server.url == mocksms.url
            assert mocksms_server.api_key not in {*keys, mocksms.api_key}
        def test_ids_are_the_same_each_time(mocksms, send):
            assert mocksms.api_key == "0004-main"
            assert send()[0]["transaction_id"] == "TRANSACTION_ID"
        """.replace("TRANSACTION_ID", _first_id("0004-main")),
        passed=3,
    )
    assert runs.exit_code == pytest.ExitCode.OK


def _first_id(key: str) -> str:
    with running(Settings(port=0, seed="pytest")) as mock:
        (row,) = mock.send("972-54-1111111", key=key)
        return str(row["transaction_id"])


def test_options_come_from_ini_environment_and_command_line(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.ini("mocksms_credit = 1", "mocksms_sender = Ini", "mocksms_kosher = 972-54-1111111")
    monkeypatch.setenv("MOCKSMS_CREDIT", "2")
    monkeypatch.setenv("MOCKSMS_SENDER", "Environment")
    runs.run(
        """
        def test_options(mocksms, mocksms_settings, send):
            assert mocksms.credit == mocksms_settings.credit == 3
            send()
            assert mocksms.outbox[0].sender == "Environment"
            assert mocksms.outbox[0].state == "rejected/kosher-number"
        """,
        "--mocksms-credit=3",
        passed=1,
    )


def test_paths_in_the_ini_file_are_relative_to_it(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    (runs.path / "stories").mkdir()
    for file, tag in (("late.toml", "a"), ("stories/early.toml", "b"), ("stories/named.toml", "c")):
        rule = f'[[rule]]\nmatch.tag = "{tag}"\noutcome = "rejected/bounced"\n'
        (runs.path / file).write_text(rule, encoding="utf-8")
    (runs.path / "elsewhere").mkdir()
    monkeypatch.chdir(runs.path / "elsewhere")
    runs.ini(
        "mocksms_scenario = late.toml, stories/early.toml, named, gateway-outage,",
        "mocksms_scenario_folder = stories",
        "mocksms_sender =",
    )
    tests = """
        def test_scenario(mocksms):
            assert len(mocksms.api("GET", "scenario")["rules"]) == 4
            assert mocksms.api("GET", "account")["sender"] == ""
        """
    runs.run(tests, "..", passed=1)
    printed = runs.run(tests, "..", "--mocksms-scenario=late.toml", errors=1)
    assert "\nlate.toml: cannot be read: No such file or directory" in printed
    (runs.path / "tox.ini").unlink()
    runs.run("def test_it(mocksms): ...", "..", "-o", "mocksms_scenario=../late.toml,../stories", passed=1)


def test_every_option_is_offered(runs: Runs) -> None:
    shown = " ".join(runs.run("", "--help").split())
    for name, option in {**SESSION_OPTIONS, **OPTIONS}.items():
        assert f"{flag(name)}=" in shown
        assert f"{ini_name(name)} (string): {option.metadata['about']}" in shown


@pytest.mark.parametrize(
    ("arguments", "ini", "words"),
    [
        (["--mocksms-credit=x"], "", "--mocksms-credit is 'x', but must be a whole number"),
        ([], "mocksms_timeout = soon", "mocksms_timeout is 'soon', but must be a duration"),
        (["--mocksms-unexpected=shout"], "", "--mocksms-unexpected is 'shout', but must be one of fail, warn, ignore"),
    ],
)
def test_error_of_an_invalid_option_is_one_sentence(runs: Runs, arguments: list[str], ini: str, words: str) -> None:
    runs.ini(ini)
    printed = runs.run("def test_it(mocksms): ...", *arguments)
    assert f"ERROR: {words}" in printed
    assert runs.exit_code == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("CREDITS", "1", "MOCKSMS_CREDITS is not an environment variable of mocksms; did you mean MOCKSMS_CREDIT"),
        ("CREDIT", "x", "MOCKSMS_CREDIT is 'x', but must be a whole number from 0 to 1000000000000."),
        ("URL", "localhost:8972", "MOCKSMS_URL is 'localhost:8972', but must be an address such as http://192"),
        ("TIMEOUT", "soon", "MOCKSMS_TIMEOUT is 'soon', but must be a duration such as 250ms"),
    ],
)
def test_invalid_variable_fails_only_runs_that_use_the_mock(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"MOCKSMS_{variable}", value)
    runs.run("def test_it(): ...", passed=1)
    printed = runs.run("def test_it(mocksms): ...\ndef test_settings(mocksms_settings): ...")
    assert re.search(rf"ERROR at setup of test_it _+\n{re.escape(words)}", printed)
    assert "environ(" not in printed
    assert re.search(r"\.py:\d", printed) is None


def test_foreign_variables_are_one_warning(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKSMS_1_SERVICE_HOST", "10.96.0.11")
    printed = runs.run("def test_it(mocksms): ...", "-W", "error", passed=1)
    assert "MOCKSMS" not in printed
    monkeypatch.setenv("MOCKSMS_IMAGE", "mocksms:0.1.0")
    printed = runs.run("def test_it(mocksms): ...\ndef test_other(mocksms): ...", "-W", "error", passed=2)
    assert printed.count("MOCKSMS_IMAGE is not an environment variable of mocksms, and ignored.") == 1
    printed = runs.run("def test_it(mocksms): ...\ndef test_other(mocksms): ...", "-n2", passed=2, warnings=1)
    assert "MOCKSMS_IMAGE is not an environment variable of mocksms, and ignored." in printed


def test_filter_that_makes_warnings_errors_fails_the_test_with_all_of_them(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        @pytest.mark.mocksms(unexpected="warn")
        def test_it(mocksms, send):
            mocksms.fault(503, match={"tag": "otp"})
            send(key="")
        """,
        "-W",
        "error",
        passed=1,
        errors=1,
    )
    assert "\nUnexpectedTraffic: unexpected traffic: refused request\n" in printed
    assert "\nUnusedFault: unused fault: " in printed
    assert re.search(r"session\.py:\d", printed) is None


def test_settings_can_be_overridden(runs: Runs) -> None:
    runs.run(
        """
        import dataclasses, pytest
        @pytest.fixture(scope="session")
        def mocksms_settings(mocksms_settings):
            return dataclasses.replace(mocksms_settings, credit=5)
        def test_it(mocksms):
            assert mocksms.credit == 5
        """,
        passed=1,
    )


def test_override_must_return_settings(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        @pytest.fixture(scope="session")
        def mocksms_settings():
            return {"credit": 5}
        def test_it(mocksms): ...
        """,
        errors=1,
    )
    words = "returned {'credit': 5}, but must return Settings, such as dataclasses.replace(mocksms_settings, credit=5)"
    assert re.search(rf"ERROR at setup of test_it _+\nthe fixture mocksms_settings {re.escape(words)}\n=", printed)


def test_marker_sets_up_the_mock(runs: Runs) -> None:
    runs.run(
        """
        import datetime, pytest
        pytestmark = pytest.mark.mocksms(credit=3, frozen=True)

        @pytest.mark.mocksms(credit=None, scenario="gateway-outage")
        def test_nearest_marker_wins(mocksms):
            assert mocksms.credit is None
            assert mocksms.now == mocksms.now
            assert mocksms.unused_rules

        def test_of_the_module(mocksms):
            assert mocksms.credit == 3

        @pytest.mark.mocksms(frozen=datetime.datetime(2040, 1, 1, tzinfo=datetime.timezone.utc))
        def test_at_an_instant(mocksms):
            assert mocksms.now.year == 2040

        @pytest.mark.mocksms(frozen=datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc))
        def test_at_an_instant_in_the_past(mocksms, send):
            send()
            assert mocksms.assert_sent().created_at == mocksms.now
            assert mocksms.now.year == 2020

        @pytest.mark.mocksms(frozen=False, scenario=[{"outcome": "rejected/bounced"}])
        def test_rules(mocksms, send):
            assert mocksms.now != mocksms.now
            assert send()[0]["reject_reason"] == "bounced"
        """,
        passed=5,
    )


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ("credits=1", "by name, not credits; did you mean credit?"),
        ("scenario='nowhere'", "PUT /_mock/scenario: "),
        ("frozen=datetime(1969, 12, 31, tzinfo=UTC)", "A clock can only be set to times from 1970-01-01"),
    ],
)
def test_invalid_marker_fails_its_test(runs: Runs, marker: str, words: str) -> None:
    tests = f"""
        import pytest
        from datetime import UTC, datetime
        @pytest.mark.mocksms({marker})
        def test_it(mocksms): ...
        """
    printed = runs.run(tests, errors=1)
    assert words in printed
    assert ".py:" not in printed.replace("test_invalid_marker_fails_its_test.py::", "")


def test_marker_is_registered(runs: Runs) -> None:
    assert "@pytest.mark.mocksms(*, scenario=None, credit=..., frozen=False, strict=False, " in runs.run(
        "", "--markers"
    )


def test_fixed_key_is_reset_before_and_after(runs: Runs) -> None:
    runs.run(
        """
        import pytest
        @pytest.mark.mocksms(api_key="fixed")
        class TestFixed:
            def test_one(self, mocksms, send):
                assert (mocksms.api_key, mocksms.outbox) == ("fixed", [])
                send()
            def test_two(self, mocksms, send):
                assert mocksms.outbox == []
                send()
        def test_after(mocksms):
            assert mocksms.account("fixed").outbox == []
        """,
        passed=3,
    )


UNEXPECTED = """
import pytest

def test_refused(mocksms, send):
    assert send(content="") == 400

def test_unknown_path(mocksms, send):
    assert send(path="/sms/send") == 404

def test_nobodys(mocksms, send):
    assert send(key="") == 401

def test_crash(mocksms, send, monkeypatch):
    monkeypatch.setattr("mocksms.provider.app.read_send", lambda *_: 1 / 0)
    assert send() == 500
"""


def test_unexpected_traffic_fails_the_test(runs: Runs) -> None:
    printed = runs.run(UNEXPECTED, passed=4, errors=4)
    kinds = re.findall(r"^unexpected traffic: (.*)$", printed, re.MULTILINE)
    assert kinds == ["refused request", "request to an unknown path", "refused request", "internal error of mocksms"]
    assert "  refused    POST /transactional/sms/send returned 400: message.content" in printed
    assert "  unknown-path POST /sms/send returned 404: no resource at http://" in printed
    assert "  refused    POST /transactional/sms/send without an account returned 401: API key" in printed
    assert "  crash      POST /transactional/sms/send returned 500: internal error in mocksms" in printed
    assert "ZeroDivisionError" in printed
    assert '  allow      @pytest.mark.mocksms(allow="refused") accepts it in one test, mocksms_unexpected' in printed


def test_unexpected_traffic_warns_or_is_ignored_by_option(runs: Runs) -> None:
    printed = runs.run(UNEXPECTED, "--mocksms-unexpected=warn", passed=4, warnings=4)
    assert "UnexpectedTraffic: unexpected traffic: internal error of mocksms" in printed
    runs.run(UNEXPECTED, "--mocksms-unexpected=ignore", passed=4)


def test_marker_allows_unexpected_traffic(runs: Runs) -> None:
    runs.run(
        """
        import pytest
        @pytest.mark.mocksms(allow="refused")
        def test_refused(send):
            assert send(content="") == 400
        @pytest.mark.mocksms(allow=["unknown-path", "refused"])
        def test_unknown_path(send):
            assert send(path="/sms/send") == 404
        @pytest.mark.mocksms(unexpected="ignore")
        def test_ignored(send):
            assert send(content="") == 400
        @pytest.mark.mocksms(allow="unknown-path")
        def test_something_else(send):
            assert send(content="") == 400
        """,
        passed=4,
        errors=1,
    )


def test_faults_that_the_test_set_are_not_unexpected(runs: Runs) -> None:
    runs.run(
        """
        def test_faults(mocksms, send):
            assert send(mocksms.number("http-500")) == 500
            with mocksms.fault(404):
                assert send() == 404
            mocksms.scenario([{"fault": {"kind": "unauthorized"}, "times": 1}])
            assert send() == 401
        def test_next(mocksms): ...
        """,
        passed=2,
    )


def test_requests_of_an_earlier_test_are_not_unexpected(runs: Runs) -> None:
    runs.run(
        """
        import pytest
        kept = []
        @pytest.mark.mocksms(unexpected="ignore")
        def test_first(send):
            kept.append(send)
        def test_second(mocksms):
            assert kept[0](content="") == 400
        """,
        passed=2,
    )


def test_requests_of_an_unknown_account_are_unexpected(runs: Runs) -> None:
    tests = """
        import pytest
        def test_sends(mocksms, send):
            send(key="production-key")
            mocksms.assert_nothing_sent()
        def test_refused(send):
            send(key="production-key", content="")
            send(key="", content="")
        @pytest.mark.mocksms(allow="other-account")
        def test_allowed(send):
            send(key="production-key")
        def test_ordered(mocksms, mocksms_server, send):
            mocksms_server.api("POST", "faults", {"fault": {"kind": "status", "status": 503}}, account="production-key")
            assert send(key="production-key") == 503
        """
    printed = runs.run(tests, passed=4, errors=2)
    assert "\n  other-account POST /transactional/sms/send with the API key prod… sent 1 SMS\n" in printed
    assert (
        "\n  other-account POST /transactional/sms/send with the API key prod… was refused: message.content" in printed
    )
    assert "\n  key        the application does not use mocksms.api_key; if its key is fixed" in printed
    assert 'allow      @pytest.mark.mocksms(allow=("other-account", "refused")) accepts it in one test' in printed
    runs.run(tests, "--mocksms-unexpected=warn", passed=4, warnings=2)


def test_requests_of_accounts_with_a_handle_are_not_unexpected(runs: Runs) -> None:
    runs.run(
        """
        import pytest
        kept = []
        @pytest.fixture(scope="module")
        def of_the_module(mocksms_server):
            return mocksms_server.account("module-key")
        def test_account_of_a_fixture(of_the_module, send):
            send(key="module-key")
            send(key="module-key", content="")
        def test_account_of_the_server(mocksms_server, send):
            send(key=mocksms_server.api_key)
        def test_account_of_the_test(mocksms, send):
            mocksms.account("brand")
            send(key="brand")
            kept.append(mocksms.api_key)
        @pytest.mark.mocksms(allow="late")
        def test_account_of_a_test_before(send):
            send(key=kept[0])
        """,
        passed=4,
    )


@pytest.mark.parametrize("attached", [False, True])
def test_accounts_created_in_a_test_are_checked(runs: Runs, attached: bool) -> None:
    with running(Settings(port=0)) as mock:
        printed = runs.run(
            """
            def test_it(mocksms, send):
                mocksms.account("brand")
                assert send(key="brand", content="") == 400
                assert send(content="") == 400
            def test_next(mocksms):
                assert mocksms.account("brand").outbox == []
            """,
            *([f"--mocksms-url={mock.url}"] if attached else []),
            passed=2,
            errors=1,
        )
    assert printed.count("  refused    POST /transactional/sms/send returned 400") == 2


@pytest.mark.parametrize("attached", [False, True])
def test_accounts_created_in_a_test_are_reset_for_the_next(runs: Runs, attached: bool) -> None:
    with running(Settings(port=0)) as mock:
        runs.run(
            """
            def test_it(mocksms, send):
                brand = mocksms.account("brand")
                brand.credit = 5
                brand.opt_out("972-54-1111111")
                brand.scenario([{"outcome": "sent"}])
                send(key="brand")
                assert len(brand.outbox) == 1
            def test_next(mocksms):
                brand = mocksms.account("brand")
                assert (brand.outbox, brand.credit, brand.opted_out, brand.unused_rules) == ([], None, [], [])
            """,
            *([f"--mocksms-url={mock.url}"] if attached else []),
            passed=2,
        )


def test_all_requests_of_a_test_are_checked(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_PAGE", 2)
    runs.run(
        """
        def test_it(send):
            send(content="")
            for _ in range(4):
                send()
        """,
        passed=1,
        errors=1,
    )


def test_strict_test_fails_for_a_warning(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        @pytest.mark.mocksms(strict=True)
        def test_strict(send):
            send(colour="red")
        @pytest.mark.mocksms(strict=True, allow="warning")
        def test_allowed(send):
            send(colour="red")
        def test_not_strict(send):
            send(colour="red")
        """,
        passed=3,
        errors=1,
    )
    assert "  warning    POST /transactional/sms/send: message.colour: " in printed


def test_long_list_of_unexpected_requests_is_cut(runs: Runs) -> None:
    printed = runs.run("def test_it(send):\n    for _ in range(12): send(content='')", passed=1, errors=1)
    assert printed.count("  refused    POST /transactional/sms/send returned 400") == 10
    assert "             and 2 more" in printed


def test_failed_test_shows_what_the_mock_saw(runs: Runs) -> None:
    printed = runs.run(
        """
        def test_it(mocksms, send):
            send()
            send(content="")
            mocksms.reply("972-54-1111111", "Hello")
            mocksms.assert_sent(content="Welcome")
        def test_plain(mocksms, send):
            send()
            assert len(mocksms.outbox) == 2
        def test_without():
            assert False
        """,
        failed=3,
    )
    assert printed.count("- mocksms -") == 2
    assert 'E       AssertionError: no SMS with content "Welcome": 1 SMS in the account\n' in printed
    assert 'where 1 = len([<SMS to 972-54-1111111 "Your code is 481516" sent>])' in printed
    assert re.search(
        r"http://127\.0\.0\.1:\d+, account 0002-main \(\S+::test_it\)\n1 SMS\n  sms        [0-9a-f]{32} <SMS to ",
        printed,
    )
    assert "\n1 refused request\n  refused    POST /transactional/sms/send got 400: message.content" in printed
    timeline = printed.partition("timeline\n")[2].splitlines()[:5]
    whats = [re.sub(r"^  [\d:.]{12}  ([0-9a-f]{8}… )?", "", line)[:24] for line in timeline]
    assert whats == [
        "to 972-54-1111111 queued",
        "to 972-54-1111111 sent (",
        "POST /transactional/sms/",
        "POST /transactional/sms/",
        '972541111111 replies "He',
    ]
    assert "unexpected traffic" not in printed


def test_failure_shows_no_frame_of_ours(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        def test_assert(mocksms):
            mocksms.assert_sent(content=bool)
        def test_wait(mocksms):
            mocksms.wait_for(timeout=0)
        def test_refused(mocksms):
            mocksms.scenario("nowhere")
        def test_fault(mocksms):
            mocksms.fault("delay")
        def test_number(mocksms):
            mocksms.number("koscher")
        """,
        failed=5,
    )
    assert re.search(r"^\S*mocksms/\w+/\w+\.py:\d+", printed, re.MULTILINE) is None
    assert "During handling" not in printed


def test_explanation_is_about_this_test_only(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        @pytest.mark.mocksms(unexpected="ignore")
        def test_before(mocksms, send):
            send(content="Welcome")
            send(key="", content="")
            send(content="Welcome", key="other")
        def test_it(mocksms):
            with pytest.raises(AssertionError) as failed:
                mocksms.assert_sent(content="Welcome")
            assert str(failed.value).splitlines() == [
                'no SMS with content "Welcome": 0 SMS in the account',
                '  expected   content "Welcome", exactly 1',
                "  found      0 SMS in account 0003…, no requests",
            ]
            calls = (lambda: mocksms.wait_for(content="Welcome", timeout=0), lambda: mocksms.assert_sent(content=bool))
            for call in calls:
                with pytest.raises(AssertionError) as failed:
                    call()
                assert "account o" not in str(failed.value) and "cursor" not in str(failed.value)
            with pytest.raises(AssertionError, match="account    account o… has it"):
                mocksms.assert_sent(content="Welcome", since=0)
        def test_accounts_created_in_a_test_start_at_the_same_cursor(mocksms, send):
            other = mocksms.account("other")
            other.assert_nothing_sent()
            send(content="Welcome", key="other")
            other.assert_sent()
            other.assert_no_duplicates()
            assert len(other.outbox) == 2
        """,
        passed=3,
    )
    assert "cursor" not in printed


def test_refusal_that_a_test_sets_up_is_not_unexpected(runs: Runs) -> None:
    runs.run(
        """
        import pytest
        import urllib.error, urllib.request
        RATE = {"kind": "rate_limit", "limit": 1, "per": "1m"}
        def read(mocksms, id):
            url = f"{mocksms.url}/transactional/sms/info?transaction_id={id}"
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(url, headers={"X-API-Key": mocksms.api_key}))
            refused.value.close()
            return refused.value.code
        def test_right(mocksms, send):
            mocksms.update_account(rest_right=False)
            assert send() == 401
        def test_right_of_another_account(mocksms, send):
            other = mocksms.account("other")
            other.update_account(rest_right=False)
            assert send(key="other") == 401
        @pytest.mark.mocksms(scenario={"account": {"rest_right": False}, "rule": []})
        def test_right_of_a_scenario(mocksms, send):
            assert send() == 401
        @pytest.mark.mocksms(scenario=[{"fault": RATE}])
        def test_rule(mocksms, send):
            assert [send() == 429, send()] == [False, 429]
        def test_fault(mocksms, send):
            mocksms.fault("unauthorized")
            assert send() == 401
        def test_magic_number(mocksms, send):
            assert send(to=mocksms.number("http-400")) == 400
        @pytest.mark.parametrize("way", [("POST", "reset"), ("DELETE", "messages"), ("DELETE", "account")])
        def test_deleted(mocksms, send, way):
            sent = send()[0]["transaction_id"]
            mocksms.api(*way)
            assert read(mocksms, sent) == 404
        def test_not_there(mocksms):
            assert read(mocksms, "0" * 32) == 404
        """,
        passed=10,
        errors=1,
    )


UNUSED = """
import pytest

def test_unused(mocksms, send):
    mocksms.fault(503, match={"tag": "otp"})
    mocksms.account("other").fault("delay", duration="1s")
    with mocksms.fault(500, times=1):
        assert send() == 500

def test_matched(mocksms, send):
    mocksms.fault(503, every=2)
    mocksms.fault("rate_limit", limit=5, per="1m", match={"operation": "send"})
    send()

@pytest.mark.mocksms(unused_fault="ignore")
def test_accepted(mocksms):
    mocksms.fault(503)

def test_reset(mocksms):
    mocksms.fault(503)
    mocksms.reset()

def test_skipped(mocksms):
    mocksms.fault(503)
    pytest.skip()

@pytest.mark.xfail(strict=True)
def test_expected_to_fail(mocksms):
    mocksms.fault(503)
    assert False
"""


def test_fault_that_no_request_matched_warns(runs: Runs) -> None:
    printed = runs.run(UNUSED, passed=4, skipped=1, xfailed=1, warnings=1)
    shown = [each.strip() for each in printed.partition("UnusedFault: ")[2].splitlines()[:4]]
    assert shown == [
        "unused fault: no request of this test matched it",
        "fault      503, match={'tag': 'otp'}",
        "fault      delay, duration='1s'",
        'allow      @pytest.mark.mocksms(unused_fault="ignore") accepts it in one test, mocksms_unused_fault = ignore '
        "in all tests",
    ]


def test_fault_that_no_request_matched_fails_the_test_or_is_ignored_by_option(runs: Runs) -> None:
    assert "warning" not in runs.run(UNUSED, "--mocksms-unused-fault=ignore", passed=4, skipped=1, xfailed=1)
    many = "def test_many(mocksms):\n    for _ in range(12): mocksms.fault(503)"
    printed = runs.run(many, "--mocksms-unused-fault=fail", passed=1, errors=1)
    assert "ERROR at teardown of test_many" in printed
    assert printed.count("  fault      503\n") == 10
    assert "             and 2 more" in printed


UNDELIVERED = """
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

@pytest.fixture
def receiver():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
        def log_message(self, *_):
            pass
    status = 200
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()

def test_undelivered(mocksms, send):
    mocksms.webhook("http://127.0.0.1:9/hooks")
    send()

def test_other_account(mocksms, send):
    other = mocksms.account("other")
    other.webhook("http://127.0.0.1:9/hooks")
    send(key="other")

def test_delivered_while_the_receiver_runs(mocksms, send, receiver):
    mocksms.webhook(receiver)
    send()

def test_asserted(mocksms, send):
    mocksms.webhook("http://127.0.0.1:9/hooks")
    send()
    mocksms.assert_callback("send", delivered=False)

@pytest.mark.mocksms(undelivered="ignore")
def test_accepted(mocksms, send):
    mocksms.webhook("http://127.0.0.1:9/hooks")
    send()

def test_fails(mocksms, send):
    mocksms.webhook("http://127.0.0.1:9/hooks")
    send()
    mocksms.assert_callback("send", timeout=0)
"""


def test_undelivered_callback_warns_and_is_in_the_report_of_a_failure(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undelivered, "SETTLE_SECONDS", TIMEOUT)
    printed = runs.run(UNDELIVERED, passed=5, failed=1, warnings=2)
    shown = [each.strip() for each in printed.partition("UndeliveredCallbacks: ")[2].splitlines()[:4]]
    assert shown[0] == "1 callback was not delivered"
    assert re.fullmatch(r"callback   \d+ send of [0-9a-f]{32} to http://127\.0\.0\.1:9/hooks: pending", shown[1])
    assert shown[2].endswith("connection failed: Connection refused")
    report = printed.partition("- mocksms -")[2]
    assert "\n1 callback, 1 not delivered\n  callback   " in report
    assert re.search(
        r"\n             [\d:.]+ connection failed: Connection refused\n             [\d:.]+ next attempt", report
    )
    assert re.search(r"\n  [\d:.]+  callback \d+ send to http://127\.0\.0\.1:9/hooks connection failed", report)


def test_undelivered_callback_fails_the_test_or_is_ignored_by_option(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undelivered, "SETTLE_SECONDS", TIMEOUT)
    assert "warning" not in runs.run(UNDELIVERED, "--mocksms-undelivered=ignore", passed=5, failed=1)
    with_unexpected = """
        def test_it(mocksms, send):
            mocksms.webhook("http://127.0.0.1:9/hooks")
            send()
            send(content="")
    """
    printed = runs.run(with_unexpected, "--mocksms-undelivered=fail", passed=1, errors=1)
    assert "\n1 callback was not delivered\n" in printed
    assert '(undelivered="ignore") accepts it in one test, mocksms_undelivered = ignore in all tests\n' in printed
    assert "\nunexpected traffic: refused request\n" in printed


def test_tls_and_compressed_bodies_are_named(runs: Runs) -> None:
    printed = runs.run(
        """
        import gzip, pytest, requests

        def test_tls_fails(mocksms):
            requests.get(mocksms.url.replace("http:", "https:"))

        def test_tls_is_not_noticed(mocksms):
            with pytest.raises(requests.ConnectionError):
                requests.get(mocksms.url.replace("http:", "https:"))

        def test_compressed_body(mocksms):
            headers = {"X-API-Key": mocksms.api_key, "Content-Type": "application/json", "Content-Encoding": "gzip"}
            requests.post(mocksms.url + "/transactional/sms/send", gzip.compress(b"{}"), headers=headers)
        """,
        passed=2,
        failed=1,
        errors=2,
    )
    tls = "malformed HTTP: this is TLS; mocksms speaks plain HTTP\n"
    assert f"\nwithout an account: TLS handshake got 400: {tls}" in printed
    assert f"TLS handshake without an account returned 400: {tls}" in printed
    assert " returned 400: the body is gzip, which the vendor's stack does not read\n" in printed


def test_failed_test_names_faults_that_were_never_applied(runs: Runs) -> None:
    printed = runs.run(
        """
        def test_it(mocksms, send):
            with mocksms.fault(503, times=1):
                send()
            with mocksms.fault("delay", duration="1s", match={"tag": "otp"}):
                send()
            mocksms.assert_nothing_sent()
        """,
        failed=1,
    )
    assert "\nnever applied: <fault delay, duration='1s', match={'tag': 'otp'}, applied to 0 requests>\n" in printed
    assert "<fault 503" not in printed


def test_failed_setup_shows_what_the_mock_saw(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        @pytest.fixture
        def app(mocksms):
            raise RuntimeError("no application")
        def test_it(app): ...
        """,
        errors=1,
    )
    assert "0 SMS\n0 refused requests" in printed


@pytest.mark.parametrize("marker", ["unexpected=None", "api_key='fixed'"])
def test_failed_teardown_shows_what_the_mock_saw(runs: Runs, marker: str) -> None:
    printed = runs.run(
        f"""
        import pytest
        pytestmark = pytest.mark.mocksms({marker})
        @pytest.fixture
        def app(mocksms, send):
            yield
            send(content="Goodbye")
            raise RuntimeError("does not close")
        def test_closes(app): ...
        def test_refused(send):
            send(content="")
        def test_has_failed_already(app):
            assert False
        def test_next(mocksms):
            assert mocksms.outbox == []
        """,
        passed=3,
        failed=1,
        errors=3,
    )
    assert printed.count("- mocksms -") == 3
    assert printed.count('Goodbye" sent>') == 1
    assert "\n1 refused request\n  refused    POST /transactional/sms/send got 400: message.content" in printed


def test_test_that_fails_as_expected_is_not_failed_again(runs: Runs) -> None:
    runs.run(
        """
        import pytest
        @pytest.mark.xfail(raises=AssertionError, strict=True)
        def test_it(send):
            send(content="")
            assert False
        @pytest.mark.xfail(raises=AssertionError)
        def test_that_passes(send):
            send(content="")
        """,
        xfailed=1,
        xpassed=1,
        errors=1,
    )


LATE = """
import pytest
kept = []
def test_first(mocksms, send):
    kept.append(send)
def test_second(mocksms):
    kept[0]()
    kept[0](content="Bye")
"""


def test_late_messages_fail_the_session(runs: Runs) -> None:
    printed = runs.run(LATE, passed=2)
    assert runs.exit_code == pytest.ExitCode.TESTS_FAILED
    assert "\nthis test run fails because of these messages; its tests passed\n" in printed
    assert 'accept them: @pytest.mark.mocksms(allow="late") in one test, mocksms_unexpected = warn in' in printed
    summary = printed.partition("= mocksms: messages sent after the end of their test =")[2]
    assert re.search(
        r"late_messages_fail\S*\.py::test_first: 2 SMS\n  late       [0-9a-f]{32} to 972-54-1111111 \"Your code",
        summary,
    )
    assert '"Bye"' in summary


def test_late_messages_do_not_fail_a_run_that_warns(runs: Runs) -> None:
    printed = runs.run(LATE, "--mocksms-unexpected=warn", passed=2)
    assert "::test_first: 2 SMS" in printed
    assert "the run fails" not in printed
    assert runs.exit_code == pytest.ExitCode.OK
    assert "2 SMS" not in runs.run(LATE, "--mocksms-unexpected=ignore", passed=2)
    tests = LATE.replace("kept = []", 'kept = []\npytestmark = pytest.mark.mocksms(allow="late")')
    assert "2 SMS" not in runs.run(tests, passed=2)
    assert runs.exit_code == pytest.ExitCode.OK


def test_late_messages_under_a_fixed_key_belong_to_the_test_before(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        pytestmark = pytest.mark.mocksms(api_key="fixed")
        kept = []
        @pytest.fixture
        def late():
            kept[0]()
        def test_first(mocksms, send):
            kept.append(send)
        def test_second(late, mocksms):
            assert mocksms.outbox == []
        """,
        passed=2,
    )
    assert "::test_first: 1 SMS" in printed


def test_workers_report_late_messages(runs: Runs) -> None:
    (runs.path / "test_other.py").write_text(
        "import socket\ndef test_other(mocksms): socket.socket.sendall = lambda *_, **__: 1 / 0",
        encoding="utf-8",
    )
    printed = runs.run(LATE, "-n2", "--dist=loadfile", processes=True, passed=3, errors=1)
    assert "::test_first: 2 SMS" in printed
    assert "\nsome may be missing: ZeroDivisionError: division by zero\n" in printed
    assert "this test run fails because" not in printed
    assert runs.exit_code == pytest.ExitCode.TESTS_FAILED


def test_variable_that_a_test_leaves_behind_does_not_end_the_run(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKSMS_UNEXPECTED", "fail")
    printed = runs.run(f"{LATE}\ndef test_last(): __import__('os').environ['MOCKSMS_UNEXPECTED'] = 'loudly'", passed=3)
    assert "::test_first: 2 SMS" in printed
    assert runs.exit_code == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    ("reaction", "exit_code"), [("warn", pytest.ExitCode.OK), ("fail", pytest.ExitCode.TESTS_FAILED)]
)
def test_marker_decides_about_late_messages_of_its_test(runs: Runs, reaction: str, exit_code: pytest.ExitCode) -> None:
    tests = LATE.replace("def test_first", f"@pytest.mark.mocksms(unexpected='{reaction}')\ndef test_first")
    assert "::test_first: 2 SMS" in runs.run(tests, "--mocksms-unexpected=ignore", passed=2)
    assert runs.exit_code == exit_code


def test_variable_attaches_to_a_running_mock(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(Settings(port=0, control_token="secret")) as mock:
        monkeypatch.setenv("MOCKSMS_URL", f"{mock.url}/rest/v1")
        monkeypatch.setenv("MOCKSMS_CONTROL_TOKEN", "secret")
        for _ in range(2):
            printed = runs.run(
                f"""
                def test_it(mocksms, send):
                    assert mocksms.url == "{mock.url}"
                    assert mocksms.outbox == []
                    send()
                    assert len(mocksms.outbox) == 1
                def test_requests_without_an_account_may_belong_to_any_test(mocksms, send):
                    assert send(key="") == 401
                def test_requests_of_the_own_account_are_listed(mocksms, send):
                    assert send(content="") == 400
                """,
                passed=3,
                errors=1,
            )
            assert f"mocksms: {mock.url} (already running" in printed


def test_options_of_accounts_apply_to_each_test_on_a_running_mock(runs: Runs) -> None:
    (runs.path / "bounce.toml").write_text(
        'account.bounced = ["972-54-2222222"]\naccount.sender = "Scenario"\n'
        '[[rule]]\nmatch.tag = "otp"\noutcome = "rejected/bounced"\n',
        encoding="utf-8",
    )
    (runs.path / "kosher.toml").write_text(
        'account.bounced = ["972-54-3333333"]\naccount.sender = "Other"\n[[rule]]\noutcome = "rejected/bounced"\n',
        encoding="utf-8",
    )
    runs.ini(
        "mocksms_credit = 5",
        "mocksms_unsubscribed = 972-54-1111111",
        "mocksms_scenario = bounce.toml, kosher.toml",
        "mocksms_webhook = http://127.0.0.1:1/a#click",
        "mocksms_automation_webhook = http://127.0.0.1:1/b",
    )
    tests = """
        import dataclasses, pytest
        @pytest.fixture(scope="session")
        def mocksms_settings(mocksms_settings):
            return dataclasses.replace(mocksms_settings, force_unsubscribe_link=True)
        def check(sms):
            account = sms.api("GET", "account")
            names = ("credit", "sender", "unsubscribed", "bounced", "gateway", "force_unsubscribe_link")
            assert [account[name] for name in names] == [
                5, "Scenario", ["972541111111"], ["972542222222", "972543333333"], False, True]
            assert [(each["url"][-1], each["kind"], each["events"]) for each in account["webhooks"]] == [
                ("a", "transactional", ["click"]), ("b", "automation", None)]
            assert len(sms.unused_rules) == 2
            sms.credit = 1
        @pytest.mark.parametrize("_", range(2))
        def test_own_account(mocksms, send, _):
            check(mocksms)
            assert mocksms.account(mocksms.api_key).credit == 1
            assert send(tags=["otp"])[0]["reject_reason"] == "bounced"
        def test_reset(mocksms):
            mocksms.credit = 1
            mocksms.reset()
            check(mocksms)
        def test_other_account(mocksms):
            check(mocksms.account("other"))
            assert mocksms.account("other").credit == 1
        @pytest.mark.mocksms(credit=7, api_key="fixed")
        def test_marker(mocksms):
            assert mocksms.credit == 7
            mocksms.credit = 5
            check(mocksms)
        """
    with running(Settings(port=0, credit=3, control_token="secret")) as mock:
        arguments = (f"--mocksms-url={mock.url}", "--mocksms-gateway=false", "--mocksms-control-token=secret")
        runs.run(tests, *arguments, passed=5)
        runs.run(tests, "--mocksms-gateway=false", passed=5)
        printed = runs.run(tests, *arguments, "--mocksms-scenario=nowhere", errors=5)
    assert "nowhere" in printed


def test_every_option_of_accounts_can_be_applied() -> None:
    per_account = {name for name, option in OPTIONS.items() if option.metadata.get("per_account")}
    values = account_defaults(Settings(), sorted(per_account)).values
    assert {*values} | {"webhook", "automation_webhook", "scenario"} == per_account | {"webhooks"}
    assert values.keys() <= AccountPatch.model_fields.keys()


@pytest.mark.parametrize(
    ("flag_", "ini", "where"),
    [("--mocksms-port=9000", "", "--mocksms-port"), ("", "mocksms_strict = false", "mocksms_strict")],
)
def test_option_of_the_whole_mock_is_refused_on_a_running_one(runs: Runs, flag_: str, ini: str, where: str) -> None:
    runs.ini("mocksms_url = http://127.0.0.1:1", ini)
    printed = runs.run("def test_it(mocksms): ...", *filter(None, [flag_]))
    assert runs.exit_code == pytest.ExitCode.USAGE_ERROR
    option = where.rpartition("-")[2].rpartition("_")[2]
    assert (
        f"ERROR: {where} cannot be applied to http://127.0.0.1:1: that mock already runs, and this is an option of the "
        f"whole mock, not of an account; start that mock with --{option}, and remove {where} here"
    ) in printed


def test_variable_or_fixture_for_the_whole_mock_fails_the_tests_that_attach(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOCKSMS_URL", "http://127.0.0.1:1")
    tests = """
        import dataclasses, pytest
        @pytest.fixture(scope="session")
        def mocksms_settings(mocksms_settings):
            return dataclasses.replace(mocksms_settings, magic_prefix="97250009")
        def test_it(mocksms): ...
        def test_without(): ...
        """
    printed = runs.run(tests, passed=1, errors=1)
    assert "magic_prefix of the fixture mocksms_settings cannot be applied to http://127.0.0.1:1: that mock" in printed
    monkeypatch.setenv("MOCKSMS_SEED", "7")
    assert "MOCKSMS_SEED cannot be applied to http://127.0.0.1:1" in runs.run(tests, passed=1, errors=1)


def test_accounts_have_the_node_id_of_their_test_as_label(runs: Runs) -> None:
    printed = runs.run(
        """
        import pytest
        def label(sms):
            return sms.api("GET", "account")["label"]
        @pytest.mark.parametrize("value", [1], ids=["x" * 600])
        def test_long(mocksms, value):
            assert len(label(mocksms)) == 500
        @pytest.mark.mocksms(api_key="fixed")
        def test_fixed(mocksms, request):
            assert label(mocksms) == label(mocksms.account("other")) == request.node.nodeid
            mocksms.reset()
            assert label(mocksms) == request.node.nodeid
        def test_neighbour(mocksms, mocksms_server, send):
            neighbour = mocksms_server.account("neighbour")
            neighbour.update_account(label="test_other.py::test_it")
            send(content="Welcome", key="neighbour")
            with pytest.raises(AssertionError) as failed:
                mocksms.assert_sent(content="Welcome")
            assert "neig" not in str(failed.value)
        def test_report(mocksms, send):
            assert False
        """,
        passed=3,
        failed=1,
    )
    assert (
        ", account 0004-main (test_accounts_have_the_node_id_of_their_test_as_label.py::test_report)\n0 SMS" in printed
    )


def test_mock_that_accepts_some_keys_refuses_another_when_it_is_used(runs: Runs) -> None:
    with running(Settings(port=0, api_key=("fixed",))) as mock:
        runs.run(
            """
            import pytest
            @pytest.mark.mocksms(api_key="fixed")
            def test_it(mocksms, send):
                other = mocksms.account("wrong-key")
                assert send(key=other.api_key) == 401
            """,
            f"--mocksms-url={mock.url}",
            passed=1,
        )


def test_missing_mock_is_named(runs: Runs) -> None:
    with other_server(404, b"no such page") as url:
        printed = runs.run("def test_it(mocksms): ...", f"--mocksms-url={url}/sms", errors=1)
    assert f"no mock responds at {url}/sms: GET /_mock/health returned 404 and not the JSON of a mock" in printed


def test_ended_mock_is_reported_once_for_each_test_that_needs_it(runs: Runs) -> None:
    printed = runs.run(
        """
        def test_first(mocksms): ...
        def test_ends_it(mocksms, mocksms_server):
            mocksms_server._server.stop()
        def test_next(mocksms): ...
        def test_without(): ...
        """,
        passed=3,
        errors=2,
    )
    assert printed.count("Connection refused; is mocksms running there?") == 2
    assert "raceback" not in printed
    assert "During handling" not in printed
    assert ".py:" not in printed.replace("_that_needs_it.py", "")


def test_failed_test_reports_that_the_mock_has_ended(runs: Runs) -> None:
    printed = runs.run(
        """
        def test_it(mocksms, mocksms_server):
            mocksms_server._server.stop()
            mocksms.outbox
        """,
        failed=1,
    )
    assert "\nno report from the mock: no mock responds at http://127.0.0.1:" in printed
    assert "During handling" not in printed
    assert "direct cause" not in printed


def test_known_late_messages_are_reported_when_the_mock_has_ended(runs: Runs) -> None:
    runs.run(
        """
        def test_first(mocksms): ...
        def test_ends_it(mocksms_server):
            mocksms_server._server.stop()
        """,
        passed=2,
    )
    assert runs.exit_code == pytest.ExitCode.OK


@pytest.mark.parametrize("way", ["ini", "environment", "fixture"])
def test_list_of_accepted_keys_is_refused(runs: Runs, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    tests = "def test_it(mocksms): ..."
    if way == "ini":
        runs.ini("mocksms_api_key = fixed")
    elif way == "environment":
        monkeypatch.setenv("MOCKSMS_API_KEY", "fixed")
    else:
        tests = """
            import dataclasses, pytest
            @pytest.fixture(scope="session")
            def mocksms_settings(mocksms_settings):
                return dataclasses.replace(mocksms_settings, api_key=("fixed",))
            def test_it(mocksms): ...
            """
    printed = runs.run(tests) if way == "ini" else runs.run(tests, errors=1)
    assert "mocksms_api_key is fixed, but cannot be set: each test has its own API key; for a key that the" in printed
    assert '@pytest.mark.mocksms(api_key="...")' in printed


FIXED = """
import pytest
pytestmark = [pytest.mark.mocksms(api_key="fixed"), pytest.mark.xdist_group("fixed")]
def test_first(send):
    send()
def test_second(send):
    send()
"""


def test_fixed_key_is_for_one_worker_on_a_mock_that_all_attach_to(runs: Runs) -> None:
    with running(Settings(port=0)) as mock:
        url = f"--mocksms-url={mock.url}"
        printed = runs.run(FIXED, url, "-n2", processes=True, errors=2)
        assert (
            "selects one account, which 2 workers would reset during each other's tests; let each worker start"
            in printed
        )
        assert printed.count("keep these tests in one worker: @pytest.mark.xdist_group with --dist loadgroup") == 2
        printed = runs.run(FIXED, url, "-n2", "--dist=loadgroup", "-v", processes=True)
        # Where pytest lets xdist group tests, their names tell.
        assert ("2 passed in" in printed) == ("@fixed" in printed)
        assert ("run these tests without -n, since pytest-xdist cannot" in printed) != ("@fixed" in printed)
    runs.run(FIXED, "-n2", processes=True, passed=2)


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("a.py::test_it@prod", True),
        ("a.py::TestIt::test_it[x]@prod", True),
        ("a.py::test_it[a@b]@prod", True),
        ("a.py::test_it", False),
        ("a@b/c.py::test_it", False),
        ("a.py::test_it[a@b]", False),
        ("a.py::test_it[a::b@c]", False),
    ],
)
def test_grouped_test_is_recognised_by_its_node_id(nodeid: str, expected: bool) -> None:
    assert suite.is_grouped(nodeid) is expected


def test_run_that_does_not_use_it_starts_nothing(runs: Runs) -> None:
    code = "import sys, mocksms.testing.plugin; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {
        "starlette",
        "uvicorn",
        "pydantic",
        "faker",
        "hypothesis",
        "http.client",
        "asyncio",
        "mocksms.testing.session",
    }
    assert heavy.isdisjoint(loaded)
    runs.run(
        """
        import threading
        def test_it():
            assert "mocksms" not in [thread.name for thread in threading.enumerate()]
        """,
        processes=True,
        passed=1,
    )


def test_plugin_can_be_left_out(runs: Runs) -> None:
    printed = runs.run("def test_it(mocksms): ...", "-p", "no:mocksms", errors=1)
    assert "fixture 'mocksms' not found" in printed


FOREIGN = """
import json
import socket

import pytest


class Boom(BaseException):
    pass


class Unreadable(Exception):
    def __str__(self):
        raise Boom
    __repr__ = __str__


class Blocked:
    def __getattr__(self, name):
        raise Unreadable


def raiser(error):
    def call(*_, **__):
        raise error
    return call


TARGETS = [
    (socket.socket, "sendall", raiser(RuntimeError("no network in tests"))),
    (socket.socket, "sendall", raiser(Boom("no network \\udc80"))),
    (socket.socket, "sendall", raiser(SystemExit(3))),
    (socket.socket, "sendall", lambda *_, **__: pytest.skip("no network")),
    (socket.socket, "settimeout", raiser(Unreadable())),
    (socket.socket, "sendall", raiser(GeneratorExit())),
    (json, "loads", lambda _: {"messages": [Blocked()], "requests": [Blocked()], "cursor": "x"}),
]


@pytest.mark.parametrize("target", TARGETS, ids=range(len(TARGETS)))
class TestPatched:
    def test_passed(self, monkeypatch, mocksms, target):
        monkeypatch.setattr(*target)

    def test_failed(self, mocksms, monkeypatch, target):
        monkeypatch.setattr(*target)
        assert False

    @pytest.mark.mocksms(api_key="fixed")
    def test_failed_before(self, monkeypatch, mocksms, target):
        monkeypatch.setattr(*target)
        assert False


@pytest.mark.parametrize("reaction", ["warn", "ignore"])
def test_reaction(reaction, request):
    request.applymarker(pytest.mark.mocksms(unexpected=reaction))
    monkeypatch = request.getfixturevalue("monkeypatch")
    send = request.getfixturevalue("send")
    assert send(key="") == 401
    monkeypatch.setattr(*TARGETS[0])


ORIGINAL = socket.socket.sendall


@pytest.mark.mocksms(api_key="left")
def test_left_for_a_while(send):
    send()
    socket.socket.sendall = raiser(Boom)


def test_restored():
    socket.socket.sendall = ORIGINAL


def test_next(mocksms):
    assert mocksms.account("fixed").outbox == mocksms.account("left").outbox == []


def test_left_behind(mocksms):
    socket.socket.sendall = raiser(Boom("no network"))
    assert False


def test_plain():
    pass
"""


@pytest.mark.parametrize("error", [KeyboardInterrupt(), pytest.exit.Exception("enough")], ids=["user", "exit"])
def test_user_and_exit_end_the_run(error: BaseException) -> None:
    described: list[str] = []
    with pytest.raises(type(error)), suite.errors_to(described.append):
        raise error
    assert described == []


def test_error_of_any_class_in_the_plugin_does_not_end_the_run(runs: Runs) -> None:
    printed = runs.run(FOREIGN, processes=True, passed=13, failed=15, errors=8, warnings=1)
    assert runs.exit_code == pytest.ExitCode.TESTS_FAILED
    unread = re.findall(
        r"^(?:\S+UnexpectedTraffic: )?this test is not checked for unexpected traffic: (.*)", printed, re.M
    )
    reasons = ["RuntimeError: no network in tests", r"Boom: no network \udc80", "SystemExit: 3", "Skipped: no network"]
    reasons += ["Unreadable, with a text that cannot be read", "GeneratorExit", "Unreadable, with a text"]
    assert len(unread) == 8
    for reason in reasons:
        assert f"traffic: {reason}" in printed
        assert printed.count(f"\nno report from the mock: {reason}") >= 2
    assert "\nsome may be missing: Boom: no network\n" in printed


def test_error_about_an_argument_shows_the_line_of_the_test_alone(runs: Runs) -> None:
    printed = runs.run(
        """
        from datetime import datetime
        def test_to(mocksms): mocksms.assert_sent(to=5)
        def test_times(mocksms): mocksms.assert_sent(times=0)
        def test_number(mocksms): mocksms.assert_not_sent(to="abc")
        def test_field(mocksms): mocksms.assert_sent_in_order({"too": "1"})
        def test_timeout(mocksms): mocksms.wait_for(timeout="abc")
        def test_naive(mocksms): mocksms.freeze(datetime(2040, 1, 31))
        def test_message(mocksms): mocksms.read(None)
        def test_detail(mocksms): mocksms.fault("delay", durration="1s")
        def test_file(mocksms): mocksms.scenario("missing.toml")
        def test_attribute(mocksms): mocksms.credits = 5
        def test_key(mocksms): mocksms.account("bad ")
        """,
        failed=11,
    )
    lines = re.findall(r"^(\S+\.py):\d+: \w+$", printed, re.M)
    assert lines == ["test_error_about_an_argument_shows_the_line_of_the_test_alone.py"] * 11


def test_no_text_of_an_application_reaches_the_terminal_raw(runs: Runs) -> None:
    """Every text of a request, a rule or a file in a report is escaped: a terminal would act on it."""
    printed = runs.run(
        """
        import pytest
        from urllib.parse import quote
        TEXT = "x\\x1b]0;title\\x07\\x9b2J\\u202e\\r\\n\\x00\\u2028"

        @pytest.fixture
        def messages(mocksms, send):
            mocksms.scenario([{"name": TEXT, "match": {"tag": TEXT}, "outcome": "rejected/bounced"}])
            for number in ("972-54-1111111", TEXT):
                send(number, TEXT, tags=[TEXT], sender_id=TEXT)
            send(**{TEXT: TEXT, "path": "/" + quote(TEXT)})
            mocksms.reply("972-54-1111111", TEXT)

        def test_passes(mocksms, messages): ...
        def test_sent(mocksms, messages): mocksms.assert_sent(content="no", tag=TEXT)
        def test_nothing_sent(mocksms, messages): mocksms.assert_nothing_sent()
        def test_code(mocksms, messages): mocksms.outbox[0].code
        def test_segments(mocksms, messages): mocksms.assert_segments(mocksms.outbox[0], 9)
        def test_repr(mocksms, messages): assert (mocksms.outbox, mocksms.requests, mocksms.replies) == TEXT
        def test_scenario(mocksms): mocksms.scenario(TEXT)
        def test_rule(mocksms): mocksms.scenario([{"name": TEXT, TEXT: TEXT, "outcome": TEXT}])
        def test_file(mocksms): mocksms.scenario(TEXT + ".toml")
        def test_number(mocksms): mocksms.number(TEXT)
        def test_account(mocksms): mocksms.update_account(kosher=[TEXT], **{TEXT: 1})
        @pytest.mark.mocksms(api_key=TEXT)
        def test_marker(mocksms): ...
        """,
        "--color=no",
    )
    assert [line for line in printed.split("\n") if not line.replace("\t", "").isprintable()] == []
    assert printed.count("title") > 50
