"""A page that is watched: what it requests, and what its console says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page


@dataclass
class Watched:
    """A page with its requests and the issues of its console."""

    page: Page
    base: str
    requested: list[str] = field(default_factory=list)
    issues: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listeners: dict[Any, Callable[[Any], None]] = {
            "request": lambda request: self.requested.append(request.url),
            "console": lambda line: self.issues.extend([line.text] * (line.type in ("error", "warning"))),
            "pageerror": lambda error: self.issues.append(str(error)),
            "dialog": lambda dialog: self.issues.append(f"dialog: {dialog.message}"),
        }
        for event, listener in self._listeners.items():
            self.page.on(event, listener)

    def allow_issues(self, words: str) -> None:
        """Leave the page and drop its issues, all of this kind: browsers log every error response."""
        self.leave()
        assert [issue for issue in self.issues if words not in issue] == []
        self.issues.clear()

    def leave(self) -> None:
        """Leave the page and delete what it stored."""
        if self.page.url.startswith(self.base):
            self.page.evaluate("() => { try { localStorage.clear(); sessionStorage.clear(); } catch {} }")
        self.page.goto("about:blank")

    def end(self) -> None:
        """Stop watching."""
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)

    def check(self) -> None:
        """Check that the page had no issues and made no requests to other hosts."""
        assert self.issues == []
        assert [url for url in self.requested if not url.startswith(self.base)] == []
        assert self.requested
