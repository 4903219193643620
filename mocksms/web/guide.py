"""The pages of the guide, and their table of contents."""

from __future__ import annotations

from importlib.resources import files
from typing import Final, NamedTuple

_FOLDER: Final = "docs/guide"
"""Where the pages are served, relative to the URL of the mock."""


READING_ORDER: Final = (
    "pytest",
    "pytest-more",
    "audit",
    "coverage",
    "scenarios",
    "new-responses",
    "generated-clients",
    "inspection-api",
    "javascript",
    "live",
    "agents",
    "send-api",
    "web-ui",
    "webhooks",
    "magic-numbers",
    "snapshots",
    "snapshot-format",
    "options",
    "fidelity",
    "cli",
    "compare",
    "deployment",
)
"""The pages as the web UI lists them: what most people need comes first."""

_PLACE_OF_LINKS: Final = b"<!-- pages of the guide -->"


class GuidePage(NamedTuple):
    """A page: its title, its first paragraph, which is one line, and its whole text."""

    title: str
    summary: str
    text: str


def read_pages() -> dict[str, GuidePage]:
    """Return each page by its name, in alphabetical order."""
    pages = {page.name.removesuffix(".md"): page for page in (files("mocksms") / "guide").iterdir()}
    return {name: _read(page.read_text(encoding="utf-8")) for name, page in sorted(pages.items())}


def contents() -> str:
    """Return the table of contents for programs that read (https://llmstxt.org): a line for each page, with its link.

    The links are relative, since a proxy may serve the mock below a path.
    """
    links = [f"- [{page.title}]({_FOLDER}/{name}.md): {page.summary}" for name, page in read_pages().items()]
    lines = [
        "# mocksms",
        "",
        "> A mock of inwise's transactional SMS API. It sends no SMS; tests and people read here what it would send.",
        "",
        "## Guide",
        "",
        *links,
        "",
        "## API",
        "",
        "- [OpenAPI document](openapi.json): every operation of the emulated API and of the inspection API.",
    ]
    return "\n".join(lines) + "\n"


def with_links(html: bytes, folder: str = f"{_FOLDER}/") -> bytes:
    """Return a page of the web UI with a link to each page of the guide, where it has a place for them.

    Args:
        html: the page.
        folder: the folder of the guide, relative to the page.
    """
    links = (f'<li><a href="{folder}{name}">{name}</a></li>' for name in READING_ORDER)
    return html.replace(_PLACE_OF_LINKS, "\n".join(links).encode())


def _read(text: str) -> GuidePage:
    title, summary = text.split("\n\n", 2)[:2]
    return GuidePage(title.removeprefix("# "), summary, text)
