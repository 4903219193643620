"""What records take in memory, by tracemalloc, beside what the budget counts for them."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from mocksms.engine.clock import system_time
from mocksms.engine.controls import AccountUpdate, Controls
from mocksms.engine.engine import Engine
from mocksms.engine.journal import REQUEST_SIZE, RecordedRequest, shared_handling
from mocksms.engine.rules import NO_SCENARIO
from mocksms.settings import Settings
from mocksms.sms.message import Recipient, Submission
from mocksms.sms.webhook import Webhook
from tests.benchmarks.figures import print_figure

RECORDS = 3_000
KEY = "benchmark"


class Taken(NamedTuple):
    """Bytes that some records take, and those that the budget counts."""

    taken: int
    counted: int

    @property
    def ratio(self) -> float:
        return self.counted / self.taken


def shapes() -> dict[str, Callable[[Engine], None]]:
    """Return what fills an engine, by name."""
    return {
        "small messages": lambda engine: _send(engine, "Your code is {}"),
        "long messages": lambda engine: _send(engine, "{}" + "x" * 10_000),
        "Hebrew messages": lambda engine: _send(engine, "{}" + "ש" * 1_000),
        "tags": lambda engine: _send(engine, "{}", tags=20),
        "fields": lambda engine: _send(engine, "#name# {}", fields=20),
        "one send to many": _send_to_many,
        "asynchronous": lambda engine: _send(engine, "{}", wants_async=True),
        "clicks": _click,
        "requests": _record_requests,
        "replies": _reply,
        "opt-outs": _opt_out,
        "callbacks": _call_back,
        "accounts": _add_accounts,
    }


def print_memory() -> None:
    """Print what the budget counts for records, against what they take by tracemalloc."""
    for name, fill in shapes().items():
        print_figure(f"counted / taken, {name}", measure_memory(fill).ratio, at_least=0.8, at_most=1.7)


def measure_memory(fill: Callable[[Engine], None]) -> Taken:
    """Return what an engine takes after it is filled, more than before."""
    engine = Engine(Settings(seed="benchmark"))
    with _traced() as taken:
        before = engine.accounts.budget.used
        fill(engine)
    return Taken(taken[0], engine.accounts.budget.used - before)


@contextmanager
def _traced() -> Iterator[list[int]]:
    gc.collect()
    tracemalloc.start()
    taken: list[int] = []
    try:
        yield taken
        gc.collect()
        taken.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()


def _number(place: int) -> str:
    return f"97254{place:07d}"


def _send(engine: Engine, content: str, tags: int = 0, fields: int = 0, *, wants_async: bool = False) -> None:
    account = engine.account(KEY)
    for place in range(RECORDS):
        submission = Submission(
            content.format(place), tags=tuple(f"tag {place} {tag}" for tag in range(tags)), wants_async=wants_async
        )
        values = {f"name{field}": f"value {place} {field}" for field in range(fields)}
        engine.submit(account, submission, [Recipient(_number(place), values)])


def _send_to_many(engine: Engine) -> None:
    recipients = [Recipient(_number(place)) for place in range(RECORDS)]
    engine.submit(engine.account(KEY), Submission("x" * 10_000, tags=("a", "b")), recipients)


def _click(engine: Engine) -> None:
    account, controls = engine.account(KEY), Controls(engine)
    (message,) = engine.submit(
        account, Submission("http://a.test", track_clicks=True), [Recipient(_number(0))]
    ).messages
    for _ in range(RECORDS):
        controls.click(account, message.transaction_id)


def _record_requests(engine: Engine) -> None:
    account = engine.account(KEY)
    for place in range(RECORDS):
        body = f'{{"place": {place}}}'.encode()
        request = RecordedRequest(
            number=engine.accounts.numbering.take(),
            at=system_time(),
            method="POST",
            target=f"/transactional/sms/send?{place}",
            headers=b"",
            body=body,
            body_size=len(body),
            response_body=body * 2,
            response_size=len(body) * 2,
            duration=0.1 * place,
            handling=shared_handling(None, 200),
            messages=(place,),
            size=REQUEST_SIZE + 3 * len(body) + 30,
        )
        engine.record_request(account, request)


def _reply(engine: Engine) -> None:
    account, controls = engine.account(KEY), Controls(engine)
    for place in range(RECORDS):
        controls.reply(account, _number(place), f"Hello {place}")


def _opt_out(engine: Engine) -> None:
    numbers = {_number(place) for place in range(RECORDS)}
    Controls(engine).update_account(engine.account(KEY), AccountUpdate(unsubscribed=numbers))


def _call_back(engine: Engine) -> None:
    Controls(engine).update_account(engine.account(KEY), AccountUpdate(webhooks=(Webhook("http://127.0.0.1:1/"),)))
    _send(engine, "{}")


def _add_accounts(engine: Engine) -> None:
    assert engine.accounts.scenario is NO_SCENARIO
    for place in range(RECORDS):
        engine.account(f"key {place}")
