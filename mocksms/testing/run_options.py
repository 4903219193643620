"""Options of a test run: read from the ini file, the environment and the command line of pytest."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from mocksms.errors import SettingsError
from mocksms.settings import (
    OPTIONS,
    SESSION_OPTIONS,
    Options,
    Raw,
    SessionSettings,
    from_environment,
    read_options,
    variable_name,
)

SESSION_DEFAULTS: Final[dict[str, Raw]] = {"port": ("the default port", 0), "seed": ("the default seed", "pytest")}
"""Options with another default in a test session: any free port, and the same ids in each run."""
ONE_PATH_OPTIONS: Final = ("variation", "trace", "coverage_file", "audit_report", "audit_folder")
"""Options that name one file or folder."""
PATH_OPTIONS: Final = ("scenario", "scenario_folder", *ONE_PATH_OPTIONS)
"""Options that name files or folders."""


def session_settings(config: pytest.Config) -> SessionSettings:
    """Return the options of the test session."""
    return read_config(SessionSettings, config)


def options_with(config: pytest.Config, name: str) -> SessionSettings | None:
    """Return the options of the test session if one of them is set, None if it is not or if they are invalid."""
    if not os.environ.get(variable_name(name)) and not any(_raw_values(name, config)):
        return None
    try:
        return session_settings(config)
    except pytest.UsageError:
        return None  # the tests that use the mock report it


def flag(option: str) -> str:
    """Return the pytest flag of an option."""
    return f"--mocksms-{option.replace('_', '-')}"


def ini_name(option: str) -> str:
    """Return the name of an option in the ini file of pytest."""
    return f"mocksms_{option}"


def _raw_values(option: str, config: pytest.Config) -> tuple[str | None, str | None]:
    """Return the values of an option in the ini file and on the command line."""
    return config.getini(ini_name(option)), config.getoption(ini_name(option))


def _resolve_paths(config: pytest.Config, option: str, value: str) -> str:
    """Return an ini value with paths relative to the ini file: pytest can run in any folder."""
    if option not in PATH_OPTIONS:
        return value
    folder = config.inipath.parent if config.inipath else config.invocation_params.dir
    if option in ONE_PATH_OPTIONS:
        return str(folder / value) if value else value
    parts = filter(None, map(str.strip, value.split(",")))
    return ",".join(part if _is_scenario_name(option, folder, part) else str(folder / part) for part in parts)


def _is_scenario_name(option: str, folder: Path, part: str) -> bool:
    """Whether part of an option is the name of a scenario, not a path."""
    return option == "scenario" and not Path(part).suffix and Path(part).name == part and not (folder / part).exists()


def read_config(kind: type[Options], config: pytest.Config, environment: Mapping[str, str] = os.environ) -> Options:
    """Return the options from ini file, environment and command line; the later takes precedence."""
    try:
        return read_options(kind, SESSION_DEFAULTS, _raw_options(config, environment))
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None


def _raw_options(config: pytest.Config, environment: Mapping[str, str] = os.environ) -> dict[str, Raw]:
    """Return the raw values of all options that are set, each with where.

    Raises:
        SettingsError: a variable is the name of an option with a typing error.
    """
    given = {name: _raw_values(name, config) for name in (*SESSION_OPTIONS, *OPTIONS)}
    ini: dict[str, Raw] = {
        name: (ini_name(name), _resolve_paths(config, name, value))
        for name, (value, _) in given.items()
        if value is not None
    }
    flags: dict[str, Raw] = {name: (flag(name), value) for name, (_, value) in given.items() if value is not None}
    return {**ini, **from_environment(environment), **flags}


def origins_of(config: pytest.Config, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return where each option of the mock is set."""
    return {name: where for name, (where, _) in _raw_options(config, environment).items() if name in OPTIONS}
