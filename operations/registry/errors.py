"""What can keep a registry from answering."""


class RegistryUnavailable(Exception):
    """A registry cannot be asked, or does not say; `reason` is one line for people.

    Never means that it has no such version: that it says itself.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
