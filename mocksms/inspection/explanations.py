"""Why what somebody asked for is not there: what was wanted, how near the nearest came, and the usual causes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, Literal

from mocksms.engine.account import Account
from mocksms.engine.engine import Engine
from mocksms.engine.journal import RecordedRequest, shorten_key
from mocksms.inspection.errors import InspectionRefused
from mocksms.inspection.matching import COMPARED, Criteria, NearMiss, everything
from mocksms.inspection.scope import AccountScope, OwnedMessage
from mocksms.inspection.wording import clock_time, life, quoted, render
from mocksms.sms.message import Message, State
from mocksms.sms.text import escape, filled

NEAREST: Final = 3
SHOWN: Final = 3
SEARCHED_ACCOUNTS: Final = 1_000
"""Other accounts that are looked through, the latest used first."""

CauseKind = Literal["matched", "unasked", "refused", "elsewhere", "evicted", "queued"]


@dataclass(frozen=True, slots=True)
class Cause:
    """A usual reason why a message is missing, and the id of the exchange or message it speaks of."""

    kind: CauseKind
    text: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why what was wanted is not there."""

    verdict: str
    wanted: tuple[str, ...]
    got: str
    closest: tuple[NearMiss, ...]
    causes: tuple[Cause, ...]

    @property
    def text(self) -> str:
        """All of this, to be read."""
        causes = [(cause.kind, cause.text) for cause in self.causes]
        return render(self.verdict, self.wanted, self.got, self.closest, causes)


class ExpectationFailed(InspectionRefused):
    """What was asked for is not there: `late` after a wait for it, not `found` where one message was asked for."""

    def __init__(self, explanation: Explanation, *, late: bool = False, found: bool = True) -> None:
        self.explanation = explanation
        self.late = late
        self.found = found
        super().__init__(explanation.verdict)


class Explainer:
    """Explains for one scope why something is missing after a cursor."""

    def __init__(self, engine: Engine, scope: AccountScope, after: int = 0) -> None:
        self._engine = engine
        self._scope = scope
        self._after = after

    def missing(self, verdict: str, criteria: Criteria, wanted: Sequence[str]) -> Explanation:
        """Explain that too few messages match some criteria."""
        candidates = [owned.message for owned in islice(self._all(), COMPARED)]
        return Explanation(
            verdict=verdict,
            wanted=(*criteria.describe(), *wanted),
            got=self._got(),
            closest=tuple(criteria.nearest(candidates, NEAREST)),
            causes=(
                *_matched(self._scope.search(criteria, SHOWN)),
                *self._refused(),
                *self._elsewhere(criteria),
                *self._evicted(),
                *self._queued(criteria),
            ),
        )

    def unwanted(
        self, verdict: str, criteria: Criteria, wanted: Sequence[str], found: Sequence[OwnedMessage]
    ) -> Explanation:
        """Explain that more messages match than was wanted, or that some came that nobody asked for."""
        return Explanation(
            verdict=verdict,
            wanted=(*criteria.describe(), *wanted),
            got=self._got(),
            closest=(),
            causes=tuple(_told("unasked", owned) for owned in found),
        )

    def _all(self) -> Iterator[OwnedMessage]:
        return self._scope.messages(everything(self._after))

    def _got(self) -> str:
        since = f" since cursor {self._after}" if self._after else ""
        kept = sum(len(account.messages) for account in self._scope.accounts)
        count = sum(1 for _ in self._all()) if self._after else kept
        frozen = next((account.clock.now() for account in self._scope.accounts if account.clock.frozen), None)
        stands = f"; the clock is frozen at {_moment(frozen)}" if frozen else ""
        calls = "" if count or any(True for _ in self._scope.exchanges(self._after)) else ", and no call came"
        return f"{count} SMS in {escape(str(self._scope))}{since}{calls}{stands}"

    def _refused(self) -> Iterator[Cause]:
        """The exchanges that made nothing and were answered with an error, of nobody's account too."""
        everyone = AccountScope(self._engine, None)
        for account, exchange in islice(
            (
                (account, exchange)
                for account, exchange in everyone.exchanges(self._after)
                if (account is None or self._scope.holds(account))
                and not exchange.messages
                and (exchange.status is None or exchange.status >= 400)
            ),
            SHOWN,
        ):
            yield Cause("refused", _refusal(exchange, is_nobodys=account is None), str(exchange.number))

    def _elsewhere(self, criteria: Criteria) -> Iterator[Cause]:
        if self._scope.name is None:
            return
        found: list[OwnedMessage] = []
        others = (account for account in AccountScope(self._engine, None).accounts if not self._scope.holds(account))
        for account in islice(others, SEARCHED_ACCOUNTS):
            found += AccountScope(self._engine, account.key, is_key=True).search(criteria, 1)
            if len(found) == SHOWN:
                break
        for account, message in found:
            text = (
                f"account {escape(shorten_key(account.key))} has it: {_sentence(message)}; does the application use "
                f"another API key?"
            )
            yield Cause("elsewhere", text, message.transaction_id)

    def _evicted(self) -> Iterator[Cause]:
        if self._scope.is_incomplete(self._after):
            gone, limit = self._scope.evicted(), self._engine.settings.max_messages
            yield Cause("evicted", f"{gone} SMS went to make room, it may be among them; --max-messages is {limit}")

    def _queued(self, criteria: Criteria) -> Iterator[Cause]:
        """The messages that meet every wish but the one for their state, and still wait for it."""
        waiting = (
            owned
            for owned in islice(self._all(), COMPARED)
            if owned.message.state in (State.QUEUED, State.NO_CREDIT) and _only_state_differs(criteria, owned.message)
        )
        for account, message in islice(waiting, SHOWN):
            text = f"{_sentence(message)} is still {message.state}{_until(account, message)}"
            yield Cause("queued", text, message.transaction_id)


def _refusal(exchange: RecordedRequest, *, is_nobodys: bool) -> str:
    call = escape(f"{exchange.method} {exchange.target}".strip()) or "a call that could not be read"
    owner = ", which belongs to no account," if is_nobodys else ""
    answer = f"answered {exchange.status}" if exchange.status else "not answered, the connection was reset"
    return f"{call} at {clock_time(exchange.at)}{owner} was {answer}: {escape(exchange.note)}"


def _matched(found: Sequence[OwnedMessage]) -> Iterator[Cause]:
    return (_told("matched", owned) for owned in found)


def _told(kind: CauseKind, owned: OwnedMessage) -> Cause:
    return Cause(kind, f"{_sentence(owned.message)}, {life(owned.message)}", owned.message.transaction_id)


def _sentence(message: Message) -> str:
    return f"{message.transaction_id} to {escape(message.mobile_number)} {quoted(filled(message))}"


def _only_state_differs(criteria: Criteria, message: Message) -> bool:
    failed = {criterion.field for criterion in criteria.criteria if not criterion.matches(message)}
    return bool(failed) and failed <= {"status", "reject_reason"}


def _until(account: Account, message: Message) -> str:
    if message.state is State.NO_CREDIT:
        return f": credit is {account.credit}, it takes {message.segments}; PATCH /_mock/account adds some"
    due = account.next_step_at(message.sequence)
    if due is None:
        return " and nothing is planned for it"
    until = f" until {_moment(due)}"
    if account.clock.frozen:
        until += f", and the clock is frozen at {_moment(account.clock.now())}"
    return f"{until}; POST /_mock/clock/advance moves it there"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
