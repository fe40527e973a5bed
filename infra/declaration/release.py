"""Releases: what version of a piece of software may run, written so that it can never change.

Two channels exist. *Semantic* releases follow SemVer 2.0 (https://semver.org) in full; *continuous*
ones are named by the git commit they were built from. Either may add the image's digest. Tags that
somebody can move (`latest`, `production`), ranges and partial versions are no releases.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

# Group names and grammar as suggested by semver.org, with ASCII digits only.
_SEMVER = re.compile(
    r"(?P<prefix>v?)(?P<major>0|[1-9][0-9]*)\.(?P<minor>0|[1-9][0-9]*)\.(?P<patch>0|[1-9][0-9]*)"
    r"(?:-(?P<prerelease>(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
    r"(?:\.(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+(?P<build>[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?"
)
_LONGEST_TAG = 128  # of an image, in every registry
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PARTIAL = re.compile(r"v?[0-9]+(\.[0-9]+)?")
_RANGE = re.compile(r"[\^~<>=*|]|\.x\b|\s-\s")
_MOVING = frozenset(
    [
        *("latest", "staging", "production", "next", "main", "master", "develop", "dev", "edge"),
        *("nightly", "stable", "beta", "canary"),
    ]
)

SEMANTIC_FORM = "a full version such as 0.52.1 or 0.53.0-staging.1, optionally @sha256:<64 hex>"
CONTINUOUS_FORM = "a git commit of 40 hexadecimal digits, optionally @sha256:<64 hex>"


class Channel(StrEnum):
    """How a piece of software is published."""

    SEMANTIC = "semantic"
    CONTINUOUS = "continuous"


class ReleaseError(ValueError):
    """A text that names no release. Carries what is allowed and what to do about it."""

    def __init__(self, found: str, allowed: str, remedy: str) -> None:
        super().__init__(f"found {found!r}; expected {allowed}. {remedy}")
        self.found = found
        self.allowed = allowed
        self.remedy = remedy


@dataclass(frozen=True)
class Version:
    """A semantic version. Equal means written alike; order is SemVer's precedence.

    `prefix` is "v" for third parties that tag so, else empty. `digest` is "sha256:…" or None.
    """

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    prefix: str = ""
    digest: str | None = None

    @classmethod
    def parse(cls, text: str, *, allow_v: bool = False) -> "Version":
        """Read a version; raises ReleaseError with the remedy for everything else."""
        tag, digest = _split_digest(text, SEMANTIC_FORM)
        match = _SEMVER.fullmatch(tag) if len(tag) <= _LONGEST_TAG else None
        if match is None:
            raise ReleaseError(text, SEMANTIC_FORM, _semantic_remedy(tag))
        if match["prefix"] and not allow_v:
            raise ReleaseError(text, SEMANTIC_FORM, f"Leave out the v: {text[1:]}")
        return cls(
            major=int(match["major"]),
            minor=int(match["minor"]),
            patch=int(match["patch"]),
            prerelease=tuple(match["prerelease"].split(".")) if match["prerelease"] else (),
            build=tuple(match["build"].split(".")) if match["build"] else (),
            prefix=match["prefix"],
            digest=digest,
        )

    @property
    def tag(self) -> str:
        """The version without its digest, as an image tag or a git tag spells it."""
        prerelease = f"-{'.'.join(self.prerelease)}" if self.prerelease else ""
        build = f"+{'.'.join(self.build)}" if self.build else ""
        return f"{self.prefix}{self.major}.{self.minor}.{self.patch}{prerelease}{build}"

    @property
    def is_prerelease(self) -> bool:
        """Whether the version has a pre-release part, as 0.53.0-staging.1 has."""
        return bool(self.prerelease)

    def __str__(self) -> str:
        return self.tag if self.digest is None else f"{self.tag}@{self.digest}"

    def __lt__(self, other: "Version") -> bool:
        return self._precedence() < other._precedence()

    def __le__(self, other: "Version") -> bool:
        return self._precedence() <= other._precedence()

    def __gt__(self, other: "Version") -> bool:
        return self._precedence() > other._precedence()

    def __ge__(self, other: "Version") -> bool:
        return self._precedence() >= other._precedence()

    def _precedence(self) -> tuple[object, ...]:
        # SemVer 11: a release comes after its pre-releases; numeric identifiers come before others;
        # build metadata (and our digest) have no say.
        return (self.major, self.minor, self.patch, not self.prerelease, tuple(self._identifiers()))

    def _identifiers(self) -> Iterator[tuple[bool, int, str]]:
        for identifier in self.prerelease:
            numeric = identifier.isdigit()
            yield (not numeric, int(identifier) if numeric else 0, "" if numeric else identifier)


@dataclass(frozen=True)
class Commit:
    """A continuous release: the git commit (40 lower-case hex) an image was built from."""

    sha: str
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Commit":
        """Read a commit; raises ReleaseError with the remedy for everything else."""
        tag, digest = _split_digest(text, CONTINUOUS_FORM)
        if _COMMIT.fullmatch(tag) is None:
            raise ReleaseError(text, CONTINUOUS_FORM, _continuous_remedy(tag))
        return cls(tag, digest)

    @property
    def tag(self) -> str:
        """The commit without the digest."""
        return self.sha

    @property
    def is_prerelease(self) -> bool:
        """Continuous releases know no pre-releases."""
        return False

    @property
    def is_placeholder(self) -> bool:
        """Whether this is the all-zero commit, which stands where the real one is not known yet."""
        return set(self.sha) == {"0"}

    def __str__(self) -> str:
        return self.sha if self.digest is None else f"{self.sha}@{self.digest}"


Release = Version | Commit


def parse_release(text: str, channel: Channel, *, allow_v: bool = False) -> Release:
    """Read what the channel allows, for use as an image tag; raises ReleaseError otherwise."""
    if channel is Channel.CONTINUOUS:
        return Commit.parse(text)
    version = Version.parse(text, allow_v=allow_v)
    if version.build:
        raise ReleaseError(
            text,
            SEMANTIC_FORM,
            "Leave out the part from the plus sign on: an image tag cannot hold build metadata",
        )
    return version


@dataclass(frozen=True)
class Image:
    """A container image: repository without tag, and the release to run."""

    repository: str
    release: Release

    @property
    def reference(self) -> str:
        """The image as Kubernetes gets it, e.g. `ghcr.io/serlo/frontend:<commit>@sha256:…`."""
        return f"{self.repository}:{self.release}"


def _split_digest(text: str, allowed: str) -> tuple[str, str | None]:
    tag, at, digest = text.partition("@")
    if not at:
        return tag, None
    if _DIGEST.fullmatch(digest) is None:
        raise ReleaseError(
            text, allowed, "Copy the digest in full: sha256: and 64 lower-case hexadecimal digits"
        )
    return tag, digest


def _semantic_remedy(tag: str) -> str:
    if tag.lower() in _MOVING:
        return f"{tag!r} is a tag that moves: write the version it points to now"
    if _PARTIAL.fullmatch(tag):
        return "Write all three numbers, major.minor.patch"
    if _RANGE.search(tag):
        return "A range lets the version change by itself: write one version"
    if _COMMIT.fullmatch(tag):
        return "This service is released by semantic versions, not by commits"
    return "Take the version from the CHANGELOG of the service"


def _continuous_remedy(tag: str) -> str:
    if tag.lower() in _MOVING:
        return f"{tag!r} is a name that moves: write the commit it points to now"
    if _SEMVER.fullmatch(tag):
        return "This service is published continuously: write the commit, it has no versions"
    if _COMMIT.fullmatch(tag.lower()):
        return "Write the commit in lower case"
    return "Write the commit in full: git rev-parse <commit>"
