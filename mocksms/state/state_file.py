"""The state file on disk: locked for one mock, and replaced as a whole by each save."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO, Final, TypeVar

from mocksms.errors import SettingsError
from mocksms.sms.display import error_reason

if sys.platform != "win32":  # pragma: no branch - Windows has no such locks: two mocks with one file are not noticed
    import fcntl

T = TypeVar("T")

FILE_MODE: Final = 0o600
"""Permissions of a new file: it has messages. One that exists keeps its own."""

MOUNT_HINT: Final = "it is mounted as a single file, which cannot be replaced; mount its folder instead"

MOUNTS: Final = Path("/proc/self/mountinfo")
"""The mounts of this process, on Linux: one a line, with the place as the fifth word."""

_OCTAL: Final = re.compile(r"\\([0-7]{3})")
"""How a place is written there if it has a space, tab, line break or backslash."""

_IS_MOUNT: Final = (errno.EBUSY, errno.EXDEV)
"""Errors of a rename or a hard link where the file is a mount of its own, as in a container."""

_NO_LINKS: Final = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""Errors of a hard link where the file system, or a rule of the machine, allows none."""

_NO_SYNC: Final = (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF)
"""Errors of a file system that cannot write a folder to the disk by itself."""


class StateFile:
    """The file of the option `state`. It is locked until `close`, so that no other mock uses it.

    A file that does not exist is created, empty. `problem` says why it cannot be written, empty if it can be.
    `previous` is the version before the last save.

    Args:
        name: the path as a user wrote it; a symbolic link stays, and the file that it names is replaced.

    Raises:
        SettingsError: this can never be a state file, or another mock uses it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._target = Path(os.path.realpath(name))
        self.previous = self._target.with_name(f"{self._target.name}.previous")
        self._temporary = re.compile(rf"\.{re.escape(self._target.name)}\.\w{{8}}\.tmp(\.previous)?")
        self._check()
        self._lock = self._open()
        self._remove_temporary()
        self.problem = self._why_not_writable()

    def read(self, load: Callable[[BinaryIO], T]) -> T | None:
        """Return what a function reads from the file, None if it is empty or does not exist.

        Raises:
            SettingsError: the file cannot be read.
        """
        try:
            with self._target.open("rb") as file:
                return load(file) if os.fstat(file.fileno()).st_size else None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self.error(f"cannot be read: {describe(error)}") from error

    def write(self, save: Callable[[BinaryIO], object]) -> None:
        """Replace the file by what a function writes, and keep the version before as `previous`.

        The file exists at every instant, in its old or its new version. If anything fails, no other file is left.

        Raises:
            OSError: it cannot be written.
        """
        new = self._create_temporary()
        lock = None
        try:
            with new.open("wb") as file:
                save(file)
                file.flush()
                os.fsync(file.fileno())
                lock = _lock(file.fileno())
            self._copy_mode(new)
            self._keep_previous(new.with_name(f"{new.name}.previous"))
            os.replace(new, self._target)
        except BaseException:
            _unlock(lock)
            new.unlink(missing_ok=True)
            raise
        _unlock(self._lock)
        self._lock = lock
        _sync(self._target.parent)

    def close(self) -> None:
        """Let other mocks use the file."""
        _unlock(self._lock)
        self._lock = None

    def error(self, problem: str) -> SettingsError:
        """Return an error about the file; it names the previous version if there is one."""
        kept = f"; the version before is {self.name}.previous" if self.previous.is_file() else ""
        return SettingsError(f"The state file {self.name!r} {problem}{kept}.")

    def _check(self) -> None:
        """Refuse what can never be a state file."""
        try:
            found = self._target.stat().st_mode
        except FileNotFoundError:
            if not self._target.parent.is_dir():
                raise SettingsError(
                    f"The folder of the state file {self.name!r} does not exist; create it, or correct --state."
                ) from None
            return
        except OSError as error:
            raise self.error(f"cannot be read: {describe(error)}") from error
        if stat.S_ISDIR(found):
            raise SettingsError(f"The state file {self.name!r} is a folder; name a file in it, such as mocksms.zip.")
        if not stat.S_ISREG(found):
            raise SettingsError(f"The state file {self.name!r} is not a regular file.")
        if _is_mount(self._target):
            raise SettingsError(f"The state file {self.name!r} cannot be used: {MOUNT_HINT}.")

    def _open(self) -> int | None:
        """Open the file and lock it; return the lock, None if there is no file or the file system has no locks."""
        while True:
            try:
                descriptor = self._descriptor()
            except OSError as error:
                raise self.error(f"cannot be read: {describe(error)}") from error
            if descriptor is None:
                return None
            try:
                lock = _lock(descriptor)
            except BlockingIOError:
                raise SettingsError(
                    f"Another mock uses the state file {self.name!r}; give each mock a file of its own."
                ) from None
            else:
                if self._is_target(descriptor):
                    return lock
                _unlock(lock)  # another mock has replaced the file since it was opened
            finally:
                os.close(descriptor)

    def _descriptor(self) -> int | None:
        """Open the file; create it where that is possible."""
        flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)
        with suppress(FileNotFoundError):
            return os.open(self._target, flags)
        with suppress(OSError):
            return os.open(self._target, flags | os.O_CREAT | os.O_EXCL, FILE_MODE)
        return None

    def _is_target(self, descriptor: int) -> bool:
        """Whether an open file is still the state file, which another mock may have replaced."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._target.stat())
        except FileNotFoundError:
            return False

    def _remove_temporary(self) -> None:
        """Remove what a mock that was killed during a save has left."""
        with suppress(OSError):
            for each in self._target.parent.iterdir():
                if self._temporary.fullmatch(each.name):
                    each.unlink(missing_ok=True)

    def _why_not_writable(self) -> str:
        try:
            self._create_temporary().unlink()
        except OSError as error:
            return describe(error)
        return ""

    def _create_temporary(self) -> Path:
        descriptor, name = mkstemp(".tmp", f".{self._target.name}.", self._target.parent)
        os.close(descriptor)
        return Path(name)

    def _copy_mode(self, new: Path) -> None:
        with suppress(OSError):  # no file yet, or a file system without permissions
            new.chmod(stat.S_IMODE(self._target.stat().st_mode))

    def _keep_previous(self, copy: Path) -> None:
        """Keep the file as `previous`, unless it is empty; `copy` is a name for the time until that is done."""
        try:
            if self._target.stat().st_size:
                self._link_or_copy(copy)
                os.replace(copy, self.previous)
        except FileNotFoundError:
            return
        finally:
            copy.unlink(missing_ok=True)  # a rename onto a link to the same file does nothing

    def _link_or_copy(self, copy: Path) -> None:
        try:
            os.link(self._target, copy)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            with self._target.open("rb") as old, open(os.open(copy, os.O_WRONLY | os.O_CREAT, FILE_MODE), "wb") as new:
                shutil.copyfileobj(old, new)
                new.flush()
                os.fsync(new.fileno())


def _is_mount(path: Path) -> bool:
    """Whether a file is a mount. `os.path.ismount` says so of plain files too, on some overlay file systems."""
    try:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return False
    points = (line.split(" ")[4] for line in mounts.splitlines())
    return str(path) in (_OCTAL.sub(lambda found: chr(int(found[1], 8)), point) for point in points)


def describe(error: OSError) -> str:
    """Return why a file cannot be read or written."""
    return MOUNT_HINT if error.errno in _IS_MOUNT else error_reason(error)


def _lock(descriptor: int) -> int | None:
    """Lock a file; return a descriptor that holds the lock, None if the file system has no locks.

    Raises:
        BlockingIOError: another mock has locked it.
    """
    if sys.platform == "win32":  # pragma: no cover
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return None
    return os.dup(descriptor)


def _unlock(lock: int | None) -> None:
    """Release a lock, also where a forked child has a copy of its descriptor."""
    if sys.platform != "win32" and lock is not None:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


def _sync(folder: Path) -> None:
    """Write the names in a folder to the disk, so that they survive a crash of the machine."""
    if os.name != "posix":  # pragma: no cover - Windows cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)
