"""Scenario files on the side of the tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mocksms.errors import InvalidScenario

__tracebackhide__ = True


def read_scenario(path: Path) -> Mapping[str, Any]:
    """Return a scenario file as JSON, checked on this side: only here can an error name the line.

    Raises:
        InvalidScenario: it cannot be read or is invalid; the text says where.
    """
    from mocksms.scenario.parser import read_file

    try:
        scenario = read_file(path).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    except InvalidScenario as error:
        raise error.with_traceback(None) from None
    return {"rule": [], **scenario}  # an empty file has no rules
