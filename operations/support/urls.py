"""Which addresses the commands may contact, and the error for those that do not answer."""

from urllib.parse import urlsplit

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NoAnswer(Exception):
    """A server cannot be asked, or does not say; `reason` is one line for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def on_this_machine(url: str) -> bool:
    """Whether an address is one of this machine's own, where http will do."""
    return _host(url) in _LOOPBACK


def trusted(url: str) -> bool:
    """Whether a request to this address stays secret: https, or this machine."""
    scheme = url.partition("://")[0].lower()
    return bool(_host(url)) and (scheme == "https" or (scheme == "http" and on_this_machine(url)))


def _host(url: str) -> str:
    """The host of an address; "" for what is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    return "" if port == 0 else parts.hostname or ""
