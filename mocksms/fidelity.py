"""The ledger: what we emulate of the real API, on what evidence, and which setting changes it."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Literal, NamedTuple, cast

Evidence = Literal["documented", "observed", "inferred"]


class Behaviour(NamedTuple):
    """One entry: its id, what mocksms does, the evidence that the real service does so, and where that is found."""

    id: str
    does: str
    evidence: Evidence
    source: str
    setting: str = ""


def ledger() -> list[Behaviour]:
    """Return every entry of `fidelity.toml` in its order."""
    text = files("mocksms").joinpath("fidelity.toml").read_text(encoding="utf-8")
    entries = cast("list[dict[str, str]]", tomllib.loads(text)["behaviour"])
    return [Behaviour(**cast("dict[str, Evidence]", entry)) for entry in entries]
