from __future__ import annotations

import os
from pathlib import Path

import pytest

from mocksms.errors import SettingsError, UnknownScenario
from mocksms.scenario import library
from mocksms.scenario.library import Library, NamedScenario, bundled_folder
from mocksms.scenario.parser import read_file


def put(folder: Path, name: str, about: str) -> Path:
    """Write a scenario and return its file."""
    path = folder / f"{name}.toml"
    path.write_text(f'about = "{about}"\n')
    return path


def test_library_has_the_bundled_scenarios_sorted_by_name() -> None:
    names = [shelved.name for shelved in Library().all()]
    assert names == sorted(names)
    assert {"happy-path", "gateway-outage", "chaos"} <= {*names}
    assert all(read_file(shelved.path).about for shelved in Library().all())


def test_folder_adds_to_the_library_and_takes_precedence(tmp_path: Path) -> None:
    ours, own = put(tmp_path, "chaos", "Ours."), put(tmp_path, "a-story", "Own.")
    (tmp_path / "notes.txt").touch()
    shelf = Library(str(tmp_path))
    assert shelf.all()[0] == NamedScenario("a-story", own)
    assert len(shelf.all()) == len(Library().all()) + 1
    assert (shelf.path("chaos"), shelf.path("a-story")) == (ours, own)
    assert shelf.path("happy-path") == Library().path("happy-path")


def test_folder_is_read_each_time(tmp_path: Path) -> None:
    shelf = Library(str(tmp_path))
    with pytest.raises(UnknownScenario):
        shelf.path("late")
    path = put(tmp_path, "late", "Late.")
    assert shelf.path("late") == path


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^The scenario folder '.*none' does not exist; see --scen"):
        Library(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("gateway-outrage", "did you mean gateway-outage?"),
        ("zzz", "known are chaos, credit-runs-out, every-status, flaky-provider"),
        ("../scenarios/chaos", "known are chaos, "),
        ("chaos.toml", "did you mean chaos?"),
        ("", "known are chaos, "),
    ],
)
def test_unknown_name_gets_a_suggestion_or_all_names(name: str, hint: str) -> None:
    with pytest.raises(UnknownScenario) as unknown:
        Library().path(name)
    assert str(unknown.value).startswith(f"there is no scenario {name!r}; ")
    assert hint in str(unknown.value)


def test_only_regular_files_are_scenarios(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    os.mkfifo(tmp_path / "pipe.toml")
    put(tmp_path, "story", "Fine.")
    there = {shelved.name for shelved in Library(str(tmp_path)).all()}
    assert there - {shelved.name for shelved in Library().all()} == {"story"}


@pytest.mark.parametrize(
    "name", ["._story.toml", ".#story.toml", ".story.toml", ".DS_Store", "story.toml~", "#story.toml#"]
)
def test_hidden_files_and_backups_are_no_scenarios(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, "story", "Fine.")
    (tmp_path / name).write_bytes(b"\x00\x05\x16\x07")
    assert library.files_in(tmp_path) == [path]


def test_link_without_a_target_counts_so_that_its_error_is_seen(tmp_path: Path) -> None:
    (tmp_path / "story.toml").symlink_to("gone.toml")
    shelf = Library(str(tmp_path))
    assert shelf.about(NamedScenario("story", shelf.path("story"))).startswith("invalid: ")


def test_unknown_name_mentions_the_scenario_folder() -> None:
    with pytest.raises(UnknownScenario, match=r", and the files in the folder of --scenario-folder$"):
        Library().path("zzz")


def test_description_follows_changes_of_the_file(tmp_path: Path) -> None:
    shelved = NamedScenario("story", put(tmp_path, "story", "First."))
    shelf = Library(str(tmp_path))
    assert shelf.about(shelved) == "First."
    put(tmp_path, "story", "Second.")
    os.utime(shelved.path, ns=(1, 1))
    assert shelf.about(shelved) == "Second."


def test_description_of_an_invalid_file_is_its_issue(tmp_path: Path) -> None:
    path = put(tmp_path, "story", "Fine.")
    path.write_text("abuot = 1")
    shelf = Library(str(tmp_path))
    assert shelf.about(NamedScenario("story", path)) == (
        "invalid: story.toml:1: abuot: unknown name; did you mean about?"
    )


def test_description_of_a_missing_file_says_so(tmp_path: Path) -> None:
    gone = NamedScenario("gone", tmp_path / "gone.toml")
    assert Library(str(tmp_path)).about(gone).startswith("invalid: [Errno 2] No such file or directory")


def test_bundled_folder_is_in_the_package_or_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "mocksms"
    package.mkdir()
    monkeypatch.setattr(library, "files", lambda _: package)
    assert bundled_folder() == tmp_path / "scenarios"
    (package / "scenarios").mkdir()
    assert bundled_folder() == package / "scenarios"
