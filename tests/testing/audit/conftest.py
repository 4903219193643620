"""Fixtures of the tests of the audit."""

from __future__ import annotations

from tests.testing.audit.support import files

__all__ = ["files"]
