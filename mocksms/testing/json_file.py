"""Files with JSON that a test run writes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from mocksms.state.whole_file import replace_file


def write_json(path: Path, content: Any) -> None:
    """Write a file with JSON, and create its folder.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"{json.dumps(content, indent=2, ensure_ascii=False)}\n".encode()
    if path.exists() and not path.is_file():  # such as /dev/stdout
        path.write_bytes(text)
    else:
        replace_file(Path(os.path.realpath(path)), text)  # the file that a link is to, not the link
