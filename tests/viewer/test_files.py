from __future__ import annotations

from pathlib import Path

import pytest

from mocksms.errors import SettingsError
from mocksms.viewer.files import files_at
from tests.viewer.opening import write_folder


def test_folder_stands_for_its_traces_and_a_file_for_itself(tmp_path: Path) -> None:
    write_folder(tmp_path, b"", b"")
    names = ["b.mocksms.zip", "c.mocksms.zip", "gw0/a.mocksms.zip"]
    assert files_at(tmp_path) == [tmp_path / name for name in names]
    assert files_at(tmp_path / "other.zip") == [tmp_path / "other.zip"]


def test_folder_without_traces_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"has no traces: no file \*\.mocksms\.zip is in it"):
        files_at(tmp_path)
