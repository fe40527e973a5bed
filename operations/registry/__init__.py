"""Asks container registries which versions of an image there are, and for their digests."""

from operations.registry.client import Registry
from operations.registry.errors import RegistryUnavailable

__all__ = ["Registry", "RegistryUnavailable"]
