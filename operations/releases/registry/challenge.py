"""What a registry asks for before it answers: RFC 9110's WWW-Authenticate, Bearer or Basic."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SCHEME = re.compile(rf"\s*,?\s*({_NAME})(?=\s|$|,)(?!\s*=)")
_PARAMETER = re.compile(rf'\s*,?\s*({_NAME})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


@dataclass(frozen=True)
class Challenge:
    """One way to authenticate: the scheme in lower case, and its parameters."""

    scheme: str
    parameters: dict[str, str]


def challenges(headers: Sequence[str]) -> list[Challenge]:
    """Read all challenges of the WWW-Authenticate headers; what makes no sense is passed over."""
    found: list[Challenge] = []
    for header in headers:
        at = 0
        while match := _SCHEME.match(header, at):
            at = match.end()
            challenge = Challenge(match[1].lower(), {})
            while parameter := _PARAMETER.match(header, at):
                at = parameter.end()
                quoted = parameter[2]
                value = parameter[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
                challenge.parameters.setdefault(parameter[1].lower(), value)
            found.append(challenge)
    return found
