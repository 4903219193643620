"""Rows of recorded requests."""

from __future__ import annotations

from sys import intern
from typing import Annotated, Any

from pydantic import Field, model_validator

from mocksms.engine.journal import RecordedRequest, RequestWarning, shared_handling
from mocksms.engine.rules import ApiOperation, TriggeredFault
from mocksms.scenario.recorder import fault_model
from mocksms.sms.outcomes import Fault, FaultKind
from mocksms.state.rows import (
    AccountId,
    AppText,
    MeasuredSeconds,
    OwnText,
    RecordNumber,
    RecordNumberOrNone,
    RowBytes,
    RowInstant,
    RowModel,
    RowSeconds,
    RowSize,
    written_bytes,
)

HttpStatus = Annotated[int, Field(ge=100, le=599)]


class WarningData(RowModel):
    """An accepted deviation."""

    path: AppText
    note: AppText


class HeaderData(RowModel):
    """A header of a response."""

    name: RowBytes
    value: RowBytes


class FaultHeaderData(RowModel):
    """A header of a broken response."""

    name: OwnText
    value: OwnText


class FaultData(RowModel):
    """A broken response."""

    kind: Annotated[FaultKind, Field(strict=False)]
    status: HttpStatus | None
    duration: RowSeconds
    body: AppText | None
    media_type: OwnText | None
    headers: list[FaultHeaderData]
    is_accepted: bool

    @model_validator(mode="after")
    def _is_possible(self) -> FaultData:
        fault_model(self.fault())
        return self

    def fault(self) -> Fault:
        """Return the fault."""
        return Fault(
            kind=self.kind,
            status=self.status,
            duration=self.duration,
            body=self.body,
            media_type=self.media_type,
            headers=tuple((header.name, header.value) for header in self.headers),
            is_accepted=self.is_accepted,
        )


class TriggeredFaultData(RowModel):
    """The fault of a request, and what triggered it."""

    fault: FaultData
    decided_by: OwnText
    mobile_number: AppText
    nth: Annotated[int, Field(ge=0, le=10**9)]
    fault_id: RecordNumberOrNone = 0

    def triggered(self) -> TriggeredFault:
        """Return the triggered fault."""
        return TriggeredFault(self.fault.fault(), self.decided_by, self.mobile_number, self.nth, self.fault_id)


class RequestData(RowModel):
    """A recorded request. `account` is null if it has no account."""

    account: AccountId | None
    record: RecordNumber
    at: RowInstant
    method: OwnText
    target: OwnText
    headers: RowBytes
    body: RowBytes
    body_size: RowSize
    status: HttpStatus | None
    response_body: RowBytes
    response_size: RowSize
    response_headers: list[HeaderData]
    duration: MeasuredSeconds
    messages: list[RecordNumber]
    warnings: list[WarningData]
    note: AppText
    fault: TriggeredFaultData | None
    operation: Annotated[ApiOperation, Field(strict=False)] | None
    refusal: OwnText | None
    size: RowSize

    def request(self, headers: bytes) -> RecordedRequest:
        """Return the request; `headers` are its headers, one object for equal ones."""
        return RecordedRequest(
            number=self.record,
            at=self.at,
            method=intern(self.method),
            target=intern(self.target),
            headers=headers,
            body=self.body,
            body_size=self.body_size,
            response_body=self.response_body,
            response_size=self.response_size,
            duration=self.duration,
            handling=shared_handling(
                self.operation,
                self.status,
                tuple([(header.name, header.value) for header in self.response_headers]),
                self.refusal,
                self.note,
                None if self.fault is None else self.fault.triggered(),
                tuple([RequestWarning(warning.path, warning.note) for warning in self.warnings]),
            ),
            messages=tuple(self.messages),
            size=self.size,
        )


def request_row(account: str | None, request: RecordedRequest) -> dict[str, Any]:
    """Return the row of a recorded request."""
    return {
        "account": account,
        "record": request.number,
        "at": request.at,
        "method": request.method,
        "target": request.target,
        "headers": written_bytes(request.headers),
        "body": written_bytes(request.body),
        "body_size": request.body_size,
        "status": request.status,
        "response_body": written_bytes(request.response_body),
        "response_size": request.response_size,
        "response_headers": [
            {"name": written_bytes(name), "value": written_bytes(value)} for name, value in request.response_headers
        ],
        "duration": request.duration,
        "messages": request.messages,
        "warnings": [warning._asdict() for warning in request.warnings],
        "note": request.note,
        "fault": None if request.fault is None else _triggered_row(request.fault),
        "operation": request.operation,
        "refusal": request.refusal,
        "size": request.size,
    }


def _triggered_row(triggered: TriggeredFault) -> dict[str, Any]:
    return {**triggered._asdict(), "fault": _fault_row(triggered.fault)}


def _fault_row(fault: Fault) -> dict[str, Any]:
    return {
        "kind": fault.kind,
        "status": fault.status,
        "duration": fault.duration.total_seconds(),
        "body": fault.body,
        "media_type": fault.media_type,
        "headers": [{"name": name, "value": value} for name, value in fault.headers],
        "is_accepted": fault.is_accepted,
    }
