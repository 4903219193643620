"""mocksms: a mock of inwise's transactional SMS API."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mocksms.errors import (
        InvalidScenario,
        MockRefused,
        MocksmsError,
        MockUnreachable,
        NotReady,
        SettingsError,
        UnknownScenario,
    )
    from mocksms.sms.outcomes import FaultName
    from mocksms.testing.handle import MockSMS
    from mocksms.testing.models import ApiRequest as Request
    from mocksms.testing.models import CallbackEvent, DurationLike, WebhookKindName
    from mocksms.testing.models import SmsCallback as Callback
    from mocksms.testing.models import SmsMessage as Message
    from mocksms.testing.models import SmsReply as Reply
    from mocksms.testing.names import NumberName

__all__ = [
    "Callback",
    "CallbackEvent",
    "DurationLike",
    "FaultName",
    "InvalidScenario",
    "Message",
    "MockRefused",
    "MockSMS",
    "MockUnreachable",
    "MocksmsError",
    "NotReady",
    "NumberName",
    "Reply",
    "Request",
    "SettingsError",
    "UnknownScenario",
    "WebhookKindName",
]

_MODULES = {
    "FaultName": "mocksms.sms.outcomes",
    "MockSMS": "mocksms.testing.handle",
    "NumberName": "mocksms.testing.names",
    **dict.fromkeys(("Callback", "CallbackEvent", "DurationLike", "Message"), "mocksms.testing.models"),
    **dict.fromkeys(("Reply", "Request", "WebhookKindName"), "mocksms.testing.models"),
}
"""The modules of the names; those of errors are left out."""

_CLASSES = {"Callback": "SmsCallback", "Message": "SmsMessage", "Reply": "SmsReply", "Request": "ApiRequest"}
"""The names of classes in their module, where they differ."""


if not TYPE_CHECKING:  # pragma: no branch - with it, type checkers would accept any name

    def __getattr__(name: str) -> object:
        """Import a name on first use, so that `import mocksms` stays fast."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULES.get(name, "mocksms.errors")), _CLASSES.get(name, name))
