"""The fidelity ledger: emulated behaviours with their evidence, their settings, and what they cover."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files
from typing import Any, NamedTuple, Self


class Evidence(StrEnum):
    """How a behaviour is known."""

    about: str
    """The definition."""

    def __new__(cls, name: str, about: str) -> Self:
        """Create a class of evidence with its definition."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.about = about
        return member

    DOCUMENTED = "documented", "the vendor's pages say so, for SMS"
    SIBLING = "sibling", "the vendor's pages say so for e-mail or contacts, and SMS is assumed to be the same"
    STACK = "stack", "the default of the web framework that the vendor most likely uses, as its maker documents it"
    OBSERVED = "observed", "seen in a real response, in a public client, or on a phone"
    INFERRED = "inferred", "not seen; the most likely behaviour, for the reason given"
    OWN = "own", "a rule of mocksms, which says nothing about the vendor"


class Behaviour(NamedTuple):
    """An entry of the ledger.

    `does` is what mocksms does, `source` where the evidence is found, `settings` are the options that change it.
    `covers` are the parts of the emulated API that it describes, each as kind and name, such as `field:row.state`.
    """

    id: str
    does: str
    evidence: Evidence
    source: str
    settings: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()


def ledger() -> list[Behaviour]:
    """Return all entries of `fidelity.toml`, in order."""
    import tomllib  # here, since few mocks list their ledger, and all must start fast

    text = files("mocksms").joinpath("fidelity.toml").read_text(encoding="utf-8")
    return [_behaviour(entry) for entry in tomllib.loads(text)["behaviour"]]


def _behaviour(entry: dict[str, Any]) -> Behaviour:
    lists = {name: tuple(value) for name, value in entry.items() if isinstance(value, list)}
    return Behaviour(**{**entry, **lists, "evidence": Evidence[entry["evidence"].upper()]})
