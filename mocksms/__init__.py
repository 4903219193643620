"""mocksms: a mock of inwise's transactional SMS API that behaves like the real service."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mocksms.testing.handle import MockSMS

__all__ = ["MockSMS"]


def __getattr__(name: str) -> object:
    """Import a name on first use, so that `import mocksms` stays fast."""
    if name == "MockSMS":
        from mocksms.testing.handle import MockSMS

        return MockSMS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
