"""What a snapshot must not have: each is one error that says where it is and what is expected."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from dataclasses import replace
from io import BytesIO
from typing import Any, Final

import pytest

from mocksms.engine.engine import Engine
from mocksms.settings import Settings
from mocksms.state.account_rows import RANDOM_WORDS
from mocksms.state.archive import MANIFEST, MOCK
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.snapshot import load, restore
from tests.state.rich import OPTIONS, Entries, Path, change, entries_of, rich_snapshot, written
from tests.support import ManualClock

ZEROS: Final = b64encode(bytes(RANDOM_WORDS.size)).decode()
BEYOND: Final = b64encode(b"\xff" * RANDOM_WORDS.size).decode()
SHORT: Final = b64encode(bytes(RANDOM_WORDS.size - 4)).decode()
EARLY: Final = "0001-01-01T00:00:00+00:00"
BEYOND_CALENDAR: Final = {"now": "9200-01-01T00:00:00+00:00", "real": "1970-01-01T00:00:00+00:00", "is_frozen": False}
M, R, A, C = "messages.jsonl", "requests.jsonl", "accounts.jsonl", "callbacks.jsonl"
UNKNOWN: Final = "0" * 12


def load_changed(entries: Entries, settings: Settings = OPTIONS) -> None:
    """Load and restore a snapshot into an empty mock."""
    engine = Engine(settings, ManualClock())
    restore(engine, load(BytesIO(written(entries)), settings))


def error_of(entries: Entries, settings: Settings = OPTIONS) -> str:
    with pytest.raises(InvalidSnapshot) as error:
        load_changed(entries, settings)
    return str(error.value)


CASES: Final[tuple[tuple[Path, object, str], ...]] = (
    ((M, 0, "segments"), -1, f"{M} row 1: segments must be at least 0; got -1"),
    ((M, 1, "created_at"), EARLY, f"{M} row 2: created_at must be a time from 1970 to 9200, not {EARLY}"),
    ((M, 0, "due_at"), "2026-03-01T12:00:00", "due_at must be a time in UTC such as 2030-01-31T12:00:00+00:00, not"),
    ((M, 0, "due_at"), "2026-03-01T14:00:00+02:00", "due_at must be a time in UTC"),
    ((M, 0, "due_at"), 5, "due_at must be a time in UTC such as 2030-01-31T12:00:00+00:00"),
    ((M, 0, "due_at"), "x", "due_at Invalid isoformat string"),
    ((M, 0, "size"), 10**400, "size must be at most 9007199254740992"),
    ((M, 0, "state"), "lost", "state must be one of queued, queued/insufficient-funds, sent,"),
    ((M, 0, "state"), {"status": "sent", "reason": None}, "state must be one of queued"),
    ((M, 0, "state"), {"status": "a/b", "reason": None}, "state status must be 1 to 100 characters without slash"),
    ((M, 0, "state"), "invalid/invalid-number", "state must be that of the last step in history"),
    ((M, 0, "history"), [], "history must not be empty"),
    ((A, 0, "callback_policy", "delay"), -1, "callback_policy.delay must be seconds from 0 to"),
    ((A, 0, "callback_policy", "delay"), True, "callback_policy.delay must be seconds from 0 to"),
    ((M, 0, "news"), 1, "news unknown name; expected one of account, record,"),
    ((M, 1, "record"), 1, "record must be higher than"),
    ((M, 0, "account"), UNKNOWN, f"{M} row 1: account must be one of {A}; got '{UNKNOWN}'"),
    ((M, 0, "submission_of"), 1, "must have either submission or submission_of"),
    ((M, 0, "submission"), None, "must have either submission or submission_of"),
    ((R, 0, "body"), {"base64": "!"}, "body "),
    ((R, 0, "body"), ["x"], 'body must be a text, or {"base64": ...} for bytes that are not UTF-8'),
    ((A, 0, "digest"), "f" * 64, f"{A} row 1: id, digest and key must belong together"),
    ((A, 0, "key"), "another key", "id, digest and key must belong together"),
    ((A, 0, "scenario"), 99, "scenario must be one of scenarios.jsonl; got 99"),
    (
        (A, 1, "kosher"),
        {"is_own": False, "numbers": None, "same_as": UNKNOWN},
        "same_as must be an account before this",
    ),
    ((A, 0, "kosher"), {"is_own": True, "numbers": None, "same_as": None}, "must have either numbers or the account"),
    ((A, 0, "ids_random"), ZEROS, "ids_random is no state of a random generator"),
    ((A, 0, "ids_random"), BEYOND, "ids_random is no state of a random generator"),
    ((A, 0, "ids_random"), SHORT, "ids_random must have 2500 bytes"),
    ((A, 0, "ids_random"), 5, "ids_random must be the state of a random generator in Base64"),
    ((A, 0, "clock"), BEYOND_CALENDAR, "a clock is 2640703 days from real time, beyond the calendar"),
    ((C, 0, "event"), "SmsReply", "the transactional webhook has no event 'SmsReply' for"),
    ((C, 0, "webhook", "url"), "file:///etc/passwd", "webhook an address such as http://127.0.0.1:8000/hooks"),
    ((C, 0, "webhook", "events"), ["nothing"], "webhook events of the transactional webhook: send, reject"),
    (("actions.jsonl", 0, "message"), 10**9, "actions.jsonl row 1: message must be at most"),
    (("scenarios.jsonl", 1, "scenario"), 1, "scenario must be the only one with its number; got 1 again"),
    (("scenarios.jsonl", 1, "behind"), 99, "scenario must be one of scenarios.jsonl; got 99"),
    (("scenarios.jsonl", 3, "behind"), 3, "behind must be a scenario with none behind it; got 3"),
    (
        ("scenarios.jsonl", 1, "sources", 0, "scenario", "rule"),
        [{"name": "x"}],
        "scenarios.jsonl row 2: rule 1 has no effect",
    ),
    ((MOCK, "scenario"), 99, f"{MOCK}: scenario must be one of scenarios.jsonl; got 99"),
    ((MOCK, "with_due"), [UNKNOWN], f"{MOCK}: {UNKNOWN} must be one of {A}"),
    ((MOCK, "generation"), -1, f"{MOCK}: generation must be at least 0; got -1"),
    ((MOCK, "faults"), [{"id": 1, "until": "2026-03-01T12:00:00+00:00", "fault": {}}], f"{MOCK}: fault "),
)


@pytest.mark.parametrize(("path", "value", "expected"), CASES)
def test_value_that_no_mock_writes_is_an_error(path: Path, value: object, expected: str) -> None:
    entries = entries_of(rich_snapshot())
    change(entries, path, value)
    assert expected in error_of(entries)


def test_unchanged_snapshot_is_loaded() -> None:
    load_changed(entries_of(rich_snapshot()))


def test_record_number_is_used_once_and_at_most_the_latest() -> None:
    entries = entries_of(rich_snapshot())
    used = entries[M][0]["record"]
    change(entries, ("replies.jsonl", 0, "record"), used)
    assert f"replies.jsonl row 1: record must be the only one with its number; got {used} again" in error_of(entries)
    change(entries, ("replies.jsonl", 0, "record"), entries[MANIFEST]["latest"] + 1)
    assert "replies.jsonl row 1: record must be at most" in error_of(entries)


def test_id_of_a_message_or_account_is_used_once() -> None:
    entries = entries_of(rich_snapshot())
    change(entries, (M, 1, "transaction_id"), entries[M][0]["transaction_id"])
    assert f"{M} row 2: transaction_id must begin as no other" in error_of(entries)
    entries = entries_of(rich_snapshot())
    entries[A].append(entries[A][0])
    assert f"{A} row 4: id must be the only one" in error_of(entries, replace(OPTIONS, max_accounts=9))


def test_submission_is_that_of_a_message_before() -> None:
    entries = entries_of(rich_snapshot())
    next(row for row in entries[M] if row["submission_of"])["submission_of"] = 10**9
    assert "submission_of must be a message before this one; got 1000000000" in error_of(entries)


def test_planned_actions_are_in_order() -> None:
    entries = entries_of(rich_snapshot())
    shop = [row for row in entries["actions.jsonl"] if row["account"] == entries["actions.jsonl"][-1]["account"]]
    entries["actions.jsonl"] = [*entries["actions.jsonl"], {**shop[-1], "at": "2026-03-01T12:00:00+00:00"}]
    assert "at must not be earlier than in the row before" in error_of(entries)


def test_pending_callback_is_due_and_only_such_is_scheduled() -> None:
    for changes, expected in (
        ({"state": "pending", "due_at": None, "scheduled": None}, "a pending callback has due_at, and no other has it"),
        (
            {"state": "delivered", "due_at": None, "scheduled": {"at": "2026-03-01T12:00:00+00:00", "place": 0}},
            "only a pending callback can be scheduled",
        ),
    ):
        entries = entries_of(rich_snapshot())
        entries[C][0] |= changes
        assert expected in error_of(entries)


def rule_counters(**changes: Any) -> Entries:
    entries = entries_of(rich_snapshot())
    owner = next(row for row in entries[A] if row["rules"])
    owner["rules"][0] |= changes
    return entries


def test_counters_are_those_of_a_rule() -> None:
    assert "rules must be of its scenario, each once; got position 77" in error_of(rule_counters(position=77))
    assert "cannot have matched 1 times and be applied 2 times" in error_of(rule_counters(matched=1, applied=2))


def test_more_records_than_the_options_allow_are_an_error() -> None:
    entries = entries_of(rich_snapshot())
    assert "a higher --max-messages allows more" in error_of(entries, replace(OPTIONS, max_messages=1))
    assert "a higher --max-requests allows more" in error_of(entries, replace(OPTIONS, max_requests=1))
    assert "a higher --max-callbacks allows more" in error_of(entries, replace(OPTIONS, max_callbacks=1))
    assert "a higher --max-accounts allows more" in error_of(entries, replace(OPTIONS, max_accounts=1))


def test_more_records_than_all_accounts_can_have_are_an_error_before_they_are_read() -> None:
    entries = entries_of(rich_snapshot())
    count = len(entries["messages.jsonl"])
    entries["messages.jsonl"][0] = {}
    allowed = len(entries[A])
    assert error_of(entries, replace(OPTIONS, max_messages=1)) == (
        f"invalid snapshot: messages.jsonl: has {count} rows; the accounts can have {allowed}; "
        "a higher --max-messages allows more"
    )


def test_more_records_than_one_account_can_have_are_an_error() -> None:
    entries = entries_of(rich_snapshot())
    counts = Counter(row["account"] for row in entries["messages.jsonl"])
    limit = max(counts.values()) - 1
    assert sum(counts.values()) <= limit * len(entries[A])
    error = error_of(entries, replace(OPTIONS, max_messages=limit))
    assert f"has more than {limit} records of a kind; a higher --max-messages allows more" in error


def test_more_memory_than_the_mock_has_is_an_error() -> None:
    entries = entries_of(rich_snapshot())
    assert "a higher --max-memory allows more" in error_of(entries, replace(OPTIONS, max_memory=110_000))
    for row in (*entries[M], *entries[R]):
        row["size"] = 0
    entries[MANIFEST]["latest"] = 10**6
    entries[R] = [row | {"record": place, "body": "x" * 65_536} for place, row in enumerate(entries[R], 10**5)]
    assert "its records up to this one take more than 322.3KiB" in error_of(
        entries, replace(OPTIONS, max_memory=110_000)
    )


def test_more_requests_without_an_account_than_the_options_allow_are_an_error() -> None:
    entries = entries_of(rich_snapshot())
    entries[R] = [row for row in entries[R] if row["account"] is None][:2]
    expected = f"{R}: has 2 rows without an account; this mock keeps at most 1"
    assert expected in error_of(entries, replace(OPTIONS, max_requests=1))


def test_memory_for_fewer_accounts_is_an_error() -> None:
    entries = entries_of(rich_snapshot())
    limit = "this mock keeps at most 2; a higher --max-memory allows more"
    assert f"has 3 accounts; {limit}" in error_of(entries, replace(OPTIONS, max_memory=100_000))
