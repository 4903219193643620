"""Exceptions that an application is known to raise, and those that come out of it by mistake."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from types import TracebackType
from typing import Final

from mocksms.testing.audit.code_filter import CodeFilter

Tracebacks = tuple[TracebackType | None, ...]

HTTP_LIBRARIES: Final = frozenset(
    {
        "aiohttp",
        "anyio",
        "h11",
        "h2",
        "http.client",
        "httpcore",
        "httplib2",
        "httpx",
        "httpx2",
        "niquests",
        "pycurl",
        "requests",
        "requests_futures",
        "urllib3",
        "urllib.error",
    }
)
"""Packages whose errors say that a request failed."""

CONTROL_LIBRARIES: Final = frozenset(
    {"backoff", "celery", "circuitbreaker", "click", "pybreaker", "retrying", "stamina", "tenacity", "typer"}
)
"""Packages whose exceptions report a failure on purpose: retries that ran out, commands that end."""

RESPONSE_ERRORS: Final = frozenset(
    {"HTTPException", "APIException", "CommandError", "ImmediateHttpResponse", "Http404"}
)
"""Classes of web frameworks that become an error response."""

FILE_ERRORS: Final = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
"""Errors of the system that have nothing to do with a connection."""


def is_known(error: BaseException, code: CodeFilter, raises: Collection[str]) -> bool:
    """Whether an application is known to raise an error.

    Known are those of HTTP clients and connections, those that the application defines itself, those that become an
    error response or an exit status, and the classes in `raises`. A response that cannot be decoded is no error of the
    HTTP client, even where the client has a class for it.
    """
    kind = type(error)
    if any(
        name in raises for base in kind.__mro__ for name in (base.__name__, f"{base.__module__}.{base.__qualname__}")
    ):
        return True
    if code.owns_class(kind):
        return True
    if is_undecodable(error):
        return False
    if isinstance(error, OSError):
        return not isinstance(error, FILE_ERRORS)
    if isinstance(error, SystemExit):
        return True
    return any(_is_known_class(base) for base in kind.__mro__)


def is_undecodable(error: BaseException) -> bool:
    """Whether an error says that a body cannot be decoded."""
    names = {base.__name__ for base in type(error).__mro__}
    return isinstance(error, json.JSONDecodeError | UnicodeDecodeError) or "JSONDecodeError" in names


def leaves(error: BaseException, *outer: TracebackType | None) -> Iterator[tuple[BaseException, Tracebacks]]:
    """Iterate over the errors in a group, each with its tracebacks, the outermost first; over an error that is none."""
    traces = (*outer, error.__traceback__)
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from leaves(each, *traces)
    else:
        yield error, traces


def _is_known_class(kind: type) -> bool:
    root = kind.__module__.partition(".")[0]
    return bool({root, kind.__module__} & (HTTP_LIBRARIES | CONTROL_LIBRARIES)) or kind.__name__ in RESPONSE_ERRORS
