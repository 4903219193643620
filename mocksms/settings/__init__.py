"""Every option of mocksms and of its test sessions, and where values of options come from."""

from __future__ import annotations

from mocksms.settings.addresses import API_PREFIX, is_address, mock_url, url_of
from mocksms.settings.environment import variable_name
from mocksms.settings.options import (
    COMPARE_KEY,
    GROUPS,
    OPTIONS,
    SESSION_OPTIONS,
    Options,
    Raw,
    Settings,
    default_text,
    flag_name,
    foreign_variables,
    from_environment,
    read_options,
)
from mocksms.settings.session_options import HARMS, SessionSettings

__all__ = [
    "API_PREFIX",
    "COMPARE_KEY",
    "GROUPS",
    "HARMS",
    "OPTIONS",
    "SESSION_OPTIONS",
    "Options",
    "Raw",
    "SessionSettings",
    "Settings",
    "default_text",
    "flag_name",
    "foreign_variables",
    "from_environment",
    "is_address",
    "mock_url",
    "read_options",
    "url_of",
    "variable_name",
]
