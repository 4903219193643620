"""Options of commands that are parameters of the inspection API: each is made from a field of its models."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final

from mocksms.cli.options import BOOLEANS, KnownValues, Parser
from mocksms.errors import MockRefused, SettingsError
from mocksms.settings import OPTIONS, flag_name

_ABOUT: Final = {
    "account": "key or id of the account (default: all accounts)",
    "timeout": "how long to wait in real time, such as 30s or 2m",
}
"""Help of the parameters that differ on the command line."""


class QueryOptions:
    """The parameters of an operation as options of a command.

    Args:
        model: the model of the query.
        prefix: what the names of the options start with.
        only: the parameters that are options; None for all.
        without: those that are not.
    """

    def __init__(
        self, model: Any, prefix: str = "", only: Collection[str] | None = None, without: Collection[str] = ()
    ) -> None:
        self._model = model
        names = [name for name in model.model_fields if name not in without and (only is None or name in only)]
        self._fields = {name: model.model_fields[name] for name in names}
        self._prefix = prefix

    @property
    def hidden(self) -> list[str]:
        """The options of the mock that the command does not have, since a parameter has the name."""
        return [name for name in self._fields if f"{self._prefix}{name}" in OPTIONS]

    def add_to(self, parser: Parser) -> None:
        """Add the options to a parser."""
        for name, field in self._fields.items():
            parser.values[self._prefix + name] = partial(self._known_values, name)
            first, second = field.description[:2]
            about = _ABOUT.get(name) or (first.lower() if second.islower() else first) + field.description[1:]
            default = "" if field.default is None else f" (default {field.default:g})"
            parser.add_argument(
                self._flag(name),
                dest=self._prefix + name,
                metavar="true|false" if "bool" in str(field.annotation) else name.upper(),
                help=f"{about}{default}".replace("%", "%%"),
            )

    def values(self, parsed: argparse.Namespace) -> dict[str, str]:
        """Return the parameters of a command line."""
        found = {name: getattr(parsed, self._prefix + name) for name in self._fields}
        return {name: value for name, value in found.items() if value is not None}

    def error(self, error: MockRefused) -> SettingsError:
        """Return the error of a refused parameter, with the name of its option."""
        issues: Mapping[str, list[str]] = error.error.get("issues") or {}
        texts = [SettingsError(f"{self._flag(name)} {'; '.join(each)}").sentence for name, each in issues.items()]
        return SettingsError(" ".join(texts) or error.error.get("message") or error.sentence)

    def _known_values(self, name: str, _: Sequence[str]) -> KnownValues:
        """Return the values of a parameter; to describe the model takes too long for a command that runs."""
        if "bool" in str(self._fields[name].annotation):
            return BOOLEANS
        schema = self._model.model_json_schema()["properties"][name]
        return next((tuple(part["enum"]) for part in schema.get("anyOf", ()) if "enum" in part), None)

    def _flag(self, name: str) -> str:
        return flag_name(self._prefix + name if name in self._fields else name)
