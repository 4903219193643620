from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mocksms import MockSMS
from mocksms.engine.controls import Controls
from mocksms.engine.engine import Engine
from mocksms.engine.message_query import MessageQuery
from mocksms.errors import SettingsError
from mocksms.scenario.library import StartScenarios
from mocksms.settings import Settings
from mocksms.sms.message import Recipient, Submission
from mocksms.state import state_start
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.snapshot import load
from mocksms.state.state_file import StateFile
from mocksms.state.state_start import StartState, StateSummary
from tests.state.archives import packed
from tests.support import KEY, NOON, NUMBER, ManualClock

OUTAGE = '[[rule]]\ntimes = 2\noutcome = "exception/no-available-gateways"\n'
BOUNCES = '[[rule]]\noutcome = "rejected/bounced"\n'


@pytest.fixture
def name(tmp_path: Path) -> str:
    return str(tmp_path / "mock.zip")


@contextmanager
def mock(settings: Settings, name: str, hours: int = 0) -> Iterator[tuple[Engine, StateSummary]]:
    """Restore a mock from its state file, some hours after noon, and save it at the end."""
    scenarios = StartScenarios(settings)
    state = StartState(settings, name)
    engine = Engine(settings, ManualClock(NOON + timedelta(hours=hours)), scenario=scenarios.active)
    saver = state.restore(engine, scenarios)
    assert engine.accounts.initial_scenario is scenarios.active  # so that it is reloaded when its files change
    yield engine, state.summary
    asyncio.run(saver.end())
    assert not saver.failed


def send(engine: Engine, key: str = KEY) -> str:
    (message,) = engine.submit(engine.account(key), Submission("Hello"), [Recipient(NUMBER)]).messages
    return str(message.state)


