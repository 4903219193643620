"""Environment variables: which are options of mocksms, and what happens to the others with its prefix."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from mocksms.errors import SettingsError

VARIABLE_PREFIX: Final = "MOCKSMS_"

LONG_NAME: Final = 8
"""Characters from which an option may have two typing errors; a shorter one has one."""

SIMILAR: Final = 0.75
"""Similarity to an option, from 0 to 1, from which a warning suggests that option."""

# Compiled at their first use, for every test run imports this module.
_LINK: Final = (
    r"MOCKSMS_(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO)(_\w+)?)?|ENV_\w+)"
)
_LINK_NAME: Final = r"MOCKSMS_(\w+_)?NAME=/.+"
_LINK_ADDRESS: Final = r"MOCKSMS_(\w+_)?PORT=(tcp|udp|sctp)://.+"


def variable_name(option: str) -> str:
    """Return an option's environment variable."""
    return VARIABLE_PREFIX + option.upper()


def read_variables(environment: Mapping[str, str], options: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the options that are set, each with its variable and value; an empty variable counts as not set.

    Raises:
        SettingsError: a variable is the name of an option with a typing error.
    """
    variables = {variable_name(option): option for option in options}
    for variable in _foreign(environment, variables):
        if near := min(_meant(variable, options), default=None):
            meant = variable_name(near[1])
            raise SettingsError(f"{variable} is not an environment variable of mocksms; did you mean {meant}?")
    return {
        variables[variable]: (variable, value)
        for variable, value in environment.items()
        if value and variable in variables and not _is_container_link(variable, value)
    }


def describe_foreign(environment: Mapping[str, str], options: Sequence[str]) -> str:
    """Return a warning about the variables with our prefix that are ignored, empty if there are none."""
    import difflib

    names = []
    for variable in sorted(_foreign(environment, [*map(variable_name, options)])):
        near = difflib.get_close_matches(variable.removeprefix(VARIABLE_PREFIX).lower(), options, 1, SIMILAR)
        names.append(f"{variable} (did you mean {variable_name(near[0])}?)" if near else variable)
    if not names:
        return ""
    verb, noun = ("is", "an environment variable") if len(names) == 1 else ("are", "environment variables")
    return f"{', '.join(names)} {verb} not {noun} of mocksms, and {verb} ignored."


def _meant(variable: str, options: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Iterate over the options whose name a variable has with typing errors, each after their number."""
    name = variable.removeprefix(VARIABLE_PREFIX).lower()
    for option in options:
        limit = 1 if len(option) < LONG_NAME else 2
        # Cheap, because it is tried for each pair of names: an error changes the length by 1, and up to 2 characters.
        is_near = abs(len(option) - len(name)) <= limit and len({*option} ^ {*name}) <= 2 * limit
        if is_near and (errors := _typing_errors(name, option)) <= limit:
            yield errors, option


def _foreign(environment: Mapping[str, str], variables: Collection[str]) -> list[str]:
    """Return the variables with our prefix that belong neither to mocksms nor to a link between containers."""
    return [
        variable
        for variable, value in environment.items()
        if value
        and variable.startswith(VARIABLE_PREFIX)
        and variable not in variables
        and not _is_container_link(variable, value)
    ]


def _is_container_link(variable: str, value: str) -> bool:
    """Whether Kubernetes or Docker set a variable, as they do for services and containers such as mocksms-1."""
    pair = f"{variable}={value}"
    links = ((_LINK, variable), (_LINK_NAME, pair), (_LINK_ADDRESS, pair))
    return any(re.fullmatch(pattern, text, re.ASCII) for pattern, text in links)


def _typing_errors(name: str, other: str) -> int:
    """Return how many characters are missing, too many, wrong, or swapped with the next one in a name."""
    earlier: list[int] = []
    before: list[int] = []
    row: list[int] = [*range(len(other) + 1)]
    for index, character in enumerate(name):
        earlier, before, row = before, row, [index + 1]
        for place, expected in enumerate(other):
            errors: int = min(before[place + 1] + 1, row[place] + 1, before[place] + (character != expected))
            if index and place and (character, name[index - 1]) == (other[place - 1], expected):
                errors = min(errors, earlier[place - 1] + 1)
            row.append(errors)
    return row[-1]
