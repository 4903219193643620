"""A session that attaches to a running mock sets options in the account of each test, and refuses others."""

from __future__ import annotations

from typing import Any

import pytest

from mocksms import MockSMS
from mocksms.inspection.accounts import AccountPatch
from mocksms.settings import OPTIONS, Settings
from mocksms.testing.defaults import AccountDefaults, account_defaults
from tests.support import NUMBER, running
from tests.testing.runs import Runs
from tests.testing.support import send


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
        "mocksms_async_delay = 1.5s",
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
            names = ("credit", "sender", "unsubscribed", "bounced", "gateway", "force_unsubscribe_link",
                     "async_delay")
            assert [account[name] for name in names] == [
                5, "Scenario", ["972541111111"], ["972542222222", "972543333333"], False, True, "1.5s"]
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


VARIATION = {
    "rule": [
        {"outcome": "rejected/bounced", "times": 1},
        {"match": {"tag": "late"}, "outcome": "rejected/kosher-number", "every": 3, "times": 1},
        {"match": {"tag": "lost"}, "outcome": "exception/exception", "times": 2},
        {"match": {"tag": "none"}, "outcome": "invalid/invalid-number"},
    ]
}


def last_state(sms: MockSMS, **more: object) -> str:
    """Return the reason of an SMS that is sent now, or its status."""
    (transaction_id,) = send(sms, NUMBER, **more)
    message = sms.read(transaction_id)
    return message.reject_reason or message.status


def test_variation_stays_in_front_of_every_scenario_of_the_account(sms: MockSMS) -> None:
    sms._set_up(AccountDefaults(scenario={"rule": [{"outcome": "queued"}]}, variation=VARIATION))
    assert sms.unused_rules == ["rule 1 of the scenario"]
    assert [last_state(sms) for _ in range(2)] == ["bounced", "queued"]
    scenarios: tuple[Any, ...] = ("gateway-outage", [{"outcome": "queued"}], {"rule": []}, None)
    for scenario in scenarios:
        sms.scenario(scenario)
        assert len(sms.api("GET", "scenario")["front"]) == 4
        assert last_state(sms, tags=["none"]) == "invalid-number"
        assert last_state(sms) != "bounced"
    other = sms.account(f"other of {sms.api_key}")
    other.scenario([{"outcome": "queued"}])
    assert [last_state(other) for _ in range(2)] == ["bounced", "queued"]


def test_used_up_rules_of_the_variation_stay_used_up_after_a_reset(sms: MockSMS) -> None:
    sms._set_up(AccountDefaults(variation=VARIATION))
    before = sms.snapshot()
    assert [last_state(sms, tags=tags) for tags in (["lost"], ["lost"], ["late"], ["late"])] == [
        "bounced",
        "exception",
        "sent",
        "sent",
    ]
    for again in (sms.reset, lambda: sms.restore(before)):
        again()
        rules = sms.api("GET", "scenario")["front"]
        assert [rule["left"] for rule in rules] == [1, 1, None]
    assert [last_state(sms, tags=tags) for tags in (["late"], ["lost"], ["lost"])] == [
        "kosher-number",
        "exception",
        "sent",
    ]
    sms.reset()
    sms.api("DELETE", "account")
    sms.reset()
    assert [rule["left"] for rule in sms.api("GET", "scenario")["front"]] == [None]
