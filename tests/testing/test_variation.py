"""The option `variation`: a scenario in front of those of every test."""

from __future__ import annotations

import pytest

from mocksms.settings import Settings
from tests.support import running
from tests.testing.runs import Runs

TESTS = """
    import pytest
    @pytest.mark.mocksms(scenario=[{"match": {"tag": "otp"}, "outcome": "rejected/bounced"}])
    def test_of_a_scenario(mocksms, send):
        assert send(tags=["otp"]) == 503
        mocksms.scenario("gateway-outage")
        assert send(tags=["otp"])[0]["status"] == "exception"
        mocksms.reset()
        assert send(tags=["otp"])[0]["status"] == OUTCOME
    def test_of_two_accounts(mocksms, send):
        assert send() == 503
        other = mocksms.account("other")
        assert [send(key="other") == 503 for _ in range(2)] == [True, False]
    @pytest.mark.mocksms(api_key="fixed")
    @pytest.mark.parametrize("_", range(2))
    def test_of_a_fixed_key(mocksms, send, _):
        assert [send() == 503 for _ in range(2)] == [True, False]
    def test_of_another_key(mocksms_server, send):
        assert send(key=mocksms_server.api_key) != 503
"""
FILE = '[[rule]]\nname = "503"\ntimes = 1\nfault = { kind = "status", status = 503 }\n'


def test_variation_comes_before_the_scenarios_of_every_test(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    (runs.path / "503.toml").write_text(FILE, encoding="utf-8")
    (runs.path / "own.toml").write_text('[[rule]]\noutcome = "invalid/invalid-number"\n', encoding="utf-8")
    runs.ini("mocksms_variation = 503.toml", "mocksms_scenario = own.toml")
    (runs.path / "elsewhere").mkdir()
    monkeypatch.chdir(runs.path / "elsewhere")
    tests = TESTS.replace("OUTCOME", '"invalid"')
    printed = runs.run(tests, "..", passed=5)
    assert f"\nmocksms: {runs.path / '503.toml'} (variation; its rules come before those of each test)\n" in printed
    with running(Settings(port=0)) as mock:
        runs.run(tests, "..", f"--mocksms-url={mock.url}", passed=5)


def test_variation_that_is_invalid_ends_the_run(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    (runs.path / "wrong.toml").write_text(FILE + "\n[[rule]]\noutcom = 5\n", encoding="utf-8")
    printed = runs.run("def test_it(): ...", "--mocksms-variation=wrong.toml")
    assert f"ERROR: {runs.path / 'wrong.toml'}:7: rule 2.outcom: unknown name; did you mean outcome?\n" in printed
    assert runs.exit_code == pytest.ExitCode.USAGE_ERROR
    monkeypatch.setenv("MOCKSMS_VARIATION", "none.toml")
    printed = runs.run("def test_it(): ...\ndef test_mock(mocksms): ...", passed=1, errors=1)
    assert f"\n{runs.path / 'none.toml'}: cannot be read: No such file or directory" in printed
