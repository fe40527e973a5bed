"""Asks container registries which versions of an image there are, and for their digests."""

from operations.releases.registry.client import Registry
from operations.releases.registry.errors import RegistryUnavailable

__all__ = ["Registry", "RegistryUnavailable"]
