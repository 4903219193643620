"""Fields of options: a default, a reader, a description, and fixed choices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from mocksms.settings import readers


def option(default: Any, read: Callable[[object], Any], about: str, choices: tuple[str, ...] = (), **more: Any) -> Any:
    """Return the field of an option; `more` is further metadata, such as the `values` that shells complete."""
    return field(default=default, metadata={"read": read, "about": about, "choices": choices, **more})


def of_account(default: Any, read: Callable[[object], Any], about: str, **more: Any) -> Any:
    """Return an option that the inspection API can set in one account of a running mock."""
    return option(default, read, about, per_account=True, **more)


def limit(default: int, about: str) -> Any:
    """Return an option that limits something that is counted."""
    return option(default, readers.whole_number(1, 10**9), about)


def choice(about: str, *choices: str, **more: Any) -> Any:
    """Return an option with fixed choices, of which the first is the default; `more` is further metadata."""
    return option(choices[0], readers.one_of(*choices), about, choices, **more)
