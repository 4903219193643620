"""Calls of a test to its application: when they were made, and what they reported to the test."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from inspect import CO_GENERATOR
from itertools import pairwise
from types import CodeType, FrameType
from typing import Any, Final, NamedTuple

from mocksms.engine.clock import system_time
from mocksms.testing.audit.changes import ArgumentState, claim_of_changes, states_in
from mocksms.testing.audit.claims import Claim, claim_of, numbers_in
from mocksms.testing.audit.code_filter import CodeFilter, CodeOwner
from mocksms.testing.audit.collected_errors import CollectedError, collect_errors
from mocksms.testing.audit.known_errors import HTTP_LIBRARIES

WAITING_LIBRARIES: Final = HTTP_LIBRARIES | {"concurrent", "subprocess"}
"""Packages that wait for a response, for another thread or for another process."""

FAILED: Final = RuntimeError()
"""Stands for any error that ended a call."""


class ApplicationCall(NamedTuple):
    """A call of the test to something else than mocksms. Times are in UTC.

    `claim` is what it returned or raised, read as a report about a message; of a call that never returns anything else
    than None, what it has changed of its arguments. `numbers` are the last digits of the phone
    numbers among its arguments. `has_waited` says that it can know what was sent meanwhile: it used an HTTP client, or
    waited for another thread or process.
    """

    function: str
    started: datetime
    ended: datetime
    claim: Claim
    numbers: frozenset[str]
    has_waited: bool


class _OpenCall(NamedTuple):
    """A call that has not ended: its arguments as they were; `values` are those that a generator has yielded."""

    function: str
    started: datetime
    numbers: frozenset[str]
    is_of_library: bool
    values: list[object]
    arguments: list[ArgumentState]


class WatchedRun(NamedTuple):
    """What happened in a run of a test, besides how it ended: errors that did not reach the test, and its calls."""

    errors: list[CollectedError]
    calls: list[ApplicationCall]


@contextmanager
def watch_run(code: CodeFilter, *, with_calls: bool = False) -> Iterator[WatchedRun]:
    """Note the errors of a run until the end of the block; also its calls, which makes it slower."""
    with ExitStack() as stack:
        errors = stack.enter_context(collect_errors(code))
        yield WatchedRun(errors, stack.enter_context(watch_calls(code)) if with_calls else [])


@contextmanager
def watch_calls(code: CodeFilter) -> Iterator[list[ApplicationCall]]:
    """Note the calls that a test makes in this thread, until the end of the block.

    A debugger that is active keeps its trace function: nothing is noted then. Coverage goes on to measure.
    """
    before = sys.gettrace()
    watch = CallWatch(code, before)
    if before is not None and not _is_coverage(before):
        yield watch.calls
        return
    _keep_trace(sys._getframe(), before)
    sys.settrace(watch.on_call)
    try:
        yield watch.calls
    finally:
        sys.settrace(before)
        watch.finish()


def _is_coverage(trace: Any) -> bool:
    return type(trace).__module__.partition(".")[0] == "coverage"


def _keep_trace(frame: FrameType | None, trace: Any) -> None:
    """Let a trace function see the rest of each active frame: coverage counts calls and returns, which must match."""
    while trace is not None and frame is not None:
        frame.f_trace = trace
        frame = frame.f_back


class CallWatch:
    """The trace function of one run. It looks at functions that code of the test calls, and ignores all others.

    `before` is the trace function of coverage, or None. It gets each event, too.
    """

    def __init__(self, code: CodeFilter, before: Any = None) -> None:
        self.calls: list[ApplicationCall] = []
        self._code = code
        self._before = before
        self._open: dict[FrameType, _OpenCall] = {}
        self._latest_wait = datetime.min.replace(tzinfo=UTC)
        self._futures: list[tuple[_OpenCall, Any]] = []

    def on_call(self, frame: FrameType, event: str, value: object) -> Any:
        """Watch a frame if the test calls it."""
        is_watched = self._start(frame)
        if self._before is None:
            if is_watched:
                frame.f_trace_lines = False
            return self.on_event if is_watched else None
        before = self._before(frame, event, value)
        sys.settrace(self.on_call)  # coverage makes itself the only trace function at each call
        frame.f_trace_lines = frame.f_trace is not None  # which coverage sets where it measures lines
        return self._on_event_of_both if is_watched else before

    def _start(self, frame: FrameType) -> bool:
        if _waits(frame):
            self._latest_wait = system_time()
        caller = frame.f_back
        if caller is None or self._code.owner(caller) is not CodeOwner.TEST:
            return False
        owner = self._code.owner(frame)
        if owner in (CodeOwner.TEST, CodeOwner.MOCKSMS):
            return False
        if frame not in self._open:  # a coroutine is called again when it resumes
            name, is_of_library = frame.f_code.co_qualname, owner is CodeOwner.LIBRARY and not _starts_thread(frame)
            self._open[frame] = _OpenCall(name, system_time(), numbers_in(frame), is_of_library, [], states_in(frame))
        return True

    def _on_event_of_both(self, frame: FrameType, event: str, value: object) -> Any:
        self._before(frame, event, value)
        self.on_event(frame, event, value)
        return self._on_event_of_both

    def on_event(self, frame: FrameType, event: str, value: object) -> Any:
        """Note a call at its end; a coroutine that waits has not ended."""
        if event != "return" or (call := self._open.get(frame)) is None:
            return self.on_event
        ends = dis.opname[frame.f_code.co_code[frame.f_lasti]]
        if "YIELD" not in ends:
            del self._open[frame]
            has_result = ends.startswith("RETURN") and not _has_no_result(frame)
            self._end(call, value if has_result else FAILED)
        elif frame.f_code.co_flags & CO_GENERATOR:
            call.values.append(value)
        return self.on_event

    def finish(self) -> None:
        """Note the calls whose results come later: futures of the test, and generators that it has not used up."""
        for call, future in self._futures:
            if future.done() and not future.cancelled():
                self._note(call, future.exception() or future.result())
        for call in self._open.values():
            if call.values:
                self._note(call, call.values)

    def _end(self, call: _OpenCall, value: object) -> None:
        if all(callable(getattr(value, name, None)) for name in ("done", "cancelled", "exception", "result")):
            self._futures.append((call, value))
        elif call.values:
            self._note(call, call.values)
        else:  # the end of a `with` block returns False, too
            self._note(call, value or None if ".__" in call.function else value)

    def _note(self, call: _OpenCall, value: object) -> None:
        has_waited = call.is_of_library or self._latest_wait >= call.started
        is_silent = value is None and ".__" not in call.function
        ended, claim = system_time(), claim_of_changes(call.arguments) if is_silent else claim_of(value)
        self.calls.append(ApplicationCall(call.function, call.started, ended, claim, call.numbers, has_waited))


def _has_no_result(frame: FrameType) -> bool:
    """Whether a function ends with None here, and returns something elsewhere: None says that it has failed."""
    returns = _returns(frame.f_code)
    return returns.get(frame.f_lasti, False) and not all(returns.values())


@lru_cache(maxsize=256)
def _returns(code: CodeType) -> dict[int, bool]:
    """Return where a function returns, each with whether that is always None."""
    return {
        step.offset: step.argval is None if step.opname == "RETURN_CONST" else _is_none(earlier)
        for earlier, step in pairwise(dis.get_instructions(code))
        if step.opname in ("RETURN_CONST", "RETURN_VALUE")
    }


def _is_none(step: dis.Instruction) -> bool:
    return step.opname == "LOAD_CONST" and step.argval is None


def _starts_thread(frame: FrameType) -> bool:
    """Whether a function only starts a thread, which can send before it returns."""
    return frame.f_globals.get("__name__") == "threading" and frame.f_code.co_name in ("start", "__init__")


def _waits(frame: FrameType) -> bool:
    """Whether a function is one of an HTTP client, or waits for another thread or process."""
    name = str(frame.f_globals.get("__name__", ""))
    is_join = name == "threading" and frame.f_code.co_name == "join"
    return is_join or name in HTTP_LIBRARIES or name.partition(".")[0] in WAITING_LIBRARIES
