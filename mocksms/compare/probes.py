"""The free probes, and why some behaviours of the ledger have none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mocksms.compare.body_probes import BODIES, TIMES
from mocksms.compare.http_probes import GUIDE_401, KEYS, PATHS, TYPES
from mocksms.compare.model import Probe
from mocksms.compare.places import Places
from mocksms.compare.read_probes import INFOS, LATE, SEARCHES
from mocksms.compare.send_probes import PLACEHOLDERS, SIMPLE, VALUES
from mocksms.settings import Settings

FREE_PROBES: Final[tuple[Probe, ...]] = (
    *KEYS,
    *SIMPLE,
    *VALUES,
    *PLACEHOLDERS,
    *BODIES,
    *TIMES,
    *PATHS,
    *TYPES,
    *INFOS,
    *SEARCHES,
    LATE,
)
"""Every probe that costs nothing, each after those that it needs."""


def for_settings(probes: Iterable[Probe], settings: Settings) -> list[Probe]:
    """Return probes with the behaviours of a mock with these settings: `auth_errors` has behaviours for each value."""
    if settings.auth_errors == "documented":
        return [*probes]
    return [probe._replace(behaviours=_observed(probe)) for probe in probes]


def _observed(probe: Probe) -> Places:
    text = "auth.observed-401" if probe.id == "key.wrong" else "auth.missing-401"
    return {place: text if id_ == GUIDE_401 else id_ for place, id_ in probe.behaviours.items()}
