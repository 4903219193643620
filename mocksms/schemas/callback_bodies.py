"""Models of the bodies of callbacks, for the OpenAPI document; `mocksms.webhooks.payloads` writes them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mocksms.sms.webhook import EVENTS, WebhookKind


class _CallbackBody(BaseModel):
    model_config = ConfigDict(defer_build=True)


class AdditionalData(_CallbackBody):
    """What an event is about; each event has other fields."""

    link_id: str = Field("", description="With `click`: which link of the content was opened, from 1")
    link_text: str = Field("", description="With `click`: the link")
    reject_reason: str = Field("", description="With `reject`: why")


class _TransactionalBody(_CallbackBody):
    id: int = Field(description="Number of the webhook, not of the callback: 190 for the first of an account")
    created_at: str = Field(description="When it happened, in the zone `webhook_zone` and the format `webhook_date`")
    mobile_number: str = Field(description="The recipient as sent; the option `webhook_number_key` can rename it")


class TransactionalCallback(_TransactionalBody):
    """The JSON body of a callback to a transactional webhook: `send` or `hard_bounce`."""

    event: Literal["send", "hard_bounce"] = Field(description="What happened")
    transaction_id: str = Field(
        "", alias="transaction_Id", description="Id of the message; the option `webhook_id_key` can rename it"
    )


class TransactionalDataCallback(_TransactionalBody):
    """The JSON body of a callback to a transactional webhook with additional data: `click` or `reject`."""

    event: Literal["click", "reject"] = Field(description="What happened")
    transaction_id: str = Field("", description="Id of the message; the option `webhook_id_key` can rename it")
    additional_data: AdditionalData | None = Field(None, description="What the event is about")


class AutomationCallback(_CallbackBody):
    """The form fields of a callback to an automation webhook; those without a value are empty."""

    time_stamp: str = Field(alias="timeStamp", description="When it happened, in the format `automation_date`")
    trigger_type: str = Field(
        description="What happened", json_schema_extra={"enum": [*EVENTS[WebhookKind.AUTOMATION]]}
    )
    trigger_description: str = Field(description="What happened, in words")
    channel_type: str = Field(description="SMS")
    campaign_id: str = Field(description="Empty: a transactional SMS has no campaign")
    group_id: str = Field(description="Empty: a transactional SMS has no group")
    contact_id: str = Field(alias="contact[id]", description="Empty: a transactional SMS has no contact")
    contact_external_id: str = Field(alias="contact[external_id]", description="Empty, as the id of the contact")
    contact_mobile_number: str = Field(alias="contact[mobile_number]", description="The recipient, as 972-501234567")
    ip: str = Field(description="Empty")
    remarks: str = Field(description="With `smsClicked`: which link of the content was opened, from 1")
    additional_details: str = Field(description="With `smsClicked`: the link")
    reply_content: str = Field(alias="replyContent", description="With `SmsReply`: the text of the reply")
    survey_field: str = Field(description="Empty")
    account_code: str = Field(description="Empty")
    bounce_type: str = Field(description="Empty")
    reason: str = Field(description="With `undelivered`: unsubscribed, bounced, frequency_limit or other")
    custom_data: str = Field(description="Empty")
