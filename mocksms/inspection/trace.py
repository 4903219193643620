"""The trace or snapshot that a read-only mock shows."""

from __future__ import annotations

from typing import Final

from pydantic import AwareDatetime, Field

from mocksms.inspection.context import Context, endpoint
from mocksms.inspection.errors import NotATrace
from mocksms.inspection.parameters import InspectionCall
from mocksms.schemas.responses import ResponseModel, Text
from mocksms.state.trace_models import LogLine, TracedFailure, TracedTest


class TraceView(ResponseModel):
    """A trace or snapshot: which test it is of, and why that failed."""

    file: Text = Field(description="Name of the file")
    folder: Text | None = Field(description="The folder whose files are listed one path above, null if none is")
    saved_at: AwareDatetime = Field(description="When it was saved, in real time")
    mocksms: Text = Field(description="Version of mocksms that saved it")
    test: TracedTest | None = Field(description="The test, null for a snapshot that is not of a test")
    failures: list[TracedFailure] = Field(description="What failed the test, the first failure first")
    accounts: list[str] = Field(description="Ids of the accounts that the test used, its own first")
    versions: dict[str, Text] = Field(description="Versions of mocksms, Python, pytest, the system and HTTP clients")
    options: dict[str, Text] = Field(description="Options of the test session that differ from their defaults, as text")
    mock_options: dict[str, Text] = Field(description="Options of the mock that differ from their defaults, as text")
    report: Text = Field(description="The report of pytest")
    logs: list[LogLine] = Field(description="The log records of the application during the test, oldest first")


def read_trace(context: Context, _: InspectionCall) -> TraceView:
    """Read the trace or snapshot that `mocksms open` shows.

    Other mocks have none.
    """
    view = context.view
    if view is None:
        raise NotATrace
    manifest, traced = view.manifest, view.trace
    trace = traced and traced.trace
    return TraceView(
        file=view.file,
        folder=view.folder,
        saved_at=manifest.created_at,
        mocksms=manifest.mocksms,
        test=trace.test if trace else None,
        failures=trace.failures if trace else [],
        accounts=trace.accounts if trace else [],
        versions=trace.versions if trace else {},
        options=trace.options if trace else {},
        mock_options=view.shown_options,
        report=traced.report if traced else "",
        logs=traced.logs if traced else [],
    )


ENDPOINTS: Final = (endpoint("GET", "trace", read_trace, returns=TraceView, query=None, raises=[NotATrace]),)
