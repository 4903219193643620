"""The rows of the snapshot that other tests use: every field has a value in one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mocksms.state.archive import MANIFEST
from tests.state.rich import Path, entries_of, rich_snapshot

ALWAYS_EMPTY: Final = {
    "accounts.jsonl.*.unsubscribed.same_as",  # as kosher.same_as
    "accounts.jsonl.*.schedule.*.place",  # as callbacks.scheduled.place
    "actions.jsonl.*.action.by_rule.reactions.*.opts_out",  # as messages.reactions.opts_out
    "requests.jsonl.*.duration",  # the calls of the test take no time
}


def fields_in(value: Any, path: Path = ()) -> Iterator[tuple[str, bool]]:
    """Iterate over the fields in JSON, by their path, and whether they have a value there."""
    yield ".".join(map(str, path)), bool(value)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from fields_in(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from fields_in(inner, (*path, "*"))


def test_every_field_has_a_value_in_the_snapshot_that_is_compared() -> None:
    fields = [*fields_in({name: rows for name, rows in entries_of(rich_snapshot()).items() if name != MANIFEST})]
    assert {name for name, _ in fields} - {name for name, has_value in fields if has_value} == ALWAYS_EMPTY
