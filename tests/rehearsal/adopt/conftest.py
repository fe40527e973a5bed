"""Rehearsals, as those of the platform's tests."""

from tests.rehearsal.platform.conftest import new_rehearsal

__all__ = ["new_rehearsal"]
