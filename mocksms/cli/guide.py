"""The command `mocksms guide`: lists and prints the pages of the reference manual."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from mocksms.cli.options import Parser, ValueKind, read_settings
from mocksms.cli.output import echo
from mocksms.cli.tables import echo_note, echo_table
from mocksms.errors import SettingsError, did_you_mean
from mocksms.web.guide import GuidePage, read_pages

_COMMENT = re.compile(r"^<!--.*-->\n", re.MULTILINE)
"""Marks around the tables that are made from the code."""


def guide_parser() -> Parser:
    """Return the parser of the command."""
    parser = Parser(prog="mocksms guide", description="List the pages of the manual, or print one.")
    parser.add_argument("name", nargs="?", metavar="NAME", help="print this page instead of the list")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")
    parser.values["name"] = ValueKind.PAGES
    return parser.with_settings(())


def guide(arguments: list[str]) -> int:
    """List the pages of the manual, or print one."""
    _, parsed = read_settings(guide_parser(), arguments)
    pages = read_pages()
    if parsed.name is None:
        _list(pages, as_json=parsed.json)
        return 0
    if parsed.json:
        raise SettingsError("--json prints the list of pages: leave out the page, or --json.")
    name = parsed.name.removesuffix(".md")
    if name not in pages:
        hint = did_you_mean(name, pages, f"the pages are {', '.join(pages)}.")
        raise SettingsError(f"Unknown page {parsed.name!r}; {hint}")
    echo(_COMMENT.sub("", pages[name].text))
    return 0


def _list(pages: Mapping[str, GuidePage], *, as_json: bool) -> None:
    rows = [(name, page.summary) for name, page in pages.items()]
    if as_json:
        echo(json.dumps({"pages": [{"name": name, "about": about} for name, about in rows]}, indent=2) + "\n")
        return
    echo_table(["page", "content"], rows)
    echo_note("mocksms guide NAME prints a page.")
