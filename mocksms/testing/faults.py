"""Faults that a test has set, and requests that it holds."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from mocksms.errors import MockRefused, MocksmsError
from mocksms.testing.account import AccountHandle
from mocksms.testing.client import REQUEST_SECONDS
from mocksms.testing.event_loops import runs_event_loop
from mocksms.testing.models import ApiRequest, DurationLike, in_seconds, request_of
from mocksms.testing.threads import in_thread

__tracebackhide__ = True


class FaultHandle:
    """A fault of the emulated API. It ends with its `with` block, or with `clear`."""

    def __init__(self, account: AccountHandle, fault_id: int, description: str) -> None:
        self._account = account
        self._id = fault_id
        self._description = description

    @property
    def applied(self) -> int:
        """Number of requests that the fault changed."""
        return self._count("applied")

    @property
    def matched(self) -> int:
        """Number of requests that matched; with `every`, `probability` or a rate limit the fault changed fewer."""
        return self._count("matched")

    @property
    def description(self) -> str:
        """Kind and details, as they were set."""
        return self._description

    def __repr__(self) -> str:
        try:
            applied = self.applied
        except MocksmsError:
            return f"<fault {self._description}, of a mock that does not respond>"
        return f"<fault {self._description}, applied to {applied} {'request' if applied == 1 else 'requests'}>"

    def _count(self, counter: str) -> int:
        return int(self._row().get(counter, 0))

    def _row(self) -> dict[str, Any]:
        faults = self._account.api("GET", "faults")
        return next((row for row in (*faults["faults"], *faults["ended"]) if row["id"] == self._id), {})

    def clear(self) -> None:
        """End the fault, if it has not ended yet."""
        try:
            self._account.api("DELETE", f"faults/{self._id}")
        except MockRefused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()


class HoldHandle(FaultHandle):
    """A fault that holds requests until `release`, or until the end of its `with` block."""

    @property
    def waiting(self) -> int:
        """Number of requests that wait now."""
        return len(self._row().get("waiting", ()))

    def wait_for_request(self, count: int = 1, *, timeout: DurationLike | None = None) -> ApiRequest:
        """Wait until `count` requests wait, and return the last of them.

        In an async test use `await held.aio.wait_for_request()`.

        Args:
            count: number of requests that must wait at the same time.
            timeout: real time, by default the option `mocksms_timeout`.

        Raises:
            AssertionError: fewer requests wait in time; the text names the other requests.
        """
        seconds = self._account._timeout if timeout is None else in_seconds(timeout)
        query: dict[str, Any] = {"count": count, "timeout": seconds, "read_timeout": seconds + REQUEST_SECONDS}
        try:
            waiting = self._account.api("GET", f"faults/{self._id}/wait", **query)["waiting"]
        except MockRefused as error:
            if error.status != HTTPStatus.REQUEST_TIMEOUT:
                raise
            loop = " This wait blocked the event loop; use: await held.aio.wait_for_request()."
            raise AssertionError(error.error["message"] + (loop if runs_event_loop() else "")) from None
        return request_of(self._account.api("GET", f"requests/{waiting[count - 1]}"))

    def release(self, count: int | None = None) -> int:
        """Release the requests that wait, and return how many. The application now gets their responses.

        Later requests are not held. With `count` only the longest waiting ones are released, and later ones are held.
        """
        body = {} if count is None else {"count": count}
        try:
            return int(self._account.api("POST", f"faults/{self._id}/release", body)["released"])
        except MockRefused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return 0  # a reset has released them

    @property
    def aio(self) -> AioHold:
        """The async form of `wait_for_request`."""
        return AioHold(self)


class AioHold:
    """The async form of the method that waits: `await held.aio.wait_for_request()`. It takes the same arguments."""

    def __init__(self, held: HoldHandle) -> None:
        self._held = held

    async def wait_for_request(self, count: int = 1, *, timeout: DurationLike | None = None) -> ApiRequest:
        """Wait until `count` requests wait, and return the last of them."""
        held = self._held
        return await in_thread(partial(held.wait_for_request, count, timeout=timeout), held._account.client.abandon)
