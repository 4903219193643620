"""Models of the entries that only a trace has: trace.json and logs.jsonl."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from mocksms.schemas.explanations import Comparison, Explanation
from mocksms.schemas.responses import Text
from mocksms.state.archive import encode

VERSION: Final = 1
"""Version of the format of trace.json."""

MAX_ACCOUNT_FAILURES: Final = 10
"""Failures of its test that an account keeps."""

MAX_ACCOUNT_FAILURES_SIZE: Final = 65_536
"""Bytes of these failures together, as JSON."""


class _TraceModel(BaseModel):
    model_config = ConfigDict(defer_build=True, strict=True, extra="forbid", frozen=True)


class TracedTest(_TraceModel):
    """The test."""

    nodeid: Text = Field(description="Its node id in pytest")
    worker: Text = Field(description="The xdist worker that ran it, such as gw0; main without xdist")
    started_at: AwareDatetime = Field(description="When it started, in real time")
    duration: float = Field(description="Seconds from its start to its latest failure, or to its end")


class TracedFailure(_TraceModel):
    """An error that failed the test. One that is a group of errors is one failure for each of them."""

    when: Literal["setup", "call", "teardown"] = Field(description="The phase of the test")
    type: Text = Field(description="Name of the class of the error, such as AssertionError")
    text: Text = Field(description="Text of the error")
    explanation: Explanation | None = Field(description="Why an expectation failed; null for other errors")
    comparisons: list[Comparison] = Field(
        default=[], description="Without an explanation: what is expected and what there is, as far as that is known"
    )
    message: str | None = Field(default=None, description="Without an explanation: id of the message it is about")

    @property
    def size(self) -> int:
        """Bytes of it as JSON."""
        return len(encode(self.model_dump(mode="json", round_trip=True)))


def _fits(failures: list[TracedFailure]) -> list[TracedFailure]:
    size = sum(failure.size for failure in failures)
    if size > MAX_ACCOUNT_FAILURES_SIZE:
        raise ValueError(f"must have at most {MAX_ACCOUNT_FAILURES_SIZE} bytes as JSON, not {size}")
    return failures


AccountFailures = Annotated[list[TracedFailure], Field(max_length=MAX_ACCOUNT_FAILURES), AfterValidator(_fits)]
"""The failures of its test that an account keeps."""


class Trace(_TraceModel):
    """The entry trace.json."""

    format: Literal["mocksms trace"] = Field(default="mocksms trace", description="Always the same")
    version: Literal[1] = Field(default=VERSION, description="Version of the format")
    test: TracedTest
    failures: list[TracedFailure] = Field(description="What failed the test, the first failure first")
    accounts: list[str] = Field(description="Ids of the accounts that the test used, its own first")
    versions: dict[str, Text] = Field(description="Versions of mocksms, Python, pytest, the system and HTTP clients")
    options: dict[str, Text] = Field(description="Options of the test session that differ from their defaults, as text")

    @property
    def headline(self) -> str:
        """The first failure in one line, empty without failures."""
        for failure in self.failures:
            if failure.explanation is not None:
                return failure.explanation.summary
            lines = failure.text.strip().splitlines()
            return f"{failure.type}: {lines[0]}" if lines else failure.type
        return ""


class LogLine(_TraceModel):
    """A row of the entry logs.jsonl: a log record of the application."""

    at: AwareDatetime = Field(description="When it was logged, in real time")
    level: Text = Field(description="Name of the level, such as WARNING")
    logger: Text = Field(description="Name of the logger")
    text: Text = Field(description="The message")
    exception: Text | None = Field(description="The traceback, null without one")
