"""A scenario as a file: the text that is read as the very same scenario."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mocksms.scenario.schema import Scenario


def to_toml(scenario: Scenario) -> str:
    """Return the TOML text of a scenario; what it does not say is left out."""
    data = to_data(scenario)
    rules = data.pop("rule", [])
    account = data.pop("account", None)
    blocks = ["".join(_lines(data))]
    if account is not None:
        blocks.append("[account]\n" + "".join(_lines(account)))
    blocks += ["[[rule]]\n" + "".join(_lines(rule)) for rule in rules]
    return "\n".join(block for block in blocks if block)


def to_data(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as JSON has it; what it does not say is left out."""
    return scenario.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _lines(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        if key == "match":
            yield from (f"match.{inner} = {_value(wish)}\n" for inner, wish in value.items())
        elif key == "steps":
            steps = "".join(f"  {_value(step)},\n" for step in value)
            yield f"steps = [\n{steps}]\n"
        else:
            yield f"{key} = {_value(value)}\n"


def _value(value: object) -> str:
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case Mapping():
            if not value:
                return "{}"
            return f"{{ {', '.join(f'{key} = {_value(inner)}' for key, inner in value.items())} }}"
        case list():
            return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value)
