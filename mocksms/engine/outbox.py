"""The outbox: plans the callbacks of all accounts, hands out those that are due, and takes in how they went."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from mocksms.engine.account import Account
from mocksms.engine.accounts import Accounts
from mocksms.engine.callbacks import Attempt, Callback, Chain, Progress, Report
from mocksms.settings import Settings
from mocksms.sms.message import USUAL, History, Message, State, Status, Telling
from mocksms.sms.webhook import WORDS, Happening, Kind

Order = Literal["same", "reversed", "shuffled"]
"""The order in which a message's callbacks are replayed."""


class Parcel(NamedTuple):
    """A callback on its way, and whose it is."""

    account: Account
    callback: Callback


class Outbox:
    """Callbacks on their way to receivers.

    `wake` is called when some may be due. `tell` hears of every callback that is planned, tried or over.
    """

    def __init__(self, settings: Settings, accounts: Accounts, tell: Callable[[Account, Callback], None]) -> None:
        self.wake: Callable[[], object] = _nobody
        self._accounts = accounts
        self._pauses = settings.webhook_retry
        self._bounce = settings.webhook_bounce
        self._tell = tell
        self._unanswered: dict[int, list[tuple[Account, Chain, datetime]]] = {}
        self._busy: dict[Account, None] = {}

    def hold(self, request: int) -> None:
        """Keep back what concerns the messages of an exchange until its answer has left."""
        self._unanswered[request] = []

    def release(self, request: int) -> None:
        """Let go what was kept back for an exchange."""
        for account, chain, at in self._unanswered.pop(request, ()):
            self._plan(account, chain, at)

    def steps(self, account: Account, message: Message, known: History) -> None:
        """Tell receivers of the steps of a message beyond the known ones."""
        before = known[-1].state
        for event in message.history[len(known) :]:
            happening = _happening(before, event.state)
            before = event.state
            if happening is not None:
                report = report_of(message, happening, event.at)._replace(reason=event.state.reason)
                self.report(account, report, message.telling)

    def report(self, account: Account, report: Report, telling: Telling = USUAL) -> None:
        """Tell the receivers of an account that want to hear of it."""
        for place, webhook in enumerate(account.webhooks):
            event = self._word(webhook.kind, report.happening)
            if event is None or not webhook.hears(event):
                continue
            chain = Chain(webhook.url, report.transaction_id or report.digits)
            due_at = report.at + telling.delay
            callback = Callback(0, webhook, place, event, report, chain, report.at, due_at)
            if not telling.times:
                self._keep(account, callback._replace(progress=Progress.DROPPED, due_at=None))
                continue
            first = self._keep(account, callback)
            for _ in range(1, telling.times):
                self._keep(account, callback._replace(replay_of=first.number))

    def replay(self, account: Account, callbacks: Iterable[Callback], order: Order, times: int) -> list[Callback]:
        """Call receivers again with what they were told, each so many times, one after the other in an order."""
        again = [callback for callback in callbacks for _ in range(times)]
        if order == "reversed":
            again.reverse()
        elif order == "shuffled":
            account.shuffle(again)
        now = account.clock.now()
        subject = f"replay {self._accounts.numbering.latest + 1}"
        return [
            self._keep(
                account,
                callback._replace(
                    chain=Chain(callback.webhook.url, subject),
                    created_at=now,
                    due_at=now,
                    progress=Progress.PENDING,
                    attempts=(),
                    replay_of=callback.number,
                ),
            )
            for callback in again
        ]

    def look(self) -> None:
        """Let those who deliver look for what may have become due."""
        if self._busy:
            self.wake()

    def take(self) -> list[Parcel]:
        """Return what is due in any account; it is on its way until it is settled."""
        taken: list[Parcel] = []
        for account in tuple(self._busy):
            if not self._accounts.holds(account) or account.callbacks.is_idle:
                del self._busy[account]
                continue
            now = account.clock.now()
            while callback := account.callbacks.take(now):
                taken.append(Parcel(account, callback))
        return taken

    def is_due(self, account: Account | None) -> bool:
        """Return whether something is due or on its way in an account, or in any."""
        accounts = self._busy if account is None else (account,)
        return any(self._accounts.holds(each) and each.callbacks.is_due(each.clock.now()) for each in accounts)

    def keeps(self, parcel: Parcel) -> bool:
        """Return whether a callback that was taken is still kept: neither it nor its account has made room."""
        return self._accounts.holds(parcel.account) and parcel.account.callbacks.get(parcel.callback.number) is not None

    def give_back(self, parcel: Parcel) -> None:
        """Take back a callback that is not kept any more; the next in line follows."""
        account, callback = parcel
        account.callbacks.settle(callback)
        self._follow(account, callback.chain)

    def settle(self, parcel: Parcel, attempt: Attempt) -> None:
        """Take in how an attempt went: it was taken, is tried again after a pause, or has failed for good."""
        account, callback = parcel
        attempts = (*callback.attempts, attempt)
        due_at, progress = None, Progress.DELIVERED
        if not attempt.is_success:
            due_at, progress = self._next(account, attempt, len(attempts))
        settled = callback._replace(attempts=attempts, due_at=due_at, progress=progress)
        account.callbacks.settle(settled)
        if self._accounts.holds(account):
            self._follow(account, callback.chain, attempt.at if due_at is None else None)
            self._tell(account, settled)

    def _follow(self, account: Account, chain: Chain, over_at: datetime | None = None) -> None:
        """Plan the first callback of a chain, when it is due or when the one before it was over."""
        first = account.callbacks.first_of(chain)
        if first is not None and first.due_at is not None:
            self._schedule(account, first, max(first.due_at, over_at or first.due_at))

    def _next(self, account: Account, attempt: Attempt, tried: int) -> tuple[datetime | None, Progress]:
        """Return when a callback that failed so many times is tried again, on a clock that may have been moved."""
        if tried > len(self._pauses):
            return None, Progress.FAILED
        took = timedelta() if account.clock.frozen else timedelta(seconds=attempt.took)
        return attempt.at + took + self._pauses[tried - 1], Progress.PENDING

    def _word(self, kind: Kind, happening: Happening) -> str | None:
        words = WORDS[kind].get(happening, ())
        return self._bounce if self._bounce in words else next(iter(words), None)

    def _keep(self, account: Account, callback: Callback) -> Callback:
        kept = callback._replace(number=self._accounts.numbering.take())
        is_first = account.callbacks.enter(kept)
        if is_first and kept.due_at is not None:
            self._schedule(account, kept, kept.due_at)
        self._tell(account, kept)
        return kept

    def _schedule(self, account: Account, first: Callback, at: datetime) -> None:
        held = self._unanswered.get(first.report.request)
        if held is not None:
            held.append((account, first.chain, at))
        else:
            self._plan(account, first.chain, at)

    def _plan(self, account: Account, chain: Chain, at: datetime) -> None:
        account.callbacks.plan(chain, at)
        self._busy[account] = None
        self.wake()


def report_of(message: Message, happening: Happening, at: datetime) -> Report:
    """Return what can be told of a message."""
    return Report(
        at=at,
        happening=happening,
        mobile_number=message.mobile_number,
        digits=message.digits,
        transaction_id=message.transaction_id,
        request=message.request,
    )


def _happening(before: State, state: State) -> Happening | None:
    if state.status is Status.QUEUED:
        return None
    if state is State.SENT:
        return Happening.SENT
    return Happening.BOUNCED if before is State.SENT else Happening.REFUSED


def _nobody() -> None:
    """Nobody delivers: callbacks stay where they are."""
