"""The pytest plugin, in runs of its own."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from mocksms.settings import OPTIONS, SESSION_OPTIONS, Settings
from mocksms.testing.run_options import flag, ini_name
from tests.support import running
from tests.testing.runs import Runs


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
        assert f"{flag(name)}{' ' if option.metadata.get('bare') else '='}" in shown
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
    assert printed.count("MOCKSMS_IMAGE is not an environment variable of mocksms, and is ignored.") == 1


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
        import datetime, json, pytest, urllib.request
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

        @pytest.mark.mocksms(async_delay="5s")
        def test_still_queued_at_the_first_reads(mocksms, send):
            body = {"message": {"content": "Hi", "to": [{"mobile_number": "972-54-1111111"}]}, "async": True}
            headers = {"Content-Type": "application/json", "X-API-Key": mocksms.api_key}
            url = mocksms.url + "/transactional/sms/send"
            urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)).read()
            assert mocksms.assert_sent().status == "queued"
            mocksms.advance("5s")
            assert mocksms.assert_sent().status == "sent"
        """,
        passed=6,
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


def test_state_file_is_refused(runs: Runs) -> None:
    printed = runs.run("def test_it(mocksms): ...", "--mocksms-state=mock.zip")
    assert (
        "mocksms_state is mock.zip, but cannot be set: the mock of a test session starts empty; to test with a state, "
        "start a mock with mocksms --state, and attach the session to it with mocksms_url"
    ) in printed


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
    tests = "def test_it(mocksms): ...\ndef test_other(): ..."
    printed = runs.run(tests, "-p", "no:mocksms", processes=True, passed=1, errors=1)
    assert "fixture 'mocksms' not found" in printed


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
