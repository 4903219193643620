from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from mocksms.errors import SettingsError
from mocksms.state import state_file
from mocksms.state.state_file import StateFile

NAME = "mock.zip"


def saving(content: bytes) -> Callable[[BinaryIO], object]:
    return lambda file: file.write(content)


def content_of(file: BinaryIO) -> bytes:
    return file.read()


@contextmanager
def opened(path: Path | str) -> Iterator[StateFile]:
    with closing(StateFile(str(path))) as file:
        yield file


def refusal(path: Path | str) -> str:
    with pytest.raises(SettingsError) as refused:
        StateFile(str(path))
    return str(refused.value)


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def failing(code: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(code, os.strerror(code))

    return fail


def test_new_file_is_empty_and_only_for_its_owner(tmp_path: Path) -> None:
    with opened(tmp_path / NAME) as file:
        assert file.read(content_of) is None
        assert file.problem == ""
        assert names_in(tmp_path) == [NAME]
        file.write(saving(b"first"))
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert names_in(tmp_path) == [NAME]


def test_save_keeps_the_version_before_and_the_permissions(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"first")
    path.chmod(0o640)
    with opened(path) as file:
        assert file.read(content_of) == b"first"
        for content in (b"second", b"third"):
            file.write(saving(content))
        assert file.read(content_of) == b"third"
    assert file.previous.read_bytes() == b"second"
    assert names_in(tmp_path) == [NAME, f"{NAME}.previous"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o640}


def test_save_after_the_file_was_deleted_writes_it_again(tmp_path: Path) -> None:
    with opened(tmp_path / NAME) as file:
        (tmp_path / NAME).unlink()
        assert file.read(content_of) is None
        file.write(saving(b"first"))
    assert (tmp_path / NAME).read_bytes() == b"first"


def test_symbolic_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / NAME).symlink_to("data/real.zip")
    with opened(tmp_path / NAME) as file:
        file.write(saving(b"first"))
        file.write(saving(b"second"))
    assert os.readlink(tmp_path / NAME) == "data/real.zip"
    assert names_in(tmp_path / "data") == ["real.zip", "real.zip.previous"]
    assert (tmp_path / NAME).read_bytes() == b"second"


def test_what_a_killed_process_left_is_removed_and_other_files_stay(tmp_path: Path) -> None:
    left = [f".{NAME}.abcdef_1.tmp", f".{NAME}.abcdef_1.tmp.previous"]
    others = [f".{NAME}.2.abcdefgh.tmp", f".{NAME}.abcdefgh.tmp.txt", f"{NAME}.previous"]
    for name in (*left, *others):
        (tmp_path / name).write_bytes(b"x")
    with opened(tmp_path / NAME):
        assert names_in(tmp_path) == sorted([NAME, *others])


def test_second_mock_on_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(NAME)
    with opened(tmp_path / NAME) as file:
        for content in (b"first", b"second"):
            expected = f"Another mock uses the state file '{tmp_path / 'link'}'; give each mock a file of its own."
            assert refusal(tmp_path / "link") == expected
            file.write(saving(content))
    with opened(tmp_path / NAME) as file:
        assert file.read(content_of) == b"second"


