"""The command `mocksms client`: prints the client for tests in JavaScript."""

from __future__ import annotations

from importlib.resources import files

from mocksms.cli.options import Parser, read_settings
from mocksms.cli.output import echo_file

FILES = {"js": "mocksms.js", "types": "mocksms.d.ts"}
"""What can be printed, and the file of each."""


def client_parser() -> Parser:
    """Return the parser of the command."""
    about = "Print the client for tests in JavaScript, one module without dependencies, or its types for TypeScript."
    parser = Parser(prog="mocksms client", description=about)
    parser.add_argument("what", nargs="?", choices=FILES, default="js", help="the module (the default) or its types")
    parser.values["what"] = tuple(FILES)
    return parser.with_settings(())


def client(arguments: list[str]) -> int:
    """Print the client for tests in JavaScript."""
    _, parsed = read_settings(client_parser(), arguments)
    echo_file((files("mocksms.web") / "client" / FILES[parsed.what]).read_text(encoding="utf-8"))
    return 0
