from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mocksms.engine.clock import timer
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario
from mocksms.errors import InvalidScenario, UnknownScenario
from mocksms.scenario.library import StartScenarios, bundled_folder
from mocksms.settings import Settings
from tests.support import TIMEOUT, running

BOUNCES = 'about = "It bounces."\n[[rule]]\noutcome = "rejected/bounced"\n'
FAILS = 'about = "It fails."\n[[rule]]\nmatch.nth = 2\noutcome = "sent"\n[[rule]]\noutcome = "exception"\n'
BROKEN = '[[rule]]\noutcome = "rejected/bounce"\n'


def write(path: Path, text: str) -> Path:
    """Write a file so that its change can be seen, however coarse the time of the file system is."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    now = max(path.stat().st_mtime_ns, before + 1)
    os.utime(path, ns=(now, now))
    return path


def stage(*names: Path | str, folder: Path | None = None) -> StartScenarios:
    return StartScenarios(Settings(scenario=tuple(map(str, names)), scenario_folder=str(folder) if folder else None))


def change_of(played: StartScenarios) -> ActiveScenario | None:
    """Return the script anew after two looks at what has come to rest."""
    return played.reload() or played.reload()


def labels(of: StartScenarios) -> list[str]:
    return [rule.label for rule in of.active.rules]


def names(of: StartScenarios) -> list[str]:
    return list(of.active.names)


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    found = [(record.levelno, record.getMessage()) for record in caplog.records if record.name == "mocksms"]
    caplog.clear()
    return found


def test_no_scenario_never_changes() -> None:
    empty = stage()
    assert empty.active == NO_SCENARIO
    assert change_of(empty) is None


def test_files_are_combined_in_their_order(tmp_path: Path) -> None:
    one, two = write(tmp_path / "b.toml", BOUNCES), write(tmp_path / "a.toml", FAILS)
    assert labels(stage(one, two)) == ["rule 1 of b.toml", "rule 1 of a.toml", "rule 2 of a.toml"]
    assert stage(two, one).active.names == ("a.toml", "b.toml")


def test_folder_means_its_files_sorted_by_name(tmp_path: Path) -> None:
    write(tmp_path / "2.toml", BOUNCES)
    write(tmp_path / "1.toml", FAILS)
    write(tmp_path / "notes.txt", "No scenario.")
    assert stage(tmp_path).active.names == ("1.toml", "2.toml")


def test_folder_without_scenarios_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "notes.txt", "No scenario.")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(InvalidScenario, match=r"this folder has no scenario, a file \*\.toml"):
        stage(tmp_path)


def test_folder_counts_only_regular_files(tmp_path: Path) -> None:
    write(tmp_path / "1.toml", BOUNCES)
    (tmp_path / "2.toml").mkdir()
    os.mkfifo(tmp_path / "3.toml")
    assert names(stage(tmp_path)) == ["1.toml"]


def test_bundled_scenario_is_found_by_name() -> None:
    assert stage("gateway-outage").active.names == ("gateway-outage.toml",)


def test_scenario_folder_takes_precedence_over_bundled_scenarios(tmp_path: Path) -> None:
    write(tmp_path / "gateway-outage.toml", BOUNCES)
    assert labels(stage("gateway-outage", folder=tmp_path)) == ["rule 1 of gateway-outage.toml"]
    assert labels(stage("happy-path", folder=tmp_path)) == ["rule 1 of happy-path.toml"]


def test_unknown_scenario_gets_a_suggestion() -> None:
    with pytest.raises(UnknownScenario, match=r"did you mean gateway-outage\?"):
        stage("gateway-outrage")


def test_missing_file_is_reported_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(InvalidScenario, match="cannot be read") as refused:
        stage(tmp_path / "missing.toml")
    assert refused.value.issues[0].file == str(tmp_path / "missing.toml")


def test_issues_of_all_files_are_reported_together(tmp_path: Path) -> None:
    one, two = write(tmp_path / "a.toml", BROKEN), write(tmp_path / "b.toml", "[[rule")
    with pytest.raises(InvalidScenario) as refused:
        stage(one, write(tmp_path / "right.toml", BOUNCES), two)
    assert [complaint.file for complaint in refused.value.issues] == [str(one), str(two)]


def test_changed_file_is_reloaded_and_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "a.toml", BOUNCES)
    played = stage(path)
    before = played.active
    assert change_of(played) is None
    write(path, FAILS)
    changed = change_of(played)
    assert changed is played.active is not before
    assert labels(played) == ["rule 1 of a.toml", "rule 2 of a.toml"]
    ((level, text),) = logged(caplog)
    assert level == logging.WARNING
    assert "a.toml" in text
    assert change_of(played) is None
    assert logged(caplog) == []


def test_invalid_edit_keeps_the_scenario_and_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "a.toml", BOUNCES)
    played = stage(path)
    before = played.active
    write(path, BROKEN)
    assert change_of(played) is None
    assert played.active is before
    ((level, text),) = logged(caplog)
    assert level == logging.ERROR
    assert "the previous version stays active" in text
    assert "a.toml:2: " in text
    assert "did you mean rejected/bounced?" in text
    assert change_of(played) is None
    assert logged(caplog) == []


def test_half_written_file_is_not_loaded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "a.toml", BOUNCES)
    played = stage(path)
    before = played.active
    for text in ("", "[[rule]]\n", FAILS):
        write(path, text)
        assert played.reload() is None
        assert played.active is before
    assert logged(caplog) == []
    assert played.reload() is not None
    assert len(labels(played)) == 2


def test_changed_account_table_is_logged_as_applying_to_new_accounts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "a.toml", BOUNCES)
    played = stage(path)
    for text, lines in ((f"{BOUNCES}[account]\ncredit = 5\n", 2), (f"{FAILS}[account]\ncredit = 5\n", 1)):
        write(path, text)
        assert change_of(played) is not None
        told = [words for _, words in logged(caplog)]
        assert len(told) == lines
        assert ("The changed [account] table applies to new accounts and after a reset." in told) == (lines == 2)


def test_name_of_a_file_is_logged_escaped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "a\x1b[2J.toml", BOUNCES)
    played = stage(path)
    for text in (FAILS, BROKEN):
        write(path, text)
        change_of(played)
        ((_, words),) = logged(caplog)
        assert r"a\x1b[2J.toml" in words


def test_fixed_file_is_reloaded(tmp_path: Path) -> None:
    path = write(tmp_path / "a.toml", BOUNCES)
    played = stage(path)
    write(path, BROKEN)
    change_of(played)
    write(path, FAILS)
    assert change_of(played) is played.active
    assert len(played.active.rules) == 2


def test_one_invalid_file_keeps_all_scenarios(tmp_path: Path) -> None:
    one, two = write(tmp_path / "a.toml", BOUNCES), write(tmp_path / "b.toml", BOUNCES)
    played = stage(one, two)
    write(one, FAILS)
    write(two, BROKEN)
    assert change_of(played) is None
    assert labels(played) == ["rule 1 of a.toml", "rule 1 of b.toml"]
    write(two, BOUNCES)
    assert change_of(played) is not None
    assert len(labels(played)) == 3


def test_deleted_file_keeps_the_scenario_until_it_is_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "a.toml", BOUNCES)
    played = stage(path)
    path.unlink()
    assert change_of(played) is None
    assert labels(played) == ["rule 1 of a.toml"]
    ((level, text),) = logged(caplog)
    assert (level, "cannot be read" in text) == (logging.ERROR, True)
    write(path, FAILS)
    assert change_of(played) is not None
    assert len(played.active.rules) == 2


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (os.mkfifo, "it is a named pipe"),
        (Path.mkdir, "Is a directory"),
        (lambda path: path.symlink_to("gone"), "it is a link to gone"),
    ],
    ids=["named pipe", "folder", "link without target"],
)
def test_file_replaced_by_something_else_keeps_the_scenario(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, make: Callable[[Path], object], why: str
) -> None:
    path = write(tmp_path / "a.toml", BOUNCES)
    played = stage(path)
    path.unlink()
    make(path)
    assert change_of(played) is None
    assert labels(played) == ["rule 1 of a.toml"]
    ((level, text),) = logged(caplog)
    assert (level, why in text) == (logging.ERROR, True)


def test_file_replaced_by_another_of_the_same_size_and_time_has_changed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.toml", BOUNCES)
    played = stage(path)
    found = path.stat()
    other = write(tmp_path / "other", BOUNCES.replace("It bounces.", "It is gone."))
    assert other.stat().st_size == found.st_size
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
    other.replace(path)
    assert change_of(played) is not None


def test_files_of_a_folder_come_and_go(tmp_path: Path) -> None:
    first = write(tmp_path / "1.toml", BOUNCES)
    played = stage(tmp_path)
    second = write(tmp_path / "2.toml", FAILS)
    assert change_of(played) is not None
    assert names(played) == ["1.toml", "2.toml"]
    first.unlink()
    assert change_of(played) is not None
    assert names(played) == ["2.toml"]
    second.unlink()
    assert change_of(played) == NO_SCENARIO


def test_invalid_new_file_in_a_folder_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path / "1.toml", BOUNCES)
    played = stage(tmp_path)
    broken = write(tmp_path / "2.toml", BROKEN)
    assert change_of(played) is None
    assert names(played) == ["1.toml"]
    broken.unlink()
    changed = change_of(played)
    assert changed is not None
    assert changed.names == ("1.toml",)


def test_deleted_folder_keeps_the_scenario(tmp_path: Path) -> None:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    path = write(folder / "1.toml", BOUNCES)
    played = stage(folder)
    path.unlink()
    folder.rmdir()
    assert change_of(played) is None
    assert names(played) == ["1.toml"]


def test_bundled_scenarios_do_not_reload() -> None:
    played = stage(bundled_folder())
    assert len(played.active.names) > 10
    assert change_of(played) is None


def test_running_mock_reloads_a_changed_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.toml", BOUNCES)
    settings = Settings(port=0, seed="tests", scenario=(str(path),))
    played = StartScenarios(settings)
    with running(settings, scenario=played.active, stage=played) as mock:
        assert mock.send()[0]["status"] == "rejected"
        write(path, BROKEN)
        assert mock.send()[0]["status"] == "rejected"
        write(path, FAILS.replace("exception", "invalid"))
        deadline = timer() + TIMEOUT
        while mock.send("972-54-2222222")[0]["status"] != "invalid":
            assert timer() < deadline, "the change is never in force"
