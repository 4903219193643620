from __future__ import annotations

import json

from mocksms.cli.console import banner, banner_json
from mocksms.engine.engine import Engine
from mocksms.scenario.library import StartScenarios
from mocksms.settings import Settings
from mocksms.state.state_start import StateSummary
from tests.support import NOON, ManualClock


def test_banner_has_addresses_key_numbers_seed_and_a_curl_line() -> None:
    text = banner(Engine(Settings(seed="seven")), "http://127.0.0.1:8972", "1.2.3")
    assert "mocksms 1.2.3 is ready. Press Ctrl+C to stop.\n" in text
    assert "Inbox      http://127.0.0.1:8972/\n" in text
    assert "Reference  http://127.0.0.1:8972/docs\n" in text
    assert "Base URL   http://127.0.0.1:8972/rest/v1\n" in text
    assert "any value works; each key is its own account" in text
    assert "http://127.0.0.1:8972/rest/v1/transactional/sms/search" in text
    assert "http://127.0.0.1:8972/_mock/numbers" in text
    assert [number in text for number in ("972-50-0000000", "972-50-0002100", "972-50-0007100")] == [True] * 3
    assert "Seed       seven\n" in text
    assert "curl -s http://127.0.0.1:8972/rest/v1/transactional/sms/send " in text


def test_banner_shortens_configured_keys() -> None:
    keys = ("production-key", "short")
    text = banner(Engine(Settings(api_key=keys)), "http://127.0.0.1:8972", "1.2.3")
    assert "API key    one of prod…, s…\n" in text
    assert '"X-API-Key: $YOUR_KEY"' in text
    assert [key in text for key in keys] == [False, False]


def test_banner_has_numbers_of_the_magic_prefix() -> None:
    text = banner(Engine(Settings(magic_prefix="97250001")), "http://127.0.0.1:8972", "1.2.3")
    assert "972-50-0010000" in text
    assert "972-50-0000000" not in text


def test_banner_has_the_active_scenarios() -> None:
    settings = Settings(scenario=("gateway-outage", "chaos"))
    text = banner(Engine(settings, scenario=StartScenarios(settings).active), "http://127.0.0.1:8972", "1.2.3")
    assert "Scenario   gateway-outage.toml, chaos.toml: 7 rules\n" in text
    single = Settings(scenario=("gateway-outage",))
    text = banner(Engine(single, scenario=StartScenarios(single).active), "http://127.0.0.1:8972", "1.2.3")
    assert "Scenario   gateway-outage.toml: 1 rule\n" in text
    assert "Scenario" not in banner(Engine(Settings()), "http://127.0.0.1:8972", "1.2.3")


def test_banner_as_json() -> None:
    line = banner_json(Engine(Settings(seed="seven"), ManualClock()), "http://127.0.0.1:8972", "1.2.3")
    assert line.endswith("}\n")
    assert json.loads(line) == {
        "at": "2026-03-01T12:00:00+00:00",
        "event": "ready",
        "version": "1.2.3",
        "url": "http://127.0.0.1:8972",
        "seed": "seven",
        "scenario": [],
    }


def test_banner_has_the_state_file() -> None:
    engine, url = Engine(Settings(seed="seven"), ManualClock()), "http://127.0.0.1:8972"
    for summary, expected in (
        (StateSummary("mock\x1b.zip", None, 0), r"mock\x1b.zip, new"),
        (StateSummary("mock.zip", NOON, 1), "mock.zip, 1 message restored, saved 2026-03-01 12:00 UTC"),
        (StateSummary("mock.zip", NOON, 1234), "mock.zip, 1,234 messages restored, saved 2026-03-01 12:00 UTC"),
    ):
        assert f"Seed       seven\n  State      {expected}\n\n" in banner(engine, url, "1.2.3", summary)
        saved_at = summary.saved_at and "2026-03-01T12:00:00+00:00"
        about = {"file": summary.file, "messages": summary.messages, "saved_at": saved_at}
        assert json.loads(banner_json(engine, url, "1.2.3", summary))["state"] == about
