"""Unexpected traffic: what is unexpected about a request, and how a test reports it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mocksms.errors import INTERNAL_ERROR, MessageNotFound, NoRestRight, RouteNotFound, escape
from mocksms.sms.display import line
from mocksms.testing.marker import KINDS
from mocksms.testing.models import ApiRequest

MAX_LISTED: Final = 10
"""Unexpected requests, late messages and unused faults that are listed; the rest is counted."""


def issues_of(request: ApiRequest, *, is_strict: bool, has_deleted: bool = False) -> Iterator[tuple[str, str]]:
    """Iterate over what is unexpected about a request of the test's own account, or of no account.

    Where the test `has_deleted` messages, a request for one that is not there is expected.
    """
    kind = _kind(request)
    if kind and not (has_deleted and request.refusal == MessageNotFound.code):
        account = "" if request.has_account else " without an account"
        response = f"returned {request.status}" if request.status else "got no response"
        yield kind, f"{request.method} {request.target}{account} {response}: {request.note or 'no reason given'}"
    if is_strict:
        for warning in request.warnings:
            yield "warning", f"{request.method} {request.target}: {warning}"


def issues_of_other_account(request: ApiRequest, headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Iterate over what is unexpected about a request of an account that no handle of this session has."""
    if request.messages or _kind(request):
        key = next((value for name, value in headers if name.lower() == "x-api-key"), "of another account")
        if request.messages:
            result = f"sent {len(request.messages)} SMS"
        else:
            result = f"was refused: {request.note or request.status}"
        yield "other-account", f"{request.method} {request.target} with the API key {key} {result}"


def _kind(request: ApiRequest) -> str:
    """Return the kind of unexpected traffic that a request is; empty if it succeeded or its refusal was set up."""
    if request.refusal is None or request.refusal == NoRestRight.code or request.fault_decided_by is not None:
        return ""
    return {INTERNAL_ERROR: "crash", RouteNotFound.code: "unknown-path"}.get(request.refusal, "refused")


def describe_unexpected(unexpected: Sequence[tuple[str, str]]) -> str:
    """Return what is unexpected about the requests of a test, and how to accept it."""
    kinds = tuple(dict.fromkeys(kind for kind, _ in unexpected))
    lines = [line(kind, escape(text)) for kind, text in unexpected[:MAX_LISTED]]
    if len(unexpected) > MAX_LISTED:
        lines.append(line("", f"and {len(unexpected) - MAX_LISTED} more"))
    if "other-account" in kinds:
        hint = "the application does not use mocksms.api_key; if its key is fixed"
        lines.append(line("key", f'{hint}: @pytest.mark.mocksms(api_key="...")'))
    allow = ", ".join(f'"{kind}"' for kind in kinds)
    marker = f"@pytest.mark.mocksms(allow={allow if len(kinds) == 1 else f'({allow})'})"
    lines.append(line("allow", f"{marker} accepts it in one test, mocksms_unexpected = warn in all tests"))
    return "\n".join([f"unexpected traffic: {', '.join(KINDS[kind] for kind in kinds)}", *lines])


def describe_unused(faults: Sequence[str]) -> str:
    """Return what the report or the warning about unused faults says."""
    lines = [line("fault", fault) for fault in faults[:MAX_LISTED]]
    if len(faults) > MAX_LISTED:
        lines.append(line("", f"and {len(faults) - MAX_LISTED} more"))
    accept = (
        '@pytest.mark.mocksms(unused_fault="ignore") accepts it in one test, mocksms_unused_fault = ignore in all tests'
    )
    return "\n".join(["unused fault: no request of this test matched it", *lines, line("allow", accept)])
