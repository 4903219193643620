from __future__ import annotations

from io import BytesIO

import pytest

from mocksms.engine.engine import Engine
from mocksms.engine.steps import finish
from mocksms.sms.message import State
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.snapshot import Restored, capture, load, restore, save
from tests.engine.support import World
from tests.support import KEY, NUMBER


def saved(engine: Engine, *, with_keys: bool = True, account: str | None = None) -> BytesIO:
    """Return a snapshot of everything, or of one account by its key."""
    accounts = None if account is None else [engine.account(account)]
    file = BytesIO()
    save(finish(capture(engine, accounts, with_keys=with_keys)), file)
    file.seek(0)
    return file


def restored(world: World, file: BytesIO, account: str | None = None) -> Restored:
    return restore(world.engine, load(file, world.engine.settings), account=account)


def test_everything_is_restored_into_another_mock() -> None:
    world, other = World(), World()
    scheduled = world.send("972-50-0002300", content="x\ud800", tags=("\udc00",))
    result = restored(other, saved(world.engine))
    assert result == Restored((world.account.id,), 1, 0, ())
    assert other.again(scheduled) == scheduled
    other.clock.now = world.clock.now
    assert other.after(5, scheduled).state is State.BOUNCED


def test_one_account_gets_higher_numbers_in_a_mock_with_records() -> None:
    world, other = World(), World()
    first, second = world.submit(NUMBER, NUMBER, content="Hello #name#").messages
    other.engine.account("another key")
    other.engine.accounts.numbering.take()
    result = restored(other, saved(world.engine, account=KEY))
    assert result.shifted_by == 1
    assert [other.again(message).sequence for message in (first, second)] == [first.sequence + 1, second.sequence + 1]
    assert other.again(first).submission is other.again(second).submission


def test_account_that_a_snapshot_does_not_have_is_an_error() -> None:
    with pytest.raises(InvalidSnapshot, match="it has no account 000000000000; it has none"):
        restored(World(), saved(World().engine), "000000000000")
