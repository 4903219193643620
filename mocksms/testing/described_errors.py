"""Errors of any class, described in reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from mocksms.errors import MocksmsError
from mocksms.sms.display import cut

MAX_ERROR_LENGTH: Final = 300
"""Characters of the text of an error in a report."""


@contextmanager
def errors_to(report: Callable[[str], object]) -> Iterator[None]:
    """Describe any error to `report`, and go on. Only the user and `pytest.exit` end the run.

    Code that runs between tests needs it: a test can replace what that code uses, such as the HTTP client, by something
    that raises an error of any class.
    """
    try:
        yield
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException as error:
        report(describe_error(error))


def describe_error(error: BaseException) -> str:
    """Return the class and the text of an error; of an error of mocksms only the text, which says enough."""
    if isinstance(error, MocksmsError):
        return str(error)
    name = type(error).__name__
    try:
        text = str(error)
    except BaseException:
        return f"{name}, with a text that cannot be read"
    return cut(f"{name}: {text}" if text else name, MAX_ERROR_LENGTH)
