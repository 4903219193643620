"""Options in a snapshot: as text, so that another mock can be started with them."""

from __future__ import annotations

from typing import Final

from mocksms.settings import OPTIONS, Settings, default_text
from mocksms.sms.webhook import Webhook

LEFT_OUT: Final = frozenset(
    {
        "host",
        "port",
        "allowed_host",
        "control_token",
        "api_key",
        "quiet",
        "log_format",
        "seed",
        "state",
        "state_every",
    }
)
"""Options that are secret, belong to the machine, change only the output, or are in the manifest."""


def option_texts(settings: Settings) -> dict[str, str]:
    """Return the options that differ from their defaults, as on the command line, without secrets."""
    values = {name: getattr(settings, name) for name in OPTIONS if name not in LEFT_OUT}
    return {name: _text(value) for name, value in values.items() if value != OPTIONS[name].default}


def different_options(texts: dict[str, str], settings: Settings) -> tuple[str, ...]:
    """Return the names of the options that differ between a snapshot and a mock."""
    own = option_texts(settings)
    return tuple(name for name in OPTIONS if texts.get(name) != own.get(name))


def _text(value: object) -> str:
    match value:
        case Webhook(url=url, events=events):
            return url if events is None else f"{url}#{'+'.join(events)}"
        case tuple():
            return ",".join(map(_text, value))
    return default_text(value)
