"""Reading of a snapshot for a page: the records of its accounts, as many as a page can have."""

from __future__ import annotations

from mocksms.inspection.accounts import AccountView
from mocksms.report.failures import ids_in
from mocksms.report.records import MAX_RECORDS, RecordReader, ReportAccount
from mocksms.report.snapshot_part import ReportFile
from mocksms.state.viewing import SnapshotView


def report_file(view: SnapshotView) -> ReportFile:
    """Return what a page shows of a snapshot: the accounts of the test first, then the latest used.

    All accounts but those of the test have as many records as fit beside those before them. Accounts without records
    have only a row, unless a test of theirs failed.
    """
    reader = RecordReader(view.engine)
    test = view.trace.trace if view.trace else None
    needed = ids_in(test.failures if test else [])
    by_id = {account.id: account for account in reader.accounts()}
    used = test.accounts if test else [account.id for account in by_id.values() if account.test_failures]
    found = [*(by_id.pop(each) for each in used if each in by_id), *by_id.values()]
    accounts: list[ReportAccount] = []
    others: list[AccountView] = []
    left = MAX_RECORDS
    for account in found:
        size = reader.size(account)
        if account.id in used or (size and left > 0):
            accounts.append(reader.account(account, needed if test else ids_in(account.test_failures)))
        else:
            others.append(account)
        left -= size
    return ReportFile(
        view.file,
        view.manifest.created_at,
        view.manifest.mocksms,
        view.shown_options,
        accounts,
        others,
        reader.unattributed(),
        view.trace,
    )
