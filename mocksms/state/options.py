"""Options in a snapshot: those that it has, as text, and those of a mock that shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mocksms.errors import SettingsError
from mocksms.settings import OPTIONS, Settings, default_text, read_options
from mocksms.sms.webhook import Webhook
from mocksms.state.archive import MANIFEST, Manifest
from mocksms.state.errors import InvalidSnapshot

SECRET_OPTIONS: Final = ("api_key", "control_token")

MACHINE_OPTIONS: Final = ("host", "port", "allowed_host", "quiet", "log_format")
"""Options that belong to the machine, or change only the output."""

LEFT_OUT: Final = frozenset({*SECRET_OPTIONS, *MACHINE_OPTIONS, "state", "state_every", "seed"})
"""Options that a snapshot does not have. The manifest has the seed."""

OWN_OPTIONS: Final = (
    *MACHINE_OPTIONS,
    "control_token",
    "max_accounts",
    "max_messages",
    "max_requests",
    "max_callbacks",
    "max_consents",
    "max_memory",
    "max_body",
)
"""Options of the mock that shows a snapshot, which those of the saved mock do not replace."""


def option_texts(settings: Settings) -> dict[str, str]:
    """Return the options that differ from their defaults, as on the command line, without secrets."""
    values = {name: getattr(settings, name) for name in OPTIONS if name not in LEFT_OUT}
    return {name: _text(value) for name, value in values.items() if value != OPTIONS[name].default}


def different_options(texts: dict[str, str], settings: Settings) -> tuple[str, ...]:
    """Return the names of the options that differ between a snapshot and a mock."""
    own = option_texts(settings)
    return tuple(name for name in OPTIONS if texts.get(name) != own.get(name))


def settings_of(manifest: Manifest, own: Settings) -> Settings:
    """Return the settings of a mock that shows a snapshot as the saved mock did.

    Args:
        manifest: has the options of the saved mock; those that this version does not know are ignored.
        own: the settings of the mock that shows it.

    Raises:
        InvalidSnapshot: an option has an invalid value.
    """
    ignored = {*OWN_OPTIONS, *LEFT_OUT}
    shown = {name: (name, raw) for name, raw in manifest.options.items() if name not in ignored}
    try:
        saved = read_options(Settings, shown)
    except SettingsError as error:
        raise InvalidSnapshot(f"options: {error}", MANIFEST) from None
    return replace(saved, seed=manifest.seed, **{name: getattr(own, name) for name in OWN_OPTIONS})


def _text(value: object) -> str:
    match value:
        case Webhook(url=url, events=events):
            return url if events is None else f"{url}#{'+'.join(events)}"
        case tuple():
            return ",".join(map(_text, value))
    return default_text(value)
