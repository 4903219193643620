"""Snapshots: the state of accounts as a zip of JSON lines.

Written: `capture` copies what a mock keeps, `saving` makes rows of it, `archive` writes them.
Read: `reading` checks the zip, `loading` checks the rows and makes records of them, `building` makes accounts of the
records, and `snapshot` restores these in a mock.
Rows: `account_rows`, `message_rows`, `request_rows` and `callback_rows`, whose values have the types of `rows`.
The options of the manifest: `options`. The state file of a mock: `state_file`, `saver`, `startup`. Traces of failed
tests: `trace`, `redaction`. A mock that shows a file: `viewing`.
"""

from __future__ import annotations

from typing import Final

TRACE_SUFFIX: Final = ".mocksms.zip"
"""The end of the file name of a trace."""
