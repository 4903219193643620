"""Rows of messages, of planned actions on them, and of what phones do: replies, opt-outs and opt-ins."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field

from mocksms.engine.account import Consent, Reply
from mocksms.engine.agenda import Action, DecideAction, DueAction, StepAction
from mocksms.sms.message import (
    NO_FIELDS,
    Click,
    ClickReaction,
    Message,
    Reaction,
    ReplyReaction,
    Submission,
    Timeline,
    TimelineStep,
)
from mocksms.sms.opt_out_words import ConsentChoice
from mocksms.sms.outcomes import Outcome
from mocksms.state.callback_rows import CallbackPolicyData, policy_row
from mocksms.state.rows import (
    MAX_SHARED_LENGTH,
    AccountId,
    AppText,
    ClientInstant,
    OwnText,
    RecordNumber,
    RecordNumberOrNone,
    RowCount,
    RowInstant,
    RowModel,
    RowSeconds,
    RowSize,
    StateName,
    TransactionId,
    shared_text,
    written_state,
)


class SubmissionData(RowModel):
    """The content and options of a send."""

    content: AppText
    sender: AppText | None
    tags: list[AppText]
    charset: AppText
    unsubscribe_link: bool
    unsubscribe_text: AppText
    unsubscribe_reply: bool
    track_clicks: bool
    wants_async: bool
    send_at: ClientInstant | None

    def submission(self) -> Submission:
        """Return the submission."""
        return Submission(
            self.content,
            self.sender,
            tuple(self.tags),
            self.charset,
            self.unsubscribe_link,
            self.unsubscribe_text,
            self.unsubscribe_reply,
            self.track_clicks,
            self.wants_async,
            self.send_at,
        )


class StepData(RowModel):
    """A step of a message."""

    at: RowInstant
    state: StateName
    cause: OwnText


class ClickData(RowModel):
    """A click on a link."""

    at: RowInstant
    url: AppText


class ReplyReactionData(RowModel):
    """A reply that a recipient sends once the message is sent."""

    kind: Literal["reply"]
    text: AppText
    after: RowSeconds
    opts_out: bool

    def action(self) -> ReplyReaction:
        """Return the reaction."""
        return ReplyReaction(self.text, self.after, self.opts_out)


class ClickReactionData(RowModel):
    """A click of a recipient on the first link once the message is sent."""

    kind: Literal["click"]
    after: RowSeconds

    def action(self) -> ClickReaction:
        """Return the reaction."""
        return ClickReaction(self.after)


ReactionData = Annotated[ReplyReactionData | ClickReactionData, Field(discriminator="kind")]


class MessageData(RowModel):
    """A message. The first message of a send has its submission, the others the record number of that message."""

    account: AccountId
    record: RecordNumber
    transaction_id: TransactionId
    mobile_number: AppText
    number: OwnText
    state: StateName
    sender: AppText
    fields: dict[AppText, AppText]
    submission: SubmissionData | None
    submission_of: RecordNumber | None
    segments: RowCount
    request: RecordNumberOrNone
    created_at: RowInstant
    due_at: RowInstant
    history: Annotated[list[StepData], Field(min_length=1)]
    decided_by: OwnText | None
    clicks: list[ClickData]
    callback_policy: CallbackPolicyData | None
    reactions: list[ReactionData]
    size: RowSize

    def message(self, submission: Submission) -> Message:
        """Return the message, with the submission that it shares with the others of its send.

        Raises:
            ValueError: its state is not that of its latest step.
        """
        if self.state != self.history[-1].state:
            raise ValueError("state must be that of the last step in history")
        return Message(
            self.transaction_id,
            self.record,
            self.mobile_number,
            self.number,
            shared_text(self.sender),
            MappingProxyType(self.fields) if self.fields else NO_FIELDS,
            submission,
            self.segments,
            self.request,
            self.created_at,
            self.due_at,
            self._timeline(),
            self.decided_by and shared_text(self.decided_by),
            tuple([Click(click.at, click.url) for click in self.clicks]),
            None if self.callback_policy is None else self.callback_policy.policy(),
            tuple([reaction.action() for reaction in self.reactions]),
            self.size,
        )

    def _timeline(self) -> Timeline:
        """Return the steps, as one object with the equal ones of other messages unless they are long."""
        steps = [TimelineStep(step.at - self.created_at, step.state, step.cause) for step in self.history]
        is_short = sum(len(step.cause) for step in steps) <= MAX_SHARED_LENGTH
        return _shared_timeline(tuple(steps)) if is_short else tuple(steps)


@lru_cache(maxsize=1_000)
def _shared_timeline(timeline: Timeline) -> Timeline:
    return timeline


class OutcomeData(RowModel):
    """The outcome of a rule that passes a message through later; it has no steps of its own."""

    decided_by: OwnText
    reactions: list[ReactionData]
    pass_through_after: RowSeconds | None
    callback_policy: CallbackPolicyData | None

    def outcome(self) -> Outcome:
        """Return the outcome."""
        return Outcome(
            steps=(),
            decided_by=self.decided_by,
            reactions=tuple(reaction.action() for reaction in self.reactions),
            pass_through_after=self.pass_through_after,
            callback_policy=None if self.callback_policy is None else self.callback_policy.policy(),
        )


class DecideActionData(RowModel):
    """The vendor processes a message."""

    kind: Literal["decide"]
    by_rule: OutcomeData | None

    def action(self) -> DecideAction:
        """Return the action."""
        return DecideAction(None if self.by_rule is None else self.by_rule.outcome())


class StepActionData(RowModel):
    """A later step of an outcome."""

    kind: Literal["step"]
    state: StateName
    decided_by: OwnText

    def action(self) -> StepAction:
        """Return the action."""
        return StepAction(self.state, self.decided_by)


class ActionData(RowModel):
    """A planned action on a message, in the order in which they are due."""

    account: AccountId
    message: RecordNumber
    at: RowInstant
    action: Annotated[
        DecideActionData | StepActionData | ReplyReactionData | ClickReactionData, Field(discriminator="kind")
    ]

    def due(self, order: int) -> DueAction:
        """Return the planned action."""
        return DueAction(self.at, order, self.message, self.action.action())


class ReplyData(RowModel):
    """An SMS from a phone."""

    account: AccountId
    record: RecordNumber
    at: RowInstant
    number: OwnText
    text: AppText
    effect: OwnText
    reason: AppText
    transaction_id: OwnText | None = None

    def reply(self) -> Reply:
        """Return the reply."""
        return Reply(self.record, self.at, self.number, self.text, self.effect, self.reason, self.transaction_id)


class ConsentData(RowModel):
    """An opt-out or opt-in."""

    account: AccountId
    record: RecordNumber
    number: OwnText
    at: RowInstant
    choice: Annotated[ConsentChoice, Field(strict=False)]
    cause: AppText
    transaction_id: OwnText | None = None
    reply: RecordNumber | None = None

    def consent(self) -> Consent:
        """Return the consent."""
        origin = self.transaction_id, self.reply or 0
        return Consent(self.record, self.number, self.at, self.choice, self.cause, *origin)


def message_row(account: str, message: Message, submission_of: int | None) -> dict[str, Any]:
    """Return the row of a message; `submission_of` is an earlier message of its send, None for the first."""
    submission = message.submission
    return {
        "account": account,
        "record": message.sequence,
        "transaction_id": message.transaction_id,
        "mobile_number": message.mobile_number,
        "number": message.digits,
        "state": written_state(message.state),
        "sender": message.sender,
        "fields": {**message.fields},
        "submission": submission._asdict() if submission_of is None else None,
        "submission_of": submission_of,
        "segments": message.segments,
        "request": message.request,
        "created_at": message.created_at,
        "due_at": message.due_at,
        "history": [{"at": at, "state": written_state(state), "cause": cause} for at, state, cause in message.history],
        "decided_by": message.decided_by,
        "clicks": [click._asdict() for click in message.clicks],
        "callback_policy": message.callback_policy and policy_row(message.callback_policy),
        "reactions": [action_row(reaction) for reaction in message.reactions],
        "size": message.size,
    }


def due_row(account: str, due: DueAction) -> dict[str, Any]:
    """Return the row of a planned action."""
    return {"account": account, "message": due.sequence, "at": due.at, "action": action_row(due.action)}


def reply_row(account: str, reply: Reply) -> dict[str, Any]:
    """Return the row of a reply."""
    return {
        "account": account,
        "record": reply.number,
        "at": reply.at,
        "number": reply.digits,
        "text": reply.text,
        "effect": reply.effect,
        "reason": reply.reason,
        "transaction_id": reply.transaction_id,
    }


def consent_row(account: str, consent: Consent) -> dict[str, Any]:
    """Return the row of an opt-out or opt-in."""
    return {
        "account": account,
        "record": consent.number,
        "number": consent.digits,
        "at": consent.at,
        "choice": consent.choice,
        "cause": consent.cause,
        "transaction_id": consent.transaction_id,
        "reply": consent.reply or None,
    }


def action_row(action: Action | Reaction) -> dict[str, Any]:
    """Return an action or reaction as in a row."""
    match action:
        case DecideAction(by_rule=by_rule):
            return {"kind": "decide", "by_rule": None if by_rule is None else _outcome_row(by_rule)}
        case StepAction(state=state, decided_by=decided_by):
            return {"kind": "step", "state": written_state(state), "decided_by": decided_by}
        case ReplyReaction(text=text, after=after, opts_out=opts_out):
            return {"kind": "reply", "text": text, "after": after.total_seconds(), "opts_out": opts_out}
        case _:
            return {"kind": "click", "after": action.after.total_seconds()}


def _outcome_row(outcome: Outcome) -> dict[str, Any]:
    later = outcome.pass_through_after
    return {
        "decided_by": outcome.decided_by,
        "reactions": [action_row(reaction) for reaction in outcome.reactions],
        "pass_through_after": None if later is None else later.total_seconds(),
        "callback_policy": outcome.callback_policy and policy_row(outcome.callback_policy),
    }
