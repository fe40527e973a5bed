"""What can keep a registry from answering."""

from operations.support.urls import NoAnswer


class RegistryUnavailable(NoAnswer):
    """A registry cannot be asked, or does not say; `reason` is one line for people.

    Never means that it has no such version: that it says itself.
    """
