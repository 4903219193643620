"""Snapshots: the state of accounts as a zip of JSON lines.

- Write one: `capture` copies what a mock keeps, `saving` makes rows of it, `archive` writes them.
- Read one: `archive_reader` checks the zip, `loading` checks the rows and makes records of them, `building` makes
  accounts of the records, `snapshot` restores these in a mock.
- Rows: `account_rows`, `message_rows`, `request_rows` and `callback_rows`, with the types of values in `rows`.
- State file of a mock: `state_file`, `state_saver`, `state_start`. Any file that is written as a whole: `whole_file`.
- Traces of failed tests: `trace`, `trace_models`, `redaction`. A mock that shows a file: `viewing`.
"""

from __future__ import annotations

from typing import Final

TRACE_SUFFIX: Final = ".mocksms.zip"
"""The end of the file name of a trace."""
