from __future__ import annotations

from pathlib import Path

import pytest

from mocksms.state.whole_file import replace_file


def test_file_that_cannot_be_replaced_leaves_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.zip").mkdir()
    with pytest.raises(OSError, match=r"a\.zip"):
        replace_file(tmp_path / "a.zip", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
