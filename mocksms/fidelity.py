"""The fidelity ledger: emulated behaviours with their evidence and settings."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Literal, NamedTuple, cast

Evidence = Literal["documented", "observed", "inferred"]


class Behaviour(NamedTuple):
    """An entry: its id, what mocksms does, the evidence for it with its source, and the setting that changes it."""

    id: str
    does: str
    evidence: Evidence
    source: str
    setting: str = ""


def ledger() -> list[Behaviour]:
    """Return all entries of `fidelity.toml`, in order."""
    text = files("mocksms").joinpath("fidelity.toml").read_text(encoding="utf-8")
    entries = cast("list[dict[str, str]]", tomllib.loads(text)["behaviour"])
    return [Behaviour(**cast("dict[str, Evidence]", entry)) for entry in entries]