def texts(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return found


def test_mock_goes_on_where_the_one_before_ended(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(OUTAGE, encoding="utf-8")
    settings = Settings(seed="tests", scenario=(str(rules),))
    with mock(settings, name) as (engine, summary):
        assert summary == StateSummary(name, None, 0)
        assert send(engine) == "exception/no-available-gateways"
    with mock(settings, name) as (engine, summary):
        assert summary == StateSummary(name, NOON, 1)
        assert [send(engine), send(engine)] == ["exception/no-available-gateways", "sent"]
    assert texts(caplog) == []


@pytest.mark.parametrize(("seed", "are_new"), [(None, True), ("tests", False)])
def test_ids_of_lost_messages_are_not_given_again_unless_a_seed_is_set(
    name: str, seed: str | None, are_new: bool
) -> None:
    with mock(Settings(seed=seed), name) as (engine, _):
        send(engine, "used")
        engine.account("idle")
    saved = Path(name).read_bytes()

    def ids_after_a_start() -> set[str]:
        Path(name).write_bytes(saved)
        with mock(Settings(seed=seed), name) as (engine, _):
            return {engine.account(key).new_transaction_id() for key in ("used", "idle", "new")}

    lost, later = ids_after_a_start(), ids_after_a_start()
    assert (lost.isdisjoint(later), lost == later) == (are_new, not are_new)


def test_random_rules_go_on_while_ids_are_renewed(name: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nprobability = 0.5\noutcome = "rejected/bounced"\n', encoding="utf-8")
    settings = Settings(scenario=(str(rules),))

    def drawn(engine: Engine) -> list[str]:
        return [send(engine, key) for key in ("used", "new") for _ in range(20)]

    with mock(settings, name) as (engine, _):
        send(engine, "used")
    saved = Path(name).read_bytes()
    with mock(settings, name) as (engine, _):
        before = drawn(engine)
    Path(name).write_bytes(saved)
    with mock(settings, name) as (engine, _):
        assert drawn(engine) == before


def test_what_was_due_while_the_mock_was_off_happens_at_the_start(name: str) -> None:
    settings = Settings(seed="tests", async_delay=timedelta(hours=1))
    with mock(settings, name) as (engine, _):
        engine.submit(engine.account(KEY), Submission("Hello", wants_async=True), [Recipient(NUMBER)])
    with mock(settings, name, hours=3) as (engine, _):
        engine.tick()
    with mock(settings, name, hours=4) as (engine, _):
        (message,) = engine.account(KEY).messages.newest_first(MessageQuery())
        assert [(str(each.state), each.at - NOON) for each in message.history] == [
            ("queued", timedelta()),
            ("sent", timedelta(hours=1)),
        ]


def test_changed_scenario_of_the_options_replaces_the_saved_one(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rules, others = tmp_path / "rules.toml", tmp_path / "others.toml"
    rules.write_text(OUTAGE, encoding="utf-8")
    others.write_text(OUTAGE, encoding="utf-8")
    settings = Settings(seed="tests", scenario=(str(rules),))
    with mock(settings, name) as (engine, _):
        send(engine)
        own = StartScenarios(replace(settings, scenario=(str(others),))).active
        Controls(engine).activate_scenario(engine.account("own"), own)
    rules.write_text(BOUNCES, encoding="utf-8")
    with mock(settings, name) as (engine, _):
        assert [send(engine, key) for key in (KEY, "new", "own")] == [
            "rejected/bounced",
            "rejected/bounced",
            "exception/no-available-gateways",
        ]
    changed = "Scenario changed since the state was saved: %s. Rule counters restart."
    assert texts(caplog) == [changed % "rules.toml"]
    with mock(replace(settings, scenario=()), name) as (engine, _):
        assert [send(engine, key) for key in (KEY, "another", "own")] == [
            "sent",
            "sent",
            "exception/no-available-gateways",
        ]
    assert texts(caplog)[-1] == changed % "none is active"


def test_other_options_are_named(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with mock(Settings(seed="tests", credit=5, sender="Shop", state=name, state_every=timedelta()), name) as (
        engine,
        _,
    ):
        send(engine)
    with mock(Settings(seed="tests"), name) as (engine, _):
        assert (engine.account(KEY).credit, engine.account("new").credit) == (4, None)
    expected = f"The state in '{name}' was saved with other options: --sender, --credit. Those of this mock count."
    assert texts(caplog) == [expected]


@pytest.mark.parametrize("content", [b"no zip", b"PK\x03\x04"])
def test_file_that_cannot_be_restored_is_refused_and_released(name: str, content: bytes) -> None:
    Path(name).write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        StartState(Settings(), name)
    assert str(refused.value).startswith(f"The state file '{name}' cannot be restored: invalid snapshot: ")
    with closing(StateFile(name)):
        assert Path(name).read_bytes() == content


def test_snapshot_of_some_accounts_is_refused(name: str) -> None:
    engine = Engine(Settings(seed="tests"))
    send(engine)
    Path(name).write_bytes(packed(engine, [engine.account(KEY)]))
    with pytest.raises(
        SettingsError, match="it has some accounts, not a whole mock; restore it in a running mock with"
    ):
        StartState(Settings(), name)
    with closing(StateFile(name)) as file_again:
        assert file_again.read(lambda file: load(file, Settings())) is not None


def test_state_that_the_mock_cannot_keep_is_refused_and_released(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise InvalidSnapshot("too much")

    with mock(Settings(seed="tests"), name) as (engine, _):
        send(engine)
    monkeypatch.setattr(state_start, "restore", fail)
    for _ in range(2):
        with pytest.raises(SettingsError, match=r"cannot be restored: invalid snapshot: too much\.$"):
            MockSMS(state=name).start()


def test_file_that_cannot_be_read_is_released(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    Path(name).write_bytes(b"x")
    with monkeypatch.context() as patch:
        patch.setattr(state_start, "load", fail)
        with pytest.raises(SettingsError, match=r"cannot be read: Input/output error\.$"):
            StartState(Settings(), name)
    with closing(StateFile(name)):
        pass
