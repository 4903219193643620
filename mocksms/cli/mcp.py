"""The command `mocksms mcp`: tools for an agent, over standard input and output."""

from __future__ import annotations

import argparse
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from mocksms.cli.options import ADDRESS, Parser, named_url, read_settings
from mocksms.cli.output import configure_logs
from mocksms.errors import SettingsError
from mocksms.settings import OPTIONS, Settings, flag_name

if TYPE_CHECKING:
    from mocksms.testing.handle import MockSMS

PACKAGE: Final = "mcp>=2.0"
"""What the command needs; the extra mocksms[mcp] brings it."""

OPTIONS_IN_HELP: Final = (*ADDRESS, "control_token", "scenario", "state")

OPTIONS_FOR_A_RUNNING_MOCK: Final = ("control_token", "api_key", "log_format")
"""The options that also apply where the command starts no mock."""


def mcp_parser() -> Parser:
    """Return the parser of the command."""
    parser = Parser(
        prog="mocksms mcp",
        description="Give an agent tools for a mock, over the Model Context Protocol on standard input and output. "
        "Without the URL of a mock it starts one of its own, with any option of mocksms.",
    )
    parser.add_argument("--url", help="URL of a running mock (default: MOCKSMS_URL; empty: start one)")
    parser.add_argument("--key", help="API key of the account (default: the first of --api-key, or demo)")
    return parser.with_settings(OPTIONS_IN_HELP)


def mcp(arguments: list[str]) -> int:
    """Serve the tools until the client closes standard input."""
    settings, parsed = read_settings(mcp_parser(), arguments)
    configure_logs(settings.log_format)
    try:
        from mocksms.mcp.server import create_server, run
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"mocksms mcp needs the package mcp, version 2 or later; run: pip install '{PACKAGE}'"
        ) from error
    from mocksms.mcp.tools import Tools
    from mocksms.testing.client import MockClient
    from mocksms.testing.connection import fits_a_header
    from mocksms.testing.handle import MockSMS

    key = next(iter(settings.api_key), "demo") if parsed.key is None else parsed.key
    if not fits_a_header(key):
        raise SettingsError(f"--key is {key!r}, but must be text in ASCII, not empty, without spaces around it.")
    url = named_url(parsed)
    if url is None:
        with _start(settings, key, has_port=parsed.port is not None) as sms:
            run(create_server(Tools(lambda: sms), sms.url, key), sms.stop)
    else:
        _check_options(parsed)
        url = MockClient(url).url  # an invalid URL ends the command, but the mock may start later
        token = settings.control_token
        connect = partial(MockSMS.connect, url, api_key=key, control_token=token, ready_timeout=0)
        run(create_server(Tools(connect), url, key))
    return 0


def _check_options(parsed: argparse.Namespace) -> None:
    """Refuse options on the command line that a running mock cannot get.

    Raises:
        SettingsError: there is one.
    """
    given = [name for name in OPTIONS if getattr(parsed, name) is not None and name not in OPTIONS_FOR_A_RUNNING_MOCK]
    if given:
        raise SettingsError(
            f"{flag_name(given[0])} is for a mock that mocksms mcp starts, but --url or MOCKSMS_URL names a running "
            "one; give --url an empty value to start one."
        )


def _start(settings: Settings, key: str, *, has_port: bool) -> MockSMS:
    """Start a mock: at the port of the command line, or at the default port or any free one."""
    from mocksms.testing.handle import MockSMS

    if has_port:
        return MockSMS.of(settings, api_key=key).start()
    with suppress(SettingsError):
        return MockSMS.of(settings, api_key=key).start()
    return MockSMS.of(replace(settings, port=0), api_key=key).start()