def test_lock_is_on_the_file_that_another_mock_has_just_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another mock may replace the file between the opening and the lock."""
    path, lock = tmp_path / NAME, fcntl.flock
    path.write_bytes(b"old")
    locks: list[int] = []

    def replace_first(descriptor: int, operation: int) -> None:
        if not locks:
            (tmp_path / "new").write_bytes(b"new")
            os.replace(tmp_path / "new", path)
        locks.append(operation)
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", replace_first)
    with opened(path) as file:
        assert file.read(content_of) == b"new"
        assert locks == [fcntl.LOCK_EX | fcntl.LOCK_NB, fcntl.LOCK_UN, fcntl.LOCK_EX | fcntl.LOCK_NB]
        assert "Another mock" in refusal(path)


def test_file_that_is_deleted_before_the_lock_is_created_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, lock = tmp_path / NAME, fcntl.flock
    path.write_bytes(b"old")

    def delete_old(descriptor: int, operation: int) -> None:
        path.unlink()
        monkeypatch.setattr(fcntl, "flock", lock)
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", delete_old)
    with opened(path) as file:
        assert file.read(content_of) is None
        assert "Another mock" in refusal(path)


def test_lock_is_released_although_a_forked_child_lives(tmp_path: Path) -> None:
    file = StateFile(str(tmp_path / NAME))
    assert file._lock is not None
    child = os.dup(file._lock)
    file.close()
    with opened(tmp_path / NAME):
        os.close(child)


def test_file_system_without_locks_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", failing(errno.ENOLCK))
    with opened(tmp_path / NAME) as file:
        file.write(saving(b"first"))
        file.write(saving(b"second"))
    assert names_in(tmp_path) == [NAME, f"{NAME}.previous"]


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP])
def test_file_system_without_hard_links_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    monkeypatch.setattr(os, "link", failing(code))
    with opened(tmp_path / NAME) as file:
        for content in (b"first", b"second", b"third"):
            file.write(saving(content))
    assert file.previous.read_bytes() == b"second"
    assert stat.S_IMODE(file.previous.stat().st_mode) == 0o600
    assert names_in(tmp_path) == [NAME, f"{NAME}.previous"]


def test_previous_version_is_left_once_more_after_a_crash_between_two_renames(tmp_path: Path) -> None:
    """A rename onto a link to the same file does nothing, so it leaves the name that it has."""
    (tmp_path / NAME).write_bytes(b"first")
    os.link(tmp_path / NAME, tmp_path / f"{NAME}.previous")
    with opened(tmp_path / NAME) as file:
        file.write(saving(b"second"))
    assert names_in(tmp_path) == [NAME, f"{NAME}.previous"]
    assert file.previous.read_bytes() == b"first"


@pytest.mark.parametrize("place", ["open", "write", "fsync", "lock", "chmod", "link", "keep", "replace", "folder"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_failure_at_any_step_leaves_a_readable_version_and_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, code: int
) -> None:
    with opened(tmp_path / NAME) as file:
        for content in (b"first", b"second"):
            file.write(saving(content))
        save = failing(code) if place == "write" else saving(b"third")
        with monkeypatch.context() as patch:
            break_step(patch, place, code)
            failed = attempt(file, save)
        assert failed == (place not in ("lock", "chmod"))
        version = b"second" if failed and place != "folder" else b"third"
        assert file.read(content_of) == version
        assert file.previous.read_bytes() in (b"first", b"second")
        assert names_in(tmp_path) == [NAME, f"{NAME}.previous"]
        file.write(saving(b"fourth"))
        assert (file.read(content_of), file.previous.read_bytes()) == (b"fourth", version)
        assert "Another mock" in refusal(tmp_path / NAME)


def attempt(file: StateFile, save: Callable[[BinaryIO], object]) -> bool:
    """Return whether a save fails."""
    try:
        file.write(save)
    except OSError:
        return True
    return False


def break_step(patch: pytest.MonkeyPatch, place: str, code: int) -> None:
    """Let one system call of a save fail."""
    fail, replace, sync = failing(code), os.replace, os.fsync
    match place:
        case "open":
            patch.setattr(state_file, "mkstemp", fail)
        case "fsync":
            patch.setattr(os, "fsync", fail)
        case "lock":
            patch.setattr(fcntl, "flock", fail)
        case "chmod":
            patch.setattr(Path, "chmod", fail)
        case "link":
            patch.setattr(os, "link", fail)
        case "keep":
            patch.setattr(os, "replace", lambda old, new: (fail if new.suffix == ".previous" else replace)(old, new))
        case "replace":
            patch.setattr(os, "replace", lambda old, new: (replace if new.suffix == ".previous" else fail)(old, new))
        case "folder":
            patch.setattr(os, "fsync", lambda each: (fail if stat.S_ISDIR(os.fstat(each).st_mode) else sync)(each))


def test_folder_that_cannot_be_written_to_the_disk_by_itself_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path / NAME) as file:
        break_step(monkeypatch, "folder", errno.EINVAL)
        file.write(saving(b"first"))
        assert file.read(content_of) == b"first"


def test_copy_of_the_previous_version_fails_without_a_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / NAME) as file:
        file.write(saving(b"first"))
        monkeypatch.setattr(os, "link", failing(errno.EPERM))
        monkeypatch.setattr(shutil, "copyfileobj", failing(errno.ENOSPC))
        assert attempt(file, saving(b"second"))
        assert file.read(content_of) == b"first"
    assert names_in(tmp_path) == [NAME]


def test_folder_that_cannot_be_written_is_a_problem_but_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / NAME).write_bytes(b"first")
    monkeypatch.setattr(state_file, "mkstemp", failing(errno.EROFS))
    with opened(tmp_path / NAME) as file:
        assert file.problem == "Read-only file system"
        assert file.read(content_of) == b"first"
    create = os.open
    monkeypatch.setattr(os, "open", lambda path, flags, *mode: (failing(errno.EROFS) if mode else create)(path, flags))
    with opened(tmp_path / "new.zip") as file:
        assert file.problem == "Read-only file system"
        assert file.read(content_of) is None


def test_path_that_can_never_be_a_state_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    assert refusal(tmp_path) == f"The state file '{tmp_path}' is a folder; name a file in it, such as mocksms.zip."
    assert refusal(tmp_path / "pipe") == f"The state file '{tmp_path / 'pipe'}' is not a regular file."
    assert refusal(tmp_path / "no/mock.zip") == (
        f"The folder of the state file '{tmp_path / 'no/mock.zip'}' does not exist; create it, or correct --state."
    )
    assert refusal(tmp_path / "loop").endswith("cannot be read: Too many levels of symbolic links.")
    path, mounts = tmp_path / "a mock.zip", tmp_path / "mounts"
    path.write_bytes(b"x")
    escaped = str(path).replace(" ", r"\040")
    mounts.write_text(f"1 2 8:1 / /data rw - ext4 /dev/sda1 rw\n3 4 8:1 /x {escaped} rw - ext4 /dev/sda1 rw\n")
    monkeypatch.setattr(state_file, "MOUNTS", mounts)
    assert refusal(path) == (
        f"The state file '{path}' cannot be used: it is mounted as a single file, which cannot be replaced; "
        "mount its folder instead."
    )
    monkeypatch.setattr(state_file, "MOUNTS", tmp_path / "none")
    with opened(path):
        pass


def test_file_that_cannot_be_read_is_refused_and_the_version_before_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"x")
    (tmp_path / f"{NAME}.previous").write_bytes(b"x")
    with opened(path) as file, pytest.raises(SettingsError) as refused:
        file.read(failing(errno.EIO))
    expected = f"The state file '{path}' cannot be read: Input/output error; the version before is {path}.previous."
    assert str(refused.value) == expected
    monkeypatch.setattr(os, "open", failing(errno.EACCES))
    assert "cannot be read: Permission denied; the version before is" in refusal(path)
