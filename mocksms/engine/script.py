"""What an account begins with and the rules it lives by, as one or more scenarios say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mocksms.engine.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Some scenarios in force together.

    `state` has values of an account by their names there, lists as sets of digits; what is not named stays.
    """

    names: tuple[str, ...] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


EMPTY = Script()


def together(scripts: Iterable[Script]) -> Script:
    """Return scripts as one: the rules of the first are looked at first, its account wins, and lists unite."""
    names: tuple[str, ...] = ()
    state: dict[str, Any] = {}
    rules: tuple[Rule, ...] = ()
    for script in scripts:
        names += script.names
        rules += script.rules
        for name, value in script.state.items():
            state[name] = state.get(name, set()) | value if isinstance(value, set) else state.get(name, value)
    return Script(names=names, state=state, rules=rules)
